#include "analysis/report_parts.h"

#include <string.h>

#include "analysis/html.h"
#include "analysis/report_table.h"

#define MOST_POINTS 5000

static void append_command(const ftdn_report *report, const char *id, size_t n_digits, ftdn_text *text)
{
    ftdn_text command;
    ftdn_text_init(&command);
    ftdn_text_append(&command, "ftdn replay ");
    ftdn_text_append_shell_word(&command, report->desc->store_path);
    ftdn_text_append(&command, " %.*s --verify", (int)n_digits, id);
    if (command.failed) text->failed = true;
    else ftdn_html_append(text, command.chars);
    ftdn_text_done(&command);
}

/* The trial of the least seed as a command; the others by the beginnings of their ids. */
static void append_trials(const void *user, const ftdn_rows *rows, int row, ftdn_text *text)
{
    const ftdn_report *report = user;
    const char *seeds = ftdn_rows_get(rows, row, "seeds").string, *others = strchr(seeds, ',');
    ftdn_text_append(text, "<code>");
    append_command(report, ftdn_rows_get(rows, row, "id").string, 16, text);
    ftdn_text_append(text, "</code>");
    if (!others) return;
    ftdn_text_append(text, "<details><summary>other seeds</summary><code>");
    ftdn_html_append(text, others + 2);
    ftdn_text_append(text, "</code></details>");
}

ftdn_status ftdn_report_write_points(const ftdn_report *report, ftdn_error *err)
{
    /* What these say of a protection stands in `variant` where it is unusual. */
    static const char *const hidden[] = {"id",         "seed",        "seeds",   "direction",
                                         "allocation", "merge_point", "combine", NULL};
    ftdn_rows rows;
    FTDN_TRY(ftdn_report_ask(report, "points", MOST_POINTS, &rows, err));
    ftdn_report_open_section(report, "points", "Every point, and the command that repeats it");
    ftdn_text_append(
        report->html,
        "<p class=\"lead\">A command runs one trial again and compares every value of its result with the "
        "store, bit for bit. It stands for the least seed; an id of another seed in its place repeats that one.</p>\n");
    const ftdn_report_table table = {
        .rows = &rows,
        .hidden = hidden,
        .extra_title = "repeat",
        .append_extra = append_trials,
        .user = report,
        .more = ftdn_arena_format(report->arena, err, "ftdn query %s points", report->desc->store_path),
    };
    if (!table.more) return FTDN_ERR_MEMORY;
    ftdn_report_table_write(&table, report->html);
    ftdn_text_append(report->html, "</section>\n");
    return FTDN_OK;
}
