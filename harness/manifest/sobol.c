#include "harness/manifest/sobol.h"

#include <assert.h>

#define N_BITS 32

/* Of dimension d > 0: a primitive polynomial of this degree over GF(2), its inner coefficients the bits of `inner`,
 * and the first direction numbers m. */
typedef struct polynomial {
    int degree;
    uint32_t inner;
    uint32_t m[6];
} polynomial;

static const polynomial polynomials[FTDN_SOBOL_DIMENSIONS - 1] = {
    {1, 0, {1}},
    {2, 1, {1, 3}},
    {3, 1, {1, 3, 1}},
    {3, 2, {1, 1, 1}},
    {4, 1, {1, 1, 3, 3}},
    {4, 4, {1, 3, 5, 13}},
    {5, 2, {1, 1, 5, 5, 17}},
    {5, 4, {1, 1, 5, 5, 5}},
    {5, 7, {1, 1, 7, 11, 19}},
    {5, 11, {1, 1, 5, 1, 1}},
    {5, 13, {1, 1, 1, 3, 11}},
    {5, 14, {1, 3, 5, 5, 31}},
    {6, 1, {1, 3, 3, 9, 7, 49}},
    {6, 13, {1, 1, 1, 15, 21, 21}},
    {6, 16, {1, 3, 1, 13, 27, 49}},
};

/* v[k] = m_(k+1) 2^(31-k); behind the given ones by the recurrence of the polynomial, Eq. (2) of the paper. */
static void make_directions(int dimension, uint32_t v[N_BITS])
{
    if (dimension == 0) {
        for (int k = 0; k < N_BITS; k++) v[k] = UINT32_C(1) << (31 - k);
        return;
    }
    const polynomial *p = &polynomials[dimension - 1];
    for (int k = 0; k < N_BITS; k++) {
        if (k < p->degree) {
            v[k] = p->m[k] << (31 - k);
            continue;
        }
        v[k] = v[k - p->degree] ^ (v[k - p->degree] >> p->degree);
        for (int j = 1; j < p->degree; j++)
            if (p->inner >> (p->degree - 1 - j) & 1) v[k] ^= v[k - j];
    }
}

uint32_t ftdn_sobol(uint32_t index, int dimension)
{
    assert(dimension >= 0 && dimension < FTDN_SOBOL_DIMENSIONS);
    uint32_t v[N_BITS], gray = index ^ (index >> 1), coordinate = 0;
    make_directions(dimension, v);
    for (int k = 0; k < N_BITS; k++)
        if (gray >> k & 1) coordinate ^= v[k];
    return coordinate;
}
