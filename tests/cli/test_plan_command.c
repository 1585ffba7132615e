/* test_plan_command.c - ftdn plan: what a manifest asks for at one glance, what is done, what the rest takes. */
#include <stdio.h>
#include <unistd.h>

#include "base/sha256.h"
#include "tests/cli/cli_campaign.h"

#define SWEEPS                                                                                                         \
    "'sweeps': {'rates': {'grid': {'faults.weight_rate': {'from': 0, 'to': 0.1, 'step': 0.01}}, 'seeds': 2},"          \
    " 'some': {'description': 'a few of them', 'zip': {'faults.weight_rate': [0.01, 0.5], 'seed': [0, 7]}},"           \
    " 'until': {'set': {'faults.feature_map_rate': 0.5}, 'seeds': {'until': {'ci95': 0.01, 'min': 2, 'max': 5}}}}"

static void the_plan_is_a_picture_of_sweeps_and_counts(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_write_small("small.json", 1, "'description': 'two words', " SWEEPS);
    ftdn_cli_result result = FTDN_CLI(&place->arena, "plan", "small.json", "--no-estimate");
    ftdn_cli_assert_done(result);
    static const char expected[] = "small: two words\n"
                                   "\n"
                                   "rates: 11 combinations\n"
                                   "  faults.weight_rate            11  0, 0.01, 0.02, 0.03, 0.04, ... 0.1\n"
                                   "  seeds                          2  0 to 1\n"
                                   "\n"
                                   "some: 2 combinations\n"
                                   "  a few of them\n"
                                   "  faults.weight_rate + seed      2  0.01/0, 0.5/7\n"
                                   "\n"
                                   "until: 1 combination\n"
                                   "  seeds                          5  2 to 5, until mAP is known to +- 0.01\n"
                                   "\n"
                                   "sweep  trials at least  at most  done  missing\n"
                                   "-----  ---------------  -------  ----  -------\n"
                                   "rates               22       22     0       22\n"
                                   "some                 2        2     0        2\n"
                                   "until                2        5     0        2\n"
                                   "\n"
                                   "25 to 28 trials (and 1 that repeat one of them), 0 in results/small.db, 25 or more "
                                   "to run\n"
                                   "\n  ";
    if (strncmp(result.out, expected, strlen(expected)) != 0) fail_msg("%s", result.out);
    ftdn_cli_assert_says(result.out, "  perhaps  weight_rate 0, feature_map_rate 0.5, none, seed 4\n");
    assert_int_equal(ftdn_cli_count_entries(place->folder), 1);
}

static void many_trials_are_listed_where_that_is_wanted(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_write_small("small.json", 1, "'sweep': {'seeds': 41}");
    ftdn_cli_result result = FTDN_CLI(&place->arena, "plan", "small.json", "--no-estimate");
    ftdn_cli_assert_says(result.out, "41 trials, 0 in results/small.db, 41 to run\n\n--list lists the trials\n");
    assert_null(strstr(result.out, "missing"));
    result = FTDN_CLI(&place->arena, "plan", "small.json", "--no-estimate", "--list");
    ftdn_cli_assert_says(result.out, "  missing  weight_rate 0, feature_map_rate 0, none, seed 40\n");
}

static void an_estimate_is_measured_and_leaves_nothing_behind(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_write_small("small.json", 4, "'sweep': {'grid': {'faults.weight_rate': [0, 0.1]}, 'seeds': 2}");
    ftdn_cli_result result = FTDN_CLI(&place->arena, "plan", "small.json", "--workers", "2", "--threads", "1");
    assert_int_equal(result.exit_code, 0);
    assert_string_equal(result.err, "measuring a few images\n");
    ftdn_cli_assert_says(result.out, "\ntime    about ");
    ftdn_cli_assert_says(result.out, "\n        2 workers of 1 thread, from ");
    ftdn_cli_assert_says(result.out, " s of calibration\nmemory  about ");
    ftdn_cli_assert_says(result.out, "of it for each worker\ndisk    about 0.0 MB more in results/small.db\n");
    assert_int_equal(ftdn_cli_count_entries(place->folder), 1);
}

static void earlier_trials_of_the_store_are_the_basis_of_an_estimate(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 4, "'sweep': {'seeds': 4}");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "--quiet", "--workers", "2", "--threads", "1"));
    ftdn_cli_result result = FTDN_CLI(arena, "plan", "small.json");
    ftdn_cli_assert_done(result); /* nothing is measured */
    ftdn_cli_assert_says(result.out, "4 trials, 4 in results/small.db, 0 to run\n\nnothing is left to run\n");
    ftdn_cli_assert_says(result.out, "  done     weight_rate 0, ");
    ftdn_cli_write_small("small.json", 4, "'sweep': {'seeds': 10}");
    result = FTDN_CLI(arena, "plan", "small.json", "--workers", "2", "--threads", "1");
    ftdn_cli_assert_says(result.out, "10 trials, 4 in results/small.db, 6 to run\n");
    ftdn_cli_assert_says(result.out, "2 workers of 1 thread, from 4 earlier trials of this store\n");
    result = FTDN_CLI(arena, "plan", "small.json", "--workers", "1", "--threads", "1");
    ftdn_cli_assert_says(result.out, "1 worker of 1 thread, from ");
    ftdn_cli_assert_says(result.out, "of calibration\n");
}

