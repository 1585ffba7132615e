/* test_migrate.c - a store of an older program becomes one of this program: what it holds, what is refused. */
#include "results/migrate.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "results/store_internal.h"
#include "results/verify.h"
#include "tests/results/old_store.h"
#include "tests/results/sample.h"
#include "tests/support/folder_per_test.h"

enum { TRIALS = 40 };

static char *path, *backup;

static int set_up_names(void **state)
{
    int result = set_up_folder(state);
    path = path_of("old.db");
    backup = path_of("old.db.backup-2");
    return result;
}

static ftdn_migration migrate(const char *file)
{
    ftdn_migration migration;
    FTDN_ASSERT_OK(ftdn_store_migrate(file, &arena, &migration, &err), err);
    return migration;
}

/* What a SELECT says, as CSV without its header. */
static const char *ask(const char *question)
{
    ftdn_store *store;
    FTDN_ASSERT_OK(ftdn_store_open(path, FTDN_STORE_READ, &store, &err), err);
    const char *answer = ftdn_sample_ask(store, question, FTDN_FORMAT_CSV, &arena);
    ftdn_store_close(store);
    return strchr(answer, '\n') + 1;
}

static void assert_sound(int n_trials)
{
    ftdn_verification verification;
    FTDN_ASSERT_OK(ftdn_store_verify(path, &arena, &verification, &err), err);
    if (verification.n_damages > 0) fail_msg("%s", verification.damage[0].what);
    assert_int_equal(verification.n_trials, n_trials);
}

/* The store cannot be migrated, and it and its folder are left as they are. */
static void assert_refused(const char *fragment)
{
    size_t n_before, n_after;
    ftdn_migration migration;
    ftdn_store *store = NULL;
    const char *before = ftdn_test_load_file(&arena, path, &n_before);
    FTDN_ASSERT_FAILS(ftdn_store_migrate(path, &arena, &migration, &err), FTDN_ERR_STORE, fragment, err);
    if (!strstr(err.message, path)) fail_msg("'%s' does not name the file", err.message);
    FTDN_ASSERT_FAILS(ftdn_store_open(path, FTDN_STORE_WRITE, &store, &err), FTDN_ERR_STORE, fragment, err);
    const char *after = ftdn_test_load_file(&arena, path, &n_after);
    assert_int_equal(n_before, n_after);
    assert_memory_equal(before, after, n_before);
    assert_false(ftdn_file_exists(backup));
    assert_false(ftdn_file_exists(path_of("old.db.migrating")));
    assert_false(ftdn_file_exists(path_of("old.db-journal")));
}

static void every_view_says_what_it_said_before(void **state)
{
    (void)state;
    ftdn_old_store_make(path, TRIALS);
    const char *before = ftdn_old_store_read(path, &arena);
    ftdn_migration migration = migrate(path);
    assert_string_equal(ftdn_old_store_read(path, &arena), before);
    assert_int_equal(migration.from, 2);
    assert_int_equal(migration.to, 3);
    assert_int_equal(migration.rows.n_trials, TRIALS);
    assert_int_equal(migration.rows.n_attempts, TRIALS + FTDN_OLD_FAILURES);
    assert_int_equal(migration.rows.n_rankings, FTDN_OLD_RANKINGS);
    assert_int_equal(migration.rows.n_latencies, FTDN_OLD_LATENCIES);
    assert_sound(TRIALS);
}

static void an_empty_store_is_migrated_too(void **state)
{
    (void)state;
    ftdn_old_store_make(path, 0);
    ftdn_old_store_run(path, "PRAGMA foreign_keys = OFF; DELETE FROM environments; DELETE FROM attempts; "
                             "DELETE FROM rankings; DELETE FROM channel_scores; DELETE FROM latencies");
    assert_int_equal(migrate(path).rows.n_attempts, 0);
    assert_sound(0);
    assert_string_equal(ask("SELECT count(*) FROM v_campaigns"), "0\n");
}

