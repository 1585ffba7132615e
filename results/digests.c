#include "results/digests.h"

#include <string.h>

#include "results/cells.h"

static const ftdn_trial_part result_part[] = {
    {"trials", "SELECT t.id, t.seed, t.spec, c.id AS cell, " FTDN_CELL_SPEC_COLUMNS
               " FROM trials t JOIN cells c ON c.key = t.cell WHERE t.key = ?1"},
    {"results", "SELECT map_voc07, map_area, images, n_nonfinite_outputs, n_nonfinite_faults FROM results "
                "WHERE trial = ?1"},
    {"overheads", "SELECT weight_bytes, feature_map_bytes, map_bytes, macs, merge_values, network_macs FROM overheads "
                  "WHERE trial = ?1"},
    {"class_ap", FTDN_CLASSES_OF_TRIAL},
    {"layer_faults", "SELECT layer, location, copy, position, elements, requested_rate, faults, changed "
                     "FROM layer_faults WHERE trial = ?1 ORDER BY layer, location, copy"},
};
static const ftdn_trial_part provenance_part[] = {
    {"attempts", "SELECT a.trial_id, a.worker, a.outcome, a.finished_at, a.seconds, a.cause, a.spec FROM results r "
                 "JOIN attempts a ON a.id = r.attempt WHERE r.trial = ?1"},
    {"timings", "SELECT stage, s.seconds FROM results r JOIN timings s ON s.attempt = r.attempt WHERE r.trial = ?1 "
                "ORDER BY stage"},
    {"cells", "SELECT c.weights, c.dataset, c.calibration FROM trials t JOIN cells c ON c.key = t.cell "
              "WHERE t.key = ?1"},
    {"campaigns", "SELECT p.name, p.digest, p.description, p.path, p.added_at FROM results r "
                  "JOIN attempts a ON a.id = r.attempt JOIN campaigns p ON p.id = a.campaign WHERE r.trial = ?1"},
    {"runs", "SELECT u.mark, u.started_at, u.workers, u.threads, u.pid, u.shard, u.n_wanted, u.seconds_estimated "
             "FROM results r JOIN attempts a ON a.id = r.attempt JOIN runs u ON u.id = a.run WHERE r.trial = ?1"},
    {"environments", "SELECT e.code_version, e.compiler, e.machine, e.system, e.cpu, e.device, e.driver, e.libraries "
                     "FROM results r JOIN attempts a ON a.id = r.attempt JOIN environments e ON e.id = a.environment "
                     "WHERE r.trial = ?1"},
};

const ftdn_trial_part *ftdn_result_parts(int *ret_n)
{
    *ret_n = (int)(sizeof result_part / sizeof *result_part);
    return result_part;
}

/* Type, then the bits, little-endian; a text behind its length. */
static void add_value(ftdn_sha256 *hash, sqlite3_stmt *row, int column)
{
    unsigned char head[9] = {(unsigned char)sqlite3_column_type(row, column)};
    uint64_t bits = 0;
    const void *bytes = NULL;
    switch (head[0]) {
    case SQLITE_INTEGER: bits = (uint64_t)sqlite3_column_int64(row, column); break;
    case SQLITE_FLOAT: {
        double value = sqlite3_column_double(row, column);
        memcpy(&bits, &value, sizeof bits);
        break;
    }
    case SQLITE_NULL: break;
    default: bytes = sqlite3_column_blob(row, column); bits = (uint64_t)sqlite3_column_bytes(row, column);
    }
    for (int i = 0; i < 8; i++) head[1 + i] = (unsigned char)(bits >> 8 * i);
    ftdn_sha256_add(hash, head, sizeof head);
    if (bytes) ftdn_sha256_add(hash, bytes, (size_t)bits);
}

/* All rows of a bound statement, and an end mark. */
static ftdn_status add_rows(ftdn_sha256 *hash, ftdn_statement *statement, const char *doing, ftdn_error *err)
{
    while (ftdn_statement_next(statement)) {
        int n_columns = sqlite3_column_count(statement->handle);
        for (int i = 0; i < n_columns; i++) add_value(hash, statement->handle, i);
    }
    ftdn_sha256_add(hash, "", 1);
    return ftdn_statement_finish(statement, doing, err);
}

static ftdn_status add_parts(ftdn_sha256 *hash, ftdn_store *store, const ftdn_trial_part *part, size_t n_parts,
                             int64_t trial, const char *doing, ftdn_error *err)
{
    for (size_t i = 0; i < n_parts; i++) {
        ftdn_statement statement;
        ftdn_statement_prepare(&statement, store, part[i].sql);
        ftdn_statement_bind_integer(&statement, trial);
        FTDN_TRY(add_rows(hash, &statement, doing, err));
    }
    return FTDN_OK;
}

ftdn_status ftdn_trial_digests_compute(ftdn_store *store, int64_t trial, const char *doing,
                                       ftdn_trial_digests *ret_digests, ftdn_error *err)
{
    ftdn_sha256 *hash;
    ftdn_trial_digests digests;
    FTDN_TRY(ftdn_sha256_create(&hash, err));
    ftdn_status status =
        add_parts(hash, store, result_part, sizeof result_part / sizeof *result_part, trial, doing, err);
    ftdn_sha256_finish(hash, digests.result);
    if (status == FTDN_OK)
        status = add_parts(hash, store, provenance_part, sizeof provenance_part / sizeof *provenance_part, trial, doing,
                           err);
    ftdn_sha256_finish(hash, digests.provenance);
    ftdn_sha256_free(hash);
    if (status == FTDN_OK) *ret_digests = digests;
    return status;
}

