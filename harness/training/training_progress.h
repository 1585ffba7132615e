/* training_progress.h - how far a training is: a moving line on a terminal, a line now and then elsewhere. */
#ifndef FTDN_HARNESS_TRAINING_TRAINING_PROGRESS_H
#define FTDN_HARNESS_TRAINING_TRAINING_PROGRESS_H

#include <stdint.h>
#include <stdio.h>

#include "detect/multibox_loss.h"
#include "harness/campaign/progress.h"
#include "harness/training/training_log.h"

typedef struct ftdn_training_progress {
    ftdn_progress line;
    ftdn_training_log *log; /* speed.csv gets what the lines say */
    int first_step, last_step, batch;
    int64_t start_ns, last_told_ns;
    int n_since;               /* steps since the last line was told */
    int64_t since_ns;          /* their time */
    double loss_since;         /* their losses, added up */
    double images_per_s, loss; /* of the steps before that line */
} ftdn_training_progress;

/* out: NULL for nothing. Steps first_step + 1 ... last_step are to be run. */
void ftdn_training_progress_init(ftdn_training_progress *progress, FILE *out, int first_step, int last_step, int batch,
                                 ftdn_training_log *log);

/* A step is over. */
void ftdn_training_progress_step(ftdn_training_progress *progress, int step, double epoch, ftdn_loss_value loss,
                                 int64_t elapsed_ns);

void ftdn_training_progress_validation(ftdn_training_progress *progress, int step, double map, double seconds);

/* Clear the moving line. */
void ftdn_training_progress_done(ftdn_training_progress *progress);

#endif
