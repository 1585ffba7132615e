/* bench_parts.h - the parts of `ftdn bench`, one file bench_PART.c each. */
#ifndef FTDN_HARNESS_BENCH_BENCH_PARTS_H
#define FTDN_HARNESS_BENCH_BENCH_PARTS_H

#include "datasets/dataset.h"
#include "harness/bench/bench.h"
#include "harness/rig.h"

/* One network, set up as a campaign sets it up; all borrowed. */
typedef struct ftdn_bench_subject {
    const char *network;
    double evaluation_limit_s, weights_limit_s; /* the design's figures under these conditions; 0: none */
    const ftdn_trial_settings *settings;        /* without faults */
    ftdn_rig *rig;
    const ftdn_dataset *dataset; /* decoded; NULL where no images are wanted */
} ftdn_bench_subject;

FTDN_NODISCARD ftdn_status ftdn_bench_evaluate(ftdn_bench *bench, const ftdn_bench_subject *subject, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_bench_weights(ftdn_bench *bench, const ftdn_bench_subject *subject, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_bench_protect(ftdn_bench *bench, const ftdn_bench_subject *subject, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_bench_detect(ftdn_bench *bench, const ftdn_network *network, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_bench_sites(ftdn_bench *bench, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_bench_campaign(ftdn_bench *bench, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_bench_train(ftdn_bench *bench, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_bench_scenes(ftdn_bench *bench, ftdn_error *err);

#endif
