#include <math.h>

#include "analysis/figure_script.h"
#include "tests/support/arena_per_test.h"
#include "tests/analysis/made_cells.h"

static ftdn_accuracy_figure make(const ftdn_cell_accuracy *cell, int n_cells, ftdn_figure_band band)
{
    ftdn_accuracy_figure figure;
    const ftdn_accuracy_figure_desc desc = {FTDN_AXIS_ANY, NAN, band, FTDN_MEASURE_MAP};
    const ftdn_lines lines = ftdn_made_lines(cell, n_cells, &arena);
    FTDN_ASSERT_OK(ftdn_accuracy_figure_make(&lines, &desc, &arena, &figure, &err), err);
    return figure;
}

static const char *numbers_of(const ftdn_accuracy_figure *figure)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_figure_write_numbers(figure, &text);
    return ftdn_test_keep_text(&text, &arena);
}

static const char *script_of(const ftdn_accuracy_figure *figure)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_figure_write_script(figure, "fig", &text);
    return ftdn_test_keep_text(&text, &arena);
}

static void the_numbers_have_a_row_for_each_point(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0, 0, 0.5),
        ftdn_made_cell("none", NAN, 0.01, 0, 0.25),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.375),
    };
    cell[1].map.sd = 0.0625;
    cell[1].map.half_width = 0.125;
    cell[2].map = (ftdn_mean){1, 0.375, NAN, NAN};
    const ftdn_accuracy_figure figure = make(cell, 3, FTDN_BAND_SD), interval = make(cell, 3, FTDN_BAND_CI95);
    const char *header = "curve,line,method,ratio,weight_rate,feature_map_rate,n,mean_map_voc07,sd_map_voc07,"
                         "map_half_width,low,high\n";
    const char *const rows[] = {
        header,
        "1,unprotected,none,,0,0,3,0.5,0,0,0.5,0.5\n",
        "1,unprotected,none,,0.01,0,3,0.25,0.0625,0.125,0.1875,0.3125\n",
        "2,KR 50 %,kr,0.5,0.01,0,1,0.375,,,0.375,0.375\n",
    };
    ftdn_assert_in_order(numbers_of(&figure), rows, 4);
    assert_non_null(strstr(numbers_of(&interval), ",0.0625,0.125,0.125,0.375\n"));
}

static void the_script_names_every_line_with_its_seeds(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0, 0, 0.6),
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
        ftdn_made_cell("none", NAN, 0.02, 0, 0.2),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.4),
    };
    cell[0].map.n = 1; /* a golden run has one seed, which is no seed fewer of the line */
    cell[2].map.n = 5;
    const ftdn_accuracy_figure figure = make(cell, 4, FTDN_BAND_SD);
    const char *script = script_of(&figure);
    const char *const parts[] = {
        "output = 'fig'.'.'.format\n",
        "numbers = 'fig'.'.csv'\n",
        "column('weight_rate')",
        "clean = 0.6\n",
        "set title 'faults: zero'.\"\\n\".'SSD-VGG: road test'\n",
        "set xlabel 'weight fault rate (%)'\n",
        "set ylabel 'mAP (%)'\n",
        "set xrange [-0.04:2.04]\n",
        "title 'no faults'",
        "title 'unprotected (n = 3 to 5)'",
        "title 'KR 50 % (n = 3)'\n",
    };
    ftdn_assert_in_order(script, parts, sizeof parts / sizeof *parts);
    assert_null(strstr(script, "logscale"));
    assert_string_equal(script, script_of(&figure));
}

static void gains_have_columns_of_their_own_and_a_line_at_zero(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.4),
    };
    cell[1].gain = (ftdn_mean){3, -0.125, 0.0625, 0.25};
    ftdn_accuracy_figure figure;
    const ftdn_accuracy_figure_desc gains = {FTDN_AXIS_ANY, NAN, FTDN_BAND_CI95, FTDN_MEASURE_GAIN};
    const ftdn_lines lines = ftdn_made_lines(cell, 2, &arena);
    FTDN_ASSERT_OK(ftdn_accuracy_figure_make(&lines, &gains, &arena, &figure, &err), err);
    assert_string_equal(
        numbers_of(&figure),
        "curve,line,method,ratio,weight_rate,feature_map_rate,n,mean_gain,sd_gain,gain_half_width,low,high\n"
        "1,KR 50 %,kr,0.5,0.01,0,3,-0.125,0.0625,0.25,-0.375,0.125\n");
    const char *const parts[] = {
        "# Gain over the same faults without protection, seed by seed,",
        "within(x) = 100 * x\n",
        "set ylabel 'mAP gained over no protection (points)'\n",
        "plot 0 with lines",
        "column('mean_gain')",
    };
    ftdn_assert_in_order(script_of(&figure), parts, sizeof parts / sizeof *parts);
    assert_null(strstr(script_of(&figure), "set yrange"));
}

/* More bands than two would hide one another. */
static void many_lines_have_bars_side_by_side(void **state)
{
    (void)state;
    const ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0, 0, 0.6),
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.4),
        ftdn_made_cell("fmr", 0.5, 0.01, 0, 0.4),
    };
    const ftdn_accuracy_figure two = make(cell, 3, FTDN_BAND_SD), three = make(cell, 4, FTDN_BAND_SD);
    assert_non_null(strstr(script_of(&two), "band = standard deviation"));
    assert_non_null(strstr(script_of(&two), "filledcurves"));
    assert_null(strstr(script_of(&two), "yerrorbars"));
    const char *const parts[] = {
        "bar = standard deviation",
        "+ 0.009 * (curve - 2) * (column('weight_rate') > 0)\n",
        "set xrange [-0.029:1.029]\n",
        "yerrorbars",
    };
    ftdn_assert_in_order(script_of(&three), parts, sizeof parts / sizeof *parts);
    assert_null(strstr(script_of(&three), "filledcurves"));
}

