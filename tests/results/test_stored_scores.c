/* test_stored_scores.c - channel scores go into a store and come back, once per key, whole or not at all. */
#include "results/stored_scores.h"

#include <float.h>
#include <sqlite3.h>
#include <stdio.h>

#include "tests/results/asked_store.h"

enum { N_LAYERS = 3, MOST_CHANNELS = 4 };

static const ftdn_ranking_key sample_key = {
    .model = "ssd_vgg16",
    .width = 1,
    .weights_digest = "abc",
    .calibration_digest = "def",
    .ranker = "entropy",
    .parameters = "{\"images\":64}",
    .backend = "cpu",
    .arithmetic = "f32 direct",
    .semantics = 1,
};

/* Layers and their scores; do not copy. */
typedef struct sample_scores {
    ftdn_layer_scores layer[N_LAYERS];
    double score[N_LAYERS][MOST_CHANNELS];
} sample_scores;

static void init_scores(sample_scores *scores)
{
    static const char *const name[N_LAYERS] = {"base_net.2", "base_net.10", "base_net.0"};
    static const double value[N_LAYERS][MOST_CHANNELS] = {
        {0.1, -DBL_MAX, 3, 4.9406564584124654e-324}, {1.0 / 3, 1.0 / 3, DBL_MAX}, {-7}};
    static const int n_channels[N_LAYERS] = {4, 3, 1};
    memcpy(scores->score, value, sizeof value);
    for (int l = 0; l < N_LAYERS; l++) scores->layer[l] = (ftdn_layer_scores){name[l], n_channels[l], scores->score[l]};
}

static const char *ask(ftdn_asked_store *asked, const char *question)
{
    return ftdn_sample_ask(asked->store, question, FTDN_FORMAT_CSV, &asked->arena);
}

static void add(ftdn_asked_store *asked, const ftdn_ranking_key *key, double seconds, const sample_scores *scores,
                int first, int n_layers)
{
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_store_add_scores(asked->store, key, "0.1.0", seconds, scores->layer + first, n_layers, &err),
                   err);
}

/* Are the scores of these layers there? They overwrite what is in `scores`. */
static bool find(ftdn_asked_store *asked, const ftdn_ranking_key *key, sample_scores *scores, int first, int n_layers)
{
    ftdn_error err;
    bool found;
    for (int l = 0; l < N_LAYERS; l++) {
        for (int k = 0; k < MOST_CHANNELS; k++) scores->score[l][k] = -1;
    }
    FTDN_ASSERT_OK(ftdn_store_find_scores(asked->store, key, scores->layer + first, n_layers, &found, &err), err);
    return found;
}

static void assert_sample(const sample_scores *scores, int first, int n_layers)
{
    sample_scores expected;
    init_scores(&expected);
    for (int l = first; l < first + n_layers; l++)
        assert_memory_equal(scores->score[l], expected.score[l], (size_t)expected.layer[l].n_channels * sizeof(double));
}

static void scores_come_back_to_the_last_bit(void **state)
{
    ftdn_asked_store *asked = *state;
    sample_scores scores;
    init_scores(&scores);
    assert_false(find(asked, &sample_key, &scores, 0, N_LAYERS));
    init_scores(&scores);
    add(asked, &sample_key, 1.5, &scores, 0, N_LAYERS);
    assert_true(find(asked, &sample_key, &scores, 0, N_LAYERS));
    assert_sample(&scores, 0, N_LAYERS);
    assert_true(find(asked, &sample_key, &scores, 1, 1));
    assert_sample(&scores, 1, 1);
}

static void the_view_ranks_channels_within_their_layer(void **state)
{
    ftdn_asked_store *asked = *state;
    sample_scores scores;
    assert_string_equal(
        ask(asked, "SELECT * FROM v_scores"),
        "ranker,parameters,layer,channel,score,rank,model,width,weights_digest,calibration_digest,backend,"
        "arithmetic,seconds,created_at,code_version\n");
    init_scores(&scores);
    add(asked, &sample_key, 1.5, &scores, 0, N_LAYERS);
    assert_string_equal(
        ask(asked, "SELECT ranker, parameters, layer, channel, score, rank FROM v_scores ORDER BY layer, rank"),
        "ranker,parameters,layer,channel,score,rank\n"
        "entropy,\"{\"\"images\"\":64}\",base_net.0,0,-7,1\n"
        "entropy,\"{\"\"images\"\":64}\",base_net.10,2,1.7976931348623157e+308,1\n"
        "entropy,\"{\"\"images\"\":64}\",base_net.10,0,0.3333333333333333,2\n"
        "entropy,\"{\"\"images\"\":64}\",base_net.10,1,0.3333333333333333,3\n"
        "entropy,\"{\"\"images\"\":64}\",base_net.2,2,3,1\n"
        "entropy,\"{\"\"images\"\":64}\",base_net.2,0,0.1,2\n"
        "entropy,\"{\"\"images\"\":64}\",base_net.2,3,5e-324,3\n"
        "entropy,\"{\"\"images\"\":64}\",base_net.2,1,-1.7976931348623157e+308,4\n");
    assert_string_equal(ask(asked,
                            "SELECT DISTINCT model, width, weights_digest, calibration_digest, backend, arithmetic, "
                            "seconds, code_version, created_at GLOB '20[0-9][0-9]-[01][0-9]-[0-3][0-9]T*Z' AS utc "
                            "FROM v_scores"),
                        "model,width,weights_digest,calibration_digest,backend,arithmetic,seconds,code_version,utc\n"
                        "ssd_vgg16,1,abc,def,cpu,f32 direct,1.5,0.1.0,1\n");
}

