/* assembly_cuda.h - the kernel behind assembly_device.h, and its table. */
#ifndef FTDN_PROTECTORS_ASSEMBLY_CUDA_H
#define FTDN_PROTECTORS_ASSEMBLY_CUDA_H

#include <cuda_runtime_api.h>

#include "protectors/assembly_device.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const ftdn_assembly_device_table ftdn_assembly_cuda;

/* One parameter: rows of an original, some of them merged with copies or replaced. Pointers are to device memory. */
typedef struct ftdn_cuda_rows {
    float *values; /* [n_elements] written whole */
    const float *original;
    const float *copy[FTDN_MAX_COPIES]; /* copy[1]: of a merge that takes two, else NULL */
    int *place;                         /* [K] row in the copies; -1: it has none */
    uint32_t n_elements, row_size;
    bool replaces; /* else it merges */
    ftdn_merge merge;
} ftdn_cuda_rows;

/* Enqueue n_params of them: rows: [n_params] in device memory. max_elements: of any. */
void ftdn_cuda_make_rows(const ftdn_cuda_rows *rows, int n_params, uint32_t max_elements, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
