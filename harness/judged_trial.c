#include "harness/judged_trial.h"

#include <assert.h>

#include "base/share.h"

/* Behind the last detection of the class, in a list by class, of which `from` is no earlier one's. */
static int find_end(const ftdn_image_detections *found, int from, int class_index)
{
    int low = from - 1, step = 1; /* low is of the class, or before all of it */
    while (low + step < found->n_detections && found->detection[low + step].class_index <= class_index) {
        low += step;
        step *= 2;
    }
    int high = low + step < found->n_detections ? low + step : found->n_detections;
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        if (found->detection[middle].class_index <= class_index) low = middle;
        else high = middle;
    }
    return high;
}

ftdn_status ftdn_class_starts_find(const ftdn_dataset *dataset, const ftdn_image_detections *found, ftdn_arena *arena,
                                   ftdn_class_starts *ret_starts, ftdn_error *err)
{
    int n_classes = dataset->n_classes;
    int *start = ftdn_arena_alloc(arena, (size_t)dataset->n_images, ((size_t)n_classes + 1) * sizeof *start, err);
    if (!start) return FTDN_ERR_MEMORY;
    *ret_starts = (ftdn_class_starts){.n_classes = n_classes, .start = start};
    for (int i = 0; i < dataset->n_images; i++, start += n_classes + 1)
        for (int c = 0; c < n_classes; c++) start[c + 1] = find_end(&found[i], start[c], c);
    return FTDN_OK;
}

/* A class in the images that have anything of it, and the memory behind. */
typedef struct class_images {
    int n_images;
    ftdn_class_image *image;
    float *score;
    double *box; /* [boxes of images that have objects, 4] */
    ftdn_truth_box *truth;
} class_images;

static int count_objects(const ftdn_image *image, int class_index)
{
    int n_objects = 0;
    for (int o = 0; o < image->n_objects; o++) n_objects += image->object[o].class_index == class_index;
    return n_objects;
}

static const int *starts_of(const ftdn_class_starts *starts, int image, int class_index)
{
    return starts->start + (size_t)image * ((size_t)starts->n_classes + 1) + class_index;
}

/* Which images have how much, and room for it. */
static ftdn_status make_room(const ftdn_dataset *dataset, const ftdn_class_starts *starts, int class_index,
                             ftdn_arena *arena, class_images *images, ftdn_error *err)
{
    size_t n_boxes = 0, n_matched = 0, n_truths = 0;
    *images = (class_images){.image = FTDN_NEW(arena, (size_t)dataset->n_images, ftdn_class_image, err)};
    if (!images->image) return FTDN_ERR_MEMORY;
    for (int i = 0; i < dataset->n_images; i++) {
        const int *start = starts_of(starts, i, class_index);
        ftdn_class_image own = {
            .image = i,
            .n_boxes = start[1] - start[0],
            .n_truths = count_objects(&dataset->image[i], class_index),
        };
        if (own.n_boxes == 0 && own.n_truths == 0) continue;
        n_boxes += (size_t)own.n_boxes;
        n_matched += own.n_truths > 0 ? (size_t)own.n_boxes : 0;
        n_truths += (size_t)own.n_truths;
        images->image[images->n_images++] = own;
    }
    images->score = FTDN_NEW(arena, n_boxes, float, err);
    images->box = ftdn_arena_alloc(arena, n_matched, 4 * sizeof *images->box, err);
    images->truth = FTDN_NEW(arena, n_truths, ftdn_truth_box, err);
    return images->score && images->box && images->truth ? FTDN_OK : FTDN_ERR_MEMORY;
}

static void put_truths(const ftdn_image *image, int class_index, ftdn_truth_box *truth)
{
    for (int o = 0; o < image->n_objects; o++) {
        const ftdn_object *object = &image->object[o];
        if (object->class_index != class_index) continue;
        *truth++ = (ftdn_truth_box){
            .difficult = object->difficult,
            .box = {(double)object->x0, (double)object->y0, (double)object->x1, (double)object->y1},
        };
    }
}

static void put_boxes(const ftdn_image *image, const ftdn_detection *detection, int n_detections, double *box)
{
    double width = image->width, height = image->height;
    for (int d = 0; d < n_detections; d++, box += 4) {
        box[0] = (double)detection[d].x0 * width;
        box[1] = (double)detection[d].y0 * height;
        box[2] = (double)detection[d].x1 * width;
        box[3] = (double)detection[d].y1 * height;
    }
}

