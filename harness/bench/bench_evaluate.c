/* bench_evaluate.c - whole evaluations of decoded images, with map faults and without, in pairs. */
#include "harness/bench/bench_ceiling.h"
#include "harness/bench/bench_measure.h"
#include "harness/bench/bench_parts.h"
#include "harness/trial.h"

#define INJECTION_LIMIT 0.1 /* of the clean forward */

typedef enum sample_kind {
    EVALUATION,
    FORWARD_SHARE,
    INJECTION_SHARE,
    DETECTION_SHARE,
    PRECISION_SHARE,
    OTHER_SHARE,
    INJECTION_TO_CLEAN,
    SLOWDOWN,
    FORWARD_FLOPS,
    FORWARD_TO_CEILING,
    FORWARD_AT_CEILING,
    PROCESSOR_SHARE,
    N_SAMPLE_KINDS,
} sample_kind;

static const struct {
    const char *name;
    ftdn_bench_unit unit;
} kind_table[N_SAMPLE_KINDS] = {
    [EVALUATION] = {"evaluation with 1 % map faults", FTDN_UNIT_SECONDS_PER_IMAGE},
    [FORWARD_SHARE] = {"  of it forward", FTDN_UNIT_FRACTION},
    [INJECTION_SHARE] = {"  of it injection", FTDN_UNIT_FRACTION},
    [DETECTION_SHARE] = {"  of it detection", FTDN_UNIT_FRACTION},
    [PRECISION_SHARE] = {"  of it average precision", FTDN_UNIT_FRACTION},
    [OTHER_SHARE] = {"  of it set-up and waiting", FTDN_UNIT_FRACTION},
    [INJECTION_TO_CLEAN] = {"injection / clean forward", FTDN_UNIT_FRACTION},
    [SLOWDOWN] = {"forward with injection / clean forward - 1", FTDN_UNIT_FRACTION},
    [FORWARD_FLOPS] = {"clean forward", FTDN_UNIT_FLOPS},
    [FORWARD_TO_CEILING] = {"clean forward / ceiling", FTDN_UNIT_FRACTION},
    [FORWARD_AT_CEILING] = {"forward if it ran at the ceiling", FTDN_UNIT_SECONDS_PER_IMAGE},
    [PROCESSOR_SHARE] = {"processor time got / wanted", FTDN_UNIT_FRACTION},
};

static double flop_per_image(const ftdn_graph *graph)
{
    double n_macs = 0;
    for (int i = 0; i < graph->n_nodes; i++) n_macs += (double)ftdn_node_macs(graph, i);
    return 2 * n_macs;
}

typedef struct timed_trial {
    ftdn_trial_result result; /* without what lived in the arena */
    double processor_s;
} timed_trial;

static ftdn_status run_trial(ftdn_bench *bench, const ftdn_bench_subject *subject, const ftdn_dataset *dataset,
                             double map_rate, uint64_t seed, timed_trial *ret_timed, ftdn_error *err)
{
    ftdn_trial_settings settings = *subject->settings;
    settings.faults.feature_map_rate = map_rate;
    settings.seed = seed;
    const ftdn_trial_control control = {.batch = 1};
    ftdn_arena_mark mark = ftdn_arena_get_mark(bench->arena);
    double start_s = ftdn_bench_processor_s();
    ftdn_status status =
        ftdn_trial_run(subject->rig, dataset, &settings, &control, bench->arena, &ret_timed->result, err);
    ret_timed->processor_s = ftdn_bench_processor_s() - start_s;
    ftdn_arena_reset(bench->arena, mark);
    return status;
}

