/* test_identical_results.c - the real network on real images, through the program. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/cli/cli_campaign.h"

#define SMOKE FTDN_SOURCE_ROOT "/experiments/smoke.json"

/* Of a difference to the reference run, whose images were decoded and resized by other libraries. */
#define MAP_TOLERANCE 0.002
#define AP_TOLERANCE 0.01

static void smoke_gives_the_same_bytes_for_any_threads_and_batch(void **state)
{
    static const char *const runs[][3] = {{"1.db", "1", "8"}, {"2.db", "2", "1"}, {"3.db", "3", "3"}};
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_test_require_shared();
    const char *first = NULL;
    for (int i = 0; i < 3; i++) {
        ftdn_cli_assert_done(FTDN_CLI(arena, "run", SMOKE, "--quiet", "--db", runs[i][0], "--threads", runs[i][1],
                                      "--batch", runs[i][2]));
        ftdn_cli_assert_whole(arena, runs[i][0]);
        const char *results = ftdn_cli_results(arena, runs[i][0]);
        if (first) assert_string_equal(results, first);
        else first = results;
    }
    ftdn_cli_assert_answer(arena, "1.db", "SELECT count(*) FROM v_trials WHERE images = 100", 12);
    /* Two golden runs, equal, and ten trials with faults, all different. */
    ftdn_cli_assert_answer(arena, "1.db", "SELECT count(DISTINCT map_area) FROM v_trials", 11);
}

static double ask_fraction(ftdn_arena *arena, const char *question)
{
    return strtod(strchr(ftdn_cli_ask(arena, "golden.db", question), '\n') + 1, NULL);
}

static void assert_near(const char *what, double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance)) fail_msg("%s: %.4f instead of %.4f", what, found, expected);
}

static void the_golden_run_has_the_average_precisions_of_the_reference(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const ftdn_json *reference =
        ftdn_test_load_json(arena, ftdn_test_shared_path(arena, "golden/real/voc2007_mini.json"));
    const ftdn_json *classes = ftdn_cli_member(reference, "ap_voc07");
    ftdn_cli_write_quoted(
        "golden.json", "%s",
        "{'manifest_version': 1, 'name': 'golden',\n"
        " 'model': {'name': 'ssd_mobilenet_v1_tf',\n"
        "           'weights': '${FTDN_SHARED}/data/weights/ssd_mobilenet_v1_075_coco.safetensors'},\n"
        " 'dataset': {'kind': 'voc', 'root': '${FTDN_SHARED}/data/VOC2007-mini', 'split': 'test'},\n"
        " 'evaluate': {'candidates': 300}}\n");
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "golden.json", "--quiet", "--db", "golden.db"));
    ftdn_cli_assert_answer(arena, "golden.db", "SELECT images FROM v_trials",
                           (long long)ftdn_cli_member(reference, "images")->number);
    assert_near("mAP", ask_fraction(arena, "SELECT map_voc07 FROM v_trials"),
                ftdn_cli_member(reference, "map_voc07")->number, MAP_TOLERANCE);
    assert_int_equal(classes->n_children, 20);
    for (int i = 0; i < classes->n_children; i++) {
        char question[96];
        snprintf(question, sizeof question, "SELECT ap_voc07 FROM v_ap WHERE class = '%s'", classes->child[i]->key);
        assert_near(classes->child[i]->key, ask_fraction(arena, question), classes->child[i]->number, AP_TOLERANCE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(smoke_gives_the_same_bytes_for_any_threads_and_batch),
        FTDN_CAMPAIGN_TEST(the_golden_run_has_the_average_precisions_of_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
