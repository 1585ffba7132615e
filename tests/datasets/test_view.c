#include "datasets/view.h"

#include <stdlib.h>

#include "base/philox_hd.h"
#include "tests/support/support.h"

#define SIZE 24
#define N_BYTES (SIZE * SIZE * 3)

typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    uint8_t picture[N_BYTES], seen[N_BYTES];
} fixture;

/* A picture of noise. */
static int set_up(void **state)
{
    fixture *f = calloc(1, sizeof *f);
    ftdn_arena_init(&f->arena);
    for (int i = 0; i < N_BYTES; i++)
        f->picture[i] = (uint8_t)ftdn_philox((ftdn_philox_block){{(uint32_t)i}}, 0, 0).word[0];
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    fixture *f = *state;
    assert_int_equal(f->arena.n_bytes, 0);
    ftdn_arena_done(&f->arena);
    free(f);
    return 0;
}

static void render(fixture *f, ftdn_view view)
{
    FTDN_ASSERT_OK(ftdn_view_render(&view, f->picture, SIZE, &f->arena, f->seen, &f->err), f->err);
}

static const uint8_t *pixel_of(const uint8_t *pixels, int x, int y)
{
    return pixels + (y * SIZE + x) * 3;
}

static void the_window_of_the_whole_picture_gives_its_bytes(void **state)
{
    fixture *f = *state;
    render(f, (ftdn_view){.width = SIZE, .height = SIZE});
    assert_memory_equal(f->seen, f->picture, N_BYTES);
}

static void a_picture_mirrored_twice_is_itself(void **state)
{
    fixture *f = *state;
    const ftdn_view mirror = {.width = SIZE, .height = SIZE, .is_mirrored = true};
    render(f, mirror);
    for (int x = 0; x < SIZE; x++)
        assert_memory_equal(pixel_of(f->seen, x, 5), pixel_of(f->picture, SIZE - 1 - x, 5), 3);
    uint8_t original[N_BYTES];
    memcpy(original, f->picture, N_BYTES);
    memcpy(f->picture, f->seen, N_BYTES);
    render(f, mirror);
    assert_memory_equal(f->seen, original, N_BYTES);
}

/* A picture that is 3 x + 5 y + c everywhere, so that bilinear values are known: exact but for the rounding of weights
 * to 1/128 (of differences up to 5) and of the result. */
static void values_between_pixels_are_interpolated(void **state)
{
    fixture *f = *state;
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++)
            for (int c = 0; c < 3; c++) f->picture[(y * SIZE + x) * 3 + c] = (uint8_t)(3 * x + 5 * y + c);
    const ftdn_view view = {.x0 = 5.3, .y0 = 7.9, .width = 11.7, .height = 6.1};
    render(f, view);
    for (int y = 0; y < SIZE; y++) {
        for (int x = 0; x < SIZE; x++) {
            double at_x = view.x0 + (x + 0.5) * view.width / SIZE - 0.5,
                   at_y = view.y0 + (y + 0.5) * view.height / SIZE - 0.5;
            for (int c = 0; c < 3; c++) {
                double error = pixel_of(f->seen, x, y)[c] - (3 * at_x + 5 * at_y + c);
                assert_true(error > -0.54 && error < 0.54);
            }
        }
    }
}

/* The middle quarter of a canvas of twice the side is a quarter of the pixels, and everything else is filled. */
static void what_lies_beyond_the_picture_is_filled(void **state)
{
    fixture *f = *state;
    const uint8_t fill[3] = {1, 200, 3};
    const ftdn_light light = ftdn_light_make(20, 0.5, 1, 0);
    memset(f->picture, 100, N_BYTES);
    render(f, (ftdn_view){.x0 = -SIZE / 2,
                          .y0 = -SIZE / 4,
                          .width = 2 * SIZE,
                          .height = 2 * SIZE,
                          .light = &light,
                          .fill = {1, 200, 3}});
    const uint8_t lit[3] = {60, 60, 60};
    for (int y = 0; y < SIZE; y++) {
        for (int x = 0; x < SIZE; x++) {
            bool inside = x >= SIZE / 4 && x < SIZE / 4 * 3 && y >= SIZE / 8 && y < SIZE / 8 * 5;
            assert_memory_equal(pixel_of(f->seen, x, y), inside ? lit : fill, 3);
        }
    }
    render(f, (ftdn_view){.x0 = 2 * SIZE, .y0 = 0, .width = SIZE, .height = SIZE, .fill = {1, 200, 3}});
    for (int i = 0; i < N_BYTES; i++) assert_int_equal(f->seen[i], fill[i % 3]);
}

static void edges_are_not_mixed_with_the_fill(void **state)
{
    fixture *f = *state;
    memset(f->picture, 77, N_BYTES);
    render(f, (ftdn_view){.width = SIZE / 3.0, .height = SIZE / 3.0});
    for (int i = 0; i < N_BYTES; i++) assert_int_equal(f->seen[i], 77);
    render(f, (ftdn_view){.x0 = SIZE / 1.5, .y0 = SIZE / 1.5, .width = SIZE / 3.0, .height = SIZE / 3.0});
    for (int i = 0; i < N_BYTES; i++) assert_int_equal(f->seen[i], 77);
}

static void every_refused_allocation_is_an_error(void **state)
{
    fixture *f = *state;
    long n_good = 0;
    for (;; n_good++) {
        ftdn_arena_fail_after(&f->arena, n_good);
        ftdn_status status = ftdn_view_render(&(ftdn_view){.width = SIZE, .height = SIZE}, f->picture, SIZE, &f->arena,
                                              f->seen, &f->err);
        assert_int_equal(f->arena.n_bytes, 0);
        if (status == FTDN_OK) break;
        assert_int_equal(status, FTDN_ERR_MEMORY);
    }
    assert_int_equal(n_good, 4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_window_of_the_whole_picture_gives_its_bytes),
        TEST(a_picture_mirrored_twice_is_itself),
        TEST(values_between_pixels_are_interpolated),
        TEST(what_lies_beyond_the_picture_is_filled),
        TEST(edges_are_not_mixed_with_the_fill),
        TEST(every_refused_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
