/* test_protections.c - campaigns with protections, through the program: same bytes whatever the threads, batch and
 * order; scores once; copies in the store and among the sites; mistakes told before anything runs. */
#include <unistd.h>

#include "tests/cli/cli_campaign.h"

#define CALIBRATION "'calibration': {'kind': 'test_scenes', 'images': 2, 'seed': 1, 'measured_images': 1}"
#define HALF "'ratio': 0.5"

/* Every method, merge, ranking and allocation at least once. */
static const char *const protections[] = {
    "{'method': 'none'}",
    "{'method': 'kr', 'ranking': 'random', " HALF "}",
    "{'method': 'kr', 'ranking': 'second_order', 'merge': 'nonzero', " HALF "}",
    "{'method': 'kr', 'ranking': 'entropy', 'merge': 'median', 'allocation': 'global', " HALF "}",
    "{'method': 'fmr', 'ranking': 'weight_sum', 'direction': 'filter', " HALF "}",
    "{'method': 'fmr', 'ranking': 'taylor', 'merge': 'max_abs', 'merge_point': 'conv', " HALF "}",
    "{'method': 'fmr', 'ranking': 'second_order', 'merge': 'median', 'ratio': 0.2}",
    "{'method': 'd2nn', 'ranking': 'activation', " HALF "}",
    "{'method': 'd2nn', 'combine': 'boxes', " HALF "}",
    "{'method': 'clip'}",
};
enum { N_PROTECTIONS = sizeof protections / sizeof *protections };

static void write_campaign(ftdn_arena *arena, const char *path, bool backwards)
{
    const char *list = "";
    for (int i = 0; i < N_PROTECTIONS; i++) {
        const char *one = protections[backwards ? N_PROTECTIONS - 1 - i : i];
        list = ftdn_arena_format(arena, NULL, "%s%s%s", list, i ? ", " : "", one);
    }
    const char *rest =
        ftdn_arena_format(arena, NULL,
                          CALIBRATION ", 'faults': {'weight_rate': 0.02, 'feature_map_rate': 0.02},"
                                      " 'sweep': {'grid': {%s'protection': [%s]%s}}",
                          backwards ? "'seed': [1, 0], " : "", list, backwards ? "" : ", 'seed': [0, 1]");
    ftdn_cli_write_small(path, 3, rest);
}

static void threads_batch_and_order_change_no_byte(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    write_campaign(arena, "there.json", false);
    write_campaign(arena, "back.json", true);
    ftdn_cli_assert_done(
        FTDN_CLI(arena, "run", "there.json", "--quiet", "--db", "1.db", "--threads", "1", "--batch", "8"));
    ftdn_cli_assert_done(
        FTDN_CLI(arena, "run", "back.json", "--quiet", "--db", "2.db", "--threads", "3", "--batch", "1"));
    ftdn_cli_assert_whole(arena, "1.db");
    ftdn_cli_assert_answer(arena, "1.db", "SELECT count(*) FROM v_trials", 2 * N_PROTECTIONS);
    assert_string_equal(ftdn_cli_results(arena, "2.db"), ftdn_cli_results(arena, "1.db"));
    const char *scores = "SELECT * FROM v_scores ORDER BY ranker, parameters, layer, rank";
    const char *columns = "SELECT ranker, parameters, layer, channel, score FROM v_scores ORDER BY 1, 2, 3, 4";
    assert_string_equal(ftdn_cli_ask(arena, "2.db", columns), ftdn_cli_ask(arena, "1.db", columns));
    /* What is ranked is kept: more trials of the same rankings compute nothing anew. */
    const char *before = ftdn_cli_ask(arena, "1.db", scores);
    ftdn_cli_write_small("more.json", 3,
                         CALIBRATION
                         ", 'seed': 7, 'faults': {'weight_rate': 0.02, 'feature_map_rate': 0.02}, 'protection': "
                         "{'method': 'fmr', 'ranking': 'second_order', 'ratio': 0.3}");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "more.json", "--quiet", "--db", "1.db"));
    ftdn_cli_assert_answer(arena, "1.db", "SELECT count(*) FROM v_trials", 2 * N_PROTECTIONS + 1);
    assert_string_equal(ftdn_cli_ask(arena, "1.db", scores), before);
}

