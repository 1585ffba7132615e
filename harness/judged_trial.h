/* judged_trial.h - what a trial found, beside what there is: its detections class by class, right or wrong. */
#ifndef FTDN_HARNESS_JUDGED_TRIAL_H
#define FTDN_HARNESS_JUDGED_TRIAL_H

#include "base/arena.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "detect/average_precision.h"
#include "harness/worker.h"

/* Where the detections of each class begin in the lists of the images. */
typedef struct ftdn_class_starts {
    int n_classes;
    const int *start; /* [n_images, n_classes + 1] */
} ftdn_class_starts;

/* found: [images of the dataset]. The result lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_class_starts_find(const ftdn_dataset *dataset, const ftdn_image_detections *found,
                                                  ftdn_arena *arena, ftdn_class_starts *ret_starts, ftdn_error *err);

/* The average precision of each class: [n_classes], classes shared among threads. Boxes are compared in pixels of the
 * original images. */
FTDN_NODISCARD ftdn_status ftdn_trial_measure(const ftdn_dataset *dataset, const ftdn_image_detections *found,
                                              double iou, int n_threads, ftdn_class_ap *ret_class_ap, ftdn_error *err);

/* A trial, all of its classes judged. */
typedef struct ftdn_judged_trial {
    int n_images, n_classes;
    const char *const *class_name;      /* [n_classes], of the dataset */
    const ftdn_judged_class *of_class; /* [n_classes] */
} ftdn_judged_trial;

/* Images of the result are indexes into the dataset. Lives in the arena; class names are borrowed. */
FTDN_NODISCARD ftdn_status ftdn_trial_judge(const ftdn_dataset *dataset, const ftdn_image_detections *found, double iou,
                                            ftdn_arena *arena, ftdn_judged_trial *ret_judged, ftdn_error *err);

#endif
