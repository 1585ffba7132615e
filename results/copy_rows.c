#include "results/copy_rows.h"

#include <string.h>

#include "results/digests.h"
#include "results/read_record.h"
#include "results/trial_rows.h"

static const char reading[] = "copying from it", writing[] = "copying into it";

typedef struct copied_table {
    const char *name;
    const char *select;   /* the key (0 where nothing refers to it), then the columns */
    const char *insert;   /* ?1, ?2, ...: the columns */
    const char *links;    /* a letter for each column: what it refers to, '.': nothing */
    const char *find;     /* the row's key there by the same parameters; NULL where nothing refers to it */
    ftdn_copied_kind map; /* what refers to it */
    const char *equal;    /* is the row there equal to this one? NULL: that needs no answer */
    bool is_recomputed;   /* a run computes it anew where it is missing: not salvaged, where it may be damaged */
} copied_table;

/* What a row refers to comes before it. */
static const copied_table tables[] = {
    {
        .name = "environments",
        .select = "SELECT id, code_version, compiler, machine, system, cpu, device, driver, libraries FROM "
                  "environments",
        .insert = "INSERT INTO environments (code_version, compiler, machine, system, cpu, device, driver, "
                  "libraries) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING",
        .links = "........",
        .find = "SELECT id FROM environments WHERE (code_version, compiler, machine, system, cpu, device, "
                "driver, libraries) = (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        .map = FTDN_COPIED_ENVIRONMENT,
    },
    {
        .name = "campaigns",
        .select = "SELECT id, name, digest, manifest, description, path, added_at FROM campaigns",
        .insert = "INSERT INTO campaigns (name, digest, manifest, description, path, added_at) VALUES (?1, "
                  "?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
        .links = "......",
        .find = "SELECT id FROM campaigns WHERE digest = ?2",
        .map = FTDN_COPIED_CAMPAIGN,
    },
    {
        .name = "runs",
        .select = "SELECT id, mark, campaign, environment, started_at, ended_at, outcome, workers, threads, "
                  "pid, shard, n_wanted, seconds_estimated FROM runs",
        .insert = "INSERT INTO runs (mark, campaign, environment, started_at, ended_at, outcome, workers, "
                  "threads, pid, shard, n_wanted, seconds_estimated) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
                  "?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
        .links = ".ce.........",
        .find = "SELECT id FROM runs WHERE mark = ?1",
        .map = FTDN_COPIED_RUN,
    },
    {
        .name = "planned",
        .select = "SELECT 0, campaign, sweep, trial_id, position, label FROM planned",
        .insert = "INSERT INTO planned (campaign, sweep, trial_id, position, label) VALUES (?1, ?2, ?3, ?4, "
                  "?5) ON CONFLICT DO NOTHING",
        .links = "c....",
    },
    {
        .name = "attempts",
        .select = "SELECT 0, trial_id, campaign, run, worker, environment, outcome, confirmed, finished_at, "
                  "seconds, cause, spec FROM attempts WHERE outcome <> 'done'",
        .insert = "INSERT INTO attempts (trial_id, campaign, run, worker, environment, outcome, confirmed, "
                  "finished_at, seconds, cause, spec) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 "
                  "WHERE NOT EXISTS (SELECT 1 FROM attempts WHERE (trial_id, campaign, run, worker, "
                  "environment, outcome, confirmed, finished_at, seconds, cause, spec) IS (?1, ?2, ?3, ?4, "
                  "?5, ?6, ?7, ?8, ?9, ?10, ?11)) ON CONFLICT DO NOTHING",
        .links = ".cr.e......",
    },
    {
        .name = "canaries",
        .select = "SELECT 0, key, digest, environment, added_at, seal FROM canaries",
        .insert = "INSERT INTO canaries (key, digest, environment, added_at, seal) VALUES (?1, ?2, ?3, ?4, "
                  "?5) ON CONFLICT DO NOTHING",
        .links = "..e..",
        .equal = "SELECT digest = ?2 FROM canaries WHERE key = ?1",
    },
    {
        .name = "rankings",
        .select = "SELECT id, model, width, weights_digest, calibration_digest, ranker, parameters, backend, "
                  "arithmetic, semantics, code_version, seconds, created_at FROM rankings",
        .insert = "INSERT INTO rankings (model, width, weights_digest, calibration_digest, ranker, "
                  "parameters, backend, arithmetic, semantics, code_version, seconds, created_at) VALUES (?1, "
                  "?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING",
        .links = "............",
        .find = "SELECT id FROM rankings WHERE (model, width, weights_digest, calibration_digest, ranker, "
                "parameters, backend, arithmetic, semantics) IS (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        .map = FTDN_COPIED_RANKING,
        .is_recomputed = true,
    },
    {
        .name = "channel_scores",
        .select = "SELECT 0, ranking, layer, channel, score FROM channel_scores",
        .insert = "INSERT INTO channel_scores (ranking, layer, channel, score) VALUES (?1, ?2, ?3, ?4) ON "
                  "CONFLICT DO NOTHING",
        .links = "k...",
        .equal = "SELECT score = ?4 FROM channel_scores WHERE ranking = ?1 AND layer = ?2 AND channel = ?3",
        .is_recomputed = true,
    },
    {
        .name = "latencies",
        .select = "SELECT 0, measured_at, environment, model, width, weights, weights_digest, method, "
                  "ranking, merge, ratio, backend, arithmetic, threads, images, warmup, repeats, median_s, "
                  "q1_s, q3_s, min_s, slowdown, weight_bytes, feature_map_bytes, map_bytes, macs, "
                  "allocated_weight_bytes, allocated_map_bytes, peak_map_bytes FROM latencies",
        .insert = "INSERT INTO latencies (measured_at, environment, model, width, weights, weights_digest, "
                  "method, ranking, merge, ratio, backend, arithmetic, threads, images, warmup, repeats, "
                  "median_s, q1_s, q3_s, min_s, slowdown, weight_bytes, feature_map_bytes, map_bytes, macs, "
                  "allocated_weight_bytes, allocated_map_bytes, peak_map_bytes) SELECT ?1, ?2, ?3, ?4, ?5, "
                  "?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, "
                  "?25, ?26, ?27, ?28 WHERE NOT EXISTS (SELECT 1 FROM latencies WHERE (measured_at, "
                  "environment, model, width, weights, weights_digest, method, ranking, merge, ratio, "
                  "backend, arithmetic, threads, images, warmup, repeats, median_s, q1_s, q3_s, min_s, "
                  "slowdown, weight_bytes, feature_map_bytes, map_bytes, macs, allocated_weight_bytes, "
                  "allocated_map_bytes, peak_map_bytes) IS (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
                  "?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28)) ON "
                  "CONFLICT DO NOTHING",
        .links = ".e..........................",
    },
};

