/* test_rank.c - ftdn rank: tables, scores as CSV and JSON on the trained network, and what is refused. */

#include "tests/cli/cli_campaign.h"

#define TRAINED "data/weights/ssd_mobilenet_v1_075_coco.safetensors"
#define PHOTOS "data/VOC2007-mini"
#define SMALL "'calibration': {'kind': 'test_scenes', 'images': 2, 'seed': 1}"

/* The trained network with n_images of its calibration photographs. */
static void write_trained(ftdn_arena *arena, const char *path, int n_images)
{
    ftdn_cli_write_quoted(path,
                          "{'manifest_version': 1, 'name': 'trained',\n"
                          " 'model': {'name': 'ssd_mobilenet_v1_tf', 'weights': '%s'},\n"
                          " 'dataset': {'kind': 'voc', 'root': '%s'},\n"
                          " 'calibration': {'kind': 'voc', 'root': '%s', 'split': 'calibration', 'images': %d}}\n",
                          ftdn_test_shared_path(arena, TRAINED), ftdn_test_shared_path(arena, PHOTOS),
                          ftdn_test_shared_path(arena, PHOTOS), n_images);
}

static void the_trained_network_is_ranked_alike_by_any_number_of_threads(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_trained(arena, "m.json", 3);
    size_t n_bytes[2];
    const char *csv[2];
    for (int i = 0; i < 2; i++) {
        const char *n_threads = i ? "2" : "1", *file = i ? "2.csv" : "1.csv";
        ftdn_cli_assert_done(FTDN_CLI(arena, "rank", "m.json", "--csv", "-o", file, "-t", n_threads));
        csv[i] = ftdn_cli_load(arena, file, &n_bytes[i]);
        ftdn_cli_result result = FTDN_CLI(arena, "rank", "m.json", "-t", n_threads);
        ftdn_cli_assert_done(result);
        ftdn_cli_assert_says(result.out, "second_order: mean over images of the summed 1/2 o^2 (dE/do)^2, Eq. (6)\n\n"
                                         "layer              channels  best ");
        ftdn_cli_assert_says(result.out, "\nblock13.pointwise       768 ");
        ftdn_cli_assert_says(result.out, "agreement: Spearman's rank correlation, mean over layers\n\n              "
                                         "weight_sum  second_order  entropy  taylor  activation  random\n");
        ftdn_cli_assert_says(result.out, "\nsecond_order       0.");
        ftdn_cli_assert_says(result.out, "agreement: share of the best half of channels that both name, mean over");
    }
    assert_int_equal(n_bytes[0], n_bytes[1]);
    assert_memory_equal(csv[0], csv[1], n_bytes[0]);
    int n_lines = 0;
    for (size_t i = 0; i < n_bytes[0]; i++) n_lines += csv[0][i] == '\n';
    assert_int_equal(n_lines, 1 + 6 * (48 + 2 * 96 + 2 * 192 + 6 * 384 + 2 * 768));
    static const char start[] = "ranker,layer,channel,score,rank\nweight_sum,block1.pointwise,0,";
    assert_memory_equal(csv[0], start, strlen(start));
}

