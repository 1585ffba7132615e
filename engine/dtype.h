/* dtype.h - the element types of weight files and their conversion to float32. */
#ifndef FTDN_ENGINE_DTYPE_H
#define FTDN_ENGINE_DTYPE_H

#include <stddef.h>
#include <stdint.h>

#define FTDN_DTYPE_NAMES "F64, F32, F16, BF16, I64, I32, I16, I8, U8, BOOL"

typedef enum ftdn_dtype_code {
    FTDN_DTYPE_F64,
    FTDN_DTYPE_F32,
    FTDN_DTYPE_F16,
    FTDN_DTYPE_BF16,
    FTDN_DTYPE_I64,
    FTDN_DTYPE_I32,
    FTDN_DTYPE_I16,
    FTDN_DTYPE_I8,
    FTDN_DTYPE_U8,
    FTDN_DTYPE_BOOL,
} ftdn_dtype_code;

typedef struct ftdn_dtype {
    ftdn_dtype_code code;
    size_t n_bytes;      /* of one element: 1, 2, 4 or 8 */
    const char *name;    /* in safetensors' words: "BF16" */
    const char *storage; /* PyTorch's class of such elements: "BFloat16Storage" */
} ftdn_dtype;

const ftdn_dtype *ftdn_dtype_find(const char *name); /* NULL if absent */

/* By the name of the storage class, which need not end in a 0; NULL if absent. */
const ftdn_dtype *ftdn_dtype_find_storage(const char *storage, size_t n_chars);

/* values[i] = element i * stride of bytes (little-endian, any alignment), rounded to nearest.
 * BOOL: 1 for any byte but 0. The caller has checked that all elements lie inside the buffer. */
void ftdn_dtype_convert(const ftdn_dtype *dtype, const unsigned char *bytes, size_t stride, size_t n_elements,
                        float *values);

/* IEEE binary16: 1 sign bit, 5 exponent bits (bias 15), 10 fraction bits. Exact in float32. */
float ftdn_float_of_half(uint16_t half);

/* The nearest half, of two equally near ones that with the even fraction; infinity from 65520 on. NaN stays NaN. */
uint16_t ftdn_half_of_float(float value);

#endif
