/* bench_device.h - how fast a device does what a campaign does: `ftdn bench device`.
 *
 * Formula weights and generated test scenes, as for the processor (bench.h): nearly all priors pass the score
 * threshold, so that detection takes longer than with trained weights. Times within a micro-batch are the device's own,
 * between two marks on its stream; whole evaluations are timed by the clock on the wall.
 *
 * The floor of a forward pass: each step takes as long as its bytes (maps in and out, weights) at the bandwidth of a
 * copy on the device, or its multiply-adds at the rate of a large convolution, whichever is more; both ceilings are
 * measured in the same run. */
#ifndef FTDN_HARNESS_BENCH_BENCH_DEVICE_H
#define FTDN_HARNESS_BENCH_BENCH_DEVICE_H

#include <stdio.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/device.h"
#include "harness/bench/bench.h"

#define FTDN_DEVICE_BENCH_MEASURES 160

typedef struct ftdn_device_bench_options {
    const char *model;   /* one network; NULL: both of the paper */
    double width;        /* multiplier of the channels; 0: as published */
    int micro_batch;     /* the largest; smaller ones are measured too */
    int n_images;        /* of an evaluation */
    int n_repeats;       /* samples of each measure */
    FILE *progress;      /* a terminal that is told what is being measured; NULL: none */
} ftdn_device_bench_options;

typedef struct ftdn_device_measure {
    ftdn_bench_measure measure;
    const char *arithmetic; /* "f32", "tf32"; NULL: of none */
    int micro_batch;        /* 0: of none */
} ftdn_device_measure;

typedef struct ftdn_device_bench {
    const ftdn_device_bench_options *options; /* borrowed */
    ftdn_arena *arena;                        /* borrowed; scratch of a part is given back at its end */
    const ftdn_device_module *module;
    ftdn_bench_conditions conditions;
    ftdn_device_info device;
    int n_arithmetics;         /* 1: the device has no TF32 numbers */
    const char *arithmetic[2]; /* of f32, of tf32: what decides bits */
    int n_measures;
    ftdn_device_measure measure[FTDN_DEVICE_BENCH_MEASURES];
    ftdn_text plans; /* how each convolution is computed at the size that campaigns use: JSON objects, commas between */
} ftdn_device_bench;

/* FTDN_ERR_BACKEND: no device answers. FTDN_ERR_ARG: a network that cannot be measured without a file. ret_bench is to
 * be freed, on success only. */
FTDN_NODISCARD ftdn_status ftdn_bench_device(const ftdn_device_bench_options *options, ftdn_arena *arena,
                                             ftdn_device_bench *ret_bench, ftdn_error *err);
void ftdn_device_bench_done(ftdn_device_bench *bench);

/* The conditions and one line per measure; or all of it, and the plans, as one JSON object. */
void ftdn_device_bench_write_table(const ftdn_device_bench *bench, ftdn_text *text);
void ftdn_device_bench_write_json(const ftdn_device_bench *bench, ftdn_text *text);

#endif
