/* image_bootstrap.h - how much mAP would vary with other test images: a bootstrap over the images of a trial.
 *
 * Each resample draws as many images as the data set has, with replacement (analysis/bootstrap.h); all classes, and a
 * second trial on the same images, are measured on the same resamples, so that the interval of a difference is that of
 * pairs. mAP of a resample is the mean over the classes that have an object in it. Faults are those of the trial: what
 * other seeds would do is another question, which the interval over seeds answers. */
#ifndef FTDN_HARNESS_FIGURES_IMAGE_BOOTSTRAP_H
#define FTDN_HARNESS_FIGURES_IMAGE_BOOTSTRAP_H

#include "analysis/bootstrap.h"
#include "harness/judged_trial.h"

typedef struct ftdn_image_bootstrap_desc {
    int n_resamples; /* at least 1 */
    uint64_t seed;
    int n_threads; /* results do not depend on it */
} ftdn_image_bootstrap_desc;

/* A figure of the trial itself, NaN where it has none, and its 95 % interval. */
typedef struct ftdn_bootstrapped {
    double value;
    ftdn_bootstrap_interval interval;
} ftdn_bootstrapped;

typedef struct ftdn_bootstrap_row {
    const char *name; /* "mAP", or the class; borrowed */
    ftdn_bootstrapped own, other, difference; /* own - other; the last two are not set without another trial */
} ftdn_bootstrap_row;

/* other: NULL, or a trial on the same images. *ret_row: [1 + n_classes]: mAP (VOC 11-point), then AP class by class;
 * lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_image_bootstrap(const ftdn_image_bootstrap_desc *desc, const ftdn_judged_trial *own,
                                                const ftdn_judged_trial *other, ftdn_arena *arena,
                                                const ftdn_bootstrap_row **ret_row, ftdn_error *err);

#endif
