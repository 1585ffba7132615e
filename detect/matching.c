#include "detect/matching.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#define IOU_EPSILON 1e-5f
#define CLAIMED 2.0f /* in place of an iou: above every other */

static bool is_box(const float corners[4])
{
    for (int i = 0; i < 4; i++) {
        if (!isfinite(corners[i])) return false;
    }
    return corners[0] < corners[2] && corners[1] < corners[3];
}

ftdn_status ftdn_matcher_init(ftdn_matcher *matcher, const ftdn_network *network, const float *priors,
                              ftdn_arena *arena, ftdn_error *err)
{
    ftdn_matcher fresh = {.network = network};
    size_t n_priors = (size_t)network->n_priors;
    fresh.corners = FTDN_NEW(arena, n_priors * 4, float, err);
    fresh.best_iou = FTDN_NEW(arena, n_priors, float, err);
    if (!fresh.corners || !fresh.best_iou) return FTDN_ERR_MEMORY;
    for (size_t p = 0; p < n_priors; p++) {
        const float *prior = priors + 4 * p;
        float *corners = fresh.corners + 4 * p;
        for (int axis = 0; axis < 2; axis++) {
            corners[axis] = prior[axis] - prior[axis + 2] / 2;
            corners[axis + 2] = prior[axis] + prior[axis + 2] / 2;
        }
        if (!is_box(corners)) {
            return FTDN_FAIL(err, FTDN_ERR_INPUT, "prior %zu: centre (%g, %g), size %g x %g is not a box with an area",
                             p, (double)prior[0], (double)prior[1], (double)prior[2], (double)prior[3]);
        }
    }
    *matcher = fresh;
    return FTDN_OK;
}

static float box_area(const float corners[4])
{
    return (corners[2] - corners[0]) * (corners[3] - corners[1]);
}

static float box_iou(const float a[4], const float b[4])
{
    float width = fminf(a[2], b[2]) - fmaxf(a[0], b[0]);
    float height = fminf(a[3], b[3]) - fmaxf(a[1], b[1]);
    float shared = fmaxf(width, 0) * fmaxf(height, 0);
    return shared / (box_area(a) + box_area(b) - shared + IOU_EPSILON);
}

static ftdn_status check_objects(const ftdn_network *network, const ftdn_labelled_box *objects, int n_objects,
                                 ftdn_error *err)
{
    for (int i = 0; i < n_objects; i++) {
        const ftdn_labelled_box *object = &objects[i];
        if (object->class_index < 0 || object->class_index >= network->n_classes) {
            return FTDN_FAIL(err, FTDN_ERR_INPUT, "object %d: class %d is outside [0, %d]", i, object->class_index,
                             network->n_classes - 1);
        }
        if (!is_box(object->box)) {
            return FTDN_FAIL(err, FTDN_ERR_INPUT, "object %d: corners (%g, %g), (%g, %g) are not a box with an area", i,
                             (double)object->box[0], (double)object->box[1], (double)object->box[2],
                             (double)object->box[3]);
        }
    }
    return FTDN_OK;
}

ftdn_status ftdn_matcher_assign(ftdn_matcher *matcher, const ftdn_labelled_box *objects, int n_objects, int *ret_object,
                                int *ret_n_positives, ftdn_error *err)
{
    assert(n_objects >= 0);
    FTDN_TRY(check_objects(matcher->network, objects, n_objects, err));
    int n_priors = matcher->network->n_priors;
    for (int p = 0; p < n_priors; p++) {
        ret_object[p] = FTDN_MATCH_BACKGROUND;
        matcher->best_iou[p] = 0;
    }
    for (int i = 0; i < n_objects; i++) {
        int best_prior = 0;
        float best_of_object = 0;
        for (int p = 0; p < n_priors; p++) {
            float iou = box_iou(objects[i].box, matcher->corners + 4 * (size_t)p);
            if (iou > matcher->best_iou[p]) {
                matcher->best_iou[p] = iou;
                ret_object[p] = i;
            }
            if (iou > best_of_object) {
                best_of_object = iou;
                best_prior = p;
            }
        }
        /* No later object overlaps it by more, but a later one may claim it. */
        matcher->best_iou[best_prior] = CLAIMED;
        ret_object[best_prior] = i;
    }
    int n_positives = 0;
    for (int p = 0; p < n_priors; p++) {
        if (matcher->best_iou[p] < FTDN_MATCH_MIN_IOU) ret_object[p] = FTDN_MATCH_BACKGROUND;
        else n_positives++;
    }
    *ret_n_positives = n_positives;
    return FTDN_OK;
}

void ftdn_box_encode(const ftdn_network *network, const float corners[4], const float prior[4], float ret_location[4])
{
    for (int axis = 0; axis < 2; axis++) {
        float centre = (corners[axis] + corners[axis + 2]) / 2;
        float size = corners[axis + 2] - corners[axis];
        ret_location[axis] = (centre - prior[axis]) / prior[axis + 2] / network->centre_variance;
        ret_location[axis + 2] = logf(size / prior[axis + 2]) / network->size_variance;
    }
}

int ftdn_labelled_boxes_from_image(const ftdn_image *image, ftdn_labelled_box *ret_boxes)
{
    int n_boxes = 0;
    float width = (float)image->width, height = (float)image->height;
    for (int i = 0; i < image->n_objects; i++) {
        const ftdn_object *object = &image->object[i];
        if (object->difficult) continue;
        ret_boxes[n_boxes++] = (ftdn_labelled_box){
            .class_index = object->class_index,
            .box = {object->x0 / width, object->y0 / height, object->x1 / width, object->y1 / height},
        };
    }
    return n_boxes;
}
