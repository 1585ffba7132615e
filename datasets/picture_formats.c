#include "datasets/picture_formats.h"

#include <string.h>

#include "datasets/png_picture.h"
#include "datasets/tiff_picture.h"

/* What is no other picture must be a JPEG; an empty file, or the beginning of one, is told as such by its reader. */
static ftdn_status check_jpeg(const char *path, const void *bytes, size_t n_bytes, ftdn_error *err)
{
    static const unsigned char start[] = {0xff, 0xd8};
    if (n_bytes < sizeof start || memcmp(bytes, start, sizeof start) == 0) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: neither JPEG nor PNG nor TIFF by its first bytes", path);
}

ftdn_status ftdn_picture_read_size(const char *path, const void *bytes, size_t n_bytes, int *ret_width, int *ret_height,
                                   ftdn_error *err)
{
    if (ftdn_is_png(bytes, n_bytes)) return ftdn_png_read_size(path, bytes, n_bytes, ret_width, ret_height, err);
    if (ftdn_is_tiff(bytes, n_bytes)) return ftdn_tiff_read_size(path, bytes, n_bytes, ret_width, ret_height, err);
    FTDN_TRY(check_jpeg(path, bytes, n_bytes, err));
    return ftdn_picture_read_jpeg_size(path, bytes, n_bytes, ret_width, ret_height, err);
}

ftdn_status ftdn_picture_decode(const char *path, const void *bytes, size_t n_bytes, ftdn_arena *arena,
                                ftdn_picture *ret_picture, ftdn_error *err)
{
    if (ftdn_is_png(bytes, n_bytes)) return ftdn_png_decode(path, bytes, n_bytes, arena, ret_picture, err);
    if (ftdn_is_tiff(bytes, n_bytes)) return ftdn_tiff_decode(path, bytes, n_bytes, arena, ret_picture, err);
    FTDN_TRY(check_jpeg(path, bytes, n_bytes, err));
    return ftdn_picture_decode_jpeg(path, bytes, n_bytes, arena, ret_picture, err);
}
