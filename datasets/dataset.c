#include "datasets/dataset.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include <omp.h>

#include "base/size.h"
#include "datasets/dataset_body.h"

const char *const ftdn_voc_class_name[FTDN_VOC_CLASSES] = {
    "aeroplane",   "bicycle", "bird",  "boat",      "bottle", "bus",         "car",   "cat",  "chair", "cow",
    "diningtable", "dog",     "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
};

ftdn_status ftdn_dataset_body_create(const char *const *class_name, int n_classes, ftdn_dataset_body **ret_body,
                                     ftdn_error *err)
{
    ftdn_dataset_body *body = calloc(1, sizeof *body);
    if (!body) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory: %zu bytes wanted", sizeof *body);
    ftdn_arena_init(&body->arena);
    ftdn_arena_init(&body->pixel_arena);
    ftdn_status status = ftdn_class_list_create(class_name, n_classes, &body->arena, &body->classes, err);
    if (status != FTDN_OK) {
        ftdn_dataset_close(&body->dataset);
        return status;
    }
    body->dataset.n_classes = body->classes.n_classes;
    body->dataset.class_name = body->classes.name;
    *ret_body = body;
    return FTDN_OK;
}

ftdn_status ftdn_dataset_body_set_images(ftdn_dataset_body *body, int n_images, ftdn_error *err)
{
    assert(n_images > 0);
    body->image = FTDN_NEW(&body->arena, n_images, ftdn_image, err);
    if (!body->image) return FTDN_ERR_MEMORY;
    body->dataset.image = body->image;
    body->dataset.n_images = n_images;
    return FTDN_OK;
}

void ftdn_dataset_body_digest(const ftdn_dataset_body *body, ftdn_sha256 *hash)
{
    const ftdn_dataset *dataset = &body->dataset;
    char line[160];
    snprintf(line, sizeof line, "%d classes", dataset->n_classes);
    ftdn_sha256_add_text(hash, line);
    for (int i = 0; i < dataset->n_classes; i++) ftdn_sha256_add_text(hash, dataset->class_name[i]);
    snprintf(line, sizeof line, "%d images", dataset->n_images);
    ftdn_sha256_add_text(hash, line);
    for (int i = 0; i < dataset->n_images; i++) {
        const ftdn_image *image = &dataset->image[i];
        ftdn_sha256_add_text(hash, image->name);
        snprintf(line, sizeof line, "%d %d %d", image->width, image->height, image->n_objects);
        ftdn_sha256_add_text(hash, line);
        for (int k = 0; k < image->n_objects; k++) {
            const ftdn_object *object = &image->object[k];
            /* Nine digits tell any two floats apart. */
            snprintf(line, sizeof line, "%d %d %.9g %.9g %.9g %.9g", object->class_index, object->difficult,
                     (double)object->x0, (double)object->y0, (double)object->x1, (double)object->y1);
            ftdn_sha256_add_text(hash, line);
        }
    }
}

/* What one thread needs while it decodes. */
typedef struct worker {
    ftdn_arena scratch;
    int failed; /* the first of its images that failed; -1 while all are well */
    ftdn_error err;
} worker;

/* Paint all images into pixels. The static schedule gives a thread ascending images, so that the first
 * failure of each thread, and of these the lowest image, is the first failure in list order. */
static ftdn_status paint_all(const ftdn_dataset_body *body, int size, size_t image_bytes, uint8_t *pixels,
                             int n_threads, ftdn_error *err)
{
    int n_images = body->dataset.n_images;
    ftdn_status status = FTDN_OK;
    worker *workers = calloc((size_t)n_threads, sizeof *workers);
    if (!workers) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for %d threads", n_threads);
    for (int t = 0; t < n_threads; t++) {
        ftdn_arena_init(&workers[t].scratch);
        workers[t].failed = -1;
    }

#pragma omp parallel num_threads(n_threads)
    {
        worker *own = &workers[omp_get_thread_num()];
#pragma omp for schedule(static)
        for (int i = 0; i < n_images; i++) {
            if (own->failed >= 0) continue;
            ftdn_arena_mark mark = ftdn_arena_get_mark(&own->scratch);
            uint8_t *target = pixels + image_bytes * (size_t)i;
            if (body->paint(body, i, size, target, &own->scratch, &own->err) != FTDN_OK) own->failed = i;
            ftdn_arena_reset(&own->scratch, mark);
        }
    }

    const worker *first = NULL;
    for (int t = 0; t < n_threads; t++) {
        if (workers[t].failed >= 0 && (!first || workers[t].failed < first->failed)) first = &workers[t];
        ftdn_arena_done(&workers[t].scratch);
    }
    if (first) {
        if (err) *err = first->err;
        status = first->err.status;
    }
    free(workers);
    return status;
}

ftdn_status ftdn_dataset_decode(ftdn_dataset *dataset, int size, int n_threads, ftdn_error *err)
{
    assert(size > 0 && n_threads > 0);
    ftdn_dataset_body *body = (ftdn_dataset_body *)dataset;
    ftdn_status status;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    size_t image_bytes;
    if (!ftdn_size_mul((size_t)size, (size_t)size, &image_bytes) || !ftdn_size_mul(image_bytes, 3, &image_bytes)) {
        status = FTDN_FAIL(err, FTDN_ERR_MEMORY, "an image of %d x %d pixels does not fit into memory", size, size);
        goto done;
    }
    uint8_t *pixels = ftdn_arena_alloc(&arena, (size_t)dataset->n_images, image_bytes, err);
    if (!pixels) {
        status = FTDN_ERR_MEMORY;
        goto done;
    }
    status = paint_all(body, size, image_bytes, pixels, n_threads, err);
    if (status != FTDN_OK) goto done;
    for (int i = 0; i < dataset->n_images; i++) body->image[i].pixels = pixels + image_bytes * (size_t)i;
    dataset->size = size;
    ftdn_arena_done(&body->pixel_arena);
    body->pixel_arena = arena;
    return FTDN_OK;
done:
    ftdn_arena_done(&arena);
    return status;
}

void ftdn_dataset_close(ftdn_dataset *dataset)
{
    ftdn_dataset_body *body = (ftdn_dataset_body *)dataset;
    if (!body) return;
    ftdn_arena_done(&body->pixel_arena);
    ftdn_arena_done(&body->arena);
    free(body);
}
