#include "harness/command.h"

#include <math.h>

#include "analysis/class_table.h"
#include "base/file.h"
#include "harness/options.h"
#include "harness/print.h"

typedef struct table_options {
    const char *db, *manifest, *format, *output;
    double weight_rate, feature_map_rate; /* NaN: to be chosen */
} table_options;

/* "AP at 1 % weight faults and 1 % map faults (zero): mean over seeds, ± s.d." */
static void append_title(const ftdn_class_table *table, ftdn_text *text)
{
    ftdn_text_append(text, "AP at ");
    if (table->weight_rate > 0) ftdn_text_append(text, "%g %% weight faults", 100 * table->weight_rate);
    if (table->weight_rate > 0 && table->feature_map_rate > 0) ftdn_text_append(text, " and ");
    if (table->feature_map_rate > 0) ftdn_text_append(text, "%g %% map faults", 100 * table->feature_map_rate);
    if (table->type) ftdn_text_append(text, " (%s)", table->type);
    ftdn_text_append(text, ": mean over seeds, ± s.d.\n\n");
}

static ftdn_status make_table(const table_options *options, ftdn_arena *arena, ftdn_class_table *ret_table,
                              ftdn_error *err)
{
    ftdn_store *store;
    const ftdn_cell_accuracy *cell;
    int n_cells;
    ftdn_lines lines;
    FTDN_TRY(ftdn_store_open(options->db, FTDN_STORE_READ, &store, err));
    ftdn_status status = ftdn_accuracy_load(store, options->manifest, arena, &cell, &n_cells, err);
    ftdn_store_close(store);
    if (status != FTDN_OK) return status;
    const ftdn_class_table_desc desc = {options->weight_rate, options->feature_map_rate};
    FTDN_TRY(ftdn_lines_group(cell, n_cells, arena, &lines, err));
    FTDN_TRY(ftdn_class_table_make(&lines, &desc, arena, ret_table, err));
    return FTDN_OK;
}

static ftdn_status write_table(const void *user, const ftdn_arguments *arguments, ftdn_arena *arena, ftdn_text *text,
                               ftdn_error *err)
{
    static const char *const names[] = {"classes"};
    static const char *const formats[] = {"text", "markdown", "latex", "csv"}; /* as ftdn_table_format */
    const table_options *options = user;
    ftdn_class_table table;
    int name, format;
    FTDN_TRY(ftdn_word_choose("table", arguments->argument[0], names, 1, &name, err));
    FTDN_TRY(ftdn_word_choose("--format", options->format, formats, 4, &format, err));
    if (!options->db) return FTDN_FAIL(err, FTDN_ERR_ARG, "--db is missing; 'ftdn table --help' shows an example");
    ftdn_status status = make_table(options, arena, &table, err);
    if (status != FTDN_OK) {
        if (status == FTDN_ERR_STORE) ftdn_error_context(err, "%s", options->db);
        return status;
    }
    if (format == FTDN_FORMAT_TEXT) append_title(&table, text);
    ftdn_class_table_write(&table, (ftdn_table_format)format, text);
    if (!options->output) return FTDN_OK;
    FTDN_TRY(ftdn_text_check(text, err));
    FTDN_TRY(ftdn_file_write_atomic(options->output, text->chars, text->n_chars, err));
    ftdn_text_drop(text, text->n_chars);
    return FTDN_OK;
}

ftdn_status ftdn_command_table(int argc, char **argv, ftdn_exit_code *ret_exit, ftdn_error *err)
{
    (void)ret_exit;
    table_options values = {
        .manifest = "*",
        .format = "text",
        .weight_rate = (double)NAN,
        .feature_map_rate = (double)NAN,
    };
    const ftdn_option options[] = {
        FTDN_TEXT_OPTION("db", 0, "FILE", &values.db, "results file"),
        FTDN_TEXT_OPTION("format", 0, "FORMAT", &values.format, "text (default), markdown, latex or csv"),
        FTDN_TEXT_OPTION("output", 'o', "FILE", &values.output, "write it there"),
        FTDN_TEXT_OPTION("manifest", 0, "NAME", &values.manifest,
                         "trials of this campaign only; a pattern with * and ?"),
        FTDN_NUMBER_OPTION("weight-rate", 0, "R", &values.weight_rate, 0, 1, "at this fault rate of weights: 0.01"),
        FTDN_NUMBER_OPTION("feature-map-rate", 0, "R", &values.feature_map_rate, 0, 1, "and this one of feature maps"),
    };
    const ftdn_command command = {
        .name = "ftdn table",
        .arguments = "classes",
        .summary = "Average precision of each class under each protection, as in the paper's Table 3.",
        .example = "ftdn table classes --db results/quickstart.db",
        .details =
            "A column is a protection: mean over the seeds, and standard deviation. 'recovered' is the share of the\n"
            "mAP lost to the faults that the protection gives back; images/s are those of one thread in network and\n"
            "detection, in the fastest trial. Without rates, those are taken that the most protections were tried at,\n"
            "and of these the ones that cost about half of the mAP. CSV has every number to its last bit.",
        .min_arguments = 1,
        .max_arguments = 1,
        .n_options = sizeof options / sizeof *options,
        .option = options,
    };
    return ftdn_print_answer(&command, argc, (const char *const *)argv, write_table, &values, err);
}
