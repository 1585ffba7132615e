#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

#include "datasets/grey.h"
#include "datasets/picture_formats.h"
#include "datasets/tiff_picture.h"
#include "tests/datasets/made_tiff.h"

enum { WIDTH = FTDN_MADE_TIFF_WIDTH, HEIGHT = FTDN_MADE_TIFF_HEIGHT, N_PIXELS = FTDN_MADE_TIFF_PIXELS };

/* Samples in the machine's order; of 8 bits in the low byte. */
static void fill(uint16_t *samples, int n_samples, int bits)
{
    uint32_t state = 777;
    for (int i = 0; i < n_samples; i++) {
        state = state * 1664525u + 1013904223u;
        samples[i] = (uint16_t)(state >> (32 - bits));
    }
}

static void every_kind_of_tiff_becomes_rgb_of_8_bits(void **state)
{
    (void)state;
    for (int k = 0; k < FTDN_MADE_TIFF_KINDS; k++) {
        ftdn_arena arena;
        ftdn_error err = {0};
        ftdn_arena_init(&arena);
        uint16_t samples[N_PIXELS * 3];
        uint8_t wanted[N_PIXELS * 3];
        size_t n_bytes;
        int width, height, channels = ftdn_made_tiff_kind[k].channels;
        fill(samples, N_PIXELS * channels, ftdn_made_tiff_kind[k].bits);
        char *bytes = ftdn_made_tiff_encode(&ftdn_made_tiff_kind[k], samples, &arena, &n_bytes);
        if (ftdn_made_tiff_kind[k].bits == 16 && channels == 1)
            FTDN_ASSERT_OK(ftdn_grey_stretch_16(samples, N_PIXELS, &arena, wanted, &err), err);
        for (int i = 0; i < 3 * N_PIXELS; i++) {
            if (ftdn_made_tiff_kind[k].bits == 8) wanted[i] = (uint8_t)samples[channels == 1 ? i / 3 : i];
            else if (channels == 3) wanted[i] = (uint8_t)(samples[i] / 257.0 + 0.5);
        }
        ftdn_picture picture;
        FTDN_ASSERT_OK(ftdn_picture_read_size("a.tif", bytes, n_bytes, &width, &height, &err), err);
        FTDN_ASSERT_OK(ftdn_picture_decode("a.tif", bytes, n_bytes, &arena, &picture, &err), err);
        assert_true(width == WIDTH && height == HEIGHT && picture.width == WIDTH && picture.height == HEIGHT);
        assert_memory_equal(picture.pixels, wanted, sizeof wanted);
        ftdn_arena_done(&arena);
    }
}

static void kinds_that_are_not_read_are_named(void **state)
{
    (void)state;
    static const struct {
        ftdn_made_tiff made;
        const char *message;
    } cases[] = {
        {{16, 1, COMPRESSION_NONE, PHOTOMETRIC_MINISWHITE, false, 9}, "a TIFF of 1 channels of 16 bits, colours 0, "},
        {{8, 3, COMPRESSION_NONE, PHOTOMETRIC_YCBCR, false, 9}, "colours 6, compression 1; grey and RGB of 8 or 16"},
        {{1, 1, COMPRESSION_CCITTFAX4, PHOTOMETRIC_MINISBLACK, false, 9}, "1 bits, colours 1, compression 4; "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ftdn_arena arena;
        ftdn_error err = {0};
        size_t n_bytes;
        ftdn_picture picture;
        uint16_t samples[N_PIXELS * 3] = {0};
        ftdn_arena_init(&arena);
        char *bytes = ftdn_made_tiff_encode(&cases[i].made, samples, &arena, &n_bytes);
        FTDN_ASSERT_FAILS(ftdn_tiff_decode("a.tif", bytes, n_bytes, &arena, &picture, &err), FTDN_ERR_INPUT,
                          cases[i].message, err);
        ftdn_arena_done(&arena);
    }
}

/* In a copy of just this size, so that a sanitizer sees what is read beyond it. */
static ftdn_status decode_exactly(const char *bytes, size_t n_bytes, ftdn_error *err)
{
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_picture picture;
    int width, height;
    char *copy = malloc(n_bytes ? n_bytes : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, n_bytes);
    ftdn_status size_status = ftdn_tiff_read_size("bad.tif", copy, n_bytes, &width, &height, NULL);
    ftdn_status status = ftdn_tiff_decode("bad.tif", copy, n_bytes, &arena, &picture, err);
    if (status == FTDN_OK) {
        assert_int_equal(size_status, FTDN_OK);
        assert_true(picture.width == width && picture.height == height);
    } else {
        assert_int_equal(status, FTDN_ERR_INPUT);
        assert_int_equal(strncmp(err->message, "bad.tif: ", 9), 0);
    }
    free(copy);
    ftdn_arena_done(&arena);
    return status;
}

static void cut_and_changed_files_are_refused_or_do_no_harm(void **state)
{
    (void)state;
    static const uint8_t changes[] = {0x01, 0x80, 0xff, 0x20};
    for (int k = 0; k < FTDN_MADE_TIFF_KINDS; k++) {
        ftdn_arena arena;
        ftdn_error err = {0};
        size_t n_bytes;
        uint16_t samples[N_PIXELS * 3];
        ftdn_arena_init(&arena);
        fill(samples, N_PIXELS * ftdn_made_tiff_kind[k].channels, ftdn_made_tiff_kind[k].bits);
        char *bytes = ftdn_made_tiff_encode(&ftdn_made_tiff_kind[k], samples, &arena, &n_bytes);
        FTDN_ASSERT_OK(decode_exactly(bytes, n_bytes, &err), err);
        /* The directory stands behind the rows, at its end an address of the next one, which may be missing. */
        for (size_t n = 0; n < n_bytes - 4; n++) assert_int_equal(decode_exactly(bytes, n, &err), FTDN_ERR_INPUT);
        for (size_t i = 0; i < n_bytes; i++) {
            for (size_t c = 0; c < sizeof changes; c++) {
                bytes[i] = (char)(bytes[i] ^ changes[c]);
                (void)decode_exactly(bytes, n_bytes, &err);
                bytes[i] = (char)(bytes[i] ^ changes[c]);
            }
        }
        ftdn_arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_tiff_becomes_rgb_of_8_bits),
        cmocka_unit_test(kinds_that_are_not_read_are_named),
        cmocka_unit_test(cut_and_changed_files_are_refused_or_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
