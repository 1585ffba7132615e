#include "analysis/class_table.h"

#include <math.h>
#include <string.h>

/* The sign as each format writes it; it takes one column of a terminal. */
static const char *plus_minus(ftdn_format format)
{
    return format == FTDN_FORMAT_LATEX ? "$\\pm$" : "±";
}

static void add_missing(ftdn_table *table)
{
    ftdn_table_add(table, FTDN_CELL_MISSING, "-");
}

/* "0.41±0.02"; without faults, which alone vary, "0.72". */
static void add_mean(ftdn_table *table, const ftdn_mean *mean, ftdn_format format)
{
    if (isnan(mean->mean)) {
        add_missing(table);
        return;
    }
    ftdn_text_append(&table->chars, "%.2f", mean->mean);
    bool has_sd = mean->sd > 0;
    if (has_sd) ftdn_text_append(&table->chars, "%s%.2f", plus_minus(format), mean->sd);
    ftdn_table_end_cell(table, FTDN_CELL_NUMBER, has_sd ? 9 : 4);
}

/* The paper's row of this name, where it has one. */
static void add_paper_row(const ftdn_class_table *t, const char *row, int n_digits, ftdn_table *table)
{
    bool has_values = false;
    for (int i = 0; i < t->n_paper_values; i++)
        has_values |= t->paper_value[i].row && strcmp(t->paper_value[i].row, row) == 0;
    if (!has_values) return;
    ftdn_table_add(table, FTDN_CELL_TEXT, "  paper");
    add_missing(table);
    for (int c = 0; c < t->n_columns; c++) {
        double value = ftdn_paper_values_find(t->paper_value, t->n_paper_values, row, t->column[c].name);
        if (isnan(value)) add_missing(table);
        else ftdn_table_add(table, FTDN_CELL_NUMBER, "%.*f", n_digits, value);
    }
}

static void add_classes(const ftdn_class_table *t, ftdn_format format, ftdn_table *table)
{
    for (int i = 0; i < t->n_classes; i++) {
        ftdn_table_add_name(table, t->class_name[i], format);
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%lld", (long long)t->n_objects[i]);
        for (int c = 0; c < t->n_columns; c++) {
            const ftdn_mean ap = ftdn_class_column_find(&t->column[c], t->class_name[i]);
            add_mean(table, &ap, format);
        }
        add_paper_row(t, t->class_name[i], 2, table);
    }
}

static void add_sums(const ftdn_class_table *t, ftdn_format format, ftdn_table *table)
{
    bool has_recovered = false, has_speed = false;
    for (int c = 0; c < t->n_columns; c++) {
        has_recovered |= !isnan(t->column[c].recovered);
        has_speed |= !isnan(t->column[c].cell->images_per_second);
    }
    ftdn_table_add_name(table, "mAP", format);
    add_missing(table);
    for (int c = 0; c < t->n_columns; c++) add_mean(table, &t->column[c].cell->map, format);
    add_paper_row(t, "mAP", 2, table);
    if (has_recovered) {
        ftdn_table_add_name(table, "recovered", format);
        add_missing(table);
        for (int c = 0; c < t->n_columns; c++) {
            if (isnan(t->column[c].recovered)) add_missing(table);
            else
                ftdn_table_add(table, FTDN_CELL_NUMBER, format == FTDN_FORMAT_LATEX ? "%.0f \\%%" : "%.0f %%",
                               round(100 * t->column[c].recovered) + 0.0); /* no negative zero */
        }
    }
    if (!has_speed) return;
    ftdn_table_add_name(table, "images/s", format);
    add_missing(table);
    for (int c = 0; c < t->n_columns; c++) {
        double speed = t->column[c].cell->images_per_second;
        if (isnan(speed)) add_missing(table);
        else ftdn_table_add(table, FTDN_CELL_NUMBER, "%.0f", speed);
    }
    add_paper_row(t, "images/s", 0, table);
}

/* n_objects: negative: all classes together, whose speed is known. */
static void put_record(ftdn_records *records, const ftdn_class_column *column, const char *class_name,
                       int64_t n_objects, const ftdn_mean *mean)
{
    const ftdn_cell_accuracy *cell = column->cell;
    ftdn_records_put_text(records, column->name);
    ftdn_records_put_text(records, class_name);
    ftdn_records_put_number(records, n_objects < 0 ? (double)NAN : (double)n_objects);
    ftdn_records_put_number(records, cell->params.weight_rate);
    ftdn_records_put_number(records, cell->params.feature_map_rate);
    ftdn_records_put_number(records, (double)mean->n);
    ftdn_records_put_number(records, mean->mean);
    ftdn_records_put_number(records, mean->sd);
    ftdn_records_put_number(records, mean->half_width);
    ftdn_records_put_number(records, n_objects < 0 ? cell->images_per_second : (double)NAN);
}

static void write_records(const ftdn_class_table *t, ftdn_format format, ftdn_text *text)
{
    static const char *const names[] = {
        "protection", "class",         "objects",     "weight_rate",   "feature_map_rate",
        "n",          "mean_ap_voc07", "sd_ap_voc07", "ap_half_width", "images_per_second"};
    ftdn_records records = ftdn_records_begin(format, names, sizeof names / sizeof *names, text);
    for (int c = 0; c < t->n_columns; c++) {
        for (int i = 0; i < t->n_classes; i++) {
            const ftdn_mean ap = ftdn_class_column_find(&t->column[c], t->class_name[i]);
            put_record(&records, &t->column[c], t->class_name[i], t->n_objects[i], &ap);
        }
        put_record(&records, &t->column[c], "mAP", -1, &t->column[c].cell->map);
    }
    ftdn_records_end(&records);
}

void ftdn_class_table_write(const ftdn_class_table *t, ftdn_format format, ftdn_text *text)
{
    if (format == FTDN_FORMAT_CSV || format == FTDN_FORMAT_JSON) {
        write_records(t, format, text);
        return;
    }
    ftdn_table table;
    ftdn_table_init(&table, 2 + t->n_columns);
    ftdn_table_add_name(&table, "class", format);
    ftdn_table_add_name(&table, "objects", format);
    for (int c = 0; c < t->n_columns; c++) ftdn_table_add_name(&table, t->column[c].name, format);
    add_classes(t, format, &table);
    add_sums(t, format, &table);
    ftdn_table_write_as(&table, format, text);
    ftdn_table_done(&table);
}
