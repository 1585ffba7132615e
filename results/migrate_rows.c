#include "results/migrate_rows.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "results/cells.h"
#include "results/digests.h"
#include "results/statement.h"

static const char doing[] = "migrating";

/* Statements that give a text for each thing that is wrong; "ok" is none. */
static const char *const checks[] = {
    "PRAGMA integrity_check(1)",
    "SELECT 'a row of ' || \"table\" || ' refers to one of ' || parent || ' that is not there' "
    "FROM pragma_foreign_key_check LIMIT 1",
    "SELECT 'trial ' || t.id || ' has no result' FROM trials t LEFT JOIN results r ON r.trial = t.key "
    "LEFT JOIN overheads o ON o.trial = r.trial WHERE o.trial IS NULL LIMIT 1",
    "SELECT 'an attempt at trial ' || a.trial_id || ' is done, but has no result' FROM attempts a "
    "LEFT JOIN results r ON r.attempt = a.id WHERE a.outcome = 'done' AND r.trial IS NULL LIMIT 1",
};

ftdn_status ftdn_migration_check_old(ftdn_store *store, ftdn_error *err)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        ftdn_statement row;
        ftdn_status status = FTDN_OK;
        ftdn_statement_prepare(&row, store, checks[i]);
        while (status == FTDN_OK && ftdn_statement_next(&row)) {
            const char *what = (const char *)sqlite3_column_text(row.handle, 0);
            if (!what) row.code = SQLITE_NOMEM;
            else if (strcmp(what, "ok") != 0) status = FTDN_FAIL(err, FTDN_ERR_STORE, "it is damaged (%s)", what);
        }
        bool is_schema = row.code == SQLITE_ERROR;
        ftdn_error cause = {0};
        ftdn_status read_status = ftdn_statement_finish(&row, "looking for damage", &cause);
        FTDN_TRY(status);
        if (read_status != FTDN_OK && is_schema)
            return FTDN_FAIL(err, FTDN_ERR_STORE, "it is damaged (%s)", sqlite3_errmsg(store->db));
        if (read_status != FTDN_OK && err) *err = cause;
        FTDN_TRY(read_status);
    }
    return FTDN_OK;
}

/* Manifests' names become campaigns, in the order in which they came. */
static ftdn_status add_campaigns(ftdn_store *store, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_text manifest;
    ftdn_status status = FTDN_OK;
    ftdn_text_init(&manifest);
    ftdn_statement_prepare(&row, store, "SELECT manifest FROM old.attempts GROUP BY manifest ORDER BY min(id)");
    while (status == FTDN_OK && ftdn_statement_next(&row)) {
        const char *name = (const char *)sqlite3_column_text(row.handle, 0);
        int64_t campaign;
        manifest.n_chars = 0;
        ftdn_text_append(&manifest, "{\"name\":");
        ftdn_text_append_json_string(&manifest, name ? name : "");
        ftdn_text_append(&manifest, "}");
        status = ftdn_text_check(&manifest, err);
        const ftdn_campaign_row campaign_row = {
            .name = name,
            .description = "of an older store, which did not keep the manifest",
            .path = "",
            .manifest = manifest.chars,
        };
        if (!name) row.code = SQLITE_NOMEM;
        else if (status == FTDN_OK) status = ftdn_store_add_campaign(store, &campaign_row, &campaign, err);
    }
    ftdn_text_done(&manifest);
    ftdn_status read_status = ftdn_statement_finish(&row, doing, status == FTDN_OK ? err : NULL);
    return status != FTDN_OK ? status : read_status;
}

/* The spec as it is, and without its seed. A spec is canonical JSON, so that both are the text that ids are made of. */
static ftdn_status write_specs(const ftdn_json *spec, ftdn_arena *arena, ftdn_text *whole, ftdn_text *rest,
                               ftdn_error *err)
{
    const ftdn_json **member = FTDN_NEW(arena, (size_t)spec->n_children, const ftdn_json *, err);
    if (!member) return FTDN_ERR_MEMORY;
    ftdn_json without_seed = *spec;
    without_seed.child = member;
    without_seed.n_children = 0;
    for (int i = 0; i < spec->n_children; i++)
        if (strcmp(spec->child[i]->key, "seed") != 0) member[without_seed.n_children++] = spec->child[i];
    ftdn_json_write(whole, spec, true);
    ftdn_json_write(rest, &without_seed, true);
    FTDN_TRY(ftdn_text_check(whole, err));
    return ftdn_text_check(rest, err);
}

