#include "base/sign_test.h"

#include <assert.h>
#include <math.h>

/* C(n, k) / 2^n, the n halvings mixed among the factors so that a product leaves the range of double only where the
 * quotient does. */
static double binomial_term(int64_t n, int64_t k)
{
    double term = 1;
    int64_t n_halvings = 0;
    for (int64_t i = 1; i <= k; i++) {
        term *= (double)(n - k + i) / (double)i;
        for (; term > 1 && n_halvings < n; n_halvings++) term /= 2;
    }
    int64_t n_left = n - n_halvings;
    return ldexp(term, n_left < 10000 ? -(int)n_left : -10000);
}

double ftdn_sign_test(int64_t n_above, int64_t n_below)
{
    assert(n_above >= 0 && n_below >= 0);
    int64_t n = n_above + n_below, k = n_above < n_below ? n_above : n_below;
    if (n == 0) return (double)NAN;
    double term = binomial_term(n, k), tail = term;
    for (int64_t i = k; i > 0 && term > tail * 1e-18; i--) {
        term *= (double)i / (double)(n - i + 1);
        tail += term;
    }
    return fmin(1, 2 * tail);
}