/* Copies have faults of their own at the rate that was asked for; originals have those of the unprotected trial. */
static void the_store_counts_the_faults_of_copies(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    write_campaign(arena, "m.json", false);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "m.json", "--quiet", "--db", "a.db"));
    ftdn_cli_assert_answer(arena, "a.db",
                           "SELECT count(DISTINCT faults) FROM v_faults JOIN v_trials USING (id)"
                           " WHERE copy = 0 AND seed = 0 AND layer = 'base_net.5.3' AND location = 'weights'",
                           1);
    ftdn_cli_assert_answer(arena, "a.db", /* within five standard deviations of the rate */
                           "SELECT count(*) FROM v_faults WHERE elements > 0 AND"
                           " abs(faults - elements * requested_rate) > 5 * sqrt(elements * requested_rate)",
                           0);
    ftdn_cli_assert_answer(arena, "a.db",
                           "SELECT count(DISTINCT method || merge || copy) FROM v_faults JOIN v_trials USING (id)"
                           " WHERE copy > 0 AND merge = 'median' AND location = 'weights'",
                           4);
    ftdn_cli_assert_answer(arena, "a.db",
                           "SELECT count(DISTINCT method) FROM v_faults JOIN v_trials USING (id)"
                           " WHERE copy > 0 AND location = 'feature_map'",
                           2);
}

static long long count_sites(ftdn_arena *arena, const char *id, const char *layer, const char *location, int copy)
{
    ftdn_cli_result result =
        FTDN_CLI(arena, "sites", "m.json", "--trial", id, "--layer", layer, "--image", "scene000000", "--json");
    ftdn_cli_assert_done(result);
    const ftdn_json *sites = ftdn_cli_parse(arena, result.out);
    long long n = 0;
    for (int i = 0; i < sites->n_children; i++) {
        const ftdn_json *site = sites->child[i];
        n += !strcmp(ftdn_cli_member(site, "location")->string, location) &&
             (int)ftdn_cli_member(site, "copy")->number == copy;
    }
    return n;
}

static void the_sites_of_copies_are_listed(void **state)
{
    static const char *const locations[] = {"weights", "feature_map"};
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    ftdn_cli_write_small("m.json", 1,
                         CALIBRATION ", 'faults': {'weight_rate': 0.1, 'feature_map_rate': 0.01},"
                                     " 'protection': {'method': 'fmr', 'ratio': 0.5, 'merge': 'median'}");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "m.json", "--quiet", "--db", "a.db"));
    ftdn_cli_assert_says(FTDN_CLI(arena, "plan", "m.json", "--db", "a.db").out, "\n1 trial, 1 in a.db, 0 to run\n");
    ftdn_cli_result plan = FTDN_CLI(arena, "plan", "m.json", "--json", "--list", "--no-estimate", "--db", "a.db");
    const char *id =
        ftdn_cli_member(ftdn_cli_member(ftdn_cli_parse(arena, plan.out), "trials")->child[0], "id")->string;
    for (int l = 0; l < 2; l++) {
        for (int copy = 0; copy < 3; copy++) {
            const char *question = ftdn_arena_format(
                arena, NULL,
                "SELECT faults FROM v_faults WHERE layer = 'base_net.3.3' AND location = '%s' AND copy = %d",
                locations[l], copy);
            long long n_sites = count_sites(arena, id, "base_net.3.3", locations[l], copy);
            ftdn_cli_assert_answer(arena, "a.db", question, n_sites);
            assert_true(n_sites > 0);
        }
    }
}

/* Only trials that read the calibration images fail, each with the cause. */
static void calibration_images_that_cannot_be_decoded_fail_the_trials_that_need_them(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    ftdn_cli_write_voc("voc");
    ftdn_cli_write_small("m.json", 1,
                         "'calibration': {'kind': 'voc', 'root': 'voc', 'split': 'test'}, 'sweep': {'grid': {"
                         "'seed': [0, 1], 'protection': [{'method': 'kr', 'ranking': 'entropy', " HALF "},"
                         " {'method': 'kr', " HALF "}, {'method': 'clip'}]}}");
    size_t n_bytes;
    ftdn_cli_load(arena, "voc/JPEGImages/b.jpg", &n_bytes);
    assert_int_equal(truncate("voc/JPEGImages/b.jpg", (off_t)n_bytes - 20), 0);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "run", "m.json", "--quiet", "--db", "a.db"), 10,
                          "4 of 6 trials failed (see them: ftdn query a.db v_failures); the first: "
                          "voc/JPEGImages/b.jpg: unreadable JPEG: Premature end of JPEG file (trial ");
    ftdn_cli_assert_answer(arena, "a.db", "SELECT count(*) FROM v_trials", 2);
    ftdn_cli_assert_answer(arena, "a.db",
                           "SELECT count(DISTINCT id) FROM v_failures WHERE NOT finished AND"
                           " cause = 'voc/JPEGImages/b.jpg: unreadable JPEG: Premature end of JPEG file'",
                           4);
    ftdn_cli_write_voc("voc");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "m.json", "--quiet", "--db", "a.db"));
    ftdn_cli_assert_answer(arena, "a.db", "SELECT count(*) FROM v_trials", 6);
}

