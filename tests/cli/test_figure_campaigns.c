/* test_figure_campaigns.c - ftdn figure and ftdn table: what they run, what they draw, and what they refuse. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/cli/cli_campaign.h"

#define ROAD "experiments/road/"

/* Manifests of the figure's names, for a small network with made-up weights, below the test's folder. */
static void write_experiments(const char *rates)
{
    assert_int_equal(mkdir("experiments", 0777), 0);
    assert_int_equal(mkdir("experiments/road", 0777), 0);
    assert_int_equal(setenv("FTDN_EXPERIMENTS", "experiments", 1), 0);
    ftdn_cli_write_quoted(ROAD "fig6a.json",
                          "{'manifest_version': 1, 'name': 'fig6a-road',\n"
                          " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.1},\n"
                          " 'dataset': {'kind': 'test_scenes', 'images': 2}, 'faults': {'weight_rate': 0.01},\n"
                          " 'sweep': {'grid': {'faults.feature_map_rate': %s,\n"
                          "  'protection': [{'method': 'none'}, {'method': 'kr', 'ratio': 0.5}]}, 'seeds': 2}}\n",
                          rates);
    ftdn_cli_write_quoted(
        ROAD "table2.json",
        "{'manifest_version': 1, 'name': 'table2-road',\n"
        " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.25},\n"
        " 'dataset': {'kind': 'road', 'images': 2},\n"
        " 'sweep': {'grid': {'protection': [{'method': 'none'}, {'method': 'kr', 'ratio': 0.5}]}}}\n");
}

static void require_gnuplot(void)
{
    if (system("gnuplot --version >/dev/null 2>&1") != 0) skip();
}

static void assert_same_file(ftdn_arena *arena, const char *path, const char *other)
{
    size_t n_bytes, n_others;
    const char *bytes = ftdn_cli_load(arena, path, &n_bytes), *others = ftdn_cli_load(arena, other, &n_others);
    assert_int_equal(n_bytes, n_others);
    assert_memory_equal(bytes, others, n_bytes);
}

static void what_is_missing_is_run_and_a_second_call_runs_nothing(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    require_gnuplot();
    write_experiments("[0.01, 0.02]");
    ftdn_cli_result first = FTDN_CLI(arena, "figure", "fig6a");
    assert_int_equal(first.exit_code, 0);
    assert_string_equal(first.out,
                        "figures/fig6a-road.svg, figures/fig6a-road.png: 2 lines, 4 points; numbers and script "
                        "beside it as .csv and .gp\n");
    ftdn_cli_assert_says(first.err, "fig6a-road: 8 trials, 0 in results/fig6a-road.db, 8 to run: about ");
    ftdn_cli_assert_answer(arena, "results/fig6a-road.db", "SELECT count(*) FROM results", 8);
    ftdn_cli_result second = FTDN_CLI(arena, "figure", "fig6a", "-o", "again/fig6a-road.svg");
    ftdn_cli_assert_done(second);
    ftdn_cli_assert_answer(arena, "results/fig6a-road.db", "SELECT count(*) FROM runs", 1);
    static const char *const suffixes[] = {"svg", "csv", "gp"};
    for (int i = 0; i < 3; i++)
        assert_same_file(arena, ftdn_arena_format(arena, NULL, "figures/fig6a-road.%s", suffixes[i]),
                         ftdn_arena_format(arena, NULL, "again/fig6a-road.%s", suffixes[i]));
    assert_int_equal(access("figures/fig6a-road.png", F_OK), 0);
}

