#include <math.h>

#include "analysis/accuracy_figure.h"
#include "analysis/line_style.h"
#include "tests/support/arena_per_test.h"
#include "tests/analysis/made_cells.h"

static const ftdn_accuracy_figure_desc any = {FTDN_AXIS_ANY, NAN, FTDN_BAND_SD, FTDN_MEASURE_MAP};

static ftdn_accuracy_figure make(const ftdn_cell_accuracy *cell, int n_cells, const ftdn_accuracy_figure_desc *desc)
{
    ftdn_accuracy_figure figure;
    const ftdn_lines lines = ftdn_made_lines(cell, n_cells, &arena);
    FTDN_ASSERT_OK(ftdn_accuracy_figure_make(&lines, desc, &arena, &figure, &err), err);
    return figure;
}

static void the_figure_with_the_most_points_is_chosen(void **state)
{
    (void)state;
    const ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0, 0, 0.6),        ftdn_made_cell("none", NAN, 0.01, 0.02, 0.3),
        ftdn_made_cell("none", NAN, 0.01, 0.04, 0.2),  ftdn_made_cell("kr", 0.5, 0.01, 0.02, 0.4),
        ftdn_made_cell("none", NAN, 0.005, 0, 0.5),    ftdn_made_cell("kr", 0.5, 0.005, 0, 0.55),
        ftdn_made_cell("none", NAN, 0.03, 0.03, 0.25),
    };
    const ftdn_accuracy_figure figure = make(cell, 7, &any);
    assert_int_equal(figure.axis, FTDN_AXIS_FEATURE_MAP_RATE);
    assert_true(figure.other_rate == 0.01);
    assert_true(figure.clean_map == 0.6);
    assert_false(figure.is_logarithmic);
    assert_int_equal(figure.n_curves, 2);
    assert_string_equal(figure.curve[0].line->name, "unprotected");
    assert_int_equal(figure.curve[0].n_points, 2);
    assert_ptr_equal(figure.curve[0].point[1], &cell[2]);
    assert_int_equal(figure.curve[1].n_points, 1);
    assert_true(ftdn_figure_rate(&figure, figure.curve[0].point[1]) == 0.04);
}

static void axis_and_other_rate_can_be_asked_for(void **state)
{
    (void)state;
    const ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0, 0, 0.6),
        ftdn_made_cell("none", NAN, 0.01, 0, 0.5),
        ftdn_made_cell("none", NAN, 0.01, 0.02, 0.4),
        ftdn_made_cell("none", NAN, 0.02, 0.02, 0.3),
    };
    const ftdn_accuracy_figure_desc both = {FTDN_AXIS_BOTH_RATES, NAN, FTDN_BAND_SD, FTDN_MEASURE_MAP};
    ftdn_accuracy_figure figure = make(cell, 4, &both);
    assert_int_equal(figure.curve[0].n_points, 2); /* 0 and 0.02 */
    assert_ptr_equal(figure.curve[0].point[1], &cell[3]);
    const ftdn_accuracy_figure_desc beside = {FTDN_AXIS_WEIGHT_RATE, 0.02, FTDN_BAND_CI95, FTDN_MEASURE_MAP};
    figure = make(cell, 4, &beside);
    assert_int_equal(figure.curve[0].n_points, 2);
    assert_true(ftdn_figure_half_band(&figure, figure.curve[0].point[0]) == 0.05);
    const ftdn_accuracy_figure_desc weights = {FTDN_AXIS_WEIGHT_RATE, 0, FTDN_BAND_SD, FTDN_MEASURE_MAP};
    figure = make(cell, 4, &weights);
    assert_int_equal(figure.curve[0].n_points, 2); /* 0 and 0.01 */
    assert_true(ftdn_figure_half_band(&figure, figure.curve[0].point[1]) == 0.02);
}

static void rates_far_apart_make_the_axis_logarithmic(void **state)
{
    (void)state;
    const ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0, 0, 0.6),
        ftdn_made_cell("none", NAN, 0.001, 0, 0.5),
        ftdn_made_cell("none", NAN, 0.01, 0, 0.4), /* a decade: the paper's axis from 1 to 10 % is linear */
        ftdn_made_cell("none", NAN, 0.016, 0, 0.4),
    };
    assert_true(make(cell, 4, &any).is_logarithmic);
    assert_false(make(cell, 3, &any).is_logarithmic);
}

