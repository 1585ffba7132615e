/* html.h - texts as HTML: nothing that stands in a manifest or a store means anything to a browser. */
#ifndef FTDN_ANALYSIS_HTML_H
#define FTDN_ANALYSIS_HTML_H

#include <stdint.h>

#include "base/text.h"

/* Append as the content of an element, or of an attribute in double quotes: valid UTF-8, control characters as \n, \x1b
 * and the like. */
void ftdn_html_append(ftdn_text *text, const char *chars);

/* The same for a text of several lines, which keep their ends. */
void ftdn_html_append_lines(ftdn_text *text, const char *chars);

/* Append a count in groups of three digits: "26,285,998". */
void ftdn_html_append_count(ftdn_text *text, int64_t count);

/* Append bytes as base64, for a data: address. */
void ftdn_html_append_base64(ftdn_text *text, const unsigned char *bytes, size_t n_bytes);

#endif
