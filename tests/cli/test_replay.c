/* test_replay.c - stored trials run again, and stores compared. */
#include <stdio.h>
#include <unistd.h>

#include "results/store.h"
#include "tests/cli/cli_campaign.h"

static const char sweep[] =
    "'calibration': {'kind': 'test_scenes', 'images': 2, 'seed': 1},"
    " 'sweep': {'grid': {'faults.weight_rate': [0.01], 'faults.feature_map_rate': [0, 0.02], 'protection': ["
    "{'method': 'none'}, {'method': 'fmr', 'ranking': 'entropy', 'ratio': 0.5}, {'method': 'clip'}]}, 'seeds': [3]}";

/* The trials' ids; the list lives in the arena. */
static char **list_ids(ftdn_arena *arena, const char *db, int n)
{
    ftdn_error err = {0};
    char **id = FTDN_NEW(arena, (size_t)n, char *, &err);
    const char *at = ftdn_cli_ask(arena, db, "SELECT id FROM v_trials");
    for (int i = 0; i < n; i++) {
        at = strchr(at, '\n') + 1;
        id[i] = ftdn_arena_copy_text(arena, at, 64, &err);
    }
    return id;
}

static void a_trial_gives_the_same_bits_again(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 3, sweep);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q"));
    assert_int_equal(unlink("small.json"), 0); /* the store keeps what is needed */
    char **id = list_ids(arena, "results/small.db", 6);
    for (int i = 0; i < 6; i++) {
        ftdn_cli_result result = FTDN_CLI(arena, "replay", "results/small.db", id[i], "--verify", "--threads", "1");
        ftdn_cli_assert_done(result);
        ftdn_cli_assert_says(result.out, " values are equal, bit for bit\n");
    }
    const ftdn_json *answer = ftdn_cli_parse(arena, FTDN_CLI(arena, "replay", "results/small.db", id[0], "--json").out);
    assert_string_equal(ftdn_cli_member(answer, "different")->literal, "0");
    assert_string_equal(ftdn_cli_member(answer, "id")->string, id[0]);
}

/* Another store with the same trials, of which the first has another number of images and a higher mAP. */
static void copy_with_an_error(ftdn_arena *arena, const char *from, const char *to, char **id, int n)
{
    ftdn_error err = {0};
    ftdn_store *source, *target;
    ftdn_trial_record record;
    const char *manifest;
    ftdn_attempt_origin origin = {0};
    const ftdn_environment environment = {"1", "c", "m", "s", "p", "cpu", "", "{}"};
    FTDN_ASSERT_OK(ftdn_store_open(from, FTDN_STORE_READ, &source, &err), err);
    FTDN_ASSERT_OK(ftdn_store_open(to, FTDN_STORE_WRITE, &target, &err), err);
    FTDN_ASSERT_OK(ftdn_store_find_manifest(source, id[0], arena, &manifest, &err), err);
    const ftdn_campaign_row campaign = {.name = "small", .description = "", .path = "small.json", .manifest = manifest};
    FTDN_ASSERT_OK(ftdn_store_add_environment(target, &environment, &origin.environment, &err), err);
    FTDN_ASSERT_OK(ftdn_store_add_campaign(target, &campaign, &origin.campaign, &err), err);
    const ftdn_run_row run = {
        .campaign = origin.campaign, .environment = origin.environment, .n_workers = 1, .n_threads = 1, .n_wanted = n};
    FTDN_ASSERT_OK(ftdn_store_begin_run(target, &run, &origin.run, &err), err);
    for (int i = 0; i < n; i++) {
        FTDN_ASSERT_OK(ftdn_store_read_record(source, id[i], arena, &record, &err), err);
        if (i == 0) record.map_voc07 += 0x1p-50;
        FTDN_ASSERT_OK(ftdn_store_append(target, &record, &origin, &err), err);
    }
    ftdn_store_close(source);
    ftdn_store_close(target);
}

static void a_wrong_result_is_told_by_replay_and_diff(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 3, sweep);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--db", "a.db"));
    char **id = list_ids(arena, "a.db", 6);
    copy_with_an_error(arena, "a.db", "b.db", id, 6);

    ftdn_cli_result result = FTDN_CLI(arena, "replay", "b.db", id[0], "--verify");
    assert_int_equal(result.exit_code, 10);
    ftdn_cli_assert_says(result.out, "1 of ");
    ftdn_cli_assert_says(result.out, "\nmap_voc07: 0.");
    assert_int_equal(FTDN_CLI(arena, "replay", "b.db", id[1], "--verify").exit_code, 0);

    result = FTDN_CLI(arena, "diff", "a.db", "b.db");
    assert_int_equal(result.exit_code, 10);
    ftdn_cli_assert_says(result.out, "\n1 trials in both with different results, which should never be\n");
    /* In the words of the plan. */
    char line[320], label[160] = "";
    snprintf(line, sizeof line, "\n  %.12s  done", id[0]);
    ftdn_cli_result plan = FTDN_CLI(arena, "plan", "small.json", "--db", "a.db", "--list", "--no-estimate");
    const char *planned = strstr(plan.out, line);
    assert_non_null(planned);
    assert_int_equal(sscanf(planned + strlen(line), " %159[^\n]", label), 1);
    snprintf(line, sizeof line, "\n  %.12s  ssd_mobilenet_v1 width 0.25, zero, %s\n    results[0].map_voc07: 0.", id[0],
             label);
    ftdn_cli_assert_says(result.out, line);
    ftdn_cli_assert_done(FTDN_CLI(arena, "diff", "a.db", "a.db"));
}

