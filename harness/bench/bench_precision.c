/* bench_precision.c - average precision of detections at hand, on one thread: as many as trained networks have, and as
 * many as a damaged one can have.
 *
 * Objects are those of VOC2007 in number, two or three in an image. Each is found once, and missed by the others. */
#include "base/philox_hd.h"
#include "harness/bench/bench_measure.h"
#include "harness/bench/bench_parts.h"
#include "harness/judged_trial.h"

#define N_USUAL_IMAGES 4952 /* VOC2007 test */
#define N_WORST_IMAGES 1000 /* 112 MB of detections */
#define N_USUAL_OF_CLASS 10 /* detections, in each of a quarter of the classes */
#define N_WORST_OF_CLASS 200
#define IMAGE_WIDTH 500
#define IMAGE_HEIGHT 375

typedef struct precision_work {
    ftdn_dataset dataset;
    ftdn_image_detections *found; /* [images of the dataset] */
    ftdn_class_ap class_ap[FTDN_VOC_CLASSES];
    ftdn_status status;
    ftdn_error err;
} precision_work;

/* In [0, 1). */
static float random_at(int image, int class_index, int place, int what)
{
    ftdn_philox_block counter = {{(uint32_t)image, (uint32_t)class_index, (uint32_t)place, (uint32_t)what}};
    return (float)(ftdn_philox(counter, 0, 0).word[0] >> 8) * 0x1p-24f;
}

static int count_objects(int image)
{
    return 2 + image % 5 / 3;
}

static void make_objects(int image, ftdn_object *object)
{
    for (int o = 0; o < count_objects(image); o++) {
        float x = random_at(image, 0, o, 1) * IMAGE_WIDTH / 2, y = random_at(image, 0, o, 2) * IMAGE_HEIGHT / 2;
        object[o] = (ftdn_object){
            .class_index = (image + o / 2) % FTDN_VOC_CLASSES,
            .x0 = x,
            .y0 = y,
            .x1 = x + IMAGE_WIDTH / 2,
            .y1 = y + IMAGE_HEIGHT / 2,
        };
    }
}

/* The best of a class is near an object where there is one. */
static ftdn_detection make_detection(const ftdn_image *image, int index, int class_index, int place, int n_of_class)
{
    float x = random_at(index, class_index, place, 3) * 0.7f, y = random_at(index, class_index, place, 4) * 0.7f;
    float best = 0.5f + 0.5f * random_at(index, class_index, 0, 5);
    float score = best * (float)(n_of_class - place) / (float)(n_of_class + 1);
    ftdn_detection made = {
        .class_index = class_index,
        .prior = place,
        .score = score,
        .x0 = x,
        .y0 = y,
        .x1 = x + 0.3f,
        .y1 = y + 0.3f,
    };
    for (int o = 0; place == 0 && o < image->n_objects; o++) {
        const ftdn_object *object = &image->object[o];
        if (object->class_index != class_index) continue;
        made.x0 = object->x0 / IMAGE_WIDTH;
        made.y0 = object->y0 / IMAGE_HEIGHT;
        made.x1 = object->x1 / IMAGE_WIDTH;
        made.y1 = object->y1 / IMAGE_HEIGHT;
    }
    return made;
}

/* every: one class in so many has detections in an image. */
static ftdn_status make_work(int n_images, int n_of_class, int every, ftdn_arena *arena, precision_work *work,
                             ftdn_error *err)
{
    int n_found = FTDN_VOC_CLASSES / every * n_of_class;
    ftdn_image *image = FTDN_NEW(arena, (size_t)n_images, ftdn_image, err);
    ftdn_object *object = FTDN_NEW(arena, 3 * (size_t)n_images, ftdn_object, err);
    ftdn_detection *detection = FTDN_NEW(arena, (size_t)n_images * (size_t)n_found, ftdn_detection, err);
    *work = (precision_work){.found = FTDN_NEW(arena, (size_t)n_images, ftdn_image_detections, err)};
    if (!image || !object || !detection || !work->found) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_images; i++, object += 3) {
        make_objects(i, object);
        image[i] = (ftdn_image){
            .width = IMAGE_WIDTH, .height = IMAGE_HEIGHT, .n_objects = count_objects(i), .object = object};
        work->found[i] = (ftdn_image_detections){detection, n_found};
        for (int c = i % every; c < FTDN_VOC_CLASSES; c += every)
            for (int d = 0; d < n_of_class; d++) *detection++ = make_detection(&image[i], i, c, d, n_of_class);
    }
    work->dataset = (ftdn_dataset){.n_classes = FTDN_VOC_CLASSES,
                                   .class_name = ftdn_voc_class_name,
                                   .n_images = n_images,
                                   .image = image};
    return FTDN_OK;
}

/* user: precision_work * */
static void measure(void *user)
{
    precision_work *work = user;
    if (work->status == FTDN_OK)
        work->status = ftdn_trial_measure(&work->dataset, work->found, 0.5, 1, work->class_ap, &work->err);
}

static ftdn_status time_case(ftdn_bench *bench, const char *name, int n_images, int n_of_class, int every,
                             ftdn_error *err)
{
    const ftdn_bench_label label = {.part = FTDN_BENCH_DETECT, .name = name, .unit = FTDN_UNIT_SECONDS_PER_IMAGE};
    int n_repeats = bench->options->n_repeats;
    ftdn_arena_mark mark = ftdn_arena_get_mark(bench->arena);
    precision_work work;
    double *sample = FTDN_NEW(bench->arena, (size_t)n_repeats, double, err);
    ftdn_status status = sample ? make_work(n_images, n_of_class, every, bench->arena, &work, err) : FTDN_ERR_MEMORY;
    if (status == FTDN_OK) {
        ftdn_bench_time(measure, &work, n_repeats, sample);
        for (int r = 0; r < n_repeats; r++) sample[r] /= n_images;
        if (work.status != FTDN_OK && err) *err = work.err;
        status = work.status;
    }
    if (status == FTDN_OK) ftdn_bench_add(bench, &label, sample, n_repeats);
    ftdn_arena_reset(bench->arena, mark);
    return status;
}

ftdn_status ftdn_bench_precision(ftdn_bench *bench, ftdn_error *err)
{
    ftdn_bench_announce(bench, NULL, "average precision");
    FTDN_TRY(time_case(bench, "average precision, usual detections", N_USUAL_IMAGES, N_USUAL_OF_CLASS, 4, err));
    return time_case(bench, "average precision, worst case", N_WORST_IMAGES, N_WORST_OF_CLASS, 1, err);
}
