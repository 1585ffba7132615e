/* plot_ticks.h - round numbers along an axis. */
#ifndef FTDN_ANALYSIS_PLOT_TICKS_H
#define FTDN_ANALYSIS_PLOT_TICKS_H

#include <stdbool.h>

#define FTDN_MOST_TICKS 16

/* Multiples of 1, 2 or 5 times a power of ten from low to high, about n_wanted of them: their number, at most
 * FTDN_MOST_TICKS. Logarithmic: powers of ten, with 2 and 5 times them where there is room; low is above 0. */
int ftdn_ticks_choose(double low, double high, bool is_logarithmic, int n_wanted, double ret_tick[FTDN_MOST_TICKS]);

#endif
