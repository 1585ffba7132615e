/* moments.h - the mean of a sample of numbers and how far it can be trusted: deviation, interval, test.
 *
 * A value is added at a time (Welford's method), so that nothing is lost of a small spread far from 0, and equal values
 * have the deviation 0 exactly. docs/statistics.md has the formulas and where they are used. */
#ifndef FTDN_BASE_MOMENTS_H
#define FTDN_BASE_MOMENTS_H

#include <stdint.h>

/* All 0: no value yet. */
typedef struct ftdn_moments {
    int64_t n;
    double mean;
    double squares; /* sum of the squared distances from the mean */
} ftdn_moments;

void ftdn_moments_add(ftdn_moments *moments, double value);

/* Standard deviation of the sample, with n - 1; NaN for fewer than two values. So is all below. */
double ftdn_moments_sd(const ftdn_moments *moments);

/* Standard deviation of the mean. */
double ftdn_moments_standard_error(const ftdn_moments *moments);

/* Half of the 95 % interval of the mean, by Student's t: ftdn_interval_factor(n) standard errors. */
double ftdn_moments_half_width(const ftdn_moments *moments);

/* Two-sided p of the t-test that the mean is 0; NaN where all values are equal, too. Of differences of pairs this is
 * the paired t-test. */
double ftdn_moments_t_test(const ftdn_moments *moments);

/* The factor of the interval of the mean of n values. */
double ftdn_interval_factor(int64_t n);

#define FTDN_MOST_NEEDED_VALUES INT64_C(1000000000000)

/* The least number n of values, from 2 on, at which the interval's half width ftdn_interval_factor(n) sd / sqrt(n) is
 * no wider than half_width. 0 where there is none up to FTDN_MOST_NEEDED_VALUES, and where sd (at least 0) or
 * half_width (above 0) is none. */
int64_t ftdn_needed_values(double sd, double half_width);

#endif
