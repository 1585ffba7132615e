/* weight_faults_cuda.h - the kernels behind weight_faults_device.h, and its table. */
#ifndef FTDN_INJECTORS_WEIGHT_FAULTS_CUDA_H
#define FTDN_INJECTORS_WEIGHT_FAULTS_CUDA_H

#include <cuda_runtime_api.h>

#include "injectors/fault_count_cuda.h"
#include "injectors/fault_draw.h"
#include "injectors/fault_hits.h"
#include "injectors/weight_faults_device.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const ftdn_weight_faults_device_table ftdn_weight_faults_cuda;

/* What memory holds of one layer's filters: the originals, or one copy. Pointers are to device memory. */
typedef struct ftdn_cuda_weight_buffer {
    float *clean;        /* all filters of the layer */
    float *values;       /* the filters that this buffer holds */
    int *place;          /* [K] where it holds each filter; -1: not at all; NULL: it holds all */
    uint32_t n_elements; /* of all filters */
    uint32_t filter_size;
    uint32_t layer_id;
    int copy;        /* 0: originals */
    uint64_t base;   /* elements of all layers before, in scope */
    float low, high; /* of the finite clean values */
    ftdn_cuda_count *count;
} ftdn_cuda_weight_buffer;

/* All buffers, in device memory, and one draw. */
typedef struct ftdn_cuda_weight_draw {
    const ftdn_cuda_weight_buffer *buffer; /* [n_buffers] */
    int n_buffers;
    uint32_t max_elements; /* of any layer */
    ftdn_fault_draw draw;
    ftdn_site_threshold threshold;
    uint64_t image;
    uint64_t n_elements; /* of all layers in scope */
    ftdn_fault_picks *picks;
} ftdn_cuda_weight_draw;

/* Enqueue it: every buffer is filled with clean values, some of which are hit. Counts are added to. */
void ftdn_cuda_draw_weights(const ftdn_cuda_weight_draw *of_all, cudaStream_t stream);

#ifdef __cplusplus
}
#endif

#endif
