#include "detect/detections.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#include "detect/detections_hd.h"
#include "detect/exp_hd.h"
#include "detect/overlap_hd.h"

/* Scores are computed for so many priors at once, each in a lane of its own. */
#define LANES 64

ftdn_status ftdn_detect_rule_check(const ftdn_detect_rule *rule, const ftdn_network *network, int *ret_n_best,
                                   int *ret_capacity, ftdn_error *err)
{
    if (!isfinite(rule->score_threshold)) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "score threshold %g is not a finite number", rule->score_threshold);
    }
    if (!(rule->nms_iou >= 0 && rule->nms_iou <= 1)) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "overlap for suppression %g is outside [0, 1]", rule->nms_iou);
    }
    if (rule->candidates_per_class < 1) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "%d candidates per class: at least 1 is needed",
                         rule->candidates_per_class);
    }
    int n_best = rule->candidates_per_class < network->n_priors ? rule->candidates_per_class : network->n_priors;
    int capacity;
    if (__builtin_mul_overflow(network->n_classes, n_best, &capacity)) {
        return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%d candidates of each of %d classes are too many", n_best,
                         network->n_classes);
    }
    *ret_n_best = n_best;
    *ret_capacity = capacity;
    return FTDN_OK;
}

/* The largest float that is not above x. */
static float round_down(double x)
{
    float nearest = (float)x;
    return (double)nearest > x ? nextafterf(nearest, -INFINITY) : nearest;
}

float ftdn_detect_rule_threshold(const ftdn_detect_rule *rule)
{
    return round_down(rule->score_threshold);
}

ftdn_status ftdn_detector_init(ftdn_detector *detector, const ftdn_network *network, const ftdn_detect_rule *rule,
                               ftdn_arena *arena, ftdn_error *err)
{
    int n_priors = network->n_priors;
    ftdn_detector fresh = {.network = network, .rule = *rule};
    FTDN_TRY(ftdn_detect_rule_check(rule, network, &fresh.n_best, &fresh.capacity, err));
    fresh.score_stride = (n_priors + LANES - 1) / LANES * LANES;
    size_t n_scores = ((size_t)network->n_classes + 1) * (size_t)fresh.score_stride;
    fresh.detection = FTDN_NEW(arena, (size_t)fresh.capacity, ftdn_detection, err);
    fresh.scores = FTDN_NEW(arena, n_scores, float, err);
    fresh.candidate = FTDN_NEW(arena, (size_t)n_priors, int, err);
    fresh.best = FTDN_NEW(arena, (size_t)fresh.n_best, ftdn_ranked, err);
    fresh.scratch = FTDN_NEW(arena, (size_t)fresh.n_best, ftdn_ranked, err);
    fresh.kept = FTDN_NEW(arena, (size_t)fresh.n_best * 5, float, err);
    bool complete = fresh.detection && fresh.scores && fresh.candidate && fresh.best && fresh.scratch && fresh.kept;
    if (!complete) return FTDN_ERR_MEMORY;
    *detector = fresh;
    return FTDN_OK;
}

static int count_nonfinite(const float *values, size_t n_values)
{
    int n_nonfinite = 0;
    for (size_t i = 0; i < n_values; i++) n_nonfinite += ftdn_is_nonfinite(values[i]);
    return n_nonfinite;
}

/* Turn LANES priors' logits into scores; x: [n_columns] rows of LANES, `stride` apart. Sums run in column order. */
static void softmax_lanes(float *x, int n_columns, size_t stride)
{
    float largest[LANES], sum[LANES] = {0};
    for (int i = 0; i < LANES; i++) largest[i] = x[i];
    for (int c = 1; c < n_columns; c++) {
        const float *row = x + (size_t)c * stride;
        for (int i = 0; i < LANES; i++) largest[i] = row[i] > largest[i] ? row[i] : largest[i];
    }
    for (int c = 0; c < n_columns; c++) {
        float *row = x + (size_t)c * stride;
        for (int i = 0; i < LANES; i++) {
            row[i] = ftdn_exp(row[i] - largest[i]);
            sum[i] += row[i];
        }
    }
    for (int c = 0; c < n_columns; c++) {
        float *row = x + (size_t)c * stride;
        for (int i = 0; i < LANES; i++) row[i] /= sum[i];
    }
}

static void sigmoid_lanes(float *x, int n_columns, size_t stride)
{
    for (int c = 0; c < n_columns; c++) {
        float *row = x + (size_t)c * stride;
        for (int i = 0; i < LANES; i++) row[i] = ftdn_sigmoid(row[i]);
    }
}

