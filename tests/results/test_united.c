/* test_united.c - stores dumped, compared, merged and repaired: nothing is lost, nothing is twice, nothing is made
 * up. */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "results/diff.h"
#include "results/merge.h"
#include "results/repair.h"
#include "results/store_dump.h"
#include "results/stored_scores.h"
#include "results/verify.h"
#include "tests/results/changed_store.h"
#include "tests/results/sample.h"
#include "tests/support/folder_per_test.h"

enum { TRIALS = 30, PAGE = 4096 };

static void init_sample(ftdn_sample *sample, int number)
{
    ftdn_sample_init(sample, number);
    sample->record.params.weight_rate = (number / 5) / 100.0;
    sample->record.map_voc07 = number % 41 / 41.0;
}

/* Trials first, first + step, ... below `end`; a failed attempt at trial 1000 + first; a plan, a ranking, a canary. */
static char *make_store(const char *name, int first, int step, int end)
{
    ftdn_attempt_origin origin;
    ftdn_sample sample;
    bool matches;
    char *path = path_of(name);
    ftdn_store *store = ftdn_sample_open(path, &origin);
    for (int i = first; i < end; i += step) {
        init_sample(&sample, i);
        ftdn_sample_append(store, &sample, &origin);
    }
    ftdn_sample_init(&sample, 1000 + first);
    FTDN_ASSERT_OK(ftdn_sample_fail(store, &sample, "lightning", &origin, &err), err);
    const ftdn_planned_row planned = {"sweep", sample.record.id, "trial"};
    FTDN_ASSERT_OK(ftdn_store_add_planned(store, origin.campaign, &planned, 1, &err), err);
    double score[2] = {1, 0.5};
    const ftdn_layer_scores scores = {"base_net.2.3", 2, score};
    const ftdn_ranking_key key = {
        .model = "ssd_vgg16", .width = 1, .weights_digest = "abc", .ranker = "weight_sum", .parameters = "{}"};
    FTDN_ASSERT_OK(ftdn_store_add_scores(store, &key, "0.1.0", 1, &scores, 1, &err), err);
    FTDN_ASSERT_OK(ftdn_store_check_canary(store, "abc", "def", origin.environment, &matches, &err), err);
    FTDN_ASSERT_OK(ftdn_store_end_run(store, origin.run, "finished", &err), err);
    ftdn_store_close(store);
    return path;
}

static const char *dump(const char *path)
{
    ftdn_store *store;
    char *chars = NULL;
    size_t n_chars = 0;
    FILE *out = open_memstream(&chars, &n_chars);
    assert_non_null(out);
    FTDN_ASSERT_OK(ftdn_store_open(path, FTDN_STORE_READ, &store, &err), err);
    FTDN_ASSERT_OK(ftdn_store_dump(store, out, &err), err);
    ftdn_store_close(store);
    assert_int_equal(fclose(out), 0);
    const char *copy = ftdn_arena_copy_text(&arena, chars, n_chars, &err);
    assert_non_null(copy);
    free(chars);
    return copy;
}

static const char *ask(const char *path, const char *question)
{
    ftdn_store *store;
    FTDN_ASSERT_OK(ftdn_store_open(path, FTDN_STORE_READ, &store, &err), err);
    const char *answer = ftdn_sample_ask(store, question, FTDN_FORMAT_CSV, &arena);
    ftdn_store_close(store);
    return answer;
}

static void assert_sound(const char *path)
{
    ftdn_verification answer;
    FTDN_ASSERT_OK(ftdn_store_verify(path, &arena, &answer, &err), err);
    if (answer.n_damages > 0) fail_msg("%s: %s", path, answer.damage[0].what);
}

static void a_dump_tells_results_and_nothing_else(void **state)
{
    (void)state;
    const char *path = make_store("a.db", 0, 1, 2), *text = dump(path);
    assert_non_null(strstr(text, "{\"table\":\"results\",\"map_voc07\":0.024390243902439025,\"map_area\":"));
    assert_non_null(strstr(text, "{\"table\":\"class_ap\",\"class\":\"cat\",\"ap_voc07\":null,"));
    assert_null(strstr(text, "bench"));
    assert_null(strstr(text, "total"));
    ftdn_changed_store_run(
        path, "UPDATE attempts SET seconds = 99, finished_at = 'x'; UPDATE environments SET cpu = 'another'");
    assert_string_equal(dump(path), text);
    ftdn_changed_store_run(path, "UPDATE class_ap SET objects = 8 WHERE objects = 7");
    assert_string_not_equal(dump(path), text);
}

