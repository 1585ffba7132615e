#include "analysis/bootstrap.h"

#include <math.h>

#include "base/moments.h"
#include "base/philox_hd.h"
#include "tests/support/support.h"

static void a_resample_has_as_many_items_as_there_are(void **state)
{
    (void)state;
    int n_times[13];
    for (int n = 0; n <= 13; n++)
        for (uint32_t resample = 0; resample < 20; resample++) {
            int sum = 0;
            ftdn_bootstrap_draw(7, resample, n, n_times);
            for (int i = 0; i < n; i++) sum += n_times[i];
            assert_int_equal(sum, n);
        }
}

/* The rule of bootstrap.h, drawn one by one. */
static void draws_are_those_of_the_rule(void **state)
{
    (void)state;
    enum { N = 10 };
    const uint64_t seed = 0x123456789abcdef0;
    int n_times[N], expected[N] = {0};
    for (uint32_t i = 0; i < N; i++) {
        const ftdn_philox_block counter = {{i / 4, 99, 0, 0x626F6F74}};
        const uint32_t word = ftdn_philox(counter, 0x9abcdef0, 0x12345678).word[i % 4];
        expected[(int)((double)word / 4294967296.0 * N)]++;
    }
    ftdn_bootstrap_draw(seed, 99, N, n_times);
    assert_memory_equal(n_times, expected, sizeof n_times);
}

/* Efron and Tibshirani (1993), table 2.1: the mean survival of the seven treated mice has the bootstrap standard error
 * 23.36 for infinitely many resamples: sqrt(sum (x - mean)^2) / 7. The standard error of 40,000 resamples deviates from
 * it by a share of about 1 / sqrt(80000), 0.35 %; allowed are four of these. */
static void the_error_of_the_published_mice_is_the_published_one(void **state)
{
    (void)state;
    static const double survival[] = {94, 197, 16, 38, 99, 141, 23};
    ftdn_moments means = {0};
    for (uint32_t resample = 0; resample < 40000; resample++) {
        int n_times[7];
        double sum = 0;
        ftdn_bootstrap_draw(1, resample, 7, n_times);
        for (int i = 0; i < 7; i++) sum += n_times[i] * survival[i];
        ftdn_moments_add(&means, sum / 7);
    }
    assert_true(fabs(means.mean - 86.857) < 4 * 23.36 / 200);
    assert_true(fabs(ftdn_moments_sd(&means) / 23.36 - 1) < 4 * 0.0035);
}

/* Of 1 ... 999 in any order 25 and 975 (0.025 * 1000 = 25); of 1 ... 39 the ends; of 38 nothing. */
static void percentiles_are_counted_from_both_ends(void **state)
{
    (void)state;
    double figure[1000];
    for (int i = 0; i < 999; i++) figure[i] = 1 + (i * 500) % 999;
    figure[999] = NAN;
    ftdn_bootstrap_interval interval = ftdn_bootstrap_percentiles(figure, 1000);
    assert_true(interval.low == 25 && interval.high == 975 && interval.n == 999);
    for (int i = 0; i < 39; i++) figure[i] = 39 - i;
    interval = ftdn_bootstrap_percentiles(figure, 39);
    assert_true(interval.low == 1 && interval.high == 39 && interval.n == 39);
    interval = ftdn_bootstrap_percentiles(figure, 38);
    assert_true(isnan(interval.low) && isnan(interval.high) && interval.n == 38);
    interval = ftdn_bootstrap_percentiles(figure, 0);
    assert_true(isnan(interval.low) && interval.n == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_resample_has_as_many_items_as_there_are),
        cmocka_unit_test(draws_are_those_of_the_rule),
        cmocka_unit_test(the_error_of_the_published_mice_is_the_published_one),
        cmocka_unit_test(percentiles_are_counted_from_both_ends),
    };
    return cmocka_run_group_tests_name("analysis/bootstrap", tests, NULL, NULL);
}
