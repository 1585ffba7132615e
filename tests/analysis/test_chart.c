#include <math.h>

#include "analysis/chart.h"
#include "tests/support/arena_per_test.h"
#include "tests/analysis/made_cells.h"

static ftdn_cell_accuracy in_layer(const char *scope, double weight_rate, double map_rate, double map)
{
    ftdn_cell_accuracy cell = ftdn_made_cell("none", NAN, weight_rate, map_rate, map);
    cell.params.weight_scope = cell.params.feature_map_scope = scope;
    return cell;
}

static void layers_stand_in_the_order_of_their_numbers(void **state)
{
    (void)state;
    ftdn_chart chart;
    const ftdn_cell_accuracy cell[] = {
        in_layer("[\"block10.*\"]", 0.1, 0, 0.5),
        in_layer("[\"block2.*\"]", 0.1, 0, 0.25),
        in_layer("[\"block2.*\"]", 0, 0.1, 0.375),
        ftdn_made_cell("none", NAN, 0, 0, 0.625),
    };
    const ftdn_lines lines = ftdn_made_lines(cell, 4, &arena);
    FTDN_ASSERT_OK(ftdn_chart_make_layers(&lines, "layers", &arena, &chart, &err), err);
    assert_int_equal(chart.n_curves, 2);
    assert_true(chart.level == 62.5);
    assert_string_equal(chart.curve[0].name, "10 % of its weights");
    assert_int_equal(chart.curve[0].n_points, 2);
    assert_string_equal(chart.curve[0].point[0].label, "block2");
    assert_true(chart.curve[0].point[0].x == 1 && chart.curve[0].point[0].y == 25);
    assert_string_equal(chart.curve[0].point[1].label, "block10");
    assert_true(fabs(chart.curve[0].point[1].low - 48) < 1e-9 && fabs(chart.curve[0].point[1].high - 52) < 1e-9);
    assert_string_equal(chart.curve[1].name, "10 % of its map");
    assert_int_equal(chart.curve[1].n_points, 1);
}

/* t(0.975) of 2 and 3 degrees of freedom: 4.30265, 3.18245 (any table of Student's t); s = 0.02. */
static void the_width_of_an_interval_falls_with_the_seeds(void **state)
{
    (void)state;
    ftdn_chart chart;
    const ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0.01, 0.01, 0.5),
        ftdn_made_cell("none", NAN, 0, 0, 0.625),
    };
    const ftdn_lines lines = ftdn_made_lines(cell, 2, &arena);
    FTDN_ASSERT_OK(ftdn_chart_make_seeds(&lines, "seeds", &arena, &chart, &err), err);
    assert_int_equal(chart.n_curves, 1);
    assert_int_equal(chart.curve[0].n_seeds, 3);
    assert_true(chart.curve[0].point[0].x == 3 && chart.curve[0].point[1].x == 4);
    assert_true(fabs(chart.curve[0].point[0].y - 4.30265 * 2 / sqrt(3)) < 1e-4);
    assert_true(fabs(chart.curve[0].point[1].y - 3.18245 * 2 / 2) < 1e-4);
}

static void cells_that_do_not_fit_are_an_error(void **state)
{
    (void)state;
    ftdn_chart chart;
    const ftdn_cell_accuracy cell[] = {ftdn_made_cell("none", NAN, 0, 0, 0.6)};
    const ftdn_lines lines = ftdn_made_lines(cell, 1, &arena);
    FTDN_ASSERT_FAILS(ftdn_chart_make_layers(&lines, "a", &arena, &chart, &err), FTDN_ERR_STORE, "in a single layer",
                      err);
    FTDN_ASSERT_FAILS(ftdn_chart_make_seeds(&lines, "a", &arena, &chart, &err), FTDN_ERR_STORE, "several seeds", err);
}

static void script_and_numbers_have_every_point_and_label(void **state)
{
    (void)state;
    ftdn_chart chart;
    ftdn_text numbers, script;
    const ftdn_cell_accuracy cell[] = {in_layer("[\"a'b.*\"]", 0.1, 0, 0.5), in_layer("[\"a'c.*\"]", 0.1, 0, 0.25)};
    const ftdn_lines lines = ftdn_made_lines(cell, 2, &arena);
    FTDN_ASSERT_OK(ftdn_chart_make_layers(&lines, "layers", &arena, &chart, &err), err);
    ftdn_text_init(&numbers);
    ftdn_text_init(&script);
    ftdn_chart_write_numbers(&chart, &numbers);
    ftdn_chart_write_script(&chart, "fig", &script);
    const char *const rows[] = {
        "curve,name,label,x,y,low,high\n",
        "1,10 % of its weights,a'b,1,50,48,52\n",
        "1,10 % of its weights,a'c,2,25,23,27\n",
    };
    ftdn_assert_in_order(ftdn_test_keep_text(&numbers, &arena), rows, 3);
    const char *const parts[] = {
        "numbers = 'fig'.'.csv'\n",
        "set title 'layers'.\"\\n\".'faults: zero'.\"\\n\".'SSD-VGG: road test'\n",
        "set ylabel 'mAP (%)'",
        "set xrange [0.5:2.5]",
        "set xtics rotate by 45 right ('a'.\"'\".'b' 1, 'a'.\"'\".'c' 2)\n",
        "with filledcurves linestyle 1",
        "with linespoints linestyle 1 title '10 % of its weights (n = 3)'\n",
    };
    ftdn_assert_in_order(ftdn_test_keep_text(&script, &arena), parts, sizeof parts / sizeof *parts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(layers_stand_in_the_order_of_their_numbers),
        FTDN_ARENA_TEST(the_width_of_an_interval_falls_with_the_seeds),
        FTDN_ARENA_TEST(cells_that_do_not_fit_are_an_error),
        FTDN_ARENA_TEST(script_and_numbers_have_every_point_and_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
