/* coco_annotation.h - an annotation file in the form of COCO's instances_*.json.
 *
 * Such files have hundreds of megabytes, most of them polygons. They are read twice, an item of a list at a time: first
 * images and categories, then, when the pictures are known, annotations.
 *
 * Read are
 *     images[]: id, file_name, width and height (optional)
 *     categories[]: id, name
 *     annotations[]: image_id, category_id, bbox, iscrowd (optional), id (optional)
 * and nothing else: area and segmentation say nothing about boxes. The lists may stand in any order. Ids are integers,
 * with gaps as they come. bbox is [x, y, width, height] in pixels, with fractions, of the image's top left corner. */
#ifndef FTDN_DATASETS_COCO_ANNOTATION_H
#define FTDN_DATASETS_COCO_ANNOTATION_H

#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "datasets/class_map.h"
#include "datasets/dataset.h"

typedef struct ftdn_coco_image {
    long long id;
    const char *file_name;
    int width, height; /* as the file says; 0 where it does not */
    int line, column;  /* where it stands, for messages */
} ftdn_coco_image;

/* An id and where it stands. */
typedef struct ftdn_coco_id {
    long long id;
    int index;
    int line, column;
} ftdn_coco_id;

typedef struct ftdn_coco_file {
    const char *path;
    int n_images;
    const ftdn_coco_image *image; /* in the file's order */
    const ftdn_coco_id *image_id; /* [n_images], ascending; index: into image */
    int n_categories;
    const ftdn_coco_id *category_id;  /* [n_categories], ascending; index: into category_name */
    const char *const *category_name; /* by ascending id */
} ftdn_coco_file;

/* Read images and categories, wherever they stand in the file; annotations are stepped over. path and all that the file
 * says live in the arena. scratch, another one, holds an item at a time and is left as it was. FTDN_ERR_INPUT names
 * path:line:column: broken JSON, a part that is missing, stands twice or is of the wrong kind, an id that stands twice,
 * a file name that leaves the folder. */
FTDN_NODISCARD ftdn_status ftdn_coco_read(const char *path, ftdn_arena *scratch, ftdn_arena *arena,
                                          ftdn_coco_file *ret_file, ftdn_error *err);

/* Objects as the file has them: boxes may reach beyond the image. */
typedef struct ftdn_coco_objects {
    int n_images;
    const int *n_in_image; /* [n_images] */
    ftdn_object *object;   /* image by image, those of an image in the order of the file */
} ftdn_coco_objects;

/* Read the annotations of the first n_images images; objects of classes that the map does not know are left out. A
 * crowd is difficult. The objects live in the arena; scratch as above. FTDN_ERR_INPUT names path:line:column: a part
 * that is missing or of the wrong kind, an image or a category that the file does not have, a box of negative size, an
 * id that stands twice. */
FTDN_NODISCARD ftdn_status ftdn_coco_read_objects(const ftdn_coco_file *file, int n_images, ftdn_class_map *map,
                                                  ftdn_arena *scratch, ftdn_arena *arena,
                                                  ftdn_coco_objects *ret_objects, ftdn_error *err);

/* Give images whose width and height are known their objects, clipped to them; returns how many were left out because
 * nothing of them remained. Called once: the images then point at the objects. */
int ftdn_coco_place_objects(const ftdn_coco_objects *objects, ftdn_image *images);

#endif
