#include "results/store.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "results/statement.h"

static const char adding_campaign[] = "writing a campaign", adding_planned[] = "writing what a campaign asks for",
                  noting_run[] = "writing a run";

ftdn_status ftdn_store_add_campaign(ftdn_store *store, const ftdn_campaign_row *campaign, int64_t *ret_campaign,
                                    ftdn_error *err)
{
    assert(store->mode == FTDN_STORE_WRITE);
    char digest[FTDN_SHA256_HEX];
    ftdn_statement row;
    FTDN_TRY(ftdn_sha256_of(campaign->manifest, strlen(campaign->manifest), digest, err));
    ftdn_statement_prepare(&row, store,
                           "INSERT INTO campaigns (name, digest, manifest, description, path, added_at) VALUES "
                           "(?, ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) ON CONFLICT (digest) DO NOTHING");
    ftdn_statement_bind_text(&row, campaign->name);
    ftdn_statement_bind_text(&row, digest);
    ftdn_statement_bind_text(&row, campaign->manifest);
    ftdn_statement_bind_text(&row, campaign->description);
    ftdn_statement_bind_text(&row, campaign->path);
    ftdn_statement_run(&row);
    FTDN_TRY(ftdn_statement_finish(&row, adding_campaign, err));
    ftdn_statement_prepare(&row, store, "SELECT id FROM campaigns WHERE digest = ?");
    ftdn_statement_bind_text(&row, digest);
    return ftdn_statement_finish_integer(&row, adding_campaign, ret_campaign, err);
}

/* The position behind all trials of a sweep. */
static ftdn_status find_next_position(ftdn_store *store, int64_t campaign, const char *sweep, int64_t *ret_position,
                                      ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "SELECT ifnull(max(position) + 1, 0) FROM planned WHERE campaign = ? AND sweep = ?");
    ftdn_statement_bind_integer(&row, campaign);
    ftdn_statement_bind_text(&row, sweep);
    return ftdn_statement_finish_integer(&row, adding_planned, ret_position, err);
}

static ftdn_status insert_planned(ftdn_store *store, int64_t campaign, const ftdn_planned_row *planned,
                                  int64_t position, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "INSERT INTO planned (campaign, sweep, trial_id, position, label) VALUES (?, ?, ?, ?, ?) "
                           "ON CONFLICT DO NOTHING");
    ftdn_statement_bind_integer(&row, campaign);
    ftdn_statement_bind_text(&row, planned->sweep);
    ftdn_statement_bind_text(&row, planned->trial_id);
    ftdn_statement_bind_integer(&row, position);
    ftdn_statement_bind_text(&row, planned->label);
    ftdn_statement_run(&row);
    return ftdn_statement_finish(&row, adding_planned, err);
}

static ftdn_status insert_all_planned(ftdn_store *store, int64_t campaign, const ftdn_planned_row *planned, int n_rows,
                                      ftdn_error *err)
{
    int64_t position = 0;
    for (int i = 0; i < n_rows; i++) {
        if (i == 0 || strcmp(planned[i].sweep, planned[i - 1].sweep) != 0)
            FTDN_TRY(find_next_position(store, campaign, planned[i].sweep, &position, err));
        FTDN_TRY(insert_planned(store, campaign, &planned[i], position, err));
        position += sqlite3_changes(store->db);
    }
    return FTDN_OK;
}

ftdn_status ftdn_store_find_manifest(ftdn_store *store, const char *id, ftdn_arena *arena, const char **ret_manifest,
                                     ftdn_error *err)
{
    static const char doing[] = "looking for a trial's manifest";
    ftdn_statement row;
    const char *manifest = NULL;
    ftdn_statement_prepare(&row, store,
                           "SELECT c.manifest FROM trials t JOIN results r ON r.trial = t.key "
                           "JOIN attempts a ON a.id = r.attempt JOIN campaigns c ON c.id = a.campaign WHERE t.id = ?");
    ftdn_statement_bind_text(&row, id);
    while (ftdn_statement_next(&row)) manifest = ftdn_statement_text(&row, 0, arena);
    FTDN_TRY(ftdn_statement_finish(&row, doing, err));
    if (!manifest) return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' has no manifest of trial %.12s", store->name, id);
    *ret_manifest = manifest;
    return FTDN_OK;
}

