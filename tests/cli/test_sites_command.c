/* test_sites_command.c - `ftdn sites` lists what the rule defines and what a run counted. */
#include "base/fnv.h"
#include "injectors/fault_hd.h"
#include "tests/cli/cli_campaign.h"

#define LAYER "base_net.1.0"
#define FAULTS "'faults': {'type': '%s', 'weight_rate': 0.2, 'feature_map_rate': 0.01, 'scope': 'convs'}, 'seed': 5"

static uint32_t layer_number(void)
{
    uint64_t hash = ftdn_fnv1a64(LAYER);
    return (uint32_t)(hash >> 32) ^ (uint32_t)hash;
}

/* Run a manifest of this fault type; the id of its one trial. */
static const char *run(ftdn_arena *arena, const char *type)
{
    char rest[256];
    snprintf(rest, sizeof rest, FAULTS, type);
    ftdn_cli_write_small("small.json", 1, rest);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "small.json", "--db", "a.db", "--quiet"));
    ftdn_cli_result result = FTDN_CLI(arena, "plan", "small.json", "--json", "--list", "--no-estimate", "--db", "a.db");
    return ftdn_cli_member(ftdn_cli_member(ftdn_cli_parse(arena, result.out), "trials")->child[0], "id")->string;
}

/* The sites are those of the rule, all of them, and 0 afterwards. */
static void the_listed_sites_are_those_of_the_rule_and_of_the_run(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    const char *id = run(arena, "zero");
    ftdn_cli_result result =
        FTDN_CLI(arena, "sites", "small.json", "--trial", id, "--layer", LAYER, "--image", "scene000000", "--json");
    ftdn_cli_assert_done(result);
    const ftdn_json *sites = ftdn_cli_parse(arena, result.out);
    const ftdn_site_stream streams[2] = {
        ftdn_site_stream_make(5, layer_number(), FTDN_LOCATION_WEIGHTS, 0, 0),
        ftdn_site_stream_make(5, layer_number(), FTDN_LOCATION_FEATURE_MAP, 0, ftdn_fnv1a64("scene000000")),
    };
    long long n_listed[2] = {0};
    for (int i = 0; i < sites->n_children; i++) {
        const ftdn_json *site = sites->child[i];
        bool is_map = strcmp(ftdn_cli_member(site, "location")->string, "weights") != 0;
        uint64_t index = (uint64_t)ftdn_cli_member(site, "index")->number;
        assert_true(ftdn_site_is_hit(streams[is_map], index, ftdn_site_threshold_of(is_map ? 0.01 : 0.2)));
        assert_true(ftdn_cli_member(site, "after")->number == 0);
        const ftdn_json *at = ftdn_cli_member(site, "coordinates");
        assert_int_equal(at->n_children, is_map ? 3 : 4);
        if (!is_map)
            assert_int_equal(index, at->child[0]->number * 9 + at->child[2]->number * 3 + at->child[3]->number);
        n_listed[is_map]++;
    }
    ftdn_cli_assert_answer(
        arena, "a.db", "SELECT faults FROM v_faults WHERE location = 'weights' AND layer = '" LAYER "'", n_listed[0]);
    ftdn_cli_assert_answer(arena, "a.db",
                           "SELECT faults FROM v_faults WHERE location = 'feature_map' AND layer = '" LAYER "'",
                           n_listed[1]);
    assert_true(n_listed[0] > 0 && n_listed[1] > 100);
}

static void a_flipped_bit_is_listed_with_both_values(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    const char *id = run(arena, "bit_flip");
    const ftdn_fault_model model = {.type = FTDN_FAULT_BIT_FLIP, .n_bits = 32};
    const ftdn_site_stream stream = ftdn_site_stream_make(5, layer_number(), FTDN_LOCATION_WEIGHTS, 0, 0);
    ftdn_cli_result result = FTDN_CLI(arena, "sites", "small.json", "--trial", id, "--layer", LAYER, "--csv");
    ftdn_cli_assert_done(result);
    const char *line = strchr(result.out, '\n') + 1;
    assert_int_equal(strncmp(result.out, "location,copy,index,coordinates,before,after\n", 45), 0);
    int n_lines = 0;
    for (; *line; line = strchr(line, '\n') + 1, n_lines++) {
        int index, k, c, r, s;
        float before, after;
        assert_int_equal(sscanf(line, "weights,0,%d,%d %d %d %d,%f,%f", &index, &k, &c, &r, &s, &before, &after), 7);
        uint32_t expected =
            ftdn_fault_value(&model, ftdn_float_bits(before), ftdn_fault_random(stream, (uint64_t)index));
        if (!ftdn_bits_are_nonfinite(expected)) assert_int_equal(ftdn_float_bits(after), expected);
    }
    assert_true(n_lines > 0);
    ftdn_cli_result file =
        FTDN_CLI(arena, "sites", "small.json", "--trial", id, "--layer", LAYER, "--csv", "-o", "sites.csv");
    ftdn_cli_assert_done(file);
    assert_string_equal(file.out, "");
    size_t n_bytes;
    assert_string_equal(ftdn_cli_load(arena, "sites.csv", &n_bytes), result.out);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "sites", "small.json", "--trial", id, "--layer", LAYER, "--csv", "--json"), 2,
                          "--csv and --json exclude each other");
}

static void wrong_names_are_told(void **state)
{
    ftdn_arena *arena = &((ftdn_cli_place *)*state)->arena;
    const char *id = run(arena, "zero");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "sites", "small.json", "--layer", LAYER), 2, "sites needs --trial ID");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "sites", "small.json", "--trial", "xyz", "--layer", LAYER), 2,
                          "no trial of the manifest has an id that begins with 'xyz'");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "sites", "small.json", "--trial", id, "--layer", "base_net.1.00"), 2,
                          "the network has no layer 'base_net.1.00'; did you mean 'base_net.1.0'?");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "sites", "small.json", "--trial", id, "--layer", LAYER, "--image", "b"), 2,
                          "the trial has no image 'b'; the first one is 'scene000000'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(the_listed_sites_are_those_of_the_rule_and_of_the_run),
        FTDN_CAMPAIGN_TEST(a_flipped_bit_is_listed_with_both_values),
        FTDN_CAMPAIGN_TEST(wrong_names_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
