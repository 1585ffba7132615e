#include "harness/estimate/estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "harness/campaign/campaign.h"
#include "harness/estimate/missing_rankings.h"
#include "harness/estimate/calibrate.h"
#include "harness/estimate/makespan.h"
#include "harness/plan/arithmetic.h"
#include "harness/plan/environment.h"
#include "harness/process_memory.h"
#include "results/paces.h"

#define DRIFT 0.05         /* by which a machine's speed changes from one minute to the next */
#define UNKNOWN_SPREAD 0.3 /* of what was measured once, or not at all */

/* An estimate under way. */
typedef struct estimator {
    const ftdn_estimate_desc *desc;
    ftdn_arena *arena;
    ftdn_trial_queue queue;
    ftdn_trial_kinds kinds;
    ftdn_missing_rankings rankings;
    ftdn_store_paces paces;
    ftdn_costs costs;
    double *trial_s, *set_up_s; /* [n_trials] */
    double *kind_error;         /* [n_kinds]: relative standard error of the mean of its trials */
    bool from_store;
} estimator;

/* Is the cell of the store of the trial's kind? */
static bool is_of_kind(const ftdn_cell_pace *cell, const ftdn_planned_trial *trial)
{
    const ftdn_trial_settings *settings = &trial->settings;
    const ftdn_fault_settings *faults = &settings->faults;
    return !strcmp(cell->method, settings->protection.method) && !strcmp(cell->model, settings->model.name) &&
           cell->width == trial->model->network.width && !strcmp(cell->weights_digest, trial->model->weights_digest) &&
           !strcmp(cell->backend, settings->engine.backend) && !strcmp(cell->arithmetic, trial->arithmetic) &&
           !strcmp(cell->redraw, faults->redraw) && cell->hits_weights == ftdn_settings_hit_weights(faults) &&
           cell->hits_maps == ftdn_settings_hit_maps(faults);
}

/* Mean and mean square of the seconds per image of all earlier trials of a kind; n 0: there are none. */
static ftdn_cell_pace sum_kind(const estimator *e, int kind)
{
    const ftdn_planned_trial *leader = &e->desc->plan->trial[e->kinds.kind[kind].leader];
    ftdn_cell_pace sum = {0};
    for (int i = 0; i < e->paces.n_cells; i++) {
        const ftdn_cell_pace *cell = &e->paces.cell[i];
        if (!is_of_kind(cell, leader)) continue;
        sum.n_trials += cell->n_trials;
        sum.image_s += cell->n_trials * cell->image_s;
        sum.square += cell->n_trials * cell->square;
    }
    if (sum.n_trials > 0) {
        sum.image_s /= sum.n_trials;
        sum.square /= sum.n_trials;
    }
    return sum;
}

static double n_images_of(const estimator *e, int trial)
{
    int n_images = e->desc->plan->trial[trial].dataset->n_images;
    return n_images > 1 ? n_images : 1;
}

/* Times from the store, where it knows every kind: of a trial's own cell, else of its kind. */
static void take_from_store(estimator *e)
{
    e->from_store = e->paces.n_trials > 0 && !isnan(e->paces.overhead);
    for (int k = 0; k < e->kinds.n_kinds && e->from_store; k++) {
        const ftdn_trial_kind *kind = &e->kinds.kind[k];
        const ftdn_cell_pace sum = sum_kind(e, k);
        e->from_store = sum.n_trials > 0;
        double variance = fmax(0, sum.square - sum.image_s * sum.image_s);
        e->kind_error[k] = sum.n_trials > 1 ? sqrt(variance / sum.n_trials) / sum.image_s : UNKNOWN_SPREAD;
        for (int i = 0; i < kind->n_trials; i++) {
            int trial = e->kinds.member[kind->first + i];
            const ftdn_cell_pace *own = ftdn_cell_pace_find(&e->paces, e->desc->plan->trial[trial].spec.cell->digest);
            e->trial_s[trial] = n_images_of(e, trial) * (own ? own->image_s : sum.image_s);
        }
    }
}

