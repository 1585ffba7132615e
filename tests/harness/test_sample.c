/* test_sample.c - points of a sample: how they spread, and what they depend on. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/planned.h"

#define N_POINTS 20000

/* Settings at point i of a sample of these members: "'method': ..., 'keys': {...}". */
static void sample(ftdn_planned *p, const char *members, int n_points)
{
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    const char *text = ftdn_arena_format(
        &arena, NULL, FTDN_PLANNED_HEAD " 'sweep': {'set': {'protection.method': 'kr'}, 'sample': {'points': %d, %s}}}",
        n_points, members);
    assert_non_null(text);
    ftdn_planned_parse(p, text, "m.json");
    assert_int_equal(p->manifest.n_trials, n_points);
    ftdn_arena_done(&arena);
}

static ftdn_trial_settings at(const ftdn_planned *p, int point)
{
    ftdn_trial_settings settings;
    ftdn_manifest_get_settings(&p->manifest, (size_t)point, &settings);
    return settings;
}

#define KEYS                                                                                                           \
    "'keys': {'faults.weight_rate': {'from': 0.2, 'to': 0.6}, 'faults.feature_map_rate': {'log': [0.0001, 0.01]},"     \
    " 'evaluate.candidates': {'from': 1, 'to': 6}, 'protection.ranking': ['weight_sum', 'random', 'random'],"          \
    " 'protection.ratio': {'from': 0, 'to': 1}}"

/* Means within four of their standard deviations (of an even distribution, of binomial ones). */
static void check_spread(const char *members)
{
    ftdn_planned p;
    sample(&p, members, N_POINTS);
    int n_candidates[7] = {0}, n_random = 0, n_low = 0;
    double sum = 0;
    for (int i = 0; i < N_POINTS; i++) {
        ftdn_trial_settings settings = at(&p, i);
        const ftdn_fault_settings *faults = &settings.faults;
        assert_true(faults->weight_rate >= 0.2 && faults->weight_rate <= 0.6);
        assert_true(faults->feature_map_rate >= 0.0001 && faults->feature_map_rate <= 0.01);
        assert_in_range(settings.evaluate.candidates, 1, 6);
        sum += faults->weight_rate;
        n_low += faults->feature_map_rate < 0.001;
        n_candidates[settings.evaluate.candidates]++;
        n_random += !strcmp(settings.protection.ranking, "random");
    }
    assert_true(fabs(sum / N_POINTS - 0.4) < 4 * 0.4 / sqrt(12.0 * N_POINTS));
    assert_true(abs(n_low - N_POINTS / 2) < 4 * sqrt(N_POINTS / 4.0));
    assert_true(fabs(n_random - N_POINTS * 2 / 3.0) < 4 * sqrt(N_POINTS * 2 / 9.0));
    for (int c = 1; c <= 6; c++) assert_true(fabs(n_candidates[c] - N_POINTS / 6.0) < 4 * sqrt(N_POINTS * 5 / 36.0));
    ftdn_planned_done(&p);
}

static void points_spread_evenly_over_their_ranges(void **state)
{
    (void)state;
    check_spread("'method': 'random', " KEYS);
    check_spread("'method': 'random', 'seed': 9007199254740992, " KEYS);
    check_spread("'method': 'sobol', " KEYS);
    check_spread("'method': 'sobol', 'seed': 1, " KEYS);
}

/* Is point i of both the same? */
static bool same_point(const ftdn_planned *p, const ftdn_planned *q, int i)
{
    ftdn_trial_settings a = at(p, i), b = at(q, i);
    return a.faults.weight_rate == b.faults.weight_rate && a.faults.feature_map_rate == b.faults.feature_map_rate &&
           a.evaluate.candidates == b.evaluate.candidates && !strcmp(a.protection.ranking, b.protection.ranking) &&
           a.protection.ratio == b.protection.ratio;
}

static void a_point_depends_on_seed_and_number_alone(void **state)
{
    (void)state;
    static const char *const samples[] = {
        "'method': 'random', " KEYS,
        "'method': 'random', 'seed': 1, " KEYS,
        "'method': 'random', 'seed': 4294967296, " KEYS, /* the seed's upper word counts */
        "'method': 'sobol', " KEYS,
        "'method': 'sobol', 'seed': 1, " KEYS,
    };
    for (int a = 0; a < 5; a++)
        for (int b = 0; b <= a; b++) {
            ftdn_planned p, q;
            sample(&p, samples[a], 50);
            sample(&q, samples[b], 80);
            int n_same = 0;
            for (int i = 0; i < 50; i++) n_same += same_point(&p, &q, i);
            assert_int_equal(n_same, a == b ? 50 : 0);
            ftdn_planned_done(&p);
            ftdn_planned_done(&q);
        }
}

/* Six significant digits, so that a manifest that lists a point by hand has the same trial. */
static void numbers_have_six_significant_digits(void **state)
{
    (void)state;
    ftdn_planned p;
    sample(&p, "'method': 'random', " KEYS, 1000);
    for (int i = 0; i < 1000; i++) {
        char text[32];
        double rate = at(&p, i).faults.feature_map_rate;
        snprintf(text, sizeof text, "%.6g", rate);
        assert_true(strtod(text, NULL) == rate);
    }
    ftdn_planned_done(&p);
}

/* A bound of more digits than six is not left by rounding. */
static void rounding_does_not_leave_the_range(void **state)
{
    (void)state;
    ftdn_planned p;
    sample(&p, "'method': 'random', 'keys': {'protection.ratio': {'from': 0.12345678, 'to': 0.12345679}}", 200);
    for (int i = 0; i < 200; i++) {
        double ratio = at(&p, i).protection.ratio;
        assert_true(ratio == 0.12345678 || ratio == 0.12345679);
    }
    ftdn_planned_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(points_spread_evenly_over_their_ranges),
        cmocka_unit_test(a_point_depends_on_seed_and_number_alone),
        cmocka_unit_test(numbers_have_six_significant_digits),
        cmocka_unit_test(rounding_does_not_leave_the_range),
    };
    return cmocka_run_group_tests_name("sample", tests, NULL, NULL);
}
