#include "datasets/image_files.h"

#include <string.h>

#include "base/file.h"
#include "datasets/jpeg_orientation.h"
#include "datasets/picture_formats.h"

bool ftdn_is_image_name(const char *name)
{
    if (!name[0] || name[0] == '.') return false;
    for (const char *c = name; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '/' || *c == '\\') return false;
    }
    return true;
}

/* A paint of the body (dataset_body.h). */
static ftdn_status paint(const ftdn_dataset_body *body, int index, int size, uint8_t *pixels, ftdn_arena *scratch,
                         ftdn_error *err)
{
    const ftdn_image_files *files = body->source;
    const char *path = files->path[index];
    char *bytes, now[FTDN_SHA256_HEX];
    size_t n_bytes;
    ftdn_picture picture;
    FTDN_TRY(ftdn_file_load(path, FTDN_PICTURE_MAX_BYTES, scratch, &bytes, &n_bytes, err));
    FTDN_TRY(ftdn_sha256_of(bytes, n_bytes, now, err));
    if (strcmp(now, files->digest[index]) != 0)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: the file has changed since the dataset was opened", path);
    FTDN_TRY(ftdn_picture_decode(path, bytes, n_bytes, scratch, &picture, err));
    ftdn_picture_resize(&picture, size, pixels);
    return FTDN_OK;
}

ftdn_image_files *ftdn_image_files_create(ftdn_dataset_body *body, ftdn_error *err)
{
    size_t n_files = (size_t)body->dataset.n_images;
    ftdn_image_files *files = FTDN_NEW(&body->arena, 1, ftdn_image_files, err);
    if (!files) return NULL;
    files->n_files = body->dataset.n_images;
    files->path = FTDN_NEW(&body->arena, n_files, const char *, err);
    files->digest = files->path ? ftdn_arena_alloc(&body->arena, n_files, sizeof *files->digest, err) : NULL;
    files->orientation = files->digest ? FTDN_NEW(&body->arena, n_files, uint8_t, err) : NULL;
    if (!files->orientation) return NULL;
    body->source = files;
    body->paint = paint;
    return files;
}

ftdn_status ftdn_image_files_read(ftdn_image_files *files, ftdn_dataset_body *body, int index, const char *path,
                                  ftdn_arena *scratch, ftdn_error *err)
{
    ftdn_image *image = &body->image[index];
    char *bytes;
    size_t n_bytes;
    FTDN_TRY(ftdn_file_load(path, FTDN_PICTURE_MAX_BYTES, scratch, &bytes, &n_bytes, err));
    FTDN_TRY(ftdn_sha256_of(bytes, n_bytes, files->digest[index], err));
    FTDN_TRY(ftdn_picture_read_size(path, bytes, n_bytes, &image->width, &image->height, err));
    files->path[index] = path;
    files->orientation[index] = (uint8_t)ftdn_jpeg_orientation(bytes, n_bytes);
    return FTDN_OK;
}

ftdn_status ftdn_image_files_digest(const ftdn_image_files *files, const char *kind, ftdn_dataset_body *body,
                                    ftdn_error *err)
{
    ftdn_sha256 *hash;
    FTDN_TRY(ftdn_sha256_create(&hash, err));
    ftdn_sha256_add_text(hash, kind);
    ftdn_dataset_body_digest(body, hash);
    for (int i = 0; i < files->n_files; i++) {
        ftdn_sha256_add_text(hash, files->digest[i]);
        /* The digests of before pictures were turned stand for the same pixels, unless one is. */
        if (files->orientation[i] != 1) ftdn_sha256_add_text(hash, "upright");
    }
    ftdn_sha256_finish(hash, body->dataset.digest);
    ftdn_sha256_free(hash);
    return FTDN_OK;
}