static void weights_and_maps_hit_one_at_a_time_are_two_curves(void **state)
{
    (void)state;
    const ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0, 0, 0.6),
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
        ftdn_made_cell("none", NAN, 0.01, 0.02, 0.1),
        ftdn_made_cell("none", NAN, 0, 0.02, 0.5),
    };
    const ftdn_accuracy_figure_desc each = {FTDN_AXIS_EACH_RATE, NAN, FTDN_BAND_SD, FTDN_MEASURE_MAP};
    const ftdn_accuracy_figure figure = make(cell, 4, &each);
    assert_int_equal(figure.axis, FTDN_AXIS_EACH_RATE);
    assert_int_equal(figure.n_curves, 2);
    assert_string_equal(figure.curve[0].name, "faults in weights");
    assert_string_equal(figure.curve[1].name, "faults in feature maps");
    assert_int_equal(figure.curve[0].n_points, 2);
    assert_ptr_equal(figure.curve[0].point[1], &cell[1]);
    assert_int_equal(figure.curve[1].n_points, 2);
    assert_ptr_equal(figure.curve[1].point[1], &cell[3]);
    assert_true(ftdn_figure_rate(&figure, &cell[1]) == 0.01 && ftdn_figure_rate(&figure, &cell[3]) == 0.02);
    const ftdn_line *const line[] = {figure.curve[0].line, figure.curve[1].line};
    ftdn_line_style style[2];
    ftdn_line_styles_choose(line, 2, style);
    assert_string_not_equal(style[0].colour, style[1].colour);
}

static void curves_of_several_lines_say_what_is_hit(void **state)
{
    (void)state;
    const ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
        ftdn_made_cell("kr", 0.5, 0, 0.02, 0.5),
    };
    const ftdn_accuracy_figure_desc each = {FTDN_AXIS_EACH_RATE, NAN, FTDN_BAND_SD, FTDN_MEASURE_MAP};
    const ftdn_accuracy_figure figure = make(cell, 2, &each);
    assert_int_equal(figure.n_curves, 2);
    assert_string_equal(figure.curve[0].name, "unprotected, faults in weights");
    assert_string_equal(figure.curve[1].name, "KR 50 %, faults in feature maps");
}

static void what_cannot_be_drawn_is_an_error(void **state)
{
    (void)state;
    ftdn_accuracy_figure figure;
    const ftdn_cell_accuracy clean = ftdn_made_cell("none", NAN, 0, 0, 0.6);
    ftdn_lines lines = ftdn_made_lines(&clean, 1, &arena);
    FTDN_ASSERT_FAILS(ftdn_accuracy_figure_make(&lines, &any, &arena, &figure, &err), FTDN_ERR_STORE,
                      "no finished trial has weight or feature-map rates above 0", err);
    const ftdn_cell_accuracy faulty = ftdn_made_cell("none", NAN, 0.01, 0, 0.6);
    const ftdn_accuracy_figure_desc beside = {FTDN_AXIS_WEIGHT_RATE, 0.5, FTDN_BAND_SD, FTDN_MEASURE_MAP};
    lines = ftdn_made_lines(&faulty, 1, &arena);
    FTDN_ASSERT_FAILS(ftdn_accuracy_figure_make(&lines, &beside, &arena, &figure, &err), FTDN_ERR_STORE,
                      "no finished trial has weight rates above 0 beside the other rate that is asked for", err);
    ftdn_cell_accuracy many[FTDN_MOST_STYLES + 1];
    for (int i = 0; i <= FTDN_MOST_STYLES; i++) many[i] = ftdn_made_cell("kr", 0.01 * (i + 1), 0.01, 0, 0.3);
    lines = ftdn_made_lines(many, FTDN_MOST_STYLES + 1, &arena);
    FTDN_ASSERT_FAILS(ftdn_accuracy_figure_make(&lines, &any, &arena, &figure, &err), FTDN_ERR_STORE,
                      "25 lines are more than the 24 that can be told apart", err);
}

