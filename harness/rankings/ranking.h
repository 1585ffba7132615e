/* ranking.h - the scores of channels: rankers over a network, its weights and calibration images.
 *
 * Scores are a function of weights, calibration images, point, backend and the ranker's own options alone, bit for
 * bit: not of threads, nor of the other layers and rankers that are asked for. The loss of second_order and taylor is
 * that of all calibration images as one batch: its positives are counted, by matching alone, before the first forward
 * pass. On a device, images go in micro-batches of a fixed size. */
#ifndef FTDN_HARNESS_RANKINGS_RANKING_H
#define FTDN_HARNESS_RANKINGS_RANKING_H

#include <signal.h>

#include "base/arena.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "harness/plan/model.h"
#include "injectors/map_faults.h"
#include "injectors/scope.h"
#include "rankers/ranker.h"

typedef struct ftdn_ranking_desc {
    const ftdn_model *model;
    const ftdn_dataset *calibration; /* decoded to the network's size; NULL where no ranker needs images */
    const ftdn_backend *backend;
    ftdn_conv_algorithm conv_algorithm;
    ftdn_layer_set layers;
    ftdn_map_point point;             /* where maps are read */
    const ftdn_ranker *const *ranker; /* [n_rankers] */
    int n_rankers;
    ftdn_ranker_options options;
    int n_measured_images;  /* rankers that need injection: of the calibration the first so many, 1 ... all */
    ftdn_fault_model fault; /* what they inject */
    int n_threads;
    ftdn_device_cache *cache; /* on a device: as in ftdn_compile_desc */
    const volatile sig_atomic_t *stop; /* not 0: leave with FTDN_ERR_INTERRUPTED; NULL: never */
    /* Of rankers by images; of those that need injection, channels of images. From the calling thread, now and then;
     * may be NULL. */
    void (*on_image)(void *user, int n_images_done);
    void (*on_channel)(void *user, int n_channels_done, int n_channels);
    void *user;
} ftdn_ranking_desc;

typedef struct ftdn_ranked_layer {
    const char *name;
    int n_channels;
    double **score; /* [n_rankers][n_channels], finite, no negative zero */
} ftdn_ranked_layer;

typedef struct ftdn_ranking {
    const ftdn_ranker *const *ranker; /* borrowed, [n_rankers] */
    int n_rankers, n_layers;
    ftdn_ranked_layer *layer; /* [n_layers], in the order of the desc's layers */
} ftdn_ranking;

/* The node whose map a ranker sees of a layer: an index into the desc's layers. */
int ftdn_ranked_node(const ftdn_ranking_desc *desc, int layer);

/* Does any of the rankers need calibration images? */
bool ftdn_ranking_needs_images(const ftdn_ranker *const *ranker, int n_rankers);

/* FTDN_ERR_INPUT: a score that is not finite (ranker, layer, channel); a ranker wants the loss or its gradient and no
 * calibration image has an object that the loss counts. The ranking lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_ranking_compute(const ftdn_ranking_desc *desc, ftdn_arena *arena,
                                                ftdn_ranking *ret_ranking, ftdn_error *err);

#endif
