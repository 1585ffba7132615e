/* bench_device_parts.h - the parts of `ftdn bench device`, one file bench_device_PART.c each. */
#ifndef FTDN_HARNESS_BENCH_BENCH_DEVICE_PARTS_H
#define FTDN_HARNESS_BENCH_BENCH_DEVICE_PARTS_H

#include "harness/bench/bench_device.h"
#include "harness/rig.h"

/* What the device does at most. */
typedef struct ftdn_device_ceiling {
    double bytes_per_s; /* read and written by a copy on the device */
    double macs_per_s;  /* of a large convolution in the arithmetic at hand */
} ftdn_device_ceiling;

/* One network in one arithmetic; all borrowed. */
typedef struct ftdn_device_subject {
    const ftdn_model *model;
    const char *network, *arithmetic;
    ftdn_conv_algorithm algorithm;
    const ftdn_dataset *dataset;         /* decoded */
    const ftdn_trial_settings *settings; /* without protection, at the size that campaigns use */
    double evaluation_limit_s;           /* of an image; 0: none */
    ftdn_device_ceiling ceiling;
    ftdn_device_cache *cache; /* of all that is compiled; borrowed */
} ftdn_device_subject;

/* The settings with another protection ("none", "kr", "fmr") and size of a micro-batch. */
ftdn_trial_settings ftdn_device_subject_settings(const ftdn_device_subject *subject, const char *method,
                                                 int micro_batch);
FTDN_NODISCARD ftdn_status ftdn_device_subject_open(const ftdn_device_subject *subject,
                                                    const ftdn_trial_settings *settings, ftdn_rig *rig,
                                                    ftdn_error *err);

/* Samples of a measure; sorted in place. limit: 0 for none. */
void ftdn_device_bench_add(ftdn_device_bench *bench, const ftdn_device_subject *subject, int micro_batch,
                           const char *name, ftdn_bench_unit unit, double limit, double *sample, int n_samples);

/* Device time of one micro-batch of a prepared rig, recorded: the forward pass, with map faults where hook is not NULL,
 * with detections. ret_s: [n_samples], after a warm-up. */
FTDN_NODISCARD ftdn_status ftdn_device_time_sequence(ftdn_rig *rig, const ftdn_map_hook *hook, bool detects,
                                                     int n_samples, double *ret_s, ftdn_error *err);

FTDN_NODISCARD ftdn_status ftdn_device_measure_copy(ftdn_device_bench *bench, double *ret_bytes_per_s, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_device_measure_convolution(ftdn_device_bench *bench, ftdn_conv_algorithm algorithm,
                                                           const char *arithmetic, double *ret_macs_per_s,
                                                           ftdn_error *err);

/* Where the time of a micro-batch goes, and the floor of its forward pass. evaluation_s: of an image. */
FTDN_NODISCARD ftdn_status ftdn_device_measure_stages(ftdn_device_bench *bench, const ftdn_device_subject *subject,
                                                      ftdn_rig *rig, double evaluation_s, ftdn_error *err);

/* Table 1: time of one image under each protection; and a micro-batch of feature-map recovery. */
FTDN_NODISCARD ftdn_status ftdn_device_measure_cost(ftdn_device_bench *bench, const ftdn_device_subject *subject,
                                                    ftdn_error *err);

#endif
