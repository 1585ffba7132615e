/* tensor_file.h - named tensors from weight files, as float32.
 *
 * Three formats, told apart by their first bytes: safetensors, PyTorch's zip archive and PyTorch's
 * older stream (.pth). All tensors of a file are read, checked and converted to float32 in row-major
 * order, whatever their dtype, strides and offsets in the file. Everything lives in the caller's arena. */
#ifndef FTDN_ENGINE_TENSOR_FILE_H
#define FTDN_ENGINE_TENSOR_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/sha256.h"
#include "base/status.h"

#define FTDN_TENSOR_MAX_DIMS 8

typedef struct ftdn_named_tensor {
    const char *name;
    const char *dtype; /* in the file, in safetensors' words: "F32", "F16", "BF16", "F64", "I64", "BOOL", ... */
    int n_dims;        /* 0: a scalar */
    int64_t dims[FTDN_TENSOR_MAX_DIMS];
    size_t n_elements;
    const float *values; /* [n_elements], row-major */
} ftdn_named_tensor;

typedef struct ftdn_metadata_entry {
    const char *key, *value;
} ftdn_metadata_entry;

typedef struct ftdn_tensor_file {
    const char *path;
    const char *format; /* "safetensors", "pytorch zip", "pytorch legacy" */
    int n_tensors;
    ftdn_named_tensor *tensor; /* in the file's order */
    int n_metadata;
    ftdn_metadata_entry *metadata; /* safetensors' __metadata__ */
} ftdn_tensor_file;

/* FTDN_ERR_INPUT names the file, the tensor or byte, and the rule that it breaks. No code in a file
 * is ever run: a pickle may only build dicts, lists, tuples, numbers, texts and tensors. */
FTDN_NODISCARD ftdn_status ftdn_tensor_file_load(const char *path, ftdn_arena *arena, ftdn_tensor_file *ret_file,
                                                 ftdn_error *err);

const ftdn_named_tensor *ftdn_tensor_file_find(const ftdn_tensor_file *file, const char *name); /* NULL if absent */

/* SHA-256 of the float32 values in row-major order (little-endian). */
FTDN_NODISCARD ftdn_status ftdn_named_tensor_digest(const ftdn_named_tensor *tensor, char ret_hex[FTDN_SHA256_HEX],
                                                    ftdn_error *err);

/* The value of a key of the metadata; NULL if absent. */
const char *ftdn_tensor_file_find_metadata(const ftdn_tensor_file *file, const char *key);

/* Write all tensors as safetensors, atomically, in the given order; metadata is kept, `dtype` is not read.
 * as_half: [n_tensors], which of them become F16, rounded to nearest even; the others, or all where it is NULL, F32.
 * FTDN_ERR_INPUT names the tensor and element that F16 cannot hold: finite values of 65520 and more. */
FTDN_NODISCARD ftdn_status ftdn_safetensors_write(const char *path, const ftdn_tensor_file *file, const bool *as_half,
                                                  ftdn_error *err);

#endif