static ftdn_status look_for_unplanned(ftdn_store *store, int64_t campaign, const ftdn_planned_row *row, int n_rows,
                                      int *ret_first, ftdn_error *err)
{
    ftdn_statement statement;
    int i = 0;
    ftdn_statement_prepare(&statement, store,
                           "SELECT 1 FROM planned WHERE campaign = ? AND sweep = ? AND trial_id = ?");
    for (bool is_there = true; i < n_rows && is_there; i += is_there) {
        ftdn_statement_bind_integer(&statement, campaign);
        ftdn_statement_bind_text(&statement, row[i].sweep);
        ftdn_statement_bind_text(&statement, row[i].trial_id);
        is_there = false;
        while (ftdn_statement_next(&statement)) is_there = true;
    }
    FTDN_TRY(ftdn_statement_finish(&statement, adding_planned, err));
    *ret_first = i;
    return FTDN_OK;
}

/* The first row that is not there yet; n_rows where all are. In one transaction: else each look locks the file. */
static ftdn_status find_unplanned(ftdn_store *store, int64_t campaign, const ftdn_planned_row *row, int n_rows,
                                  int *ret_first, ftdn_error *err)
{
    FTDN_TRY(ftdn_store_execute(store, "BEGIN", adding_planned, err));
    ftdn_status status = look_for_unplanned(store, campaign, row, n_rows, ret_first, err);
    return ftdn_store_end_transaction(store, status, adding_planned, err);
}

/* Where nothing is new, nothing is written. */
ftdn_status ftdn_store_add_planned(ftdn_store *store, int64_t campaign, const ftdn_planned_row *row, int n_rows,
                                   ftdn_error *err)
{
    int first = 0;
    assert(store->mode == FTDN_STORE_WRITE);
    FTDN_TRY(find_unplanned(store, campaign, row, n_rows, &first, err));
    if (first == n_rows) return FTDN_OK;
    FTDN_TRY(ftdn_store_begin(store, adding_planned, err));
    ftdn_status status = insert_all_planned(store, campaign, row + first, n_rows - first, err);
    return ftdn_store_end_transaction(store, status, adding_planned, err);
}

ftdn_status ftdn_store_begin_run(ftdn_store *store, const ftdn_run_row *run, int64_t *ret_run, ftdn_error *err)
{
    assert(store->mode == FTDN_STORE_WRITE);
    ftdn_statement row;
    ftdn_statement_prepare(
        &row, store,
        "INSERT INTO runs (mark, campaign, environment, started_at, workers, threads, pid, shard, n_wanted, "
        "seconds_estimated) VALUES (lower(hex(randomblob(16))), ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), "
        "?, ?, ?, ?, ?, ?)");
    ftdn_statement_bind_integer(&row, run->campaign);
    ftdn_statement_bind_integer(&row, run->environment);
    ftdn_statement_bind_integer(&row, run->n_workers);
    ftdn_statement_bind_integer(&row, run->n_threads);
    ftdn_statement_bind_integer(&row, getpid());
    ftdn_statement_bind_text(&row, run->shard);
    ftdn_statement_bind_integer(&row, run->n_wanted);
    ftdn_statement_bind_real(&row, run->seconds_estimated);
    ftdn_statement_run(&row);
    FTDN_TRY(ftdn_statement_finish(&row, noting_run, err));
    *ret_run = sqlite3_last_insert_rowid(store->db);
    return FTDN_OK;
}

ftdn_status ftdn_store_end_run(ftdn_store *store, int64_t run, const char *outcome, ftdn_error *err)
{
    assert(store->mode == FTDN_STORE_WRITE);
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "UPDATE runs SET outcome = ?, ended_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') "
                           "WHERE id = ?");
    ftdn_statement_bind_text(&row, outcome);
    ftdn_statement_bind_integer(&row, run);
    ftdn_statement_run(&row);
    return ftdn_statement_finish(&row, noting_run, err);
}
