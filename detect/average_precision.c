#include "detect/average_precision.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "detect/order.h"

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

/* The object that the box overlaps best, the first of equals; -1 if none exceeds the threshold. */
static int find_truth(const ftdn_class_image *image, const double box[4], double iou_threshold)
{
    int best = -1;
    double best_iou = iou_threshold;
    for (int i = 0; i < image->n_truths; i++) {
        double iou = box_iou(box, image->truth[i].box);
        if (iou > best_iou) {
            best = i;
            best_iou = iou;
        }
    }
    return best;
}

static bool is_score(float score)
{
    return score >= 0 && isfinite(score) && !signbit(score);
}

/* An image's number, and whether its detection is right. */
static uint32_t make_tag(int image, bool is_right)
{
    return (uint32_t)image << 1 | is_right;
}

/* Go through the detections of an image by rank, and append those that are right or wrong. taken: [n_truths], all
 * false. Returns how many. */
static size_t judge_image(const ftdn_class_image *image, double iou_threshold, bool *taken, ftdn_tagged *verdict,
                          int *n_right)
{
    size_t n_verdicts = 0;
    for (int i = 0; i < image->n_boxes; i++) {
        assert(is_score(image->score[i]) && (i == 0 || image->score[i] <= image->score[i - 1]));
        int best = image->n_truths > 0 ? find_truth(image, image->box + (size_t)i * 4, iou_threshold) : -1;
        if (best >= 0 && image->truth[best].difficult) continue;
        bool is_right = best >= 0 && !taken[best];
        if (is_right) taken[best] = true;
        *n_right += is_right;
        verdict[n_verdicts++] = (ftdn_tagged){image->score[i], make_tag(image->image, is_right)};
    }
    return n_verdicts;
}

/* Of all images. */
typedef struct class_size {
    size_t n_boxes;
    int n_truths, n_objects;
} class_size;

static class_size measure_class(const ftdn_class_image *image, int n_images)
{
    class_size size = {0};
    for (int i = 0; i < n_images; i++) {
        assert(image[i].image >= 0 && (i == 0 || image[i].image > image[i - 1].image));
        size.n_boxes += (size_t)image[i].n_boxes;
        size.n_truths += image[i].n_truths;
        for (int t = 0; t < image[i].n_truths; t++) size.n_objects += !image[i].truth[t].difficult;
    }
    return size;
}

static ftdn_status list_objects(const ftdn_class_image *image, int n_images, ftdn_arena *arena,
                                ftdn_judged_class *judged, ftdn_error *err)
{
    int *object_image = FTDN_NEW(arena, (size_t)judged->n_objects, int, err);
    if (!object_image) return FTDN_ERR_MEMORY;
    judged->object_image = object_image;
    for (int i = 0; i < n_images; i++)
        for (int t = 0; t < image[i].n_truths; t++)
            if (!image[i].truth[t].difficult) *object_image++ = image[i].image;
    return FTDN_OK;
}

/* Images are judged one after the other, then all verdicts ranked. Scratch is given back by the caller. */
static ftdn_status judge_with_scratch(const ftdn_class_image *image, int n_images, const class_size *size,
                                      double iou_threshold, ftdn_arena *arena, ftdn_judged_box *box,
                                      ftdn_judged_class *judged, ftdn_error *err)
{
    bool *taken = FTDN_NEW(arena, (size_t)size->n_truths, bool, err);
    ftdn_tagged *verdict = FTDN_NEW(arena, size->n_boxes, ftdn_tagged, err);
    ftdn_tagged *scratch = FTDN_NEW(arena, size->n_boxes, ftdn_tagged, err);
    if (!taken || !verdict || !scratch) return FTDN_ERR_MEMORY;
    size_t n_verdicts = 0;
    for (int i = 0; i < n_images; i++) {
        n_verdicts += judge_image(&image[i], iou_threshold, taken, verdict + n_verdicts, &judged->n_right);
        taken += image[i].n_truths;
    }
    ftdn_tagged_sort(verdict, n_verdicts, scratch);
    for (size_t i = 0; i < n_verdicts; i++)
        box[i] = (ftdn_judged_box){.image = (int)(verdict[i].tag >> 1), .is_right = verdict[i].tag & 1};
    judged->n_boxes = (int)n_verdicts;
    return FTDN_OK;
}

ftdn_status ftdn_detections_judge(const ftdn_class_image *image, int n_images, double iou_threshold, ftdn_arena *arena,
                                  ftdn_judged_class *ret_judged, ftdn_error *err)
{
    assert(n_images >= 0 && iou_threshold >= 0);
    const class_size size = measure_class(image, n_images);
    ftdn_judged_class judged = {.n_objects = size.n_objects};
    if (size.n_boxes > INT_MAX) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%zu detections are too many", size.n_boxes);
    if (judged.n_objects > 0) {
        ftdn_judged_box *box = FTDN_NEW(arena, size.n_boxes, ftdn_judged_box, err);
        if (!box) return FTDN_ERR_MEMORY;
        judged.box = box;
        FTDN_TRY(list_objects(image, n_images, arena, &judged, err));
        ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
        ftdn_status status = judge_with_scratch(image, n_images, &size, iou_threshold, arena, box, &judged, err);
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