static void compute_scores(ftdn_detector *detector, const float *logits)
{
    int n_priors = detector->network->n_priors;
    int n_columns = detector->network->n_classes + 1;
    size_t stride = (size_t)detector->score_stride;
    for (int first = 0; first < n_priors; first += LANES) {
        int n_lanes = n_priors - first < LANES ? n_priors - first : LANES;
        float *block = detector->scores + first;
        const float *from = logits + (size_t)first * (size_t)n_columns;
        for (int c = 0; c < n_columns; c++) {
            float *row = block + (size_t)c * stride;
            for (int i = 0; i < n_lanes; i++) row[i] = from[(size_t)i * (size_t)n_columns + (size_t)c];
            for (int i = n_lanes; i < LANES; i++) row[i] = 0; /* lanes behind the last prior are never read */
        }
        if (detector->network->score_kind == FTDN_SCORE_SOFTMAX) softmax_lanes(block, n_columns, stride);
        else sigmoid_lanes(block, n_columns, stride);
    }
}

void ftdn_box_decode(const ftdn_network *network, const float location[4], const float prior[4], float ret_corners[4])
{
    ftdn_box_corners(network->centre_variance, network->size_variance, location, prior, ret_corners);
}

/* Does the box overlap one of the n_kept that stand by more than the limit? */
static bool is_suppressed(const ftdn_detector *detector, int n_kept, const ftdn_detection *box, float area)
{
    size_t stride = (size_t)detector->n_best;
    const float *x0 = detector->kept, *y0 = x0 + stride, *x1 = y0 + stride, *y1 = x1 + stride, *areas = y1 + stride;
    float limit = (float)detector->rule.nms_iou;
    ftdn_overlap_box own = {box->x0, box->y0, box->x1, box->y1, area};
    for (int first = 0; first < n_kept; first += LANES) {
        int end = n_kept - first < LANES ? n_kept : first + LANES;
        int n_hits = 0;
        for (int i = first; i < end; i++) {
            ftdn_overlap_box other = {x0[i], y0[i], x1[i], y1[i], areas[i]};
            n_hits += ftdn_overlap_exceeds(own, other, limit);
        }
        if (n_hits) return true;
    }
    return false;
}

static void keep(ftdn_detector *detector, int at, const ftdn_detection *box, float area)
{
    const float value[5] = {box->x0, box->y0, box->x1, box->y1, area};
    for (size_t i = 0; i < 5; i++) detector->kept[i * (size_t)detector->n_best + (size_t)at] = value[i];
}

/* Decode a class's best candidates, in order, and append those that no better one suppresses. */
static void append_class(ftdn_detector *detector, int class_index, int n_best, const float *locations,
                         const float *priors)
{
    int n_kept = 0;
    for (int i = 0; i < n_best; i++) {
        int prior = detector->best[i].index;
        float corner[4];
        ftdn_box_decode(detector->network, locations + (size_t)prior * 4, priors + (size_t)prior * 4, corner);
        if (count_nonfinite(corner, 4)) continue;
        ftdn_detection box = {
            .class_index = class_index,
            .prior = prior,
            .score = (float)detector->best[i].score,
            .x0 = ftdn_corner_clip(corner[0]),
            .y0 = ftdn_corner_clip(corner[1]),
            .x1 = ftdn_corner_clip(corner[2]),
            .y1 = ftdn_corner_clip(corner[3]),
        };
        float area = (box.x1 - box.x0) * (box.y1 - box.y0);
        if (is_suppressed(detector, n_kept, &box, area)) continue;
        keep(detector, n_kept++, &box, area);
        assert(detector->n_detections < detector->capacity);
        detector->detection[detector->n_detections++] = box;
    }
}

void ftdn_detect(ftdn_detector *detector, const float *logits, const float *locations, const float *priors)
{
    const ftdn_network *network = detector->network;
    size_t n_priors = (size_t)network->n_priors;
    detector->n_detections = 0;
    detector->n_nonfinite = count_nonfinite(logits, n_priors * ((size_t)network->n_classes + 1));
    detector->n_nonfinite += count_nonfinite(locations, n_priors * 4);
    compute_scores(detector, logits);
    float threshold = ftdn_detect_rule_threshold(&detector->rule);
    for (int c = 0; c < network->n_classes; c++) {
        const float *scores = detector->scores + ((size_t)c + 1) * (size_t)detector->score_stride;
        int n_best = ftdn_ranked_select(scores, network->n_priors, threshold, detector->n_best, detector->candidate,
                                        detector->best, detector->scratch);
        append_class(detector, c, n_best, locations, priors);
    }
}
