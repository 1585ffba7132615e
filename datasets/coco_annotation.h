/* coco_annotation.h - an annotation file in the form of COCO's instances_*.json.
 *
 * Read are
 *     images[]: id, file_name, width and height (optional)
 *     categories[]: id, name
 *     annotations[]: image_id, category_id, bbox, iscrowd (optional), id (optional)
 * and nothing else: area and segmentation say nothing about boxes. Ids are integers, with gaps as they come. bbox is
 * [x, y, width, height] in pixels, with fractions, of the image's top left corner. */
#ifndef FTDN_DATASETS_COCO_ANNOTATION_H
#define FTDN_DATASETS_COCO_ANNOTATION_H

#include <stddef.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "datasets/class_map.h"
#include "datasets/dataset.h"

typedef struct ftdn_coco_image {
    long long id;
    const char *file_name;
    const ftdn_json *node; /* for messages */
    int width, height;     /* as the file says; 0 where it does not */
} ftdn_coco_image;

/* An id and where it stands. */
typedef struct ftdn_coco_id {
    long long id;
    int index;
    const ftdn_json *node;
} ftdn_coco_id;

typedef struct ftdn_coco_file {
    int n_images;
    const ftdn_coco_image *image;  /* in the file's order */
    const ftdn_coco_id *image_id;  /* [n_images], ascending; index: into image */
    int n_categories;
    const ftdn_coco_id *category_id;  /* [n_categories], ascending; index: into category_name */
    const char *const *category_name; /* by ascending id */
    const ftdn_json *annotations;
} ftdn_coco_file;

/* Parse the text of the file `path`, in which polygons become blank. FTDN_ERR_INPUT names path:line:column: broken
 * JSON, a part that is missing or of the wrong kind, an id that stands twice, a file name that leaves the folder. */
FTDN_NODISCARD ftdn_status ftdn_coco_parse(char *text, size_t n_bytes, const char *path, ftdn_arena *arena,
                                           ftdn_coco_file *ret_file, ftdn_error *err);

/* Objects of the first n_images images of the file, whose width and height are set; n_objects and object are set on
 * success and live in the arena, in the order of the file. Boxes are clipped to the image; *ret_n_empty: those of which
 * nothing remained, which are left out, as objects of classes that the map does not know are. A crowd is difficult.
 * FTDN_ERR_INPUT names path:line:column: a part that is missing or of the wrong kind, an image or a category that the
 * file does not have, a box of negative size, an id that stands twice. */
FTDN_NODISCARD ftdn_status ftdn_coco_read_objects(const ftdn_coco_file *file, int n_images, ftdn_class_map *map,
                                                  ftdn_arena *scratch, ftdn_arena *arena, ftdn_image *images,
                                                  int *ret_n_empty, ftdn_error *err);

#endif
