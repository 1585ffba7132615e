/* weight_faults.h - faults in stored weights, drawn once per trial.
 *
 * The clean weights are shared and never written: every layer under study gets a buffer of its own
 * that is filled anew per trial. Faults hit the weights as stored, before any folding or packing. */
#ifndef FTDN_INJECTORS_WEIGHT_FAULTS_H
#define FTDN_INJECTORS_WEIGHT_FAULTS_H

#include "base/arena.h"
#include "base/status.h"
#include "engine/weights.h"
#include "injectors/fault.h"
#include "injectors/fault_count.h"
#include "injectors/scope.h"
#include "injectors/site_scan.h"

typedef struct ftdn_weight_faults {
    const ftdn_graph *graph; /* borrowed, as the layers and the clean weights */
    ftdn_layer_set layers;
    const ftdn_weights *clean;
    ftdn_weights faulty;     /* after a draw: faulty buffers for the layers, clean values elsewhere */
    float **buffer;          /* [n_layers] */
    ftdn_fault_count *count; /* [n_layers] of the last draw */
    ftdn_site_scan scan;
} ftdn_weight_faults;

/* Buffers for the layers' weights in the arena. */
FTDN_NODISCARD ftdn_status ftdn_weight_faults_init(ftdn_weight_faults *faults, const ftdn_graph *graph,
                                                   ftdn_layer_set layers, const ftdn_weights *clean, ftdn_arena *arena,
                                                   ftdn_error *err);

/* Draw the faults of one trial into faults->faulty. rate in [0, 1]; layers are shared among n_threads.
 * Site: (seed, layer, copy 0, image 0, row-major index in [K,C/groups,R,S]). Random values without a range take that of
 * the layer's clean weights. */
void ftdn_weight_faults_draw(ftdn_weight_faults *faults, const ftdn_fault_model *model, double rate, uint64_t seed,
                             int n_threads);

#endif