ftdn_status ftdn_trial_digests_write(ftdn_store *store, int64_t trial, const char *doing, ftdn_error *err)
{
    ftdn_trial_digests digests;
    FTDN_TRY(ftdn_trial_digests_compute(store, trial, doing, &digests, err));
    ftdn_statement row;
    ftdn_statement_prepare(&row, store, "INSERT INTO digests (trial, result, provenance) VALUES (?, ?, ?)");
    ftdn_statement_bind_integer(&row, trial);
    ftdn_statement_bind_text(&row, digests.result);
    ftdn_statement_bind_text(&row, digests.provenance);
    ftdn_statement_run(&row);
    return ftdn_statement_finish(&row, doing, err);
}

ftdn_status ftdn_trial_digests_read(ftdn_store *store, int64_t trial, const char *doing,
                                    ftdn_trial_digests *ret_digests, ftdn_error *err)
{
    ftdn_trial_digests digests = {"", ""};
    ftdn_statement row;
    ftdn_statement_prepare(&row, store, "SELECT result, provenance FROM digests WHERE trial = ?");
    ftdn_statement_bind_integer(&row, trial);
    if (ftdn_statement_next(&row)) {
        const unsigned char *result = sqlite3_column_text(row.handle, 0),
                            *provenance = sqlite3_column_text(row.handle, 1);
        if (result) snprintf(digests.result, sizeof digests.result, "%s", (const char *)result);
        if (provenance) snprintf(digests.provenance, sizeof digests.provenance, "%s", (const char *)provenance);
    }
    FTDN_TRY(ftdn_statement_finish(&row, doing, err));
    *ret_digests = digests;
    return FTDN_OK;
}

ftdn_status ftdn_canary_digest_compute(const ftdn_store *store, const char *key, const char *doing,
                                       char ret_digest[FTDN_SHA256_HEX], ftdn_error *err)
{
    ftdn_sha256 *hash;
    ftdn_statement row;
    FTDN_TRY(ftdn_sha256_create(&hash, err));
    ftdn_statement_prepare(&row, store, "SELECT key, digest, added_at FROM canaries WHERE key = ?");
    ftdn_statement_bind_text(&row, key);
    ftdn_status status = add_rows(hash, &row, doing, err);
    char digest[FTDN_SHA256_HEX];
    ftdn_sha256_finish(hash, digest);
    ftdn_sha256_free(hash);
    if (status == FTDN_OK) memcpy(ret_digest, digest, sizeof digest);
    return status;
}

ftdn_status ftdn_score_digest_compute(const ftdn_store *store, int64_t ranking, const char *layer, const char *doing,
                                      char ret_digest[FTDN_SHA256_HEX], ftdn_error *err)
{
    ftdn_sha256 *hash;
    ftdn_statement key, scores;
    FTDN_TRY(ftdn_sha256_create(&hash, err));
    ftdn_statement_prepare(&key, store,
                           "SELECT model, width, weights_digest, calibration_digest, ranker, parameters, backend, "
                           "arithmetic, semantics, code_version, seconds, created_at FROM rankings WHERE id = ?");
    ftdn_statement_bind_integer(&key, ranking);
    ftdn_status status = add_rows(hash, &key, doing, err);
    if (status == FTDN_OK) {
        ftdn_statement_prepare(&scores, store,
                               "SELECT layer, channel, score FROM channel_scores WHERE ranking = ? AND layer = ? "
                               "ORDER BY channel");
        ftdn_statement_bind_integer(&scores, ranking);
        ftdn_statement_bind_text(&scores, layer);
        status = add_rows(hash, &scores, doing, err);
    }
    char digest[FTDN_SHA256_HEX];
    ftdn_sha256_finish(hash, digest);
    ftdn_sha256_free(hash);
    if (status == FTDN_OK) memcpy(ret_digest, digest, sizeof digest);
    return status;
}

ftdn_status ftdn_score_digest_write(const ftdn_store *store, int64_t ranking, const char *layer, const char *doing,
                                    ftdn_error *err)
{
    char digest[FTDN_SHA256_HEX];
    ftdn_statement row;
    FTDN_TRY(ftdn_score_digest_compute(store, ranking, layer, doing, digest, err));
    ftdn_statement_prepare(&row, store, "INSERT INTO score_digests (ranking, layer, digest) VALUES (?, ?, ?)");
    ftdn_statement_bind_integer(&row, ranking);
    ftdn_statement_bind_text(&row, layer);
    ftdn_statement_bind_text(&row, digest);
    ftdn_statement_run(&row);
    return ftdn_statement_finish(&row, doing, err);
}

ftdn_status ftdn_scores_seal(ftdn_store *store, const char *doing, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_status status = FTDN_OK;
    ftdn_statement_prepare(&row, store,
                           "SELECT DISTINCT ranking, layer FROM channel_scores c WHERE NOT EXISTS (SELECT 1 FROM "
                           "score_digests d WHERE d.ranking = c.ranking AND d.layer = c.layer)");
    while (status == FTDN_OK && ftdn_statement_next(&row)) {
        int64_t ranking = ftdn_statement_integer(&row, 0);
        const char *layer = (const char *)sqlite3_column_text(row.handle, 1);
        if (!layer) row.code = SQLITE_NOMEM;
        else status = ftdn_score_digest_write(store, ranking, layer, doing, err);
    }
    ftdn_status read_status = ftdn_statement_finish(&row, doing, status == FTDN_OK ? err : NULL);
    return status != FTDN_OK ? status : read_status;
}
