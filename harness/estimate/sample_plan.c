#include "harness/estimate/sample_plan.h"

#include "base/clock.h"
#include "harness/plan/arithmetic.h"
#include "protectors/protector.h"
#include "rankers/ranker.h"

#define MOST_IMAGES 32       /* of a sample */
#define CALIBRATION_IMAGES 2 /* of a sample's rankings and ranges, for each thread */

/* Images decoded so far, for the time that one takes. */
typedef struct decoding {
    int n_images;
    double seconds;
} decoding;

/* The first images of a dataset, decoded. */
static ftdn_status open_first(const ftdn_calibrate_desc *desc, const ftdn_data_settings *settings, int n_images,
                              int size, decoding *done, ftdn_dataset **ret_dataset, ftdn_error *err)
{
    ftdn_data_settings first = *settings;
    if (first.n_images == 0 || first.n_images > n_images) first.n_images = n_images;
    FTDN_TRY(ftdn_inputs_get_dataset(desc->inputs, &first, ret_dataset, err));
    if ((*ret_dataset)->size == size) return FTDN_OK;
    int64_t start_ns = ftdn_clock_ns();
    FTDN_TRY(ftdn_dataset_decode(*ret_dataset, size, desc->n_cores, err));
    done->seconds += (double)(ftdn_clock_ns() - start_ns) * 1e-9;
    done->n_images += (*ret_dataset)->n_images;
    return FTDN_OK;
}

/* The trial on the first images of its dataset and, where it has one, of its calibration. */
static ftdn_status make_sample(const ftdn_calibrate_desc *desc, const ftdn_planned_trial *trial, decoding *done,
                               ftdn_planned_trial *ret_sample, ftdn_error *err)
{
    ftdn_planned_trial sample = *trial;
    int size = trial->model->network.input_size, n_calibration = CALIBRATION_IMAGES * desc->n_threads;
    if (!ftdn_is_null_trial(&trial->settings))
        FTDN_TRY(open_first(desc, &trial->settings.dataset, MOST_IMAGES, size, done, &sample.dataset, err));
    if (trial->calibration) {
        FTDN_TRY(open_first(desc, &trial->settings.calibration, n_calibration, size, done, &sample.calibration, err));
        if (sample.settings.n_measured_images > n_calibration) sample.settings.n_measured_images = n_calibration;
    }
    *ret_sample = sample;
    return FTDN_OK;
}

/* The sample with fewer images: a view of the same ones. */
static ftdn_status cut_sample(const ftdn_planned_trial *sample, int n_images, ftdn_arena *arena,
                              ftdn_planned_trial *ret_sample, ftdn_error *err)
{
    *ret_sample = *sample;
    if (n_images >= sample->dataset->n_images) return FTDN_OK;
    ftdn_dataset *view = FTDN_NEW(arena, 1, ftdn_dataset, err);
    if (!view) return FTDN_ERR_MEMORY;
    *view = *sample->dataset;
    view->n_images = n_images;
    ret_sample->dataset = view;
    return FTDN_OK;
}

int ftdn_sample_plan_trial(int kind, int sample, int size)
{
    return (kind * FTDN_SAMPLE_TRIALS + sample) * FTDN_SAMPLE_SIZES + size;
}

int ftdn_sample_plan_canary(const ftdn_sample_plan *samples, int kind)
{
    return samples->n_kinds * FTDN_SAMPLE_TRIALS * FTDN_SAMPLE_SIZES + kind;
}

int ftdn_sample_plan_ranking(const ftdn_sample_plan *samples, int ranking)
{
    return ftdn_sample_plan_canary(samples, samples->n_kinds) + ranking;
}

static ftdn_status add_kind(const ftdn_calibrate_desc *desc, ftdn_sample_plan *samples, int kind, decoding *done,
                            ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_planned_trial *planned = desc->queue->plan->trial;
    ftdn_planned_trial whole;
    for (int i = 0; i < FTDN_SAMPLE_TRIALS; i++) {
        FTDN_TRY(make_sample(desc, &planned[ftdn_trial_kinds_sample(desc->kinds, kind, i)], done, &whole, err));
        if (i == 0) samples->plan.trial[ftdn_sample_plan_canary(samples, kind)] = whole;
        for (int size = 0; size < FTDN_SAMPLE_SIZES; size++)
            FTDN_TRY(cut_sample(&whole, (2 << size) * desc->n_threads, arena,
                                &samples->plan.trial[ftdn_sample_plan_trial(kind, i, size)], err));
    }
    return FTDN_OK;
}

ftdn_status ftdn_sample_plan_make(const ftdn_calibrate_desc *desc, ftdn_arena *arena, ftdn_sample_plan *ret_samples,
                                  ftdn_error *err)
{
    const ftdn_planned_trial *planned = desc->queue->plan->trial;
    int n_kinds = desc->kinds->n_kinds < FTDN_SAMPLE_KINDS ? desc->kinds->n_kinds : FTDN_SAMPLE_KINDS;
    ftdn_sample_plan samples = {.plan = *desc->queue->plan, .n_kinds = n_kinds};
    samples.plan.n_trials = ftdn_sample_plan_ranking(&samples, desc->n_rankings);
    samples.plan.trial = FTDN_NEW(arena, (size_t)samples.plan.n_trials, ftdn_planned_trial, err);
    if (!samples.plan.trial) return FTDN_ERR_MEMORY;
    decoding done = {0};
    for (int k = 0; k < n_kinds; k++) FTDN_TRY(add_kind(desc, &samples, k, &done, arena, err));
    for (int r = 0; r < desc->n_rankings; r++)
        FTDN_TRY(make_sample(desc, &planned[desc->ranking[r]], &done,
                             &samples.plan.trial[ftdn_sample_plan_ranking(&samples, r)], err));
    if (done.n_images > 0) samples.decode_s = done.seconds / done.n_images;
    *ret_samples = samples;
    return FTDN_OK;
}

double ftdn_sample_plan_ranking_scale(const ftdn_planned_trial *trial, const ftdn_planned_trial *sample)
{
    const ftdn_ranker *ranker = ftdn_ranker_find(trial->settings.protection.ranking);
    if (!ranker->needs_images) return 1;
    if (!ranker->needs_injection) return (double)trial->calibration->n_images / sample->calibration->n_images;
    int n_all = trial->settings.n_measured_images, n_sample = sample->settings.n_measured_images;
    if (n_all > trial->calibration->n_images) n_all = trial->calibration->n_images;
    if (n_sample > sample->calibration->n_images) n_sample = sample->calibration->n_images;
    return (double)n_all / n_sample;
}

double ftdn_sample_plan_set_up_scale(const ftdn_planned_trial *trial, const ftdn_planned_trial *sample)
{
    if (!ftdn_protector_find(trial->settings.protection.method)->clips) return 1;
    return (double)trial->calibration->n_images / sample->calibration->n_images;
}