static void gather(const ftdn_dataset *dataset, const ftdn_image_detections *found, const ftdn_class_starts *starts,
                   int class_index, const class_images *images)
{
    float *score = images->score;
    double *box = images->box;
    ftdn_truth_box *truth = images->truth;
    for (int i = 0; i < images->n_images; i++) {
        ftdn_class_image *own = &images->image[i];
        const ftdn_image *image = &dataset->image[own->image];
        const ftdn_detection *detection = found[own->image].detection + *starts_of(starts, own->image, class_index);
        own->score = score;
        for (int d = 0; d < own->n_boxes; d++) {
            assert(detection[d].class_index == class_index);
            *score++ = detection[d].score;
        }
        if (own->n_truths == 0) continue;
        own->box = box;
        own->truth = truth;
        put_boxes(image, detection, own->n_boxes, box);
        put_truths(image, class_index, truth);
        box += (size_t)own->n_boxes * 4;
        truth += own->n_truths;
    }
}

/* starts: of these lists. Lives in the arena. */
static ftdn_status judge_class(const ftdn_dataset *dataset, const ftdn_image_detections *found,
                               const ftdn_class_starts *starts, int class_index, double iou, ftdn_arena *arena,
                               ftdn_judged_class *ret_judged, ftdn_error *err)
{
    class_images images;
    ftdn_arena scratch;
    ftdn_arena_init(&scratch);
    ftdn_status status = make_room(dataset, starts, class_index, &scratch, &images, err);
    if (status == FTDN_OK) {
        gather(dataset, found, starts, class_index, &images);
        status = ftdn_detections_judge(images.image, images.n_images, iou, arena, ret_judged, err);
    }
    ftdn_arena_done(&scratch);
    return status;
}

ftdn_status ftdn_trial_judge(const ftdn_dataset *dataset, const ftdn_image_detections *found, double iou,
                             ftdn_arena *arena, ftdn_judged_trial *ret_judged, ftdn_error *err)
{
    ftdn_class_starts starts;
    ftdn_judged_class *of_class = FTDN_NEW(arena, (size_t)dataset->n_classes, ftdn_judged_class, err);
    if (!of_class) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_class_starts_find(dataset, found, arena, &starts, err));
    for (int c = 0; c < dataset->n_classes; c++)
        FTDN_TRY(judge_class(dataset, found, &starts, c, iou, arena, &of_class[c], err));
    *ret_judged = (ftdn_judged_trial){
        .n_images = dataset->n_images,
        .n_classes = dataset->n_classes,
        .class_name = dataset->class_name,
        .of_class = of_class,
    };
    return FTDN_OK;
}

typedef struct measurement {
    const ftdn_dataset *dataset;
    const ftdn_image_detections *found;
    ftdn_class_starts starts;
    double iou;
    ftdn_class_ap *class_ap; /* [n_classes] */
} measurement;

/* user: measurement * */
static ftdn_status measure_class(void *user, int class_index, int thread, ftdn_error *err)
{
    (void)thread;
    const measurement *m = user;
    ftdn_judged_class judged;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_status status = judge_class(m->dataset, m->found, &m->starts, class_index, m->iou, &arena, &judged, err);
    if (status == FTDN_OK) status = ftdn_judged_measure(&judged, NULL, &arena, &m->class_ap[class_index], err);
    ftdn_arena_done(&arena);
    return status;
}

ftdn_status ftdn_trial_measure(const ftdn_dataset *dataset, const ftdn_image_detections *found, double iou,
                               int n_threads, ftdn_class_ap *ret_class_ap, ftdn_error *err)
{
    measurement m = {.dataset = dataset, .found = found, .iou = iou, .class_ap = ret_class_ap};
    const ftdn_shared_work work = {
        .n_items = dataset->n_classes,
        .n_threads = n_threads,
        .run = measure_class,
        .user = &m,
    };
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_status status = ftdn_class_starts_find(dataset, found, &arena, &m.starts, err);
    if (status == FTDN_OK) status = ftdn_share(&work, err);
    ftdn_arena_done(&arena);
    return status;
}
