/* bench_protect.c - what protections cost a trial: weight faults drawn and merged, images evaluated, with half of the
 * channels kept twice and without, in turn. */
#include "harness/bench/bench_measure.h"
#include "harness/bench/bench_parts.h"
#include "harness/trial.h"

enum { NONE, KR, FMR, N_METHODS };

static const struct {
    ftdn_protection_settings settings;
    const char *name;
    double limit; /* quotient with the unprotected trial, of the design */
} method_table[N_METHODS] = {
    [NONE] = {{.method = "none"}, "unprotected trial with 1 % weight faults", 0},
    [KR] = {{.method = "kr",
             .ranking = "weight_sum",
             .direction = "outgoing",
             .ratio = 0.5,
             .allocation = "uniform",
             .merge = "mean"},
            "kernel recovery of half / unprotected",
            1.02},
    [FMR] = {{.method = "fmr",
              .ranking = "weight_sum",
              .direction = "outgoing",
              .ratio = 0.5,
              .allocation = "uniform",
              .merge = "mean",
              .merge_point = "activation"},
             "feature-map recovery of half / unprotected",
             1.55},
};

typedef struct comparison {
    ftdn_planned_trial trial[N_METHODS];
    ftdn_rig rig[N_METHODS];
    int n_rigs;
    double *sample[N_METHODS]; /* [n_repeats] seconds per image, then quotients */
} comparison;

static ftdn_status set_up(ftdn_bench *bench, const ftdn_bench_subject *subject, comparison *c, ftdn_error *err)
{
    const ftdn_score_source scores = {.n_threads = bench->options->n_threads};
    for (int m = 0; m < N_METHODS; m++) {
        c->sample[m] = FTDN_NEW(bench->arena, (size_t)bench->options->n_repeats, double, err);
        if (!c->sample[m]) return FTDN_ERR_MEMORY;
        c->trial[m] = (ftdn_planned_trial){.settings = *subject->settings, .model = subject->rig->model};
        c->trial[m].settings.faults.weight_rate = FTDN_BENCH_RATE;
        c->trial[m].settings.protection = method_table[m].settings;
        const ftdn_rig_desc desc = {
            .trial = &c->trial[m], .scores = &scores, .n_threads = bench->options->n_threads};
        FTDN_TRY(ftdn_rig_init(&c->rig[m], &desc, err));
        c->n_rigs++;
    }
    return FTDN_OK;
}

static ftdn_status run_trial(ftdn_bench *bench, const ftdn_bench_subject *subject, comparison *c, int method,
                             double *ret_image_s, ftdn_error *err)
{
    const ftdn_trial_control control = {.batch = 1};
    ftdn_trial_result result;
    ftdn_arena_mark mark = ftdn_arena_get_mark(bench->arena);
    ftdn_status status = ftdn_trial_run(&c->rig[method], subject->dataset, &c->trial[method].settings, &control,
                                        bench->arena, &result, err);
    ftdn_arena_reset(bench->arena, mark);
    FTDN_TRY(status);
    *ret_image_s = result.total_s / result.n_images;
    return FTDN_OK;
}

/* Which method comes first changes from repeat to repeat. */
static ftdn_status measure(ftdn_bench *bench, const ftdn_bench_subject *subject, comparison *c, ftdn_error *err)
{
    double warm_up;
    for (int m = 0; m < N_METHODS; m++) FTDN_TRY(run_trial(bench, subject, c, m, &warm_up, err));
    for (int r = 0; r < bench->options->n_repeats; r++) {
        char what[64];
        snprintf(what, sizeof what, "protect, %d of %d", r + 1, bench->options->n_repeats);
        ftdn_bench_announce(bench, subject->network, what);
        for (int i = 0; i < N_METHODS; i++) {
            int m = (i + r) % N_METHODS;
            FTDN_TRY(run_trial(bench, subject, c, m, &c->sample[m][r], err));
        }
        for (int m = NONE + 1; m < N_METHODS; m++) c->sample[m][r] /= c->sample[NONE][r];
    }
    return FTDN_OK;
}

ftdn_status ftdn_bench_protect(ftdn_bench *bench, const ftdn_bench_subject *subject, ftdn_error *err)
{
    comparison *c = FTDN_NEW(bench->arena, 1, comparison, err);
    if (!c) return FTDN_ERR_MEMORY;
    ftdn_bench_announce(bench, subject->network, "protect, setting up");
    ftdn_status status = set_up(bench, subject, c, err);
    if (status == FTDN_OK) status = measure(bench, subject, c, err);
    for (int m = 0; m < c->n_rigs; m++) ftdn_rig_done(&c->rig[m]);
    FTDN_TRY(status);
    for (int m = 0; m < N_METHODS; m++) {
        const ftdn_bench_label label = {
            .part = FTDN_BENCH_PROTECT,
            .network = subject->network,
            .name = method_table[m].name,
            .unit = m == NONE ? FTDN_UNIT_SECONDS_PER_IMAGE : FTDN_UNIT_QUOTIENT,
            .limit = method_table[m].limit,
        };
        ftdn_bench_add(bench, &label, c->sample[m], bench->options->n_repeats);
    }
    return FTDN_OK;
}
