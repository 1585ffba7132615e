/* map_faults_cuda.h - the kernels behind map_faults_device.h, and its table. */
#ifndef FTDN_INJECTORS_MAP_FAULTS_CUDA_H
#define FTDN_INJECTORS_MAP_FAULTS_CUDA_H

#include <cuda_runtime_api.h>

#include "engine/copies.h"
#include "engine/cuda/cuda_context.h"
#include "injectors/fault_count_cuda.h"
#include "injectors/fault_draw.h"
#include "injectors/fault_hits.h"
#include "injectors/map_faults_device.h"

#ifdef __cplusplus
extern "C" {
#endif

extern const ftdn_map_faults_device_table ftdn_map_faults_cuda;

/* What a trial asks for, in device memory. */
typedef struct ftdn_cuda_map_draw {
    ftdn_fault_draw draw;
    ftdn_site_threshold threshold;
} ftdn_cuda_map_draw;

/* The finite values of one image's map, as numbers that are ordered as the values are: the largest, and the largest
 * complement. 0: there is none. */
typedef struct ftdn_cuda_range {
    unsigned highest, lowest_complement;
} ftdn_cuda_range;

/* The channels of a map that are made of one copy. */
typedef struct ftdn_cuda_map_part {
    int copy, n_channels;
    int *place; /* as in ftdn_map_channels, in device memory */
} ftdn_cuda_map_part;

/* One map for all images of a micro-batch, and where its counts go. Pointers are to device memory. */
typedef struct ftdn_cuda_map {
    float *values;       /* [n_images,H,W,n_held] */
    int n_images;        /* of the micro-batch */
    uint32_t n_values;   /* H W n_held */
    uint32_t n_held;     /* channels */
    uint32_t n_elements; /* of the original's map: H W n_channels */
    uint32_t n_channels;
    uint32_t layer_id;
    uint64_t base; /* elements of one image in all layers in scope before the original */
    int n_parts;
    ftdn_cuda_map_part part[1 + FTDN_MAX_COPIES];
    const ftdn_cuda_map_draw *draw;
    const ftdn_cuda_batch *batch;
    const ftdn_fault_picks *picks; /* [n_images]; under a draw with a count */
    ftdn_cuda_range *range;        /* [n_images] */
    ftdn_cuda_count *count;
    unsigned long long *n_counted; /* elements that could be hit */
} ftdn_cuda_map;

/* Enqueue one kernel each. */

/* The picks of all images of the batch: picks: [n_images]. total: elements of one image in scope. */
void ftdn_cuda_pick_maps(const ftdn_cuda_map_draw *draw, const ftdn_cuda_batch *batch, int n_images, uint64_t total,
                         ftdn_fault_picks *picks, cudaStream_t stream);
void ftdn_cuda_measure_map(const ftdn_cuda_map *map, cudaStream_t stream);    /* range, which is 0 before */
void ftdn_cuda_hit_map(const ftdn_cuda_map *map, cudaStream_t stream);        /* by rate */
void ftdn_cuda_hit_picked_map(const ftdn_cuda_map *map, cudaStream_t stream); /* those in picks */

#ifdef __cplusplus
}
#endif

#endif
