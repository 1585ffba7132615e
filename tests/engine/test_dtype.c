#include "engine/dtype.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "tests/support/support.h"

static void convert(const char *name, const void *bytes, size_t stride, size_t n_elements, float *values)
{
    const ftdn_dtype *dtype = ftdn_dtype_find(name);
    assert_non_null(dtype);
    ftdn_dtype_convert(dtype, bytes, stride, n_elements, values);
}

static void every_name_is_known_with_its_size(void **state)
{
    (void)state;
    static const struct {
        const char *name, *storage;
        size_t n_bytes;
    } known[] = {
        {"F64", "DoubleStorage", 8},    {"F32", "FloatStorage", 4}, {"F16", "HalfStorage", 2},
        {"BF16", "BFloat16Storage", 2}, {"I64", "LongStorage", 8},  {"I32", "IntStorage", 4},
        {"I16", "ShortStorage", 2},     {"I8", "CharStorage", 1},   {"U8", "ByteStorage", 1},
        {"BOOL", "BoolStorage", 1},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        const ftdn_dtype *dtype = ftdn_dtype_find(known[i].name);
        assert_non_null(dtype);
        assert_int_equal(dtype->n_bytes, known[i].n_bytes);
        assert_ptr_equal(ftdn_dtype_find_storage(known[i].storage, strlen(known[i].storage)), dtype);
        assert_null(ftdn_dtype_find_storage(known[i].storage, strlen(known[i].storage) - 1));
        assert_non_null(strstr(FTDN_DTYPE_NAMES, known[i].name));
    }
    assert_null(ftdn_dtype_find("f32"));
    assert_null(ftdn_dtype_find(""));
}

/* The definition of binary16, in double arithmetic. */
static double half_by_definition(unsigned half)
{
    int exponent = (int)(half >> 10 & 31);
    double fraction = half & 0x3ff, sign = half & 0x8000 ? -1 : 1;
    if (exponent == 31) return fraction > 0 ? (double)NAN : sign * (double)INFINITY;
    if (exponent == 0) return sign * ldexp(fraction, -24);
    return sign * ldexp(1024 + fraction, exponent - 25);
}

static void every_half_is_converted_exactly(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 0x10000; i++) {
        uint16_t half = (uint16_t)i;
        float value;
        double expected = half_by_definition(i);
        convert("F16", &half, 1, 1, &value);
        if (isnan(expected)) assert_true(isnan(value));
        else assert_true(value == expected && !signbit(value) == !(i & 0x8000));
    }
}

static void every_half_survives_the_way_there_and_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 0x10000; i++) {
        uint16_t half = (uint16_t)i, back = ftdn_half_of_float(ftdn_float_of_half(half));
        bool is_nan = (i & 0x7c00) == 0x7c00 && (i & 0x3ff);
        if (is_nan) assert_true((back & 0x7e00) == 0x7e00 && ((back ^ half) & 0x8000) == 0);
        else assert_int_equal(back, half);
    }
}

/* Between each two neighbouring halves: the middle goes to the even one, what is next to it to the nearer one. */
static void floats_are_rounded_to_the_nearest_half(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 0x7c00; i++) {
        float low = ftdn_float_of_half((uint16_t)i);
        float high = i == 0x7bff ? 65536 : ftdn_float_of_half((uint16_t)(i + 1)); /* the last one and infinity */
        float middle = (low + high) / 2;
        for (unsigned sign = 0; sign <= 0x8000; sign += 0x8000) {
            float by = sign ? -1 : 1;
            assert_int_equal(ftdn_half_of_float(by * middle), sign | (i & 1 ? i + 1 : i));
            assert_int_equal(ftdn_half_of_float(by * nextafterf(middle, 0)), sign | i);
            assert_int_equal(ftdn_half_of_float(by * nextafterf(middle, high)), sign | (i + 1));
        }
    }
    assert_int_equal(ftdn_half_of_float(0x1p-149f), 0);
    assert_int_equal(ftdn_half_of_float(-3e38f), 0xfc00);
}

static void bfloat16_is_the_upper_half_of_a_float(void **state)
{
    (void)state;
    static const uint16_t bits[] = {0x3f80, 0xc020, 0x0001, 0x8000, 0x7f80};
    float values[5];
    convert("BF16", bits, 1, 5, values);
    assert_true(values[0] == 1 && values[1] == -2.5f && values[2] == 0x1p-133f && values[4] == INFINITY);
    assert_true(values[3] == 0 && signbit(values[3]));
}

static void integers_and_doubles_are_rounded_to_nearest(void **state)
{
    (void)state;
    static const int64_t i64[] = {16777217, 16777219, INT64_MIN, -1};
    static const int32_t i32[] = {16777219, INT32_MIN};
    static const int16_t i16[] = {-32768, 32767};
    static const int8_t i8[] = {-128, 127};
    static const uint8_t u8[] = {255, 2, 0};
    static const double f64[] = {0.1, 1e300, -1e-300};
    float values[4];
    convert("I64", i64, 1, 4, values);
    assert_true(values[0] == 16777216 && values[1] == 16777220 && values[2] == -0x1p63f && values[3] == -1);
    convert("I32", i32, 1, 2, values);
    assert_true(values[0] == 16777220 && values[1] == -0x1p31f);
    convert("I16", i16, 1, 2, values);
    assert_true(values[0] == -32768 && values[1] == 32767);
    convert("I8", i8, 1, 2, values);
    assert_true(values[0] == -128 && values[1] == 127);
    convert("U8", u8, 1, 3, values);
    assert_true(values[0] == 255 && values[1] == 2 && values[2] == 0);
    convert("BOOL", u8, 1, 3, values);
    assert_true(values[0] == 1 && values[1] == 1 && values[2] == 0);
    convert("F64", f64, 1, 3, values);
    assert_true(values[0] == 0.1f && values[1] == INFINITY && values[2] == 0);
}

static void strides_and_unaligned_bytes_are_followed(void **state)
{
    (void)state;
    static const float numbers[5] = {1, 2, 3, 4, 5};
    unsigned char bytes[1 + sizeof numbers];
    float values[3];
    memcpy(bytes + 1, numbers, sizeof numbers);
    convert("F32", bytes + 1, 2, 3, values);
    assert_true(values[0] == 1 && values[1] == 3 && values[2] == 5);
    convert("F32", bytes + 1, 1, 3, values);
    assert_true(values[0] == 1 && values[1] == 2 && values[2] == 3);
    convert("F32", bytes + 1, 0, 2, values);
    assert_true(values[0] == 1 && values[1] == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_name_is_known_with_its_size),
        cmocka_unit_test(every_half_is_converted_exactly),
        cmocka_unit_test(every_half_survives_the_way_there_and_back),
        cmocka_unit_test(floats_are_rounded_to_the_nearest_half),
        cmocka_unit_test(bfloat16_is_the_upper_half_of_a_float),
        cmocka_unit_test(integers_and_doubles_are_rounded_to_nearest),
        cmocka_unit_test(strides_and_unaligned_bytes_are_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
