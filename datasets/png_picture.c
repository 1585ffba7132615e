#include "datasets/png_picture.h"

#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

#include "datasets/grey.h"
#include "datasets/picture_reader.h"

#define SIGNATURE_BYTES 8
#define LARGEST_CHUNK ((size_t)8 << 20) /* of what stands beside the image data */
#define BEST_DEFLATE 1032               /* bytes that one compressed byte becomes at most */

/* A file that is being read. What libpng's long jumps pass over is here, and nowhere else. */
typedef struct png_reader {
    ftdn_picture_reader base;
    size_t at;
    png_structp png;
    png_infop info;
    char message[160]; /* libpng's, of the failure */
    bool is_grey_16;
    size_t row_bytes; /* as rows are delivered: RGB of 8 bits, or grey of 16 */
} png_reader;

static void on_read(png_structp png, png_bytep target, size_t n_bytes)
{
    png_reader *reader = png_get_io_ptr(png);
    if (n_bytes > reader->base.n_bytes - reader->at) png_error(png, "the file ends too early");
    memcpy(target, reader->base.bytes + reader->at, n_bytes);
    reader->at += n_bytes;
}

static void on_error(png_structp png, png_const_charp message)
{
    png_reader *reader = png_get_error_ptr(png);
    snprintf(reader->message, sizeof reader->message, "%s", message);
    png_longjmp(png, 1);
}

/* Of what stands beside the image: a picture is not refused for an odd colour profile. */
static void on_warning(png_structp png, png_const_charp message)
{
    (void)png, (void)message;
}

static ftdn_status fail_png(const png_reader *reader, ftdn_error *err)
{
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: unreadable PNG: %s", reader->base.path, reader->message);
}

static ftdn_status create(png_reader *reader, ftdn_error *err)
{
    reader->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, reader, on_error, on_warning);
    if (reader->png) reader->info = png_create_info_struct(reader->png);
    if (!reader->info) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%s: out of memory for libpng", reader->base.path);
    png_set_read_fn(reader->png, reader, on_read);
    png_set_chunk_malloc_max(reader->png, LARGEST_CHUNK);
    png_set_keep_unknown_chunks(reader->png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    return FTDN_OK;
}

/* The header, and how rows will be delivered. */
static ftdn_status read_header(png_reader *reader, ftdn_error *err)
{
    if (setjmp(png_jmpbuf(reader->png))) return fail_png(reader, err);
    png_read_info(reader->png, reader->info);
    png_uint_32 width = png_get_image_width(reader->png, reader->info);
    png_uint_32 height = png_get_image_height(reader->png, reader->info);
    FTDN_TRY(ftdn_picture_reader_set_size(&reader->base, width, height, err));
    int colours = png_get_color_type(reader->png, reader->info);
    bool is_16 = png_get_bit_depth(reader->png, reader->info) == 16;
    reader->is_grey_16 = is_16 && !(colours & PNG_COLOR_MASK_COLOR);
    size_t shortest_row = png_get_rowbytes(reader->png, reader->info);
    if (shortest_row * height / BEST_DEFLATE > reader->base.n_bytes)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: unreadable PNG: %zu bytes cannot hold %d x %d pixels",
                         reader->base.path, reader->base.n_bytes, reader->base.width, reader->base.height);
    png_set_expand(reader->png); /* palettes to RGB, few bits to 8 */
    png_set_strip_alpha(reader->png);
    if (reader->is_grey_16) {
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        png_set_swap(reader->png);
#endif
    } else {
        if (is_16) png_set_scale_16(reader->png);
        png_set_gray_to_rgb(reader->png);
    }
    png_set_interlace_handling(reader->png);
    png_read_update_info(reader->png, reader->info);
    reader->row_bytes = png_get_rowbytes(reader->png, reader->info);
    return FTDN_OK;
}

/* rows: [height], of row_bytes each. */
static ftdn_status read_rows(png_reader *reader, png_bytep *rows, ftdn_error *err)
{
    if (setjmp(png_jmpbuf(reader->png))) return fail_png(reader, err);
    png_read_image(reader->png, rows);
    png_read_end(reader->png, NULL);
    return FTDN_OK;
}

static ftdn_status read_pixels(ftdn_picture_reader *base, ftdn_arena *arena, uint8_t *pixels, ftdn_error *err)
{
    png_reader *reader = (png_reader *)base;
    size_t width = (size_t)reader->base.width, height = (size_t)reader->base.height;
    size_t wanted = width * (reader->is_grey_16 ? sizeof(uint16_t) : 3);
    if (reader->row_bytes != wanted)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: unreadable PNG: rows of %zu bytes instead of %zu", reader->base.path,
                         reader->row_bytes, wanted);
    png_bytep *rows = FTDN_NEW(arena, height, png_bytep, err);
    uint16_t *samples = rows && reader->is_grey_16 ? FTDN_NEW(arena, width * height, uint16_t, err) : NULL;
    if (!rows || (reader->is_grey_16 && !samples)) return FTDN_ERR_MEMORY;
    uint8_t *target = reader->is_grey_16 ? (uint8_t *)samples : pixels;
    for (size_t y = 0; y < height; y++) rows[y] = target + y * reader->row_bytes;
    FTDN_TRY(read_rows(reader, rows, err));
    if (!reader->is_grey_16) return FTDN_OK;
    return ftdn_grey_stretch_16(samples, width * height, arena, pixels, err);
}

static ftdn_status open_png(ftdn_picture_reader *base, ftdn_error *err)
{
    png_reader *reader = (png_reader *)base;
    FTDN_TRY(create(reader, err));
    return read_header(reader, err);
}

static void close_png(ftdn_picture_reader *base)
{
    png_reader *reader = (png_reader *)base;
    png_destroy_read_struct(&reader->png, &reader->info, NULL);
}

static const ftdn_picture_format png_format = {open_png, read_pixels, close_png};

bool ftdn_is_png(const void *bytes, size_t n_bytes)
{
    return n_bytes >= SIGNATURE_BYTES && png_sig_cmp(bytes, 0, SIGNATURE_BYTES) == 0;
}

ftdn_status ftdn_png_read_size(const char *path, const void *bytes, size_t n_bytes, int *ret_width, int *ret_height,
                               ftdn_error *err)
{
    png_reader reader = {.base = {.path = path, .bytes = bytes, .n_bytes = n_bytes}};
    return ftdn_picture_reader_size(&reader.base, &png_format, ret_width, ret_height, err);
}

ftdn_status ftdn_png_decode(const char *path, const void *bytes, size_t n_bytes, ftdn_arena *arena,
                            ftdn_picture *ret_picture, ftdn_error *err)
{
    png_reader reader = {.base = {.path = path, .bytes = bytes, .n_bytes = n_bytes}};
    return ftdn_picture_reader_decode(&reader.base, &png_format, arena, ret_picture, err);
}
