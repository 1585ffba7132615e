/* sign_test.h - how often chance alone divides so many signs as unevenly: the exact sign test.
 *
 * It asks of differences their signs alone, and so assumes nothing of their distribution; differences of 0 are left out
 * before. */
#ifndef FTDN_BASE_SIGN_TEST_H
#define FTDN_BASE_SIGN_TEST_H

#include <stdint.h>

/* Two-sided p that both signs are equally likely, of n = n_above + n_below differences that are not 0:
 *
 *     p = min(1, 2 sum_{i <= min(n_above, n_below)} C(n, i) / 2^n)
 *
 * NaN for n = 0. Takes about n steps; relative error about n 2^-53. */
double ftdn_sign_test(int64_t n_above, int64_t n_below);

#endif
