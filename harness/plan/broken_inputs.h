/* broken_inputs.h - all inputs of a manifest that cannot be opened, once a plan has met the first of them. */
#ifndef FTDN_HARNESS_PLAN_BROKEN_INPUTS_H
#define FTDN_HARNESS_PLAN_BROKEN_INPUTS_H

#include "harness/manifest/manifest.h"
#include "harness/manifest/mistakes.h"
#include "harness/plan/inputs.h"

/* The key that names what cannot be opened (FTDN_ERR_INPUT); for other failures the object around it. */
ftdn_key_id ftdn_model_key(ftdn_status status);
ftdn_key_id ftdn_dataset_key(ftdn_status status);
ftdn_key_id ftdn_calibration_key(ftdn_status status);

/* Open the weights and images of every trial, and add a mistake for each that is missing, damaged, or does not fit its
 * network. What else may be wrong with them a plan tells, when all can be opened. FTDN_ERR_MEMORY. */
FTDN_NODISCARD ftdn_status ftdn_broken_inputs_find(const ftdn_manifest *manifest, ftdn_inputs *inputs,
                                                   ftdn_mistakes *mistakes, ftdn_error *err);

#endif
