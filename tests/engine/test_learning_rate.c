#include "engine/learning_rate.h"

#include <math.h>

#include "tests/support/support.h"

static void a_line_leads_up_and_half_a_cosine_down(void **state)
{
    (void)state;
    const ftdn_learning_rate_desc desc = {.peak = 0.5, .warmup_steps = 4, .n_steps = 12, .final_fraction = 0.25};
    for (int i = 0; i < 4; i++) assert_true(ftdn_learning_rate(&desc, i) == 0.125 * (i + 1));
    /* 8 steps from the peak at step 3 to the end at step 11: cos of 45, 90 and 135 degrees after 2, 4 and 6. */
    const double rounding = 1e-15;
    assert_true(fabs(ftdn_learning_rate(&desc, 5) - 0.5 * (0.25 + 0.75 * (1 + sqrt(0.5)) / 2)) < rounding);
    assert_true(fabs(ftdn_learning_rate(&desc, 7) - 0.5 * (0.25 + 0.75 / 2)) < rounding);
    assert_true(fabs(ftdn_learning_rate(&desc, 9) - 0.5 * (0.25 + 0.75 * (1 - sqrt(0.5)) / 2)) < rounding);
    assert_true(ftdn_learning_rate(&desc, 11) == 0.125);
    assert_true(ftdn_learning_rate(&desc, 1000) == 0.125);
}

static void without_a_warm_up_the_first_step_has_the_peak(void **state)
{
    (void)state;
    const ftdn_learning_rate_desc desc = {.peak = 2, .n_steps = 3};
    assert_true(ftdn_learning_rate(&desc, 0) == 2);
    assert_true(fabs(ftdn_learning_rate(&desc, 1) - 1) < 1e-15);
    assert_true(ftdn_learning_rate(&desc, 2) == 0);
}

static void a_training_may_be_shorter_than_its_warm_up(void **state)
{
    (void)state;
    const ftdn_learning_rate_desc desc = {.peak = 1, .warmup_steps = 8, .n_steps = 2};
    assert_true(ftdn_learning_rate(&desc, 1) == 0.25);
    assert_true(ftdn_learning_rate(&(ftdn_learning_rate_desc){.peak = 1, .warmup_steps = 1, .n_steps = 1}, 0) == 1);
}

static void a_final_fraction_of_1_keeps_the_peak(void **state)
{
    (void)state;
    const ftdn_learning_rate_desc desc = {.peak = 0.3, .n_steps = 100, .final_fraction = 1};
    for (int i = 0; i < 100; i++) assert_true(ftdn_learning_rate(&desc, i) == 0.3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_leads_up_and_half_a_cosine_down),
        cmocka_unit_test(without_a_warm_up_the_first_step_has_the_peak),
        cmocka_unit_test(a_training_may_be_shorter_than_its_warm_up),
        cmocka_unit_test(a_final_fraction_of_1_keeps_the_peak),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
