#include "results/stored_scores.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "results/digests.h"
#include "results/statement.h"

static const char reading[] = "reading channel scores", writing[] = "writing channel scores";

static void bind_key(ftdn_statement *statement, const ftdn_ranking_key *key)
{
    ftdn_statement_bind_text(statement, key->model);
    ftdn_statement_bind_real(statement, key->width);
    ftdn_statement_bind_text(statement, key->weights_digest);
    ftdn_statement_bind_text(statement, key->calibration_digest);
    ftdn_statement_bind_text(statement, key->ranker);
    ftdn_statement_bind_text(statement, key->parameters);
    ftdn_statement_bind_text(statement, key->backend);
    ftdn_statement_bind_text(statement, key->arithmetic);
    ftdn_statement_bind_integer(statement, key->semantics);
}

/* The id of a ranking that is there; 0 where there is none. */
static ftdn_status find_ranking(const ftdn_store *store, const ftdn_ranking_key *key, const char *doing,
                                int64_t *ret_ranking, ftdn_error *err)
{
    ftdn_statement statement;
    int64_t ranking = 0;
    ftdn_statement_prepare(&statement, store,
                           "SELECT id FROM rankings WHERE model = ? AND width = ? AND weights_digest = ? "
                           "AND calibration_digest IS ? AND ranker = ? AND parameters = ? AND backend IS ? "
                           "AND arithmetic IS ? AND semantics = ?");
    bind_key(&statement, key);
    while (ftdn_statement_next(&statement)) ranking = sqlite3_column_int64(statement.handle, 0);
    FTDN_TRY(ftdn_statement_finish(&statement, doing, err));
    *ret_ranking = ranking;
    return FTDN_OK;
}

/* Does the digest that was kept with a layer's scores still fit them? */
static ftdn_status check_digest(const ftdn_store *store, const ftdn_ranking_key *key, int64_t ranking,
                                const char *layer, const char *doing, ftdn_error *err)
{
    char digest[FTDN_SHA256_HEX];
    bool fits = false;
    ftdn_statement statement;
    FTDN_TRY(ftdn_score_digest_compute(store, ranking, layer, doing, digest, err));
    ftdn_statement_prepare(&statement, store, "SELECT digest = ? FROM score_digests WHERE ranking = ? AND layer = ?");
    ftdn_statement_bind_text(&statement, digest);
    ftdn_statement_bind_integer(&statement, ranking);
    ftdn_statement_bind_text(&statement, layer);
    if (ftdn_statement_next(&statement)) fits = ftdn_statement_integer(&statement, 0) == 1;
    FTDN_TRY(ftdn_statement_finish(&statement, doing, err));
    if (!fits)
        return FTDN_FAIL(err, FTDN_ERR_STORE,
                         "store '%s' is damaged (ranker '%s', layer '%s': the scores are not those of their digest)",
                         store->name, key->ranker, layer);
    return FTDN_OK;
}

/* Read the scores of one layer, all of them or none: *ret_found. compare: instead of being filled, the layer's scores
 * are compared with what is read. */
static ftdn_status read_layer(const ftdn_store *store, const ftdn_ranking_key *key, int64_t ranking,
                              const ftdn_layer_scores *layer, bool compare, bool *ret_found, ftdn_error *err)
{
    ftdn_statement statement;
    int64_t n_read = 0;
    bool fits = true;
    int different = -1;
    double other = 0;
    ftdn_statement_prepare(&statement, store,
                           "SELECT channel, score FROM channel_scores WHERE ranking = ? AND layer = ?");
    ftdn_statement_bind_integer(&statement, ranking);
    ftdn_statement_bind_text(&statement, layer->layer);
    for (; ftdn_statement_next(&statement); n_read++) {
        int64_t k = sqlite3_column_int64(statement.handle, 0);
        double score = sqlite3_column_double(statement.handle, 1);
        fits &= k >= 0 && k < layer->n_channels;
        if (!fits) continue;
        if (!compare) layer->score[k] = score;
        else if (different < 0 && memcmp(&layer->score[k], &score, sizeof score) != 0) {
            different = (int)k;
            other = score;
        }
    }
    FTDN_TRY(ftdn_statement_finish(&statement, compare ? writing : reading, err));
    if (!fits || (n_read != 0 && n_read != layer->n_channels))
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s': ranker '%s', layer '%s': %lld scores of %d channels",
                         store->name, key->ranker, layer->layer, (long long)n_read, layer->n_channels);
    if (n_read > 0) FTDN_TRY(check_digest(store, key, ranking, layer->layer, compare ? writing : reading, err));
    if (different >= 0)
        return FTDN_FAIL(err, FTDN_ERR_STORE,
                         "store '%s': ranker '%s', layer '%s', channel %d: the score is %.17g there, and now %.17g",
                         store->name, key->ranker, layer->layer, different, other, layer->score[different]);
    *ret_found = n_read > 0;
    return FTDN_OK;
}

