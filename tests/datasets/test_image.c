#include "tests/support/arena_per_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <turbojpeg.h>

#include "base/file.h"
#include "datasets/image.h"

#define LARGEST ((size_t)1 << 30)

static ftdn_picture load_picture(const char *path)
{
    char *bytes;
    size_t n_bytes;
    ftdn_picture picture;
    FTDN_ASSERT_OK(ftdn_file_load(path, LARGEST, &arena, &bytes, &n_bytes, &err), err);
    FTDN_ASSERT_OK(ftdn_picture_decode_jpeg(path, bytes, n_bytes, &arena, &picture, &err), err);
    return picture;
}

/* A smooth picture: JPEG keeps it within a few grey levels. */
static ftdn_picture smooth_picture(int width, int height)
{
    uint8_t *pixels = ftdn_arena_alloc(&arena, (size_t)width * (size_t)height, 3, NULL);
    assert_non_null(pixels);
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            uint8_t *at = pixels + ((size_t)y * (size_t)width + (size_t)x) * 3;
            at[0] = (uint8_t)(40 + 150 * x / width);
            at[1] = (uint8_t)(200 - 120 * y / height);
            at[2] = (uint8_t)(60 + 80 * (x + y) / (width + height));
        }
    }
    return (ftdn_picture){width, height, pixels};
}

/* The smooth picture as JPEG bytes in a given pixel format and subsampling. */
static unsigned char *encode(int format, int subsampling, unsigned long *ret_n_bytes)
{
    ftdn_picture picture = smooth_picture(64, 48);
    unsigned char *bytes = NULL;
    unsigned long n_bytes = 0;
    tjhandle jpeg = tjInitCompress();
    assert_int_equal(tjCompress2(jpeg, picture.pixels, 64 * 3 / tjPixelSize[format], 0, 48, format, &bytes, &n_bytes,
                                 subsampling, 95, 0),
                     0);
    unsigned char *copy = ftdn_arena_alloc(&arena, n_bytes, 1, NULL);
    assert_non_null(copy);
    memcpy(copy, bytes, n_bytes);
    tjFree(bytes);
    tjDestroy(jpeg);
    *ret_n_bytes = n_bytes;
    return copy;
}

/* golden/real: made by OpenCV (libjpeg-turbo, cv2.resize INTER_LINEAR), RGB planes of (v - 128) / 128. */
static void the_networks_input_equals_opencvs_in_every_byte(void **state)
{
    (void)state;
    static const char *const names[] = {"000021", "000023"};
    for (int i = 0; i < 2; i++) {
        ftdn_test_require_shared();
        const char *jpeg = ftdn_arena_format(&arena, NULL, "data/VOC2007-mini/JPEGImages/%s.jpg", names[i]);
        const char *npy = ftdn_arena_format(&arena, NULL, "golden/real/%s.input.npy", names[i]);
        ftdn_picture picture = load_picture(ftdn_test_shared_path(&arena, jpeg));
        ftdn_test_npy golden = ftdn_test_load_npy(&arena, ftdn_test_shared_path(&arena, npy));
        assert_int_equal(golden.n_elements, 3 * 300 * 300);
        uint8_t *resized = ftdn_arena_alloc(&arena, 300 * 300, 3, NULL);
        ftdn_picture_resize(&picture, 300, resized);
        for (int k = 0; k < 300 * 300 * 3; k++) {
            float expected = golden.values[k % 3 * 90000 + k / 3];
            if (((float)resized[k] - 128) / 128 != expected) {
                fail_msg("%s, byte %d: %d, OpenCV has %g", names[i], k, resized[k], (double)expected * 128 + 128);
            }
        }
    }
}

static void a_picture_of_the_wanted_size_is_not_changed(void **state)
{
    (void)state;
    uint8_t resized[70 * 70 * 3]; /* more than one tile of columns */
    ftdn_picture picture = smooth_picture(70, 70);
    ftdn_picture_resize(&picture, 70, resized);
    assert_memory_equal(resized, picture.pixels, sizeof resized);
}

