/* truth_sheet.h - the images of a dataset with the boxes of their objects, side by side in one picture. */
#ifndef FTDN_HARNESS_FIGURES_TRUTH_SHEET_H
#define FTDN_HARNESS_FIGURES_TRUTH_SHEET_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "datasets/dataset.h"

#define FTDN_TRUTH_SHEET_MAX_IMAGES 300

/* Decode all images and write them as a JPEG, a square each, row by row. The boxes of difficult objects have the name
 * of their class with a question mark. FTDN_ERR_ARG: more images than FTDN_TRUTH_SHEET_MAX_IMAGES. */
FTDN_NODISCARD ftdn_status ftdn_truth_sheet_write(const char *path, ftdn_dataset *dataset, bool with_boxes,
                                                  int n_threads, ftdn_arena *arena, ftdn_error *err);

#endif
