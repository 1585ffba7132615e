#include "base/student.h"

#include <math.h>

#include "tests/support/support.h"

#define PI 3.14159265358979323846

/* Both to 1e-10 of the expected value, as student.h promises. */
static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-10 * fabs(expected))) fail_msg("%.17g is not %.17g", value, expected);
}

/* The table of percentage points in the NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2: three decimals. */
static void quantiles_are_those_of_the_published_table(void **state)
{
    (void)state;
    static const double probability[] = {0.90, 0.95, 0.975, 0.99, 0.995, 0.999};
    static const struct {
        double df, t[6];
    } rows[] = {
        {1, {3.078, 6.314, 12.706, 31.821, 63.657, 318.309}}, {2, {1.886, 2.920, 4.303, 6.965, 9.925, 22.327}},
        {3, {1.638, 2.353, 3.182, 4.541, 5.841, 10.215}},     {4, {1.533, 2.132, 2.776, 3.747, 4.604, 7.173}},
        {5, {1.476, 2.015, 2.571, 3.365, 4.032, 5.893}},      {9, {1.383, 1.833, 2.262, 2.821, 3.250, 4.297}},
        {10, {1.372, 1.812, 2.228, 2.764, 3.169, 4.144}},     {30, {1.310, 1.697, 2.042, 2.457, 2.750, 3.385}},
        {49, {1.299, 1.677, 2.010, 2.405, 2.680, 3.265}},     {100, {1.290, 1.660, 1.984, 2.364, 2.626, 3.174}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int k = 0; k < 6; k++) {
            double t = ftdn_student_quantile(probability[k], rows[i].df);
            if (fabs(t - rows[i].t[k]) > 0.0005001)
                fail_msg("df %g, %g: %.6f is not %.3f", rows[i].df, probability[k], t, rows[i].t[k]);
        }
}

/* For 1, 2 and 4 degrees of freedom the distribution has a closed form. */
static void closed_forms_are_met(void **state)
{
    (void)state;
    static const double probability[] = {0.500001, 0.6, 0.75, 0.9, 0.975, 0.9995, 0.99999};
    for (size_t i = 0; i < sizeof probability / sizeof *probability; i++) {
        double p = probability[i], a = 4 * p * (1 - p), q = cos(acos(sqrt(a)) / 3) / sqrt(a);
        assert_near(ftdn_student_quantile(p, 1), tan(PI * (p - 0.5)));
        assert_near(ftdn_student_quantile(p, 2), 2 * (p - 0.5) * sqrt(2 / a));
        if (p > 0.59) assert_near(ftdn_student_quantile(p, 4), 2 * sqrt(q - 1)); /* q - 1 loses digits near 1/2 */
    }
    static const double t[] = {0, 1e-9, 0.1, 1, 2.5, 30, 1e6};
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        assert_near(ftdn_student_two_sided_p(t[i], 1), t[i] < 1 ? 1 - 2 / PI * atan(t[i]) : 2 / PI * atan(1 / t[i]));
        double root = sqrt(2 + t[i] * t[i]);
        assert_near(ftdn_student_two_sided_p(t[i], 2), 2 / (root * (root + t[i])));
    }
}

/* Made by: python3 -c "from mpmath import *; mp.dps = 40
 * for t, v in ((0.5, 7), (2, 19), (4, 79.5), (4, 80.5), (10, 49), (40, 300), (3, 99999), (30, 1e5), (1.96, 1e6),
 *              (1e4, 0.5)): v = mpf(v); print(nstr(betainc(v / 2, 0.5, 0, v / (v + mpf(t) ** 2), regularized=True), 17))" */
static void chances_are_those_of_arithmetic_with_forty_digits(void **state)
{
    (void)state;
    static const struct {
        double t, df, p;
    } rows[] = {
        {0.5, 7, 0.63240713568928422},
        {2, 19, 0.060002036386098366},
        {4, 79.5, 0.0001410657865894258},
        {4, 80.5, 0.0001398238056934478},
        {10, 49, 2.0131633919785468e-13},
        {40, 300, 2.8524180395311876e-122},
        {3, 99999, 0.0027004608907134292},
        {30, 100000, 7.3785368722222337e-197},
        {1.96, 1000000.0, 0.049996067585269791},
        {10000.0, 0.5, 0.0064140195034739434},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_near(ftdn_student_two_sided_p(rows[i].t, rows[i].df), rows[i].p);
        assert_near(ftdn_student_two_sided_p(-rows[i].t, rows[i].df), rows[i].p);
    }
}

