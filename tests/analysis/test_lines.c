#include <math.h>
#include <stdio.h>

#include "analysis/line_style.h"
#include "analysis/lines.h"
#include "tests/analysis/made_cells.h"
#include "tests/support/arena_per_test.h"

static void assert_names(const ftdn_lines *lines, const char *const *name, int n_names)
{
    assert_int_equal(lines->n_lines, n_names);
    for (int i = 0; i < n_names; i++) assert_string_equal(lines->line[i].name, name[i]);
}

static void lines_stand_in_the_order_of_the_papers_table(void **state)
{
    (void)state;
    const ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("d2nn", 0.2, 0.01, 0, 0.3), ftdn_made_cell("clip", NAN, 0.01, 0, 0.3),
        ftdn_made_cell("kr", 0.2, 0.01, 0, 0.3),   ftdn_made_cell("none", NAN, 0.02, 0, 0.3),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.3),   ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
        ftdn_made_cell("fmr", 0.125, 0.01, 0, 0.3),
    };
    const ftdn_lines lines = ftdn_made_lines(cell, 7, &arena);
    const char *const names[] = {"unprotected", "FMR 12.5 %", "KR 50 %", "KR 20 %", "D2NN 20 %", "clip"};
    assert_names(&lines, names, 6);
    assert_int_equal(lines.line[0].n_cells, 2);
    assert_ptr_equal(lines.line[0].cell[0], &cell[5]); /* by rate */
    assert_ptr_equal(lines.line[0].cell[1], &cell[3]);
}

static void names_say_what_lines_differ_in_and_no_more(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3), ftdn_made_cell("kr", 0.5, 0.01, 0, 0.3),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.3),   ftdn_made_cell("kr", 0.5, 0.01, 0, 0.3),
        ftdn_made_cell("fmr", 0.5, 0.01, 0, 0.3),
    };
    cell[2].params.ranking = "entropy";
    cell[3].params.merge = "nonzero";
    cell[3].params.weight_scope = "all";
    const ftdn_lines lines = ftdn_made_lines(cell, 5, &arena);
    const char *const names[] = {"unprotected, weights of features", "FMR 50 %, weight_sum, mean, weights of features",
                                 "KR 50 %, entropy, mean, weights of features",
                                 "KR 50 %, weight_sum, mean, weights of features",
                                 "KR 50 %, weight_sum, nonzero, weights of all"};
    assert_names(&lines, names, 5);
}

static void digests_tell_networks_apart_and_names_say_it(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
        ftdn_made_cell("none", NAN, 0.02, 0, 0.3),
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
    };
    cell[1].params.weights = "renamed.pth"; /* the same weights */
    const ftdn_lines one = ftdn_made_lines(cell, 2, &arena);
    assert_int_equal(one.n_lines, 1);
    cell[2].params.weights_digest = "bbbbbbbbbbbb"; /* others of the same name as the first */
    cell[1].params.weights = "a.pth";
    const ftdn_lines two = ftdn_made_lines(cell, 3, &arena);
    const char *const short_names[] = {"unprotected, weights aaaaaaaa", "unprotected, weights bbbbbbbb"};
    assert_names(&two, short_names, 2);
    cell[2].params.weights = "b.pth";
    const ftdn_lines named = ftdn_made_lines(cell, 3, &arena);
    const char *const files[] = {"unprotected, a.pth", "unprotected, b.pth"};
    assert_names(&named, files, 2);
}