static void ranks_and_json_follow_the_scores(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("m.json", 1, SMALL);
    ftdn_cli_result result = FTDN_CLI(arena, "rank", "m.json", "-r", "second_order,weight_sum", "--layer",
                                      "base_net.[12].3", "--json", "--point", "conv");
    ftdn_cli_assert_done(result);
    ftdn_cli_result csv = FTDN_CLI(arena, "rank", "m.json", "-r", "second_order,weight_sum", "--layer",
                                   "base_net.[12].3", "--csv", "--point", "conv");
    ftdn_cli_assert_done(csv);
    const ftdn_json *answer = ftdn_cli_parse(arena, result.out), *scores = ftdn_cli_member(answer, "scores");
    assert_int_equal(scores->n_children, 2);
    assert_string_equal(scores->child[0]->key, "second_order");
    const ftdn_json *layers = ftdn_cli_member(scores, "weight_sum");
    assert_int_equal(layers->n_children, 2);
    const ftdn_json *layer = ftdn_cli_member(layers, "base_net.2.3");
    assert_int_equal(layer->n_children, 32);
    const ftdn_json *spearman = ftdn_cli_member(ftdn_cli_member(answer, "agreement"), "spearman");
    assert_true(ftdn_cli_member(ftdn_cli_member(spearman, "weight_sum"), "weight_sum")->number == 1);
    const char *row = strstr(csv.out, "weight_sum,base_net.2.3,0,");
    for (int k = 0; k < 32; k++) {
        int channel, rank, n_above = 0;
        double score;
        assert_non_null(row);
        assert_int_equal(sscanf(row, "weight_sum,base_net.2.3,%d,%lf,%d", &channel, &score, &rank), 3);
        for (int other = 0; other < 32; other++) n_above += layer->child[other]->number > score;
        assert_int_equal(channel, k);
        assert_true(layer->child[k]->number == score);
        assert_int_equal(rank, n_above + 1);
        row = strchr(row, '\n') + 1;
    }
}

static void rankings_by_weights_need_no_calibration(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_write_small("m.json", 1, "'seed': 3");
    ftdn_cli_assert_done(FTDN_CLI(&place->arena, "rank", "m.json", "--ranker", "weight_sum,random"));
    ftdn_cli_assert_fails(FTDN_CLI(&place->arena, "rank", "m.json"), 3,
                          "m.json:1:1: calibration: no calibration images are given, and they are needed; add, say, "
                          "\"calibration\": {");
}

static void images_that_are_tested_too_are_refused_unless_allowed(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    static const char scenes[] = "'calibration': {'kind': 'test_scenes', 'images': 2%s}";
    char rest[256];
    snprintf(rest, sizeof rest, scenes, "");
    ftdn_cli_write_small("m.json", 1, rest);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "rank", "m.json", "-r", "entropy"), 3,
                          "m.json:4:17: calibration: image 'scene000000' is one of the dataset (test scenes, seed 0, 1 "
                          "image) too; take other images, or set calibration.allow_overlap to true\n");
    ftdn_cli_assert_done(FTDN_CLI(arena, "rank", "m.json", "-r", "random"));
    snprintf(rest, sizeof rest, scenes, ", 'allow_overlap': true");
    ftdn_cli_write_small("m.json", 1, rest);
    ftdn_cli_assert_done(FTDN_CLI(arena, "rank", "m.json", "-r", "entropy"));
    ftdn_cli_write_voc("voc");
    ftdn_cli_write_quoted("voc/ImageSets/Main/other.txt", "c\n");
    ftdn_cli_write_quoted("voc/ImageSets/Main/first.txt", "b\na\n");
    static const char voc[] =
        "{'manifest_version': 1, 'name': 'voc', 'model': {'name': 'ssd_mobilenet_v1', 'weights': "
        "'formula:0', 'width': 0.1},\n 'dataset': {'kind': 'voc', 'root': 'voc', 'split': '%s'},\n"
        " 'calibration': {'kind': 'voc', 'root': 'voc', 'split': 'other'}}";
    ftdn_cli_write_quoted("m.json", voc, "test");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "rank", "m.json", "-r", "entropy"), 3,
                          "m.json:3:17: calibration: image 'c' is one of the dataset (VOC ");
    ftdn_cli_write_quoted("m.json", voc, "first");
    ftdn_cli_assert_done(FTDN_CLI(arena, "rank", "m.json", "-r", "second_order"));
}

