#include "base/sign_test.h"

#include <math.h>

#include "tests/support/support.h"

static void assert_near(double value, double expected)
{
    if (!(fabs(value - expected) <= 1e-12 * expected)) fail_msg("%.17g is not %.17g", value, expected);
}

/* Zar, "Biostatistical Analysis", the leg lengths of ten deer: eight hind legs are longer than the front legs, two are
 * shorter, P = 0.10938. By hand: 2 (1 + 10 + 45) / 1024. Arbuthnot, "An argument for divine providence" (Phil. Trans. 27,
 * 1710): more boys than girls were christened in each of 82 years, for which he has the chance (1/2)^82. */
static void published_signs_have_their_published_chances(void **state)
{
    (void)state;
    assert_true(ftdn_sign_test(8, 2) == 0.109375);
    assert_true(ftdn_sign_test(2, 8) == 0.109375);
    assert_true(ftdn_sign_test(82, 0) == 2 * 0x1p-82);
}

static void few_signs_by_hand(void **state)
{
    (void)state;
    assert_true(isnan(ftdn_sign_test(0, 0)));
    assert_true(ftdn_sign_test(1, 0) == 1);
    assert_true(ftdn_sign_test(0, 2) == 0.5);
    assert_true(ftdn_sign_test(5, 0) == 0.0625);
    assert_true(ftdn_sign_test(6, 0) == 0.03125); /* the fewest pairs that can have p < 0.05 */
    assert_true(ftdn_sign_test(3, 1) == 0.625);
    assert_true(ftdn_sign_test(5, 5) == 1);
    assert_true(ftdn_sign_test(5, 4) == 1);
}

/* Made by: python3 -c "from math import comb; from fractions import Fraction as F
 * for n, k in ((100, 40), (1001, 450), (3000, 1400), (10000, 4900)):
 *     print(float(F(2 * sum(comb(n, i) for i in range(k + 1)), 2**n)))" */
static void many_signs_are_those_of_exact_arithmetic(void **state)
{
    (void)state;
    assert_near(ftdn_sign_test(60, 40), 0.05688793364098079);
    assert_near(ftdn_sign_test(450, 551), 0.001561138839699202);
    assert_near(ftdn_sign_test(1600, 1400), 0.0002785639610392337);
    assert_near(ftdn_sign_test(4900, 5100), 0.04658552770494739);
    assert_true(ftdn_sign_test(100000, 0) == 0);
    assert_true(ftdn_sign_test(50000, 50000) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_signs_have_their_published_chances),
        cmocka_unit_test(few_signs_by_hand),
        cmocka_unit_test(many_signs_are_those_of_exact_arithmetic),
    };
    return cmocka_run_group_tests_name("base/sign_test", tests, NULL, NULL);
}
