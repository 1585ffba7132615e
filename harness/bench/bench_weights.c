/* bench_weights.c - what a trial's weights cost: faults drawn, layouts made anew. */
#include "base/clock.h"
#include "harness/bench/bench_measure.h"
#include "harness/bench/bench_parts.h"

/* Set the rig's weights for one trial; ret_draw_s: the drawing alone. */
static ftdn_status set_weights(ftdn_rig *rig, uint64_t seed, double *ret_draw_s, double *ret_total_s, ftdn_error *err)
{
    int64_t start_ns = ftdn_clock_ns();
    const ftdn_fault_draw draw = {.model = {.type = FTDN_FAULT_ZERO}, .rate = FTDN_BENCH_RATE, .seed = seed};
    ftdn_weight_faults_draw(&rig->bank.faults, &draw, 0, rig->n_workers);
    *ret_draw_s = ftdn_bench_seconds_since(start_ns);
    start_ns = ftdn_clock_ns();
    FTDN_TRY(ftdn_weight_bank_set(&rig->bank, &draw, 0, rig->n_workers, err));
    *ret_total_s = ftdn_bench_seconds_since(start_ns);
    return FTDN_OK;
}

ftdn_status ftdn_bench_weights(ftdn_bench *bench, const ftdn_bench_subject *subject, ftdn_error *err)
{
    int n_repeats = bench->options->n_repeats;
    double *draw_s = FTDN_NEW(bench->arena, (size_t)n_repeats, double, err);
    double *total_s = FTDN_NEW(bench->arena, (size_t)n_repeats, double, err);
    if (!draw_s || !total_s) return FTDN_ERR_MEMORY;
    ftdn_bench_announce(bench, subject->network, "weights");
    double warm_up[2];
    FTDN_TRY(set_weights(subject->rig, 0, &warm_up[0], &warm_up[1], err));
    for (int r = 0; r < n_repeats; r++)
        FTDN_TRY(set_weights(subject->rig, (uint64_t)r + 1, &draw_s[r], &total_s[r], err));
    ftdn_bench_label label = {
        .part = FTDN_BENCH_WEIGHTS,
        .network = subject->network,
        .name = "weight set-up with 1 % faults",
        .unit = FTDN_UNIT_SECONDS,
        .limit = subject->weights_limit_s,
    };
    ftdn_bench_add(bench, &label, total_s, n_repeats);
    label.name = "  of it drawing faults";
    label.limit = 0;
    ftdn_bench_add(bench, &label, draw_s, n_repeats);
    return FTDN_OK;
}