static void what_the_old_schema_did_not_know_is_made_of_what_it_did(void **state)
{
    (void)state;
    ftdn_old_store_make(path, TRIALS);
    migrate(path);
    assert_string_equal(ask("SELECT manifest, path, planned FROM v_campaigns ORDER BY manifest"),
                        "\"night's \"\"run\"\"\",\"\",0\nsmoke,\"\",0\n");
    assert_string_equal(ask("SELECT name, manifest FROM campaigns ORDER BY name"),
                        "\"night's \"\"run\"\"\",\"{\"\"name\"\":\"\"night's \\\"\"run\\\"\"\"\"}\"\n"
                        "smoke,\"{\"\"name\"\":\"\"smoke\"\"}\"\n");
    /* Of 40 trials each fourth is the night's, in the second environment as all with odd numbers; so are failures. */
    assert_string_equal(ask("SELECT manifest, machine, outcome, n_done, n_failed, n_wanted, started_at, ended_at, "
                            "workers, pid FROM v_runs ORDER BY 1, 2"),
                        "\"night's \"\"run\"\"\",night,migrated,10,0,10,2026-01-31T23:00:03.123Z,"
                        "2026-01-31T23:00:39.123Z,,\n"
                        "smoke,bench,migrated,20,0,20,2026-01-31T23:00:00.123Z,2026-01-31T23:00:38.123Z,,\n"
                        "smoke,night,migrated,10,3,12,2026-01-31T20:00:00.000Z,2026-01-31T23:00:37.123Z,,\n");
    assert_string_equal(ask("SELECT DISTINCT worker, confirmed, driver FROM v_attempts"), "0,0,\"\"\n");
    assert_string_equal(ask("SELECT count(*), count(DISTINCT weight_rate) FROM cells"), "3,3\n");
}

/* The text by hand: what the program makes of the spec of the same trial but its seed. */
static void cells_are_digests_of_specs_without_their_seeds(void **state)
{
    (void)state;
    static const char text[] = "{\"faults\":{\"type\":\"zero\",\"weight_rate\":0.2},\"semantics\":2}";
    char digest[FTDN_SHA256_HEX], expected[128];
    ftdn_old_store_make(path, TRIALS);
    migrate(path);
    FTDN_ASSERT_OK(ftdn_sha256_of(text, strlen(text), digest, &err), err);
    snprintf(expected, sizeof expected, "%s,0.2,13\n", digest);
    assert_string_equal(ask("SELECT c.id, c.weight_rate, count(*) FROM cells c JOIN trials t ON t.cell = c.key "
                            "WHERE c.weight_rate = 0.2 GROUP BY c.id"),
                        expected);
}

/* Every trial, read from the migrated store and appended to another one, gets the same digest of its result. */
static void digests_are_those_that_an_append_writes(void **state)
{
    (void)state;
    ftdn_store *store;
    ftdn_attempt_origin origin;
    ftdn_old_store_make(path, TRIALS);
    migrate(path);
    ftdn_store *other = ftdn_sample_open(path_of("other.db"), &origin);
    FTDN_ASSERT_OK(ftdn_store_open(path, FTDN_STORE_READ, &store, &err), err);
    for (int i = 0; i < TRIALS; i++) {
        char spec[128], id[FTDN_SHA256_HEX];
        ftdn_trial_record record;
        ftdn_old_store_spec(i, spec, id);
        FTDN_ASSERT_OK(ftdn_store_read_record(store, id, &arena, &record, &err), err);
        FTDN_ASSERT_OK(ftdn_store_append(other, &record, &origin, &err), err);
    }
    const char *question = "SELECT t.id, d.result FROM digests d JOIN trials t ON t.key = d.trial ORDER BY t.id";
    assert_string_equal(ftdn_sample_ask(store, question, FTDN_FORMAT_CSV, &arena),
                        ftdn_sample_ask(other, question, FTDN_FORMAT_CSV, &arena));
    ftdn_store_close(store);
    ftdn_store_close(other);
}

