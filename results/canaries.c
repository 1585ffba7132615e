#include "results/store.h"

#include <assert.h>

#include "results/digests.h"
#include "results/statement.h"

static const char checking[] = "checking the golden canary", confirming[] = "confirming trials",
                  withdrawing[] = "withdrawing trials";

static ftdn_status find_canary(ftdn_store *store, const char *key, bool *ret_found, ftdn_error *err)
{
    ftdn_statement row;
    int64_t found;
    ftdn_statement_prepare(&row, store, "SELECT 1 FROM canaries WHERE key = ?");
    ftdn_statement_bind_text(&row, key);
    FTDN_TRY(ftdn_statement_finish_integer(&row, checking, &found, err));
    *ret_found = found == 1;
    return FTDN_OK;
}

/* The first one of its key, and its seal, inside an open transaction. */
static ftdn_status insert_canary(ftdn_store *store, const char *key, const char *digest, int64_t environment,
                                 ftdn_error *err)
{
    char seal[FTDN_SHA256_HEX];
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "INSERT INTO canaries (key, digest, environment, added_at) VALUES "
                           "(?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) ON CONFLICT (key) DO NOTHING");
    ftdn_statement_bind_text(&row, key);
    ftdn_statement_bind_text(&row, digest);
    ftdn_statement_bind_integer(&row, environment);
    ftdn_statement_run(&row);
    FTDN_TRY(ftdn_statement_finish(&row, checking, err));
    FTDN_TRY(ftdn_canary_digest_compute(store, key, checking, seal, err));
    ftdn_statement_prepare(&row, store, "UPDATE canaries SET seal = ? WHERE key = ? AND seal IS NULL");
    ftdn_statement_bind_text(&row, seal);
    ftdn_statement_bind_text(&row, key);
    ftdn_statement_run(&row);
    return ftdn_statement_finish(&row, checking, err);
}

static ftdn_status compare_canary(ftdn_store *store, const char *key, const char *digest, bool *ret_matches,
                                  ftdn_error *err)
{
    char seal[FTDN_SHA256_HEX];
    ftdn_statement row;
    bool matches = false, is_sealed = false;
    FTDN_TRY(ftdn_canary_digest_compute(store, key, checking, seal, err));
    ftdn_statement_prepare(&row, store, "SELECT digest = ?, ifnull(seal = ?, 0) FROM canaries WHERE key = ?");
    ftdn_statement_bind_text(&row, digest);
    ftdn_statement_bind_text(&row, seal);
    ftdn_statement_bind_text(&row, key);
    if (ftdn_statement_next(&row)) {
        matches = ftdn_statement_integer(&row, 0) == 1;
        is_sealed = ftdn_statement_integer(&row, 1) == 1;
    }
    FTDN_TRY(ftdn_statement_finish(&row, checking, err));
    if (!is_sealed)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is damaged (golden canary %.12s)", store->name, key);
    *ret_matches = matches;
    return FTDN_OK;
}

ftdn_status ftdn_store_check_canary(ftdn_store *store, const char *key, const char *digest, int64_t environment,
                                    bool *ret_matches, ftdn_error *err)
{
    assert(store->mode == FTDN_STORE_WRITE);
    bool is_there;
    FTDN_TRY(find_canary(store, key, &is_there, err));
    if (!is_there) {
        FTDN_TRY(ftdn_store_begin(store, checking, err));
        ftdn_status status = insert_canary(store, key, digest, environment, err);
        FTDN_TRY(ftdn_store_end_transaction(store, status, checking, err));
    }
    return compare_canary(store, key, digest, ret_matches, err);
}

ftdn_status ftdn_store_confirm(ftdn_store *store, int64_t run, int worker, ftdn_error *err)
{
    assert(store->mode == FTDN_STORE_WRITE);
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "UPDATE attempts SET confirmed = 'yes' WHERE run = ? AND worker = ? AND outcome = 'done' "
                           "AND confirmed = 'no'");
    ftdn_statement_bind_integer(&row, run);
    ftdn_statement_bind_integer(&row, worker);
    ftdn_statement_run(&row);
    return ftdn_statement_finish(&row, confirming, err);
}

/* The attempt becomes withdrawn and keeps the spec; the trial's rows go, what refers to others first. */
static ftdn_status withdraw_attempt(ftdn_store *store, int64_t attempt, const char *cause, ftdn_error *err)
{
    static const char *const sql[] = {
        "UPDATE attempts SET outcome = 'withdrawn', cause = ?2, "
        "spec = (SELECT t.spec FROM results r JOIN trials t ON t.key = r.trial WHERE r.attempt = ?1) WHERE id = ?1",
        "DELETE FROM digests WHERE trial = (SELECT trial FROM results WHERE attempt = ?1)",
        "DELETE FROM layer_faults WHERE trial = (SELECT trial FROM results WHERE attempt = ?1)",
        "DELETE FROM overheads WHERE trial = (SELECT trial FROM results WHERE attempt = ?1)",
        "DELETE FROM class_ap WHERE cell = (SELECT t.cell FROM results r JOIN trials t ON t.key = r.trial "
        "WHERE r.attempt = ?1) AND seed = (SELECT t.seed FROM results r JOIN trials t ON t.key = r.trial "
        "WHERE r.attempt = ?1)",
        "DELETE FROM results WHERE attempt = ?1",
        "DELETE FROM trials WHERE id = (SELECT trial_id FROM attempts WHERE id = ?1)",
    };
    for (size_t i = 0; i < sizeof sql / sizeof *sql; i++) {
        ftdn_statement row;
        ftdn_statement_prepare(&row, store, sql[i]);
        ftdn_statement_bind_integer(&row, attempt);
        if (i == 0) ftdn_statement_bind_text(&row, cause);
        ftdn_statement_run(&row);
        FTDN_TRY(ftdn_statement_finish(&row, withdrawing, err));
    }
    return FTDN_OK;
}

/* An attempt of the worker that is not confirmed; 0 where there is none. */
static ftdn_status find_unconfirmed(ftdn_store *store, int64_t run, int worker, int64_t *ret_attempt, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store,
                           "SELECT id FROM attempts WHERE run = ? AND worker = ? AND outcome = 'done' "
                           "AND confirmed = 'no' LIMIT 1");
    ftdn_statement_bind_integer(&row, run);
    ftdn_statement_bind_integer(&row, worker);
    return ftdn_statement_finish_integer(&row, withdrawing, ret_attempt, err);
}

static ftdn_status withdraw_unconfirmed(ftdn_store *store, int64_t run, int worker, const char *cause, int *ret_n,
                                        ftdn_error *err)
{
    for (int n = 0;; n++) {
        int64_t attempt;
        FTDN_TRY(find_unconfirmed(store, run, worker, &attempt, err));
        if (attempt == 0) {
            *ret_n = n;
            return FTDN_OK;
        }
        FTDN_TRY(withdraw_attempt(store, attempt, cause, err));
    }
}

ftdn_status ftdn_store_withdraw(ftdn_store *store, int64_t run, int worker, const char *cause, int *ret_n,
                                ftdn_error *err)
{
    assert(store->mode == FTDN_STORE_WRITE && cause);
    int n = 0;
    FTDN_TRY(ftdn_store_begin(store, withdrawing, err));
    ftdn_status status = withdraw_unconfirmed(store, run, worker, cause, &n, err);
    FTDN_TRY(ftdn_store_end_transaction(store, status, withdrawing, err));
    *ret_n = n;
    return FTDN_OK;
}
