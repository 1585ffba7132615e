/* student.h - Student's t distribution: how far a mean of few values can be trusted.
 *
 * df, the degrees of freedom, is any finite number above 0; n values around their own mean have n - 1. Both functions
 * are good to 1e-10 of their value. */
#ifndef FTDN_BASE_STUDENT_H
#define FTDN_BASE_STUDENT_H

/* The chance that |T| is at least |t|: the two-sided p of a test whose statistic is t. NaN where df is none or
 * t is NaN. */
double ftdn_student_two_sided_p(double t, double df);

/* The t below which T lies with this probability, in (0, 1): 0.975 gives the factor of a two-sided 95 % interval. NaN
 * outside of it, or where df is none; infinite where T lies beyond all doubles, as it may for df below 0.01. */
double ftdn_student_quantile(double probability, double df);

#endif
