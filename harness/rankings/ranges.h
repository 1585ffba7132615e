/* ranges.h - the values that layers' maps take on calibration images, without faults: what a protector clips to. */
#ifndef FTDN_HARNESS_RANKINGS_RANGES_H
#define FTDN_HARNESS_RANKINGS_RANGES_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/plan/plan.h"
#include "harness/rankings/scores.h"
#include "injectors/scope.h"
#include "protectors/protector.h"

/* The least and the greatest value of each layer's map, as handed on, over all images of trial->calibration, which are
 * decoded first where they must be. Of the source, the store is not used; progress says "ranges".
 * ret_range: [n_layers], in the order of the layers; written on success only.
 * FTDN_ERR_INPUT: images that cannot be decoded, a value that is not finite (layer, image). The arena is scratch. */
FTDN_NODISCARD ftdn_status ftdn_ranges_profile(const ftdn_score_source *source, const ftdn_planned_trial *trial,
                                               ftdn_layer_set layers, ftdn_arena *arena, ftdn_layer_range *ret_range,
                                               ftdn_error *err);

#endif
