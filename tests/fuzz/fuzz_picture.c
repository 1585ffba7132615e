/* fuzz_picture.c - pictures of all formats: the size in the head is that of the pixels. */
#include <string.h>

#include "base/size.h"
#include "datasets/picture_formats.h"
#include "datasets/png_picture.h"
#include "tests/datasets/made_png.h"
#include "tests/datasets/made_tiff.h"
#include "tests/support/crc32.h"
#include "tests/fuzz/fuzz.h"

/* A picture over this is not decoded here: that it may take seconds is no mistake. */
#define MOST_PIXELS (1 << 20)

static void check_pixels(const ftdn_picture *picture)
{
    unsigned sum = 0;
    size_t n_bytes = (size_t)picture->width * (size_t)picture->height * 3;
    for (size_t i = 0; i < n_bytes; i++) sum += picture->pixels[i];
    FTDN_FUZZ_CHECK(sum <= 255 * n_bytes);
}

static void read_picture(char *bytes, size_t n_bytes)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_picture picture;
    int width = 0, height = 0;
    ftdn_arena_init(&arena);
    ftdn_status status = ftdn_picture_read_size("a.jpg", bytes, n_bytes, &width, &height, &err);
    bool has_size = ftdn_fuzz_is_read(status, &err, "a.jpg");
    if (has_size) {
        FTDN_FUZZ_CHECK(width > 0 && width <= FTDN_PICTURE_MAX_SIDE && height > 0 && height <= FTDN_PICTURE_MAX_SIDE);
        if (width * height <= MOST_PIXELS) {
            status = ftdn_picture_decode("a.jpg", bytes, n_bytes, &arena, &picture, &err);
            if (ftdn_fuzz_is_read(status, &err, "a.jpg")) {
                FTDN_FUZZ_CHECK(picture.width == width && picture.height == height);
                check_pixels(&picture);
            }
        }
    }
    ftdn_arena_done(&arena);
}

static void add_png(ftdn_fuzz_corpus *corpus, int bits, int channels, bool has_palette, bool is_interlaced)
{
    ftdn_arena arena;
    uint16_t samples[9 * 7 * 4];
    size_t n_bytes;
    ftdn_arena_init(&arena);
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) samples[i] = (uint16_t)(i * 77 % (1u << bits));
    const ftdn_made_png made = {.width = 9, .height = 7, .bits = bits, .channels = channels, .samples = samples,
                                .has_palette = has_palette, .is_interlaced = is_interlaced};
    const uint8_t *bytes = ftdn_made_png_encode(&made, &arena, &n_bytes);
    ftdn_fuzz_add_seed(corpus, bytes, n_bytes);
    ftdn_arena_done(&arena);
}

static void add_tiff(ftdn_fuzz_corpus *corpus, const ftdn_made_tiff *made)
{
    ftdn_arena arena;
    uint16_t samples[FTDN_MADE_TIFF_PIXELS * 3];
    size_t n_bytes;
    ftdn_arena_init(&arena);
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) samples[i] = (uint16_t)(i * 999);
    const char *bytes = ftdn_made_tiff_encode(made, samples, &arena, &n_bytes);
    ftdn_fuzz_add_seed(corpus, bytes, n_bytes);
    ftdn_arena_done(&arena);
}

static void add_jpeg(ftdn_fuzz_corpus *corpus)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    unsigned char *bytes;
    size_t n_bytes;
    uint8_t pixels[20 * 10 * 3];
    ftdn_arena_init(&arena);
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 13);
    const ftdn_picture picture = {.width = 20, .height = 10, .pixels = pixels};
    if (ftdn_picture_encode_jpeg(&picture, &arena, &bytes, &n_bytes, &err) != FTDN_OK)
        ftdn_fuzz_fail("%s", err.message);
    ftdn_fuzz_add_seed(corpus, bytes, n_bytes);
    ftdn_arena_done(&arena);
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    add_png(corpus, 8, 3, false, false);
    add_png(corpus, 16, 1, false, true);
    add_png(corpus, 16, 4, false, false);
    add_png(corpus, 2, 1, true, true);
    add_png(corpus, 1, 1, false, false);
    for (int k = 0; k < FTDN_MADE_TIFF_KINDS; k++) add_tiff(corpus, &ftdn_made_tiff_kind[k]);
    add_jpeg(corpus);
}

static uint32_t read_big_endian(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* The CRC of each chunk of a PNG: over its type and its data. */
static void mend(char *bytes, size_t n_bytes)
{
    if (!ftdn_is_png(bytes, n_bytes)) return;
    for (size_t at = 8; at + 12 <= n_bytes;) {
        size_t n_data = read_big_endian(bytes + at);
        if (n_data > n_bytes - at - 12) return;
        uint32_t crc = ftdn_test_crc32(bytes + at + 4, n_data + 4);
        for (int i = 0; i < 4; i++) bytes[at + 8 + n_data + (size_t)i] = (char)(crc >> (24 - 8 * i));
        at += 12 + n_data;
    }
}

static const char *const words[] = {
    "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "iCCP", "sBIT", "acTL", "II*", "MM", "\xff\xd8", "\xff\xc0",
    "\xff\xc2", "\xff\xc4", "\xff\xda", "\xff\xdb", "\xff\xdd", "\xff\xd9", "\xff\xee", "JFIF", "Adobe", NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {.name = "picture",
                                                        .max_bytes = 4096,
                                                        .read = read_picture,
                                                        .add_seeds = add_seeds,
                                                        .word = words,
                                                        .mend = mend};