static void the_store_as_it_was_stays_beside_it(void **state)
{
    (void)state;
    size_t n_before, n_kept;
    ftdn_old_store_make(path, TRIALS);
    assert_int_equal(chmod(path, 0640), 0);
    const char *before = ftdn_test_load_file(&arena, path, &n_before);
    assert_string_equal(migrate(path).backup, backup);
    const char *kept = ftdn_test_load_file(&arena, backup, &n_kept);
    assert_int_equal(n_kept, n_before);
    assert_memory_equal(kept, before, n_before);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);

    /* Once more: nothing is to be done. */
    const char *after = ftdn_test_load_file(&arena, path, &n_before);
    ftdn_migration migration = migrate(path);
    assert_int_equal(migration.from, 3);
    assert_null(migration.backup);
    assert_memory_equal(ftdn_test_load_file(&arena, path, &n_kept), after, n_before);
    assert_int_equal(n_kept, n_before);
    assert_false(ftdn_file_exists(path_of("old.db.migrating")));
    assert_false(ftdn_file_exists(path_of("old.db.backup-2.tmp")));
    assert_false(ftdn_file_exists(path_of("old.db.backup-2.1")));
}

static void no_file_is_written_over_by_a_backup(void **state)
{
    (void)state;
    size_t n_old, n_kept;
    ftdn_old_store_make(path, TRIALS);
    const char *old = ftdn_test_load_file(&arena, path, &n_old);
    ftdn_test_write_file(backup, "mine", 4);
    assert_string_equal(migrate(path).backup, path_of("old.db.backup-2.1"));
    assert_memory_equal(ftdn_test_load_file(&arena, backup, &n_kept), "mine", 4);
    assert_int_equal(n_kept, 4);

    /* A copy that is there will do; one with a byte more, or another byte, will not. */
    ftdn_test_write_file(path, old, n_old);
    assert_string_equal(migrate(path).backup, path_of("old.db.backup-2.1"));
    char *other = ftdn_arena_alloc(&arena, n_old + 1, 1, NULL);
    assert_non_null(other);
    memcpy(other, old, n_old);
    ftdn_test_write_file(path_of("old.db.backup-2.1"), other, n_old + 1);
    other[n_old / 2] = (char)(other[n_old / 2] ^ 1);
    ftdn_test_write_file(path_of("old.db.backup-2.2"), other, n_old);
    ftdn_test_write_file(path, old, n_old);
    assert_string_equal(migrate(path).backup, path_of("old.db.backup-2.3"));
    assert_memory_equal(ftdn_test_load_file(&arena, path_of("old.db.backup-2.3"), &n_kept), old, n_old);
}

static void opening_for_writing_migrates_and_opening_for_reading_says_how(void **state)
{
    (void)state;
    ftdn_store *store;
    ftdn_old_store_make(path, TRIALS);
    assert_true(ftdn_store_is_old(path));
    const char *before = ftdn_old_store_read(path, &arena);
    FTDN_ASSERT_FAILS(ftdn_store_open(path, FTDN_STORE_READ, &store, &err), FTDN_ERR_STORE, "with: ftdn migrate ", err);
    assert_false(ftdn_file_exists(backup));

    ftdn_attempt_origin origin;
    ftdn_sample sample;
    ftdn_sample_init(&sample, 1);
    store = ftdn_sample_open(path, &origin);
    assert_false(ftdn_store_is_old(path));
    assert_true(ftdn_file_exists(backup));
    assert_string_equal(ftdn_old_store_read(path, &arena), before);
    ftdn_sample_append(store, &sample, &origin);
    ftdn_store_close(store);
    assert_sound(TRIALS + 1);
    assert_false(ftdn_store_is_old(path_of("none.db")));
}

