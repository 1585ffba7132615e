#include "harness/campaign/canary.h"

#include <math.h>
#include <string.h>

#include "harness/plan/arithmetic.h"
#include "harness/plan/same_settings.h"
#include "harness/rig.h"

static int n_canary_images(const ftdn_planned_trial *trial)
{
    return trial->dataset->n_images < FTDN_CANARY_IMAGES ? trial->dataset->n_images : FTDN_CANARY_IMAGES;
}

bool ftdn_canary_fits(const ftdn_planned_trial *a, const ftdn_planned_trial *b)
{
    return a->model == b->model && a->dataset == b->dataset &&
           ftdn_same_text(a->settings.engine.backend, b->settings.engine.backend) &&
           a->settings.engine.conv_algorithm == b->settings.engine.conv_algorithm &&
           a->settings.engine.micro_batch == b->settings.engine.micro_batch &&
           ftdn_same_detect_rule(&a->settings.evaluate, &b->settings.evaluate);
}

/* The trial without what it is about. */
static ftdn_planned_trial make_clean(const ftdn_planned_trial *trial)
{
    ftdn_planned_trial clean = *trial;
    ftdn_fault_settings *faults = &clean.settings.faults;
    faults->weight_rate = faults->feature_map_rate = 0;
    faults->weight_count = faults->feature_map_count = 0;
    clean.settings.protection = (ftdn_protection_settings){.method = "none", .ratio = (double)NAN};
    return clean;
}

static void add_integer(ftdn_sha256 *hash, int64_t value)
{
    ftdn_sha256_add(hash, &value, sizeof value);
}

static void add_real(ftdn_sha256 *hash, double value)
{
    ftdn_sha256_add(hash, &value, sizeof value);
}

ftdn_status ftdn_canary_key(const ftdn_planned_trial *trial, char ret_key[FTDN_SHA256_HEX], ftdn_error *err)
{
    const ftdn_planned_trial clean = make_clean(trial);
    const ftdn_trial_settings *settings = &clean.settings;
    ftdn_sha256 *hash;
    FTDN_TRY(ftdn_sha256_create(&hash, err));
    ftdn_sha256_add_text(hash, settings->model.name);
    add_real(hash, trial->model->network.width);
    ftdn_sha256_add_text(hash, trial->model->weights_digest);
    ftdn_sha256_add_text(hash, trial->dataset->digest);
    ftdn_sha256_add_text(hash, settings->engine.backend);
    ftdn_sha256_add_text(hash, trial->arithmetic);
    add_integer(hash, ftdn_find_micro_batch(settings, ftdn_backend_find(settings->engine.backend)));
    add_real(hash, settings->evaluate.score_threshold);
    add_real(hash, settings->evaluate.nms_iou);
    add_integer(hash, settings->evaluate.candidates);
    add_integer(hash, n_canary_images(trial));
    add_integer(hash, FTDN_SEMANTICS);
    ftdn_sha256_finish(hash, ret_key);
    ftdn_sha256_free(hash);
    return FTDN_OK;
}

static void add_detections(ftdn_sha256 *hash, const ftdn_image_detections *found)
{
    add_integer(hash, found->n_detections);
    for (int d = 0; d < found->n_detections; d++) {
        const ftdn_detection *box = &found->detection[d];
        const float values[] = {box->score, box->x0, box->y0, box->x1, box->y1};
        add_integer(hash, box->class_index);
        ftdn_sha256_add(hash, values, sizeof values);
    }
}

static ftdn_status add_images(ftdn_sha256 *hash, ftdn_rig *rig, const ftdn_planned_trial *clean, ftdn_error *err)
{
    int n_images = n_canary_images(clean);
    ftdn_image_detections found[FTDN_CANARY_IMAGES];
    FTDN_TRY(ftdn_rig_prepare(rig, &clean->settings, err));
    FTDN_TRY(ftdn_rig_detect(rig, clean->dataset, 0, n_images, found, err));
    for (int i = 0; i < n_images; i++) add_detections(hash, &found[i]);
    return FTDN_OK;
}

ftdn_status ftdn_canary_evaluate(const ftdn_planned_trial *trial, ftdn_device_images *images, ftdn_device_cache *cache,
                                 char ret_digest[FTDN_SHA256_HEX], ftdn_error *err)
{
    if (ftdn_is_null_trial(&trial->settings)) return ftdn_canary_key(trial, ret_digest, err);
    const ftdn_planned_trial clean = make_clean(trial);
    const ftdn_score_source no_scores = {.n_threads = 1};
    const ftdn_rig_desc desc = {
        .trial = &clean, .scores = &no_scores, .n_threads = 1, .images = images, .cache = cache};
    ftdn_rig rig;
    ftdn_sha256 *hash;
    FTDN_TRY(ftdn_sha256_create(&hash, err));
    ftdn_status status = ftdn_rig_init(&rig, &desc, err);
    if (status == FTDN_OK) {
        status = add_images(hash, &rig, &clean, err);
        ftdn_rig_done(&rig);
    }
    if (status == FTDN_OK) ftdn_sha256_finish(hash, ret_digest);
    ftdn_sha256_free(hash);
    return status;
}