static void json_has_counts_and_estimate_and_trials_where_wanted(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 2, SWEEPS);
    const ftdn_json *plan = ftdn_cli_parse(arena, FTDN_CLI(arena, "plan", "small.json", "--json").out);
    assert_int_equal(ftdn_cli_member(plan, "n_trials")->number, 25);
    assert_int_equal(ftdn_cli_member(plan, "n_most")->number, 28);
    assert_int_equal(ftdn_cli_member(plan, "n_done")->number, 0);
    assert_int_equal(ftdn_cli_member(plan, "n_missing")->number, 25);
    assert_int_equal(ftdn_cli_member(plan, "n_repeated")->number, 1);
    assert_null(ftdn_json_find(plan, "trials"));
    const ftdn_json *sweeps = ftdn_cli_member(plan, "sweeps"), *estimate = ftdn_cli_member(plan, "estimate");
    assert_int_equal(sweeps->n_children, 3);
    assert_int_equal(ftdn_cli_member(ftdn_cli_member(sweeps->child[0], "factors")->child[0], "values")->n_children, 11);
    assert_float_equal(ftdn_cli_member(ftdn_cli_member(sweeps->child[2], "seeds"), "ci95")->number, 0.01, 0);
    assert_int_equal(ftdn_cli_member(estimate, "n_wanted")->number, 25);
    assert_int_equal(ftdn_cli_member(estimate, "n_most")->number, 28);
    assert_true(ftdn_cli_member(estimate, "seconds")->number > 0);
    assert_true(ftdn_cli_member(estimate, "most_seconds")->number > ftdn_cli_member(estimate, "seconds")->number);

    plan = ftdn_cli_parse(arena, FTDN_CLI(arena, "plan", "small.json", "--json", "--list", "--no-estimate").out);
    const ftdn_json *trials = ftdn_cli_member(plan, "trials");
    assert_null(ftdn_json_find(plan, "estimate"));
    assert_int_equal(trials->n_children, 28);
    int n_shared = 0;
    for (int i = 0; i < 28; i++) n_shared += ftdn_cli_member(trials->child[i], "sweeps")->n_children == 2;
    assert_int_equal(n_shared, 1);
}

/* The ids of a plan, in its order. */
static const char *ids_of(ftdn_arena *arena, const char *manifest, const char *shard)
{
    static const char all[] = "1/1";
    ftdn_cli_result result =
        FTDN_CLI(arena, "plan", manifest, "--json", "--list", "--no-estimate", "--shard", shard ? shard : all);
    ftdn_cli_assert_done(result);
    const ftdn_json *trials = ftdn_cli_member(ftdn_cli_parse(arena, result.out), "trials");
    ftdn_error err = {0};
    const char *ids = "";
    for (int i = 0; i < trials->n_children && ids; i++)
        ids = ftdn_arena_format(arena, &err, "%s%s\n", ids, ftdn_cli_member(trials->child[i], "id")->string);
    if (!ids) fail_msg("%s", err.message);
    return ids;
}

static void the_resolved_manifest_has_the_same_trials(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 1, SWEEPS);
    ftdn_cli_result result = FTDN_CLI(arena, "plan", "small.json", "--resolved");
    ftdn_cli_assert_done(result);
    ftdn_test_write_file("resolved.json", result.out, strlen(result.out));
    assert_string_equal(ids_of(arena, "resolved.json", NULL), ids_of(arena, "small.json", NULL));
}

static void shards_share_the_trials_among_them(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("small.json", 1, SWEEPS);
    const char *all = ids_of(arena, "small.json", NULL), *first = ids_of(arena, "small.json", "1/2");
    const char *second = ids_of(arena, "small.json", "2/2");
    assert_int_equal(strlen(all), strlen(first) + strlen(second));
    for (const char *id = first; *id; id = strchr(id, '\n') + 1) {
        char line[FTDN_SHA256_HEX + 1];
        snprintf(line, sizeof line, "%.64s\n", id);
        ftdn_cli_assert_says(all, line);
        assert_null(strstr(second, line));
    }
    ftdn_cli_result result = FTDN_CLI(arena, "plan", "small.json", "--no-estimate", "--shard", "2/2");
    ftdn_cli_assert_says(result.out, " in shard 2/2, 0 in results/small.2-of-2.db, ");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "plan", "small.json", "--shard", "3/2"), 2, "--shard: '3/2' is not allowed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(the_plan_is_a_picture_of_sweeps_and_counts),
        FTDN_CAMPAIGN_TEST(many_trials_are_listed_where_that_is_wanted),
        FTDN_CAMPAIGN_TEST(an_estimate_is_measured_and_leaves_nothing_behind),
        FTDN_CAMPAIGN_TEST(earlier_trials_of_the_store_are_the_basis_of_an_estimate),
        FTDN_CAMPAIGN_TEST(json_has_counts_and_estimate_and_trials_where_wanted),
        FTDN_CAMPAIGN_TEST(the_resolved_manifest_has_the_same_trials),
        FTDN_CAMPAIGN_TEST(shards_share_the_trials_among_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
