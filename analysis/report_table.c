#include "analysis/report_table.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "analysis/html.h"
#include "results/query_glossary.h"

typedef enum look {
    LOOK_TEXT,
    LOOK_NUMBER, /* four digits */
    LOOK_COUNT,
    LOOK_RATE,  /* a share as "1 %" */
    LOOK_SCORE, /* a share in per cent, the unit in the title */
    LOOK_GAIN,  /* the same with its sign */
    LOOK_P,
    LOOK_SHORT, /* two decimals */
    LOOK_FLAG,
    LOOK_ID,
    LOOK_TIME,
} look;

typedef struct column_look {
    const char *name;
    look look;
    bool is_parameter;    /* said once where it is the same in all rows */
    const char *interval; /* the column that stands behind this one, as ± */
} column_look;

static const column_look known[] = {
    {"weight_rate", LOOK_RATE, true, NULL},
    {"feature_map_rate", LOOK_RATE, true, NULL},
    {"requested_rate", LOOK_RATE, true, NULL},
    {"rate", LOOK_RATE, true, NULL},
    {"ratio", LOOK_RATE, true, NULL},
    {"weight_count", LOOK_COUNT, true, NULL},
    {"feature_map_count", LOOK_COUNT, true, NULL},
    {"fault_count", LOOK_COUNT, true, NULL},
    {"candidates", LOOK_COUNT, true, NULL},
    {"bit", LOOK_COUNT, true, NULL},
    {"measured_images", LOOK_COUNT, true, NULL},
    {"width", LOOK_NUMBER, true, NULL},
    {"score_threshold", LOOK_NUMBER, true, NULL},
    {"nms_iou", LOOK_NUMBER, true, NULL},
    {"iou", LOOK_NUMBER, true, NULL},
    {"range_low", LOOK_NUMBER, true, NULL},
    {"range_high", LOOK_NUMBER, true, NULL},
    {"observed_rate", LOOK_RATE, false, NULL},
    {"smallest_ratio", LOOK_RATE, false, NULL},
    {"added_work", LOOK_RATE, false, NULL},
    {"mean_map_voc07", LOOK_SCORE, false, "map_half_width"},
    {"mean_ap_voc07", LOOK_SCORE, false, "ap_half_width"},
    {"map_voc07", LOOK_SCORE, false, NULL},
    {"clean_map_voc07", LOOK_SCORE, false, NULL},
    {"bare_map_voc07", LOOK_SCORE, false, NULL},
    {"sd_map_voc07", LOOK_SCORE, false, NULL},
    {"min_map_voc07", LOOK_SCORE, false, NULL},
    {"max_map_voc07", LOOK_SCORE, false, NULL},
    {"loss", LOOK_SCORE, false, NULL},
    {"mean_gain", LOOK_GAIN, false, "gain_half_width"},
    {"mean_recovery", LOOK_SCORE, false, "recovery_half_width"},
    {"total_recovery", LOOK_SCORE, false, NULL},
    {"p", LOOK_P, false, NULL},
    {"seconds", LOOK_SHORT, false, NULL},
    {"mean_seconds", LOOK_SHORT, false, NULL},
    {"min_seconds", LOOK_SHORT, false, NULL},
    {"max_seconds", LOOK_SHORT, false, NULL},
    {"ms_per_image", LOOK_SHORT, false, NULL},
    {"median_ms", LOOK_SHORT, false, NULL},
    {"slowdown", LOOK_SHORT, false, NULL},
    {"copied_mb", LOOK_SHORT, false, NULL},
    {"weights_mb", LOOK_SHORT, false, NULL},
    {"maps_mb", LOOK_SHORT, false, NULL},
    {"on_front", LOOK_FLAG, false, NULL},
    {"id", LOOK_ID, false, NULL},
    {"digest", LOOK_ID, false, NULL},
};

#define N_ID_DIGITS 16
#define LONG_TEXT 40 /* bytes; what is longer is broken into lines */

static bool ends_in(const char *name, const char *end)
{
    size_t n_name = strlen(name), n_end = strlen(end);
    return n_name >= n_end && strcmp(name + n_name - n_end, end) == 0;
}

