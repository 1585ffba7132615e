/* agreement.h - how far two rankings of one layer's channels agree. */
#ifndef FTDN_RANKERS_AGREEMENT_H
#define FTDN_RANKERS_AGREEMENT_H

#include "base/arena.h"
#include "base/status.h"

typedef struct ftdn_agreement {
    double spearman;  /* in [-1, 1]; NaN where one of the two scores all channels alike */
    double best_half; /* share of the best lround(n/2) channels that both name, in [0, 1]; NaN where that is none */
} ftdn_agreement;

/* Compare two score vectors, [n_scores]. Spearman's rho is the correlation of the ranks; equal scores share the mean
 * of their ranks. Best halves are those of ftdn_select_top. FTDN_ERR_ARG: a score is NaN. The arena is scratch. */
FTDN_NODISCARD ftdn_status ftdn_agreement_compute(const double *a, const double *b, int n_scores, ftdn_arena *arena,
                                                  ftdn_agreement *ret_agreement, ftdn_error *err);

#endif
