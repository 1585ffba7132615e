#include "base/student.h"

#include <float.h>
#include <math.h>

#define SQRT_PI 1.7724538509055160273
#define SQRT_HALF 0.70710678118654752440

/* gamma(a + 1/2) / gamma(a), a > 0. The quotient of two large gammas would lose digits, or overflow: from 40 on the
 * series in 1/a (its next term is below 1e-14 there) takes over. */
static double gamma_half_step(double a)
{
    if (a < 40) return tgamma(a + 0.5) / tgamma(a);
    double u = 1 / a;
    double series =
        1 + u * (-1.0 / 8 + u * (1.0 / 128 +
                                 u * (5.0 / 1024 + u * (-21.0 / 32768 + u * (-399.0 / 262144 + u * 869.0 / 4194304)))));
    return sqrt(a) * series;
}

/* The continued fraction of the incomplete beta function I_x(a, b), evaluated from its head (Lentz's method). It
 * converges fast for x below (a + 1) / (a + b + 2): within about sqrt(max(a, b)) steps. */
static double beta_fraction(double a, double b, double x)
{
    enum { MAX_STEPS = 100000 };
    const double tiny = 1e-300; /* instead of a 0 that would be divided by */
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    if (fabs(d) < tiny) d = tiny;
    d = 1 / d;
    double fraction = d;
    for (int m = 1; m <= MAX_STEPS; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 + even * d;
        c = 1 + even / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        if (fabs(c) < tiny) c = tiny;
        fraction *= d * c;
        d = 1 + odd * d;
        c = 1 + odd / c;
        d = 1 / (fabs(d) < tiny ? tiny : d);
        if (fabs(c) < tiny) c = tiny;
        fraction *= d * c;
        if (fabs(d * c - 1) < DBL_EPSILON) break;
    }
    return fraction;
}

/* For many degrees of freedom, where the fraction would lose digits. T is transformed to u, u^2 = df ln(1 + T^2 / df),
 * whose density is that of a normal variable, times
 *
 *     sqrt(s / (1 - exp(-s))) = 1 + s/4 + s^2/96 - s^3/384 - ...,    s = u^2 / df
 *
 * and a constant. Below is the tail of that, integrated term by term; the next is below 1e-11 of it from MANY on. */
#define MANY 1e5
static double tails_of_many(double ratio, double df)
{
    double square = df * log1p(ratio), u = sqrt(square), v = 1 / df, falls_to = exp(-square / 2);
    if (falls_to == 0) return 0;
    double rest = 1.0 / 4 + v * ((square + 3) / 96 - v * ((square + 5) * square + 15) / 384);
    double total = 1 + v * (1.0 / 4 + v * (1.0 / 32 - v * 5.0 / 128));
    return erfc(u * SQRT_HALF) + 2 * SQRT_HALF / SQRT_PI * falls_to * u * v * rest / total;
}

/* I_x(df/2, 1/2) with x = df / (df + t^2), by the side on which the fraction converges. y = 1 - x has digits of its
 * own: for a small t it cannot be had from x. */
double ftdn_student_two_sided_p(double t, double df)
{
    if (isnan(t) || !(df > 0) || isinf(df)) return NAN;
    if (isinf(t)) return 0;
    double a = df / 2, ratio = t * t / df;
    if (df >= MANY) return tails_of_many(fmin(ratio, DBL_MAX), df);
    if (ratio == 0) return 1;
    /* ln(x), which keeps the digits of x^a for a large df, and is there where t^2 is not. */
    double log_x = isinf(ratio) ? log(df) - 2 * log(fabs(t)) : -log1p(ratio);
    double x = 1 / (1 + ratio), y = 1 / (1 + 1 / ratio);
    /* x^a y^(1/2) / B(a, 1/2) */
    double front = exp(a * log_x) * sqrt(y) * gamma_half_step(a) / SQRT_PI;
    if (x < (a + 1) / (a + 2.5)) return fmin(1, front * beta_fraction(a, 0.5, x) / a);
    return fmax(0, 1 - front * beta_fraction(0.5, a, y) / 0.5);
}

/* The density of T at t. */
static double density(double t, double df)
{
    return exp(-(df + 1) / 2 * log1p(t * t / df)) * gamma_half_step(df / 2) / (SQRT_PI * sqrt(df));
}

/* Newton's steps on the chance of the tail, kept between bounds that close in on the root. */
double ftdn_student_quantile(double probability, double df)
{
    if (!(probability > 0 && probability < 1) || !(df > 0) || isinf(df)) return NAN;
    if (probability == 0.5) return 0;
    double tails = 2 * fmin(probability, 1 - probability), low = 0, high = 1;
    while (ftdn_student_two_sided_p(high, df) > tails) {
        low = high;
        high *= 4;
    }
    double t = isinf(high) ? high : (low + high) / 2;
    for (int i = 0; i < 200 && !isinf(t); i++) {
        double excess = ftdn_student_two_sided_p(t, df) - tails;
        if (excess > 0) low = t;
        else high = t;
        double next = t + excess / (2 * density(t, df));
        if (!(next > low && next < high)) next = (low + high) / 2;
        if (fabs(next - t) <= 2 * DBL_EPSILON * fabs(next)) break;
        t = next;
    }
    return probability < 0.5 ? -t : t;
}