/* Threads work side by side: their summed times are divided by their number to become shares of the wall clock. */
static void take_samples(const ftdn_bench_subject *subject, const timed_trial *clean_trial,
                         const timed_trial *faulty_trial, double ceiling_flops, int at,
                         double *const sample[N_SAMPLE_KINDS])
{
    const ftdn_trial_result *clean = &clean_trial->result, *faulty = &faulty_trial->result;
    double n_images = faulty->n_images, n_threads = subject->rig->n_workers, wall_s = faulty->total_s;
    double forward = faulty->forward_s / n_threads / wall_s, injection = faulty->injection_s / n_threads / wall_s;
    double detection = faulty->detection_s / n_threads / wall_s, precision = faulty->average_precision_s / wall_s;
    double image_flop = flop_per_image(&subject->rig->model->network.graph);
    double forward_flops = image_flop * n_images / (clean->forward_s / n_threads);
    sample[EVALUATION][at] = wall_s / n_images;
    sample[FORWARD_SHARE][at] = forward;
    sample[INJECTION_SHARE][at] = injection;
    sample[DETECTION_SHARE][at] = detection;
    sample[PRECISION_SHARE][at] = precision;
    sample[OTHER_SHARE][at] = 1 - forward - injection - detection - precision;
    sample[INJECTION_TO_CLEAN][at] = faulty->injection_s / clean->forward_s;
    sample[SLOWDOWN][at] = (faulty->forward_s + faulty->injection_s) / clean->forward_s - 1;
    sample[FORWARD_FLOPS][at] = forward_flops;
    sample[FORWARD_TO_CEILING][at] = forward_flops / ceiling_flops;
    sample[FORWARD_AT_CEILING][at] = image_flop / ceiling_flops;
    sample[PROCESSOR_SHARE][at] = faulty_trial->processor_s / (wall_s * n_threads);
}

/* A clean trial and a faulty one, the ceiling between them; which comes first alternates. */
static ftdn_status measure_pair(ftdn_bench *bench, const ftdn_bench_subject *subject, int at,
                                double *const sample[N_SAMPLE_KINDS], ftdn_error *err)
{
    timed_trial trial[2]; /* clean, faulty */
    uint64_t seed = (uint64_t)at;
    int first = at % 2;
    FTDN_TRY(run_trial(bench, subject, subject->dataset, first ? FTDN_BENCH_RATE : 0, seed, &trial[first], err));
    double ceiling_flops = ftdn_bench_ceiling_flops(subject->rig->n_workers);
    FTDN_TRY(run_trial(bench, subject, subject->dataset, first ? 0 : FTDN_BENCH_RATE, seed, &trial[!first], err));
    take_samples(subject, &trial[0], &trial[1], ceiling_flops, at, sample);
    return FTDN_OK;
}

/* A few images for each thread: its memory is touched, the processor at speed. */
static ftdn_status warm_up(ftdn_bench *bench, const ftdn_bench_subject *subject, ftdn_error *err)
{
    int n_enough = 2 * subject->rig->n_workers;
    ftdn_dataset few = *subject->dataset;
    if (few.n_images > n_enough) few.n_images = n_enough;
    timed_trial unused;
    ftdn_bench_announce(bench, subject->network, "evaluate, warm-up");
    return run_trial(bench, subject, &few, FTDN_BENCH_RATE, 0, &unused, err);
}

ftdn_status ftdn_bench_evaluate(ftdn_bench *bench, const ftdn_bench_subject *subject, ftdn_error *err)
{
    int n_repeats = bench->options->n_repeats;
    double *sample[N_SAMPLE_KINDS];
    for (int k = 0; k < N_SAMPLE_KINDS; k++) {
        sample[k] = FTDN_NEW(bench->arena, (size_t)n_repeats, double, err);
        if (!sample[k]) return FTDN_ERR_MEMORY;
    }
    FTDN_TRY(warm_up(bench, subject, err));
    for (int r = 0; r < n_repeats; r++) {
        char what[64];
        snprintf(what, sizeof what, "evaluate, %d of %d", r + 1, n_repeats);
        ftdn_bench_announce(bench, subject->network, what);
        FTDN_TRY(measure_pair(bench, subject, r, sample, err));
    }
    for (int k = 0; k < N_SAMPLE_KINDS; k++) {
        const ftdn_bench_label label = {
            .part = FTDN_BENCH_EVALUATE,
            .network = subject->network,
            .name = kind_table[k].name,
            .unit = kind_table[k].unit,
            .limit = k == EVALUATION ? subject->evaluation_limit_s : k == INJECTION_TO_CLEAN ? INJECTION_LIMIT : 0,
        };
        ftdn_bench_add(bench, &label, sample[k], n_repeats);
    }
    return FTDN_OK;
}
