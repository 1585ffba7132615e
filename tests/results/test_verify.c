/* test_verify.c - damage is found: every single flipped bit of what belongs to a trial. */
#include "results/verify.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/text.h"
#include "results/stored_scores.h"
#include "tests/results/changed_store.h"
#include "tests/results/sample.h"
#include "tests/support/folder_per_test.h"

enum { TRIALS = 40, FLIPS = 2000, MOST_PAGES = 4096, PAGE = 4096 };

/* The tables that a trial has rows in, and those that its provenance is read from. */
#define TABLES                                                                                                         \
    "'trials', 'cells', 'results', 'overheads', 'class_ap', 'layer_faults', 'digests', 'attempts', 'timings', "        \
    "'environments', 'campaigns'"

static char *path;

static int set_up_path(void **state)
{
    int result = set_up_folder(state);
    path = path_of("store.db");
    return result;
}

/* Trials of several cells, a ranking, a golden canary. */
static void make_store(void)
{
    ftdn_attempt_origin origin;
    ftdn_sample sample;
    bool matches;
    ftdn_store *store = ftdn_sample_open(path, &origin);
    for (int i = 0; i < TRIALS; i++) {
        ftdn_sample_init(&sample, i);
        sample.record.params.weight_rate = (i / 5) / 100.0;
        sample.record.params.method = i % 2 ? "kr" : "none";
        sample.record.map_voc07 = i / 41.0;
        ftdn_sample_append(store, &sample, &origin);
    }
    double score[3] = {1, 0.5, 0.25};
    const ftdn_layer_scores scores = {"base_net.2.3", 3, score};
    const ftdn_ranking_key key = {
        .model = "ssd_vgg16", .width = 1, .weights_digest = "abc", .ranker = "weight_sum", .parameters = "{}"};
    FTDN_ASSERT_OK(ftdn_store_add_scores(store, &key, "0.1.0", 1, &scores, 1, &err), err);
    FTDN_ASSERT_OK(
        ftdn_store_check_canary(store, sample.record.id, sample.record.cell, origin.environment, &matches, &err), err);
    assert_true(matches);
    FTDN_ASSERT_OK(ftdn_store_confirm(store, origin.run, 0, &err), err);
    ftdn_store_close(store);
}

static ftdn_verification verify(const char *file)
{
    ftdn_verification answer;
    FTDN_ASSERT_OK(ftdn_store_verify(file, &arena, &answer, &err), err);
    return answer;
}

static void a_sound_store_has_no_damage(void **state)
{
    (void)state;
    make_store();
    ftdn_verification answer = verify(path);
    for (int i = 0; i < answer.n_damages; i++) fail_msg("%s: %s", answer.damage[i].id, answer.damage[i].what);
    assert_int_equal(answer.n_trials, TRIALS);
    assert_int_equal(answer.n_damaged_trials, 0);
    assert_int_equal(answer.n_layers, 1);
}

static void what_is_damaged_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *what;
        int n_trials; /* damaged */
    } cases[] = {
        {"UPDATE results SET map_area = 0.5 WHERE trial = 7", "its result is not that of its digest", 1},
        {"UPDATE trials SET spec = '{}' WHERE key = 7", "its id is not the SHA-256 of its spec", 1},
        {"UPDATE class_ap SET objects = 1 WHERE cell = 2 AND seed = 3", "its result is not that of its digest", 1},
        {"UPDATE attempts SET seconds = 2 WHERE id = 9", "its provenance is not that of its digest", 1},
        {"UPDATE environments SET cpu = 'another'", "its provenance is not that of its digest", TRIALS},
        {"DELETE FROM digests WHERE trial = 3", "its digests are missing", 1},
        {"UPDATE campaigns SET manifest = '{}'", "the manifest of campaign 'smoke' is not that of its digest", 0},
        {"UPDATE channel_scores SET score = 0.75 WHERE channel = 1", "layer 'base_net.2.3' are not those of", 0},
        {"DELETE FROM score_digests", "layer 'base_net.2.3' are not those of", 0},
        {"UPDATE canaries SET digest = 'x'", "is not that of its seal", 0},
        {"PRAGMA foreign_keys = OFF; DELETE FROM runs", "a row of attempts refers to one of runs that is not there", 40},
        {"PRAGMA foreign_keys = OFF; DELETE FROM results WHERE trial = 2", "has no result", 1},
        {"CREATE TABLE notes (note)", "its table 'notes' is not one of this program", 0},
        {"DROP TRIGGER results_stay", "it lacks 1 of its 46 tables, indexes, views and triggers", 0},
        {"DROP VIEW v_ap", "it lacks 1 of its 46", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        remove(path);
        make_store();
        ftdn_changed_store_run(path, cases[i].sql);
        ftdn_verification answer = verify(path);
        bool found = false;
        for (int d = 0; d < answer.n_damages; d++) found |= strstr(answer.damage[d].what, cases[i].what) != NULL;
        if (!found) fail_msg("%s: %d damages, none is '%s'", cases[i].sql, answer.n_damages, cases[i].what);
        if (answer.n_damaged_trials != cases[i].n_trials)
            fail_msg("%s: %d damaged trials", cases[i].sql, answer.n_damaged_trials);
    }
}

