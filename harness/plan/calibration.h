/* calibration.h - the images from which a trial's ranking, or the ranges of its clip, are made. */
#ifndef FTDN_HARNESS_PLAN_CALIBRATION_H
#define FTDN_HARNESS_PLAN_CALIBRATION_H

#include "base/status.h"
#include "harness/plan/inputs.h"

/* The calibration images that the settings name: listed, not decoded; they live in inputs. FTDN_ERR_ARG: none are
 * named (what to add), or they have other classes than the model. FTDN_ERR_INPUT: they cannot be read. */
FTDN_NODISCARD ftdn_status ftdn_calibration_open(const ftdn_trial_settings *settings, const ftdn_dataset *dataset,
                                                 ftdn_inputs *inputs, ftdn_dataset **ret_calibration, ftdn_error *err);

/* FTDN_ERR_ARG where an image of the calibration is one of the dataset too, and the settings do not allow it. */
FTDN_NODISCARD ftdn_status ftdn_calibration_check(const ftdn_trial_settings *settings, const ftdn_dataset *calibration,
                                                  const ftdn_dataset *dataset, ftdn_error *err);

typedef struct ftdn_image_set {
    const ftdn_data_settings *settings;
    const ftdn_dataset *dataset; /* of these settings */
} ftdn_image_set;

/* FTDN_ERR_ARG where one of the images is one of the others too; remedy: what to do, at the end of the message. */
FTDN_NODISCARD ftdn_status ftdn_images_check_apart(const ftdn_image_set *images, const ftdn_image_set *others,
                                                   const char *remedy, ftdn_error *err);

#endif
