/* training_loop.h - the loop over steps, with a checkpoint and a validation now and then; at its end the weights. */
#ifndef FTDN_HARNESS_TRAINING_TRAINING_LOOP_H
#define FTDN_HARNESS_TRAINING_TRAINING_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/status.h"
#include "harness/training/training_session.h"

typedef struct ftdn_training_options {
    int last_step;                     /* leave after it, with a checkpoint; 0: the manifest's last */
    const volatile sig_atomic_t *stop; /* not 0: leave after the step under way, with a checkpoint */
    FILE *progress;                    /* NULL: quiet */
} ftdn_training_options;

typedef enum ftdn_training_end {
    FTDN_TRAINING_FINISHED,
    FTDN_TRAINING_PAUSED, /* at last_step */
    FTDN_TRAINING_INTERRUPTED,
} ftdn_training_end;

typedef struct ftdn_training_summary {
    ftdn_training_end end;
    int n_run;              /* steps of this call */
    double seconds;         /* of this call */
    double images_per_s;    /* of its steps, validation and the like left out; 0: no step was run */
    ftdn_loss_value loss;   /* mean over the last steps of this call, a hundred at most */
    ftdn_trial_result best; /* FINISHED: of the weights as shipped, on the images of validation */
} ftdn_training_summary;

/* session: started. The summary lives in the session's arena. */
FTDN_NODISCARD ftdn_status ftdn_training_run(ftdn_training_session *session, const ftdn_training_options *options,
                                             ftdn_training_summary *ret_summary, ftdn_error *err);

#endif
