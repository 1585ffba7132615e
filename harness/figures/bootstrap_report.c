#include "harness/figures/bootstrap_report.h"

#include <math.h>

#include "base/table.h"
#include "harness/terminal/print.h"

static void add_number(ftdn_table *table, double value)
{
    if (isnan(value)) ftdn_table_add(table, FTDN_CELL_MISSING, "-");
    else ftdn_table_add(table, FTDN_CELL_NUMBER, "%.4f", value);
}

static void add_cells(ftdn_table *table, const ftdn_bootstrapped *figure)
{
    add_number(table, figure->value);
    add_number(table, figure->interval.low);
    add_number(table, figure->interval.high);
}

void ftdn_bootstrap_append(const ftdn_bootstrap_report *report, ftdn_text *text)
{
    static const char *const heading[] = {"", "AP", "from", "to", "against", "from", "to", "difference", "from", "to"};
    ftdn_table table;
    int n_columns = report->is_pair ? 10 : 4;
    ftdn_table_init(&table, n_columns);
    for (int i = 0; i < n_columns; i++) ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", heading[i]);
    for (int i = 0; i < report->n_rows; i++) {
        const ftdn_bootstrap_row *row = &report->row[i];
        ftdn_table_add_shown(&table, row->name);
        add_cells(&table, &row->own);
        if (!report->is_pair) continue;
        add_cells(&table, &row->other);
        add_cells(&table, &row->difference);
    }
    ftdn_text_append(text, "95 %% intervals by %d resamples of %d images (seed %llu):\n\n", report->desc->n_resamples,
                     report->n_images, (unsigned long long)report->desc->seed);
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
}

static void append_figure(ftdn_text *text, const char *name, const ftdn_bootstrapped *figure)
{
    ftdn_text_append(text, ",\"%s\":{\"value\":", name);
    ftdn_text_append_json_number(text, figure->value);
    ftdn_text_append(text, ",\"low\":");
    ftdn_text_append_json_number(text, figure->interval.low);
    ftdn_text_append(text, ",\"high\":");
    ftdn_text_append_json_number(text, figure->interval.high);
    ftdn_text_append(text, ",\"resamples\":%d}", figure->interval.n);
}

void ftdn_bootstrap_append_json(const ftdn_bootstrap_report *report, ftdn_text *text)
{
    ftdn_text_append(text, ",\"bootstrap\":{\"resamples\":%d,\"seed\":%llu,\"images\":%d,\"intervals\":[",
                     report->desc->n_resamples, (unsigned long long)report->desc->seed, report->n_images);
    for (int i = 0; i < report->n_rows; i++) {
        const ftdn_bootstrap_row *row = &report->row[i];
        ftdn_text_append(text, "%s{\"name\":", i ? "," : "");
        ftdn_append_json(text, row->name);
        append_figure(text, "own", &row->own);
        if (report->is_pair) {
            append_figure(text, "against", &row->other);
            append_figure(text, "difference", &row->difference);
        }
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "]}");
}
