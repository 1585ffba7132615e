#include "results/verify.h"

#include <stdio.h>
#include <string.h>

#include "results/schema_check.h"
#include "results/statement.h"
#include "results/trial_check.h"

static const char doing[] = "verifying";

typedef struct verifier {
    ftdn_store *store;
    ftdn_arena *arena;
    ftdn_verification answer;
    ftdn_damage *damage; /* [capacity] */
    int capacity;
} verifier;

static ftdn_status note(verifier *v, const char *id, const char *what, ftdn_error *err)
{
    ftdn_damage *list = ftdn_arena_grow(v->arena, v->damage, v->answer.n_damages, &v->capacity, sizeof *list, err);
    if (!list) return FTDN_ERR_MEMORY;
    v->damage = list;
    ftdn_damage *damage = &list[v->answer.n_damages];
    damage->what = ftdn_arena_copy_text(v->arena, what, strlen(what), err);
    if (!damage->what) return FTDN_ERR_MEMORY;
    snprintf(damage->id, sizeof damage->id, "%s", id);
    v->answer.n_damages++;
    return FTDN_OK;
}

/* End a loop over rows that ran as long as status was FTDN_OK: rows that cannot be read are damage. */
static ftdn_status end_rows(verifier *v, ftdn_statement *row, ftdn_status status, ftdn_error *err)
{
    ftdn_error cause = {0};
    ftdn_status read_status = ftdn_statement_finish(row, doing, &cause);
    if (status != FTDN_OK) return status;
    if (read_status == FTDN_ERR_MEMORY && err) *err = cause;
    return read_status == FTDN_ERR_STORE ? note(v, "", cause.message, err) : read_status;
}

/* A statement that gives a text for each thing that is wrong. */
static ftdn_status note_rows(verifier *v, const char *sql, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_status status = FTDN_OK;
    ftdn_statement_prepare(&row, v->store, sql);
    while (status == FTDN_OK && ftdn_statement_next(&row)) {
        const char *what = (const char *)sqlite3_column_text(row.handle, 0);
        if (!what) row.code = SQLITE_NOMEM;
        else if (strcmp(what, "ok") != 0) status = note(v, "", what, err);
    }
    return end_rows(v, &row, status, err);
}

static ftdn_status check_schema(verifier *v, ftdn_error *err)
{
    ftdn_error cause = {0};
    ftdn_schema_difference difference;
    ftdn_status status = ftdn_schema_check(v->store, &difference, &cause);
    if (status == FTDN_OK) return *difference.what ? note(v, "", difference.what, err) : FTDN_OK;
    if (status == FTDN_ERR_STORE) return note(v, "", cause.message, err);
    if (err) *err = cause;
    return status;
}

static ftdn_status check_trials(verifier *v, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_status status = FTDN_OK;
    ftdn_statement_prepare(&row, v->store, "SELECT key FROM trials NOT INDEXED ORDER BY key");
    while (status == FTDN_OK && ftdn_statement_next(&row)) {
        ftdn_trial_check check;
        status = ftdn_trial_check_run(v->store, ftdn_statement_integer(&row, 0), &check, err);
        v->answer.n_trials++;
        if (status == FTDN_OK && *check.what) {
            v->answer.n_damaged_trials++;
            status = note(v, check.id, check.what, err);
        }
    }
    return end_rows(v, &row, status, err);
}

/* Campaigns against the digests of their manifests. */
static ftdn_status check_campaigns(verifier *v, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_status status = FTDN_OK;
    ftdn_statement_prepare(&row, v->store, "SELECT digest, manifest, name FROM campaigns");
    while (status == FTDN_OK && ftdn_statement_next(&row)) {
        char digest[FTDN_SHA256_HEX], what[256];
        const char *manifest = (const char *)sqlite3_column_text(row.handle, 1);
        status = ftdn_sha256_of(manifest ? manifest : "", (size_t)sqlite3_column_bytes(row.handle, 1), digest, err);
        const char *kept = (const char *)sqlite3_column_text(row.handle, 0);
        if (status != FTDN_OK || (kept && strcmp(kept, digest) == 0)) continue;
        const char *name = (const char *)sqlite3_column_text(row.handle, 2);
        snprintf(what, sizeof what, "the manifest of campaign '%.100s' is not that of its digest", name ? name : "");
        status = note(v, "", what, err);
    }
    return end_rows(v, &row, status, err);
}

