/* pace.h - how long trials take: what a campaign learns while it runs, for the remaining time and for deadlines.
 *
 * A trial's cost grows with its images. Trials of one group (one rig) are alike; of a group of which none has finished
 * yet, the trials of the others are the best guess, image for image. */
#ifndef FTDN_HARNESS_CAMPAIGN_PACE_H
#define FTDN_HARNESS_CAMPAIGN_PACE_H

#include "base/arena.h"
#include "base/status.h"

/* Seconds of an image over finished trials: Welford's mean and squares. */
typedef struct ftdn_pace_sample {
    int n;
    double mean, squares;
} ftdn_pace_sample;

typedef struct ftdn_pace {
    int n_groups;
    ftdn_pace_sample *group; /* [n_groups] */
    ftdn_pace_sample all;
    double longest_s; /* of a trial */
} ftdn_pace;

/* A time, and the distance on either side within which it lies at about 95 %; negative while nothing is known. */
typedef struct ftdn_pace_time {
    double seconds, uncertainty;
} ftdn_pace_time;

/* What is still to do of one group. */
typedef struct ftdn_pace_work {
    int group, n_trials;
    double n_images; /* of a trial */
} ftdn_pace_work;

FTDN_NODISCARD ftdn_status ftdn_pace_init(ftdn_pace *pace, int n_groups, ftdn_arena *arena, ftdn_error *err);

/* seconds: for which the trial occupied its worker. */
void ftdn_pace_add(ftdn_pace *pace, int group, double n_images, double seconds);

/* Expected seconds of one trial; negative while nothing is known. */
double ftdn_pace_expect(const ftdn_pace *pace, int group, double n_images);

/* Of all this work on so many workers side by side. */
ftdn_pace_time ftdn_pace_remaining(const ftdn_pace *pace, const ftdn_pace_work *work, int n_works, int n_workers);

#endif