/* The sweep lies in experiments/figures, network and images in a manifest that has none. */
static void a_figure_is_drawn_of_a_network_and_images_of_ones_own(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    require_gnuplot();
    write_experiments("[0.01, 0.02]");
    assert_int_equal(mkdir("experiments/figures", 0777), 0);
    ftdn_cli_write_quoted("experiments/figures/fig6a.json",
                          "{'sweeps': {'faults': {'set': {'faults.weight_rate': 0.01},\n"
                          "  'grid': {'faults.feature_map_rate': [0.01, 0.02]}, 'seeds': 2}}}\n");
    ftdn_cli_write_small("my net.json", 2, "'faults': {'type': 'random'}");
    ftdn_cli_result result = FTDN_CLI(arena, "figure", "fig6a", "--own", "my net.json");
    assert_int_equal(result.exit_code, 0);
    ftdn_cli_assert_says(result.out, "figures/fig6a-my_net.svg, figures/fig6a-my_net.png: 1 line, 2 points; ");
    ftdn_cli_assert_says(result.err, "fig6a-my_net: 4 trials, 0 in results/fig6a-my_net.db, 4 to run: about ");
    ftdn_cli_assert_answer(arena, "results/fig6a-my_net.db", "SELECT count(*) FROM v_trials WHERE type = 'random'", 4);
    ftdn_cli_assert_done(FTDN_CLI(arena, "run", "figures/fig6a-my_net.json", "-q"));
    ftdn_cli_assert_answer(arena, "results/fig6a-my_net.db", "SELECT count(*) FROM v_runs", 1);
    ftdn_cli_assert_done(FTDN_CLI(arena, "figure", "fig6a", "--own", "my net.json", "-o", "again.svg"));
}

static void a_manifest_of_ones_own_that_does_not_fit_is_refused(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    assert_int_equal(unsetenv("FTDN_EXPERIMENTS"), 0);
    ftdn_cli_write_small("own.json", 2, "'sweep': {'seeds': 2}");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "fig6a", "--own", "none.json"), 4,
                          "none.json: there is no such manifest\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "fig6a", "--own", "own.json", "--size", "road"), 2,
                          "--size and --own exclude each other\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "table", "table2", "--own", "own.json"), 2, "--own belongs to table3; ");
    ftdn_cli_result result = FTDN_CLI(arena, "figure", "fig6a", "--own", "own.json");
    assert_int_equal(result.exit_code, 3);
    ftdn_cli_assert_says(result.err, "sweeps: given beside 'sweep'; allowed: one of the two\n");
    ftdn_cli_assert_says(result.err, "; it lays the sweep of fig6a over own.json, which has none of its own\n");
}

/* A rate that the manifest has no more stays in the store, and out of the figure; a new one is run. */
static void the_figure_shows_the_manifests_trials_alone(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    size_t n_bytes;
    require_gnuplot();
    write_experiments("[0.01, 0.02]");
    assert_int_equal(FTDN_CLI(arena, "figure", "fig6a", "-o", "a.svg").exit_code, 0);
    assert_int_equal(system("rm -r experiments"), 0);
    write_experiments("[0.02, 0.04]");
    ftdn_cli_result result = FTDN_CLI(arena, "figure", "fig6a", "-o", "a.svg", "--band", "ci95");
    assert_int_equal(result.exit_code, 0);
    ftdn_cli_assert_says(result.err, "8 trials, 4 in results/fig6a-road.db, 4 to run");
    const char *csv = ftdn_cli_load(arena, "a.csv", &n_bytes);
    ftdn_cli_assert_says(csv, ",0.01,0.02,2,");
    ftdn_cli_assert_says(csv, ",0.01,0.04,2,");
    assert_null(strstr(csv, ",0.01,0.01,2,"));
    ftdn_cli_assert_says(ftdn_cli_load(arena, "a.gp", &n_bytes), "band = 95 % interval of the mean");
}

