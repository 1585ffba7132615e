#include "tests/support/support.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "datasets/grey.h"
#include "datasets/picture_formats.h"
#include "datasets/png_picture.h"
#include "tests/datasets/made_png.h"
#include "tests/support/crc32.h"

enum { WIDTH = 13, HEIGHT = 9, N_PIXELS = WIDTH * HEIGHT };

/* Samples that use the whole range of their bits, no two neighbours alike. */
static void fill(uint16_t *samples, int n_samples, int bits)
{
    uint32_t state = 12345;
    for (int i = 0; i < n_samples; i++) {
        state = state * 1664525u + 1013904223u;
        samples[i] = (uint16_t)(state >> (32 - bits));
    }
}

/* The picture of 13 x 9 pixels that a file of these samples is decoded to. */
static ftdn_picture decode(const ftdn_made_png *made, ftdn_arena *arena)
{
    ftdn_error err = {0};
    size_t n_bytes;
    int width = 0, height = 0;
    ftdn_picture picture = {0};
    uint8_t *bytes = ftdn_made_png_encode(made, arena, &n_bytes);
    FTDN_ASSERT_OK(ftdn_picture_read_size("a.png", bytes, n_bytes, &width, &height, &err), err);
    FTDN_ASSERT_OK(ftdn_picture_decode("a.png", bytes, n_bytes, arena, &picture, &err), err);
    assert_int_equal(width, WIDTH);
    assert_int_equal(height, HEIGHT);
    assert_int_equal(picture.width, WIDTH);
    assert_int_equal(picture.height, HEIGHT);
    return picture;
}

/* What the documentation says of a sample, but for 16 bits of grey. */
static int expected_level(const ftdn_made_png *made, int pixel, int channel)
{
    const uint16_t *at = made->samples + (size_t)pixel * (size_t)made->channels;
    if (made->has_palette) return channel == 0 ? at[0] : channel == 1 ? 255 - at[0] : 7;
    int sample = at[made->channels < 3 ? 0 : channel], most = (1 << made->bits) - 1;
    return (2 * 255 * sample + most) / (2 * most);
}

static void every_kind_of_png_becomes_rgb_of_8_bits(void **state)
{
    (void)state;
    static const struct {
        int bits, channels;
        bool has_palette;
    } kinds[] = {
        {1, 1, false}, {2, 1, false}, {4, 1, false}, {8, 1, false},  {8, 2, false}, {8, 3, false},
        {8, 4, false}, {1, 1, true},  {4, 1, true},  {8, 1, true},   {16, 3, false}, {16, 4, false},
    };
    uint16_t samples[N_PIXELS * 4];
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (int interlaced = 0; interlaced < 2; interlaced++) {
            ftdn_arena arena;
            ftdn_arena_init(&arena);
            fill(samples, N_PIXELS * kinds[k].channels, kinds[k].bits);
            const ftdn_made_png made = {WIDTH, HEIGHT, kinds[k].bits, kinds[k].channels, kinds[k].has_palette,
                                        interlaced, samples};
            ftdn_picture picture = decode(&made, &arena);
            for (int i = 0; i < N_PIXELS; i++) {
                for (int c = 0; c < 3; c++) {
                    int level = picture.pixels[3 * i + c], wanted = expected_level(&made, i, c);
                    if (level != wanted)
                        fail_msg("%d bits, %d channels, pixel %d, channel %d: %d, not %d", made.bits, made.channels, i,
                                 c, level, wanted);
                }
            }
            ftdn_arena_done(&arena);
        }
    }
}

