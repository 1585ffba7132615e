/* npy.h - tensors as NumPy's .npy files: numpy.load(path), or memory-mapped with mmap_mode='r'. */
#ifndef FTDN_HARNESS_NPY_H
#define FTDN_HARNESS_NPY_H

#include <stdint.h>

#include "base/status.h"

#define FTDN_NPY_MAX_DIMS 8

/* Write float32 values, little-endian and row-major (format version 1.0), all or nothing as ftdn_file_write_atomic.
 * dims: [n_dims], none negative, n_dims at most FTDN_NPY_MAX_DIMS; no dims: a single value.
 * FTDN_ERR_INPUT names the path. FTDN_ERR_MEMORY: the file's bytes, which are put together in memory. */
FTDN_NODISCARD ftdn_status ftdn_npy_write(const char *path, const float *values, int n_dims, const int64_t *dims,
                                          ftdn_error *err);

#endif