static void memory_is_measured_once(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    write_experiments("[0.01]");
    ftdn_cli_result first = FTDN_CLI(arena, "table", "table2");
    assert_int_equal(first.exit_code, 0);
    ftdn_cli_assert_says(first.err, "measuring ssd_mobilenet_v1: 1 images");
    ftdn_cli_assert_says(first.out, "Table 2");
    ftdn_cli_assert_says(first.out, "SSD-MobileNet, width 0.25");
    ftdn_cli_result second = FTDN_CLI(arena, "table", "table2");
    ftdn_cli_assert_done(second);
    assert_string_equal(second.out, first.out);
    ftdn_cli_result latex = FTDN_CLI(arena, "table", "table2", "--latex", "--paper");
    ftdn_cli_assert_says(latex.out, "\\toprule");
}

static void the_papers_numbers_are_listed_with_their_sentences(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    unsetenv("FTDN_EXPERIMENTS");
    ftdn_cli_result result = FTDN_CLI(arena, "figure", "fig6c", "--paper");
    ftdn_cli_assert_done(result);
    assert_string_equal(result.out,
                        "the curve is not named at 10 %: 74 %\n"
                        "  \"As shown in Figure 6(a), the 10% feature map error leads to nearly 10% accuracy of "
                        "SSD-MobileNet, but SSD-VGG (Figure 6(c)) maintains over 74% accuracy with the same "
                        "error rate.\"\n");
    result = FTDN_CLI(arena, "figure", "fig7a", "--paper");
    assert_string_equal(result.out, "the paper's text gives no number for fig7a\n");
}

/* The program finds its manifests from the test's folder, which is empty. */
static void lists_tell_what_is_there_and_what_is_missing(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    unsetenv("FTDN_EXPERIMENTS");
    assert_int_equal(setenv("XDG_CACHE_HOME", place->folder, 1), 0);
    ftdn_cli_result result = FTDN_CLI(arena, "figure", "--list");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "\nfig6a       SSD-MobileNet, KR, 1 % weight faults: rankings\n");
    ftdn_cli_assert_says(result.out, "VOC2007; 'ftdn fetch voc2007' gets it");
    assert_null(strstr(result.out, "table3"));
    ftdn_cli_assert_says(FTDN_CLI(arena, "table", "--list").out, "\ntable3   ");
}

static void what_makes_no_sense_is_refused(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    unsetenv("FTDN_EXPERIMENTS");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure"), 2, "which figure? 'ftdn figure --list' shows them all");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "fig5"), 2, "unknown figure 'fig5'; 'ftdn figure --list'");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "table3"), 2, "table3 is a table; 'ftdn table table3' prints it");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "table", "fig6a"), 2, "fig6a is a figure; 'ftdn figure fig6a' draws it");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "table", "table9"), 2, "unknown table 'table9'");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "fig6a", "--size", "huge"), 2, "--size");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "fig6a", "-x", "both"), 2, "belong to the figure 'accuracy'");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "fig6a", "--all"), 2, "exclude each other");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "--all", "--db", "a.db"), 2, "belong to one");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "fig6a", "-o", "a.jpg"), 2, "suffix of --output");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "accuracy"), 2, "--db is missing");
    assert_int_equal(setenv("FTDN_EXPERIMENTS", place->folder, 1), 0);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "fig6a"), 4, "the manifest road/fig6a.json is neither in");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CAMPAIGN_TEST(what_is_missing_is_run_and_a_second_call_runs_nothing),
        FTDN_CAMPAIGN_TEST(a_figure_is_drawn_of_a_network_and_images_of_ones_own),
        FTDN_CAMPAIGN_TEST(a_manifest_of_ones_own_that_does_not_fit_is_refused),
        FTDN_CAMPAIGN_TEST(the_figure_shows_the_manifests_trials_alone),
        FTDN_CAMPAIGN_TEST(memory_is_measured_once),
        FTDN_CAMPAIGN_TEST(the_papers_numbers_are_listed_with_their_sentences),
        FTDN_CAMPAIGN_TEST(lists_tell_what_is_there_and_what_is_missing),
        FTDN_CAMPAIGN_TEST(what_makes_no_sense_is_refused),
    };
    return cmocka_run_group_tests_name("figure_campaigns", tests, NULL, NULL);
}
