#include <math.h>

#include "analysis/paper_figures.h"
#include "tests/analysis/arena_per_test.h"
#include "tests/analysis/made_cells.h"

static ftdn_accuracy_figure make(const char *name, const ftdn_cell_accuracy *cell, int n_cells)
{
    ftdn_accuracy_figure figure;
    const ftdn_paper_figure *known = ftdn_paper_figure_find(name);
    assert_non_null(known);
    const ftdn_lines lines = ftdn_made_lines(cell, n_cells, &arena);
    FTDN_ASSERT_OK(ftdn_paper_figure_make(known, &lines, FTDN_MEASURE_MAP, FTDN_BAND_SD, &arena, &figure, &err), err);
    return figure;
}

static void names_are_found_and_all_different(void **state)
{
    (void)state;
    int n_figures;
    const ftdn_paper_figure *known = ftdn_paper_figures(&n_figures);
    for (int i = 0; i < n_figures; i++) assert_ptr_equal(ftdn_paper_figure_find(known[i].name), &known[i]);
    assert_null(ftdn_paper_figure_find("fig5"));
}

static void the_paper_is_whole(void **state)
{
    (void)state;
    static const char *const names[] = {"fig2a", "fig2b", "fig6a",  "fig6b",  "fig6c", "fig6d",
                                        "fig7a", "fig7b", "table1", "table2", "table3"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const ftdn_paper_figure *known = ftdn_paper_figure_find(names[i]);
        assert_non_null(known);
        assert_int_equal(ftdn_paper_kind_is_table(known->kind), names[i][0] == 't');
    }
}

static void a_figure_has_its_title_the_papers_points_and_a_linear_axis(void **state)
{
    (void)state;
    const ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0.01, 0.001, 0.3), ftdn_made_cell("none", NAN, 0.01, 0.1, 0.2),
        ftdn_made_cell("none", NAN, 0, 0.05, 0.4), /* other weight faults: not of this figure */
    };
    const ftdn_accuracy_figure figure = make("fig6a", cell, 3);
    assert_int_equal(figure.axis, FTDN_AXIS_FEATURE_MAP_RATE);
    assert_true(figure.other_rate == 0.01);
    assert_int_equal(figure.n_curves, 1);
    assert_int_equal(figure.curve[0].n_points, 2);
    assert_false(figure.is_logarithmic);
    assert_non_null(strstr(figure.title, "Fig. 6(a)"));
    assert_int_equal(figure.n_paper_values, 1);
    assert_string_equal(figure.note, "open circles: the paper's own network and images");
}

static void another_network_in_the_place_of_vgg_is_said(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {ftdn_made_cell("none", NAN, 0.1, 0.01, 0.3)};
    assert_null(make("fig6d", cell, 1).note ? strstr(make("fig6d", cell, 1).note, "stands in") : NULL);
    cell[0].params.model = "ssd_mobilenet_v1";
    assert_string_equal(make("fig6d", cell, 1).note, "SSD-MobileNet stands in for the paper's SSD-VGG"); /* no point */
    cell[0].params.weight_rate = 0.01;
    assert_string_equal(make("fig6c", cell, 1).note, "SSD-MobileNet stands in for the paper's SSD-VGG (open circles)");
}

static void the_papers_names_of_curves_are_ours(void **state)
{
    (void)state;
    const ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0.1, 0, 0.3),
        ftdn_made_cell("none", NAN, 0, 0.1, 0.2),
    };
    const ftdn_accuracy_figure figure = make("fig2b", cell, 2);
    int n_found = 0;
    for (int i = 0; i < figure.n_paper_values; i++)
        for (int c = 0; c < figure.n_curves; c++)
            n_found += figure.paper_value[i].series && !strcmp(figure.paper_value[i].series, figure.curve[c].name);
    assert_int_equal(n_found, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_are_found_and_all_different, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_paper_is_whole, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_figure_has_its_title_the_papers_points_and_a_linear_axis, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_network_in_the_place_of_vgg_is_said, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_papers_names_of_curves_are_ours, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
