/* bench.h - how fast this machine does what a campaign does: `ftdn bench`.
 *
 * Every measure is taken several times after a warm-up and kept as median and range, because other work on the
 * machine only ever adds time, and in bursts. Quotients are quotients of neighbours: both parts are measured
 * within seconds of each other, and the median is taken over the quotients.
 *
 * Nothing is read from a file: formula weights, generated test scenes. With such weights nearly all
 * priors of all classes pass the score threshold, so that detection and average precision take longer than with
 * trained ones.
 *
 * Inside, times are seconds, shares are fractions, sizes bytes; units of the output stand in bench_report.c. */
#ifndef FTDN_HARNESS_BENCH_BENCH_H
#define FTDN_HARNESS_BENCH_BENCH_H

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"
#include "engine/engine.h"
#include "harness/plan/environment.h"

#define FTDN_BENCH_MAX_MEASURES 64
#define FTDN_BENCH_RATE 0.01 /* of all faults */

typedef enum ftdn_bench_part {
    FTDN_BENCH_EVALUATE, /* whole evaluations: forward, injection, detection, average precision */
    FTDN_BENCH_WEIGHTS,  /* the weights of a trial: faults drawn, layouts made */
    FTDN_BENCH_PROTECT,  /* trials of protected networks against those of unprotected ones */
    FTDN_BENCH_SITES,    /* fault sites found */
    FTDN_BENCH_DETECT,   /* logits and locations to boxes */
    FTDN_BENCH_SCENES,   /* test scenes painted */
    FTDN_BENCH_TRAIN,    /* batches in training: forward and backward */
    FTDN_BENCH_CAMPAIGN, /* null trials through scheduler and store */
    FTDN_BENCH_CEILING,  /* the machine's floating-point ceiling */
    FTDN_BENCH_MEMORY,   /* of a set-up for trials, and of the process at its peak */
    FTDN_BENCH_N_PARTS,
} ftdn_bench_part;

extern const char *const ftdn_bench_part_name[FTDN_BENCH_N_PARTS];

typedef enum ftdn_bench_unit {
    FTDN_UNIT_SECONDS_PER_IMAGE,
    FTDN_UNIT_SECONDS,
    FTDN_UNIT_SECONDS_PER_ELEMENT,
    FTDN_UNIT_FRACTION,
    FTDN_UNIT_QUOTIENT,
    FTDN_UNIT_FLOPS, /* floating-point operations per second */
    FTDN_UNIT_BYTES,
    FTDN_UNIT_BYTES_PER_SECOND,
} ftdn_bench_unit;

typedef struct ftdn_bench_options {
    bool wanted[FTDN_BENCH_N_PARTS];
    const char *model; /* one network; NULL: both of the paper */
    ftdn_conv_algorithm conv_algorithm;
    int n_threads, n_repeats, n_images; /* at least 1 */
    FILE *progress;                     /* a terminal that is told what is being measured; NULL: none */
} ftdn_bench_options;

/* What is measured; static texts. */
typedef struct ftdn_bench_label {
    ftdn_bench_part part;
    const char *network; /* NULL: of no network */
    const char *name;
    ftdn_bench_unit unit;
    double limit; /* the design's figure, which the median should not exceed; 0: none */
} ftdn_bench_label;

typedef struct ftdn_bench_measure {
    ftdn_bench_label label;
    int n_samples;
    double lowest, lower_quartile, median, upper_quartile, highest;
} ftdn_bench_measure;

/* What a reader needs to compare two runs; taken when the run begins. */
typedef struct ftdn_bench_conditions {
    char cpu[FTDN_CPU_NAME_BYTES]; /* "AMD EPYC 9B14" */
    int n_cores;  /* that this process may use */
    double load;  /* processes that ran or waited in the last minute, before this one; NaN where unknown */
    char date[24]; /* "2024-05-31T12:00:00Z" */
    const char *arithmetic, *library, *compiler, *code_version;
    const char *ceiling_kernel; /* the instructions of the ceiling */
} ftdn_bench_conditions;

typedef struct ftdn_bench {
    const ftdn_bench_options *options; /* borrowed */
    ftdn_arena *arena;                 /* borrowed; scratch of a part is given back at its end */
    ftdn_bench_conditions conditions;
    int n_measures;
    ftdn_bench_measure measure[FTDN_BENCH_MAX_MEASURES];
} ftdn_bench;

/* Measure all that is wanted. FTDN_ERR_ARG: a network that cannot be measured without a file. */
FTDN_NODISCARD ftdn_status ftdn_bench_run(const ftdn_bench_options *options, ftdn_arena *arena, ftdn_bench *ret_bench,
                                          ftdn_error *err);

/* The conditions and one line per measure; or all of it as one JSON object. */
void ftdn_bench_write_table(const ftdn_bench *bench, ftdn_text *text);
void ftdn_bench_write_json(const ftdn_bench *bench, ftdn_text *text);

#endif
