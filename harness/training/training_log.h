/* training_log.h - what a training says about itself, as CSV files in its folder.
 *
 *     log.csv          a row per step: step, epoch, learning_rate, loss, classification, regression, gradient_norm
 *     validation.csv   a row per validation: step, mAP, then the AP of each class
 *     speed.csv        now and then: step, images_per_second; the only file in which two runs differ
 *
 * All rows up to a checkpoint are on disk before it is written, so that a training which goes on there finds them;
 * later ones are then taken back. */
#ifndef FTDN_HARNESS_TRAINING_TRAINING_LOG_H
#define FTDN_HARNESS_TRAINING_TRAINING_LOG_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/status.h"
#include "harness/training/training_step.h"
#include "harness/trial.h"

typedef struct ftdn_training_log_file {
    const char *path;
    FILE *file;
    int last_step; /* of its rows; 0: none */
} ftdn_training_log_file;

typedef struct ftdn_training_log {
    ftdn_training_log_file steps, validations, speeds;
} ftdn_training_log;

/* Open the files of a folder after n_steps steps: new ones where that is 0, else without the rows behind it.
 * FTDN_ERR_INPUT: a file cannot be written, or log.csv lacks steps. Paths live in the arena. */
FTDN_NODISCARD ftdn_status ftdn_training_log_open(ftdn_training_log *log, const char *folder, int n_steps,
                                                  const ftdn_dataset *validation, ftdn_arena *arena, ftdn_error *err);
void ftdn_training_log_close(ftdn_training_log *log);

/* step: from 1. epoch: passes over the images, with a fraction. */
void ftdn_training_log_add_step(ftdn_training_log *log, int step, double epoch, const ftdn_step_result *result);
void ftdn_training_log_add_validation(ftdn_training_log *log, int step, const ftdn_trial_result *result);
void ftdn_training_log_add_speed(ftdn_training_log *log, int step, double images_per_s);

/* Bring all rows to the disk. FTDN_ERR_INPUT: a file could not be written. */
FTDN_NODISCARD ftdn_status ftdn_training_log_sync(ftdn_training_log *log, ftdn_error *err);

#endif
