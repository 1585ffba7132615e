#include "detect/order.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "detect/detections_hd.h"

/* Merge the neighbours from[0 .. n_left) and from[n_left .. n_items); of equals the left one goes first. */
static void merge(const ftdn_ranked *from, int n_left, int n_items, ftdn_ranked *to)
{
    int left = 0, right = n_left;
    for (int i = 0; i < n_items; i++) {
        int take_right = left == n_left || (right < n_items && from[right].score > from[left].score);
        to[i] = from[take_right ? right : left];
        right += take_right;
        left += !take_right;
    }
}

void ftdn_ranked_sort(ftdn_ranked *items, int n_items, ftdn_ranked *scratch)
{
    ftdn_ranked *from = items, *to = scratch;
    for (size_t width = 1; width < (size_t)n_items; width *= 2) {
        for (size_t first = 0; first < (size_t)n_items; first += 2 * width) {
            size_t n_here = (size_t)n_items - first < 2 * width ? (size_t)n_items - first : 2 * width;
            size_t n_left = n_here < width ? n_here : width;
            merge(from + first, (int)n_left, (int)n_here, to + first);
        }
        ftdn_ranked *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != items && n_items > 0) memcpy(items, from, (size_t)n_items * sizeof *items);
}

#define SORT_DIGITS 3 /* of 11 bits: the sign bit is 0, so that 32 are enough */
#define SORT_BINS (1 << 11)

/* From the end: 0 is the last digit. Larger scores have smaller ones, and go first. */
static uint32_t sort_digit(float score, int digit)
{
    return ~ftdn_score_bits(score) >> (11 * digit) & (SORT_BINS - 1);
}

/* Move all items to their places by one digit. count: of each bin. */
static void distribute(const ftdn_tagged *from, size_t n_items, int digit, const size_t *count, ftdn_tagged *to)
{
    size_t place[SORT_BINS], n_before = 0;
    for (int bin = 0; bin < SORT_BINS; bin++) {
        place[bin] = n_before;
        n_before += count[bin];
    }
    for (size_t i = 0; i < n_items; i++) to[place[sort_digit(from[i].score, digit)]++] = from[i];
}

/* A radix sort from the last digit to the first, without those that all scores have in common. */
void ftdn_tagged_sort(ftdn_tagged *items, size_t n_items, ftdn_tagged *scratch)
{
    size_t count[SORT_DIGITS][SORT_BINS] = {0};
    for (size_t i = 0; i < n_items; i++)
        for (int digit = 0; digit < SORT_DIGITS; digit++) count[digit][sort_digit(items[i].score, digit)]++;
    ftdn_tagged *from = items, *to = scratch;
    for (int digit = 0; digit < SORT_DIGITS && n_items > 0; digit++) {
        if (count[digit][sort_digit(items[0].score, digit)] == n_items) continue;
        distribute(from, n_items, digit, count[digit], to);
        ftdn_tagged *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != items) memcpy(items, from, n_items * sizeof *items);
}

/* Digits of a score's bits, from the top; the sign bit is 0. Scores that differ by 6 % differ in the first. */
static const struct {
    int shift, n_bits;
} digit_table[3] = {{19, 12}, {9, 10}, {0, 9}};
#define MAX_BINS (1 << 12)

/* Take the best n_best of n candidates (n > n_best) by radix selection: each round counts one digit, takes what
 * has a larger one than the n_best-th candidate and goes on with those that have the same. Equal scores are
 * taken in the candidates' order, others in no order. */
static void take_best(const float *scores, int *candidate, int n, int n_best, ftdn_ranked *ret_best)
{
    int n_taken = 0;
    for (int round = 0; round < 3 && n > n_best - n_taken; round++) {
        int shift = digit_table[round].shift;
        uint32_t mask = (1u << digit_table[round].n_bits) - 1;
        int count[MAX_BINS] = {0};
        for (int i = 0; i < n; i++) count[ftdn_score_bits(scores[candidate[i]]) >> shift & mask]++;
        uint32_t digit = mask;
        for (int n_wanted = n_best - n_taken; count[digit] < n_wanted; digit--) n_wanted -= count[digit];
        int n_equal = 0;
        for (int i = 0; i < n; i++) {
            int index = candidate[i];
            uint32_t own = ftdn_score_bits(scores[index]) >> shift & mask;
            if (own > digit) ret_best[n_taken++] = (ftdn_ranked){.score = (double)scores[index], .index = index};
            candidate[n_equal] = index;
            n_equal += own == digit;
        }
        n = n_equal;
    }
    for (int i = 0; n_taken < n_best; i++) {
        ret_best[n_taken++] = (ftdn_ranked){.score = (double)scores[candidate[i]], .index = candidate[i]};
    }
}

int ftdn_ranked_select(const float *scores, int n_scores, float threshold, int n_best, int *candidate,
                       ftdn_ranked *ret_best, ftdn_ranked *scratch)
{
    assert(n_best > 0);
    int n = 0;
    for (int i = 0; i < n_scores; i++) {
        candidate[n] = i;
        n += scores[i] > threshold;
    }
    if (n > n_best) {
        take_best(scores, candidate, n, n_best, ret_best);
        n = n_best;
    } else {
        for (int i = 0; i < n; i++) {
            ret_best[i] = (ftdn_ranked){.score = (double)scores[candidate[i]], .index = candidate[i]};
        }
    }
    ftdn_ranked_sort(ret_best, n, scratch);
    return n;
}
