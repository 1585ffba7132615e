/* test_schema_check.c - a store whose schema somebody has changed is not taken for one of this program. */
#include <stdio.h>
#include <string.h>

#include "results/repair.h"
#include "results/store_internal.h"
#include "results/verify.h"
#include "tests/results/changed_store.h"
#include "tests/results/sample.h"
#include "tests/support/folder_per_test.h"

static const char *make_store(void)
{
    const char *path = path_of("store.db");
    ftdn_sample sample;
    ftdn_attempt_origin origin;
    remove(path);
    ftdn_store *store = ftdn_sample_open(path, &origin);
    ftdn_sample_init(&sample, 1);
    ftdn_sample_append(store, &sample, &origin);
    ftdn_store_close(store);
    return path;
}

static const struct {
    const char *sql, *difference;
} changes[] = {
    {"CREATE TRIGGER sneaky BEFORE INSERT ON results BEGIN UPDATE overheads SET macs = 0; END",
     "its trigger 'sneaky' is not one of this program"},
    {"CREATE VIEW mine AS SELECT * FROM v_trials", "its view 'mine' is not one of this program"},
    {"CREATE UNIQUE INDEX one_trial ON results (images)", "its index 'one_trial' is not one of this program"},
    {"CREATE TABLE notes (trial REFERENCES trials (key) ON DELETE RESTRICT)", "its table 'notes' is not one of"},
    {"CREATE VIRTUAL TABLE words USING rtree(id, a, b)", "its table 'words' is not one of this program"},
    {"ANALYZE", "its table 'sqlite_stat1' is not one of this program"},
    {"DROP VIEW v_ap; CREATE VIEW v_ap AS SELECT id, 'cat' AS class, 1.0 AS ap_voc07, 1.0 AS ap_area, 9 AS objects "
     "FROM trials",
     "its view 'v_ap' is not one of this program"},
    {"DROP TRIGGER results_stay; CREATE TRIGGER results_stay BEFORE DELETE ON results WHEN 0 BEGIN SELECT 1; END",
     "its trigger 'results_stay' is not one of this program"},
    {"ALTER TABLE runs ADD COLUMN note TEXT", "its table 'runs' is not one of this program"},
    {"ALTER TABLE timings RENAME TO durations", "is not one of this program"},
    {"DROP TRIGGER trials_stay", "it lacks 1 of its 46 tables, indexes, views and triggers"},
    {"DROP TABLE layer_faults", "it lacks 3 of its 46"},
    {"DROP INDEX attempts_of_trial; DROP VIEW v_missing", "it lacks 2 of its 46"},
    /* SQL of which ours is the beginning, or which is the beginning of ours. */
    {"UPDATE sqlite_schema SET sql = sql || ' WHERE t.seed = 1' WHERE name = 'v_ap'", "its view 'v_ap' is not"},
    {"INSERT INTO sqlite_schema SELECT 'trigger', name, tbl_name, rootpage, '' FROM sqlite_schema WHERE name = "
     "'sqlite_autoindex_trials_1'",
     "its trigger 'sqlite_autoindex_trials_1' is not"},
    {"UPDATE sqlite_schema SET sql = substr(sql, 1, instr(sql, 'JOIN') - 2) WHERE name = 'v_faults'",
     "its view 'v_faults' is not"},
};

static void a_changed_schema_is_refused_by_readers_and_writers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const char *path = make_store();
        size_t n_before, n_after;
        ftdn_changed_store_try(path, changes[i].sql);
        const char *before = ftdn_test_load_file(&arena, path, &n_before);
        for (int mode = FTDN_STORE_READ; mode <= FTDN_STORE_WRITE; mode++) {
            ftdn_store *store = NULL;
            if (ftdn_store_open(path, (ftdn_store_mode)mode, &store, &err) != FTDN_ERR_STORE)
                fail_msg("opened: %s", changes[i].sql);
            if (!strstr(err.message, "is damaged, or somebody has changed it (") ||
                !strstr(err.message, changes[i].difference) || !strstr(err.message, "ftdn repair /"))
                fail_msg("%s: %s", changes[i].sql, err.message);
        }
        const char *after = ftdn_test_load_file(&arena, path, &n_after);
        assert_int_equal(n_before, n_after);
        assert_memory_equal(before, after, n_before);
    }
}

static void verify_tells_what_has_changed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const char *path = make_store();
        ftdn_verification verification;
        ftdn_changed_store_try(path, changes[i].sql);
        FTDN_ASSERT_OK(ftdn_store_verify(path, &arena, &verification, &err), err);
        bool found = false;
        for (int d = 0; d < verification.n_damages; d++)
            found |= strstr(verification.damage[d].what, changes[i].difference) != NULL;
        if (!found) fail_msg("%s: %d damages", changes[i].sql, verification.n_damages);
    }
}

/* Nothing of a stranger's comes along, and none of it has run. */
static void repair_saves_the_trials_of_a_store_with_strange_objects(void **state)
{
    (void)state;
    ftdn_repair_summary summary;
    ftdn_verification verification;
    const char *path = make_store(), *out = path_of("out.db");
    ftdn_changed_store_try(path, changes[0].sql);
    ftdn_changed_store_try(path, changes[1].sql);
    FTDN_ASSERT_OK(ftdn_store_repair(path, out, &arena, &summary, &err), err);
    assert_int_equal(summary.n_saved, 1);
    FTDN_ASSERT_OK(ftdn_store_verify(out, &arena, &verification, &err), err);
    assert_int_equal(verification.n_trials, 1);
    assert_int_equal(verification.n_damages, 0);
}

/* Stores are compared with the text of schema.sql: whoever changes what SQLite keeps of it, be it a comment within a
 * statement, makes another schema, which needs another number and a migration. */
static void a_number_of_a_schema_stands_for_one_text(void **state)
{
    (void)state;
    char digest[FTDN_SHA256_HEX];
    ftdn_attempt_origin origin;
    ftdn_store *store = ftdn_sample_open(path_of("store.db"), &origin);
    const char *schema = ftdn_sample_ask(
        store, "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name", FTDN_FORMAT_JSON, &arena);
    FTDN_ASSERT_OK(ftdn_sha256_of(schema, strlen(schema), digest, &err), err);
    ftdn_store_close(store);
    assert_int_equal(FTDN_STORE_VERSION, 3);
    assert_string_equal(digest, "46113da23d10bb3dee937e47daaf2eea049a14cf1f10af351b7717cff1506079");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_FOLDER_TEST(a_changed_schema_is_refused_by_readers_and_writers),
        FTDN_FOLDER_TEST(verify_tells_what_has_changed),
        FTDN_FOLDER_TEST(repair_saves_the_trials_of_a_store_with_strange_objects),
        FTDN_FOLDER_TEST(a_number_of_a_schema_stands_for_one_text),
    };
    return cmocka_run_group_tests_name("results/schema_check", tests, NULL, NULL);
}