/* A network of another name has other weights and often another width and other images: its name says enough. */
static void of_a_network_the_first_difference_is_said_alone(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.3),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.3),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.3),
    };
    ftdn_trial_params *narrow = &cell[1].params, *other = &cell[2].params;
    narrow->width = 0.25;
    narrow->weights = "b.pth";
    narrow->weights_digest = "bbbbbbbbbbbb";
    other->model = "ssd_mobilenet_v1";
    other->weights = "c.pth";
    other->weights_digest = "cccccccccccc";
    other->dataset = "road val";
    other->dataset_digest = "eeeeeeeeeeee";
    const ftdn_lines widths = ftdn_made_lines(cell, 2, &arena);
    const char *const by_width[] = {"KR 50 %, width 0.25", "KR 50 %, width 1"};
    assert_names(&widths, by_width, 2);
    const ftdn_lines models = ftdn_made_lines(cell + 1, 2, &arena);
    const char *const by_model[] = {"KR 50 %, SSD-MobileNet", "KR 50 %, SSD-VGG"};
    assert_names(&models, by_model, 2);
    const ftdn_lines all = ftdn_made_lines(cell, 3, &arena);
    const char *const by_both[] = {"KR 50 %, SSD-MobileNet, width 1", "KR 50 %, SSD-VGG, width 0.25",
                                   "KR 50 %, SSD-VGG, width 1"};
    assert_names(&all, by_both, 3);
    other->model = "ssd_vgg16";
    other->width = 0.25;
    narrow->dataset = other->dataset; /* the same network, on images of the same name */
    narrow->weights_digest = other->weights_digest;
    const ftdn_lines images = ftdn_made_lines(cell + 1, 2, &arena);
    const char *const by_images[] = {"KR 50 %, dataset dddddddd", "KR 50 %, dataset eeeeeeee"};
    assert_names(&images, by_images, 2);
}

static void a_line_without_copies_says_nothing_of_them(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.3),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.3),
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
    };
    cell[1].params.copies = cell[3].params.copies = "clean";
    const ftdn_lines lines = ftdn_made_lines(cell, 3, &arena);
    const char *const names[] = {"unprotected", "KR 50 %, copies clean", "KR 50 %, copies independent"};
    assert_names(&lines, names, 3);
    const ftdn_lines both = ftdn_made_lines(cell, 4, &arena); /* names are all different */
    assert_string_equal(both.line[0].name, "unprotected, copies clean");
    assert_string_equal(both.line[1].name, "unprotected, copies independent");
}

static void cells_with_counts_are_left_out(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {ftdn_made_cell("none", NAN, 0, 0, 0.6), ftdn_made_cell("none", NAN, 0, 0, 0.3)};
    cell[1].params.weight_count = 5;
    const ftdn_lines lines = ftdn_made_lines(cell, 2, &arena);
    assert_int_equal(lines.n_lines, 1);
    assert_int_equal(lines.line[0].n_cells, 1);
    assert_int_equal(ftdn_made_lines(cell, 0, &arena).n_lines, 0);
}

static void a_protected_line_finds_the_unprotected_one_of_its_network_and_faults(void **state)
{
    (void)state;
    ftdn_cell_accuracy cell[] = {
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3), ftdn_made_cell("kr", 0.5, 0.01, 0, 0.3),
        ftdn_made_cell("none", NAN, 0.01, 0, 0.3), ftdn_made_cell("kr", 0.5, 0.01, 0, 0.3),
        ftdn_made_cell("kr", 0.5, 0.01, 0, 0.3),
    };
    cell[1].params.copies = "clean"; /* of the protection */
    cell[2].params.type = cell[3].params.type = "bit_flip";
    cell[4].params.model = "ssd_mobilenet_v1";
    const ftdn_lines lines = ftdn_made_lines(cell, 5, &arena);
    for (int i = 0; i < lines.n_lines; i++) {
        const ftdn_line *line = &lines.line[i], *found = ftdn_lines_find_unprotected(&lines, line);
        if (line->cell[0] == &cell[4]) {
            assert_null(found);
            continue;
        }
        assert_non_null(found);
        assert_string_equal(found->params->type, line->params->type);
        assert_string_equal(found->params->method, "none");
    }
}

static void a_failed_allocation_is_an_error(void **state)
{
    (void)state;
    const ftdn_cell_accuracy cell[] = {ftdn_made_cell("none", NAN, 0.01, 0, 0.3),
                                       ftdn_made_cell("kr", 0.5, 0.01, 0, 0.3)};
    long k = 0;
    for (ftdn_status status = FTDN_ERR_MEMORY; status != FTDN_OK; k++) {
        ftdn_arena tight;
        ftdn_lines lines;
        ftdn_arena_init(&tight);
        ftdn_arena_fail_after(&tight, k);
        status = ftdn_lines_group(cell, 2, &tight, &lines, &err);
        if (status != FTDN_OK) assert_int_equal(status, FTDN_ERR_MEMORY);
        ftdn_arena_done(&tight);
    }
    assert_true(k > 3);
}

