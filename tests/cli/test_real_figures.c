/* test_real_figures.c - figures of the size `real`, on the first few of its photographs. */
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/cli/cli_campaign.h"

/* The manifest of the size, with fewer images; its network, sweep and seeds are whole. */
static void write_subset(ftdn_arena *arena, const char *name)
{
    assert_int_equal(mkdir("experiments", 0777), 0);
    assert_int_equal(mkdir("experiments/real", 0777), 0);
    assert_int_equal(setenv("FTDN_EXPERIMENTS", "experiments", 1), 0);
    ftdn_cli_write_quoted(ftdn_arena_format(arena, NULL, "experiments/real/%s.json", name),
                          "{'manifest_version': 1, 'name': '%s-real', 'extends': '%s/experiments/real/%s.json',\n"
                          " 'dataset': {'images': 2}, 'calibration': {'images': 2}}\n",
                          name, FTDN_SOURCE_ROOT, name);
}

static const char *draw(ftdn_arena *arena, const char *name)
{
    ftdn_test_require_shared();
    if (system("gnuplot --version >/dev/null 2>&1") != 0) skip();
    write_subset(arena, name);
    ftdn_cli_result result = FTDN_CLI(arena, "figure", name, "--size", "real");
    if (result.exit_code != 0) fail_msg("%s", result.err);
    return result.out;
}

static void fig2b_of_real_photographs(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_assert_says(draw(&place->arena, "fig2b"), "figures/fig2b-real.png: 2 lines, 16 points");
    ftdn_cli_assert_answer(&place->arena, "results/fig2b-real.db", "SELECT count(*) FROM results", 141);
}

static void fig6a_of_real_photographs(void **state)
{
    ftdn_cli_place *place = *state;
    size_t n_bytes;
    ftdn_cli_assert_says(draw(&place->arena, "fig6a"), "figures/fig6a-real.png: 5 lines, 30 points");
    const char *script = ftdn_cli_load(&place->arena, "figures/fig6a-real.gp", &n_bytes);
    ftdn_cli_assert_says(script, "title 'KR 50 %, second_order (n = 10)'");
    ftdn_cli_assert_says(script, "title 'paper'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(fig2b_of_real_photographs),
        FTDN_CAMPAIGN_TEST(fig6a_of_real_photographs),
    };
    return cmocka_run_group_tests_name("real_figures", tests, NULL, NULL);
}
