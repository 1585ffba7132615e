/* holm.h - p-values of several comparisons, adjusted so that all of them can be read at once.
 *
 * Holm, "A simple sequentially rejective multiple test procedure" (Scandinavian Journal of Statistics 6, 1979). Of n
 * comparisons with p_1 <= ... <= p_n
 *
 *     adjusted p_i = max_{j <= i} min(1, (n - j + 1) p_j)
 *
 * Whoever believes the comparisons whose adjusted p is at most 0.05 is wrong about any of them with a chance of at most
 * 0.05, however the comparisons depend on each other. */
#ifndef FTDN_BASE_HOLM_H
#define FTDN_BASE_HOLM_H

#include <stdint.h>

typedef struct ftdn_holm {
    int64_t n_left;  /* comparisons that are not taken yet; all of them at first */
    double adjusted; /* of the last one; 0 at first */
} ftdn_holm;

/* Take the comparison with the next larger p; its adjusted p. Those of equal p may come in any order. */
double ftdn_holm_next(ftdn_holm *holm, double p);

#endif
