#include <math.h>

#include "results/accuracy.h"
#include "tests/results/asked_store.h"

static const ftdn_asked_trial trials[] = {
    {0.01, NULL, NAN, 0, 0.25}, {0.01, NULL, NAN, 1, 0.5},     {0.02, NULL, NAN, 0, 0.125},
    {0.02, "kr", 0.5, 0, 0.375}, {0.02, "kr", 0.5, 1, 0.4375},
};

static const ftdn_cell_accuracy *load(ftdn_asked_store *asked, const char *manifest, int *ret_n_cells)
{
    ftdn_error err;
    const ftdn_cell_accuracy *cell;
    FTDN_ASSERT_OK(ftdn_accuracy_load(asked->store, manifest, &asked->arena, &cell, ret_n_cells, &err), err);
    return cell;
}

/* By hand: 0.25 and 0.5 have the deviation 0.25 / sqrt(2), and the half width 12.706 times 0.125. */
static void a_cell_has_its_parameters_and_means_over_its_seeds(void **state)
{
    ftdn_asked_store *asked = *state;
    int n_cells;
    ftdn_asked_append(asked, trials, 5, 0);
    const ftdn_cell_accuracy *cell = load(asked, "*", &n_cells);
    assert_int_equal(n_cells, 3);
    assert_string_equal(cell[0].params.method, "none");
    assert_true(cell[0].params.weight_rate == 0.01 && isnan(cell[0].params.ratio));
    assert_int_equal(cell[0].map.n, 2);
    assert_true(cell[0].map.mean == 0.375);
    assert_true(fabs(cell[0].map.sd - 0.25 / sqrt(2)) < 1e-15);
    assert_true(fabs(cell[0].map.half_width - 12.7062047 * 0.125) < 1e-7);
    assert_int_equal(cell[1].map.n, 1);
    assert_true(isnan(cell[1].map.sd) && isnan(cell[1].map.half_width));
    assert_string_equal(cell[2].params.ranking, "entropy");
    assert_true(cell[2].map.mean == 0.40625);
    assert_int_equal(cell[2].n_classes, FTDN_SAMPLE_CLASSES);
    assert_string_equal(cell[2].class_accuracy[0].name, "boat");
    assert_int_equal(cell[2].class_accuracy[0].n_objects, 7);
    assert_true(cell[2].class_accuracy[0].ap.mean == 0.1 && cell[2].class_accuracy[0].ap.sd == 0);
    assert_true(isnan(cell[2].class_accuracy[1].ap.mean)); /* no object */
}

/* By hand: in pairs of one seed 0.375 - 0.125 and 0.4375 - 0.25; a seed without a partner does not count. */
static void a_gain_is_that_over_the_same_faults_without_protection(void **state)
{
    ftdn_asked_store *asked = *state;
    static const ftdn_asked_trial paired[] = {
        {0.02, NULL, NAN, 0, 0.125}, {0.02, NULL, NAN, 1, 0.25},  {0.02, "kr", 0.5, 0, 0.375},
        {0.02, "kr", 0.5, 1, 0.4375}, {0.02, "kr", 0.5, 2, 0.5}, {0.04, "kr", 0.5, 0, 0.25},
    };
    int n_cells;
    ftdn_asked_append(asked, paired, 6, 0);
    const ftdn_cell_accuracy *cell = load(asked, "*", &n_cells);
    assert_int_equal(n_cells, 3);
    assert_int_equal(cell[0].gain.n, 0); /* unprotected */
    assert_true(isnan(cell[0].gain.mean));
    assert_int_equal(cell[1].map.n, 3);
    assert_int_equal(cell[1].gain.n, 2);
    assert_true(cell[1].gain.mean == 0.21875);
    assert_true(fabs(cell[1].gain.sd - 0.0625 / sqrt(2)) < 1e-15);
    assert_true(fabs(cell[1].gain.half_width - 12.7062047 * 0.03125) < 1e-7);
    assert_int_equal(cell[2].gain.n, 0); /* nothing at its rate */
}

