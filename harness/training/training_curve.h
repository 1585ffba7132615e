/* training_curve.h - the loss of a training over its steps, and the mAP of validation, as a picture.
 *
 * gnuplot draws it; its script, FOLDER/curve.gp, stays beside curve.svg and curve.png and can be changed and run again
 * there. */
#ifndef FTDN_HARNESS_TRAINING_TRAINING_CURVE_H
#define FTDN_HARNESS_TRAINING_TRAINING_CURVE_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"

typedef struct ftdn_training_curve {
    const char *folder; /* with log.csv and validation.csv */
    const char *title;
    bool has_validation; /* a row at least */
} ftdn_training_curve;

/* Write the script and have it drawn. *ret_hint: why there is no picture and what to do, "" where there is one: a
 * training does not fail for it. FTDN_ERR_INPUT: the script cannot be written. */
FTDN_NODISCARD ftdn_status ftdn_training_curve_draw(const ftdn_training_curve *curve, ftdn_arena *arena,
                                                    const char **ret_hint, ftdn_error *err);

#endif
