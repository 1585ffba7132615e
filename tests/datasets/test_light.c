#include "datasets/light.h"

#include <stdlib.h>

#include "tests/support/support.h"

static void assert_pixel(ftdn_light light, const uint8_t from[3], int r, int g, int b, int rounding)
{
    uint8_t pixel[3];
    memcpy(pixel, from, 3);
    ftdn_light_apply(&light, 1, pixel);
    bool is_near = abs(pixel[0] - r) <= rounding && abs(pixel[1] - g) <= rounding && abs(pixel[2] - b) <= rounding;
    if (!is_near) fail_msg("(%d, %d, %d), not (%d, %d, %d)", pixel[0], pixel[1], pixel[2], r, g, b);
}

static void no_change_of_light_changes_no_byte(void **state)
{
    (void)state;
    ftdn_light light = ftdn_light_make(0, 1, 1, 0);
    for (int i = 0; i < 256; i++) {
        const uint8_t pixel[3] = {(uint8_t)i, (uint8_t)(255 - i), (uint8_t)(i * 7)};
        assert_pixel(light, pixel, pixel[0], pixel[1], pixel[2], 0);
    }
}

static void brightness_is_added_and_contrast_multiplies(void **state)
{
    (void)state;
    const uint8_t pixel[3] = {10, 100, 250};
    assert_pixel(ftdn_light_make(20, 1, 1, 0), pixel, 30, 120, 255, 0);
    assert_pixel(ftdn_light_make(-20, 1, 1, 0), pixel, 0, 80, 230, 0);
    assert_pixel(ftdn_light_make(0, 1.5, 1, 0), pixel, 15, 150, 255, 0);
    assert_pixel(ftdn_light_make(20, 0.5, 1, 0), pixel, 15, 60, 135, 0);
}

/* Luminance 0.299 * 200 + 0.587 * 100 + 0.114 * 50 = 124.2. A coefficient is off by at most 1/8192: 1 of 255. */
static void saturation_moves_colours_away_from_their_luminance(void **state)
{
    (void)state;
    const uint8_t pixel[3] = {200, 100, 50};
    assert_pixel(ftdn_light_make(0, 1, 0, 0), pixel, 124, 124, 124, 1);
    assert_pixel(ftdn_light_make(0, 1, 0.5, 0), pixel, 162, 112, 87, 1);
    assert_pixel(ftdn_light_make(0, 1, 1.5, 0), pixel, 238, 88, 13, 1);
}

/* A turn by 120 degrees, the half of which has the tangent sqrt(3), moves each channel on to the next. */
static void hue_turns_around_the_grey_axis(void **state)
{
    (void)state;
    const uint8_t pixel[3] = {200, 100, 50};
    assert_pixel(ftdn_light_make(0, 1, 1, 1.7320508075688772), pixel, 50, 200, 100, 1);
    assert_pixel(ftdn_light_make(0, 1, 1, -1.7320508075688772), pixel, 100, 50, 200, 1);
}

static void equal_channels_stay_equal(void **state)
{
    (void)state;
    for (int i = 0; i < 256; i++) {
        uint8_t pixel[3] = {(uint8_t)i, (uint8_t)i, (uint8_t)i};
        ftdn_light light = ftdn_light_make(i % 50 - 25, 0.5 + i / 255.0, 1.5 - i / 255.0, i / 800.0 - 0.16);
        ftdn_light_apply(&light, 1, pixel);
        assert_int_equal(pixel[0], pixel[1]);
        assert_int_equal(pixel[0], pixel[2]);
        pixel[0] = pixel[1] = pixel[2] = (uint8_t)i;
        light = ftdn_light_make(0, 1, 0.7, 0.1);
        ftdn_light_apply(&light, 1, pixel);
        assert_int_equal(pixel[0], i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_change_of_light_changes_no_byte),
        cmocka_unit_test(brightness_is_added_and_contrast_multiplies),
        cmocka_unit_test(saturation_moves_colours_away_from_their_luminance),
        cmocka_unit_test(hue_turns_around_the_grey_axis),
        cmocka_unit_test(equal_channels_stay_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