/* The id of the cell of a trial, whose id, spec and seed must fit each other. */
static ftdn_status make_cell_id(const char *id, const char *text, int64_t seed, ftdn_arena *arena,
                                char ret_cell[FTDN_SHA256_HEX], ftdn_error *err)
{
    const ftdn_json *spec;
    ftdn_text whole, rest;
    ftdn_error cause = {0};
    char digest[FTDN_SHA256_HEX];
    long long number = 0;
    ftdn_status status = ftdn_json_parse(text, strlen(text), "spec", arena, &spec, &cause);
    if (status == FTDN_ERR_INPUT)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "it is damaged (trial %s: %s)", id, cause.message);
    if (status != FTDN_OK && err) *err = cause;
    FTDN_TRY(status);
    const ftdn_json *member = ftdn_json_find(spec, "seed");
    ftdn_text_init(&whole);
    ftdn_text_init(&rest);
    if (!member || ftdn_json_find_repeated(spec) || !ftdn_json_get_integer(member, &number) || number != seed)
        status = FTDN_FAIL(err, FTDN_ERR_STORE, "it is damaged (trial %s: its seed is not that of its spec)", id);
    if (status == FTDN_OK) status = write_specs(spec, arena, &whole, &rest, err);
    if (status == FTDN_OK) status = ftdn_sha256_of(whole.chars, whole.n_chars, digest, err);
    if (status == FTDN_OK && strcmp(digest, id) != 0)
        status = FTDN_FAIL(err, FTDN_ERR_STORE, "it is damaged (trial %s: its id is not the SHA-256 of its spec)", id);
    if (status == FTDN_OK) status = ftdn_sha256_of(rest.chars, rest.n_chars, ret_cell, err);
    ftdn_text_done(&whole);
    ftdn_text_done(&rest);
    return status;
}

/* The table temp.cell_of: which cell each old trial belongs to. */
static ftdn_status find_cells(ftdn_store *store, ftdn_error *err)
{
    ftdn_statement row, cell_row;
    ftdn_arena arena;
    ftdn_status status = FTDN_OK;
    FTDN_TRY(ftdn_store_execute(
        store, "CREATE TEMP TABLE cell_of (trial INTEGER PRIMARY KEY, cell TEXT NOT NULL) STRICT", doing, err));
    ftdn_arena_init(&arena);
    ftdn_arena_mark mark = ftdn_arena_get_mark(&arena);
    ftdn_statement_prepare(&row, store, "SELECT key, id, spec, seed FROM old.trials ORDER BY key");
    ftdn_statement_prepare(&cell_row, store, "INSERT INTO temp.cell_of (trial, cell) VALUES (?, ?)");
    while (status == FTDN_OK && ftdn_statement_next(&row)) {
        char cell[FTDN_SHA256_HEX];
        const char *id = ftdn_statement_text(&row, 1, &arena), *spec = ftdn_statement_text(&row, 2, &arena);
        if (!id || !spec) continue;
        status = make_cell_id(id, spec, ftdn_statement_integer(&row, 3), &arena, cell, err);
        if (status != FTDN_OK) break;
        ftdn_statement_bind_integer(&cell_row, ftdn_statement_integer(&row, 0));
        ftdn_statement_bind_text(&cell_row, cell);
        ftdn_statement_run(&cell_row);
        ftdn_arena_reset(&arena, mark);
    }
    ftdn_arena_done(&arena);
    ftdn_status cell_status = ftdn_statement_finish(&cell_row, doing, status == FTDN_OK ? err : NULL);
    if (status == FTDN_OK) status = cell_status;
    ftdn_status read_status = ftdn_statement_finish(&row, doing, status == FTDN_OK ? err : NULL);
    return status != FTDN_OK ? status : read_status;
}

