/* rate_pairs.h - the pairs of fault rates, of weights and feature maps, at which protections were tried. */
#ifndef FTDN_ANALYSIS_RATE_PAIRS_H
#define FTDN_ANALYSIS_RATE_PAIRS_H

#include "analysis/lines.h"

typedef struct ftdn_rate_pair {
    double weight_rate, feature_map_rate; /* not both 0 */
    int n_lines;                          /* that have a cell there */
} ftdn_rate_pair;

/* Those that are asked for (NaN: any rate) and were tried, by falling number of lines, then by rising rates; all
 * different. FTDN_ERR_STORE where there are none; the message has those that there are. Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_rate_pairs_list(const ftdn_lines *lines, double weight_rate, double feature_map_rate,
                                                ftdn_arena *arena, const ftdn_rate_pair **ret_pair, int *ret_n_pairs,
                                                ftdn_error *err);

/* The cell of a line at these rates; NULL: there is none. */
const ftdn_cell_accuracy *ftdn_rate_pair_find(const ftdn_rate_pair *pair, const ftdn_line *line);

#endif
