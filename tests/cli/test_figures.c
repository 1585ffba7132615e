/* test_figures.c - ftdn table, figure and pictures, from a campaign to files. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "datasets/image.h"
#include "tests/cli/cli_campaign.h"

#define SWEEP                                                                                                          \
    "'faults': {'type': 'zero'}, 'sweep': {'grid': {'faults.weight_rate': [0, 0.01, 0.1], 'protection': "              \
    "[{'method': 'none'}, {'method': 'kr', 'ranking': 'weight_sum', 'ratio': 0.5},"                                     \
    " {'method': 'kr', 'ranking': 'weight_sum', 'ratio': 0.5, 'merge': 'nonzero'}], 'seed': [0, 1]}}"

/* Run a small campaign into campaign.db. */
static void run_campaign(ftdn_cli_place *place)
{
    ftdn_cli_write_small("campaign.json", 2, SWEEP);
    ftdn_cli_assert_done(FTDN_CLI(&place->arena, "run", "campaign.json", "--db", "campaign.db", "--quiet"));
}

/* Put an executable script named gnuplot into the folder bin, which alone is in PATH. NULL: no script. */
static void replace_gnuplot(const char *script)
{
    assert_int_equal(mkdir("bin", 0777), 0);
    if (script) {
        ftdn_test_write_file("bin/gnuplot", script, strlen(script));
        assert_int_equal(chmod("bin/gnuplot", 0755), 0);
    }
    assert_int_equal(setenv("PATH", "bin", 1), 0);
}

static char *path_variable;

static int enter(void **state)
{
    path_variable = strdup(getenv("PATH"));
    return ftdn_cli_enter(state);
}

static int leave(void **state)
{
    setenv("PATH", path_variable, 1);
    free(path_variable);
    return ftdn_cli_leave(state);
}

#define FIGURE_TEST(function) cmocka_unit_test_setup_teardown(function, enter, leave)

static void a_table_has_a_column_for_each_protection(void **state)
{
    ftdn_cli_place *place = *state;
    run_campaign(place);
    ftdn_cli_result result = FTDN_CLI(&place->arena, "table", "classes", "--db", "campaign.db", "--weight-rate", "0.1");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "AP at 10 % weight faults (zero): mean over seeds, ± s.d.\n\nclass");
    ftdn_cli_assert_says(result.out, "objects  no faults  unprotected");
    ftdn_cli_assert_says(result.out, "KR 50 %, mean  KR 50 %, nonzero\n");
    ftdn_cli_assert_says(result.out, "\nmAP ");
    ftdn_cli_assert_says(result.out, "\nimages/s ");
    result = FTDN_CLI(&place->arena, "table", "classes", "--db", "campaign.db", "--csv", "-o", "t.csv");
    ftdn_cli_assert_done(result);
    assert_string_equal(result.out, "");
    size_t n_bytes;
    ftdn_cli_assert_says(ftdn_cli_load(&place->arena, "t.csv", &n_bytes), "protection,class,objects,weight_rate,");
    result = FTDN_CLI(&place->arena, "table", "classes", "--db", "campaign.db", "--json");
    ftdn_cli_assert_done(result);
    const ftdn_json *rows = ftdn_cli_parse(&place->arena, result.out);
    assert_int_equal(rows->kind, FTDN_JSON_ARRAY);
    assert_string_equal(ftdn_cli_member(rows->child[rows->n_children - 1], "class")->string, "mAP");
}

