/* dataset_body.h - the inside of a dataset: its memory, and how its kind paints one image.
 *
 * A kind (VOC folder, test scenes) fills a body while it opens; everything else is common. */
#ifndef FTDN_DATASETS_DATASET_BODY_H
#define FTDN_DATASETS_DATASET_BODY_H

#include "base/arena.h"
#include "datasets/class_list.h"
#include "datasets/dataset.h"

typedef struct ftdn_dataset_body ftdn_dataset_body;

/* Write image `index` as [size,size,3] RGB. Called by several threads at a time; scratch is the calling
 * thread's own and is reset after each image. */
typedef ftdn_status ftdn_dataset_paint(const ftdn_dataset_body *body, int index, int size, uint8_t *pixels,
                                       ftdn_arena *scratch, ftdn_error *err);

struct ftdn_dataset_body {
    ftdn_dataset dataset;   /* first: the handle that the caller holds */
    ftdn_arena arena;       /* names, annotations, source */
    ftdn_arena pixel_arena; /* all pixels, in one piece */
    ftdn_class_list classes;
    ftdn_image *image; /* [n_images]: dataset.image, writable */
    ftdn_dataset_paint *paint;
    const void *source; /* what paint needs; lives in arena */
};

/* An empty body with these classes; ftdn_dataset_close(&body->dataset) frees it. */
FTDN_NODISCARD ftdn_status ftdn_dataset_body_create(const char *const *class_name, int n_classes,
                                                    ftdn_dataset_body **ret_body, ftdn_error *err);

/* Give the body n_images zeroed images. */
FTDN_NODISCARD ftdn_status ftdn_dataset_body_set_images(ftdn_dataset_body *body, int n_images, ftdn_error *err);

/* Add the part of the digest that all kinds have: class list; of each image name, size and objects. */
void ftdn_dataset_body_digest(const ftdn_dataset_body *body, ftdn_sha256 *hash);

#endif
