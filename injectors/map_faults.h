/* map_faults.h - faults in feature maps and in the maps of copies, drawn for each image, through the engine's hook. */
#ifndef FTDN_INJECTORS_MAP_FAULTS_H
#define FTDN_INJECTORS_MAP_FAULTS_H

#include "base/arena.h"
#include "base/status.h"
#include "engine/engine.h"
#include "injectors/fault.h"
#include "injectors/fault_count.h"
#include "injectors/fault_draw.h"
#include "injectors/scope.h"
#include "injectors/site_scan.h"

/* Where a layer's map is hit. */
typedef enum ftdn_map_point {
    FTDN_MAP_POINT_ACTIVATION, /* where the layer hands it on, after batch norm and activation */
    FTDN_MAP_POINT_CONV,       /* at the direct output of the convolution, bias included */
} ftdn_map_point;

/* One map that is hit: of a layer in scope, or of a layer that repeats channels of one. */
typedef struct ftdn_map_target {
    int node;       /* whose map is hit */
    int layer;      /* of the graph */
    int scope_layer; /* its original's place in `layers` */
    int copy;       /* 0: a layer in scope; else the number of the stored copy its channels are made of, 1 where only
                       some are (D2NN) */
    uint32_t layer_id; /* of the original */
} ftdn_map_target;

/* The same for all workers of a trial; read-only while they run. */
typedef struct ftdn_map_faults {
    const ftdn_graph *graph; /* that runs; borrowed */
    ftdn_layer_set layers;   /* in scope: layers of the unprotected graph, which have the same indices in this one */
    int n_targets;
    ftdn_map_target *target; /* [n_targets], layers in scope first, in their order, then those that repeat them */
    int *tap;                /* [n_targets] their nodes: the taps of the program */
    int *target_of_node;     /* [n_nodes] index into target; -1: not hit */
    ftdn_site_scan scan;
    ftdn_fault_draw draw;
} ftdn_map_faults;

/* One worker's part: the images under way, and its counts. */
typedef struct ftdn_map_injector {
    const ftdn_map_faults *faults;
    const uint64_t *image_id; /* [n_images of the micro-batch], set before each forward */
    ftdn_fault_count *count;  /* [n_targets], added up over images */
    int64_t elapsed_ns;       /* spent in the hook */
} ftdn_map_injector;

/* graph: the one that runs, protected or not. layers: of the unprotected one. */
FTDN_NODISCARD ftdn_status ftdn_map_faults_init(ftdn_map_faults *faults, const ftdn_graph *graph, ftdn_layer_set layers,
                                                ftdn_map_point point, ftdn_arena *arena, ftdn_error *err);

/* What the next trial asks for. Random values without a range take that of the image's map as it reaches the hook. */
void ftdn_map_faults_set(ftdn_map_faults *faults, const ftdn_fault_draw *draw);

FTDN_NODISCARD ftdn_status ftdn_map_injector_init(ftdn_map_injector *injector, const ftdn_map_faults *faults,
                                                  ftdn_arena *arena, ftdn_error *err);
void ftdn_map_injector_reset(ftdn_map_injector *injector); /* counts and time to 0 */

/* The engine's hook; user: ftdn_map_injector *. Maps in host memory. Channel j of a layer that repeats channel k of
 * an original has the sites of (seed, original, copy, image id, row-major index of (h, w, k) in the original's [H,W,K]);
 * channels that a second network shares with the first (copy 0) have the faults of the original. */
void ftdn_map_injector_hook(void *user, const ftdn_map *map);

#endif