static void wrong_lines_are_told(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    run_campaign(place);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "table", "class", "--db", "campaign.db"), 2,
                          "unknown table 'class'; did you mean 'classes'?");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "table", "classes"), 2, "--db is missing");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "table", "classes", "--db", "campaign.db", "--csv", "--latex"), 2,
                          "--csv and --latex exclude each other");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "table", "classes", "--db", "campaign.db", "--weight-rate", "0.5"), 5,
                          "campaign.db: there is no trial with these fault rates; there are (of weights and maps) "
                          "0.01 and 0, 0.1 and 0");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure"), 2, "which figure? 'ftdn figure --list' shows them all");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "accuracy"), 2, "--db is missing");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "accuracy", "--db", "campaign.db", "-o", "a.gif"), 2,
                          "the suffix of --output: 'gif' is not allowed; allowed: svg, png, pdf");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "accuracy", "--db", "campaign.db", "-o", "a.b/c"), 2,
                          "--output: 'a.b/c' must end in .svg, .png or .pdf");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "accuracy", "--db", "campaign.db", "-x", "seed"), 2,
                          "--x: 'seed' is not allowed; allowed: any, weight_rate, feature_map_rate, both, each");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "accuracy", "--db", "campaign.db", "-x", "both"), 5,
                          "campaign.db: no finished trial has equal weight and feature-map rates above 0");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "accuracy", "--db", "absent.db"), 5, "absent.db");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "pictures", "campaign.json", "--seed", "7"), 2,
                          "--seed: the manifest has no trial of seed 7");
    assert_false(ftdn_file_exists("campaign_accuracy.svg"));
}

static void gains_are_drawn_where_there_are_some(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    if (system("gnuplot --version >/dev/null 2>&1") != 0) skip();
    run_campaign(place);
    ftdn_cli_result result = FTDN_CLI(arena, "figure", "accuracy", "--db", "campaign.db", "--gain");
    ftdn_cli_assert_done(result);
    assert_string_equal(result.out,
                        "campaign_gain.svg: 2 lines, 6 points; numbers and script beside it as .csv and .gp\n");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "layers", "--gain"), 2,
                          "--gain: layers has no curves of protections");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "figure", "--all", "--gain"), 2, "--gain belongs to one figure");
}

static void the_figures_are_listed(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_result result = FTDN_CLI(&place->arena, "figure", "--list");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "\naccuracy    of any results file: mAP against the fault rate");
}

/* In folders whose names gnuplot must not obey. */
static void a_figure_has_the_same_bytes_for_the_same_store(void **state)
{
    ftdn_cli_place *place = *state;
    static const char *const suffixes[] = {"svg", "csv", "gp"};
    if (system("gnuplot --version >/dev/null 2>&1") != 0) skip();
    run_campaign(place);
    ftdn_cli_result result = FTDN_CLI(&place->arena, "figure", "accuracy", "--db", "campaign.db", "-o", "one/f.svg",
                                      "-o", "one/f.png", "-o", "one/f.pdf");
    ftdn_cli_assert_done(result);
    assert_string_equal(result.out, "one/f.svg, one/f.png, one/f.pdf: 3 lines, 9 points; numbers and script beside it "
                                    "as .csv and .gp\n");
    ftdn_cli_assert_done(
        FTDN_CLI(&place->arena, "figure", "accuracy", "--db", "campaign.db", "-o", "it's `touch x`/f.svg"));
    for (int i = 0; i < 3; i++) {
        char path[2][64];
        size_t n_bytes[2];
        snprintf(path[0], sizeof path[0], "one/f.%s", suffixes[i]);
        snprintf(path[1], sizeof path[1], "it's `touch x`/f.%s", suffixes[i]);
        const char *one = ftdn_cli_load(&place->arena, path[0], &n_bytes[0]);
        const char *other = ftdn_cli_load(&place->arena, path[1], &n_bytes[1]);
        assert_int_equal(n_bytes[0], n_bytes[1]);
        assert_memory_equal(one, other, n_bytes[0]);
    }
    assert_int_equal(ftdn_cli_count_entries("one"), 5);
    assert_int_equal(ftdn_cli_count_entries("it's `touch x`"), 3);
    size_t n_bytes;
    const char *svg = ftdn_cli_load(&place->arena, "one/f.svg", &n_bytes);
    ftdn_cli_assert_says(svg, "mAP (%)");
    ftdn_cli_assert_says(svg, "unprotected (n = 2)"); /* gnuplot leaves out what it finds no point of */
    ftdn_cli_assert_says(svg, "KR 50 %, mean (n = 2)");
    ftdn_cli_assert_says(svg, "KR 50 %, nonzero (n = 2)");
    ftdn_cli_assert_says(svg, "weight fault rate (%)");
    assert_memory_equal(ftdn_cli_load(&place->arena, "one/f.png", &n_bytes), "\x89PNG", 4);
    assert_memory_equal(ftdn_cli_load(&place->arena, "one/f.pdf", &n_bytes), "%PDF", 4);
    ftdn_cli_assert_done(FTDN_CLI(&place->arena, "figure", "accuracy", "--db", "campaign.db")); /* beside the store */
    assert_true(ftdn_file_exists("campaign_accuracy.svg"));
}

