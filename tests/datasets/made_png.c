#include "tests/datasets/made_png.h"

#include <string.h>

#include <png.h>

#include "tests/support/support.h"

typedef struct sink {
    ftdn_arena *arena;
    uint8_t *bytes;
    size_t n_bytes, capacity;
} sink;

static void *allocate(ftdn_arena *arena, size_t n_bytes)
{
    void *memory = ftdn_arena_alloc(arena, n_bytes, 1, NULL);
    assert_non_null(memory);
    return memory;
}

static void on_write(png_structp png, png_bytep bytes, size_t n_bytes)
{
    sink *target = png_get_io_ptr(png);
    if (target->n_bytes + n_bytes > target->capacity) {
        size_t capacity = 2 * (target->n_bytes + n_bytes);
        uint8_t *larger = allocate(target->arena, capacity);
        if (target->n_bytes) memcpy(larger, target->bytes, target->n_bytes);
        target->bytes = larger;
        target->capacity = capacity;
    }
    memcpy(target->bytes + target->n_bytes, bytes, n_bytes);
    target->n_bytes += n_bytes;
}

static void on_error(png_structp png, png_const_charp message)
{
    (void)png;
    fail_msg("libpng cannot write: %s", message);
}

static void write_header(png_structp png, png_infop info, const ftdn_made_png *picture)
{
    static const int colours[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GA, PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGBA};
    png_set_IHDR(png, info, (png_uint_32)picture->width, (png_uint_32)picture->height, picture->bits,
                 picture->has_palette ? PNG_COLOR_TYPE_PALETTE : colours[picture->channels],
                 picture->is_interlaced ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (picture->has_palette) {
        png_color palette[256];
        int n_colours = 1 << picture->bits;
        for (int i = 0; i < n_colours; i++) palette[i] = (png_color){(png_byte)i, (png_byte)(255 - i), 7};
        png_set_PLTE(png, info, palette, n_colours);
    }
    png_write_info(png, info);
}

/* One row as the file has it: samples of less than 8 bits packed, the first in the highest bits. */
static void pack_row(const ftdn_made_png *picture, const uint16_t *samples, uint8_t *row)
{
    int n_samples = picture->width * picture->channels;
    for (int i = 0; i < n_samples; i++) {
        int bit = i * picture->bits;
        if (picture->bits == 16) {
            row[2 * i] = (uint8_t)(samples[i] >> 8);
            row[2 * i + 1] = (uint8_t)samples[i];
        } else {
            row[bit / 8] = (uint8_t)(row[bit / 8] | samples[i] << (8 - picture->bits - bit % 8));
        }
    }
}

uint8_t *ftdn_made_png_encode(const ftdn_made_png *picture, ftdn_arena *arena, size_t *ret_n_bytes)
{
    sink target = {.arena = arena};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, NULL);
    assert_non_null(png);
    png_infop info = png_create_info_struct(png);
    assert_non_null(info);
    png_set_write_fn(png, &target, on_write, NULL);
    write_header(png, info, picture);
    size_t height = (size_t)picture->height, row_samples = (size_t)picture->width * (size_t)picture->channels;
    size_t row_bytes = (row_samples * (size_t)picture->bits + 7) / 8;
    png_bytep *rows = allocate(arena, height * sizeof *rows);
    for (size_t y = 0; y < height; y++) {
        rows[y] = allocate(arena, row_bytes);
        pack_row(picture, picture->samples + y * row_samples, rows[y]);
    }
    png_write_image(png, rows);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    *ret_n_bytes = target.n_bytes;
    return target.bytes;
}