static void merged_shards_are_what_one_run_gives(void **state)
{
    (void)state;
    static const int shards[] = {1, 2, 5};
    const char *whole = dump(make_store("whole.db", 0, 1, TRIALS));
    for (size_t s = 0; s < sizeof shards / sizeof *shards; s++) {
        const char *input[5];
        char name[32];
        ftdn_merge_summary summary;
        for (int i = 0; i < shards[s]; i++) {
            snprintf(name, sizeof name, "shard_%d_%d.db", shards[s], i);
            input[i] = make_store(name, i, shards[s], TRIALS);
        }
        snprintf(name, sizeof name, "merged_%d.db", shards[s]);
        char *out = path_of(name);
        FTDN_ASSERT_OK(ftdn_store_merge(out, input, shards[s], &arena, &summary, &err), err);
        assert_int_equal(summary.n_trials, TRIALS);
        assert_int_equal(summary.n_repeated, 0);
        assert_string_equal(dump(out), whole);
        assert_sound(out);
        char expected[128];
        snprintf(expected, sizeof expected, "a,f,r,p,c,k,s\n%d,%d,%d,%d,1,1,2\n", TRIALS + shards[s], shards[s],
                 shards[s], shards[s]);
        static const char counts[] =
            "SELECT (SELECT count(*) FROM attempts) AS a, (SELECT count(*) FROM v_failures) AS f, (SELECT count(*) "
            "FROM runs) AS r, (SELECT count(*) FROM planned) AS p, (SELECT count(*) FROM campaigns) AS c, "
            "(SELECT count(*) FROM canaries) AS k, (SELECT count(*) FROM channel_scores) AS s";
        assert_string_equal(ask(out, counts), expected);
        /* Once more, into the store that is there: nothing is twice. */
        FTDN_ASSERT_OK(ftdn_store_merge(out, input, shards[s], &arena, &summary, &err), err);
        assert_int_equal(summary.n_repeated, TRIALS);
        assert_string_equal(ask(out, counts), expected);
        assert_string_equal(dump(out), whole);
        assert_sound(out);
    }
}

/* Another result under the id of trial 3, with digests that fit. */
static char *make_conflicting(const char *name)
{
    ftdn_attempt_origin origin;
    ftdn_sample sample;
    char *path = path_of(name);
    ftdn_store *store = ftdn_sample_open(path, &origin);
    init_sample(&sample, 3);
    sample.record.map_voc07 = 0.75;
    sample.class_row[0].n_objects = 9;
    ftdn_sample_append(store, &sample, &origin);
    ftdn_store_close(store);
    return path;
}

static void results_that_differ_are_not_merged(void **state)
{
    (void)state;
    ftdn_merge_summary summary;
    char *out = path_of("out.db");
    const char *input[] = {make_store("a.db", 0, 1, 5), make_conflicting("b.db")};
    FTDN_ASSERT_FAILS(ftdn_store_merge(out, input, 2, &arena, &summary, &err), FTDN_ERR_STORE, "two results of trial ",
                      err);
    for (int i = 0; i < 2; i++) {
        char fragment[600];
        snprintf(fragment, sizeof fragment, "'%s': code 0.1.0+g1a2b3c4, machine bench, device cpu, 20", input[i]);
        if (!strstr(err.message, fragment)) fail_msg("'%s' lacks '%s'", err.message, fragment);
    }
    assert_non_null(strstr(err.message, "mAP 0.75"));
    assert_false(ftdn_file_exists(out));
    assert_false(ftdn_file_exists(path_of("out.db.merging")));
    /* The same where the store is there already. */
    const char *before = dump(input[0]);
    FTDN_ASSERT_FAILS(ftdn_store_merge(input[0], &input[1], 1, &arena, &summary, &err), FTDN_ERR_STORE, "differ", err);
    assert_string_equal(dump(input[0]), before);
}

