/* Allocations of SQLite are refused: an error each time, and nothing lost or half written. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "results/migrate.h"
#include "results/stored_scores.h"
#include "tests/results/old_store.h"
#include "tests/results/sample.h"
#include "tests/support/folder_per_test.h"

/* Of the thousands of allocations each STRIDE-th is tried; 1 tries all and takes minutes. */
enum { STRIDE = 61, CREATION_STRIDE = 97, MIGRATION_STRIDE = 31, OLD_TRIALS = 12 };

static sqlite3_mem_methods system_memory;
static long n_good = -1; /* allocations until the one that fails; -1: none fails */
static long n_refused;

static bool is_refused(void)
{
    if (n_good < 0) return false;
    if (n_good > 0) {
        n_good--;
        return false;
    }
    n_refused++;
    n_good = -1;
    return true;
}

static void *failing_malloc(int n_bytes)
{
    return is_refused() ? NULL : system_memory.xMalloc(n_bytes);
}

static void *failing_realloc(void *memory, int n_bytes)
{
    return is_refused() ? NULL : system_memory.xRealloc(memory, n_bytes);
}

static int install_failing_memory(void **state)
{
    (void)state;
    sqlite3_mem_methods failing;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_memory), SQLITE_OK);
    failing = system_memory;
    failing.xMalloc = failing_malloc;
    failing.xRealloc = failing_realloc;
    assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &failing), SQLITE_OK);
    return 0;
}

static ftdn_status ask_for_all(ftdn_store *store, ftdn_format format)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_status status = ftdn_query_answer(store, &(ftdn_question){.text = "v_ap"}, format, NULL, &text, &err);
    ftdn_text_done(&text);
    return status;
}

/* Open, record an environment, append trial `number`, ask for it, add scores, ask for them: up to the first failure. */
static ftdn_status use_store(const char *path, int number, bool *ret_appended)
{
    ftdn_sample sample;
    ftdn_store *store = NULL;
    ftdn_attempt_origin origin;
    char id[FTDN_SHA256_HEX], digest[16];
    double score[2] = {number, 1.0 / 3};
    const ftdn_layer_scores scores = {"base_net.2.3", 2, score};
    bool found;
    snprintf(digest, sizeof digest, "%d", number);
    const ftdn_ranking_key key = {
        .model = "ssd_vgg16", .width = 1, .weights_digest = digest, .ranker = "weight_sum", .parameters = "{}"};
    ftdn_sample_init(&sample, number);
    ftdn_status status = ftdn_store_open(path, FTDN_STORE_WRITE, &store, &err);
    if (status == FTDN_OK) status = ftdn_sample_begin(store, &origin, &err);
    if (status == FTDN_OK) status = ftdn_sample_try(store, &sample, &origin, &err);
    *ret_appended = status == FTDN_OK;
    const ftdn_planned_row planned = {.sweep = "grid", .trial_id = sample.record.id, .label = "made up"};
    bool matches;
    if (status == FTDN_OK) status = ftdn_store_add_planned(store, origin.campaign, &planned, 1, &err);
    if (status == FTDN_OK) status = ftdn_store_confirm(store, origin.run, origin.worker, &err);
    if (status == FTDN_OK)
        status = ftdn_store_check_canary(store, digest, "golden", origin.environment, &matches, &err);
    if (status == FTDN_OK) status = ftdn_sample_fail(store, &sample, "cause", &origin, &err);
    if (status == FTDN_OK) status = ftdn_store_find_trial(store, sample.record.id, id, &err);
    if (status == FTDN_OK) status = ftdn_store_add_scores(store, &key, "0.1.0", 1, &scores, 1, &err);
    if (status == FTDN_OK) status = ftdn_store_find_scores(store, &key, &scores, 1, &found, &err);
    if (status == FTDN_OK) assert_true(found);
    for (int format = FTDN_FORMAT_TEXT; format <= FTDN_FORMAT_JSON && status == FTDN_OK; format++)
        status = ask_for_all(store, (ftdn_format)format);
    ftdn_store_close(store);
    return status;
}