static void take_from_calibration(estimator *e)
{
    for (int k = 0; k < e->kinds.n_kinds; k++) {
        const ftdn_trial_kind *kind = &e->kinds.kind[k];
        const ftdn_kind_cost *cost = &e->costs.kind[k];
        bool is_known = cost->n_jobs > 1 && !isnan(cost->spread);
        e->kind_error[k] = is_known ? cost->spread / sqrt(cost->n_jobs) : UNKNOWN_SPREAD;
        for (int i = 0; i < kind->n_trials; i++) {
            int trial = e->kinds.member[kind->first + i];
            e->trial_s[trial] = cost->trial_s + n_images_of(e, trial) * cost->image_s;
            e->set_up_s[trial] = cost->set_up_s;
        }
    }
}

static ftdn_status calibrate(estimator *e, ftdn_error *err)
{
    const ftdn_estimate_desc *desc = e->desc;
    const ftdn_calibrate_desc calibration = {
        .kinds = &e->kinds,
        .queue = &e->queue,
        .inputs = desc->inputs,
        .n_rankings = e->rankings.n_sorts,
        .ranking = e->rankings.sort,
        .n_cores = desc->n_cores,
        .n_workers = desc->n_workers,
        .n_threads = desc->n_threads,
        .n_devices = desc->n_devices,
        .is_brief = e->from_store,
    };
    return ftdn_calibrate(&calibration, e->arena, &e->costs, err);
}

/* Images that a run has to decode before it begins; those of several trials count once. */
static ftdn_status count_images(const estimator *e, double *ret_n_images, double *ret_bytes, ftdn_error *err)
{
    const ftdn_plan *plan = e->desc->plan;
    const ftdn_dataset **seen = FTDN_NEW(e->arena, (size_t)plan->n_trials, const ftdn_dataset *, err);
    int n_seen = 0;
    if (!seen) return FTDN_ERR_MEMORY;
    *ret_n_images = *ret_bytes = 0;
    for (int i = 0; i < plan->n_trials; i++) {
        const ftdn_planned_trial *trial = &plan->trial[i];
        if (e->kinds.of_trial[i] < 0 || ftdn_is_null_trial(&trial->settings)) continue;
        int k = 0;
        while (k < n_seen && seen[k] != trial->dataset) k++;
        if (k < n_seen) continue;
        seen[n_seen++] = trial->dataset;
        double size = trial->model->network.input_size;
        *ret_n_images += trial->dataset->n_images;
        *ret_bytes += trial->dataset->n_images * size * size * 3;
    }
    return FTDN_OK;
}

static ftdn_status play(estimator *e, bool all_seeds, double *ret_seconds, int *ret_n_trials, ftdn_error *err)
{
    const ftdn_makespan_desc game = {
        .trial_s = e->trial_s,
        .set_up_s = e->set_up_s,
        .canary_s = e->from_store ? 0 : e->costs.canary_s,
        .canary_every = FTDN_DEFAULT_CANARY_EVERY,
        .n_workers = e->desc->n_workers,
        .ranking_of = e->rankings.of_group,
        .n_rankings = e->rankings.n_rankings,
        .ranking_s = e->rankings.seconds,
        .all_seeds = all_seeds,
    };
    ftdn_trial_queue queue;
    FTDN_TRY(ftdn_trial_queue_init(&queue, e->desc->plan, e->desc->held, e->desc->n_held, e->arena, err));
    FTDN_TRY(ftdn_makespan(&queue, &game, e->arena, ret_seconds, err));
    *ret_n_trials = queue.n_done;
    if (e->from_store) *ret_seconds *= fmax(1, e->paces.overhead);
    return FTDN_OK;
}

/* Kinds are measured apart, so that their errors tend to cancel; the machine's drift is common to all. */
static double find_uncertainty(const estimator *e)
{
    double time = 0, variance = 0;
    for (int k = 0; k < e->kinds.n_kinds; k++) {
        const ftdn_trial_kind *kind = &e->kinds.kind[k];
        double kind_s = 0;
        for (int i = 0; i < kind->n_trials; i++) kind_s += e->trial_s[e->kinds.member[kind->first + i]];
        time += kind_s;
        variance += kind_s * e->kind_error[k] * kind_s * e->kind_error[k];
    }
    return 2 * sqrt(time > 0 ? variance / (time * time) + DRIFT * DRIFT : DRIFT * DRIFT);
}