/* A column that is not known: numbers are measured, texts are parameters. */
static column_look look_at(const char *name, const ftdn_row_value *value)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].name, name) == 0) return known[i];
    if (ends_in(name, "_at")) return (column_look){name, LOOK_TIME, false, NULL};
    switch (value->kind) {
    case FTDN_ROW_INTEGER: return (column_look){name, LOOK_COUNT, false, NULL};
    case FTDN_ROW_REAL: return (column_look){name, LOOK_NUMBER, false, NULL};
    default: return (column_look){name, LOOK_TEXT, true, NULL};
    }
}

static const ftdn_row_value *value_at(const ftdn_rows *rows, int row, int column)
{
    return &rows->value[(size_t)row * (size_t)rows->n_columns + (size_t)column];
}

/* The first value of the column that is there; that of the first row where none is. */
static const ftdn_row_value *first_value(const ftdn_rows *rows, int column)
{
    for (int r = 0; r < rows->n_rows; r++)
        if (value_at(rows, r, column)->kind != FTDN_ROW_MISSING) return value_at(rows, r, column);
    return value_at(rows, 0, column);
}

static bool is_empty(const ftdn_row_value *value)
{
    return value->kind == FTDN_ROW_MISSING || (value->kind == FTDN_ROW_STRING && !value->string[0]);
}

static bool are_equal(const ftdn_row_value *a, const ftdn_row_value *b)
{
    if (a->kind == FTDN_ROW_STRING || b->kind == FTDN_ROW_STRING)
        return a->kind == b->kind && strcmp(a->string, b->string) == 0;
    return is_empty(a) || is_empty(b) ? is_empty(a) && is_empty(b) : a->number == b->number;
}

/* In all rows that have one. */
static bool is_same_in_all(const ftdn_rows *rows, int column)
{
    const ftdn_row_value *first = first_value(rows, column);
    for (int r = 0; r < rows->n_rows; r++)
        if (!is_empty(value_at(rows, r, column)) && !are_equal(first, value_at(rows, r, column))) return false;
    return true;
}

static bool is_in_all(const ftdn_rows *rows, int column)
{
    for (int r = 0; r < rows->n_rows; r++)
        if (is_empty(value_at(rows, r, column))) return false;
    return true;
}

static bool is_listed(const char *const *list, const char *name)
{
    for (; list && *list; list++)
        if (strcmp(*list, name) == 0) return true;
    return false;
}

typedef enum place {
    PLACE_COLUMN,
    PLACE_ABOVE, /* the table: it is the same in all rows */
    PLACE_NOWHERE,
} place;

static place place_of(const ftdn_report_table *table, int column)
{
    const ftdn_rows *rows = table->rows;
    const char *name = rows->name[column];
    if (is_listed(table->hidden, name) || is_empty(first_value(rows, column))) return PLACE_NOWHERE;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].interval && strcmp(known[i].interval, name) == 0) return PLACE_NOWHERE;
    const column_look of = look_at(name, first_value(rows, column));
    if (!of.is_parameter || rows->n_rows < 2 || !is_same_in_all(rows, column)) return PLACE_COLUMN;
    return of.look == LOOK_COUNT && first_value(rows, column)->number == 0 ? PLACE_NOWHERE : PLACE_ABOVE;
}

static void append_title(ftdn_text *text, const ftdn_rows *rows, int column)
{
    const char *name = rows->name[column];
    const ftdn_glossary_entry *entry = ftdn_glossary_find(rows->query, name);
    char plain[64];
    snprintf(plain, sizeof plain, "%s", entry && entry->title ? entry->title : name);
    for (char *c = plain; *c; c++)
        if (*c == '_') *c = ' ';
    ftdn_html_append(text, plain);
    look of = look_at(name, first_value(rows, column)).look;
    if (of == LOOK_SCORE || of == LOOK_GAIN) ftdn_text_append(text, " (%%)");
}

