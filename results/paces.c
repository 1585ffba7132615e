#include "results/paces.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "results/statement.h"

static const char reading[] = "reading how long trials took";

/* The runs that tell something, with their attempts. */
#define ALIKE                                                                                                          \
    "FROM attempts a JOIN runs u ON u.id = a.run JOIN environments e ON e.id = a.environment "                         \
    "JOIN results r ON r.attempt = a.id "                                                                              \
    "WHERE a.outcome = 'done' AND a.seconds IS NOT NULL AND r.images > 0 AND e.machine = ? AND instr(e.cpu, ?) = 1 "   \
    "AND "                                                                                                             \
    "u.workers = ? AND u.threads = ?"

static void bind_question(ftdn_statement *row, const ftdn_pace_question *question)
{
    ftdn_statement_bind_text(row, question->machine);
    ftdn_statement_bind_text(row, question->cpu);
    ftdn_statement_bind_integer(row, question->n_workers);
    ftdn_statement_bind_integer(row, question->n_threads);
}

static ftdn_status count_cells(ftdn_store *store, const ftdn_pace_question *question, int *ret_n, ftdn_error *err)
{
    ftdn_statement row;
    int64_t n;
    ftdn_statement_prepare(&row, store,
                           "SELECT count(DISTINCT (SELECT t.cell FROM trials t WHERE t.key = r.trial)) " ALIKE);
    bind_question(&row, question);
    FTDN_TRY(ftdn_statement_finish_integer(&row, reading, &n, err));
    *ret_n = (int)n;
    return FTDN_OK;
}

static void read_cell(ftdn_statement *row, ftdn_arena *arena, ftdn_cell_pace *cell)
{
    const char *id = (const char *)sqlite3_column_text(row->handle, 0);
    snprintf(cell->cell, sizeof cell->cell, "%s", id ? id : "");
    cell->model = ftdn_statement_text(row, 1, arena);
    cell->weights_digest = ftdn_statement_text(row, 2, arena);
    cell->backend = ftdn_statement_text(row, 3, arena);
    cell->arithmetic = ftdn_statement_text(row, 4, arena);
    cell->method = ftdn_statement_text(row, 5, arena);
    cell->redraw = ftdn_statement_text(row, 6, arena);
    cell->width = ftdn_statement_real(row, 7);
    cell->hits_weights = ftdn_statement_integer(row, 8);
    cell->hits_maps = ftdn_statement_integer(row, 9);
    cell->n_trials = (int)ftdn_statement_integer(row, 10);
    cell->image_s = ftdn_statement_real(row, 11);
    cell->square = ftdn_statement_real(row, 12);
}

static ftdn_status read_cells(ftdn_store *store, const ftdn_pace_question *question, ftdn_arena *arena,
                              ftdn_store_paces *paces, ftdn_error *err)
{
    ftdn_statement row;
    int n_expected;
    FTDN_TRY(count_cells(store, question, &n_expected, err));
    paces->cell = FTDN_NEW(arena, (size_t)n_expected, ftdn_cell_pace, err);
    if (!paces->cell) return FTDN_ERR_MEMORY;
    ftdn_statement_prepare(
        &row, store,
        "SELECT c.id, c.model, c.weights_digest, c.backend, c.arithmetic, c.method, c.redraw, c.width, "
        "c.weight_rate > 0 OR c.weight_count > 0, c.feature_map_rate > 0 OR c.feature_map_count > 0, n, image_s, "
        "square "
        "FROM (SELECT (SELECT t.cell FROM trials t WHERE t.key = r.trial) AS key, count(*) AS n, "
        "avg(a.seconds / r.images) AS image_s, avg(a.seconds / r.images * a.seconds / r.images) AS square " ALIKE
        " GROUP BY 1) JOIN cells c USING (key) ORDER BY c.id");
    bind_question(&row, question);
    while (paces->n_cells < n_expected && ftdn_statement_next(&row)) {
        ftdn_cell_pace *cell = &paces->cell[paces->n_cells++];
        read_cell(&row, arena, cell);
        paces->n_trials += cell->n_trials;
    }
    return ftdn_statement_finish(&row, reading, err);
}

/* From the beginning of a run to its end (to its last trial where it was killed), times its workers, compared with the
 * time that its trials took: what set-ups, rankings, canaries and idle workers add. */
static ftdn_status read_overhead(ftdn_store *store, const ftdn_pace_question *question, ftdn_store_paces *paces,
                                 ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(
        &row, store,
        "SELECT sum((julianday(ifnull(ended_at, last)) - julianday(started_at)) * 86400 * workers) / sum(busy) FROM "
        "(SELECT u.started_at, u.ended_at, u.workers, max(a.finished_at) AS last, sum(a.seconds) AS busy, "
        "count(*) AS n " ALIKE " GROUP BY u.id) WHERE n >= workers AND busy > 0");
    bind_question(&row, question);
    paces->overhead = (double)NAN;
    if (ftdn_statement_next(&row)) {
        paces->overhead = ftdn_statement_real(&row, 0);
        ftdn_statement_stop(&row);
    }
    return ftdn_statement_finish(&row, reading, err);
}

static ftdn_status read_size(ftdn_store *store, ftdn_store_paces *paces, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "SELECT CAST(page_count * page_size AS REAL) / nullif((SELECT count(*) FROM results), 0) "
                           "FROM pragma_page_count, pragma_page_size");
    paces->bytes_per_trial = (double)NAN;
    if (ftdn_statement_next(&row)) {
        paces->bytes_per_trial = ftdn_statement_real(&row, 0);
        ftdn_statement_stop(&row);
    }
    return ftdn_statement_finish(&row, reading, err);
}

ftdn_status ftdn_store_read_paces(ftdn_store *store, const ftdn_pace_question *question, ftdn_arena *arena,
                                  ftdn_store_paces *ret_paces, ftdn_error *err)
{
    ftdn_store_paces paces = {0};
    FTDN_TRY(read_cells(store, question, arena, &paces, err));
    FTDN_TRY(read_overhead(store, question, &paces, err));
    FTDN_TRY(read_size(store, &paces, err));
    *ret_paces = paces;
    return FTDN_OK;
}

static int compare_cells(const void *id, const void *pace)
{
    return strcmp(id, ((const ftdn_cell_pace *)pace)->cell);
}

const ftdn_cell_pace *ftdn_cell_pace_find(const ftdn_store_paces *paces, const char *cell)
{
    return paces->n_cells > 0 ? bsearch(cell, paces->cell, (size_t)paces->n_cells, sizeof *paces->cell, compare_cells)
                              : NULL;
}