static void every_part_of_the_key_tells_rankings_apart(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_ranking_key key[11];
    for (int i = 0; i < 11; i++) key[i] = sample_key;
    key[1].model = "ssd_mobilenet_v1";
    key[2].width = 0.5;
    key[3].weights_digest = "abd";
    key[4].calibration_digest = "dee";
    key[5].calibration_digest = NULL;
    key[6].ranker = "taylor";
    key[7].parameters = "{}";
    key[8].arithmetic = "f32 winograd";
    key[9].backend = key[9].arithmetic = NULL;
    key[10].semantics = 2;
    for (int i = 0; i < 11; i++) {
        sample_scores scores;
        init_scores(&scores);
        assert_false(find(asked, &key[i], &scores, 0, 1));
        init_scores(&scores);
        scores.score[0][0] = i;
        add(asked, &key[i], 1, &scores, 0, 1);
    }
    for (int i = 0; i < 11; i++) {
        sample_scores scores;
        init_scores(&scores);
        assert_true(find(asked, &key[i], &scores, 0, 1));
        assert_true(scores.score[0][0] == i);
    }
    assert_string_equal(ask(asked, "SELECT count(*) AS n FROM rankings"), "n\n11\n");
}

static void scores_that_are_there_stay_as_they_are(void **state)
{
    ftdn_asked_store *asked = *state;
    static const char rows[] = "SELECT seconds, created_at, code_version, (SELECT count(*) FROM channel_scores) AS n "
                               "FROM rankings";
    sample_scores scores;
    ftdn_error err;
    ftdn_ranking_key bare = sample_key;
    bare.calibration_digest = bare.backend = bare.arithmetic = NULL;
    const ftdn_ranking_key *key[] = {&sample_key, &bare};
    for (int i = 0; i < 2; i++) {
        init_scores(&scores);
        add(asked, key[i], 1.5, &scores, 0, N_LAYERS);
        const char *before = ask(asked, rows);
        add(asked, key[i], 99, &scores, 0, N_LAYERS);
        assert_string_equal(ask(asked, rows), before);
        scores.score[1][2] = 5;
        FTDN_ASSERT_FAILS(ftdn_store_add_scores(asked->store, key[i], "0.1.0", 1, scores.layer, N_LAYERS, &err),
                          FTDN_ERR_STORE,
                          "store.db': ranker 'entropy', layer 'base_net.10', channel 2: the score is "
                          "1.7976931348623157e+308 there, and now 5",
                          err);
        assert_string_equal(ask(asked, rows), before);
        assert_true(find(asked, key[i], &scores, 0, N_LAYERS));
        assert_sample(&scores, 0, N_LAYERS);
    }
}

static void layers_can_be_added_to_a_ranking(void **state)
{
    ftdn_asked_store *asked = *state;
    sample_scores scores;
    init_scores(&scores);
    add(asked, &sample_key, 1.5, &scores, 1, 1);
    assert_false(find(asked, &sample_key, &scores, 0, 2));
    assert_false(find(asked, &sample_key, &scores, 1, 2));
    assert_true(find(asked, &sample_key, &scores, 1, 1));
    init_scores(&scores);
    add(asked, &sample_key, 9, &scores, 0, N_LAYERS);
    assert_true(find(asked, &sample_key, &scores, 0, N_LAYERS));
    assert_sample(&scores, 0, N_LAYERS);
    assert_string_equal(ask(asked, "SELECT seconds FROM rankings"), "seconds\n1.5\n");
}

/* A layer that fails leaves nothing of the layers before it. */
static void layers_of_another_size_are_refused(void **state)
{
    ftdn_asked_store *asked = *state;
    sample_scores scores;
    ftdn_error err;
    bool found = true;
    init_scores(&scores);
    add(asked, &sample_key, 1.5, &scores, 1, 1);
    for (int n_channels = 2; n_channels <= 4; n_channels += 2) {
        scores.layer[1].n_channels = n_channels;
        FTDN_ASSERT_FAILS(ftdn_store_add_scores(asked->store, &sample_key, "0.1.0", 1, scores.layer, N_LAYERS, &err),
                          FTDN_ERR_STORE, "layer 'base_net.10': 3 scores of ", err);
        FTDN_ASSERT_FAILS(ftdn_store_find_scores(asked->store, &sample_key, scores.layer + 1, 1, &found, &err),
                          FTDN_ERR_STORE, "store.db': ranker 'entropy', layer 'base_net.10': 3 scores of ", err);
        assert_true(found);
    }
    assert_string_equal(ask(asked, "SELECT layer, count(*) AS n FROM channel_scores GROUP BY layer"),
                        "layer,n\nbase_net.10,3\n");
}

