/* How the results came about: attempts, failures, runs; what they were made with; what was asked. */
#include "analysis/report_parts.h"

#include <string.h>

#include "analysis/html.h"
#include "analysis/report_table.h"
#include "base/json.h"

#define MOST_ROWS 60 /* of each table */

/* The answer to a query below a heading; nothing where it is empty. */
static ftdn_status write_query(const ftdn_report *report, const char *query, const char *title, const char *empty,
                               ftdn_error *err)
{
    ftdn_rows rows;
    FTDN_TRY(ftdn_report_ask(report, query, MOST_ROWS, &rows, err));
    if (rows.n_rows > 0 || empty) ftdn_text_append(report->html, "<h3>%s</h3>\n", title);
    if (rows.n_rows == 0 && empty) ftdn_text_append(report->html, "<p>%s</p>\n", empty);
    static const char *const hidden[] = {"id", "pid", NULL};
    const ftdn_report_table table = {
        .rows = &rows,
        .hidden = strcmp(query, "runs") == 0 ? hidden : NULL,
        .more = ftdn_arena_format(report->arena, err, "ftdn query %s %s", report->desc->store_path, query),
    };
    if (!table.more) return FTDN_ERR_MEMORY;
    ftdn_report_table_write(&table, report->html);
    return FTDN_OK;
}

ftdn_status ftdn_report_write_attempts(const ftdn_report *report, ftdn_error *err)
{
    ftdn_report_open_section(report, "attempts", "Attempts and failures");
    FTDN_TRY(write_query(report, "attempts", "Attempts by outcome", NULL, err));
    FTDN_TRY(write_query(report, "failures", "Failures by cause", "No attempt failed.", err));
    FTDN_TRY(write_query(report, "sweeps", "Sweeps", NULL, err));
    FTDN_TRY(write_query(report, "missing", "Trials that are missing", "No planned trial is missing.", err));
    FTDN_TRY(write_query(report, "runs", "Runs", NULL, err));
    FTDN_TRY(write_query(report, "timings", "Time by stage", NULL, err));
    ftdn_text_append(report->html, "</section>\n");
    return FTDN_OK;
}

/* {"name":"1.2","other":"3"} as "name 1.2, other 3"; what is no such object as it is. */
static ftdn_status append_libraries(ftdn_text *html, const char *text, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_json *root;
    ftdn_status status = ftdn_json_parse(text, strlen(text), "libraries", arena, &root, err);
    if (status == FTDN_ERR_MEMORY) return status;
    if (status != FTDN_OK || root->kind != FTDN_JSON_OBJECT) {
        ftdn_html_append(html, text);
        return FTDN_OK;
    }
    for (int i = 0; i < root->n_children; i++) {
        const ftdn_json *library = root->child[i];
        ftdn_text_append(html, "%s", i ? ", " : "");
        ftdn_html_append(html, library->key);
        ftdn_text_append(html, " ");
        ftdn_html_append(html, library->kind == FTDN_JSON_STRING ? library->string : "?");
    }
    return FTDN_OK;
}

/* Few environments with long texts: a list for each is read more easily than a table. */
ftdn_status ftdn_report_write_environments(const ftdn_report *report, ftdn_error *err)
{
    static const struct {
        const char *column, *title;
    } lines[] = {{"code_version", "program"}, {"compiler", "compiler"}, {"machine", "machine"}, {"system", "system"},
                 {"cpu", "processor"}, {"device", "device"}, {"driver", "driver"}, {"libraries", "libraries"},
                 {"done", "attempts done"}, {"failed", "attempts failed"}};
    ftdn_rows rows;
    ftdn_text *html = report->html;
    FTDN_TRY(ftdn_report_ask(report, "environments", MOST_ROWS, &rows, err));
    ftdn_report_open_section(report, "environments", "Environment");
    for (int r = 0; r < rows.n_rows; r++) {
        ftdn_text_append(html, "<dl>");
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
            const ftdn_row_value value = ftdn_rows_get(&rows, r, lines[i].column);
            if (value.kind == FTDN_ROW_MISSING || (value.kind == FTDN_ROW_STRING && !*value.string)) continue;
            ftdn_text_append(html, "<dt>%s<dd>", lines[i].title);
            if (strcmp(lines[i].column, "libraries") == 0)
                FTDN_TRY(append_libraries(html, value.string, report->arena, err));
            else ftdn_report_append_value(html, lines[i].column, &value);
        }
        ftdn_text_append(html, "</dl>\n");
    }
    FTDN_TRY(write_query(report, "history", "Trials by version of the program", NULL, err));
    ftdn_text_append(html, "</section>\n");
    return FTDN_OK;
}
