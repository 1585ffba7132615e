#include "harness/judged_trial.h"

typedef struct class_boxes {
    int n_boxes, n_truths;
    ftdn_scored_box *box;
    ftdn_truth_box *truth;
} class_boxes;

/* Room for all boxes of a class. */
static ftdn_status make_room(const ftdn_dataset *dataset, const ftdn_image_detections *found, int class_index,
                             ftdn_arena *arena, class_boxes *boxes, ftdn_error *err)
{
    size_t n_boxes = 0, n_truths = 0;
    for (int i = 0; i < dataset->n_images; i++) {
        n_truths += (size_t)dataset->image[i].n_objects;
        for (int d = 0; d < found[i].n_detections; d++) n_boxes += found[i].detection[d].class_index == class_index;
    }
    *boxes = (class_boxes){
        .box = FTDN_NEW(arena, n_boxes, ftdn_scored_box, err),
        .truth = FTDN_NEW(arena, n_truths, ftdn_truth_box, err),
    };
    return boxes->box && boxes->truth ? FTDN_OK : FTDN_ERR_MEMORY;
}

static void gather(const ftdn_dataset *dataset, const ftdn_image_detections *found, int class_index, class_boxes *boxes)
{
    for (int i = 0; i < dataset->n_images; i++) {
        const ftdn_image *image = &dataset->image[i];
        double width = image->width, height = image->height;
        for (int d = 0; d < found[i].n_detections; d++) {
            const ftdn_detection *detection = &found[i].detection[d];
            if (detection->class_index != class_index) continue;
            boxes->box[boxes->n_boxes++] = (ftdn_scored_box){
                .image = i,
                .score = (double)detection->score,
                .box = {(double)detection->x0 * width, (double)detection->y0 * height, (double)detection->x1 * width,
                        (double)detection->y1 * height},
            };
        }
        for (int o = 0; o < image->n_objects; o++) {
            const ftdn_object *object = &image->object[o];
            if (object->class_index != class_index) continue;
            boxes->truth[boxes->n_truths++] = (ftdn_truth_box){
                .image = i,
                .difficult = object->difficult,
                .box = {(double)object->x0, (double)object->y0, (double)object->x1, (double)object->y1},
            };
        }
    }
}

ftdn_status ftdn_judge_class(const ftdn_dataset *dataset, const ftdn_image_detections *found, int class_index,
                             double iou, ftdn_arena *arena, ftdn_judged_class *ret_judged, ftdn_error *err)
{
    class_boxes boxes;
    ftdn_arena scratch;
    ftdn_arena_init(&scratch);
    ftdn_status status = make_room(dataset, found, class_index, &scratch, &boxes, err);
    if (status == FTDN_OK) {
        gather(dataset, found, class_index, &boxes);
        status =
            ftdn_detections_judge(boxes.box, boxes.n_boxes, boxes.truth, boxes.n_truths, iou, arena, ret_judged, err);
    }
    ftdn_arena_done(&scratch);
    return status;
}

ftdn_status ftdn_trial_judge(const ftdn_dataset *dataset, const ftdn_image_detections *found, double iou,
                             ftdn_arena *arena, ftdn_judged_trial *ret_judged, ftdn_error *err)
{
    ftdn_judged_class *of_class = FTDN_NEW(arena, (size_t)dataset->n_classes, ftdn_judged_class, err);
    if (!of_class) return FTDN_ERR_MEMORY;
    for (int c = 0; c < dataset->n_classes; c++)
        FTDN_TRY(ftdn_judge_class(dataset, found, c, iou, arena, &of_class[c], err));
    *ret_judged = (ftdn_judged_trial){
        .n_images = dataset->n_images,
        .n_classes = dataset->n_classes,
        .class_name = dataset->class_name,
        .of_class = of_class,
    };
    return FTDN_OK;
}
