#include "datasets/image.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include <turbojpeg.h>

#include "base/file.h"
#include "datasets/jpeg_orientation.h"

#define JPEG_QUALITY 92
#define WEIGHT_BITS 11 /* of an interpolation weight: 2048 = 1 */
#define TILE 64        /* columns resized at a time */

static ftdn_status fail_jpeg(ftdn_error *err, const char *path, tjhandle jpeg)
{
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: unreadable JPEG: %s", path, tjGetErrorStr2(jpeg));
}

/* The header, checked. */
static ftdn_status read_header(tjhandle jpeg, const char *path, const void *bytes, size_t n_bytes, int *ret_width,
                               int *ret_height, ftdn_error *err)
{
    /* libjpeg accepts a file of tables alone, or one cut off before its frame, and leaves these as they are. */
    int width = 0, height = 0, subsampling = 0, colours = 0;
    if (n_bytes == 0) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: unreadable JPEG: the file is empty", path);
    if (tjDecompressHeader3(jpeg, bytes, n_bytes, &width, &height, &subsampling, &colours) != 0) {
        return fail_jpeg(err, path, jpeg);
    }
    if (width < 1 || height < 1) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: unreadable JPEG: it holds no image", path);
    if (width > FTDN_PICTURE_MAX_SIDE || height > FTDN_PICTURE_MAX_SIDE) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %d x %d pixels: more than %d on a side", path, width, height,
                         FTDN_PICTURE_MAX_SIDE);
    }
    if (colours == TJCS_CMYK || colours == TJCS_YCCK) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: JPEG in CMYK colours; grey and RGB are read", path);
    }
    *ret_width = width;
    *ret_height = height;
    return FTDN_OK;
}

ftdn_status ftdn_picture_read_jpeg_size(const char *path, const void *bytes, size_t n_bytes, int *ret_width,
                                        int *ret_height, ftdn_error *err)
{
    bool is_across = FTDN_ORIENTATION_IS_ACROSS(ftdn_jpeg_orientation(bytes, n_bytes));
    tjhandle jpeg = tjInitDecompress();
    if (!jpeg) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%s: tjInitDecompress: %s", path, tjGetErrorStr2(NULL));
    ftdn_status status = read_header(jpeg, path, bytes, n_bytes, is_across ? ret_height : ret_width,
                                     is_across ? ret_width : ret_height, err);
    tjDestroy(jpeg);
    return status;
}

/* The picture as the file has it. */
static ftdn_status decode(tjhandle jpeg, const char *path, const void *bytes, size_t n_bytes, ftdn_arena *arena,
                          ftdn_picture *ret_picture, ftdn_error *err)
{
    ftdn_picture picture;
    FTDN_TRY(read_header(jpeg, path, bytes, n_bytes, &picture.width, &picture.height, err));
    picture.pixels = ftdn_arena_alloc(arena, (size_t)picture.width * (size_t)picture.height, 3, err);
    if (!picture.pixels) return FTDN_ERR_MEMORY;
    /* A warning, too, makes the call answer -1. The limit of scans stops files made to cost hours. */
    if (tjDecompress2(jpeg, bytes, n_bytes, picture.pixels, picture.width, 0, picture.height, TJPF_RGB,
                      TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) != 0)
        return fail_jpeg(err, path, jpeg);
    *ret_picture = picture;
    return FTDN_OK;
}

ftdn_status ftdn_picture_decode_jpeg(const char *path, const void *bytes, size_t n_bytes, ftdn_arena *arena,
                                     ftdn_picture *ret_picture, ftdn_error *err)
{
    ftdn_picture picture;
    int orientation = ftdn_jpeg_orientation(bytes, n_bytes);
    tjhandle jpeg = tjInitDecompress();
    if (!jpeg) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%s: tjInitDecompress: %s", path, tjGetErrorStr2(NULL));
    ftdn_status status = decode(jpeg, path, bytes, n_bytes, arena, &picture, err);
    tjDestroy(jpeg);
    if (status == FTDN_OK && orientation != 1)
        status = ftdn_picture_turn_upright(&picture, orientation, arena, &picture, err);
    if (status == FTDN_OK) *ret_picture = picture;
    return status;
}

/* Where an output pixel looks: two neighbouring inputs and the second one's weight of 2048. */
typedef struct tap {
    int first, second;
    int weight;
} tap;

/* The position is rounded to float before its weight is cut to 11 bits, as OpenCV does: without that
 * rounding two weights in a hundred would differ by 1/2048. */