/* The density of T, integrated. Made by: python3 -c "from mpmath import *; mp.dps = 40
 * for t, v in ((3, 1e5), (2, 1e8), (0.01, 1e8), (5, 1e10), (2, 1e15)): v = mpf(v);
 *     print(nstr(2 * quad(lambda x: exp(-(v + 1) / 2 * log1p(x * x / v)), linspace(t, t + 60, 200)) *
 *                exp(loggamma((v + 1) / 2) - loggamma(v / 2)) / sqrt(pi * v), 17))"
 * Quantiles by the expansion of Abramowitz and Stegun, 26.7.5, with x = 1.95996398454005424. */
static void many_degrees_of_freedom_keep_their_digits(void **state)
{
    (void)state;
    static const struct {
        double t, df, p;
    } rows[] = {
        {3, 100000, 0.0027004608840647192}, {2, 1e8, 0.045500266595906753},    {0.01, 1e8, 0.9920212873906849},
        {5, 1e10, 5.7330315342206473e-7},   {2, 1e15, 0.045500263896358684},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_near(ftdn_student_two_sided_p(rows[i].t, rows[i].df), rows[i].p);
    static const double df[] = {99999, 100000, 1e6, 1e9, 1e12, 1e300};
    const double x = 1.95996398454005424;
    for (size_t i = 0; i < sizeof df / sizeof *df; i++) {
        double v = df[i], g1 = (pow(x, 3) + x) / 4, g2 = (5 * pow(x, 5) + 16 * pow(x, 3) + 3 * x) / 96;
        assert_near(ftdn_student_quantile(0.975, v), x + g1 / v + g2 / v / v);
    }
}

static void a_quantile_has_the_chance_that_it_was_asked_for(void **state)
{
    (void)state;
    static const double df[] = {0.5, 1, 3, 7.25, 39, 40, 79, 80, 81, 1000, 123456};
    static const double tails[] = {1e-12, 1e-5, 0.001, 0.05, 0.3, 0.9};
    for (size_t i = 0; i < sizeof df / sizeof *df; i++)
        for (size_t k = 0; k < sizeof tails / sizeof *tails; k++) {
            double t = ftdn_student_quantile(tails[k] / 2, df[i]);
            assert_true(t < 0);
            assert_near(ftdn_student_two_sided_p(t, df[i]), tails[k]);
        }
    assert_true(ftdn_student_quantile(0.5, 3) == 0);
    assert_near(ftdn_student_quantile(0.25, 3), -ftdn_student_quantile(0.75, 3));
}

static void ends_of_the_line_and_what_has_no_answer(void **state)
{
    (void)state;
    assert_true(ftdn_student_two_sided_p(0, 3) == 1);
    assert_true(ftdn_student_two_sided_p(INFINITY, 3) == 0);
    assert_true(ftdn_student_two_sided_p(-INFINITY, 3) == 0);
    assert_true(ftdn_student_two_sided_p(1e200, 3) == 0);
    assert_true(ftdn_student_two_sided_p(1e200, 1e6) == 0);
    assert_true(ftdn_student_two_sided_p(1, 1e300) > 0.3);
    assert_near(ftdn_student_two_sided_p(1e200, 1), 2 / PI * 1e-200); /* whose square is no double */
    assert_true(ftdn_student_quantile(0.975, 0.001) == INFINITY);
    assert_true(ftdn_student_quantile(0.025, 0.001) == -INFINITY);
    assert_true(isnan(ftdn_student_two_sided_p(NAN, 3)));
    static const double wrong[] = {0, -1, NAN, INFINITY};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_true(isnan(ftdn_student_two_sided_p(1, wrong[i])));
        assert_true(isnan(ftdn_student_quantile(0.975, wrong[i])));
    }
    static const double outside[] = {0, 1, -0.5, 1.5, NAN};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++)
        assert_true(isnan(ftdn_student_quantile(outside[i], 3)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_those_of_the_published_table),
        cmocka_unit_test(closed_forms_are_met),
        cmocka_unit_test(chances_are_those_of_arithmetic_with_forty_digits),
        cmocka_unit_test(many_degrees_of_freedom_keep_their_digits),
        cmocka_unit_test(a_quantile_has_the_chance_that_it_was_asked_for),
        cmocka_unit_test(ends_of_the_line_and_what_has_no_answer),
    };
    return cmocka_run_group_tests_name("base/student", tests, NULL, NULL);
}