static void without_gnuplot_a_figure_says_what_to_install(void **state)
{
    ftdn_cli_place *place = *state;
    run_campaign(place);
    replace_gnuplot(NULL);
    ftdn_cli_result result = FTDN_CLI(&place->arena, "figure", "accuracy", "--db", "campaign.db", "-o", "f.svg");
    ftdn_cli_assert_fails(result, 4,
                          "figures are drawn by gnuplot: install it (on Debian: apt-get install "
                          "gnuplot-nox); ./f.csv has the numbers: gnuplot: No such file");
    assert_true(ftdn_file_exists("f.csv") && ftdn_file_exists("f.gp"));
    assert_false(ftdn_file_exists("f.svg"));
}

static void the_former_picture_stays_where_gnuplot_fails(void **state)
{
    ftdn_cli_place *place = *state;
    run_campaign(place);
    ftdn_test_write_file("f.svg", "former", 6);
    replace_gnuplot("#!/bin/sh\necho half >f.svg.part\necho 'no font' >&2\nexit 3\n");
    ftdn_cli_assert_fails(FTDN_CLI(&place->arena, "figure", "accuracy", "--db", "campaign.db", "-o", "f.svg"), 4,
                          "gnuplot could not draw f.svg: no font");
    size_t n_bytes;
    assert_string_equal(ftdn_cli_load(&place->arena, "f.svg", &n_bytes), "former");
    assert_false(ftdn_file_exists("f.svg.part"));
}

static void a_sheet_of_pictures_is_drawn(void **state)
{
    ftdn_cli_place *place = *state;
    run_campaign(place);
    ftdn_cli_result result =
        FTDN_CLI(&place->arena, "pictures", "campaign.json", "--db", "campaign.db", "--score", "0.9");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(
        result.out,
        "_scenes.jpg: 2 images; columns: ground truth; no faults; unprotected; KR 50 %, mean; KR 50 %, nonzero\n");
    char *path = ftdn_arena_copy_text(&place->arena, result.out, strcspn(result.out, ":"), NULL);
    size_t n_bytes;
    int width, height;
    ftdn_error err;
    const char *bytes = ftdn_cli_load(&place->arena, path, &n_bytes);
    FTDN_ASSERT_OK(ftdn_picture_read_jpeg_size(path, bytes, n_bytes, &width, &height, &err), err);
    assert_in_range(width, 5 * 420, 5 * 440);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIGURE_TEST(a_table_has_a_column_for_each_protection),
        FIGURE_TEST(wrong_lines_are_told),
        FIGURE_TEST(gains_are_drawn_where_there_are_some),
        FIGURE_TEST(the_figures_are_listed),
        FIGURE_TEST(a_figure_has_the_same_bytes_for_the_same_store),
        FIGURE_TEST(without_gnuplot_a_figure_says_what_to_install),
        FIGURE_TEST(the_former_picture_stays_where_gnuplot_fails),
        FIGURE_TEST(a_sheet_of_pictures_is_drawn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