static void what_cannot_be_ranked_is_refused(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("m.json", 1, SMALL);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "rank"), 2, "usage: ftdn rank MANIFEST\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "rank", "m.json", "-r", "entropy,second_ordr"), 2,
                          "--ranker: 'second_ordr' is not allowed; allowed: weight_sum, second_order, entropy, taylor, "
                          "activation, random, measured; did you mean 'second_order'?\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "rank", "m.json", "-r", "entropy,entropy"), 2,
                          "--ranker: 'entropy' is given twice\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "rank", "m.json", "--point", "input"), 2,
                          "--point: 'input' is not allowed; allowed: activation, conv\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "rank", "m.json", "--direction", "incoming"), 2,
                          "--direction: 'incoming' is not allowed; allowed: outgoing, filter\n");
    ftdn_cli_assert_fails(
        FTDN_CLI(arena, "rank", "m.json", "--layer", "base_nt.5.3"), 2,
        "--layer: no layer matches 'base_nt.5.3'; a layer of this network is called 'base_net.5.3'\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "rank", "m.json", "-r", "random", "-o", "none/s.csv"), 4, "none/s.csv");
    ftdn_cli_write_small("m.json", 1, SMALL ", 'sweep': {'grid': {'model.weights': ['formula:0', 'formula:1']}}");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "rank", "m.json"), 3, "m.json: the sweep varies model.weights; ");
    ftdn_cli_write_small("m.json", 1, SMALL ", 'sweep': {'grid': {'faults': [{'type': 'zero'}, {'type': 'random'}]}}");
    ftdn_cli_assert_done(FTDN_CLI(arena, "rank", "m.json", "-r", "weight_sum"));
    ftdn_cli_assert_fails(FTDN_CLI(arena, "rank", "m.json", "-r", "measured"), 3,
                          "m.json: the sweep varies the type of faults; ranker measured takes one\n");
    assert_int_equal(ftdn_cli_count_entries("."), 1);
}

static void a_direction_changes_weight_sum(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    ftdn_cli_write_small("m.json", 1, "'seed': 3");
    ftdn_cli_result plain = FTDN_CLI(arena, "rank", "m.json", "-r", "weight_sum", "--json");
    ftdn_cli_result outgoing = FTDN_CLI(arena, "rank", "m.json", "-r", "weight_sum", "--json", "-d", "outgoing");
    ftdn_cli_result filter = FTDN_CLI(arena, "rank", "m.json", "-r", "weight_sum", "--json", "--direction", "filter");
    ftdn_cli_assert_done(plain);
    ftdn_cli_assert_done(outgoing);
    ftdn_cli_assert_done(filter);
    assert_string_equal(plain.out, outgoing.out);
    assert_true(strcmp(plain.out, filter.out) != 0);
}

static void channels_are_measured_where_that_is_asked_for(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const char *out[3];
    static const char rest[] = "'faults': {'type': '%s'}, "
                               "'calibration': {'kind': 'test_scenes', 'images': 2, 'seed': 1, 'measured_images': 1}";
    for (int i = 0; i < 3; i++) {
        char faults[256];
        snprintf(faults, sizeof faults, rest, i == 2 ? "stuck_at_1" : "zero");
        ftdn_cli_write_small("m.json", 1, faults);
        ftdn_cli_result result = FTDN_CLI(arena, "rank", "m.json", "-r", "measured,weight_sum", "-l",
                                          "base_net.[1-3].3", "-t", i ? "2" : "1");
        ftdn_cli_assert_done(result);
        ftdn_cli_assert_says(result.out, "measured: mean growth of the loss over images under faults injected into the "
                                         "channel's map\n\n");
        ftdn_cli_assert_says(result.out, "          measured  weight_sum\n");
        out[i] = result.out;
    }
    assert_string_equal(out[0], out[1]);
    assert_true(strcmp(out[0], out[2]) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(the_trained_network_is_ranked_alike_by_any_number_of_threads),
        FTDN_CAMPAIGN_TEST(ranks_and_json_follow_the_scores),
        FTDN_CAMPAIGN_TEST(rankings_by_weights_need_no_calibration),
        FTDN_CAMPAIGN_TEST(images_that_are_tested_too_are_refused_unless_allowed),
        FTDN_CAMPAIGN_TEST(what_cannot_be_ranked_is_refused),
        FTDN_CAMPAIGN_TEST(a_direction_changes_weight_sum),
        FTDN_CAMPAIGN_TEST(channels_are_measured_where_that_is_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
