/* test_dump_command.c - one trial of a manifest by its id: run alone, or looked into. */
#include <math.h>
#include <unistd.h>

#include "tests/cli/cli_campaign.h"

#define REST "'faults': {'type': 'zero', 'weight_rate': 0.1}, 'sweep': {'grid': {'seed': [0, 1, 2]}}"

/* Write a manifest of three trials; the id of the second. */
static const char *write_manifest(ftdn_arena *arena)
{
    ftdn_cli_write_small("small.json", 2, REST);
    ftdn_cli_result result = FTDN_CLI(arena, "plan", "small.json", "--json", "--list", "--no-estimate", "--db", "a.db");
    return ftdn_cli_member(ftdn_cli_member(ftdn_cli_parse(arena, result.out), "trials")->child[1], "id")->string;
}

static void one_trial_is_run_alone(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    const char *id = write_manifest(arena);
    ftdn_cli_result result = FTDN_CLI(arena, "run", "small.json", "--db", "a.db", "--trial", id);
    assert_int_equal(result.exit_code, 0);
    ftdn_cli_assert_says(result.out, "small: 1 of 1 trials run in ");
    ftdn_cli_assert_answer(arena, "a.db", "SELECT count(*) FROM v_trials", 1);
    ftdn_cli_assert_answer(arena, "a.db", "SELECT seed FROM v_trials", 1);
    result = FTDN_CLI(arena, "run", "small.json", "--db", "a.db");
    ftdn_cli_assert_says(result.out, "small: 2 of 3 trials run in ");
    ftdn_cli_assert_says(result.out, "1 were in the store already");
}

static void an_image_is_dumped_and_no_trial_is_run(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    const char *id = write_manifest(arena);
    ftdn_cli_result result =
        FTDN_CLI(arena, "run", "small.json", "--db", "a.db", "--trial", id, "--dump", "out", "--image", "scene000001");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, " tensors and index.json in out/scene000001\n");
    assert_int_equal(access("a.db", F_OK), -1);
    const ftdn_json *index = ftdn_test_load_json(arena, "out/scene000001/index.json");
    assert_string_equal(ftdn_cli_member(index, "trial")->string, id);
    assert_string_equal(ftdn_cli_member(index, "image")->string, "scene000001");
    ftdn_test_npy map = ftdn_test_load_npy(arena, "out/scene000001/base_net.1.3.npy");
    assert_int_equal(map.n_dims, 3);
    assert_int_equal(map.dims[0], 150);
}

/* A tenth of the weights is 0: the file is what `ftdn sites` lists. */
static void the_dumped_weights_are_those_of_the_sites(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    const char *id = write_manifest(arena);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "--trial", id, "--dump", "out", "--quiet"));
    ftdn_test_npy weights = ftdn_test_load_npy(arena, "out/scene000000/base_net.5.3.weight.npy");
    ftdn_cli_result result = FTDN_CLI(arena, "sites", "small.json", "--trial", id, "--layer", "base_net.5.3", "--json");
    const ftdn_json *sites = ftdn_cli_parse(arena, result.out);
    assert_true(sites->n_children > 10);
    int n_zero = 0;
    for (size_t i = 0; i < weights.n_elements; i++) n_zero += weights.values[i] == 0;
    assert_int_equal(n_zero, sites->n_children);
    for (int i = 0; i < sites->n_children; i++)
        assert_true(weights.values[(size_t)ftdn_cli_member(sites->child[i], "index")->number] == 0);
}

static void options_that_do_not_go_together_are_refused(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    const char *id = write_manifest(arena);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "run", "small.json", "--dump", "out"), 2,
                          "--dump needs --trial ID: 'ftdn plan MANIFEST' lists the ids");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "run", "small.json", "--trial", id, "--image", "scene000000"), 2,
                          "--image needs --dump DIR");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "run", "small.json", "--trial", "xyz"), 2,
                          "no trial of the manifest has an id that begins with 'xyz'");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "run", "small.json", "--trial", id, "--dump", "out", "--image", "b"), 2,
                          "the trial has no image 'b'; the first one is 'scene000000'");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "run", "small.json", "--trial", id, "--dump", "/dev/null/out"), 4,
                          "/dev/null");
    assert_int_equal(access("results", F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(one_trial_is_run_alone),
        FTDN_CAMPAIGN_TEST(an_image_is_dumped_and_no_trial_is_run),
        FTDN_CAMPAIGN_TEST(the_dumped_weights_are_those_of_the_sites),
        FTDN_CAMPAIGN_TEST(options_that_do_not_go_together_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
