/* trial.h - one trial: a network with faults over the images of a dataset, measured. */
#ifndef FTDN_HARNESS_TRIAL_H
#define FTDN_HARNESS_TRIAL_H

#include <signal.h>

#include "base/arena.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "detect/average_precision.h"
#include "harness/manifest/settings.h"
#include "harness/rig.h"

/* How a trial is run; none of it can change a bit of the result. */
typedef struct ftdn_trial_control {
    int batch;                                       /* images that a thread takes at a time, at least 1 */
    const volatile sig_atomic_t *stop;               /* not 0: leave with FTDN_ERR_INTERRUPTED; NULL: never */
    void (*on_image)(void *user, int n_images_done); /* from the calling thread, now and then; may be NULL */
    void *user;
} ftdn_trial_control;

typedef struct ftdn_trial_result {
    int n_classes;
    ftdn_class_ap *class_ap;    /* [n_classes] */
    double map_voc07, map_area; /* means over the classes that have objects; NaN where none has */
    int n_images;
    const ftdn_image_detections
        *found;                     /* [n_images]; the detections live in the rig, until its next trial or its end */
    int64_t n_nonfinite;            /* network outputs that were NaN or infinite */
    ftdn_fault_count *weight_count; /* [layers of the rig's weight faults] */
    ftdn_fault_count *weight_copy_count[FTDN_MAX_COPIES]; /* [copied layers of the rig]; NULL: no such copy */
    ftdn_fault_count *map_count;    /* [targets of the rig's map faults] */
    /* Seconds; forward, injection, detection and weights drawn for each image are summed over threads, total is the
     * wall clock's. On a device forward is all from bytes to boxes, injection and detection are NaN. */
    double weights_s, forward_s, injection_s, detection_s, average_precision_s, total_s;
} ftdn_trial_result;

/* settings: of the trial; the rig was made for settings that fit. dataset: decoded. The result lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_trial_run(ftdn_rig *rig, const ftdn_dataset *dataset,
                                          const ftdn_trial_settings *settings, const ftdn_trial_control *control,
                                          ftdn_arena *arena, ftdn_trial_result *ret_result, ftdn_error *err);

#endif
