/* order.h - the total order of scores: the larger first, equal ones by index. */
#ifndef FTDN_DETECT_ORDER_H
#define FTDN_DETECT_ORDER_H

#include <stddef.h>
#include <stdint.h>

typedef struct ftdn_ranked {
    double score;
    int index;
} ftdn_ranked;

/* Sort by score, largest first; equal scores stay in their given order. Scores are not NaN.
 * scratch: [n_items]. n log n comparisons whatever the input. */
void ftdn_ranked_sort(ftdn_ranked *items, int n_items, ftdn_ranked *scratch);

typedef struct ftdn_tagged {
    float score;
    uint32_t tag; /* the caller's */
} ftdn_tagged;

/* Sort by score, largest first; equal scores stay in their given order. Scores are finite, their sign bits 0.
 * scratch: [n_items]. Work: O(n_items), whatever the input. */
void ftdn_tagged_sort(ftdn_tagged *items, size_t n_items, ftdn_tagged *scratch);

/* The best n_best of the scores above the threshold, in order; returns how many. Work: O(n_scores + n_best log n_best),
 * whatever the input. scores: [n_scores], not negative, or NaN, which is never above the threshold.
 * candidate: scratch, [n_scores]; ret_best, scratch: [n_best], n_best > 0. */
int ftdn_ranked_select(const float *scores, int n_scores, float threshold, int n_best, int *candidate,
                       ftdn_ranked *ret_best, ftdn_ranked *scratch);

#endif