static void damaged_rows_are_refused(void **state)
{
    ftdn_asked_store *asked = *state;
    static const char *const refused[] = {
        "INSERT INTO channel_scores VALUES (1, 'x', 0, 9e999)",
        "INSERT INTO channel_scores VALUES (1, 'x', 0, -9e999)",
        "INSERT INTO channel_scores VALUES (1, 'x', 0, NULL)",
        "INSERT INTO channel_scores VALUES (1, 'x', -1, 0)",
        "INSERT INTO channel_scores VALUES (1, 'base_net.0', 0, 0)",
        "INSERT INTO channel_scores VALUES (2, 'x', 0, 0)",
        ("INSERT INTO rankings SELECT NULL, model, width, weights_digest, calibration_digest, ranker, parameters, "
         "backend, arithmetic, semantics, 'x', 0, 'x' FROM rankings"),
        "UPDATE rankings SET backend = NULL",
        "UPDATE rankings SET parameters = 'x'",
        "UPDATE rankings SET seconds = -1",
    };
    sample_scores scores;
    ftdn_error err;
    bool found;
    init_scores(&scores);
    add(asked, &sample_key, 1.5, &scores, 0, N_LAYERS);
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(asked->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        if (sqlite3_exec(db, refused[i], NULL, NULL, NULL) != SQLITE_CONSTRAINT) fail_msg("%s", refused[i]);
    }
    /* As many rows as channels, but not of each channel one. */
    assert_int_equal(sqlite3_exec(db,
                                  "UPDATE channel_scores SET channel = 3 WHERE layer = 'base_net.10' AND channel = 2",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    FTDN_ASSERT_FAILS(ftdn_store_find_scores(asked->store, &sample_key, scores.layer, N_LAYERS, &found, &err),
                      FTDN_ERR_STORE, "layer 'base_net.10': 3 scores of 3 channels", err);
}

/* Each refused page write rolls the whole ranking back. */
static void a_full_disk_leaves_nothing(void **state)
{
    ftdn_asked_store *asked = *state;
    sample_scores scores;
    ftdn_error err;
    sqlite3 *db;
    init_scores(&scores);
    assert_int_equal(sqlite3_open_v2(asked->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TRIGGER full BEFORE INSERT ON channel_scores WHEN NEW.layer = 'base_net.0' "
                                  "BEGIN SELECT RAISE(ABORT, 'disk is full'); END",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    FTDN_ASSERT_FAILS(ftdn_store_add_scores(asked->store, &sample_key, "0.1.0", 1, scores.layer, N_LAYERS, &err),
                      FTDN_ERR_STORE, "store.db': writing channel scores: disk is full", err);
    assert_string_equal(
        ask(asked, "SELECT (SELECT count(*) FROM rankings) AS r, (SELECT count(*) FROM channel_scores) AS s"),
        "r,s\n0,0\n");
    assert_int_equal(sqlite3_exec(db, "DROP TRIGGER full", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    add(asked, &sample_key, 1, &scores, 0, N_LAYERS);
}

static void a_reader_finds_scores(void **state)
{
    ftdn_asked_store *asked = *state;
    sample_scores scores;
    ftdn_error err;
    ftdn_store *reader;
    bool found;
    init_scores(&scores);
    add(asked, &sample_key, 1, &scores, 0, N_LAYERS);
    FTDN_ASSERT_OK(ftdn_store_open(asked->path, FTDN_STORE_READ, &reader, &err), err);
    FTDN_ASSERT_OK(ftdn_store_find_scores(reader, &sample_key, scores.layer, N_LAYERS, &found, &err), err);
    assert_true(found);
    assert_sample(&scores, 0, N_LAYERS);
    ftdn_store_close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ASKED_TEST(scores_come_back_to_the_last_bit),
        FTDN_ASKED_TEST(the_view_ranks_channels_within_their_layer),
        FTDN_ASKED_TEST(every_part_of_the_key_tells_rankings_apart),
        FTDN_ASKED_TEST(scores_that_are_there_stay_as_they_are),
        FTDN_ASKED_TEST(layers_can_be_added_to_a_ranking),
        FTDN_ASKED_TEST(layers_of_another_size_are_refused),
        FTDN_ASKED_TEST(damaged_rows_are_refused),
        FTDN_ASKED_TEST(a_full_disk_leaves_nothing),
        FTDN_ASKED_TEST(a_reader_finds_scores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