/* What has to be ranked for a list of sites is kept where there is a store, and read from there. */
static void sites_use_the_scores_of_the_store(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    ftdn_cli_write_small("m.json", 1, "'faults': {'weight_rate': 0.1}");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "m.json", "--quiet", "--db", "a.db"));
    ftdn_cli_write_small("m.json", 1,
                         CALIBRATION ", 'faults': {'weight_rate': 0.1},"
                                     " 'protection': {'method': 'kr', 'ranking': 'entropy', " HALF "}");
    ftdn_cli_result plan = FTDN_CLI(arena, "plan", "m.json", "--json", "--list", "--no-estimate", "--db", "a.db");
    const char *id =
        ftdn_cli_member(ftdn_cli_member(ftdn_cli_parse(arena, plan.out), "trials")->child[0], "id")->string;
    const char *listed[2];
    for (int i = 0; i < 2; i++) {
        ftdn_cli_result result =
            FTDN_CLI(arena, "sites", "m.json", "--trial", id, "--layer", "base_net.3.3", "--db", "a.db");
        ftdn_cli_assert_done(result);
        listed[i] = result.out;
        ftdn_cli_assert_answer(arena, "a.db", "SELECT count(DISTINCT created_at) FROM v_scores", 1);
    }
    assert_string_equal(listed[0], listed[1]);
    assert_int_equal(access("results", F_OK), -1);
}

/* All told with their place, and nothing is written. */
static void mistakes_are_told_before_anything_runs(void **state)
{
    static const struct {
        const char *rest, *fragment;
    } wrong[] = {
        {"'protection': {'method': 'kr', 'ratio': 0.5, 'ranking': 'entropy'}", "no calibration images are given, and they are needed; add, say"},
        {"'protection': {'method': 'clip'}", "no calibration images are given, and they are needed; add, say"},
        {"'calibration': {'kind': 'test_scenes', 'images': 2},"
         " 'protection': {'method': 'fmr', 'ratio': 0.5, 'ranking': 'entropy'}",
         "image 'scene000000' is one of the dataset"},
        {"'protection': {'method': 'kr', 'ratio': 1.5}", "protection.ratio"},
        {"'protection': {'method': 'kr', 'ratio': -0.5}", "protection.ratio"},
        {"'protection': {'method': 'kr'}", "protection.ratio: missing"},
        {"'protection': {'method': 'kr', 'ratio': 0.5, 'ranking': 'weightsum'}", "did you mean 'weight_sum'?"},
        {"'protection': {'method': 'd2nn', 'ratio': 0.5, 'merge': 'mean'}", "protection.merge"},
        {"'protection': {'method': 'fmr', 'ratio': 0.5}, 'faults': {'scope': ['base_net.14.*']}",
         "no layer matches 'base_net.14.*'; a layer of this network is called 'base_net.1"},
    };
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ftdn_cli_write_small("m.json", 3, wrong[i].rest);
        ftdn_cli_result result = FTDN_CLI(arena, "run", "m.json", "--quiet", "--db", "a.db");
        assert_int_equal(result.exit_code, 3);
        ftdn_cli_assert_says(result.err, wrong[i].fragment);
        ftdn_cli_assert_says(result.err, "m.json:");
        assert_int_equal(access("a.db", F_OK), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(threads_batch_and_order_change_no_byte),
        FTDN_CAMPAIGN_TEST(the_store_counts_the_faults_of_copies),
        FTDN_CAMPAIGN_TEST(the_sites_of_copies_are_listed),
        FTDN_CAMPAIGN_TEST(calibration_images_that_cannot_be_decoded_fail_the_trials_that_need_them),
        FTDN_CAMPAIGN_TEST(sites_use_the_scores_of_the_store),
        FTDN_CAMPAIGN_TEST(mistakes_are_told_before_anything_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