/* Copies of whole tables, in the order of references. Keys are kept. */
static const char *const copies[] = {
    "INSERT INTO main.runs (mark, campaign, environment, started_at, ended_at, outcome, n_wanted) "
    "SELECT lower(hex(randomblob(16))), p.id, a.environment, min(a.finished_at), max(a.finished_at), 'migrated', "
    "count(DISTINCT a.trial_id) FROM old.attempts a JOIN main.campaigns p ON p.name = a.manifest "
    "GROUP BY p.id, a.environment ORDER BY min(a.id)",

    "INSERT INTO main.attempts (id, trial_id, campaign, run, worker, environment, outcome, confirmed, finished_at, "
    "seconds, cause, spec) SELECT a.id, a.trial_id, p.id, u.id, 0, a.environment, a.outcome, 'no', a.finished_at, "
    "a.seconds, a.cause, a.spec FROM old.attempts a JOIN main.campaigns p ON p.name = a.manifest "
    "JOIN main.runs u ON u.campaign = p.id AND u.environment = a.environment ORDER BY a.id",

    "INSERT INTO main.cells (id, " FTDN_CELL_COLUMNS ") SELECT cell, " FTDN_CELL_COLUMNS " FROM old.trials "
    "JOIN temp.cell_of ON trial = key WHERE true ORDER BY key ON CONFLICT (id) DO NOTHING",

    "INSERT INTO main.trials (key, id, cell, seed, spec) SELECT t.key, t.id, c.key, t.seed, t.spec FROM old.trials t "
    "JOIN temp.cell_of x ON x.trial = t.key JOIN main.cells c ON c.id = x.cell ORDER BY t.key",

    "INSERT INTO main.results (trial, attempt, map_voc07, map_area, images, n_nonfinite_outputs, n_nonfinite_faults) "
    "SELECT trial, attempt, map_voc07, map_area, images, n_nonfinite_outputs, n_nonfinite_faults FROM old.results",

    "INSERT INTO main.overheads (trial, weight_bytes, feature_map_bytes, map_bytes, macs, merge_values, network_macs) "
    "SELECT trial, weight_bytes, feature_map_bytes, map_bytes, macs, merge_values, network_macs FROM old.overheads",

    "INSERT INTO main.class_ap (cell, class, seed, ap_voc07, ap_area, objects) "
    "SELECT t.cell, c.class, t.seed, c.ap_voc07, c.ap_area, c.objects FROM old.class_ap c "
    "JOIN main.trials t ON t.key = c.trial ORDER BY 1, 2, 3",

    "INSERT INTO main.layer_faults (trial, layer, location, copy, position, elements, requested_rate, faults, changed) "
    "SELECT trial, layer, location, copy, position, elements, requested_rate, faults, changed FROM old.layer_faults",

    "INSERT INTO main.timings (attempt, stage, seconds) SELECT attempt, stage, seconds FROM old.timings",

    "INSERT INTO main.rankings SELECT id, model, width, weights_digest, calibration_digest, ranker, parameters, "
    "backend, arithmetic, semantics, code_version, seconds, created_at FROM old.rankings",

    "INSERT INTO main.channel_scores (ranking, layer, channel, score) SELECT ranking, layer, channel, score "
    "FROM old.channel_scores",

    "INSERT INTO main.latencies SELECT id, measured_at, environment, model, width, weights, weights_digest, method, "
    "ranking, merge, ratio, backend, arithmetic, threads, images, warmup, repeats, median_s, q1_s, q3_s, min_s, "
    "slowdown, weight_bytes, feature_map_bytes, map_bytes, macs, allocated_weight_bytes, allocated_map_bytes, "
    "peak_map_bytes FROM old.latencies",
};

/* Trials that differ in their seed alone have the same parameters, but for the names of weights and images. */
static ftdn_status check_cells(ftdn_store *store, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_status status = FTDN_OK;
    ftdn_statement_prepare(&row, store,
                           "SELECT cell, " FTDN_CELL_SPEC_COLUMNS " FROM old.trials JOIN temp.cell_of ON trial = key "
                           "EXCEPT SELECT id, " FTDN_CELL_SPEC_COLUMNS " FROM main.cells");
    if (ftdn_statement_next(&row)) {
        const char *cell = (const char *)sqlite3_column_text(row.handle, 0);
        status = FTDN_FAIL(err, FTDN_ERR_STORE,
                           "it is damaged (trials of one cell, %.12s, have other parameters than each other)",
                           cell ? cell : "");
    }
    ftdn_status read_status = ftdn_statement_finish(&row, doing, status == FTDN_OK ? err : NULL);
    return status != FTDN_OK ? status : read_status;
}