static ftdn_copied_kind linked_kind(char letter)
{
    switch (letter) {
    case 'e': return FTDN_COPIED_ENVIRONMENT;
    case 'c': return FTDN_COPIED_CAMPAIGN;
    case 'r': return FTDN_COPIED_RUN;
    case 'k': return FTDN_COPIED_RANKING;
    default: return FTDN_COPIED_NONE;
    }
}

/* The key there; 0 where there is none, which no row refers to. */
static int64_t map_key(const ftdn_row_copier *copier, ftdn_copied_kind kind, int64_t key)
{
    const ftdn_key_map *map = &copier->map[kind];
    for (int i = 0; i < map->n; i++)
        if (map->pair[i][0] == key) return map->pair[i][1];
    return 0;
}

static ftdn_status add_key(ftdn_row_copier *copier, ftdn_copied_kind kind, int64_t here, int64_t there, ftdn_error *err)
{
    ftdn_key_map *map = &copier->map[kind];
    int64_t(*pair)[2] = ftdn_arena_grow(copier->arena, map->pair, map->n, &map->capacity, sizeof *pair, err);
    if (!pair) return FTDN_ERR_MEMORY;
    map->pair = pair;
    map->pair[map->n][0] = here;
    map->pair[map->n++][1] = there;
    return FTDN_OK;
}

/* Bind as many of the row's columns as the statement has parameters, keys as they are there. */
static void bind_row(const ftdn_row_copier *copier, const copied_table *table, const ftdn_statement *row,
                     ftdn_statement *statement)
{
    int n = statement->code == SQLITE_OK ? sqlite3_bind_parameter_count(statement->handle) : 0;
    for (int i = 0; i < n; i++) {
        ftdn_copied_kind kind = linked_kind(table->links[i]);
        if (kind == FTDN_COPIED_NONE) ftdn_statement_bind_column(statement, row, i + 1);
        else ftdn_statement_bind_integer(statement, map_key(copier, kind, ftdn_statement_integer(row, i + 1)));
    }
}