static int compare_samples(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* The rule of grey.h, by sorting and in real numbers. */
static void check_stretch(const uint16_t *samples, int n_samples, const uint8_t *pixels)
{
    uint16_t *sorted = malloc((size_t)n_samples * sizeof *sorted);
    assert_non_null(sorted);
    memcpy(sorted, samples, (size_t)n_samples * sizeof *sorted);
    qsort(sorted, (size_t)n_samples, sizeof *sorted, compare_samples);
    int n_beyond = n_samples / 100;
    double low = sorted[n_beyond], high = sorted[n_samples - 1 - n_beyond];
    for (int i = 0; i < n_samples; i++) {
        double level = samples[i] <= low ? 0 : samples[i] >= high ? 255 : 255 * (samples[i] - low) / (high - low);
        for (int c = 0; c < 3; c++) assert_int_equal(pixels[3 * i + c], (int)(level + 0.5));
    }
    free(sorted);
}

static void grey_of_16_bits_is_stretched_between_its_quantiles(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_error err = {0};
    uint16_t samples[N_PIXELS];
    ftdn_arena_init(&arena);
    /* Counts of a thermal camera: a narrow band, one hot and one dead pixel. */
    fill(samples, N_PIXELS, 9);
    for (int i = 0; i < N_PIXELS; i++) samples[i] = (uint16_t)(21000 + samples[i]);
    samples[40] = 65535;
    samples[77] = 0;
    for (int interlaced = 0; interlaced < 2; interlaced++) {
        const ftdn_made_png made = {WIDTH, HEIGHT, 16, 1, false, interlaced, samples};
        ftdn_picture picture = decode(&made, &arena);
        check_stretch(samples, N_PIXELS, picture.pixels);
        assert_int_equal(picture.pixels[3 * 40], 255);
        assert_int_equal(picture.pixels[3 * 77], 0);
    }
    enum { MANY = 100000 };
    uint16_t *many = FTDN_NEW(&arena, MANY, uint16_t, NULL);
    uint8_t *pixels = FTDN_NEW(&arena, 3 * MANY, uint8_t, NULL);
    assert_true(many && pixels);
    for (int bits = 1; bits <= 16; bits++) {
        fill(many, MANY, bits);
        FTDN_ASSERT_OK(ftdn_grey_stretch_16(many, MANY, &arena, pixels, &err), err);
        check_stretch(many, MANY, pixels);
    }
    ftdn_arena_done(&arena);
}

static void a_flat_picture_is_black_but_for_what_is_hotter(void **state)
{
    (void)state;
    ftdn_arena arena;
    uint16_t samples[N_PIXELS];
    ftdn_arena_init(&arena);
    for (int i = 0; i < N_PIXELS; i++) samples[i] = 30000;
    samples[5] = 30001;
    const ftdn_made_png made = {WIDTH, HEIGHT, 16, 1, false, false, samples};
    ftdn_picture picture = decode(&made, &arena);
    for (int i = 0; i < N_PIXELS; i++) assert_int_equal(picture.pixels[3 * i], i == 5 ? 255 : 0);
    ftdn_arena_done(&arena);
}

/* Each kind of reading has a file here. */
static const ftdn_made_png corpus_kinds[] = {
    {WIDTH, HEIGHT, 16, 1, false, false, NULL}, {WIDTH, HEIGHT, 16, 3, false, true, NULL},
    {WIDTH, HEIGHT, 8, 4, false, false, NULL},  {WIDTH, HEIGHT, 4, 1, true, true, NULL},
    {WIDTH, HEIGHT, 1, 1, false, false, NULL},
};
enum { N_KINDS = sizeof corpus_kinds / sizeof *corpus_kinds };

static uint8_t *corpus_file(int kind, ftdn_arena *arena, size_t *ret_n_bytes)
{
    uint16_t samples[N_PIXELS * 4];
    ftdn_made_png made = corpus_kinds[kind];
    made.samples = samples;
    fill(samples, N_PIXELS * made.channels, made.bits);
    return ftdn_made_png_encode(&made, arena, ret_n_bytes);
}

/* In a copy of just this size, so that a sanitizer sees what is read beyond it. */
static ftdn_status decode_exactly(const uint8_t *bytes, size_t n_bytes, ftdn_error *err)
{
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_picture picture;
    int width, height;
    uint8_t *copy = malloc(n_bytes ? n_bytes : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, n_bytes);
    ftdn_status size_status = ftdn_png_read_size("bad.png", copy, n_bytes, &width, &height, NULL);
    ftdn_status status = ftdn_png_decode("bad.png", copy, n_bytes, &arena, &picture, err);
    if (status == FTDN_OK) {
        assert_int_equal(size_status, FTDN_OK);
        assert_true(picture.width == width && picture.height == height);
    } else {
        assert_int_equal(status, FTDN_ERR_INPUT);
        assert_int_equal(strncmp(err->message, "bad.png: ", 9), 0);
    }
    free(copy);
    ftdn_arena_done(&arena);
    return status;
}

static void a_file_that_is_cut_at_any_byte_is_refused(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_KINDS; kind++) {
        ftdn_arena arena;
        ftdn_error err = {0};
        size_t n_bytes;
        ftdn_arena_init(&arena);
        uint8_t *bytes = corpus_file(kind, &arena, &n_bytes);
        for (size_t n = 0; n < n_bytes; n++) assert_int_equal(decode_exactly(bytes, n, &err), FTDN_ERR_INPUT);
        FTDN_ASSERT_OK(decode_exactly(bytes, n_bytes, &err), err);
        ftdn_arena_done(&arena);
    }
}