static tap find_tap(int out, int n_out, int n_in)
{
    double scale = 1.0 / ((double)n_out / n_in);
    float position = (float)((out + 0.5) * scale - 0.5);
    float below = floorf(position);
    int first = (int)below;
    tap found = {first, first + 1, (int)lrintf((position - below) * (1 << WEIGHT_BITS))};
    if (first < 0) found.first = 0;
    if (found.second >= n_in) found.second = n_in - 1;
    if (found.first >= n_in) found.first = n_in - 1;
    return found;
}

void ftdn_picture_scale(const ftdn_picture *picture, int width, int height, uint8_t *scaled)
{
    assert(picture->width > 0 && picture->height > 0 && width > 0 && height > 0);
    const int one = 1 << WEIGHT_BITS;
    size_t in_row = (size_t)picture->width * 3, out_row = (size_t)width * 3;
    tap column[TILE];
    for (int tile = 0; tile < width; tile += TILE) {
        int n_columns = width - tile < TILE ? width - tile : TILE;
        for (int x = 0; x < n_columns; x++) column[x] = find_tap(tile + x, width, picture->width);
        for (int y = 0; y < height; y++) {
            tap row = find_tap(y, height, picture->height);
            const uint8_t *upper = picture->pixels + in_row * (size_t)row.first;
            const uint8_t *lower = picture->pixels + in_row * (size_t)row.second;
            uint8_t *out = scaled + out_row * (size_t)y + (size_t)tile * 3;
            for (int x = 0; x < n_columns; x++) {
                int left = column[x].first * 3, right = column[x].second * 3;
                int right_weight = column[x].weight, left_weight = one - right_weight;
                for (int c = 0; c < 3; c++) {
                    int above = upper[left + c] * left_weight + upper[right + c] * right_weight;
                    int below = lower[left + c] * left_weight + lower[right + c] * right_weight;
                    /* 8 + 11 + 11 bits, less 4, 16 and 2: OpenCV's steps and roundings. */
                    int sum = (((one - row.weight) * (above >> 4)) >> 16) + ((row.weight * (below >> 4)) >> 16);
                    *out++ = (uint8_t)((sum + 2) >> 2);
                }
            }
        }
    }
}

void ftdn_picture_resize(const ftdn_picture *picture, int size, uint8_t *resized)
{
    ftdn_picture_scale(picture, size, size, resized);
}

/* *ret_bytes is freed with tjFree. */
static ftdn_status compress(tjhandle jpeg, const ftdn_picture *picture, unsigned char **ret_bytes,
                            unsigned long *ret_n_bytes, ftdn_error *err)
{
    if (tjCompress2(jpeg, picture->pixels, picture->width, 0, picture->height, TJPF_RGB, ret_bytes, ret_n_bytes,
                    TJSAMP_444, JPEG_QUALITY, TJFLAG_ACCURATEDCT) == 0)
        return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "tjCompress2: %s (%d x %d pixels)", tjGetErrorStr2(jpeg), picture->width,
                     picture->height);
}

ftdn_status ftdn_picture_encode_jpeg(const ftdn_picture *picture, ftdn_arena *arena, unsigned char **ret_bytes,
                                     size_t *ret_n_bytes, ftdn_error *err)
{
    unsigned char *bytes = NULL, *copy = NULL;
    unsigned long n_bytes = 0;
    tjhandle jpeg = tjInitCompress();
    if (!jpeg) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "tjInitCompress: %s", tjGetErrorStr2(NULL));
    ftdn_status status = compress(jpeg, picture, &bytes, &n_bytes, err);
    if (status == FTDN_OK && !(copy = FTDN_NEW(arena, n_bytes, unsigned char, err))) status = FTDN_ERR_MEMORY;
    if (status == FTDN_OK) {
        memcpy(copy, bytes, n_bytes);
        *ret_bytes = copy;
        *ret_n_bytes = n_bytes;
    }
    tjFree(bytes);
    tjDestroy(jpeg);
    return status;
}

ftdn_status ftdn_jpeg_name_check(const char *path, ftdn_error *err)
{
    const char *dot = strrchr(path, '.');
    if (dot && (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0)) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_ARG, "the output '%s' must end in .jpg: it is written as JPEG", path);
}

ftdn_status ftdn_picture_write_jpeg(const char *path, const ftdn_picture *picture, ftdn_error *err)
{
    unsigned char *bytes;
    size_t n_bytes;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_status status = ftdn_picture_encode_jpeg(picture, &arena, &bytes, &n_bytes, err);
    if (status != FTDN_OK) ftdn_error_context(err, "%s", path);
    else status = ftdn_file_write_atomic(path, bytes, n_bytes, err);
    ftdn_arena_done(&arena);
    return status;
}
