/* merge_array.h - many values merged at once, on the host. */
#ifndef FTDN_ENGINE_MERGE_ARRAY_H
#define FTDN_ENGINE_MERGE_ARRAY_H

#include <stddef.h>

#include "engine/merge_hd.h"

/* y[i] becomes the merge of y[i], b[i] and, for the median, c[i]. One loop for each merge, so that each vectorises.
 * c: NULL where the merge takes one copy. */
static inline void ftdn_merge_array(ftdn_merge merge, size_t n, const float *restrict b, const float *restrict c,
                                    float *restrict y)
{
    switch (merge) {
    case FTDN_MERGE_MEAN:
        for (size_t i = 0; i < n; i++) y[i] = ftdn_merge_mean(y[i], b[i]);
        break;
    case FTDN_MERGE_NONZERO:
        for (size_t i = 0; i < n; i++) y[i] = ftdn_merge_nonzero(y[i], b[i]);
        break;
    case FTDN_MERGE_MAX_ABS:
        for (size_t i = 0; i < n; i++) y[i] = ftdn_merge_max_abs(y[i], b[i]);
        break;
    case FTDN_MERGE_MEDIAN:
        for (size_t i = 0; i < n; i++) y[i] = ftdn_merge_median(y[i], b[i], c[i]);
        break;
    }
}

#endif