/* Of a logarithmic axis, too, bars take the same part. */
static void bars_on_a_logarithmic_axis_do_not_lie_on_one_another(void **state)
{
    (void)state;
    const ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0.0001, 0, 0.6),
        ftdn_made_cell("none", NAN, 0.1, 0, 0.3),
        ftdn_made_cell("kr", 0.5, 0.1, 0, 0.4),
        ftdn_made_cell("fmr", 0.5, 0.1, 0, 0.4),
    };
    const ftdn_accuracy_figure figure = make(cell, 4, FTDN_BAND_SD);
    const char *const parts[] = {
        "100 * column('weight_rate') * 1.064**(curve - 2)\n",    /* 1000^0.009 */
        "set logscale x\n", "set xrange [0.00817151:12.2376]\n", /* one step and the room at the ends */
    };
    ftdn_assert_in_order(script_of(&figure), parts, sizeof parts / sizeof *parts);
}

static void each_network_has_its_images_in_the_heading(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
        ftdn_made_cell("none", NAN, 0.01, 0, 0.4),
    };
    cell[1].params.model = "ssd_zoo";
    cell[1].params.dataset = "road val";
    cell[1].params.dataset_digest = "eeeeeeeeeeee";
    const ftdn_accuracy_figure figure = make(cell, 2, FTDN_BAND_SD);
    const char *const parts[] = {
        "set title 'faults: zero'.\"\\n\".'SSD-VGG: road test'.\"\\n\".'ssd_zoo: road val'\n",
        "title 'unprotected, SSD-VGG (n = 3)'",
        "title 'unprotected, ssd_zoo (n = 3)'",
    };
    ftdn_assert_in_order(script_of(&figure), parts, sizeof parts / sizeof *parts);
}

static void the_papers_points_are_open_markers_in_the_colour_of_their_curve(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.4),
    };
    const ftdn_paper_value value[] = {
        {.name = "fig", .series = "KR 50 %", .x = 0.01, .y = 0.375, .sentence = "a"},
        {.name = "fig", .x = 0.02, .y = 0.25, .sentence = "b"},
        {.name = "fig", .x = NAN, .y = 0.125, .sentence = "c"},
    };
    ftdn_accuracy_figure figure = make(cell, 2, FTDN_BAND_SD);
    assert_null(strstr(script_of(&figure), "paper"));
    figure.paper_value = value;
    figure.n_paper_values = 3;
    figure.title = "a title";
    figure.note = "a note";
    const char *const parts[] = {
        "set title 'a title'.\"\\n\".'faults: zero'.\"\\n\".'SSD-VGG: road test'.\"\\n\".'a note'\n",
        "$paper0 << end\nrate,map\n2,25\nend\n$paper2 << end\nrate,map\n1,37.5\nend\n",
        "$paper0 using 1:2 with points linecolor rgb '#444444' linewidth 1.4 pointtype 6 pointsize 1.3 title 'paper', ",
        "$paper2 using 1:2 with points linestyle 2 pointtype 6 pointsize 1.3 title 'paper: KR 50 %'\n",
    };
    ftdn_assert_in_order(script_of(&figure), parts, 4);
    assert_null(strstr(script_of(&figure), "12.5"));
}

static void names_are_no_commands_of_gnuplot(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.4),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.4),
    };
    cell[1].params.ranking = "'; system('x') #";
    cell[0].params.dataset = cell[1].params.dataset = cell[2].params.dataset =
        "'a'\n`x` and words that go on for "
        "so long that no title could hold all of them in one line without being cut somewhere";
    const ftdn_accuracy_figure figure = make(cell, 3, FTDN_BAND_SD);
    const char *script = script_of(&figure);
    const char *const parts[] = {
        "set title 'faults: zero'.\"\\n\".'SSD-VGG: '.\"'\".'a'.\"'\".''.\"\\n\".'`x` and words",
        "title 'KR 50 %, '.\"'\".'; system('.\"'\".'x'.\"'\".') # (n = 3)'",
    };
    ftdn_assert_in_order(script, parts, 2);
    const char *const row[] = {"\n2,\"KR 50 %, '; system('x') #\",kr,0.5,"};
    ftdn_assert_in_order(numbers_of(&figure), row, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(the_numbers_have_a_row_for_each_point),
        FTDN_ARENA_TEST(the_script_names_every_line_with_its_seeds),
        FTDN_ARENA_TEST(the_papers_points_are_open_markers_in_the_colour_of_their_curve),
        FTDN_ARENA_TEST(gains_have_columns_of_their_own_and_a_line_at_zero),
        FTDN_ARENA_TEST(many_lines_have_bars_side_by_side),
        FTDN_ARENA_TEST(bars_on_a_logarithmic_axis_do_not_lie_on_one_another),
        FTDN_ARENA_TEST(each_network_has_its_images_in_the_heading),
        FTDN_ARENA_TEST(names_are_no_commands_of_gnuplot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
