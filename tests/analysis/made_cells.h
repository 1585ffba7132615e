/* made_cells.h - cells with made-up results for the tests of analysis/. */
#ifndef FTDN_TESTS_ANALYSIS_MADE_CELLS_H
#define FTDN_TESTS_ANALYSIS_MADE_CELLS_H

#include "analysis/lines.h"
#include "results/accuracy.h"
#include "tests/support/support.h"

/* Three seeds with mean `map` and s.d. 0.02; class car has the same AP, class bus half of it, class cat no object.
 * ratio: NaN for a method without one. */
ftdn_cell_accuracy ftdn_made_cell(const char *method, double ratio, double weight_rate, double feature_map_rate,
                                  double map);

/* The lines of these cells; they live in the arena. */
ftdn_lines ftdn_made_lines(const ftdn_cell_accuracy *cell, int n_cells, ftdn_arena *arena);

/* The texts are in this order, other things aside. */
void ftdn_assert_in_order(const char *text, const char *const *fragment, int n_fragments);

#endif