static int append_row(void *text, int n_columns, char **value, char **name)
{
    (void)name;
    for (int i = 0; i < n_columns; i++) ftdn_text_append(text, "%s|", value[i] ? value[i] : "NULL");
    ftdn_text_append(text, "\n");
    return 0;
}

/* All that SQLite reads out of the tables, value by value, and what its own check says; false where it meets an
 * error. */
static bool read_all(const char *file, ftdn_text *text)
{
    static const char *const sql[] = {
        "SELECT quote(key), quote(id), quote(cell), quote(seed), quote(spec) FROM trials NOT INDEXED",
        "SELECT * FROM cells NOT INDEXED",
        "SELECT quote(trial), quote(attempt), quote(map_voc07), quote(map_area), quote(images), "
        "quote(n_nonfinite_outputs), quote(n_nonfinite_faults) FROM results NOT INDEXED",
        "SELECT * FROM overheads",
        "SELECT quote(cell), quote(class), quote(seed), quote(ap_voc07), quote(ap_area), quote(objects) FROM class_ap",
        "SELECT quote(trial), quote(layer), quote(location), quote(copy), quote(position), quote(elements), "
        "quote(requested_rate), quote(faults), quote(changed) FROM layer_faults",
        "SELECT * FROM digests",
        "SELECT quote(id), quote(trial_id), quote(campaign), quote(run), quote(worker), quote(environment), "
        "quote(outcome), quote(confirmed), quote(finished_at), quote(seconds), quote(cause), quote(spec) FROM attempts "
        "NOT INDEXED",
        "SELECT quote(attempt), quote(stage), quote(seconds) FROM timings",
        "SELECT * FROM environments NOT INDEXED",
        "SELECT * FROM campaigns NOT INDEXED",
        "PRAGMA integrity_check",
    };
    sqlite3 *db;
    bool is_read = sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK;
    for (size_t i = 0; i < sizeof sql / sizeof *sql && is_read; i++)
        is_read = sqlite3_exec(db, sql[i], append_row, text, NULL) == SQLITE_OK;
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_false(text->failed);
    return is_read;
}

static int note_page(void *text, int n_columns, char **value, char **name)
{
    (void)n_columns;
    (void)name;
    ftdn_text_append(text, "%s ", value[0]);
    return 0;
}

/* The numbers of the pages that hold the tables and their indexes. */
static int find_pages(int page[MOST_PAGES])
{
    sqlite3 *db;
    ftdn_text text;
    ftdn_text_init(&text);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    int code = sqlite3_exec(db,
                            "SELECT pageno FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema WHERE tbl_name IN "
                            "(" TABLES "))",
                            note_page, &text, NULL);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    int n = 0;
    if (code == SQLITE_OK) {
        for (char *c = text.chars, *end; n < MOST_PAGES; c = end) {
            long number = strtol(c, &end, 10);
            if (end == c) break;
            page[n++] = (int)number;
        }
    }
    ftdn_text_done(&text);
    return n;
}

/* A flip counts where it changes what SQLite reads out of the tables, or what its check says: unused bytes of a page,
 * say, hold nothing. */
static void every_flipped_bit_is_found(void **state)
{
    (void)state;
    static int page[MOST_PAGES];
    char *flipped = path_of("flipped.db");
    size_t n_bytes;
    make_store();
    int n_pages = find_pages(page), n_flips = 0, n_without_effect = 0;
    if (n_pages == 0) skip(); /* an SQLite without dbstat */
    char *bytes = ftdn_test_load_file(&arena, path, &n_bytes);
    ftdn_text expected;
    ftdn_text_init(&expected);
    assert_true(read_all(path, &expected));
    uint64_t random = 1;
    while (n_flips < FLIPS) {
        random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        size_t at = (size_t)(page[(random >> 33) % (unsigned)n_pages] - 1) * PAGE + (random >> 20) % PAGE;
        char bit = (char)(1 << (random >> 50) % 8);
        assert_true(at < n_bytes);
        bytes[at] ^= bit;
        ftdn_test_write_file(flipped, bytes, n_bytes);
        bytes[at] ^= bit;
        ftdn_text there;
        ftdn_text_init(&there);
        bool is_damage = !read_all(flipped, &there) || strcmp(there.chars, expected.chars) != 0;
        ftdn_text_done(&there);
        if (!is_damage) {
            n_without_effect++;
            continue;
        }
        n_flips++;
        ftdn_arena_mark mark = ftdn_arena_get_mark(&arena);
        ftdn_verification answer = {0};
        ftdn_status status = ftdn_store_verify(flipped, &arena, &answer, &err);
        if (status == FTDN_OK && answer.n_damages == 0) fail_msg("bit %d of byte %zu: not found", bit, at);
        ftdn_arena_reset(&arena, mark);
    }
    print_message("%d flips found, %d had no effect\n", n_flips, n_without_effect);
    ftdn_text_done(&expected);
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_path, tear_down_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_sound_store_has_no_damage),
        STORE_TEST(what_is_damaged_is_named),
        STORE_TEST(every_flipped_bit_is_found),
    };
    return cmocka_run_group_tests_name("results/verify", tests, NULL, NULL);
}
