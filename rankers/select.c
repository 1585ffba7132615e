#include "rankers/select.h"

#include <math.h>
#include <stdlib.h>

typedef struct scored_channel {
    double score;
    int channel;
} scored_channel;

static int compare_best_first(const void *a, const void *b)
{
    const scored_channel *x = a, *y = b;
    if (x->score != y->score) return x->score > y->score ? -1 : 1;
    return x->channel - y->channel;
}

static int compare_indices(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

ftdn_status ftdn_select_order(const double *scores, int n_scores, int *ret_order, ftdn_arena *arena, ftdn_error *err)
{
    for (int k = 0; k < n_scores; k++) {
        if (isnan(scores[k])) return FTDN_FAIL(err, FTDN_ERR_ARG, "channel %d: the score is not a number", k);
    }
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    scored_channel *scored = FTDN_NEW(arena, (size_t)n_scores, scored_channel, err);
    if (!scored) return FTDN_ERR_MEMORY;
    for (int k = 0; k < n_scores; k++) scored[k] = (scored_channel){scores[k], k};
    qsort(scored, (size_t)n_scores, sizeof *scored, compare_best_first);
    for (int k = 0; k < n_scores; k++) ret_order[k] = scored[k].channel;
    ftdn_arena_reset(arena, mark);
    return FTDN_OK;
}

ftdn_status ftdn_select_top(const double *scores, int n_scores, double ratio, ftdn_arena *arena,
                            ftdn_selection *ret_selection, ftdn_error *err)
{
    if (!(ratio >= 0 && ratio <= 1)) return FTDN_FAIL(err, FTDN_ERR_ARG, "ratio %g is outside [0, 1]", ratio);
    int *order = FTDN_NEW(arena, (size_t)n_scores, int, err);
    if (!order) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_select_order(scores, n_scores, order, arena, err));
    int n_kept = (int)lround(ratio * n_scores);
    qsort(order, (size_t)n_kept, sizeof *order, compare_indices);
    *ret_selection = (ftdn_selection){.n_channels = n_scores, .n_kept = n_kept, .channel = order};
    return FTDN_OK;
}