/* How many whole trials the store has; nothing else may be in it. */
static int count_trials(const char *path)
{
    int n[6] = {0};
    ftdn_store *store = NULL;
    FTDN_ASSERT_OK(ftdn_store_open(path, FTDN_STORE_READ, &store, &err), err);
    const char *answer =
        ftdn_sample_ask(store,
                        "SELECT (SELECT count(*) FROM trials), (SELECT count(*) FROM attempts WHERE "
                        "outcome = 'done'), (SELECT count(*) FROM v_ap), (SELECT count(*) FROM v_faults), "
                        "(SELECT count(*) FROM v_timings), (SELECT count(*) <> 2 * (SELECT count(*) FROM rankings) "
                        "FROM channel_scores)",
                        FTDN_FORMAT_CSV, &arena);
    assert_int_equal(sscanf(strchr(answer, '\n'), "%d,%d,%d,%d,%d,%d", &n[0], &n[1], &n[2], &n[3], &n[4], &n[5]), 6);
    ftdn_store_close(store);
    assert_int_equal(n[1], n[0]);
    assert_int_equal(n[2], n[0] * FTDN_SAMPLE_CLASSES);
    assert_int_equal(n[3], n[0] * FTDN_SAMPLE_FAULTS);
    assert_int_equal(n[4], n[0] * FTDN_SAMPLE_TIMINGS);
    assert_int_equal(n[5], 0);
    return n[0];
}

/* SQLite does without some memory that it is refused (caches): then the whole run succeeds. */
static void a_refused_allocation_is_a_clean_error(void **state)
{
    (void)state;
    const char *path = path_of("store.db");
    bool appended;
    FTDN_ASSERT_OK(use_store(path, 0, &appended), err);
    int n_trials = 1, n_errors = 0;
    for (long k = 0;; k += STRIDE) {
        n_refused = 0;
        n_good = k;
        ftdn_status status = use_store(path, n_trials, &appended);
        n_good = -1;
        if (status != FTDN_OK) {
            if (status != FTDN_ERR_MEMORY) fail_msg("allocation %ld: status %d: %s", k, status, err.message);
            assert_non_null(strstr(err.message, "out of memory"));
            n_errors++;
        }
        n_trials += appended;
        if (k % (25 * STRIDE) == 0) assert_int_equal(count_trials(path), n_trials);
        if (n_refused == 0) {
            assert_int_equal(status, FTDN_OK);
            break;
        }
    }
    assert_int_equal(count_trials(path), n_trials);
    assert_true(n_errors > 50);
}

/* The same while the file is made. */
static void a_store_whose_making_runs_out_of_memory_can_be_made_again(void **state)
{
    (void)state;
    const char *path = path_of("store.db");
    for (long k = 0;; k += CREATION_STRIDE) {
        remove(path);
        ftdn_store *store = NULL;
        n_refused = 0;
        n_good = k;
        ftdn_status status = ftdn_store_open(path, FTDN_STORE_WRITE, &store, &err);
        n_good = -1;
        if (status != FTDN_OK) {
            if (status != FTDN_ERR_MEMORY) fail_msg("allocation %ld: status %d: %s", k, status, err.message);
            assert_null(store);
            FTDN_ASSERT_OK(ftdn_store_open(path, FTDN_STORE_WRITE, &store, &err), err);
        }
        ftdn_store_close(store);
        assert_int_equal(count_trials(path), 0);
        if (n_refused == 0) break;
    }
}

static void a_migration_that_runs_out_of_memory_changes_nothing(void **state)
{
    (void)state;
    const char *path = path_of("old.db"), *backup = path_of("old.db.backup-2");
    size_t n_old, n_bytes;
    ftdn_old_store_make(path, OLD_TRIALS);
    const char *old = ftdn_test_load_file(&arena, path, &n_old), *answer = ftdn_old_store_read(path, &arena);
    int n_errors = 0;
    for (long k = 0;; k += MIGRATION_STRIDE) {
        ftdn_arena_mark mark = ftdn_arena_get_mark(&arena);
        ftdn_migration migration;
        remove(backup);
        ftdn_test_write_file(path, old, n_old);
        n_refused = 0;
        n_good = k;
        ftdn_status status = ftdn_store_migrate(path, &arena, &migration, &err);
        n_good = -1;
        if (status != FTDN_OK) {
            if (status != FTDN_ERR_MEMORY) fail_msg("allocation %ld: status %d: %s", k, status, err.message);
            const char *bytes = ftdn_test_load_file(&arena, path, &n_bytes);
            assert_int_equal(n_bytes, n_old);
            assert_memory_equal(bytes, old, n_old);
            assert_false(ftdn_file_exists(backup));
            n_errors++;
        }
        ftdn_arena_reset(&arena, mark);
        if (n_refused == 0) {
            assert_int_equal(status, FTDN_OK);
            break;
        }
    }
    assert_string_equal(ftdn_old_store_read(path, &arena), answer);
    assert_true(n_errors > 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_FOLDER_TEST(a_refused_allocation_is_a_clean_error),
        FTDN_FOLDER_TEST(a_store_whose_making_runs_out_of_memory_can_be_made_again),
        FTDN_FOLDER_TEST(a_migration_that_runs_out_of_memory_changes_nothing),
    };
    return cmocka_run_group_tests_name("results/store_memory", tests, install_failing_memory, NULL);
}
