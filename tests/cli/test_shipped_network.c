/* test_shipped_network.c - the network that comes with the program: its training begins as its log says, and it finds
 * on unseen road scenes what docs/road-scenes.md says. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/cli/cli_campaign.h"

#define EXPERIMENTS FTDN_SOURCE_ROOT "/experiments/"

enum {
    N_STEPS = 200,
    WINDOW = 20, /* steps whose losses are averaged before they are compared */
    N_EXACT = 5, /* steps in which another processor's rounding has not grown yet */
};

/* The column `loss` of the first N_STEPS rows of a log. */
static void read_losses(ftdn_arena *arena, const char *path, double loss[N_STEPS])
{
    size_t n_bytes;
    const char *line = ftdn_cli_load(arena, path, &n_bytes);
    for (int i = 0; i < N_STEPS; i++) {
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
static void the_manifest_gives_the_first_steps_of_the_log(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    double logged[N_STEPS], seen[N_STEPS];
    read_losses(arena, EXPERIMENTS "weights/ssd_mobilenet_v1_025_road.log.csv", logged);
    ftdn_cli_result result =
        FTDN_CLI(arena, "train", EXPERIMENTS "train_road.json", "-q", "--out", "road", "--steps", "200");
    if (result.exit_code != 0) fail_msg("%d: %s", result.exit_code, result.err);
    read_losses(arena, "road/log.csv", seen);
    for (int i = 0; i < N_EXACT; i++) {
        if (fabs(seen[i] - logged[i]) > 1e-3 * logged[i]) fail_msg("step %d: %g, not %g", i + 1, seen[i], logged[i]);
    }
    for (int i = 0; i < N_STEPS; i += WINDOW) {
        double expected = mean(logged + i, WINDOW), found = mean(seen + i, WINDOW);
        if (fabs(found - expected) > 0.05 * expected)
            fail_msg("steps %d to %d: mean loss %g, not %g", i + 1, i + WINDOW, found, expected);
    }
}

static void it_finds_on_unseen_scenes_what_is_documented(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    const ftdn_cli_result run = FTDN_CLI(arena, "run", EXPERIMENTS "road_clean.json", "--db", "clean.db");
    if (run.exit_code != 0) fail_msg("%d: %s", run.exit_code, run.err);
    const ftdn_cli_result query =
        FTDN_CLI(arena, "query", "clean.db", "SELECT map_voc07 FROM v_trials WHERE images = 1000", "--csv");
    ftdn_cli_assert_done(query);
    const char *line = strchr(query.out, '\n');
    assert_non_null(line);
    double map = strtod(line + 1, NULL);
    if (!(map >= 0.6 && map <= 0.85)) fail_msg("mAP %g is outside [0.6, 0.85]", map);

    /* "| mAP | 0.8123 | ..." in the table of docs/road-scenes.md; one detection of a class may fall differently where
     * another processor rounds differently. */
    size_t n_bytes;
    const char *page = ftdn_cli_load(arena, FTDN_SOURCE_ROOT "/docs/road-scenes.md", &n_bytes);
    const char *row = strstr(page, "| **mAP** | ");
    assert_non_null(row);
    double documented = strtod(row + strlen("| **mAP** | "), NULL);
    if (fabs(map - documented) > 0.002) fail_msg("mAP %g, documented %g", map, documented);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(it_finds_on_unseen_scenes_what_is_documented),
        FTDN_CAMPAIGN_TEST(the_manifest_gives_the_first_steps_of_the_log),
    };
    return cmocka_run_group_tests_name("shipped_network", tests, NULL, NULL);
}