static void changed_bytes_are_refused_or_do_no_harm(void **state)
{
    (void)state;
    static const uint8_t changes[] = {0x01, 0x80, 0xff, 0x20};
    int n_refused = 0, n_tried = 0;
    for (int kind = 0; kind < N_KINDS; kind++) {
        ftdn_arena arena;
        size_t n_bytes;
        ftdn_arena_init(&arena);
        uint8_t *bytes = corpus_file(kind, &arena, &n_bytes);
        for (size_t i = 0; i < n_bytes; i++) {
            for (size_t c = 0; c < sizeof changes; c++) {
                ftdn_error err = {0};
                bytes[i] ^= changes[c];
                n_refused += decode_exactly(bytes, n_bytes, &err) != FTDN_OK;
                n_tried++;
                bytes[i] ^= changes[c];
            }
        }
        ftdn_arena_done(&arena);
    }
    /* Every chunk has a checksum: but for those beside the image nothing that is changed passes. */
    assert_true(n_refused * 20 > n_tried * 19);
}

static void put_32(uint8_t *target, uint32_t value)
{
    for (int i = 0; i < 4; i++) target[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void a_header_that_promises_too_much_is_refused(void **state)
{
    (void)state;
    static const struct {
        uint32_t width, height;
        const char *message;
    } cases[] = {
        {16384, 16384, "bad.png: unreadable PNG: "},
        {16385, 1, "bad.png: 16385 x 1 pixels: more than 16384 on a side"},
        {1, 20000, "bad.png: 1 x 20000 pixels: more than 16384 on a side"},
        {0, 9, "bad.png: unreadable PNG: "},
        {13, 0x80000000, "bad.png: unreadable PNG: "},
        {14, 9, "bad.png: unreadable PNG: "},
    };
    ftdn_arena arena;
    size_t n_bytes;
    ftdn_arena_init(&arena);
    uint8_t *bytes = corpus_file(0, &arena, &n_bytes);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ftdn_error err = {0};
        put_32(bytes + 16, cases[i].width);
        put_32(bytes + 20, cases[i].height);
        put_32(bytes + 29, ftdn_test_crc32((const char *)bytes + 12, 17));
        FTDN_ASSERT_FAILS(decode_exactly(bytes, n_bytes, &err), FTDN_ERR_INPUT, cases[i].message, err);
    }
    ftdn_arena_done(&arena);
}

static void a_refused_allocation_is_an_error(void **state)
{
    (void)state;
    ftdn_arena files;
    size_t n_bytes;
    ftdn_arena_init(&files);
    uint8_t *bytes = corpus_file(0, &files, &n_bytes);
    ftdn_status status = FTDN_ERR_MEMORY;
    int n_good = 0;
    for (; status == FTDN_ERR_MEMORY; n_good++) {
        ftdn_arena arena;
        ftdn_error err = {0};
        ftdn_picture picture = {0};
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, n_good);
        status = ftdn_png_decode("a.png", bytes, n_bytes, &arena, &picture, &err);
        assert_true((status == FTDN_OK) == (picture.pixels != NULL));
        ftdn_arena_done(&arena);
    }
    assert_int_equal(status, FTDN_OK);
    assert_true(n_good > 4);
    ftdn_arena_done(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_png_becomes_rgb_of_8_bits),
        cmocka_unit_test(grey_of_16_bits_is_stretched_between_its_quantiles),
        cmocka_unit_test(a_flat_picture_is_black_but_for_what_is_hotter),
        cmocka_unit_test(a_file_that_is_cut_at_any_byte_is_refused),
        cmocka_unit_test(changed_bytes_are_refused_or_do_no_harm),
        cmocka_unit_test(a_header_that_promises_too_much_is_refused),
        cmocka_unit_test(a_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