static void append_number(ftdn_text *text, look of, double number)
{
    switch (of) {
    case LOOK_COUNT: ftdn_html_append_count(text, (int64_t)number); break;
    case LOOK_RATE: ftdn_text_append(text, "%.4g %%", 100 * number); break;
    case LOOK_SCORE: ftdn_text_append(text, "%.2f", 100 * number); break;
    case LOOK_GAIN: ftdn_text_append(text, "%+.2f", 100 * number); break;
    case LOOK_P: ftdn_text_append(text, number < 1e-4 ? "&lt; 0.0001" : "%.4f", number); break;
    case LOOK_SHORT: ftdn_text_append(text, number == 0 || fabs(number) >= 0.1 ? "%.2f" : "%.3f", number); break;
    case LOOK_FLAG: ftdn_text_append(text, "%s", number != 0 ? "yes" : ""); break;
    default: ftdn_text_append(text, "%.4g", number); break;
    }
}

static void append_string(ftdn_text *text, look of, const char *string)
{
    if (of == LOOK_ID && strlen(string) > N_ID_DIGITS) {
        ftdn_text_append(text, "<code>");
        for (int i = 0; i < N_ID_DIGITS; i++) ftdn_html_append(text, (const char[]){string[i], '\0'});
        ftdn_text_append(text, "</code>");
    } else if (of == LOOK_TIME && strlen(string) >= 19 && string[10] == 'T') {
        ftdn_text_append(text, "<time>%.10s %.8s</time>", string, string + 11);
    } else {
        ftdn_html_append(text, string);
    }
}

void ftdn_report_append_value(ftdn_text *text, const char *column, const ftdn_row_value *value)
{
    const look of = look_at(column, value).look;
    if (value->kind == FTDN_ROW_STRING) append_string(text, of, value->string);
    else if (value->kind != FTDN_ROW_MISSING) append_number(text, of, value->number);
    else ftdn_text_append(text, "–");
}

/* "model ssd_mobilenet_v1; faults zero": what all rows have, or what is the same in those that have it. */
static int append_constants(const ftdn_report_table *table, bool in_all, const char *lead, ftdn_text *text)
{
    int n = 0;
    for (int c = 0; c < table->rows->n_columns; c++) {
        if (place_of(table, c) != PLACE_ABOVE || is_in_all(table->rows, c) != in_all) continue;
        ftdn_text_append(text, "%s", n++ ? "; " : lead);
        append_title(text, table->rows, c);
        ftdn_text_append(text, "&nbsp;<b>");
        ftdn_report_append_value(text, table->rows->name[c], first_value(table->rows, c));
        ftdn_text_append(text, "</b>");
    }
    if (n) ftdn_text_append(text, ".");
    return n;
}

static void write_constants(const ftdn_report_table *table, ftdn_text *text)
{
    size_t start = text->n_chars;
    ftdn_text_append(text, "<p class=\"same\">");
    int n = append_constants(table, true, "In all rows: ", text);
    n += append_constants(table, false, n ? " Where there is one: " : "Where there is one: ", text);
    if (n) ftdn_text_append(text, "</p>\n");
    else if (!text->failed) text->n_chars = start;
}

/* Does the extra column stand behind this one? column: -1 for the end of the table. */
static bool has_extra_behind(const ftdn_report_table *table, int column)
{
    if (!table->extra_title) return false;
    if (column < 0 || !table->extra_behind) return column < 0 && !table->extra_behind;
    return strcmp(table->rows->name[column], table->extra_behind) == 0;
}

/* Numbers stand to the right. */
static bool is_number(const ftdn_rows *rows, int column)
{
    const ftdn_row_value *value = first_value(rows, column);
    return value->kind == FTDN_ROW_INTEGER || value->kind == FTDN_ROW_REAL;
}

static void append_header(const ftdn_report_table *table, const place *placed, ftdn_text *text)
{
    const ftdn_rows *rows = table->rows;
    ftdn_text_append(text, "<thead><tr>");
    if (table->lead_title) ftdn_text_append(text, "<th>%s", table->lead_title);
    for (int c = 0; c < rows->n_columns; c++) {
        if (placed[c] != PLACE_COLUMN) continue;
        const ftdn_glossary_entry *entry = ftdn_glossary_find(rows->query, rows->name[c]);
        ftdn_text_append(text, "<th%s", is_number(rows, c) ? " class=\"n\"" : "");
        if (entry && entry->help) {
            ftdn_text_append(text, " title=\"");
            ftdn_html_append(text, entry->help);
            ftdn_text_append(text, "\"");
        }
        ftdn_text_append(text, ">");
        append_title(text, rows, c);
        if (has_extra_behind(table, c)) ftdn_text_append(text, "<th>%s", table->extra_title);
    }
    if (has_extra_behind(table, -1)) ftdn_text_append(text, "<th>%s", table->extra_title);
    ftdn_text_append(text, "</thead>\n");
}

