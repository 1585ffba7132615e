#include "detect/combine.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "detect/overlap_hd.h"
#include "engine/merge_hd.h"

void ftdn_combine_answers(const float *a, const float *b, size_t n_values, float *out)
{
    for (size_t i = 0; i < n_values; i++) out[i] = ftdn_merge_mean(a[i], b[i]);
}

ftdn_status ftdn_box_combiner_init(ftdn_box_combiner *combiner, const ftdn_detector *detector, ftdn_arena *arena,
                                   ftdn_error *err)
{
    size_t n_list = (size_t)detector->capacity, n_best = (size_t)detector->n_best;
    ftdn_box_combiner fresh = {
        .limit = (float)detector->rule.nms_iou,
        .list_capacity = detector->capacity,
        .n_best = detector->n_best,
        .detection = FTDN_NEW(arena, 2 * n_list, ftdn_detection, err),
        .taken = {FTDN_NEW(arena, n_best, bool, err), FTDN_NEW(arena, n_best, bool, err)},
        .combined = FTDN_NEW(arena, 2 * n_best, ftdn_detection, err),
        .rank = FTDN_NEW(arena, 2 * n_best, ftdn_ranked, err),
        .scratch = FTDN_NEW(arena, 2 * n_best, ftdn_ranked, err),
    };
    bool complete =
        fresh.detection && fresh.taken[0] && fresh.taken[1] && fresh.combined && fresh.rank && fresh.scratch;
    if (!complete) return FTDN_ERR_MEMORY;
    *combiner = fresh;
    return FTDN_OK;
}

/* Detections as a detector lists them: by class, score descending, prior ascending; or a part of its list. */
typedef struct detection_list {
    const ftdn_detection *detection; /* [n_detections] */
    int n_detections;
} detection_list;

static ftdn_overlap_box box_of(const ftdn_detection *d)
{
    return (ftdn_overlap_box){d->x0, d->y0, d->x1, d->y1, (d->x1 - d->x0) * (d->y1 - d->y0)};
}

static bool is_twin(const ftdn_detection *a, const ftdn_detection *b)
{
    return a->prior == b->prior && a->x0 == b->x0 && a->y0 == b->y0 && a->x1 == b->x1 && a->y1 == b->y1;
}

/* Score and corners, added up in double. */
typedef struct box_sum {
    double value[5];
    int n_boxes;
} box_sum;

static void add_box(box_sum *sum, const ftdn_detection *d)
{
    const float value[5] = {d->score, d->x0, d->y0, d->x1, d->y1};
    for (int i = 0; i < 5; i++) sum->value[i] += (double)value[i];
    sum->n_boxes++;
}

static float mean_of(const box_sum *sum, int i)
{
    return (float)(sum->value[i] / sum->n_boxes);
}

/* The box that stands with all that it takes of `others`, which come after it in the order of boxes. */
static ftdn_detection take_boxes(const ftdn_box_combiner *combiner, const ftdn_detection *standing,
                                 detection_list others, bool *taken)
{
    box_sum sum = {0};
    ftdn_overlap_box own = box_of(standing);
    add_box(&sum, standing);
    for (int i = 0; i < others.n_detections; i++) {
        const ftdn_detection *other = &others.detection[i];
        if (taken[i]) continue;
        taken[i] = ftdn_overlap_exceeds(own, box_of(other), combiner->limit) || is_twin(standing, other);
        if (taken[i]) add_box(&sum, other);
    }
    return (ftdn_detection){
        .class_index = standing->class_index,
        .prior = standing->prior,
        .score = mean_of(&sum, 0),
        .x0 = mean_of(&sum, 1),
        .y0 = mean_of(&sum, 2),
        .x1 = mean_of(&sum, 3),
        .y1 = mean_of(&sum, 4),
    };
}

/* Append the n combined detections of a class, by their mean scores; equal ones stay in their order. */
static void append_sorted(ftdn_box_combiner *combiner, int n)
{
    for (int i = 0; i < n; i++)
        combiner->rank[i] = (ftdn_ranked){.score = (double)combiner->combined[i].score, .index = i};
    ftdn_ranked_sort(combiner->rank, n, combiner->scratch);
    for (int i = 0; i < n; i++)
        combiner->detection[combiner->n_detections++] = combiner->combined[combiner->rank[i].index];
}

/* Does the first network's best box come before the second's? Within a list, boxes stand in their order. */
static bool first_is_next(detection_list first, detection_list second)
{
    if (first.n_detections == 0 || second.n_detections == 0) return first.n_detections > 0;
    return first.detection[0].score >= second.detection[0].score;
}

static detection_list list_from(detection_list list, int at)
{
    return (detection_list){list.detection + at, list.n_detections - at};
}

/* Both lists hold detections of one class. */
static void combine_class(ftdn_box_combiner *combiner, detection_list first, detection_list second)
{
    const detection_list list[2] = {first, second};
    int at[2] = {0, 0}, n_combined = 0;
    assert(first.n_detections <= combiner->n_best && second.n_detections <= combiner->n_best);
    memset(combiner->taken[0], 0, (size_t)first.n_detections * sizeof *combiner->taken[0]);
    memset(combiner->taken[1], 0, (size_t)second.n_detections * sizeof *combiner->taken[1]);
    while (at[0] < first.n_detections || at[1] < second.n_detections) {
        int own = first_is_next(list_from(first, at[0]), list_from(second, at[1])) ? 0 : 1, other = 1 - own;
        int standing = at[own]++;
        if (combiner->taken[own][standing]) continue;
        combiner->combined[n_combined++] =
            take_boxes(combiner, &list[own].detection[standing], list_from(list[other], at[other]),
                       combiner->taken[other] + at[other]);
    }
    append_sorted(combiner, n_combined);
}

/* Split off the detections of one class from the front of a list. */
static detection_list split_class(detection_list *list, int class_index)
{
    int n = 0;
    while (n < list->n_detections && list->detection[n].class_index == class_index) n++;
    detection_list front = {list->detection, n};
    *list = list_from(*list, n);
    return front;
}

static int class_of(detection_list list)
{
    return list.n_detections ? list.detection[0].class_index : INT_MAX;
}

void ftdn_combine_boxes(ftdn_box_combiner *combiner, const ftdn_detector *first, const ftdn_detector *second)
{
    assert(first->n_detections <= combiner->list_capacity && second->n_detections <= combiner->list_capacity);
    detection_list firsts = {first->detection, first->n_detections};
    detection_list seconds = {second->detection, second->n_detections};
    combiner->n_detections = 0;
    while (firsts.n_detections || seconds.n_detections) {
        int class_index = class_of(firsts) < class_of(seconds) ? class_of(firsts) : class_of(seconds);
        detection_list own = split_class(&firsts, class_index);
        combine_class(combiner, own, split_class(&seconds, class_index));
    }
}
