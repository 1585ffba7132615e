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

/* Go through the detections by rank. box: [n_detections]. */
static void judge_ranked(const ftdn_scored_box *detections, const ftdn_ranked *order, int n_detections,
                         truth_list *list, double iou_threshold, ftdn_judged_box *box, ftdn_judged_class *judged)
{
    for (int i = 0; i < n_detections; i++) {
        const ftdn_scored_box *detection = &detections[order[i].index];
        int best = find_truth(list, detection, iou_threshold);
        if (best >= 0 && list->truth[best]->difficult) continue;
        bool is_right = best >= 0 && !list->taken[best];
        if (is_right) list->taken[best] = true;
        box[judged->n_boxes++] = (ftdn_judged_box){.image = detection->image, .is_right = is_right};
        judged->n_right += is_right;
    }
}

/* All but the memory of the result is given back by the caller. */
static ftdn_status judge_with_scratch(const ftdn_scored_box *detections, int n_detections, const ftdn_truth_box *truths,
                                      int n_truths, double iou_threshold, ftdn_arena *arena, ftdn_judged_box *box,
                                      ftdn_judged_class *judged, ftdn_error *err)
{
    truth_list list;
    FTDN_TRY(group_truths(truths, n_truths, arena, &list, err));
    ftdn_ranked *order = FTDN_NEW(arena, (size_t)n_detections, ftdn_ranked, err);
    ftdn_ranked *scratch = FTDN_NEW(arena, (size_t)n_detections, ftdn_ranked, err);
    if (!order || !scratch) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_detections; i++) {
        assert(isfinite(detections[i].score));
        order[i] = (ftdn_ranked){.score = detections[i].score, .index = i};
    }
    ftdn_ranked_sort(order, n_detections, scratch);
    judge_ranked(detections, order, n_detections, &list, iou_threshold, box, judged);
    return FTDN_OK;
}

ftdn_status ftdn_detections_judge(const ftdn_scored_box *detections, int n_detections, const ftdn_truth_box *truths,
                                  int n_truths, double iou_threshold, ftdn_arena *arena, ftdn_judged_class *ret_judged,
                                  ftdn_error *err)
{
    assert(n_detections >= 0 && n_truths >= 0 && iou_threshold >= 0);
    ftdn_judged_class judged = {0};
    for (int i = 0; i < n_truths; i++) judged.n_objects += !truths[i].difficult;
    if (judged.n_objects > 0) {
        int *object_image = FTDN_NEW(arena, (size_t)judged.n_objects, int, err);
        ftdn_judged_box *box = FTDN_NEW(arena, (size_t)n_detections, ftdn_judged_box, err);
        if (!object_image || !box) return FTDN_ERR_MEMORY;
        for (int i = 0, n = 0; i < n_truths; i++)
            if (!truths[i].difficult) object_image[n++] = truths[i].image;
        judged.object_image = object_image;
        judged.box = box;
        ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
        ftdn_status status =
            judge_with_scratch(detections, n_detections, truths, n_truths, iou_threshold, arena, box, &judged, err);
        ftdn_arena_reset(arena, mark);
        if (status != FTDN_OK) return status;
    }
    *ret_judged = judged;
    return FTDN_OK;
}

/* Where recall grows: at a detection that is right. */
typedef struct recall_step {
    double precision; /* the best at this recall or beyond, once the envelope is made */
    int n_found;      /* objects that are found up to here */
} recall_step;

/* Recall grows, and precision peaks, only where a detection is right. One that counts several times is as many
 * neighbours in the ranking, of which the last has the best precision. Returns the number of steps; step: [n_right]. */
static int climb(const ftdn_judged_class *judged, const int *n_times, recall_step *step)
{
    int n_steps = 0, n_found = 0, n_wrong = 0;
    for (int i = 0; i < judged->n_boxes; i++) {
        const ftdn_judged_box *box = &judged->box[i];
        int times = n_times ? n_times[box->image] : 1;
        if (!box->is_right) n_wrong += times;
        else if (times > 0) {
            n_found += times;
            step[n_steps++] = (recall_step){(double)n_found / (double)(n_found + n_wrong), n_found};
        }
    }
    for (int i = n_steps - 2; i >= 0; i--) step[i].precision = fmax(step[i].precision, step[i + 1].precision);
    return n_steps;
}

/* Both measures of the envelope. The recall levels of the 11-point rule are k * 0.1 in double, as published: 3 * 0.1
 * lies above 0.3, so that a recall of 3/10 does not reach its level. */
static ftdn_class_ap measure_envelope(const recall_step *step, int n_steps, int n_objects)
{
    ftdn_class_ap ap = {.n_objects = n_objects};
    int reached = 0;
    for (int k = 0; k <= 10; k++) {
        double level = k * 0.1;
        while (reached < n_steps && (double)step[reached].n_found / n_objects < level) reached++;
        if (reached < n_steps) ap.ap_voc07 += step[reached].precision / 11;
    }
    for (int i = 0; i < n_steps; i++) {
        int n_before = i > 0 ? step[i - 1].n_found : 0;
        double width = (double)step[i].n_found / n_objects - (double)n_before / n_objects;
        ap.ap_area += width * step[i].precision;
    }
    return ap;
}

ftdn_status ftdn_judged_measure(const ftdn_judged_class *judged, const int *n_times, ftdn_arena *arena,
                                ftdn_class_ap *ret_ap, ftdn_error *err)
{
    int n_objects = n_times ? 0 : judged->n_objects;
    for (int i = 0; n_times && i < judged->n_objects; i++) n_objects += n_times[judged->object_image[i]];
    if (n_objects == 0) {
        *ret_ap = (ftdn_class_ap){.ap_voc07 = (double)NAN, .ap_area = (double)NAN};
        return FTDN_OK;
    }
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    recall_step *step = FTDN_NEW(arena, (size_t)judged->n_right, recall_step, err);
    if (!step) return FTDN_ERR_MEMORY;
    int n_steps = climb(judged, n_times, step);
    *ret_ap = measure_envelope(step, n_steps, n_objects);
    ftdn_arena_reset(arena, mark);
    return FTDN_OK;
}
