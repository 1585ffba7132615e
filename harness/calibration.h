/* calibration.h - the images from which a manifest's rankings are computed. */
#ifndef FTDN_HARNESS_CALIBRATION_H
#define FTDN_HARNESS_CALIBRATION_H

#include "base/status.h"
#include "harness/inputs.h"
#include "harness/plan.h"

/* The calibration images of a plan, one set for all its trials; listed, not decoded; lives in inputs.
 * FTDN_ERR_MANIFEST: none is given (with what to add), other classes than the model's, an image that is one of a
 * trial's dataset too and not allowed to be. FTDN_ERR_INPUT: they cannot be read. */
FTDN_NODISCARD ftdn_status ftdn_calibration_open(const ftdn_plan *plan, ftdn_inputs *inputs, ftdn_dataset **ret_dataset,
                                                 ftdn_error *err);

#endif
