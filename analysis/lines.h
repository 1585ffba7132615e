/* lines.h - cells that differ in their fault rates alone: a line of a figure, a column of a table, and its name.
 *
 * Cells with a number of faults instead of a rate are left out. No two cells of a line have the same rates, so that
 * nothing is averaged that differs in anything but the seed. */
#ifndef FTDN_ANALYSIS_LINES_H
#define FTDN_ANALYSIS_LINES_H

#include "base/arena.h"
#include "base/status.h"
#include "results/accuracy.h"

typedef struct ftdn_line {
    const char *name;                      /* "FMR 50 %", "KR 50 %, SSD-VGG": and what else tells lines apart */
    const ftdn_trial_params *params;       /* of its first cell */
    int n_cells;                           /* at least 1 */
    const ftdn_cell_accuracy *const *cell; /* [n_cells], by weight rate, then feature-map rate */
} ftdn_line;

typedef struct ftdn_lines {
    int n_lines;
    const ftdn_line *line; /* [n_lines]: unprotected, FMR, KR, D2NN, ...; names all different */
} ftdn_lines;

/* cell: borrowed. Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_lines_group(const ftdn_cell_accuracy *cell, int n_cells, ftdn_arena *arena,
                                            ftdn_lines *ret_lines, ftdn_error *err);

/* The lines of the trials that campaigns whose names fit a pattern ("*": all) finished in a results file.
 * FTDN_ERR_STORE: there are none. */
FTDN_NODISCARD ftdn_status ftdn_lines_load(const char *db, const char *manifest, ftdn_arena *arena,
                                           ftdn_lines *ret_lines, ftdn_error *err);

/* The cell with these rates; NULL: there is none. */
const ftdn_cell_accuracy *ftdn_line_find(const ftdn_line *line, double weight_rate, double feature_map_rate);

/* The line without a protection whose network, images and faults are those of another line; NULL: there is none. */
const ftdn_line *ftdn_lines_find_unprotected(const ftdn_lines *lines, const ftdn_line *line);

#endif
