#include "rankers/agreement.h"

#include <math.h>

#include "rankers/select.h"

/* Ranks from 1, the best first, equal scores sharing the mean of theirs. order: best first. */
static void find_ranks(const double *scores, const int *order, int n_scores, double *rank)
{
    for (int first = 0, end; first < n_scores; first = end) {
        for (end = first + 1; end < n_scores && scores[order[end]] == scores[order[first]];) end++;
        for (int i = first; i < end; i++) rank[order[i]] = (first + 1 + end) / 2.0;
    }
}

/* Every vector of ranks has the mean (n + 1) / 2; deviations from it are multiples of 1/2, and their sums exact. */
static double correlate(const double *a, const double *b, int n)
{
    double mean = (n + 1) / 2.0, aa = 0, ab = 0, bb = 0;
    for (int i = 0; i < n; i++) {
        aa += (a[i] - mean) * (a[i] - mean);
        ab += (a[i] - mean) * (b[i] - mean);
        bb += (b[i] - mean) * (b[i] - mean);
    }
    return aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : (double)NAN;
}

static double overlap(const int *order_a, const int *order_b, int n_scores)
{
    int n_half = (int)lround(0.5 * n_scores), n_shared = 0;
    for (int i = 0; i < n_half; i++) {
        for (int j = 0; j < n_half; j++) n_shared += order_a[i] == order_b[j];
    }
    return n_half ? (double)n_shared / n_half : (double)NAN;
}

static ftdn_status compute(const double *a, const double *b, int n_scores, ftdn_arena *arena,
                           ftdn_agreement *ret_agreement, ftdn_error *err)
{
    size_t n = (size_t)n_scores;
    int *order_a = FTDN_NEW(arena, n, int, err), *order_b = FTDN_NEW(arena, n, int, err);
    double *rank_a = FTDN_NEW(arena, n, double, err), *rank_b = FTDN_NEW(arena, n, double, err);
    if (!order_a || !order_b || !rank_a || !rank_b) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_select_order(a, n_scores, order_a, arena, err));
    FTDN_TRY(ftdn_select_order(b, n_scores, order_b, arena, err));
    find_ranks(a, order_a, n_scores, rank_a);
    find_ranks(b, order_b, n_scores, rank_b);
    *ret_agreement = (ftdn_agreement){
        .spearman = correlate(rank_a, rank_b, n_scores),
        .best_half = overlap(order_a, order_b, n_scores),
    };
    return FTDN_OK;
}

ftdn_status ftdn_agreement_compute(const double *a, const double *b, int n_scores, ftdn_arena *arena,
                                   ftdn_agreement *ret_agreement, ftdn_error *err)
{
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    ftdn_status status = compute(a, b, n_scores, arena, ret_agreement, err);
    ftdn_arena_reset(arena, mark);
    return status;
}
