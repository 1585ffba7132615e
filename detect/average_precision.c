#include "detect/average_precision.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

#include "detect/order.h"

/* The objects of a class, grouped by image. */
typedef struct truth_list {
    int n_truths;
    const ftdn_truth_box **truth; /* [n_truths], by image; those of one image in their given order */
    bool *taken;                  /* [n_truths] */
} truth_list;

/* Intersection over union; 0 where nothing is shared, boxes without area included. */
static double box_iou(const double a[4], const double b[4])
{
    double width = fmin(a[2], b[2]) - fmax(a[0], b[0]);
    double height = fmin(a[3], b[3]) - fmax(a[1], b[1]);
    if (!(width > 0 && height > 0)) return 0;
    double shared = width * height;
    double area_a = (a[2] - a[0]) * (a[3] - a[1]);
    double area_b = (b[2] - b[0]) * (b[3] - b[1]);
    return shared / (area_a + area_b - shared);
}

static ftdn_status group_truths(const ftdn_truth_box *truths, int n_truths, ftdn_arena *arena, truth_list *ret_list,
                                ftdn_error *err)
{
    truth_list list = {.n_truths = n_truths};
    list.truth = FTDN_NEW(arena, (size_t)n_truths, const ftdn_truth_box *, err);
    list.taken = FTDN_NEW(arena, (size_t)n_truths, bool, err);
    ftdn_ranked *order = FTDN_NEW(arena, (size_t)n_truths, ftdn_ranked, err);
    ftdn_ranked *scratch = FTDN_NEW(arena, (size_t)n_truths, ftdn_ranked, err);
    if (!list.truth || !list.taken || !order || !scratch) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_truths; i++) order[i] = (ftdn_ranked){.score = -(double)truths[i].image, .index = i};
    ftdn_ranked_sort(order, n_truths, scratch);
    for (int i = 0; i < n_truths; i++) list.truth[i] = &truths[order[i].index];
    *ret_list = list;
    return FTDN_OK;
}

/* The object of the detection's image that it overlaps best, the first of equals; -1 if none exceeds the threshold. */
static int find_truth(const truth_list *list, const ftdn_scored_box *detection, double iou_threshold)
{
    int low = 0, high = list->n_truths;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (list->truth[middle]->image < detection->image) low = middle + 1;
        else high = middle;
    }
    int best = -1;
    double best_iou = iou_threshold;
    for (int i = low; i < list->n_truths && list->truth[i]->image == detection->image; i++) {
        double iou = box_iou(detection->box, list->truth[i]->box);
        if (iou > best_iou) {
            best = i;
            best_iou = iou;
        }
    }
    return best;
}

/* Go through the detections by rank. Recall grows, and precision peaks, only where a detection is right:
 * precision[i] is that at the (i+1)-th right one. Returns how many are right. */
static int rank_detections(const ftdn_scored_box *detections, const ftdn_ranked *order, int n_detections,
                           truth_list *list, double iou_threshold, double *precision)
{
    int n_right = 0, n_wrong = 0;
    for (int i = 0; i < n_detections; i++) {
        int best = find_truth(list, &detections[order[i].index], iou_threshold);
        if (best >= 0 && list->truth[best]->difficult) continue;
        if (best < 0 || list->taken[best]) {
            n_wrong++;
            continue;
        }
        list->taken[best] = true;
        n_right++;
        precision[n_right - 1] = (double)n_right / (double)(n_right + n_wrong);
    }
    return n_right;
}

/* Both measures of a precision that is already the best at its recall or beyond (the envelope). The recall
 * levels of the 11-point rule are k * 0.1 in double, as published: 3 * 0.1 lies above 0.3, so that
 * a recall of 3/10 does not reach its level. */
static ftdn_class_ap measure_envelope(const double *envelope, int n_right, int n_objects)
{
    ftdn_class_ap ap = {.n_objects = n_objects};
    int reached = 0;
    for (int k = 0; k <= 10; k++) {
        double level = k * 0.1;
        while (reached < n_right && (double)(reached + 1) / n_objects < level) reached++;
        if (reached < n_right) ap.ap_voc07 += envelope[reached] / 11;
    }
    for (int i = 0; i < n_right; i++) {
        double step = (double)(i + 1) / n_objects - (double)i / n_objects;
        ap.ap_area += step * envelope[i];
    }
    return ap;
}

static ftdn_status measure(const ftdn_scored_box *detections, int n_detections, const ftdn_truth_box *truths,
                           int n_truths, double iou_threshold, ftdn_arena *arena, ftdn_class_ap *ret_ap,
                           ftdn_error *err)
{
    int n_objects = 0;
    for (int i = 0; i < n_truths; i++) n_objects += !truths[i].difficult;
    if (n_objects == 0) {
        *ret_ap = (ftdn_class_ap){.ap_voc07 = (double)NAN, .ap_area = (double)NAN};
        return FTDN_OK;
    }
    truth_list list;
    FTDN_TRY(group_truths(truths, n_truths, arena, &list, err));
    ftdn_ranked *order = FTDN_NEW(arena, (size_t)n_detections, ftdn_ranked, err);
    ftdn_ranked *scratch = FTDN_NEW(arena, (size_t)n_detections, ftdn_ranked, err);
    double *precision = FTDN_NEW(arena, (size_t)n_objects, double, err);
    if (!order || !scratch || !precision) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_detections; i++) {
        assert(isfinite(detections[i].score));
        order[i] = (ftdn_ranked){.score = detections[i].score, .index = i};
    }
    ftdn_ranked_sort(order, n_detections, scratch);
    int n_right = rank_detections(detections, order, n_detections, &list, iou_threshold, precision);
    for (int i = n_right - 2; i >= 0; i--) precision[i] = fmax(precision[i], precision[i + 1]);
    *ret_ap = measure_envelope(precision, n_right, n_objects);
    return FTDN_OK;
}

ftdn_status ftdn_average_precision(const ftdn_scored_box *detections, int n_detections, const ftdn_truth_box *truths,
                                   int n_truths, double iou_threshold, ftdn_arena *arena, ftdn_class_ap *ret_ap,
                                   ftdn_error *err)
{
    assert(n_detections >= 0 && n_truths >= 0 && iou_threshold >= 0);
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    ftdn_status status = measure(detections, n_detections, truths, n_truths, iou_threshold, arena, ret_ap, err);
    ftdn_arena_reset(arena, mark);
    return status;
}