/* A store with one canary and the scores of one layer. */
static const char *make_rows(const char *name, const char *canary, double last_score)
{
    ftdn_attempt_origin origin;
    bool matches;
    const char *path = path_of(name);
    double score[2] = {1, last_score};
    const ftdn_layer_scores scores = {"base_net.2.3", 2, score};
    const ftdn_ranking_key key = {
        .model = "ssd_vgg16", .width = 1, .weights_digest = "abc", .ranker = "entropy", .parameters = "{}"};
    ftdn_store *store = ftdn_sample_open(path, &origin);
    FTDN_ASSERT_OK(ftdn_store_check_canary(store, "golden", canary, origin.environment, &matches, &err), err);
    FTDN_ASSERT_OK(ftdn_store_add_scores(store, &key, "0.1.0", 1, &scores, 1, &err), err);
    ftdn_store_close(store);
    return path;
}

static void canaries_and_scores_that_differ_are_not_merged(void **state)
{
    (void)state;
    const char *first = make_rows("a.db", "abc", 0.5);
    const struct {
        const char *input, *table; /* NULL: it can be merged with the first */
    } others[] = {
        {make_rows("same.db", "abc", 0.5), NULL},
        {make_rows("canary.db", "abd", 0.5), "canaries"},
        {make_rows("score.db", "abc", 0.25), "channel_scores"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        ftdn_merge_summary summary;
        const char *input[] = {first, others[i].input}, *out = path_of("out.db");
        ftdn_status status = ftdn_store_merge(out, input, 2, &arena, &summary, &err);
        assert_int_equal(ftdn_file_exists(out), !others[i].table);
        assert_int_equal(status, others[i].table ? FTDN_ERR_STORE : FTDN_OK);
        remove(out);
        if (!others[i].table) continue;
        const char *message =
            ftdn_arena_format(&arena, &err, "': a row of %s differs from the one of an earlier input", others[i].table);
        if (!strstr(err.message, message)) fail_msg("'%s' lacks '%s'", err.message, message);
    }
}

static void damaged_inputs_are_not_merged(void **state)
{
    (void)state;
    ftdn_merge_summary summary;
    const char *input[] = {make_store("a.db", 0, 1, 5), make_store("b.db", 5, 1, 8)};
    ftdn_changed_store_run(input[1], "UPDATE results SET map_area = 0.5 WHERE trial = 2");
    FTDN_ASSERT_FAILS(ftdn_store_merge(path_of("out.db"), input, 2, &arena, &summary, &err), FTDN_ERR_STORE,
                      "b.db' is damaged (", err);
    assert_false(ftdn_file_exists(path_of("out.db")));
}

static void a_comparison_tells_what_differs(void **state)
{
    (void)state;
    ftdn_store *a, *b;
    ftdn_store_diff diff;
    const char *path_a = make_store("a.db", 0, 1, 5), *path_b = make_conflicting("b.db");
    ftdn_attempt_origin origin;
    ftdn_sample sample;
    b = ftdn_sample_open(path_b, &origin);
    for (int i = 4; i < 7; i++) {
        init_sample(&sample, i);
        ftdn_sample_append(b, &sample, &origin);
    }
    FTDN_ASSERT_OK(ftdn_store_open(path_a, FTDN_STORE_READ, &a, &err), err);
    FTDN_ASSERT_OK(ftdn_store_compare(a, b, &arena, &diff, &err), err);
    assert_int_equal(diff.n_only_a, 3);
    assert_int_equal(diff.n_only_b, 2);
    assert_int_equal(diff.n_equal, 1);
    assert_int_equal(diff.n_other_code, 0);
    assert_int_equal(diff.n_different, 1);
    assert_int_equal(diff.n_differences, 2);
    assert_string_equal(diff.difference[0].where, "results[0].map_voc07");
    assert_string_equal(diff.difference[0].a, "0.073170731707317069");
    assert_string_equal(diff.difference[0].b, "0.75");
    assert_string_equal(diff.difference[1].where, "class_ap[0].objects");
    assert_string_equal(diff.difference[1].a, "7");
    assert_string_equal(diff.difference[1].b, "9");
    ftdn_store_close(a);
    ftdn_store_close(b);
}

static void what_is_sound_is_saved_and_the_rest_is_named(void **state)
{
    (void)state;
    ftdn_repair_summary summary;
    ftdn_sample sample;
    const char *path = make_store("a.db", 0, 1, TRIALS), *out = path_of("out.db");
    ftdn_changed_store_run(
        path, "UPDATE results SET map_area = 0.5 WHERE trial = 2; UPDATE trials SET spec = '{}' WHERE key = 4; "
              "DELETE FROM class_ap WHERE cell = 2 AND seed = 6; "
              "UPDATE attempts SET seconds = 1 WHERE id = 9");
    FTDN_ASSERT_OK(ftdn_store_repair(path, out, &arena, &summary, &err), err);
    assert_int_equal(summary.n_saved, TRIALS - 3);
    assert_int_equal(summary.n_without_provenance, 1);
    assert_int_equal(summary.n_lost, 3);
    static const int lost[] = {1, 3, 6};
    for (int i = 0; i < 3; i++) {
        bool found = false;
        init_sample(&sample, lost[i]);
        for (int k = 0; k < 3; k++) found |= strcmp(summary.lost[k].id, sample.record.id) == 0;
        assert_true(found);
    }
    assert_sound(out);
    assert_string_equal(ask(out, "SELECT manifest, machine FROM v_attempts WHERE manifest = 'repaired'"),
                        "manifest,machine\nrepaired,\"unknown (damaged, then repaired)\"\n");
    assert_string_equal(ask(out, "SELECT count(*) AS n FROM v_failures"), "n\n1\n");
    FTDN_ASSERT_FAILS(ftdn_store_repair(path, out, &arena, &summary, &err), FTDN_ERR_STORE, "exists", err);
}

/* Pages of noise in the middle of the file: SQLite calls it malformed, and yet most trials can be read. */
static void a_malformed_file_gives_what_can_be_read(void **state)
{
    (void)state;
    size_t n_bytes;
    const char *path = make_store("a.db", 0, 1, 300), *whole = dump(path);
    char *bytes = ftdn_test_load_file(&arena, path, &n_bytes);
    int n_repaired = 0;
    for (size_t page = n_bytes / PAGE / 3; page < n_bytes / PAGE; page += 7) {
        ftdn_repair_summary summary;
        char kept[PAGE], *out = path_of("out.db"), *broken = path_of("broken.db");
        memcpy(kept, bytes + page * PAGE, PAGE);
        memset(bytes + page * PAGE, 0x5A, PAGE);
        ftdn_test_write_file(broken, bytes, n_bytes);
        memcpy(bytes + page * PAGE, kept, PAGE);
        remove(out);
        FTDN_ASSERT_OK(ftdn_store_repair(broken, out, &arena, &summary, &err), err);
        assert_sound(out);
        assert_int_equal(summary.n_saved + summary.n_lost, 300);
        assert_true(summary.n_saved > 0 || summary.n_lost > 0);
        n_repaired++;
        /* What is saved is as it was. */
        const char *saved = dump(out);
        for (const char *line = saved; *line; line = strchr(line, '\n') + 1) {
            char first[512];
            snprintf(first, sizeof first, "%.*s", (int)strcspn(line, "\n"), line);
            if (!strstr(whole, first)) fail_msg("page %zu: '%s' was never written", page, first);
        }
    }
    assert_true(n_repaired >= 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_FOLDER_TEST(a_dump_tells_results_and_nothing_else),
        FTDN_FOLDER_TEST(merged_shards_are_what_one_run_gives),
        FTDN_FOLDER_TEST(results_that_differ_are_not_merged),
        FTDN_FOLDER_TEST(canaries_and_scores_that_differ_are_not_merged),
        FTDN_FOLDER_TEST(damaged_inputs_are_not_merged),
        FTDN_FOLDER_TEST(a_comparison_tells_what_differs),
        FTDN_FOLDER_TEST(what_is_sound_is_saved_and_the_rest_is_named),
        FTDN_FOLDER_TEST(a_malformed_file_gives_what_can_be_read),
    };
    return cmocka_run_group_tests_name("results/united", tests, NULL, NULL);
}