/* Layers with scores, layers with a digest: the same ones, and the digests fit. */
static ftdn_status check_scores(verifier *v, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_error cause = {0};
    ftdn_status status = FTDN_OK;
    ftdn_statement_prepare(&row, v->store,
                           "SELECT ranking, layer, digest FROM (SELECT DISTINCT ranking, layer FROM channel_scores "
                           "UNION SELECT ranking, layer FROM score_digests) LEFT JOIN score_digests "
                           "USING (ranking, layer)");
    while (status == FTDN_OK && ftdn_statement_next(&row)) {
        char digest[FTDN_SHA256_HEX] = "", what[256];
        int64_t ranking = ftdn_statement_integer(&row, 0);
        const char *layer = (const char *)sqlite3_column_text(row.handle, 1),
                   *kept = (const char *)sqlite3_column_text(row.handle, 2);
        status = ftdn_score_digest_compute(v->store, ranking, layer ? layer : "", doing, digest, &cause);
        v->answer.n_layers++;
        if (status == FTDN_ERR_MEMORY && err) *err = cause;
        if (status == FTDN_ERR_MEMORY || (status == FTDN_OK && kept && strcmp(kept, digest) == 0)) continue;
        snprintf(what, sizeof what, "the scores of ranking %lld, layer '%.100s' are not those of their digest",
                 (long long)ranking, layer ? layer : "");
        status = note(v, "", what, err);
    }
    return end_rows(v, &row, status, err);
}

static ftdn_status check_canaries(verifier *v, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_error cause = {0};
    ftdn_status status = FTDN_OK;
    ftdn_statement_prepare(&row, v->store, "SELECT key, seal FROM canaries");
    while (status == FTDN_OK && ftdn_statement_next(&row)) {
        char digest[FTDN_SHA256_HEX] = "", what[128];
        const char *key = (const char *)sqlite3_column_text(row.handle, 0),
                   *kept = (const char *)sqlite3_column_text(row.handle, 1);
        status = ftdn_canary_digest_compute(v->store, key ? key : "", doing, digest, &cause);
        if (status == FTDN_ERR_MEMORY && err) *err = cause;
        if (status == FTDN_ERR_MEMORY || (status == FTDN_OK && kept && strcmp(kept, digest) == 0)) continue;
        snprintf(what, sizeof what, "golden canary %.64s is not that of its seal", key ? key : "");
        status = note(v, "", what, err);
    }
    return end_rows(v, &row, status, err);
}

static ftdn_status check_all(verifier *v, ftdn_error *err)
{
    FTDN_TRY(note_rows(v, "PRAGMA integrity_check", err));
    FTDN_TRY(note_rows(v,
                       "SELECT 'a row of ' || \"table\" || ' refers to one of ' || parent || ' that is not there' "
                       "FROM pragma_foreign_key_check GROUP BY \"table\", parent",
                       err));
    FTDN_TRY(check_schema(v, err));
    FTDN_TRY(check_trials(v, err));
    FTDN_TRY(note_rows(v,
                       "SELECT 'attempt ' || a.id || ' at trial ' || substr(a.trial_id, 1, 12) || ' is done, but has "
                       "no result' FROM attempts a LEFT JOIN results r ON r.attempt = a.id "
                       "WHERE a.outcome = 'done' AND r.trial IS NULL",
                       err));
    FTDN_TRY(note_rows(v,
                       "SELECT 'trial ' || t.id || ' has no result' FROM trials t "
                       "LEFT JOIN results r ON r.trial = t.key WHERE r.trial IS NULL",
                       err));
    /* The one word that no digest covers, since it changes. SQLite's check does not always look at it. */
    FTDN_TRY(
        note_rows(v,
                  "SELECT 'attempt ' || id || ' at trial ' || substr(trial_id, 1, 12) || ' is confirmed by no known "
                  "word' FROM attempts NOT INDEXED WHERE confirmed NOT IN ('no', 'yes')",
                  err));
    FTDN_TRY(check_campaigns(v, err));
    FTDN_TRY(check_scores(v, err));
    return check_canaries(v, err);
}

ftdn_status ftdn_store_verify(const char *path, ftdn_arena *arena, ftdn_verification *ret_verification, ftdn_error *err)
{
    verifier v = {.arena = arena};
    FTDN_TRY(ftdn_store_open(path, FTDN_STORE_INSPECT, &v.store, err));
    /* One state of a store that is being written. */
    ftdn_status status = ftdn_store_execute(v.store, "BEGIN", doing, err);
    if (status == FTDN_OK) status = check_all(&v, err);
    ftdn_store_roll_back(v.store);
    ftdn_store_close(v.store);
    FTDN_TRY(status);
    v.answer.damage = v.damage;
    *ret_verification = v.answer;
    return FTDN_OK;
}