/* Of any number of lines, no two look the same; in print and to any eye: by dash or marker, too. */
static void no_two_lines_look_the_same(void **state)
{
    (void)state;
    static const char *const methods[] = {"none", "fmr", "kr", "d2nn", "clip", "kr", "other"};
    ftdn_trial_params params[FTDN_MOST_STYLES] = {{0}};
    ftdn_line line[FTDN_MOST_STYLES];
    const ftdn_line *pointer[FTDN_MOST_STYLES];
    ftdn_line_style style[FTDN_MOST_STYLES];
    for (int n = 1; n <= FTDN_MOST_STYLES; n++) {
        for (int i = 0; i < n; i++) {
            params[i].method = methods[i % 7];
            line[i] = (ftdn_line){.params = &params[i]};
            pointer[i] = &line[i];
        }
        ftdn_line_styles_choose(pointer, n, style);
        for (int i = 0; i < n; i++) {
            for (int k = 0; k < i; k++) {
                bool same_shape = style[i].marker == style[k].marker && !strcmp(style[i].dash, style[k].dash);
                if (same_shape) fail_msg("of %d lines %d and %d differ in colour only, if at all", n, k, i);
                if (n <= 8) assert_string_not_equal(style[i].colour, style[k].colour);
            }
        }
    }
}

/* Two networks under each method: colours pair off, dashes say the method, markers tell all apart. */
static void both_lines_of_a_method_have_its_dash(void **state)
{
    (void)state;
    static const char *const methods[] = {"none", "none", "fmr", "fmr", "kr", "kr"};
    ftdn_trial_params params[6] = {{0}};
    ftdn_line line[6];
    const ftdn_line *pointer[6];
    ftdn_line_style style[6];
    for (int i = 0; i < 6; i++) {
        params[i].method = methods[i];
        line[i] = (ftdn_line){.params = &params[i]};
        pointer[i] = &line[i];
    }
    ftdn_line_styles_choose(pointer, 6, style);
    for (int i = 0; i < 6; i++)
        for (int k = 0; k < i; k++) {
            assert_int_equal(strcmp(style[i].dash, style[k].dash) == 0, strcmp(methods[i], methods[k]) == 0);
            assert_int_not_equal(style[i].marker, style[k].marker);
        }
}

static void a_method_keeps_its_colour(void **state)
{
    (void)state;
    static const char *const methods[2][3] = {{"none", "kr", "d2nn"}, {"fmr", "kr", "kr"}};
    ftdn_line_style style[2][3];
    for (int figure = 0; figure < 2; figure++) {
        ftdn_trial_params params[3] = {{0}};
        ftdn_line line[3];
        const ftdn_line *pointer[3];
        for (int i = 0; i < 3; i++) {
            params[i].method = methods[figure][i];
            line[i] = (ftdn_line){.params = &params[i]};
            pointer[i] = &line[i];
        }
        ftdn_line_styles_choose(pointer, 3, style[figure]);
    }
    assert_string_equal(style[0][1].colour, style[1][1].colour);
    assert_string_not_equal(style[1][1].colour, style[1][2].colour);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(lines_stand_in_the_order_of_the_papers_table),
        FTDN_ARENA_TEST(names_say_what_lines_differ_in_and_no_more),
        FTDN_ARENA_TEST(digests_tell_networks_apart_and_names_say_it),
        FTDN_ARENA_TEST(of_a_network_the_first_difference_is_said_alone),
        FTDN_ARENA_TEST(a_line_without_copies_says_nothing_of_them),
        FTDN_ARENA_TEST(cells_with_counts_are_left_out),
        FTDN_ARENA_TEST(a_protected_line_finds_the_unprotected_one_of_its_network_and_faults),
        cmocka_unit_test(a_failed_allocation_is_an_error),
        cmocka_unit_test(no_two_lines_look_the_same),
        cmocka_unit_test(both_lines_of_a_method_have_its_dash),
        cmocka_unit_test(a_method_keeps_its_colour),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
