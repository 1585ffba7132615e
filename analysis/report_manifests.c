#include "analysis/report_parts.h"

#include <stdbool.h>
#include <string.h>

#include "analysis/html.h"
#include "analysis/report_table.h"

#define MOST_MANIFESTS 20
#define MOST_CHARS_OF_LIST 90 /* that stands in one line */

/* The end of a JSON text's value that begins at `open`, an object or a list: behind its bracket. */
static const char *find_end(const char *open)
{
    int depth = 0;
    bool is_string = false;
    for (const char *c = open; *c; c++) {
        if (is_string && *c == '\\' && c[1]) c++;
        else if (*c == '"') is_string = !is_string;
        else if (!is_string && strchr("[{", *c)) depth++;
        else if (!is_string && strchr("]}", *c) && --depth == 0) return c + 1;
    }
    return open + strlen(open);
}

static void append_line_end(ftdn_text *text, int depth)
{
    ftdn_text_append(text, "\n%*s", 2 * depth, "");
}

/* Compact JSON in lines: what is short stays in one. */
static void append_indented(ftdn_text *text, const char *json)
{
    int depth = 0;
    const char *whole = json; /* up to here all stays in the line */
    bool is_string = false;
    for (const char *c = json; *c; c++) {
        bool is_open = !is_string && strchr("[{", *c), is_close = !is_string && strchr("]}", *c);
        if (is_open && c >= whole && find_end(c) - c <= MOST_CHARS_OF_LIST) whole = find_end(c);
        bool breaks = c >= whole;
        if (is_close && breaks) append_line_end(text, --depth);
        ftdn_text_append_bytes(text, c, 1);
        if (is_string && *c == '\\' && c[1]) ftdn_text_append_bytes(text, ++c, 1);
        else if (*c == '"') is_string = !is_string;
        else if (is_open && breaks) append_line_end(text, ++depth);
        else if (!is_string && *c == ',' && breaks) append_line_end(text, depth);
        else if (!is_string && (*c == ':' || *c == ',')) ftdn_text_append_bytes(text, " ", 1);
    }
}

static void write_manifest(const ftdn_rows *rows, int row, ftdn_text *html)
{
    ftdn_text json;
    ftdn_text_append(html, "<details%s><summary>", row == 0 ? " open" : "");
    ftdn_html_append(html, ftdn_rows_get(rows, row, "manifest").string);
    ftdn_text_append(html, "</summary>\n<dl><dt>file<dd><code>");
    ftdn_html_append(html, ftdn_rows_get(rows, row, "path").string);
    ftdn_text_append(html, "</code><dt>first run<dd>");
    const ftdn_row_value added = ftdn_rows_get(rows, row, "added_at");
    ftdn_report_append_value(html, "added_at", &added);
    ftdn_text_append(html, "<dt>SHA-256<dd><code>");
    ftdn_html_append(html, ftdn_rows_get(rows, row, "digest").string);
    ftdn_text_append(html, "</code></dl>\n<pre>");
    ftdn_text_init(&json);
    append_indented(&json, ftdn_rows_get(rows, row, "resolved").string);
    if (json.failed) html->failed = true;
    else if (json.n_chars > 0) ftdn_html_append_lines(html, json.chars);
    ftdn_text_done(&json);
    ftdn_text_append(html, "</pre>\n</details>\n");
}

ftdn_status ftdn_report_write_manifests(const ftdn_report *report, ftdn_error *err)
{
    ftdn_rows rows;
    FTDN_TRY(ftdn_report_ask(report, "manifests", MOST_MANIFESTS, &rows, err));
    ftdn_report_open_section(report, "manifests", "Manifest");
    ftdn_text_append(report->html, "<p class=\"lead\">As it was resolved: every key with its value, paths absolute. It "
                                   "can be run as it stands.</p>\n");
    for (int r = 0; r < rows.n_rows; r++) write_manifest(&rows, r, report->html);
    if (rows.n_all > rows.n_rows)
        ftdn_text_append(report->html, "<p class=\"note\">%lld further manifests are left out here.</p>\n",
                         (long long)(rows.n_all - rows.n_rows));
    ftdn_text_append(report->html, "</section>\n");
    return FTDN_OK;
}
