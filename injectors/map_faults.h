/* map_faults.h - faults in feature maps, drawn for each image, through the engine's hook. */
#ifndef FTDN_INJECTORS_MAP_FAULTS_H
#define FTDN_INJECTORS_MAP_FAULTS_H

#include "base/arena.h"
#include "base/status.h"
#include "engine/engine.h"
#include "injectors/fault.h"
#include "injectors/fault_count.h"
#include "injectors/scope.h"
#include "injectors/site_scan.h"

/* Where a layer's map is hit. */
typedef enum ftdn_map_point {
    FTDN_MAP_POINT_ACTIVATION, /* where the layer hands it on, after batch norm and activation */
    FTDN_MAP_POINT_CONV,       /* at the direct output of the convolution, bias included */
} ftdn_map_point;

/* The same for all workers of a trial; read-only while they run. */
typedef struct ftdn_map_faults {
    ftdn_layer_set layers;
    int *tap;           /* [n_layers] node whose map is hit: the taps of the program */
    int *layer_of_node; /* [n_nodes] index into layers; -1: not hit */
    uint32_t *layer_id; /* [n_layers] */
    ftdn_site_scan scan;
    ftdn_fault_model model;
    ftdn_site_threshold threshold;
    uint64_t seed;
} ftdn_map_faults;

/* One worker's part: the images under way, and its counts. */
typedef struct ftdn_map_injector {
    const ftdn_map_faults *faults;
    const uint64_t *image_id; /* [n_images of the micro-batch], set before each forward */
    ftdn_fault_count *count;  /* [n_layers], added up over images */
    int64_t elapsed_ns;       /* spent in the hook */
} ftdn_map_injector;

FTDN_NODISCARD ftdn_status ftdn_map_faults_init(ftdn_map_faults *faults, const ftdn_graph *graph, ftdn_layer_set layers,
                                                ftdn_map_point point, ftdn_arena *arena, ftdn_error *err);

/* The model, rate (in [0, 1]) and seed of the next trial. Random values without a range take that of the image's map
 * as it reaches the hook. */
void ftdn_map_faults_set(ftdn_map_faults *faults, const ftdn_fault_model *model, double rate, uint64_t seed);

FTDN_NODISCARD ftdn_status ftdn_map_injector_init(ftdn_map_injector *injector, const ftdn_map_faults *faults,
                                                  ftdn_arena *arena, ftdn_error *err);
void ftdn_map_injector_reset(ftdn_map_injector *injector); /* counts and time to 0 */

/* The engine's hook; user: ftdn_map_injector *. Maps in host memory.
 * Site: (seed, layer, copy 0, image id, row-major index in [H,W,C]). */
void ftdn_map_injector_hook(void *user, const ftdn_map *map);

#endif
