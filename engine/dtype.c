#include "engine/dtype.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "weight files are little-endian and read as they are");
_Static_assert(sizeof(float) == 4 && sizeof(double) == 8, "F32 and F64 are read as float and double");

static const ftdn_dtype dtypes[] = {
    {FTDN_DTYPE_F64, 8, "F64", "DoubleStorage"}, {FTDN_DTYPE_F32, 4, "F32", "FloatStorage"},
    {FTDN_DTYPE_F16, 2, "F16", "HalfStorage"},   {FTDN_DTYPE_BF16, 2, "BF16", "BFloat16Storage"},
    {FTDN_DTYPE_I64, 8, "I64", "LongStorage"},   {FTDN_DTYPE_I32, 4, "I32", "IntStorage"},
    {FTDN_DTYPE_I16, 2, "I16", "ShortStorage"},  {FTDN_DTYPE_I8, 1, "I8", "CharStorage"},
    {FTDN_DTYPE_U8, 1, "U8", "ByteStorage"},     {FTDN_DTYPE_BOOL, 1, "BOOL", "BoolStorage"},
};

#define N_DTYPES (sizeof dtypes / sizeof dtypes[0])

const ftdn_dtype *ftdn_dtype_find(const char *name)
{
    for (size_t i = 0; i < N_DTYPES; i++) {
        if (!strcmp(dtypes[i].name, name)) return &dtypes[i];
    }
    return NULL;
}

const ftdn_dtype *ftdn_dtype_find_storage(const char *storage, size_t n_chars)
{
    for (size_t i = 0; i < N_DTYPES; i++) {
        if (strlen(dtypes[i].storage) == n_chars && !memcmp(dtypes[i].storage, storage, n_chars)) return &dtypes[i];
    }
    return NULL;
}

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

float ftdn_float_of_half(uint16_t half)
{
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    uint32_t exponent = (half >> 10) & 31;
    uint32_t fraction = half & 0x3ff;
    if (exponent == 31) return float_of_bits(sign | 0x7f800000 | fraction << 13);
    if (exponent > 0) return float_of_bits(sign | (exponent + 127 - 15) << 23 | fraction << 13);
    float magnitude = (float)fraction * 0x1p-24f;
    return sign ? -magnitude : magnitude;
}

uint16_t ftdn_half_of_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
    if (magnitude > 0x7f800000) return (uint16_t)(sign | 0x7e00 | (magnitude >> 13 & 0x3ff));
    if (magnitude >= 0x477ff000) return (uint16_t)(sign | 0x7c00);                                /* 65520 */
    if (magnitude < 0x38800000) return (uint16_t)(sign | (uint32_t)lrintf(fabsf(value) * 0x1p24f)); /* 2^-14 */
    magnitude += 0xfff + (magnitude >> 13 & 1);
    return (uint16_t)(sign | (magnitude - ((uint32_t)(127 - 15) << 23)) >> 13);
}

static float float_of_bfloat16(uint16_t half)
{
    return float_of_bits((uint32_t)half << 16);
}

static float float_of_f64(double value)
{
    return (float)value;
}

static float float_of_i64(int64_t value)
{
    return (float)value;
}

static float float_of_i32(int32_t value)
{
    return (float)value;
}

static float float_of_i16(int16_t value)
{
    return value;
}

static float float_of_i8(int8_t value)
{
    return value;
}

static float float_of_u8(uint8_t value)
{
    return value;
}

static float float_of_bool(uint8_t value)
{
    return value ? 1 : 0;
}

#define CONVERT(type, convert)                                                                                         \
    for (size_t i = 0; i < n_elements; i++) {                                                                          \
        type element;                                                                                                  \
        memcpy(&element, bytes + i * stride * sizeof element, sizeof element);                                         \
        values[i] = convert(element);                                                                                  \
    }                                                                                                                  \
    break

void ftdn_dtype_convert(const ftdn_dtype *dtype, const unsigned char *bytes, size_t stride, size_t n_elements,
                        float *values)
{
    if (dtype->code == FTDN_DTYPE_F32 && stride == 1) {
        if (n_elements) memcpy(values, bytes, n_elements * sizeof *values);
        return;
    }
    switch (dtype->code) {
    case FTDN_DTYPE_F64: CONVERT(double, float_of_f64);
    case FTDN_DTYPE_F32: CONVERT(uint32_t, float_of_bits);
    case FTDN_DTYPE_F16: CONVERT(uint16_t, ftdn_float_of_half);
    case FTDN_DTYPE_BF16: CONVERT(uint16_t, float_of_bfloat16);
    case FTDN_DTYPE_I64: CONVERT(int64_t, float_of_i64);
    case FTDN_DTYPE_I32: CONVERT(int32_t, float_of_i32);
    case FTDN_DTYPE_I16: CONVERT(int16_t, float_of_i16);
    case FTDN_DTYPE_I8: CONVERT(int8_t, float_of_i8);
    case FTDN_DTYPE_U8: CONVERT(uint8_t, float_of_u8);
    case FTDN_DTYPE_BOOL: CONVERT(uint8_t, float_of_bool);
    }
}
