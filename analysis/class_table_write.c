#include "analysis/class_table.h"

#include <math.h>
#include <string.h>

#include "base/table.h"

/* The sign as each format writes it; it takes one column of a terminal. */
static const char *plus_minus(ftdn_table_format format)
{
    return format == FTDN_FORMAT_LATEX ? "$\\pm$" : "±";
}

static void add_missing(ftdn_table *table)
{
    ftdn_table_add(table, FTDN_CELL_MISSING, "-");
}

/* "0.41±0.02"; without faults, which alone vary, "0.72". */
static void add_mean(ftdn_table *table, const ftdn_mean *mean, ftdn_table_format format)
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

/* A name from a manifest, one line, with what means something to Markdown or LaTeX escaped. */
static void add_name(ftdn_table *table, const char *name, ftdn_table_format format)
{
    const char *special = format == FTDN_FORMAT_LATEX ? "%_#&$" : format == FTDN_FORMAT_MARKDOWN ? "|*_`<" : "";
    int width = 0;
    for (const char *c = name; *c; c++) {
        unsigned char byte = (unsigned char)*c;
        if (strchr(special, *c)) ftdn_text_append_bytes(&table->chars, "\\", 1), width++;
        ftdn_text_append_bytes(&table->chars, byte < ' ' || byte == 127 ? " " : c, 1);
        width += (byte & 0xc0) != 0x80; /* bytes that begin a character of UTF-8 */
    }
    ftdn_table_end_cell(table, FTDN_CELL_TEXT, width);
}

static void add_classes(const ftdn_class_table *t, ftdn_table_format format, ftdn_table *table)
{
    for (int i = 0; i < t->n_classes; i++) {
        add_name(table, t->class_name[i], format);
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%lld", (long long)t->n_objects[i]);
        for (int c = 0; c < t->n_columns; c++) {
            const ftdn_mean ap = ftdn_class_column_find(&t->column[c], t->class_name[i]);
            add_mean(table, &ap, format);
        }
    }
}

static void add_sums(const ftdn_class_table *t, ftdn_table_format format, ftdn_table *table)
{
    bool has_recovered = false, has_speed = false;
    for (int c = 0; c < t->n_columns; c++) {
        has_recovered |= !isnan(t->column[c].recovered);
        has_speed |= !isnan(t->column[c].cell->images_per_second);
    }
    add_name(table, "mAP", format);
    add_missing(table);
    for (int c = 0; c < t->n_columns; c++) add_mean(table, &t->column[c].cell->map, format);
    if (has_recovered) {
        add_name(table, "recovered", format);
        add_missing(table);
        for (int c = 0; c < t->n_columns; c++) {
            if (isnan(t->column[c].recovered)) add_missing(table);
            else
                ftdn_table_add(table, FTDN_CELL_NUMBER, format == FTDN_FORMAT_LATEX ? "%.0f \\%%" : "%.0f %%",
                               100 * t->column[c].recovered);
        }
    }
    if (!has_speed) return;
    add_name(table, "images/s", format);
    add_missing(table);
    for (int c = 0; c < t->n_columns; c++) {
        double speed = t->column[c].cell->images_per_second;
        if (isnan(speed)) add_missing(table);
        else ftdn_table_add(table, FTDN_CELL_NUMBER, "%.0f", speed);
    }
}

static void write_csv_number(double number, ftdn_text *text)
{
    ftdn_text_append_bytes(text, ",", 1);
    if (isfinite(number)) ftdn_text_append_json_number(text, number);
}

static void write_csv_row(const ftdn_class_column *column, const char *class_name, int64_t n_objects,
                          const ftdn_mean *mean, ftdn_text *text)
{
    ftdn_text_append_csv(text, column->name, strlen(column->name));
    ftdn_text_append_bytes(text, ",", 1);
    ftdn_text_append_csv(text, class_name, strlen(class_name));
    write_csv_number(n_objects < 0 ? (double)NAN : (double)n_objects, text);
    write_csv_number(column->cell->params.weight_rate, text);
    write_csv_number(column->cell->params.feature_map_rate, text);
    write_csv_number((double)mean->n, text);
    write_csv_number(mean->mean, text);
    write_csv_number(mean->sd, text);
    write_csv_number(mean->half_width, text);
    write_csv_number(n_objects < 0 ? column->cell->images_per_second : (double)NAN, text);
    ftdn_text_append(text, "\n");
}

static void write_csv(const ftdn_class_table *t, ftdn_text *text)
{
    ftdn_text_append(text, "protection,class,objects,weight_rate,feature_map_rate,n,mean_ap_voc07,sd_ap_voc07,"
                           "ap_half_width,images_per_second\n");
    for (int c = 0; c < t->n_columns; c++) {
        for (int i = 0; i < t->n_classes; i++) {
            const ftdn_mean ap = ftdn_class_column_find(&t->column[c], t->class_name[i]);
            write_csv_row(&t->column[c], t->class_name[i], t->n_objects[i], &ap, text);
        }
        write_csv_row(&t->column[c], "mAP", -1, &t->column[c].cell->map, text);
    }
}

void ftdn_class_table_write(const ftdn_class_table *t, ftdn_table_format format, ftdn_text *text)
{
    if (format == FTDN_FORMAT_CSV) {
        write_csv(t, text);
        return;
    }
    ftdn_table table;
    ftdn_table_init(&table, 2 + t->n_columns);
    add_name(&table, "class", format);
    add_name(&table, "objects", format);
    for (int c = 0; c < t->n_columns; c++) add_name(&table, t->column[c].name, format);
    add_classes(t, format, &table);
    add_sums(t, format, &table);
    switch (format) {
    case FTDN_FORMAT_MARKDOWN: ftdn_table_write_markdown(&table, text); break;
    case FTDN_FORMAT_LATEX: ftdn_table_write_latex(&table, text); break;
    default: ftdn_table_write(&table, text); break;
    }
    ftdn_table_done(&table);
}
