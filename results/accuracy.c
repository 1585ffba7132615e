#include "results/accuracy.h"

#include <assert.h>

#include "results/cells.h"
#include "results/query_sql.h"

static const char doing[] = "reading accuracies";

/* The value of a statement that answers one integer. */
static ftdn_status count(const ftdn_store *store, const char *sql, const int64_t *key, int *ret_count, ftdn_error *err)
{
    ftdn_statement row;
    int n = 0;
    ftdn_statement_prepare(&row, store, sql);
    if (key) ftdn_statement_bind_integer(&row, *key);
    if (ftdn_statement_next(&row)) n = (int)ftdn_statement_integer(&row, 0);
    *ret_count = n;
    return ftdn_statement_finish(&row, doing, err);
}

static ftdn_mean read_mean(const ftdn_statement *row, int column)
{
    return (ftdn_mean){
        .n = ftdn_statement_integer(row, column),
        .mean = ftdn_statement_real(row, column + 1),
        .sd = ftdn_statement_real(row, column + 2),
        .half_width = ftdn_statement_real(row, column + 3),
    };
}

static ftdn_status read_classes(const ftdn_store *store, int64_t key, ftdn_arena *arena, ftdn_cell_accuracy *cell,
                                ftdn_error *err)
{
    FTDN_TRY(count(store, "SELECT count(DISTINCT class) FROM class_ap WHERE cell = ?", &key, &cell->n_classes, err));
    ftdn_class_accuracy *class_accuracy = FTDN_NEW(arena, (size_t)cell->n_classes, ftdn_class_accuracy, err);
    if (!class_accuracy) return FTDN_ERR_MEMORY;
    ftdn_statement row;
    ftdn_statement_prepare(&row, store, ftdn_sql_cell_classes);
    ftdn_statement_bind_integer(&row, key);
    for (int i = 0; ftdn_statement_next(&row); i++) {
        assert(i < cell->n_classes);
        class_accuracy[i] = (ftdn_class_accuracy){
            .name = ftdn_statement_text(&row, 0, arena),
            .ap = read_mean(&row, 1),
            .n_objects = ftdn_statement_integer(&row, 5),
        };
    }
    cell->class_accuracy = class_accuracy;
    return ftdn_statement_finish(&row, doing, err);
}

/* key: [n_all] of the store's cells. */
static ftdn_status read_cells(const ftdn_store *store, const char *manifest, ftdn_arena *arena,
                              ftdn_cell_accuracy *cell, int64_t *key, int n_all, int *ret_n_cells, ftdn_error *err)
{
    ftdn_statement row;
    int n_cells = 0;
    ftdn_statement_prepare(&row, store, ftdn_sql_cell_accuracy);
    ftdn_statement_bind_text(&row, manifest);
    for (; ftdn_statement_next(&row); n_cells++) {
        assert(n_cells < n_all);
        key[n_cells] = ftdn_statement_integer(&row, 0);
        cell[n_cells].map = read_mean(&row, 1);
        cell[n_cells].gain = read_mean(&row, 5);
        cell[n_cells].images_per_second = ftdn_statement_real(&row, 9);
        cell[n_cells].id = ftdn_statement_text(&row, 10, arena);
        ftdn_cell_read(&row, 11, arena, &cell[n_cells].params);
    }
    *ret_n_cells = n_cells;
    return ftdn_statement_finish(&row, doing, err);
}

static ftdn_status load(const ftdn_store *store, const char *manifest, ftdn_arena *arena,
                        const ftdn_cell_accuracy **ret_cell, int *ret_n_cells, ftdn_error *err)
{
    int n_all, n_cells;
    FTDN_TRY(count(store, "SELECT count(*) FROM cells", NULL, &n_all, err));
    ftdn_cell_accuracy *cell = FTDN_NEW(arena, (size_t)n_all, ftdn_cell_accuracy, err);
    int64_t *key = FTDN_NEW(arena, (size_t)n_all, int64_t, err);
    if (!cell || !key) return FTDN_ERR_MEMORY;
    FTDN_TRY(read_cells(store, manifest, arena, cell, key, n_all, &n_cells, err));
    for (int i = 0; i < n_cells; i++) FTDN_TRY(read_classes(store, key[i], arena, &cell[i], err));
    *ret_cell = cell;
    *ret_n_cells = n_cells;
    return FTDN_OK;
}

/* All of one state of the store: a run may be writing it. */
ftdn_status ftdn_accuracy_load(ftdn_store *store, const char *manifest, ftdn_arena *arena,
                               const ftdn_cell_accuracy **ret_cell, int *ret_n_cells, ftdn_error *err)
{
    FTDN_TRY(ftdn_store_execute(store, "BEGIN", doing, err));
    ftdn_status status = load(store, manifest, arena, ret_cell, ret_n_cells, err);
    return ftdn_store_end_transaction(store, status, doing, err);
}
