#include "results/run_status.h"

#include <math.h>
#include <string.h>

#include "base/moments.h"
#include "results/statement.h"

#define MOST_RECENT 2000 /* trials that a rate is taken of */
#define FAILED "outcome IN ('failed', 'crashed', 'hung', 'device')"

static const char reading[] = "reading how far it is";

/* The only row of a statement with one number. */
static ftdn_status ask_number(ftdn_store *store, const char *sql, int64_t key, int *ret_number, ftdn_error *err)
{
    ftdn_statement row;
    int64_t number;
    ftdn_statement_prepare(&row, store, sql);
    ftdn_statement_bind_integer(&row, key);
    FTDN_TRY(ftdn_statement_finish_integer(&row, reading, &number, err));
    *ret_number = (int)number;
    return FTDN_OK;
}

static ftdn_status read_last_run(ftdn_store *store, ftdn_arena *arena, ftdn_run_state *run, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "SELECT u.id, u.campaign, u.started_at, u.ended_at, u.outcome, e.machine, u.shard, "
                           "u.workers, u.threads, u.pid, u.n_wanted, "
                           "(julianday('now') - julianday(u.started_at)) * 86400 "
                           "FROM runs u JOIN environments e ON e.id = u.environment ORDER BY u.id DESC LIMIT 1");
    if (ftdn_statement_next(&row)) {
        *run = (ftdn_run_state){
            .id = ftdn_statement_integer(&row, 0),
            .campaign = ftdn_statement_integer(&row, 1),
            .started_at = ftdn_statement_text(&row, 2, arena),
            .ended_at = ftdn_statement_text(&row, 3, arena),
            .outcome = ftdn_statement_text(&row, 4, arena),
            .machine = ftdn_statement_text(&row, 5, arena),
            .shard = ftdn_statement_text(&row, 6, arena),
            .n_workers = (int)ftdn_statement_integer(&row, 7),
            .n_threads = (int)ftdn_statement_integer(&row, 8),
            .pid = ftdn_statement_integer(&row, 9),
            .n_wanted = (int)ftdn_statement_integer(&row, 10),
            .since_start_s = fmax(0, ftdn_statement_real(&row, 11)),
        };
        ftdn_statement_stop(&row);
    }
    return ftdn_statement_finish(&row, reading, err);
}

static ftdn_status count_attempts(ftdn_store *store, ftdn_run_state *run, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "SELECT count(*) FILTER (WHERE outcome = 'done'), count(*) FILTER (WHERE " FAILED "), "
                           "count(*) FILTER (WHERE outcome = 'withdrawn') FROM attempts WHERE run = ?");
    ftdn_statement_bind_integer(&row, run->id);
    if (ftdn_statement_next(&row)) {
        run->n_done = (int)ftdn_statement_integer(&row, 0);
        run->n_failed = (int)ftdn_statement_integer(&row, 1);
        run->n_withdrawn = (int)ftdn_statement_integer(&row, 2);
        ftdn_statement_stop(&row);
    }
    return ftdn_statement_finish(&row, reading, err);
}

static ftdn_status count_given_up(ftdn_store *store, int most_tries, ftdn_run_state *run, ftdn_error *err)
{
    ftdn_statement row;
    int64_t n_given_up;
    ftdn_statement_prepare(&row, store,
                           "SELECT count(*) FROM (SELECT trial_id FROM attempts WHERE run = ? AND " FAILED
                           " AND trial_id NOT IN (SELECT id FROM trials) GROUP BY trial_id "
                           "HAVING max(outcome = 'failed') OR count(*) >= ?)");
    ftdn_statement_bind_integer(&row, run->id);
    ftdn_statement_bind_integer(&row, most_tries);
    FTDN_TRY(ftdn_statement_finish_integer(&row, reading, &n_given_up, err));
    run->n_given_up = (int)n_given_up;
    return FTDN_OK;
}

static ftdn_status read_causes(ftdn_store *store, ftdn_arena *arena, ftdn_run_state *run, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "SELECT outcome || ': ' || cause, count(*) AS n FROM attempts WHERE run = ? AND " FAILED
                           " GROUP BY outcome, cause ORDER BY n DESC, outcome, cause LIMIT ?");
    ftdn_statement_bind_integer(&row, run->id);
    ftdn_statement_bind_integer(&row, FTDN_STATUS_CAUSES);
    while (ftdn_statement_next(&row))
        run->cause[run->n_causes++] = (ftdn_cause_count){.text = ftdn_statement_text(&row, 0, arena),
                                                         .n_attempts = (int)ftdn_statement_integer(&row, 1)};
    return ftdn_statement_finish(&row, reading, err);
}

/* Trials of the last minutes, the latest first. They are counted over the time since the run began where that is
 * shorter, and over their own time where there are more than are looked at. */
