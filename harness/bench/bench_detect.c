/* bench_detect.c - from logits and locations to boxes, on one thread: an image as trained networks see it, and the
 * worst that a damaged network can ask for. */
#include <assert.h>

#include "base/philox_hd.h"
#include "detect/detections.h"
#include "harness/bench/bench_measure.h"
#include "harness/bench/bench_parts.h"

#define OBJECT_EVERY 40 /* of the normal image, one prior in so many stands over something */

typedef struct detect_work {
    ftdn_detector detector;
    float *logits;    /* [n_priors, n_classes+1] */
    float *locations; /* [n_priors, 4] */
    const float *priors;
} detect_work;

/* In [-1, 1). */
static float random_at(uint32_t row, uint32_t column)
{
    ftdn_philox_block counter = {{row, column, 0, 0}};
    return (float)(ftdn_philox(counter, 0, 0).word[0] >> 8) * 0x1p-23f - 1.0f;
}

/* Background nearly everywhere; a few priors are sure of one class, and the boxes around an object overlap. */
static void fill_normal(detect_work *work)
{
    int n_priors = work->detector.network->n_priors, n_classes = work->detector.network->n_classes;
    int n_columns = n_classes + 1;
    assert(n_classes > 0);
    for (int p = 0; p < n_priors; p++) {
        float *row = work->logits + (size_t)p * (size_t)n_columns;
        for (int c = 0; c < n_columns; c++) row[c] = random_at((uint32_t)p, (uint32_t)c);
        row[0] += 7;
        if (p % OBJECT_EVERY == 0) row[1 + p / OBJECT_EVERY % n_classes] += 7;
        for (int i = 0; i < 4; i++) work->locations[p * 4 + i] = random_at((uint32_t)p, (uint32_t)(n_columns + i));
    }
}

/* All priors of all classes pass; their scores agree in the leading digits, so that selecting the best takes all
 * its rounds; the boxes are small and apart, so that hardly any is suppressed: each is compared with all before it. */
static void fill_worst(detect_work *work)
{
    int n_priors = work->detector.network->n_priors, n_columns = work->detector.network->n_classes + 1;
    for (int p = 0; p < n_priors; p++) {
        float *location = work->locations + (size_t)p * 4;
        for (int c = 0; c < n_columns; c++)
            work->logits[(size_t)p * (size_t)n_columns + (size_t)c] = random_at((uint32_t)p, (uint32_t)c) * 0.01f;
        location[0] = 1.5f * (float)(p % 7 - 3);
        location[1] = 1.5f * (float)(p % 5 - 2);
        location[2] = location[3] = -20;
    }
}

static void detect_image(void *user)
{
    detect_work *work = user;
    ftdn_detect(&work->detector, work->logits, work->locations, work->priors);
}

static void time_detect(ftdn_bench *bench, const char *name, detect_work *work, double *sample)
{
    const ftdn_bench_label label = {
        .part = FTDN_BENCH_DETECT,
        .network = work->detector.network->name,
        .name = name,
        .unit = FTDN_UNIT_SECONDS_PER_IMAGE,
    };
    ftdn_bench_time(detect_image, work, bench->options->n_repeats, sample);
    ftdn_bench_add(bench, &label, sample, bench->options->n_repeats);
}

ftdn_status ftdn_bench_detect(ftdn_bench *bench, const ftdn_network *network, ftdn_error *err)
{
    const ftdn_detect_rule rule = {.score_threshold = 0.01, .nms_iou = 0.45, .candidates_per_class = 200};
    size_t n_priors = (size_t)network->n_priors;
    detect_work work = {.priors = ftdn_network_priors(network, NULL)};
    FTDN_TRY(ftdn_detector_init(&work.detector, network, &rule, bench->arena, err));
    work.logits = FTDN_NEW(bench->arena, n_priors * ((size_t)network->n_classes + 1), float, err);
    work.locations = FTDN_NEW(bench->arena, n_priors * 4, float, err);
    double *sample = FTDN_NEW(bench->arena, (size_t)bench->options->n_repeats, double, err);
    if (!work.logits || !work.locations || !sample) return FTDN_ERR_MEMORY;
    ftdn_bench_announce(bench, network->name, "detect");
    fill_normal(&work);
    time_detect(bench, "detection, normal image", &work, sample);
    fill_worst(&work);
    time_detect(bench, "detection, worst case", &work, sample);
    return FTDN_OK;
}
