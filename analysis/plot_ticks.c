#include "analysis/plot_ticks.h"

#include <assert.h>
#include <math.h>

#define ROUNDING 1e-9 /* a tick on the end of the axis belongs to it */

static int choose_linear(double low, double high, int n_wanted, double *ret_tick)
{
    double rough = (high - low) / n_wanted, power = pow(10, floor(log10(rough)));
    double step = power * (rough / power <= 1 ? 1 : rough / power <= 2 ? 2 : rough / power <= 5 ? 5 : 10);
    int n = 0;
    for (double i = ceil(low / step - ROUNDING); i * step <= high + ROUNDING * step && n < FTDN_MOST_TICKS; i++)
        ret_tick[n++] = i * step + 0.0; /* no negative zero */
    return n;
}

/* factor: [n_factors] of each power of ten. */
static int list_logarithmic(double low, double high, const double *factor, int n_factors, double *ret_tick)
{
    int n = 0;
    for (int exponent = (int)floor(log10(low)); pow(10, exponent) <= high; exponent++) {
        for (int i = 0; i < n_factors; i++) {
            double tick = factor[i] * pow(10, exponent);
            if (tick < low * (1 - ROUNDING) || tick > high * (1 + ROUNDING)) continue;
            if (n < FTDN_MOST_TICKS) ret_tick[n] = tick;
            n++;
        }
    }
    return n;
}

int ftdn_ticks_choose(double low, double high, bool is_logarithmic, int n_wanted, double ret_tick[FTDN_MOST_TICKS])
{
    static const double factors[] = {1, 2, 5};
    assert(low < high && (!is_logarithmic || low > 0));
    if (!is_logarithmic) return choose_linear(low, high, n_wanted, ret_tick);
    int n = list_logarithmic(low, high, factors, 3, ret_tick);
    if (n > n_wanted + 2) n = list_logarithmic(low, high, factors, 1, ret_tick);
    return n < FTDN_MOST_TICKS ? n : FTDN_MOST_TICKS;
}
