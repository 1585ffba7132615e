/* device_scorer.h - what rankers make of calibration images, computed on a device in micro-batches (ranking.h). */
#ifndef FTDN_HARNESS_RANKINGS_DEVICE_SCORER_H
#define FTDN_HARNESS_RANKINGS_DEVICE_SCORER_H

#include "detect/loss_device.h"
#include "engine/device.h"
#include "engine/gradients.h"
#include "harness/rankings/image_loss.h"
#include "harness/rankings/ranking.h"

typedef struct ftdn_device_scorer {
    const ftdn_device_module *device; /* borrowed, as desc, program and packed */
    const ftdn_ranking_desc *desc;
    const ftdn_packed *packed;
    ftdn_arena arena;
    int micro_batch;
    ftdn_context *context;
    ftdn_gradients *gradients; /* NULL where no ranker needs them; then what belongs to the loss is unused */
    ftdn_device_loss *loss;
    ftdn_image_loss matching;   /* matches image by image, on the host */
    ftdn_loss_image *loss_image; /* [micro_batch] */
    const uint8_t **pixels;      /* [micro_batch] */
    double *contribution;        /* [micro_batch, most channels] of one layer */
    float *values, *gradient;    /* [micro_batch maps of the largest layer] for rankers that the device does not know */
} ftdn_device_scorer;

/* program: compiled for gradients. The caller may call _done on a scorer that could not be initialised. */
FTDN_NODISCARD ftdn_status ftdn_device_scorer_init(ftdn_device_scorer *scorer, const ftdn_ranking_desc *desc,
                                                   const ftdn_program *program, const ftdn_packed *packed,
                                                   bool needs_gradients, ftdn_error *err);
void ftdn_device_scorer_done(ftdn_device_scorer *scorer);

/* Calibration images first ... first + n_images - 1, at most a micro-batch. n_positives: of all calibration images.
 * contribution: [n_images, n_scores], of each image that of rankers that read maps one after the other, in each all
 * layers. */
FTDN_NODISCARD ftdn_status ftdn_device_scorer_score(ftdn_device_scorer *scorer, int first, int n_images,
                                                    long n_positives, size_t n_scores, double *contribution,
                                                    ftdn_error *err);

#endif