static ftdn_status ask_store(estimator *e, ftdn_error *err)
{
    struct utsname name;
    char cpu[FTDN_CPU_NAME_BYTES];
    if (uname(&name) != 0) memset(&name, 0, sizeof name);
    ftdn_environment_cpu(cpu);
    const ftdn_pace_question question = {
        .machine = name.nodename,
        .cpu = cpu,
        .n_workers = e->desc->n_workers,
        .n_threads = e->desc->n_workers * e->desc->n_threads,
    };
    e->paces = (ftdn_store_paces){.overhead = (double)NAN, .bytes_per_trial = (double)NAN};
    if (!e->desc->store) return FTDN_OK;
    return ftdn_store_read_paces(e->desc->store, &question, e->arena, &e->paces, err);
}

static ftdn_status prepare(estimator *e, ftdn_error *err)
{
    const ftdn_estimate_desc *desc = e->desc;
    size_t n_trials = (size_t)desc->plan->n_trials;
    FTDN_TRY(ftdn_trial_queue_init(&e->queue, desc->plan, desc->held, desc->n_held, e->arena, err));
    FTDN_TRY(ftdn_trial_kinds_make(&e->queue, e->arena, &e->kinds, err));
    FTDN_TRY(ftdn_missing_rankings_make(&e->queue, desc->store, e->arena, &e->rankings, err));
    e->trial_s = FTDN_NEW(e->arena, n_trials, double, err);
    e->set_up_s = FTDN_NEW(e->arena, n_trials, double, err);
    e->kind_error = FTDN_NEW(e->arena, (size_t)e->kinds.n_kinds, double, err);
    if (!e->trial_s || !e->set_up_s || !e->kind_error) return FTDN_ERR_MEMORY;
    return ask_store(e, err);
}

static ftdn_status conclude(estimator *e, ftdn_estimate *estimate, ftdn_error *err)
{
    const ftdn_estimate_desc *desc = e->desc;
    double image_bytes, n_images;
    FTDN_TRY(count_images(e, &n_images, &image_bytes, err));
    double before_s = desc->start_s + n_images * e->costs.decode_s;
    FTDN_TRY(play(e, false, &estimate->seconds, &estimate->n_wanted, err));
    FTDN_TRY(play(e, true, &estimate->most_seconds, &estimate->n_most, err));
    estimate->seconds += before_s;
    estimate->most_seconds += before_s;
    estimate->uncertainty = find_uncertainty(e);
    double trial_bytes = isnan(e->paces.bytes_per_trial) ? e->costs.record_bytes : e->paces.bytes_per_trial;
    estimate->disk_bytes = trial_bytes * estimate->n_wanted;
    estimate->most_disk_bytes = trial_bytes * estimate->n_most;
    estimate->worker_bytes = e->costs.worker_bytes;
    estimate->memory_bytes = ftdn_process_own_bytes() + image_bytes + desc->n_workers * e->costs.worker_bytes;
    return FTDN_OK;
}

ftdn_status ftdn_estimate_make(const ftdn_estimate_desc *desc, ftdn_arena *arena, ftdn_estimate *ret_estimate,
                               ftdn_error *err)
{
    estimator e = {.desc = desc, .arena = arena};
    ftdn_estimate estimate = {.n_workers = desc->n_workers, .n_threads = desc->n_threads};
    FTDN_TRY(prepare(&e, err));
    estimate.n_kinds = e.kinds.n_kinds;
    if (e.kinds.n_kinds > 0) {
        take_from_store(&e);
        FTDN_TRY(calibrate(&e, err));
        if (!e.from_store) take_from_calibration(&e);
        estimate.n_unknown_rankings = ftdn_missing_rankings_price(&e.rankings, e.costs.ranking_s);
        FTDN_TRY(conclude(&e, &estimate, err));
        estimate.n_earlier = e.from_store ? e.paces.n_trials : 0;
        estimate.n_unmeasured = e.from_store ? 0 : e.costs.n_unmeasured;
        estimate.calibration_s = e.costs.seconds;
    }
    *ret_estimate = estimate;
    return FTDN_OK;
}
