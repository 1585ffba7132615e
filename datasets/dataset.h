/* dataset.h - images with their ground truth, decoded once and kept as bytes.
 *
 * A dataset is loaded in two steps: the list (names, annotations, digest: cheap, enough to plan) and
 * the pixels (decode and resize: once per campaign, in parallel). Everything lives in the handle. */
#ifndef FTDN_DATASETS_DATASET_H
#define FTDN_DATASETS_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sha256.h"
#include "base/status.h"

/* Corners in pixels of the original image, from 0 (VOC's files count from 1). */
typedef struct ftdn_object {
    int class_index; /* into the dataset's class list */
    bool difficult;  /* neither wanted nor counted as wrong by the VOC measure */
    float x0, y0, x1, y1;
} ftdn_object;

typedef struct ftdn_image {
    const char *name;  /* unique in the dataset: "000021" */
    uint64_t id;       /* fnv1a64(name): addresses the image's faults, independent of its position */
    int width, height; /* of the original */
    int n_objects;
    const ftdn_object *object;
    const uint8_t *pixels; /* [size,size,3] RGB after resizing; NULL until decoded */
} ftdn_image;

typedef struct ftdn_dataset {
    const char *description; /* "VOC 'data/VOC2007-mini' test, 300 images" */
    int n_classes;
    const char *const *class_name; /* [n_classes], without the background */
    int n_images;
    const ftdn_image *image;
    int size;                     /* side of the decoded pixels; 0 until decoded */
    char digest[FTDN_SHA256_HEX]; /* of class list, image names, annotations and image files */
} ftdn_dataset;

/* The classes that objects of files get. */
typedef struct ftdn_class_choice {
    const char *const *name; /* [n_classes], in the network's order; NULL: those that the kind has of itself */
    int n_classes;
    const char *const *rename; /* [2 * n_renames]: a name in the files, and behind it the class that it means */
    int n_renames;
    bool ignores_others; /* objects of other classes are left out; else they are an error */
} ftdn_class_choice;

/* A PASCAL VOC folder: ROOT/ImageSets/Main/SPLIT.txt, ROOT/Annotations/NAME.xml, ROOT/JPEGImages/NAME.jpg. */
typedef struct ftdn_voc_desc {
    const char *root;
    const char *split;
    int max_images;            /* the first ones of the split; 0: all */
    ftdn_class_choice classes; /* of itself: the 20 of PASCAL VOC */
} ftdn_voc_desc;

/* Read list, annotations and, for the digest and their sizes, the image files. FTDN_ERR_INPUT names the file and, in
 * list and XML, line and column. FTDN_ERR_ARG: a class list or split name that cannot be. */
FTDN_NODISCARD ftdn_status ftdn_dataset_open_voc(const ftdn_voc_desc *desc, ftdn_dataset **ret_dataset,
                                                 ftdn_error *err);

/* A COCO annotation file and its images. Without a class list of its own the classes are the categories of the file, by
 * ascending id. */
typedef struct ftdn_coco_desc {
    const char *root;
    const char *split; /* "val2017" */
    const char
        *annotations; /* the file in root; NULL: annotations/instances_SPLIT.json or one of the other usual places */
    int max_images;   /* the first ones of the file; 0: all */
    ftdn_class_choice classes;
} ftdn_coco_desc;

/* Read the annotations and, for the digest and their sizes, the image files. These are named as in the file, below the
 * first of the usual folders that holds the first of them. An image's name is its file name without the suffix,
 * '/' become '_'. FTDN_ERR_INPUT names the file and, in annotations, line and column; FTDN_ERR_ARG as above. */
FTDN_NODISCARD ftdn_status ftdn_dataset_open_coco(const ftdn_coco_desc *desc, ftdn_dataset **ret_dataset,
                                                  ftdn_error *err);

/* Generated test scenes: n_images pictures of bright shapes on noise with exact boxes, needing no file.
 * The same bytes everywhere for the same (seed, index). They exercise the machinery; no network is trained on them. */
FTDN_NODISCARD ftdn_status ftdn_dataset_open_test_scenes(int n_images, uint64_t seed, ftdn_dataset **ret_dataset,
                                                         ftdn_error *err);

/* Generated thermal road scenes (docs/road-scenes.md): n_images white-hot pictures of 300 x 300 pixels with three equal
 * channels, needing no file. Scene (split, seed, index) has the same bytes everywhere, whatever n_images is; its name
 * holds all three ("road-test-0-000123"), so that ids of two splits or seeds never meet. Networks are trained on them.
 * split: 1 ... 32 letters, digits, '_' and '-'; FTDN_ERR_ARG for another one. */
FTDN_NODISCARD ftdn_status ftdn_dataset_open_road(const char *split, uint64_t seed, int n_images,
                                                  ftdn_dataset **ret_dataset, ftdn_error *err);

/* Decode every image to size x size RGB bytes with n_threads threads. The result does not depend on
 * n_threads. FTDN_ERR_INPUT names the first image (in list order) that cannot be read or has changed since the
 * dataset was opened. May be called again for another size; the former pixels go on success only. */
FTDN_NODISCARD ftdn_status ftdn_dataset_decode(ftdn_dataset *dataset, int size, int n_threads, ftdn_error *err);

void ftdn_dataset_close(ftdn_dataset *dataset); /* NULL is fine */

/* The 20 class names of PASCAL VOC, alphabetical as in the published networks. */
#define FTDN_VOC_CLASSES 20
extern const char *const ftdn_voc_class_name[FTDN_VOC_CLASSES];

/* The eight classes of road scenes: those of the paper's Table 3. */
extern const char *const ftdn_road_class_name[8];

#endif