static void a_link_goes_on_naming_the_store(void **state)
{
    (void)state;
    struct stat info;
    char *link = path_of("link.db");
    ftdn_old_store_make(path, TRIALS);
    assert_int_equal(symlink("old.db", link), 0);
    const char *before = ftdn_old_store_read(path, &arena);
    migrate(link);
    assert_int_equal(lstat(link, &info), 0);
    assert_true(S_ISLNK(info.st_mode));
    assert_string_equal(ftdn_old_store_read(path, &arena), before);
    assert_true(ftdn_file_exists(backup));
    assert_sound(TRIALS);
}

/* A user may have turned it on; and a killed program leaves its log. */
static void a_store_with_a_write_ahead_log_is_migrated(void **state)
{
    (void)state;
    sqlite3 *db;
    size_t n_file, n_log;
    ftdn_old_store_make(path_of("first.db"), TRIALS);
    assert_int_equal(sqlite3_open(path_of("first.db"), &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "PRAGMA journal_mode = WAL; UPDATE results SET map_area = 0.75", NULL, NULL, NULL), SQLITE_OK);
    const char *file = ftdn_test_load_file(&arena, path_of("first.db"), &n_file),
               *log = ftdn_test_load_file(&arena, path_of("first.db-wal"), &n_log);
    ftdn_test_write_file(path, file, n_file);
    ftdn_test_write_file(path_of("old.db-wal"), log, n_log);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    migrate(path);
    assert_false(ftdn_file_exists(path_of("old.db-wal")));
    assert_string_equal(ask("SELECT count(*) FROM v_trials WHERE map_area = 0.75"), "40\n");
    assert_sound(TRIALS);
}

static void what_a_killed_run_left_in_its_journal_is_rolled_back_first(void **state)
{
    (void)state;
    sqlite3 *db;
    size_t n_file, n_journal;
    ftdn_old_store_make(path_of("first.db"), TRIALS);
    const char *before = ftdn_old_store_read(path_of("first.db"), &arena);
    assert_int_equal(sqlite3_open(path_of("first.db"), &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; UPDATE results SET map_area = 1; "
                     "UPDATE class_ap SET ap_area = 1; UPDATE layer_faults SET changed = 0",
                     NULL, NULL, NULL),
        SQLITE_OK);
    const char *file = ftdn_test_load_file(&arena, path_of("first.db"), &n_file),
               *journal = ftdn_test_load_file(&arena, path_of("first.db-journal"), &n_journal);
    assert_true(n_journal > 512);
    ftdn_test_write_file(path, file, n_file);
    ftdn_test_write_file(path_of("old.db-journal"), journal, n_journal);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    migrate(path);
    assert_false(ftdn_file_exists(path_of("old.db-journal")));
    assert_string_equal(ftdn_old_store_read(path, &arena), before);
    assert_sound(TRIALS);
}

/* None of them runs, and the new store has none. */
static void strange_objects_of_an_old_store_do_not_come_along(void **state)
{
    (void)state;
    ftdn_old_store_make(path, TRIALS);
    const char *before = ftdn_old_store_read(path, &arena);
    ftdn_old_store_run(path, "CREATE TRIGGER sneaky AFTER INSERT ON trials BEGIN DELETE FROM timings; END; "
                             "CREATE VIEW cells AS SELECT * FROM trials; CREATE TABLE runs (note)");
    migrate(path);
    assert_string_equal(ftdn_old_store_read(path, &arena), before);
    assert_sound(TRIALS);
}

