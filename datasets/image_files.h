/* image_files.h - the picture files of a dataset: read when it is opened, and again, unchanged, when it is decoded.
 *
 * A kind of dataset that keeps its pictures in files has this as its source. */
#ifndef FTDN_DATASETS_IMAGE_FILES_H
#define FTDN_DATASETS_IMAGE_FILES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/sha256.h"
#include "base/status.h"
#include "datasets/dataset_body.h"

typedef struct ftdn_image_files {
    int n_files;                       /* as images of the dataset */
    const char **path;                 /* [n_files] */
    char (*digest)[FTDN_SHA256_HEX];   /* [n_files], as read when the dataset was opened */
    uint8_t *orientation;              /* [n_files], of EXIF: 1 is upright */
} ftdn_image_files;

/* A name for an image: a plain file name, which can leave a folder in no way. */
bool ftdn_is_image_name(const char *name);

/* Make the files the body's source, from which it paints: as many as it has images. NULL: FTDN_ERR_MEMORY. */
FTDN_NODISCARD ftdn_image_files *ftdn_image_files_create(ftdn_dataset_body *body, ftdn_error *err);

/* Read one file; sets width and height of its image. path: lives as long as the body. scratch: holds the file's bytes,
 * for the caller to reset. FTDN_ERR_INPUT names the file. */
FTDN_NODISCARD ftdn_status ftdn_image_files_read(ftdn_image_files *files, ftdn_dataset_body *body, int index,
                                                 const char *path, ftdn_arena *scratch, ftdn_error *err);

/* The whole digest of a dataset of files: the kind, what all kinds have, the files. */
FTDN_NODISCARD ftdn_status ftdn_image_files_digest(const ftdn_image_files *files, const char *kind,
                                                   ftdn_dataset_body *body, ftdn_error *err);

#endif
