/* measured.h - the vulnerability of channels as found by injection (beyond the paper; the delta-loss of HarDNN):
 *
 *     score[k] = 1/N sum_n min(E(n; faults in channel k) - E(n), FTDN_MEASURED_CEILING)
 *
 * E(n) is image n's share of the multibox loss of the N images as one batch. The faults of channel k hit its map
 * alone, each element with FTDN_MEASURED_RATE, at the sites of (seed 0, layer, feature map, copy 0, image id): those
 * that a trial of seed 0 would hit in it at that rate. A loss that is not finite counts as the ceiling.
 *
 * Only steps that depend on the layer under study run again: a channel of a late layer costs little. */
#ifndef FTDN_HARNESS_RANKINGS_MEASURED_H
#define FTDN_HARNESS_RANKINGS_MEASURED_H

#include <signal.h>

#include "base/arena.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "harness/plan/model.h"
#include "injectors/fault_hd.h"
#include "injectors/map_faults.h"
#include "injectors/scope.h"

#define FTDN_MEASURED_RATE 0.1
#define FTDN_MEASURED_CEILING 1e6

typedef struct ftdn_measured_desc {
    const ftdn_model *model;
    const ftdn_dataset *calibration; /* decoded to the network's size */
    int n_images;                    /* of these the first so many, 1 ... all */
    const ftdn_backend *backend;
    ftdn_conv_algorithm conv_algorithm;
    ftdn_layer_set layers;
    ftdn_map_point point;   /* where maps are hit */
    ftdn_fault_model fault; /* random values without a range take that of the image's map without faults */
    int n_threads;
    ftdn_device_cache *cache; /* on a device: as in ftdn_compile_desc */
    const volatile sig_atomic_t *stop; /* not 0: leave with FTDN_ERR_INTERRUPTED; NULL: never */
    void (*on_channel)(void *user, int n_done,
                       int n_all); /* channels of images; from the calling thread; may be NULL */
    void *user;
} ftdn_measured_desc;

/* score: [n_layers][K of the layer], written on success; finite. Bits depend neither on threads nor on other layers.
 * FTDN_ERR_INPUT: no image has an object that the loss counts; a loss without faults is not finite (image). */
FTDN_NODISCARD ftdn_status ftdn_measured_compute(const ftdn_measured_desc *desc, ftdn_arena *arena,
                                                 double *const *score, ftdn_error *err);

#endif
