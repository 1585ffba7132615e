/* sample_plan.h - the plan of a calibration: trials of each kind on the first few images, in several sizes.
 *
 * Workers are forks that know the plan they were forked with, so that all that may be asked of them stands in it. */
#ifndef FTDN_HARNESS_ESTIMATE_SAMPLE_PLAN_H
#define FTDN_HARNESS_ESTIMATE_SAMPLE_PLAN_H

#include "harness/estimate/calibrate.h"

#define FTDN_SAMPLE_TRIALS 4 /* of a kind */
#define FTDN_SAMPLE_SIZES 5  /* numbers of images: each twice the one before */
#define FTDN_SAMPLE_KINDS 48 /* at most; the rest stays unmeasured */

typedef struct ftdn_sample_plan {
    ftdn_plan plan;
    int n_kinds;
    double decode_s; /* of an image, by all cores */
} ftdn_sample_plan;

/* Opens and decodes the images of the samples. Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_sample_plan_make(const ftdn_calibrate_desc *desc, ftdn_arena *arena,
                                                 ftdn_sample_plan *ret_samples, ftdn_error *err);

/* Indexes into the plan. sample: 0 ... FTDN_SAMPLE_TRIALS-1; size: 0 ... FTDN_SAMPLE_SIZES-1. */
int ftdn_sample_plan_trial(int kind, int sample, int size);
int ftdn_sample_plan_canary(const ftdn_sample_plan *samples, int kind);
int ftdn_sample_plan_ranking(const ftdn_sample_plan *samples, int ranking);

/* How often the images of a sample's ranking, or of its ranges, go into those of the trial's own. */
double ftdn_sample_plan_ranking_scale(const ftdn_planned_trial *trial, const ftdn_planned_trial *sample);
double ftdn_sample_plan_set_up_scale(const ftdn_planned_trial *trial, const ftdn_planned_trial *sample);

#endif
