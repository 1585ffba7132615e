/* dump.h - one image of one trial, seen from inside: `ftdn run --trial ID --dump DIR`.
 *
 * Into DIR/IMAGE go, as .npy files (npy.h):
 *
 *     input               [H,W,C] the image as the network reads it
 *     LAYER               [H,W,C] the map that each layer hands on, faults and all; of a layer that is merged into its
 *                         original at the convolution, the convolution's. Copies have layers of their own.
 *     NODE                [H,W,C] merged and clipped maps
 *     LAYER.weight        [K,C/groups,R,S] of layers whose weights may be hit, as they are stored
 *     LAYER.weight.copyN  [copied channels,C/groups,R,S] stored copies of filters, where weights may be hit
 *     logits, locations   [priors,classes+1], [priors,4]; of D2NN's second network secondary.logits, ...
 *
 * and, at last, index.json, which lists them with shapes, ranges and how many values are not numbers. The bits are
 * those of the trial. A ':' of a name is a '.' in its file's name. */
#ifndef FTDN_HARNESS_DUMP_H
#define FTDN_HARNESS_DUMP_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/rankings/scores.h"

typedef struct ftdn_dump_summary {
    const char *folder; /* DIR/IMAGE; lives in the arena */
    int n_files;        /* without index.json */
} ftdn_dump_summary;

/* image: its place in the trial's dataset, which is decoded where it must be. folder: DIR, created if absent; files in
 * it are replaced. FTDN_ERR_INPUT: a file cannot be written, images cannot be decoded. */
FTDN_NODISCARD ftdn_status ftdn_dump(const ftdn_planned_trial *trial, const ftdn_score_source *scores, int image,
                                     const char *folder, ftdn_arena *arena, ftdn_dump_summary *ret_summary,
                                     ftdn_error *err);

#endif
