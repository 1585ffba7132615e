/* size.h - size arithmetic in which an overflow is an error and never a small number. */
#ifndef FTDN_BASE_SIZE_H
#define FTDN_BASE_SIZE_H

#include <stdbool.h>
#include <stddef.h>

/* *ret = a * b, or false (and *ret untouched) where the product does not fit. */
static inline bool ftdn_size_mul(size_t a, size_t b, size_t *ret)
{
    size_t product;
    if (__builtin_mul_overflow(a, b, &product)) return false;
    *ret = product;
    return true;
}

/* *ret = a + b, or false (and *ret untouched) where the sum does not fit. */
static inline bool ftdn_size_add(size_t a, size_t b, size_t *ret)
{
    size_t sum;
    if (__builtin_add_overflow(a, b, &sum)) return false;
    *ret = sum;
    return true;
}

/* *ret = n rounded up to a multiple of unit (a power of two), or false where that does not fit. */
static inline bool ftdn_size_round_up(size_t n, size_t unit, size_t *ret)
{
    size_t padded;
    if (!ftdn_size_add(n, unit - 1, &padded)) return false;
    *ret = padded & ~(unit - 1);
    return true;
}

#endif
