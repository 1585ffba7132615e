/* weight_faults.h - faults in stored weights and in stored copies of filters, drawn per trial or per image.
 *
 * The clean weights are shared and never written: every layer under study gets a buffer of its own that is filled
 * anew per draw, and so does every copy. Faults hit the weights as stored, before any merging, folding or packing. */
#ifndef FTDN_INJECTORS_WEIGHT_FAULTS_H
#define FTDN_INJECTORS_WEIGHT_FAULTS_H

#include "base/arena.h"
#include "base/status.h"
#include "engine/stored_weights.h"
#include "injectors/fault.h"
#include "injectors/fault_count.h"
#include "injectors/fault_draw.h"
#include "injectors/scope.h"
#include "injectors/site_scan.h"

typedef struct ftdn_weight_faults {
    const ftdn_graph *graph; /* unprotected; borrowed, as the layers, the copies and the clean weights */
    ftdn_layer_set layers;
    ftdn_copies copies;
    const ftdn_weights *clean;
    ftdn_weights faulty;                  /* after a draw: faulty buffers for the layers, clean values elsewhere */
    float **buffer;                       /* [n_layers] */
    float **copy_buffer[FTDN_MAX_COPIES]; /* [copies.n_layers] filters [n_channels, C/groups, R, S] */
    ftdn_fault_count *count;              /* [n_layers] of the last draw */
    ftdn_fault_count
        *copy_count[FTDN_MAX_COPIES]; /* [copies.n_layers] of the last draw; all 0 where copies are not hit */
    int *copied_in_scope;             /* [copies.n_layers] the place of the copied layer in `layers`; -1: not there */
    ftdn_fault_model *model;          /* [n_layers] of the last draw, with the layer's range */
    uint64_t *base;                   /* [n_layers] elements of all layers before */
    uint64_t n_elements;              /* of all layers */
    ftdn_site_scan scan;
} ftdn_weight_faults;

/* Buffers for the layers' weights and all copies, in the arena. copies: may be none. */
FTDN_NODISCARD ftdn_status ftdn_weight_faults_init(ftdn_weight_faults *faults, const ftdn_graph *graph,
                                                   ftdn_layer_set layers, const ftdn_copies *copies,
                                                   const ftdn_weights *clean, ftdn_arena *arena, ftdn_error *err);

/* Draw the faults into faults->faulty and the copies. image: 0 where weights are drawn once per trial; layers are
 * shared among n_threads. Site: (seed, layer, copy, image, row-major index in the original's [K,C/groups,R,S]): a
 * copied filter is hit at the same elements whichever others are copied. Copies of layers out of scope are clean.
 * Random values without a range take that of the layer's clean weights, in copies too. */
void ftdn_weight_faults_draw(ftdn_weight_faults *faults, const ftdn_fault_draw *draw, uint64_t image, int n_threads);

/* What memory holds after the last draw. */
ftdn_stored_weights ftdn_weight_faults_stored(const ftdn_weight_faults *faults);

#endif