/* Against the definition in double: fixed point is off by half a level and its own truncations, below one in all. */
static void resizing_follows_the_bilinear_definition(void **state)
{
    (void)state;
    static const int shapes[][3] = {{1, 1, 5},       {2, 1, 3},   {7, 500, 64}, {500, 7, 65},
                                    {333, 500, 130}, {3, 2, 129}, {40, 30, 1}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        int width = shapes[i][0], height = shapes[i][1], size = shapes[i][2];
        ftdn_picture picture = smooth_picture(width, height);
        uint32_t noise = 1;
        for (int k = 0; k < width * height * 3; k++) {
            noise = noise * 1664525u + 1013904223u;
            picture.pixels[k] = (uint8_t)(noise >> 24);
        }
        uint8_t *resized = ftdn_arena_alloc(&arena, (size_t)size * (size_t)size, 3, NULL);
        ftdn_picture_resize(&picture, size, resized);
        for (int k = 0; k < size * size * 3; k++) {
            double x = fmin(fmax((k / 3 % size + 0.5) * width / size - 0.5, 0), width - 1);
            double y = fmin(fmax((k / 3 / size + 0.5) * height / size - 0.5, 0), height - 1);
            int x0 = (int)x, y0 = (int)y, x1 = x0 + 1 < width ? x0 + 1 : x0, y1 = y0 + 1 < height ? y0 + 1 : y0;
            const uint8_t *upper = picture.pixels + y0 * width * 3, *lower = picture.pixels + y1 * width * 3;
            int c = k % 3;
            double above = upper[x0 * 3 + c] * (1 - (x - x0)) + upper[x1 * 3 + c] * (x - x0);
            double below = lower[x0 * 3 + c] * (1 - (x - x0)) + lower[x1 * 3 + c] * (x - x0);
            assert_true(fabs(above * (1 - (y - y0)) + below * (y - y0) - resized[k]) < 1);
        }
    }
}

static void a_written_jpeg_reads_back(void **state)
{
    (void)state;
    char *folder = ftdn_test_create_folder(&arena);
    char *path = ftdn_path_join(&arena, folder, "out.jpg", &err);
    ftdn_picture picture = smooth_picture(123, 77);
    FTDN_ASSERT_OK(ftdn_picture_write_jpeg(path, &picture, &err), err);
    ftdn_picture again = load_picture(path);
    assert_int_equal(again.width, 123);
    assert_int_equal(again.height, 77);
    int largest = 0;
    for (int i = 0; i < 123 * 77 * 3; i++) {
        int difference = abs(again.pixels[i] - picture.pixels[i]);
        if (difference > largest) largest = difference;
    }
    assert_in_range(largest, 0, 4); /* quality 92 on a smooth picture; measured 3 */

    char *bad = ftdn_path_join(&arena, folder, "missing/out.jpg", &err);
    FTDN_ASSERT_FAILS(ftdn_picture_write_jpeg(bad, &picture, &err), FTDN_ERR_INPUT, "missing/out.jpg", err);
    picture.width = 70000;
    picture.height = 1;
    picture.pixels = ftdn_arena_alloc(&arena, 70000, 3, &err);
    FTDN_ASSERT_FAILS(ftdn_picture_write_jpeg(path, &picture, &err), FTDN_ERR_INPUT, "out.jpg: tjCompress2: ", err);
    assert_int_equal(load_picture(path).width, 123);
    ftdn_test_remove_folder(folder);
}

static void a_grey_jpeg_becomes_three_equal_channels(void **state)
{
    (void)state;
    unsigned long n_bytes;
    unsigned char *bytes = encode(TJPF_GRAY, TJSAMP_GRAY, &n_bytes);
    ftdn_picture picture;
    FTDN_ASSERT_OK(ftdn_picture_decode_jpeg("grey.jpg", bytes, n_bytes, &arena, &picture, &err), err);
    assert_int_equal(picture.width, 192);
    int lowest = 255, highest = 0;
    for (int i = 0; i < 192 * 48; i++) {
        const uint8_t *pixel = picture.pixels + i * 3;
        assert_int_equal(pixel[0], pixel[1]);
        assert_int_equal(pixel[0], pixel[2]);
        if (pixel[0] < lowest) lowest = pixel[0];
        if (pixel[0] > highest) highest = pixel[0];
    }
    assert_true(highest - lowest > 100);
}

static void the_size_is_read_from_the_header(void **state)
{
    (void)state;
    unsigned long n_bytes;
    unsigned char *bytes = encode(TJPF_RGB, TJSAMP_420, &n_bytes);
    int width = 0, height = 0;
    FTDN_ASSERT_OK(ftdn_picture_read_jpeg_size("a.jpg", bytes, n_bytes, &width, &height, &err), err);
    assert_int_equal(width, 64);
    assert_int_equal(height, 48);
    FTDN_ASSERT_FAILS(ftdn_picture_read_jpeg_size("a.jpg", bytes, 0, &width, &height, &err), FTDN_ERR_INPUT,
                      "a.jpg: unreadable JPEG: the file is empty", err);
}

