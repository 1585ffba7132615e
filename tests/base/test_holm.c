#include "base/holm.h"

#include <math.h>

#include "tests/support/support.h"

/* p: [n], ascending. */
static void assert_adjusted(const double *p, const double *expected, int n)
{
    ftdn_holm holm = {.n_left = n};
    for (int i = 0; i < n; i++) {
        double adjusted = ftdn_holm_next(&holm, p[i]);
        if (!(fabs(adjusted - expected[i]) <= 1e-15))
            fail_msg("p %g of %d becomes %.17g, not %.17g", p[i], n, adjusted, expected[i]);
    }
}

/* Of p = 0.005, 0.01, 0.03, 0.04: 4 * 0.005, 3 * 0.01, 2 * 0.03, and the last is no less than the one before. This is
 * the example of Wikipedia, "Holm-Bonferroni method", where the first two are rejected at 0.05. */
static void four_comparisons_by_hand(void **state)
{
    (void)state;
    static const double p[] = {0.005, 0.01, 0.03, 0.04}, expected[] = {0.02, 0.03, 0.06, 0.06};
    assert_adjusted(p, expected, 4);
}

/* The fifteen p of Benjamini and Hochberg, "Controlling the false discovery rate" (J. R. Statist. Soc. B 57, 1995),
 * section 4, of which the procedures that control the familywise error reject the first three at 0.05. */
static void the_published_fifteen_give_three_rejections(void **state)
{
    (void)state;
    static const double p[] = {0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
                               0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
    ftdn_holm holm = {.n_left = 15};
    int n_rejected = 0;
    for (int i = 0; i < 15; i++) n_rejected += ftdn_holm_next(&holm, p[i]) <= 0.05;
    assert_int_equal(n_rejected, 3);
    static const double three[] = {0.0001, 0.0004, 0.0019, 0.0095}, expected[] = {0.0015, 0.0056, 0.0247, 0.114};
    holm = (ftdn_holm){.n_left = 15};
    for (int i = 0; i < 4; i++) assert_true(fabs(ftdn_holm_next(&holm, three[i]) - expected[i]) < 1e-15);
}

static void equal_values_are_adjusted_alike_and_none_exceeds_one(void **state)
{
    (void)state;
    static const double equal[] = {0.01, 0.01, 0.01}, thrice[] = {0.03, 0.03, 0.03};
    assert_adjusted(equal, thrice, 3);
    static const double large[] = {0.4, 0.9}, most[] = {0.8, 0.9};
    assert_adjusted(large, most, 2);
    static const double larger[] = {0.6, 1}, one[] = {1, 1};
    assert_adjusted(larger, one, 2);
    static const double alone[] = {0.05};
    assert_adjusted(alone, alone, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_comparisons_by_hand),
        cmocka_unit_test(the_published_fifteen_give_three_rejections),
        cmocka_unit_test(equal_values_are_adjusted_alike_and_none_exceeds_one),
    };
    return cmocka_run_group_tests_name("base/holm", tests, NULL, NULL);
}