static ftdn_status measure_rate(ftdn_store *store, ftdn_run_state *run, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_moments taken = {0}; /* seconds */
    double age_s = 0;
    ftdn_statement_prepare(&row, store,
                           "SELECT (julianday('now') - julianday(finished_at)) * 86400, seconds FROM attempts "
                           "WHERE run = ? AND outcome = 'done' ORDER BY id DESC LIMIT ?");
    ftdn_statement_bind_integer(&row, run->id);
    ftdn_statement_bind_integer(&row, MOST_RECENT);
    while (ftdn_statement_next(&row)) {
        double row_age_s = ftdn_statement_real(&row, 0);
        if (row_age_s > FTDN_RATE_SECONDS) {
            ftdn_statement_stop(&row);
            break;
        }
        ftdn_moments_add(&taken, ftdn_statement_real(&row, 1));
        age_s = row_age_s;
    }
    FTDN_TRY(ftdn_statement_finish(&row, reading, err));
    int n = (int)taken.n;
    double span_s = n == MOST_RECENT ? age_s : fmin(run->since_start_s, FTDN_RATE_SECONDS);
    run->n_recent = n;
    run->trials_per_s = n > 0 && span_s > 0 ? n / span_s : (double)NAN;
    run->spread = n > 1 && taken.mean > 0 ? ftdn_moments_sd(&taken) / taken.mean : (double)NAN;
    return FTDN_OK;
}

static ftdn_status read_run(ftdn_store *store, int most_tries, ftdn_arena *arena, ftdn_run_state *run, ftdn_error *err)
{
    FTDN_TRY(read_last_run(store, arena, run, err));
    if (run->id == 0) return FTDN_OK;
    FTDN_TRY(count_attempts(store, run, err));
    FTDN_TRY(measure_rate(store, run, err));
    if (run->n_failed == 0) return FTDN_OK;
    FTDN_TRY(count_given_up(store, most_tries, run, err));
    return read_causes(store, arena, run, err);
}

static ftdn_status list_campaigns(ftdn_store *store, ftdn_arena *arena, ftdn_store_status *status, ftdn_error *err)
{
    ftdn_statement row;
    int n_expected;
    FTDN_TRY(ask_number(store, "SELECT count(*) FROM campaigns WHERE id >= ?", 0, &n_expected, err));
    status->campaign = FTDN_NEW(arena, (size_t)n_expected, ftdn_campaign_state, err);
    if (!status->campaign) return FTDN_ERR_MEMORY;
    ftdn_statement_prepare(&row, store, "SELECT id, name, description, path FROM campaigns ORDER BY id LIMIT ?");
    ftdn_statement_bind_integer(&row, n_expected);
    while (ftdn_statement_next(&row))
        status->campaign[status->n_campaigns++] = (ftdn_campaign_state){
            .key = ftdn_statement_integer(&row, 0),
            .name = ftdn_statement_text(&row, 1, arena),
            .description = ftdn_statement_text(&row, 2, arena),
            .path = ftdn_statement_text(&row, 3, arena),
        };
    return ftdn_statement_finish(&row, reading, err);
}

static void mark_trial(ftdn_statement *row, ftdn_arena *arena, ftdn_marked_trial *trial, double map)
{
    *trial = (ftdn_marked_trial){
        .id = ftdn_statement_text(row, 1, arena), .label = ftdn_statement_text(row, 2, arena), .map_voc07 = map};
}

/* The sweeps of a campaign in one pass over what they ask for: ordered by sweep. */
static ftdn_status read_sweeps(ftdn_store *store, ftdn_arena *arena, ftdn_campaign_state *campaign, ftdn_error *err)
{
    ftdn_statement row;
    int n_sweeps = 0, s = -1;
    FTDN_TRY(ask_number(store, "SELECT count(DISTINCT sweep) FROM planned WHERE campaign = ?", campaign->key, &n_sweeps,
                        err));
    campaign->sweep = FTDN_NEW(arena, (size_t)n_sweeps, ftdn_sweep_state, err);
    if (!campaign->sweep) return FTDN_ERR_MEMORY;
    ftdn_statement_prepare(&row, store,
                           "SELECT p.sweep, p.trial_id, p.label, t.key IS NOT NULL, r.map_voc07, t.key IS NULL AND "
                           "EXISTS (SELECT 1 FROM attempts a WHERE a.trial_id = p.trial_id AND a." FAILED ") "
                           "FROM planned p LEFT JOIN trials t ON t.id = p.trial_id "
                           "LEFT JOIN results r ON r.trial = t.key WHERE p.campaign = ? ORDER BY p.sweep");
    ftdn_statement_bind_integer(&row, campaign->key);
    while (ftdn_statement_next(&row)) {
        const char *name = (const char *)sqlite3_column_text(row.handle, 0);
        if (s < 0 || !name || strcmp(campaign->sweep[s].name, name) != 0) {
            const char *copy = ftdn_statement_text(&row, 0, arena);
            if (!copy || s + 1 == n_sweeps) break; /* no memory; or an index is damaged */
            campaign->sweep[++s].name = copy;
        }
        double map = ftdn_statement_real(&row, 4);
        campaign->sweep[s].n_planned++;
        campaign->sweep[s].n_done += (int)ftdn_statement_integer(&row, 3);
        campaign->sweep[s].n_failed += (int)ftdn_statement_integer(&row, 5);
        if (!isnan(map) && (!campaign->worst.id || map < campaign->worst.map_voc07))
            mark_trial(&row, arena, &campaign->worst, map);
        if (!isnan(map) && (!campaign->best.id || map > campaign->best.map_voc07))
            mark_trial(&row, arena, &campaign->best, map);
    }
    campaign->n_sweeps = s + 1;
    return ftdn_statement_finish(&row, reading, err);
}

