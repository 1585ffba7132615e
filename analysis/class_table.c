#include "analysis/class_table.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/rate_pairs.h"

/* How far the unprotected mAP is from half of the mAP without faults; infinite where one of them is not known. */
static double distance_of(const ftdn_lines *lines, const ftdn_rate_pair *pair)
{
    double least = HUGE_VAL;
    for (int l = 0; l < lines->n_lines; l++) {
        const ftdn_line *line = &lines->line[l];
        const ftdn_cell_accuracy *faulty = ftdn_rate_pair_find(pair, line), *clean = ftdn_line_find(line, 0, 0);
        if (strcmp(line->params->method, "none") != 0 || !faulty || !clean) continue;
        least = fmin(least, fabs(faulty->map.mean - clean->map.mean / 2));
    }
    return least;
}

static ftdn_status choose_pair(const ftdn_lines *lines, const ftdn_class_table_desc *desc, ftdn_arena *arena,
                               const ftdn_rate_pair **ret_pair, ftdn_error *err)
{
    const ftdn_rate_pair *pair, *best;
    int n_pairs;
    FTDN_TRY(ftdn_rate_pairs_list(lines, desc->weight_rate, desc->feature_map_rate, arena, &pair, &n_pairs, err));
    best = &pair[0];
    for (int i = 1; i < n_pairs && pair[i].n_lines == best->n_lines; i++)
        if (distance_of(lines, &pair[i]) < distance_of(lines, best)) best = &pair[i];
    *ret_pair = best;
    return FTDN_OK;
}

/* Columns of the networks without faults, one for each network that a line of the table has. */
static ftdn_status add_clean_columns(const ftdn_lines *lines, const ftdn_rate_pair *pair, ftdn_arena *arena,
                                     ftdn_class_column *column, int *n_columns, ftdn_error *err)
{
    for (int l = 0; l < lines->n_lines; l++) {
        if (!ftdn_rate_pair_find(pair, &lines->line[l])) continue;
        const ftdn_line *unprotected = ftdn_lines_find_unprotected(lines, &lines->line[l]);
        const ftdn_cell_accuracy *clean = unprotected ? ftdn_line_find(unprotected, 0, 0) : NULL;
        bool is_new = clean != NULL;
        for (int i = 0; i < *n_columns; i++) is_new &= column[i].cell != clean;
        if (!is_new) continue;
        const char *name = "no faults";
        if (*n_columns > 0) name = ftdn_arena_format(arena, err, "no faults: %s", unprotected->name);
        if (!name) return FTDN_ERR_MEMORY;
        column[(*n_columns)++] = (ftdn_class_column){name, clean, (double)NAN};
    }
    return FTDN_OK;
}

static double recovered_by(const ftdn_lines *lines, const ftdn_line *line, const ftdn_rate_pair *pair)
{
    const ftdn_line *unprotected = ftdn_lines_find_unprotected(lines, line);
    if (!unprotected || unprotected == line) return (double)NAN;
    const ftdn_cell_accuracy *clean = ftdn_line_find(unprotected, 0, 0), *bare = ftdn_rate_pair_find(pair, unprotected);
    if (!clean || !bare || !(clean->map.mean > bare->map.mean)) return (double)NAN;
    return (ftdn_rate_pair_find(pair, line)->map.mean - bare->map.mean) / (clean->map.mean - bare->map.mean);
}

static int by_name(const void *left, const void *right)
{
    return strcmp((*(const ftdn_class_accuracy *const *)left)->name,
                  (*(const ftdn_class_accuracy *const *)right)->name);
}

/* The classes that have objects in any column. */
static ftdn_status list_classes(ftdn_class_table *table, ftdn_arena *arena, ftdn_error *err)
{
    size_t n_all = 0, n = 0;
    for (int c = 0; c < table->n_columns; c++) n_all += (size_t)table->column[c].cell->n_classes;
    const ftdn_class_accuracy **known = FTDN_NEW(arena, n_all, const ftdn_class_accuracy *, err);
    const char **name = FTDN_NEW(arena, n_all, const char *, err);
    int64_t *n_objects = FTDN_NEW(arena, n_all, int64_t, err);
    if (!known || !name || !n_objects) return FTDN_ERR_MEMORY;
    for (int c = 0; c < table->n_columns; c++) {
        const ftdn_cell_accuracy *cell = table->column[c].cell;
        for (int i = 0; i < cell->n_classes; i++)
            if (cell->class_accuracy[i].n_objects > 0) known[n++] = &cell->class_accuracy[i];
    }
    qsort(known, n, sizeof *known, by_name);
    for (size_t i = 0; i < n; i++) {
        if (i > 0 && strcmp(known[i]->name, known[i - 1]->name) == 0) continue;
        name[table->n_classes] = known[i]->name;
        n_objects[table->n_classes++] = known[i]->n_objects;
    }
    table->class_name = name;
    table->n_objects = n_objects;
    return FTDN_OK;
}

ftdn_status ftdn_class_table_make(const ftdn_lines *lines, const ftdn_class_table_desc *desc, ftdn_arena *arena,
                                  ftdn_class_table *ret_table, ftdn_error *err)
{
    const ftdn_rate_pair *pair = NULL;
    FTDN_TRY(choose_pair(lines, desc, arena, &pair, err));
    ftdn_class_column *column = FTDN_NEW(arena, 2 * (size_t)lines->n_lines, ftdn_class_column, err);
    if (!column) return FTDN_ERR_MEMORY;
    ftdn_class_table table = {
        .weight_rate = pair->weight_rate,
        .feature_map_rate = pair->feature_map_rate,
        .column = column,
    };
    FTDN_TRY(add_clean_columns(lines, pair, arena, column, &table.n_columns, err));
    for (int l = 0; l < lines->n_lines; l++) {
        const ftdn_line *line = &lines->line[l];
        const ftdn_cell_accuracy *cell = ftdn_rate_pair_find(pair, line);
        if (cell) column[table.n_columns++] = (ftdn_class_column){line->name, cell, recovered_by(lines, line, pair)};
    }
    table.type = column[0].cell->params.type;
    for (int c = 1; c < table.n_columns && table.type; c++)
        if (strcmp(table.type, column[c].cell->params.type) != 0) table.type = NULL;
    FTDN_TRY(list_classes(&table, arena, err));
    *ret_table = table;
    return FTDN_OK;
}

ftdn_mean ftdn_class_column_find(const ftdn_class_column *column, const char *class_name)
{
    for (int i = 0; i < column->cell->n_classes; i++)
        if (strcmp(column->cell->class_accuracy[i].name, class_name) == 0) return column->cell->class_accuracy[i].ap;
    return (ftdn_mean){.mean = (double)NAN, .sd = (double)NAN, .half_width = (double)NAN};
}
