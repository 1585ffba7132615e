#include "results/repair.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "results/copy_rows.h"
#include "results/made_store.h"
#include "results/read_record.h"
#include "results/trial_check.h"
#include "results/trial_rows.h"

static const char doing[] = "repairing";

typedef struct repairer {
    ftdn_row_copier copier;
    ftdn_arena *arena;
    ftdn_repair_summary summary;
    ftdn_attempt_origin unknown; /* of results whose provenance is damaged; run 0: not written yet */
    int64_t *key;                /* [n_keys]: of trials that some table speaks of */
    int n_keys, key_capacity;
    ftdn_lost_trial *lost; /* [lost_capacity] */
    int lost_capacity;
} repairer;

static ftdn_status add_key(repairer *r, int64_t key, ftdn_error *err)
{
    int64_t *list = ftdn_arena_grow(r->arena, r->key, r->n_keys, &r->key_capacity, sizeof *list, err);
    if (!list) return FTDN_ERR_MEMORY;
    r->key = list;
    r->key[r->n_keys++] = key;
    return FTDN_OK;
}

static ftdn_status add_lost(repairer *r, const char *id, const char *what, ftdn_error *err)
{
    ftdn_lost_trial *list = ftdn_arena_grow(r->arena, r->lost, r->summary.n_lost, &r->lost_capacity, sizeof *list, err);
    const char *copy = ftdn_arena_copy_text(r->arena, what, strlen(what), err);
    if (!list || !copy) return FTDN_ERR_MEMORY;
    r->lost = list;
    ftdn_lost_trial *lost = &r->lost[r->summary.n_lost++];
    lost->what = copy;
    snprintf(lost->id, sizeof lost->id, "%s", id);
    return FTDN_OK;
}

static int compare_keys(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Keys out of every table that has them, from both ends: a page that cannot be read ends a scan, but not all of
 * them. */
static ftdn_status collect_keys(repairer *r, ftdn_error *err)
{
    static const char *const sql[] = {
        "SELECT key FROM trials NOT INDEXED ORDER BY key",
        "SELECT key FROM trials NOT INDEXED ORDER BY key DESC",
        "SELECT trial FROM results NOT INDEXED ORDER BY trial",
        "SELECT trial FROM results NOT INDEXED ORDER BY trial DESC",
        "SELECT trial FROM digests ORDER BY trial",
        "SELECT trial FROM digests ORDER BY trial DESC",
    };
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
        ftdn_statement row;
        ftdn_status status = FTDN_OK;
        ftdn_statement_prepare(&row, r->copier.from, sql[i]);
        while (status == FTDN_OK && ftdn_statement_next(&row))
            status = add_key(r, ftdn_statement_integer(&row, 0), err);
        ftdn_status read_status = ftdn_statement_finish(&row, doing, status == FTDN_OK ? err : NULL);
        if (status != FTDN_OK) return status;
        if (read_status == FTDN_ERR_MEMORY) return read_status;
    }
    if (r->n_keys == 0) return FTDN_OK;
    qsort(r->key, (size_t)r->n_keys, sizeof *r->key, compare_keys);
    int n = 1;
    for (int i = 1; i < r->n_keys; i++)
        if (r->key[i] != r->key[n - 1]) r->key[n++] = r->key[i];
    r->n_keys = n;
    return FTDN_OK;
}

/* A campaign, an environment and a run for results of which nobody can say any more where they come from. */
static ftdn_status add_unknown(repairer *r, ftdn_error *err)
{
    static const char lost[] = "unknown (damaged, then repaired)";
    ftdn_store *to = r->copier.to;
    const ftdn_environment environment = {lost, lost, lost, lost, lost, lost, "", "{}"};
    const ftdn_campaign_row campaign = {
        .name = "repaired", .description = "results whose provenance was damaged", .path = "", .manifest = "{}"};
    FTDN_TRY(ftdn_store_add_environment(to, &environment, &r->unknown.environment, err));
    FTDN_TRY(ftdn_store_add_campaign(to, &campaign, &r->unknown.campaign, err));
    const ftdn_run_row run = {
        .campaign = r->unknown.campaign,
        .environment = r->unknown.environment,
        .n_workers = 1,
        .n_threads = 1,
        .seconds_estimated = NAN,
    };
    FTDN_TRY(ftdn_store_begin_run(to, &run, &r->unknown.run, err));
    return ftdn_store_end_run(to, r->unknown.run, "finished", err);
}

static ftdn_status save_result_alone(repairer *r, int64_t trial, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_trial_record record;
    FTDN_TRY(ftdn_record_read(r->copier.from, trial, arena, &record, err));
    record.n_timings = 0;
    const ftdn_attempt_row attempt = {.trial_id = record.id, .origin = r->unknown, .outcome = "done", .seconds = NAN};
    return ftdn_trial_insert(r->copier.to, &record, &attempt, doing, err);
}

/* Within a savepoint: a trial that cannot be written as it should be leaves nothing. */
static ftdn_status save_trial(repairer *r, int64_t trial, bool has_provenance, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_store *to = r->copier.to;
    if (!has_provenance && r->unknown.run == 0) FTDN_TRY(add_unknown(r, err));
    FTDN_TRY(ftdn_store_execute(to, "SAVEPOINT trial", doing, err));
    ftdn_status status =
        has_provenance ? ftdn_copy_trial(&r->copier, trial, arena, err) : save_result_alone(r, trial, arena, err);
    if (status == FTDN_OK) {
        r->summary.n_saved++;
        r->summary.n_without_provenance += !has_provenance;
        return ftdn_store_execute(to, "RELEASE trial", doing, err);
    }
    if (status == FTDN_ERR_STORE) FTDN_TRY(ftdn_store_execute(to, "ROLLBACK TO trial; RELEASE trial", doing, NULL));
    return status;
}

