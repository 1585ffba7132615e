/* cells.h - the rows of table cells: the parameters that trials have in common which differ in their seed alone. */
#ifndef FTDN_RESULTS_CELLS_H
#define FTDN_RESULTS_CELLS_H

#include "results/statement.h"

/* The columns of all parameters but the seed, in the order of ftdn_cell_read. */
#define FTDN_CELL_COLUMNS                                                                                              \
    "model, width, weights, weights_digest, dataset, dataset_digest, backend, arithmetic, score_threshold, nms_iou, "  \
    "candidates, iou, type, bit, bits, range_low, range_high, weight_rate, feature_map_rate, weight_count, "           \
    "feature_map_count, weight_scope, feature_map_scope, feature_map_point, redraw, copies, method, ranking, "         \
    "direction, allocation, merge, merge_point, combine, ratio, calibration, calibration_digest, measured_images"

/* Those that the spec determines: all but what weights, images and calibration images are called. */
#define FTDN_CELL_SPEC_COLUMNS                                                                                         \
    "model, width, weights_digest, dataset_digest, backend, arithmetic, score_threshold, nms_iou, candidates, iou, "   \
    "type, bit, bits, range_low, range_high, weight_rate, feature_map_rate, weight_count, feature_map_count, "         \
    "weight_scope, feature_map_scope, feature_map_point, redraw, copies, method, ranking, direction, allocation, "     \
    "merge, merge_point, combine, ratio, calibration_digest, measured_images"

/* A SELECT of the class rows of a trial (?1: its key) in the order of their names. The classes of the cell are found
 * one by one, each by a search: a cell may have many seeds, whose rows lie in between. */
#define FTDN_CLASSES_OF_TRIAL                                                                                          \
    "WITH RECURSIVE trial(cell, seed) AS (SELECT cell, seed FROM trials WHERE key = ?1), "                             \
    "name(cell, seed, class) AS (SELECT cell, seed, (SELECT min(a.class) FROM class_ap a WHERE a.cell = trial.cell) "  \
    "FROM trial UNION ALL SELECT cell, seed, (SELECT min(a.class) FROM class_ap a WHERE a.cell = name.cell "           \
    "AND a.class > name.class) FROM name WHERE class IS NOT NULL) "                                                    \
    "SELECT a.class, a.ap_voc07, a.ap_area, a.objects FROM name CROSS JOIN class_ap a "                                \
    "ON a.cell = name.cell AND a.class = name.class AND a.seed = name.seed ORDER BY a.class"

/* The key of the record's cell, which is added where it is not there. FTDN_ERR_STORE: it is, with other parameters. */
FTDN_NODISCARD ftdn_status ftdn_cell_add(ftdn_store *store, const ftdn_trial_record *record, const char *doing,
                                         int64_t *ret_cell, ftdn_error *err);

/* The parameters in a row whose columns from first_column on are FTDN_CELL_COLUMNS; the seed is left alone. */
void ftdn_cell_read(ftdn_statement *row, int first_column, ftdn_arena *arena, ftdn_trial_params *params);

#endif