/* Trials of several sweeps count once. */
static ftdn_status add_up_sweeps(ftdn_store *store, ftdn_campaign_state *campaign, ftdn_error *err)
{
    if (campaign->n_sweeps == 1) {
        campaign->n_planned = campaign->sweep[0].n_planned;
        campaign->n_done = campaign->sweep[0].n_done;
        campaign->n_failed = campaign->sweep[0].n_failed;
        return FTDN_OK;
    }
    ftdn_statement row;
    ftdn_statement_prepare(
        &row, store,
        "SELECT count(*), count(t.key), ifnull(sum(t.key IS NULL AND EXISTS (SELECT 1 FROM attempts a "
        "WHERE a.trial_id = p.trial_id AND a." FAILED ")), 0) "
        "FROM (SELECT DISTINCT trial_id FROM planned WHERE campaign = ?) p "
        "LEFT JOIN trials t ON t.id = p.trial_id");
    ftdn_statement_bind_integer(&row, campaign->key);
    if (ftdn_statement_next(&row)) {
        campaign->n_planned = (int)ftdn_statement_integer(&row, 0);
        campaign->n_done = (int)ftdn_statement_integer(&row, 1);
        campaign->n_failed = (int)ftdn_statement_integer(&row, 2);
        ftdn_statement_stop(&row);
    }
    return ftdn_statement_finish(&row, reading, err);
}

static ftdn_status read_all(ftdn_store *store, int most_tries, ftdn_arena *arena, ftdn_store_status *status,
                            ftdn_error *err)
{
    FTDN_TRY(read_run(store, most_tries, arena, &status->run, err));
    FTDN_TRY(list_campaigns(store, arena, status, err));
    for (int i = 0; i < status->n_campaigns; i++) {
        FTDN_TRY(read_sweeps(store, arena, &status->campaign[i], err));
        FTDN_TRY(add_up_sweeps(store, &status->campaign[i], err));
    }
    return ask_number(store, "SELECT count(*) FROM attempts WHERE outcome = 'done' AND confirmed = 'no' AND run >= ?",
                      0, &status->n_unconfirmed, err);
}

ftdn_status ftdn_store_read_status(ftdn_store *store, int most_tries, ftdn_arena *arena, ftdn_store_status *ret_status,
                                   ftdn_error *err)
{
    ftdn_store_status result = {0};
    /* One state of the store, whatever is written meanwhile. */
    FTDN_TRY(ftdn_store_execute(store, "BEGIN", reading, err));
    ftdn_status status = read_all(store, most_tries, arena, &result, err);
    FTDN_TRY(ftdn_store_end_transaction(store, status, reading, err));
    *ret_status = result;
    return FTDN_OK;
}

ftdn_status ftdn_store_count_trials(ftdn_store *store, const char *manifest, ftdn_trial_counts *ret_counts,
                                    ftdn_error *err)
{
    ftdn_statement row;
    ftdn_trial_counts counts = {0};
    ftdn_statement_prepare(&row, store,
                           "WITH chosen AS (SELECT id FROM campaigns WHERE name GLOB ?) "
                           "SELECT count(DISTINCT w.trial_id), count(DISTINCT iif(t.key IS NULL, w.trial_id, NULL)), "
                           "(SELECT count(DISTINCT trial_id) FROM attempts WHERE " FAILED
                           " AND campaign IN chosen AND trial_id NOT IN (SELECT id FROM trials)) "
                           "FROM planned w LEFT JOIN trials t ON t.id = w.trial_id WHERE w.campaign IN chosen");
    ftdn_statement_bind_text(&row, manifest);
    if (ftdn_statement_next(&row)) {
        counts = (ftdn_trial_counts){
            .n_planned = (int)ftdn_statement_integer(&row, 0),
            .n_missing = (int)ftdn_statement_integer(&row, 1),
            .n_unfinished = (int)ftdn_statement_integer(&row, 2),
        };
        ftdn_statement_stop(&row);
    }
    FTDN_TRY(ftdn_statement_finish(&row, reading, err));
    *ret_counts = counts;
    return FTDN_OK;
}