static ftdn_status repair_trial(repairer *r, int64_t trial, ftdn_error *err)
{
    ftdn_trial_check check;
    ftdn_error cause = {0};
    FTDN_TRY(ftdn_trial_check_run(r->copier.from, trial, &check, err));
    ftdn_status status = FTDN_OK;
    if (check.is_sound) {
        ftdn_arena arena;
        ftdn_arena_init(&arena);
        status = save_trial(r, trial, check.has_provenance, &arena, &cause);
        ftdn_arena_done(&arena);
    }
    if (status != FTDN_OK && status != FTDN_ERR_STORE) {
        if (err) *err = cause;
        return status;
    }
    bool is_saved = check.is_sound && status == FTDN_OK, has_id = strlen(check.id) == FTDN_SHA256_HEX - 1;
    if (is_saved || !has_id) return FTDN_OK;
    return add_lost(r, check.id, status == FTDN_OK ? check.what : cause.message, err);
}

/* Trials that were done, by the word of attempts and indexes, and are not saved: some have no other row left. */
static ftdn_status list_done(repairer *r, ftdn_error *err)
{
    static const char *const sql[] = {
        "SELECT trial_id FROM attempts NOT INDEXED WHERE outcome = 'done' ORDER BY id",
        "SELECT trial_id FROM attempts NOT INDEXED WHERE outcome = 'done' ORDER BY id DESC",
        "SELECT id FROM trials ORDER BY id",
    };
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
        ftdn_statement row;
        ftdn_status status = FTDN_OK;
        ftdn_statement_prepare(&row, r->copier.from, sql[i]);
        while (status == FTDN_OK && ftdn_statement_next(&row)) {
            const char *id = (const char *)sqlite3_column_text(row.handle, 0);
            bool is_saved = true;
            if (id && strlen(id) == FTDN_SHA256_HEX - 1)
                status = ftdn_store_has_trial(r->copier.to, id, &is_saved, err);
            if (status == FTDN_OK && !is_saved) status = add_lost(r, id, "rows of it are missing", err);
        }
        ftdn_status read_status = ftdn_statement_finish(&row, doing, status == FTDN_OK ? err : NULL);
        if (status != FTDN_OK) return status;
        if (read_status == FTDN_ERR_MEMORY) return read_status;
    }
    return FTDN_OK;
}

/* By id; of one id what was said first. */
static int compare_lost(const void *a, const void *b)
{
    const ftdn_lost_trial *x = *(const ftdn_lost_trial *const *)a, *y = *(const ftdn_lost_trial *const *)b;
    int difference = strcmp(x->id, y->id);
    return difference ? difference : (x > y) - (x < y);
}

/* Each id once. */
static ftdn_status sort_lost(repairer *r, ftdn_error *err)
{
    size_t n_all = (size_t)r->summary.n_lost;
    const ftdn_lost_trial **sorted = FTDN_NEW(r->arena, n_all, const ftdn_lost_trial *, err);
    ftdn_lost_trial *lost = FTDN_NEW(r->arena, n_all, ftdn_lost_trial, err);
    if (!sorted || !lost) return FTDN_ERR_MEMORY;
    for (size_t i = 0; i < n_all; i++) sorted[i] = &r->lost[i];
    qsort(sorted, n_all, sizeof *sorted, compare_lost);
    int n = 0;
    for (size_t i = 0; i < n_all; i++)
        if (i == 0 || strcmp(sorted[i]->id, sorted[i - 1]->id) != 0) lost[n++] = *sorted[i];
    r->summary.n_lost = n;
    r->summary.lost = lost;
    return FTDN_OK;
}

static ftdn_status repair_all(repairer *r, ftdn_error *err)
{
    FTDN_TRY(ftdn_copy_rows(&r->copier, err));
    FTDN_TRY(collect_keys(r, err));
    for (int i = 0; i < r->n_keys; i++) FTDN_TRY(repair_trial(r, r->key[i], err));
    FTDN_TRY(list_done(r, err));
    return sort_lost(r, err);
}

ftdn_status ftdn_store_repair(const char *path, const char *out, ftdn_arena *arena, ftdn_repair_summary *ret_summary,
                              ftdn_error *err)
{
    repairer r = {.arena = arena, .copier = {.arena = arena, .salvages = true}};
    ftdn_made_store made;
    if (ftdn_file_exists(out)) return FTDN_FAIL(err, FTDN_ERR_STORE, "'%s' exists: give the name of a new file", out);
    FTDN_TRY(ftdn_store_open(path, FTDN_STORE_SALVAGE, &r.copier.from, err));
    ftdn_status status = ftdn_made_store_begin(&made, out, "repairing", arena, err);
    if (status == FTDN_OK) {
        r.copier.to = made.store;
        status = ftdn_made_store_finish(&made, repair_all(&r, err), err);
    }
    ftdn_store_close(r.copier.from);
    FTDN_TRY(status);
    FTDN_TRY(ftdn_made_store_put(&made, err));
    r.summary.n_left_out = r.copier.n_left_out;
    *ret_summary = r.summary;
    return FTDN_OK;
}
