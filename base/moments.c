#include "base/moments.h"

#include <math.h>
#include <stdbool.h>

#include "base/student.h"

void ftdn_moments_add(ftdn_moments *moments, double value)
{
    double distance = value - moments->mean;
    moments->n++;
    moments->mean += distance / (double)moments->n;
    moments->squares += distance * (value - moments->mean);
}

double ftdn_moments_sd(const ftdn_moments *moments)
{
    return moments->n < 2 ? (double)NAN : sqrt(moments->squares / (double)(moments->n - 1));
}

double ftdn_moments_standard_error(const ftdn_moments *moments)
{
    return moments->n < 2 ? (double)NAN : sqrt(moments->squares / (double)(moments->n - 1) / (double)moments->n);
}

double ftdn_moments_half_width(const ftdn_moments *moments)
{
    return ftdn_interval_factor(moments->n) * ftdn_moments_standard_error(moments);
}

double ftdn_moments_t_test(const ftdn_moments *moments)
{
    if (moments->n < 2 || moments->squares == 0) return (double)NAN;
    return ftdn_student_two_sided_p(moments->mean / ftdn_moments_standard_error(moments), (double)(moments->n - 1));
}

double ftdn_interval_factor(int64_t n)
{
    return ftdn_student_quantile(0.975, (double)(n - 1));
}

static bool is_enough(int64_t n, double sd, double half_width)
{
    return ftdn_interval_factor(n) * sd / sqrt((double)n) <= half_width;
}

/* Both the factor and 1 / sqrt(n) fall with n: n is doubled until it is enough, then the range is halved. */
int64_t ftdn_needed_values(double sd, double half_width)
{
    if (!(sd >= 0 && isfinite(sd) && half_width > 0)) return 0;
    int64_t too_few = 1, enough = 2;
    for (; !is_enough(enough, sd, half_width); enough *= 2) {
        if (enough > FTDN_MOST_NEEDED_VALUES) return 0;
        too_few = enough;
    }
    while (enough - too_few > 1) {
        int64_t middle = too_few + (enough - too_few) / 2;
        if (is_enough(middle, sd, half_width)) enough = middle;
        else too_few = middle;
    }
    return enough <= FTDN_MOST_NEEDED_VALUES ? enough : 0;
}