static void networks_with_accuracies_of_their_own_have_no_common_clean_line(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0, 0, 0.6),
        ftdn_made_cell("none", NAN, 0.01, 0, 0.5),
        ftdn_made_cell("none", NAN, 0, 0, 0.7),
        ftdn_made_cell("none", NAN, 0.01, 0, 0.5),
    };
    cell[2].params.model = cell[3].params.model = "ssd_mobilenet_v1";
    assert_true(isnan(make(cell, 4, &any).clean_map));
    cell[2].map.mean = 0.6;
    assert_true(make(cell, 4, &any).clean_map == 0.6);
}

static void a_failed_allocation_is_an_error(void **state)
{
    (void)state;
    const ftdn_cell_accuracy cell[] = {ftdn_made_cell("none", NAN, 0.01, 0, 0.5),
                                       ftdn_made_cell("kr", 0.5, 0.01, 0, 0.6)};
    const ftdn_lines lines = ftdn_made_lines(cell, 2, &arena);
    long k = 0;
    for (ftdn_status status = FTDN_ERR_MEMORY; status != FTDN_OK; k++) {
        ftdn_arena tight;
        ftdn_accuracy_figure figure;
        ftdn_arena_init(&tight);
        ftdn_arena_fail_after(&tight, k);
        status = ftdn_accuracy_figure_make(&lines, &any, &tight, &figure, &err);
        if (status != FTDN_OK) assert_int_equal(status, FTDN_ERR_MEMORY);
        ftdn_arena_done(&tight);
    }
    assert_int_equal(k, 4); /* the list of curves, and the points of each line */
}

static void gains_are_drawn_of_protections_that_have_a_partner(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0, 0, 0.6),       ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.4),      ftdn_made_cell("kr", 0.5, 0.02, 0, 0.35),
        ftdn_made_cell("none", NAN, 0.01, 0.02, 0.2), ftdn_made_cell("none", NAN, 0.01, 0.04, 0.2),
        ftdn_made_cell("none", NAN, 0.01, 0.06, 0.2),
    };
    const ftdn_accuracy_figure_desc gains = {FTDN_AXIS_ANY, NAN, FTDN_BAND_CI95, FTDN_MEASURE_GAIN};
    cell[2].gain = (ftdn_mean){2, 0.125, 0.01, 0.09};
    const ftdn_accuracy_figure figure = make(cell, 7, &gains);
    assert_int_equal(figure.axis, FTDN_AXIS_WEIGHT_RATE); /* the map rates have more points, but no gains */
    assert_true(isnan(figure.clean_map));
    assert_int_equal(figure.n_curves, 1);
    assert_string_equal(figure.curve[0].line->name, "KR 50 %");
    assert_int_equal(figure.curve[0].n_points, 1);
    assert_int_equal(figure.curve[0].n_most, 2);
    assert_true(ftdn_figure_mean(&figure, figure.curve[0].point[0])->mean == 0.125);
    assert_true(ftdn_figure_half_band(&figure, figure.curve[0].point[0]) == 0.09);
    const ftdn_lines lines = ftdn_made_lines(cell, 2, &arena);
    ftdn_accuracy_figure none;
    FTDN_ASSERT_FAILS(ftdn_accuracy_figure_make(&lines, &gains, &arena, &none, &err), FTDN_ERR_STORE,
                      "no finished trial of a protection, with one without it beside, has", err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(the_figure_with_the_most_points_is_chosen),
        FTDN_ARENA_TEST(axis_and_other_rate_can_be_asked_for),
        FTDN_ARENA_TEST(rates_far_apart_make_the_axis_logarithmic),
        FTDN_ARENA_TEST(weights_and_maps_hit_one_at_a_time_are_two_curves),
        FTDN_ARENA_TEST(curves_of_several_lines_say_what_is_hit),
        FTDN_ARENA_TEST(what_cannot_be_drawn_is_an_error),
        FTDN_ARENA_TEST(a_failed_allocation_is_an_error),
        FTDN_ARENA_TEST(gains_are_drawn_of_protections_that_have_a_partner),
        FTDN_ARENA_TEST(networks_with_accuracies_of_their_own_have_no_common_clean_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