static void a_damaged_store_is_refused_and_left_as_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *sql, *fragment;
    } damages[] = {
        {"UPDATE trials SET spec = replace(spec, 'zero', 'nero') WHERE seed = 3", "its id is not the SHA-256 of its spec"},
        {"UPDATE trials SET seed = 99 WHERE key = 12", "its seed is not that of its spec"},
        {"UPDATE trials SET spec = '{x}' WHERE key = 12", "is damaged (trial "},
        {"UPDATE trials SET iou = 0.75 WHERE key = 12", "have other parameters than each other"},
        {"PRAGMA foreign_keys = OFF; DELETE FROM results WHERE trial = 12", "a row of "},
        {"DELETE FROM overheads WHERE trial = 12", " has no result"},
        {"UPDATE attempts SET outcome = 'done', cause = NULL, spec = NULL WHERE id = 101", "is done, but has no result"},
        {"PRAGMA foreign_keys = OFF; DROP TABLE overheads", "no such table: overheads"},
        {"UPDATE attempts SET manifest = 'a' || char(0) || 'b' WHERE id = 101", "rows of table attempts cannot be taken over"},
        {"DROP TABLE timings; CREATE TABLE timings (x)", "no such column: attempt"},
    };
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        remove(path);
        ftdn_old_store_make(path, TRIALS);
        ftdn_old_store_run(path, damages[i].sql);
        assert_refused(damages[i].fragment);
    }
}

static void damaged_pages_are_refused(void **state)
{
    (void)state;
    char garbage[512];
    size_t n_bytes;
    memset(garbage, 0x5A, sizeof garbage);
    ftdn_old_store_make(path, TRIALS);
    const char *bytes = ftdn_test_load_file(&arena, path, &n_bytes);
    for (size_t at = 8192; at < n_bytes; at += 5 * 4096) {
        char *damaged = ftdn_arena_copy_text(&arena, bytes, n_bytes, NULL);
        assert_non_null(damaged);
        memcpy(damaged + at, garbage, sizeof garbage);
        ftdn_test_write_file(path, damaged, n_bytes);
        assert_refused("is damaged");
    }
    ftdn_test_write_file(path, bytes, n_bytes - 4096);
    assert_refused("is damaged");
}

static void other_files_are_refused(void **state)
{
    (void)state;
    ftdn_migration migration;
    FTDN_ASSERT_FAILS(ftdn_store_migrate(path, &arena, &migration, &err), FTDN_ERR_STORE, "old.db' does not exist",
                      err);
    ftdn_test_write_file(path, "", 0);
    FTDN_ASSERT_FAILS(ftdn_store_migrate(path, &arena, &migration, &err), FTDN_ERR_STORE, "old.db' is empty", err);
    remove(path);
    ftdn_old_store_make(path, TRIALS);
    ftdn_old_store_run(path, "PRAGMA user_version = 1");
    assert_refused("older program: its schema is 1, this program's is 3; run its manifests anew");
    ftdn_old_store_run(path, "PRAGMA user_version = 4");
    assert_refused("newer program: its schema is 4, the last one known here is 3");
    ftdn_old_store_run(path, "PRAGMA application_id = 7");
    assert_refused("another program (application id 0x00000007)");
}

#define STORE_TEST(test) cmocka_unit_test_setup_teardown(test, set_up_names, tear_down_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(every_view_says_what_it_said_before),
        STORE_TEST(an_empty_store_is_migrated_too),
        STORE_TEST(what_the_old_schema_did_not_know_is_made_of_what_it_did),
        STORE_TEST(cells_are_digests_of_specs_without_their_seeds),
        STORE_TEST(digests_are_those_that_an_append_writes),
        STORE_TEST(the_store_as_it_was_stays_beside_it),
        STORE_TEST(no_file_is_written_over_by_a_backup),
        STORE_TEST(opening_for_writing_migrates_and_opening_for_reading_says_how),
        STORE_TEST(a_link_goes_on_naming_the_store),
        STORE_TEST(a_store_with_a_write_ahead_log_is_migrated),
        STORE_TEST(what_a_killed_run_left_in_its_journal_is_rolled_back_first),
        STORE_TEST(strange_objects_of_an_old_store_do_not_come_along),
        STORE_TEST(a_damaged_store_is_refused_and_left_as_it_is),
        STORE_TEST(damaged_pages_are_refused),
        STORE_TEST(other_files_are_refused),
    };
    return cmocka_run_group_tests_name("results/migrate", tests, NULL, NULL);
}