/* The header's "height, width" (SOF0: FF C0, length, precision, height, width, big-endian). */
static unsigned char *find_size(unsigned char *bytes, unsigned long n_bytes)
{
    for (unsigned long i = 0; i + 9 < n_bytes; i++) {
        if (bytes[i] == 0xFF && bytes[i + 1] == 0xC0) return bytes + i + 5;
    }
    fail_msg("no SOF0 marker");
    return NULL;
}

static void bad_jpegs_are_refused_with_path_and_cause(void **state)
{
    (void)state;
    ftdn_picture picture = {.width = -1};
    unsigned long n_bytes, n_cmyk;
    unsigned char *bytes = encode(TJPF_RGB, TJSAMP_420, &n_bytes);
    FTDN_ASSERT_FAILS(ftdn_picture_decode_jpeg("x/a.jpg", bytes, 0, &arena, &picture, &err), FTDN_ERR_INPUT,
                      "x/a.jpg: unreadable JPEG: the file is empty", err);
    FTDN_ASSERT_FAILS(ftdn_picture_decode_jpeg("x/a.png", "\x89PNG\r\n\x1a\n", 8, &arena, &picture, &err),
                      FTDN_ERR_INPUT, "x/a.png: unreadable JPEG: Not a JPEG file: starts with 0x89 0x50", err);
    FTDN_ASSERT_FAILS(ftdn_picture_decode_jpeg("x/a.jpg", bytes, 8, &arena, &picture, &err), FTDN_ERR_INPUT,
                      "x/a.jpg: unreadable JPEG: it holds no image", err);
    /* Cut anywhere, the file is refused: in the header, in the data, before the end marker. */
    for (unsigned long n = 1; n < n_bytes; n++) {
        assert_int_equal(ftdn_picture_decode_jpeg("x/a.jpg", bytes, n, &arena, &picture, &err), FTDN_ERR_INPUT);
        if (!strstr(err.message, "x/a.jpg: unreadable JPEG: ")) fail_msg("cut at %lu: %s", n, err.message);
    }
    FTDN_ASSERT_FAILS(ftdn_picture_decode_jpeg("x/a.jpg", bytes, n_bytes - 20, &arena, &picture, &err), FTDN_ERR_INPUT,
                      "x/a.jpg: unreadable JPEG: Premature end of JPEG file", err);

    unsigned char *cmyk = encode(TJPF_CMYK, TJSAMP_444, &n_cmyk);
    FTDN_ASSERT_FAILS(ftdn_picture_decode_jpeg("x/k.jpg", cmyk, n_cmyk, &arena, &picture, &err), FTDN_ERR_INPUT,
                      "x/k.jpg: JPEG in CMYK colours; grey and RGB are read", err);

    unsigned char *size = find_size(bytes, n_bytes);
    size[2] = 0x40; /* width 16385 */
    size[3] = 0x01;
    FTDN_ASSERT_FAILS(ftdn_picture_decode_jpeg("x/a.jpg", bytes, n_bytes, &arena, &picture, &err), FTDN_ERR_INPUT,
                      "x/a.jpg: 16385 x 48 pixels: more than 16384 on a side", err);
    assert_int_equal(picture.width, -1);
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    unsigned long n_bytes;
    unsigned char *bytes = encode(TJPF_RGB, TJSAMP_420, &n_bytes);
    for (long k = 0; k < 2; k++) {
        ftdn_picture picture;
        ftdn_arena_fail_after(&arena, k);
        assert_int_equal(ftdn_picture_decode_jpeg("a.jpg", bytes, n_bytes, &arena, &picture, &err),
                         k ? FTDN_OK : FTDN_ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(the_networks_input_equals_opencvs_in_every_byte),
        FTDN_ARENA_TEST(a_picture_of_the_wanted_size_is_not_changed),
        FTDN_ARENA_TEST(resizing_follows_the_bilinear_definition),
        FTDN_ARENA_TEST(a_written_jpeg_reads_back),
        FTDN_ARENA_TEST(a_grey_jpeg_becomes_three_equal_channels),
        FTDN_ARENA_TEST(the_size_is_read_from_the_header),
        FTDN_ARENA_TEST(bad_jpegs_are_refused_with_path_and_cause),
        FTDN_ARENA_TEST(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