ftdn_status ftdn_store_find_scores(ftdn_store *store, const ftdn_ranking_key *key, const ftdn_layer_scores *layer,
                                   int n_layers, bool *ret_found, ftdn_error *err)
{
    int64_t ranking;
    FTDN_TRY(find_ranking(store, key, reading, &ranking, err));
    bool found = ranking != 0;
    for (int l = 0; found && l < n_layers; l++)
        FTDN_TRY(read_layer(store, key, ranking, &layer[l], false, &found, err));
    *ret_found = found;
    return FTDN_OK;
}

static ftdn_status insert_ranking(const ftdn_store *store, const ftdn_ranking_key *key, const char *code_version,
                                  double seconds, ftdn_error *err)
{
    ftdn_statement statement;
    ftdn_statement_prepare(&statement, store,
                           "INSERT INTO rankings (model, width, weights_digest, calibration_digest, ranker, "
                           "parameters, backend, arithmetic, semantics, code_version, seconds, created_at) VALUES "
                           "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, strftime('%Y-%m-%dT%H:%M:%fZ', 'now')) "
                           "ON CONFLICT DO NOTHING");
    bind_key(&statement, key);
    ftdn_statement_bind_text(&statement, code_version);
    ftdn_statement_bind_real(&statement, seconds);
    ftdn_statement_run(&statement);
    return ftdn_statement_finish(&statement, writing, err);
}

static ftdn_status insert_layer(const ftdn_store *store, int64_t ranking, const ftdn_layer_scores *layer,
                                ftdn_error *err)
{
    ftdn_statement statement;
    ftdn_statement_prepare(&statement, store,
                           "INSERT INTO channel_scores (ranking, layer, channel, score) VALUES (?, ?, ?, ?)");
    for (int k = 0; k < layer->n_channels; k++) {
        assert(isfinite(layer->score[k]) && (layer->score[k] != 0 || !signbit(layer->score[k])));
        ftdn_statement_bind_integer(&statement, ranking);
        ftdn_statement_bind_text(&statement, layer->layer);
        ftdn_statement_bind_integer(&statement, k);
        ftdn_statement_bind_real(&statement, layer->score[k]);
        ftdn_statement_run(&statement);
    }
    FTDN_TRY(ftdn_statement_finish(&statement, writing, err));
    return ftdn_score_digest_write(store, ranking, layer->layer, writing, err);
}

/* All rows, inside an open transaction. */
static ftdn_status insert_scores(const ftdn_store *store, const ftdn_ranking_key *key, const char *code_version,
                                 double seconds, const ftdn_layer_scores *layer, int n_layers, ftdn_error *err)
{
    int64_t ranking;
    FTDN_TRY(insert_ranking(store, key, code_version, seconds, err));
    FTDN_TRY(find_ranking(store, key, writing, &ranking, err));
    for (int l = 0; l < n_layers; l++) {
        bool is_there = false;
        FTDN_TRY(read_layer(store, key, ranking, &layer[l], true, &is_there, err));
        if (!is_there) FTDN_TRY(insert_layer(store, ranking, &layer[l], err));
    }
    return FTDN_OK;
}

ftdn_status ftdn_store_add_scores(ftdn_store *store, const ftdn_ranking_key *key, const char *code_version,
                                  double seconds, const ftdn_layer_scores *layer, int n_layers, ftdn_error *err)
{
    assert(store->mode == FTDN_STORE_WRITE);
    FTDN_TRY(ftdn_store_begin(store, writing, err));
    ftdn_status status = insert_scores(store, key, code_version, seconds, layer, n_layers, err);
    return ftdn_store_end_transaction(store, status, writing, err);
}