static void append_cell(const ftdn_rows *rows, int row, int column, ftdn_text *text)
{
    const ftdn_row_value *value = value_at(rows, row, column);
    bool is_long = value->kind == FTDN_ROW_STRING && strlen(value->string) > LONG_TEXT;
    ftdn_text_append(text, is_number(rows, column) ? "<td class=\"n\">" : is_long ? "<td class=\"long\">" : "<td>");
    ftdn_report_append_value(text, rows->name[column], value);
    const column_look of = look_at(rows->name[column], value);
    if (!of.interval || is_empty(value)) return;
    const ftdn_row_value half = ftdn_rows_get(rows, row, of.interval);
    if (!isnan(half.number)) ftdn_text_append(text, "<small>&nbsp;±&nbsp;%.2f</small>", 100 * half.number);
}

static void append_row(const ftdn_report_table *table, const place *placed, int row, ftdn_text *text)
{
    ftdn_text_append(text, "<tr>");
    if (table->lead_title) ftdn_text_append(text, "<td>");
    if (table->lead_title) table->append_lead(table->user, table->rows, row, text);
    for (int c = 0; c <= table->rows->n_columns; c++) {
        bool is_end = c == table->rows->n_columns;
        if (!is_end && placed[c] == PLACE_COLUMN) append_cell(table->rows, row, c, text);
        if (!has_extra_behind(table, is_end ? -1 : c)) continue;
        ftdn_text_append(text, "<td>");
        table->append_extra(table->user, table->rows, row, text);
    }
    ftdn_text_append(text, "\n");
}

/* A heading where the group is another one than that of the row before, which stands in `last`. */
static void append_group(const ftdn_report_table *table, int n_columns, int row, ftdn_text *last, ftdn_text *text)
{
    ftdn_text group;
    ftdn_text_init(&group);
    table->append_group(table->user, table->rows, row, &group);
    if (group.failed || last->failed) {
        text->failed = true;
    } else if (!last->chars || strcmp(group.chars, last->chars) != 0) {
        ftdn_text_append(text, "<tr class=\"group\"><th colspan=\"%d\" scope=\"rowgroup\">%s\n", n_columns,
                         group.chars);
        ftdn_text_done(last);
        *last = group;
        return;
    }
    ftdn_text_done(&group);
}

static void append_rows(const ftdn_report_table *table, const place *placed, ftdn_text *text)
{
    int n_columns = (table->lead_title != NULL) + (table->extra_title != NULL);
    for (int c = 0; c < table->rows->n_columns; c++) n_columns += placed[c] == PLACE_COLUMN;
    ftdn_text group;
    ftdn_text_init(&group);
    for (int r = 0; r < table->rows->n_rows; r++) {
        if (table->append_group) append_group(table, n_columns, r, &group, text);
        append_row(table, placed, r, text);
    }
    ftdn_text_done(&group);
}

void ftdn_report_table_write(const ftdn_report_table *table, ftdn_text *text)
{
    const ftdn_rows *rows = table->rows;
    place placed[FTDN_REPORT_MOST_COLUMNS];
    if (rows->n_rows == 0) return;
    for (int c = 0; c < rows->n_columns; c++) placed[c] = place_of(table, c);
    write_constants(table, text);
    ftdn_text_append(text, "<div class=\"scroll\"><table%s>\n", table->append_group ? "" : " class=\"sortable\"");
    append_header(table, placed, text);
    ftdn_text_append(text, "<tbody>\n");
    append_rows(table, placed, text);
    ftdn_text_append(text, "</table></div>\n");
    if (rows->n_all <= rows->n_rows) return;
    ftdn_text_append(text, "<p class=\"note\">");
    ftdn_html_append_count(text, rows->n_all - rows->n_rows);
    ftdn_text_append(text, " further rows are left out here");
    if (table->more) {
        ftdn_text_append(text, "; all of them: <code>");
        ftdn_html_append(text, table->more);
        ftdn_text_append(text, "</code>");
    }
    ftdn_text_append(text, ".</p>\n");
}
