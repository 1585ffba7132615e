/* map_faults.h - faults in feature maps and in the maps of copies, drawn for each image, through the engine's hook. */
#ifndef FTDN_INJECTORS_MAP_FAULTS_H
#define FTDN_INJECTORS_MAP_FAULTS_H

#include "base/arena.h"
#include "base/status.h"
#include "engine/engine.h"
#include "injectors/fault.h"
#include "injectors/fault_count.h"
#include "injectors/fault_draw.h"
#include "injectors/fault_hits.h"
#include "injectors/scope.h"
#include "injectors/site_scan.h"

/* Where a layer's map is hit. */
typedef enum ftdn_map_point {
    FTDN_MAP_POINT_ACTIVATION, /* where the layer hands it on, after batch norm and activation */
    FTDN_MAP_POINT_CONV,       /* at the direct output of the convolution, bias included */
} ftdn_map_point;

/* Which channels of a map are made of one copy of their filters. */
typedef struct ftdn_map_channels {
    int n_channels;   /* 0: none is */
    const int *place; /* [K of the original] where the map holds that channel; -1: not at all; NULL: the same place */
} ftdn_map_channels;

/* One map that is hit: of a layer in scope, or of a layer that repeats channels of one. */
typedef struct ftdn_map_target {
    int node;           /* whose map is hit */
    int layer;          /* of the graph */
    int scope_layer;    /* its original's place in `layers` */
    int copy;           /* 0: a layer in scope; else the number of the stored copy its channels are made of, 1 of a
                           second network's layers, where only some or none are */
    uint32_t layer_id;  /* of the original */
    int n_channels;     /* K of the original */
    int64_t n_elements; /* of the original's map of one image */
    uint64_t base;      /* elements of one image in all layers in scope before the original */
    ftdn_map_channels made_of[1 + FTDN_MAX_COPIES]; /* by copy */
} ftdn_map_target;

/* The same for all workers of a trial; read-only while they run. */
typedef struct ftdn_map_faults {
    const ftdn_graph *graph; /* that runs; borrowed */
    ftdn_layer_set layers;   /* in scope: layers of the unprotected graph, which have the same indices in this one */
    int n_targets;
    ftdn_map_target *target; /* [n_targets], layers in scope first, in their order, then those that repeat them */
    int *tap;                /* [n_targets] their nodes: the taps of the program */
    int *target_of_node;     /* [n_nodes] index into target; -1: not hit */
    uint64_t n_elements;     /* of one image in all layers in scope */
    ftdn_site_scan scan;
    ftdn_fault_draw draw;
} ftdn_map_faults;

/* The elements picked for one image under a draw with a count, kept from one layer to the next. */
typedef struct ftdn_map_picks {
    uint64_t image_id, seed;
    int count; /* 0: nothing kept yet */
    ftdn_fault_picks picks;
} ftdn_map_picks;

#define FTDN_MAP_PICK_SLOTS 8 /* images of a micro-batch whose picks are kept; more are right, but slower */

/* One worker's part: the images under way, and its counts. */
typedef struct ftdn_map_injector {
    const ftdn_map_faults *faults;
    const uint64_t *image_id; /* [n_images of the micro-batch], set before each forward */
    ftdn_fault_count *count;  /* [n_targets], added up over images */
    int64_t elapsed_ns;       /* spent in the hook */
    ftdn_map_picks *kept;     /* [FTDN_MAP_PICK_SLOTS] by place in the micro-batch */
} ftdn_map_injector;

/* graph: the one that runs, protected or not. layers: of the unprotected one; one whose point does not exist in the
 * graph has no target. */
FTDN_NODISCARD ftdn_status ftdn_map_faults_init(ftdn_map_faults *faults, const ftdn_graph *graph, ftdn_layer_set layers,
                                                ftdn_map_point point, ftdn_arena *arena, ftdn_error *err);

/* What the next trial asks for. Random values without a range take that of the image's map, of a copy of its own one,
 * as it reaches the hook. */
void ftdn_map_faults_set(ftdn_map_faults *faults, const ftdn_fault_draw *draw);

FTDN_NODISCARD ftdn_status ftdn_map_injector_init(ftdn_map_injector *injector, const ftdn_map_faults *faults,
                                                  ftdn_arena *arena, ftdn_error *err);
void ftdn_map_injector_reset(ftdn_map_injector *injector); /* counts and time to 0 */

/* The engine's hook; user: ftdn_map_injector *. Maps in host memory. Channel j of a layer that repeats channel k of
 * an original has the sites of (seed, original, copy, image id, row-major index of (h, w, k) in the original's
 * [H,W,K]); channels that a second network shares with the first (copy 0) have the faults of the original, whatever the
 * draw says of copies. Elements are counted where they could be hit: not those of clean copies. */
void ftdn_map_injector_hook(void *user, const ftdn_map *map);

#endif
