/* merge_hd.h - one value out of an original and its copies, for host and device.
 *
 * Weights (kernel recovery) and maps (feature-map recovery) are merged by the same functions. Equal numbers give that
 * number again, bit for bit, whatever the merge: copies of clean values change nothing. */
#ifndef FTDN_ENGINE_MERGE_HD_H
#define FTDN_ENGINE_MERGE_HD_H

#include "base/philox_hd.h" /* FTDN_HD */

typedef enum ftdn_merge {
    FTDN_MERGE_MEAN,    /* (a + b) / 2, the paper's */
    FTDN_MERGE_NONZERO, /* the original unless it is 0, then the copy */
    FTDN_MERGE_MAX_ABS, /* the larger magnitude; NaN loses against a number */
    FTDN_MERGE_MEDIAN,  /* the middle one of an original and two copies; one NaN loses against two numbers */
} ftdn_merge;

/* In double: the sum cannot overflow, and half of the smallest number is not lost. */
FTDN_HD static inline float ftdn_merge_mean(float a, float b)
{
    return (float)(((double)a + (double)b) * 0.5);
}

FTDN_HD static inline float ftdn_merge_nonzero(float a, float b)
{
    return a != 0.0f ? a : b;
}

FTDN_HD static inline float ftdn_merge_magnitude(float x)
{
    return x < 0.0f ? -x : x;
}

FTDN_HD static inline float ftdn_merge_max_abs(float a, float b)
{
    return ftdn_merge_magnitude(a) >= ftdn_merge_magnitude(b) || b != b ? a : b;
}

FTDN_HD static inline float ftdn_merge_lesser(float a, float b)
{
    return a <= b || b != b ? a : b;
}

FTDN_HD static inline float ftdn_merge_greater(float a, float b)
{
    return a >= b || b != b ? a : b;
}

FTDN_HD static inline float ftdn_merge_median(float a, float b, float c)
{
    return ftdn_merge_greater(ftdn_merge_lesser(a, b), ftdn_merge_lesser(ftdn_merge_greater(a, b), c));
}

/* Copies that a merge takes beside the original. */
FTDN_HD static inline int ftdn_merge_n_copies(ftdn_merge merge)
{
    return merge == FTDN_MERGE_MEDIAN ? 2 : 1;
}

/* An original a, its copy b and, for the median alone, its second copy c. */
FTDN_HD static inline float ftdn_merge_values(ftdn_merge merge, float a, float b, float c)
{
    switch (merge) {
    case FTDN_MERGE_MEAN: return ftdn_merge_mean(a, b);
    case FTDN_MERGE_NONZERO: return ftdn_merge_nonzero(a, b);
    case FTDN_MERGE_MAX_ABS: return ftdn_merge_max_abs(a, b);
    case FTDN_MERGE_MEDIAN: break;
    }
    return ftdn_merge_median(a, b, c);
}

#endif