/* The number that a statement about the row gives; 0 where it gives none. */
static ftdn_status ask_about(const ftdn_row_copier *copier, const copied_table *table, const ftdn_statement *row,
                             const char *sql, int64_t *ret_number, ftdn_error *err)
{
    ftdn_statement answer;
    ftdn_statement_prepare(&answer, copier->to, sql);
    bind_row(copier, table, row, &answer);
    return ftdn_statement_finish_integer(&answer, writing, ret_number, err);
}

static ftdn_status copy_row(ftdn_row_copier *copier, const copied_table *table, const ftdn_statement *row,
                            ftdn_error *err)
{
    ftdn_statement insert;
    int64_t number;
    ftdn_statement_prepare(&insert, copier->to, table->insert);
    bind_row(copier, table, row, &insert);
    ftdn_statement_run(&insert);
    FTDN_TRY(ftdn_statement_finish(&insert, writing, err));
    if (table->find) {
        FTDN_TRY(ask_about(copier, table, row, table->find, &number, err));
        FTDN_TRY(add_key(copier, table->map, ftdn_statement_integer(row, 0), number, err));
    }
    if (table->equal) {
        FTDN_TRY(ask_about(copier, table, row, table->equal, &number, err));
        if (number != 1)
            return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s': a row of %s differs from the one of an earlier input",
                             copier->from->name, table->name);
    }
    return FTDN_OK;
}

static ftdn_status copy_table(ftdn_row_copier *copier, const copied_table *table, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_status status = FTDN_OK;
    ftdn_statement_prepare(&row, copier->from, table->select);
    while (status == FTDN_OK && ftdn_statement_next(&row)) {
        status = copy_row(copier, table, &row, err);
        if (status != FTDN_ERR_STORE || !copier->salvages) continue;
        copier->n_left_out++;
        status = FTDN_OK;
    }
    ftdn_status read_status = ftdn_statement_finish(&row, reading, status == FTDN_OK ? err : NULL);
    if (status != FTDN_OK) return status;
    if (read_status != FTDN_ERR_STORE || !copier->salvages) return read_status;
    copier->n_left_out++;
    return FTDN_OK;
}

ftdn_status ftdn_copy_rows(ftdn_row_copier *copier, ftdn_error *err)
{
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (!copier->salvages || !tables[i].is_recomputed) FTDN_TRY(copy_table(copier, &tables[i], err));
    return ftdn_scores_seal(copier->to, writing, err);
}

ftdn_status ftdn_copy_trial(ftdn_row_copier *copier, int64_t trial, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_trial_record record;
    FTDN_TRY(ftdn_record_read(copier->from, trial, arena, &record, err));
    ftdn_attempt_row attempt = {.trial_id = record.id, .outcome = "done", .seconds = record.seconds};
    ftdn_statement row;
    ftdn_statement_prepare(&row, copier->from,
                           "SELECT a.campaign, a.run, a.environment, a.worker, a.confirmed = 'yes', a.finished_at "
                           "FROM results r JOIN attempts a ON a.id = r.attempt WHERE r.trial = ?");
    ftdn_statement_bind_integer(&row, trial);
    if (ftdn_statement_next(&row)) {
        attempt.origin = (ftdn_attempt_origin){
            .campaign = map_key(copier, FTDN_COPIED_CAMPAIGN, ftdn_statement_integer(&row, 0)),
            .run = map_key(copier, FTDN_COPIED_RUN, ftdn_statement_integer(&row, 1)),
            .environment = map_key(copier, FTDN_COPIED_ENVIRONMENT, ftdn_statement_integer(&row, 2)),
            .worker = (int)ftdn_statement_integer(&row, 3),
        };
        attempt.is_confirmed = ftdn_statement_integer(&row, 4) == 1;
        attempt.finished_at = ftdn_statement_text(&row, 5, arena);
    }
    FTDN_TRY(ftdn_statement_finish(&row, reading, err));
    return ftdn_trial_insert(copier->to, &record, &attempt, writing, err);
}