static ftdn_status write_trial_digests(ftdn_store *store, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_status status = FTDN_OK;
    ftdn_statement_prepare(&row, store, "SELECT key FROM main.trials NOT INDEXED ORDER BY key");
    while (status == FTDN_OK && ftdn_statement_next(&row))
        status = ftdn_trial_digests_write(store, ftdn_statement_integer(&row, 0), doing, err);
    ftdn_status read_status = ftdn_statement_finish(&row, doing, status == FTDN_OK ? err : NULL);
    return status != FTDN_OK ? status : read_status;
}

/* Nothing may get lost on the way, whatever the old store holds. */
static ftdn_status check_counts(ftdn_store *store, ftdn_error *err)
{
    static const char *const tables[] = {"environments", "trials",       "attempts", "results",
                                         "overheads",    "class_ap",     "timings",  "rankings",
                                         "latencies",    "layer_faults", "channel_scores"};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        char sql[128];
        unsigned is_equal;
        sqlite3_snprintf(sizeof sql, sql, "SELECT (SELECT count(*) FROM old.%s) = (SELECT count(*) FROM main.%s)",
                         tables[i], tables[i]);
        FTDN_TRY(ftdn_store_read_number(store, sql, &is_equal, err));
        if (!is_equal) return FTDN_FAIL(err, FTDN_ERR_STORE, "rows of table %s cannot be taken over", tables[i]);
    }
    return FTDN_OK;
}

static ftdn_status count_rows(ftdn_store *store, ftdn_migrated_rows *ret_rows, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_migrated_rows rows = {0};
    ftdn_statement_prepare(&row, store,
                           "SELECT (SELECT count(*) FROM main.trials), (SELECT count(*) FROM main.attempts), "
                           "(SELECT count(*) FROM main.rankings), (SELECT count(*) FROM main.latencies)");
    if (ftdn_statement_next(&row)) {
        rows.n_trials = (int)ftdn_statement_integer(&row, 0);
        rows.n_attempts = (int)ftdn_statement_integer(&row, 1);
        rows.n_rankings = (int)ftdn_statement_integer(&row, 2);
        rows.n_latencies = (int)ftdn_statement_integer(&row, 3);
    }
    FTDN_TRY(ftdn_statement_finish(&row, doing, err));
    *ret_rows = rows;
    return FTDN_OK;
}

static ftdn_status copy_all(ftdn_store *store, ftdn_migrated_rows *ret_rows, ftdn_error *err)
{
    FTDN_TRY(ftdn_store_execute(
        store,
        "INSERT INTO main.environments (id, code_version, compiler, machine, system, cpu, device, driver, libraries) "
        "SELECT id, code_version, compiler, machine, system, cpu, device, '', libraries FROM old.environments",
        doing, err));
    FTDN_TRY(add_campaigns(store, err));
    FTDN_TRY(find_cells(store, err));
    for (size_t i = 0; i < sizeof copies / sizeof *copies; i++)
        FTDN_TRY(ftdn_store_execute(store, copies[i], doing, err));
    FTDN_TRY(check_cells(store, err));
    FTDN_TRY(check_counts(store, err));
    FTDN_TRY(write_trial_digests(store, err));
    FTDN_TRY(ftdn_scores_seal(store, doing, err));
    return count_rows(store, ret_rows, err);
}

ftdn_status ftdn_migration_copy_rows(ftdn_store *store, const char *old_path, ftdn_migrated_rows *ret_rows,
                                     ftdn_error *err)
{
    ftdn_statement attach;
    ftdn_migrated_rows rows;
    ftdn_statement_prepare(&attach, store, "ATTACH ? AS old");
    ftdn_statement_bind_text(&attach, old_path);
    ftdn_statement_run(&attach);
    FTDN_TRY(ftdn_statement_finish(&attach, doing, err));
    /* A file that is half made is thrown away: it needs no journal that can be played back. */
    FTDN_TRY(ftdn_store_execute(store, "PRAGMA main.journal_mode = MEMORY; BEGIN", doing, err));
    ftdn_status status = copy_all(store, &rows, err);
    FTDN_TRY(ftdn_store_end_transaction(store, status, doing, err));
    *ret_rows = rows;
    return FTDN_OK;
}