static void what_cannot_be_replayed_is_told(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 2, "'engine': {'backend': 'null'}, 'sweep': {'seeds': 2}");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--db", "a.db"));
    char **id = list_ids(arena, "a.db", 2);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "replay", "a.db", "ffff0000ffff"), 2,
                          "store 'a.db' has no trial whose id begins with 'ffff0000ffff'");
    ftdn_cli_write_small("other.json", 2, "'sweep': {'grid': {'seed': [7]}}");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "replay", "a.db", id[0], "--manifest", "other.json"), 4,
                          ": it was made with null (none), this machine has f32 ");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "replay", "none.db", id[0]), 5, "store 'none.db' does not exist");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "diff", "a.db", "none.db"), 5, "store 'none.db' does not exist");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "dump", "none.db"), 5, "store 'none.db' does not exist");
}

static double get_number(const ftdn_json *object, const char *outer, const char *inner)
{
    return ftdn_cli_member(ftdn_cli_member(object, outer), inner)->number;
}

static void images_are_resampled_for_one_trial_or_a_pair(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 8, sweep);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "-q", "--db", "a.db"));
    char **id = list_ids(arena, "a.db", 6);

    ftdn_cli_result result = FTDN_CLI(arena, "replay", "a.db", id[0], "--verify", "--bootstrap", "200");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out,
                         " values are equal, bit for bit\n95 % intervals by 200 resamples of 8 images (seed 0):");
    ftdn_cli_assert_says(result.out, "\nmAP ");

    result = FTDN_CLI(arena, "replay", "a.db", id[0], "--bootstrap", "200", "--against", id[4], "--json");
    const ftdn_json *answer = ftdn_cli_parse(arena, result.out);
    assert_string_equal(ftdn_cli_member(answer, "different")->literal, "0");
    assert_string_equal(ftdn_cli_member(ftdn_cli_member(answer, "against"), "id")->string, id[4]);
    const ftdn_json *intervals = ftdn_cli_member(ftdn_cli_member(answer, "bootstrap"), "intervals");
    assert_int_equal(intervals->n_children, 21);
    const ftdn_json *map = intervals->child[0];
    assert_string_equal(ftdn_cli_member(map, "name")->string, "mAP");
    assert_true(get_number(map, "own", "value") == ftdn_cli_member(answer, "map_voc07")->number);
    assert_true(get_number(map, "against", "value") == get_number(answer, "against", "map_voc07"));
    for (int i = 0; i < 3; i++) {
        static const char *const figure[] = {"own", "against", "difference"};
        assert_true(get_number(map, figure[i], "low") <= get_number(map, figure[i], "high"));
    }

    ftdn_cli_write_small("other.json", 3, "'sweep': {'seeds': [3]}");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "other.json", "-q", "--db", "a.db"));
    const char *other = strchr(ftdn_cli_ask(arena, "a.db", "SELECT id FROM v_trials WHERE images = 3"), '\n') + 1;
    result = FTDN_CLI(arena, "replay", "a.db", id[0], "--bootstrap", "200", "--against",
                      ftdn_arena_format(arena, NULL, "%.64s", other));
    ftdn_cli_assert_fails(result, 2, " cannot be paired: their images are not the same (");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "replay", "a.db", id[0], "--against", id[1]), 2,
                          "--against needs --bootstrap N");
    ftdn_cli_write_small("null.json", 2, "'engine': {'backend': 'null'}, 'sweep': {'seeds': [3]}");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "null.json", "-q", "--db", "null.db"));
    ftdn_cli_assert_fails(FTDN_CLI(arena, "replay", "null.db", list_ids(arena, "null.db", 1)[0], "--bootstrap", "200"),
                          4, " is of the backend null: it looks at no images to resample");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(a_trial_gives_the_same_bits_again),
        FTDN_CAMPAIGN_TEST(a_wrong_result_is_told_by_replay_and_diff),
        FTDN_CAMPAIGN_TEST(images_are_resampled_for_one_trial_or_a_pair),
        FTDN_CAMPAIGN_TEST(what_cannot_be_replayed_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