/* The samples have 300 images and 1.25 s of forward, no detection. */
static void speed_is_that_of_the_fastest_trial(void **state)
{
    ftdn_asked_store *asked = *state;
    ftdn_sample sample;
    int n_cells;
    for (int i = 0; i < 3; i++) {
        ftdn_asked_describe(&(ftdn_asked_trial){0.01, NULL, NAN, i, 0.25}, i, &sample);
        sample.timing_row[0].seconds = 3 - i;
        ftdn_sample_append(asked->store, &sample, &asked->origin);
    }
    assert_true(load(asked, "*", &n_cells)->images_per_second == 300);
    ftdn_asked_describe(&(ftdn_asked_trial){0.02, NULL, NAN, 0, 0.25}, 3, &sample);
    sample.timing_row[0].stage = "injection";
    ftdn_sample_append(asked->store, &sample, &asked->origin);
    const ftdn_cell_accuracy *cell = load(asked, "*", &n_cells);
    assert_int_equal(n_cells, 2);
    assert_true(isnan(cell[1].images_per_second));
}

static void the_figures_are_those_of_the_named_queries(void **state)
{
    ftdn_asked_store *asked = *state;
    int n_cells;
    ftdn_asked_append(asked, trials, 5, 0);
    const ftdn_cell_accuracy *cell = load(asked, "*", &n_cells);
    for (int i = 0; i < n_cells; i++) {
        ftdn_text row;
        if (cell[i].map.n < 2) continue;
        ftdn_text_init(&row);
        ftdn_text_append(&row, ",%lld,", (long long)cell[i].map.n);
        ftdn_text_append_json_number(&row, cell[i].map.mean);
        ftdn_text_append(&row, ",");
        ftdn_text_append_json_number(&row, cell[i].map.sd);
        ftdn_text_append(&row, ",");
        ftdn_text_append_json_number(&row, cell[i].map.half_width);
        ftdn_text_append(&row, ",");
        assert_false(row.failed);
        assert_non_null(strstr(ftdn_asked_csv(asked, "map_by_rate", NULL), row.chars));
        ftdn_text_done(&row);
    }
}

static void a_campaign_can_be_chosen(void **state)
{
    ftdn_asked_store *asked = *state;
    int n_cells;
    ftdn_asked_append(asked, trials, 2, 0);
    asked->origin.campaign = ftdn_sample_add_campaign(asked->store, "other");
    ftdn_asked_append(asked, trials + 2, 3, 2);
    assert_true(load(asked, "oth*", &n_cells)->params.weight_rate == 0.02);
    assert_int_equal(n_cells, 2);
    load(asked, "neither", &n_cells);
    assert_int_equal(n_cells, 0);
}

static void a_failed_allocation_is_an_error(void **state)
{
    ftdn_asked_store *asked = *state;
    long k = 0;
    ftdn_asked_append(asked, trials, 5, 0);
    for (ftdn_status status = FTDN_ERR_MEMORY; status != FTDN_OK; k++) {
        ftdn_arena tight;
        ftdn_error err = {0};
        const ftdn_cell_accuracy *cell;
        int n_cells;
        ftdn_arena_init(&tight);
        ftdn_arena_fail_after(&tight, k);
        status = ftdn_accuracy_load(asked->store, "*", &tight, &cell, &n_cells, &err);
        if (status != FTDN_OK) assert_int_equal(status, FTDN_ERR_MEMORY);
        ftdn_arena_done(&tight);
    }
    assert_true(k > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ASKED_TEST(a_cell_has_its_parameters_and_means_over_its_seeds),
        FTDN_ASKED_TEST(a_gain_is_that_over_the_same_faults_without_protection),
        FTDN_ASKED_TEST(speed_is_that_of_the_fastest_trial),
        FTDN_ASKED_TEST(the_figures_are_those_of_the_named_queries),
        FTDN_ASKED_TEST(a_campaign_can_be_chosen),
        FTDN_ASKED_TEST(a_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
