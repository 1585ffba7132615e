/* format_options.h - in which format a command answers, and where to: --csv, --json, --markdown, --latex, -o FILE.
 *
 * Without them the answer is text for people on standard output. A command whose answer is rows takes all of them that
 * it can write; each means the same everywhere. */
#ifndef FTDN_HARNESS_TERMINAL_FORMAT_OPTIONS_H
#define FTDN_HARNESS_TERMINAL_FORMAT_OPTIONS_H

#include "base/status.h"
#include "base/table.h"
#include "harness/terminal/options.h"

typedef struct ftdn_format_options {
    bool csv, json, markdown, latex;
    const char *output; /* NULL: standard output */
} ftdn_format_options;

/* Rows of a table of options; options: an ftdn_format_options *. */
#define FTDN_CSV_OPTION(options)                                                                                       \
    FTDN_FLAG_OPTION("csv", 0, &(options)->csv, "comma-separated values (RFC 4180) instead of a table")
#define FTDN_JSON_OPTION(options) FTDN_FLAG_OPTION("json", 0, &(options)->json, "JSON instead of a table")
#define FTDN_MARKDOWN_OPTION(options) FTDN_FLAG_OPTION("markdown", 0, &(options)->markdown, "a table of Markdown")
#define FTDN_LATEX_OPTION(options)                                                                                     \
    FTDN_FLAG_OPTION("latex", 0, &(options)->latex, "a tabular of LaTeX (\\usepackage{booktabs})")
#define FTDN_OUTPUT_OPTION(options)                                                                                    \
    FTDN_TEXT_OPTION("output", 'o', "FILE", &(options)->output, "write the answer to this file, all or nothing")

/* The format that is asked for. FTDN_ERR_ARG: two of them are. */
FTDN_NODISCARD ftdn_status ftdn_format_choose(const ftdn_format_options *options, ftdn_format *ret_format,
                                              ftdn_error *err);

/* Where a file is asked for, write the answer there; nothing is left to print then. */
FTDN_NODISCARD ftdn_status ftdn_format_write_output(const ftdn_format_options *options, ftdn_text *text,
                                                    ftdn_error *err);

#endif
