/* test_shipped_network.c - the networks that come with the program: their trainings begin as their logs say, and they
 * find on unseen road scenes what docs/road-scenes.md says. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cli/cli_campaign.h"

enum {
    MAX_STEPS = 200,
    WINDOW = 20, /* steps whose losses are averaged before they are compared */
    N_EXACT = 5, /* steps in which another processor's rounding has not grown yet */
};

typedef struct shipped_network {
    const char *training, *log, *clean; /* manifests and log below experiments/ */
    int n_steps;                        /* that are repeated */
    const char *heading;                /* of its section in docs/road-scenes.md */
    double least_map, greatest_map;
} shipped_network;

static const shipped_network mobilenet = {
    .training = "train_road.json",
    .log = "weights/ssd_mobilenet_v1_025_road.log.csv",
    .clean = "road_clean.json",
    .n_steps = 200,
    .heading = "\n## The network that comes with the program\n",
    .least_map = 0.6,
    .greatest_map = 0.85,
};

static const shipped_network vgg16 = {
    .training = "train_road_vgg.json",
    .log = "weights/ssd_vgg16_0125_road.log.csv",
    .clean = "road_vgg_clean.json",
    .n_steps = 100,
    .heading = "\n## A second one: SSD-VGG\n",
    .least_map = 0.8,
    .greatest_map = 0.9,
};

static const char *experiment(ftdn_arena *arena, const char *name)
{
    const char *path = ftdn_arena_format(arena, NULL, FTDN_SOURCE_ROOT "/experiments/%s", name);
    assert_non_null(path);
    return path;
}

/* The column `loss` of the first rows of a log. */
static void read_losses(ftdn_arena *arena, const char *path, int n_steps, double *loss)
{
    size_t n_bytes;
    const char *line = ftdn_cli_load(arena, path, &n_bytes);
    for (int i = 0; i < n_steps; i++) {
        int step;
        line = strchr(line, '\n');
        assert_non_null(line);
        assert_int_equal(sscanf(++line, "%d,%*f,%*f,%lf,", &step, &loss[i]), 2);
        assert_int_equal(step, i + 1);
    }
}

static double mean(const double *values, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) sum += values[i];
    return sum / n;
}

/* On the processor of the log the rows are equal to the last digit. Others round in other places, which a training
 * amplifies step by step: there single losses wander by a few percent, their means over a window by less. */
static void assert_training_begins_as_logged(ftdn_arena *arena, const shipped_network *network)
{
    double logged[MAX_STEPS], seen[MAX_STEPS];
    read_losses(arena, experiment(arena, network->log), network->n_steps, logged);
    const char *n_steps = ftdn_arena_format(arena, NULL, "%d", network->n_steps);
    ftdn_cli_result result =
        FTDN_CLI(arena, "train", experiment(arena, network->training), "-q", "--output", "road", "--steps", n_steps);
    if (result.exit_code != 0) fail_msg("%d: %s", result.exit_code, result.err);
    read_losses(arena, "road/log.csv", network->n_steps, seen);
    for (int i = 0; i < N_EXACT; i++) {
        if (fabs(seen[i] - logged[i]) > 1e-3 * logged[i]) fail_msg("step %d: %g, not %g", i + 1, seen[i], logged[i]);
    }
    for (int i = 0; i < network->n_steps; i += WINDOW) {
        double expected = mean(logged + i, WINDOW), found = mean(seen + i, WINDOW);
        if (fabs(found - expected) > 0.05 * expected)
            fail_msg("steps %d to %d: mean loss %g, not %g", i + 1, i + WINDOW, found, expected);
    }
}

static void assert_finds_what_is_documented(ftdn_arena *arena, const shipped_network *network)
{
    const ftdn_cli_result run = FTDN_CLI(arena, "run", experiment(arena, network->clean), "--db", "clean.db");
    if (run.exit_code != 0) fail_msg("%d: %s", run.exit_code, run.err);
    const ftdn_cli_result query =
        FTDN_CLI(arena, "query", "clean.db", "SELECT map_voc07 FROM v_trials WHERE images = 1000", "--csv");
    ftdn_cli_assert_done(query);
    const char *line = strchr(query.out, '\n');
    assert_non_null(line);
    double map = strtod(line + 1, NULL);
    if (!(map >= network->least_map && map <= network->greatest_map)) fail_msg("mAP %g is out of bounds", map);

    /* "| mAP | 0.8123 | ..." in the table of docs/road-scenes.md; one detection of a class may fall differently where
     * another processor rounds differently. */
    size_t n_bytes;
    const char *page = ftdn_cli_load(arena, FTDN_SOURCE_ROOT "/docs/road-scenes.md", &n_bytes);
    const char *section = strstr(page, network->heading);
    assert_non_null(section);
    const char *row = strstr(section, "| **mAP** | ");
    assert_non_null(row);
    double documented = strtod(row + strlen("| **mAP** | "), NULL);
    if (fabs(map - documented) > 0.002) fail_msg("mAP %g, documented %g", map, documented);
}

static void mobilenet_finds_on_unseen_scenes_what_is_documented(void **state)
{
    ftdn_cli_place *place = *state;
    assert_finds_what_is_documented(&place->arena, &mobilenet);
}

static void vgg16_finds_on_unseen_scenes_what_is_documented(void **state)
{
    ftdn_cli_place *place = *state;
    assert_finds_what_is_documented(&place->arena, &vgg16);
}

static void mobilenet_s_manifest_gives_the_first_steps_of_its_log(void **state)
{
    ftdn_cli_place *place = *state;
    assert_training_begins_as_logged(&place->arena, &mobilenet);
}

static void vgg16_s_manifest_gives_the_first_steps_of_its_log(void **state)
{
    ftdn_cli_place *place = *state;
    assert_training_begins_as_logged(&place->arena, &vgg16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(mobilenet_finds_on_unseen_scenes_what_is_documented),
        FTDN_CAMPAIGN_TEST(vgg16_finds_on_unseen_scenes_what_is_documented),
        FTDN_CAMPAIGN_TEST(mobilenet_s_manifest_gives_the_first_steps_of_its_log),
        FTDN_CAMPAIGN_TEST(vgg16_s_manifest_gives_the_first_steps_of_its_log),
    };
    return cmocka_run_group_tests_name("shipped_network", tests, NULL, NULL);
}
