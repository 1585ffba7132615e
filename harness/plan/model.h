/* model.h - a detector with its weights, opened once and shared by all trials. */
#ifndef FTDN_HARNESS_PLAN_MODEL_H
#define FTDN_HARNESS_PLAN_MODEL_H

#include "base/arena.h"
#include "base/sha256.h"
#include "base/status.h"
#include "detect/network.h"
#include "engine/weights.h"
#include "harness/manifest/settings.h"
#include "harness/plan/class_names.h"

typedef struct ftdn_model {
    ftdn_network network;
    ftdn_weights weights;     /* clean; never written */
    ftdn_class_names classes; /* that the weight file is for; none where it does not say */
    char weights_digest[FTDN_SHA256_HEX];
} ftdn_model;

/* Build the network and read (or make up) its weights; all in the arena, whose address the graph keeps.
 * FTDN_ERR_ARG where a weight file says that it is of another number of classes, or not which network it is of although
 * the settings name none. */
FTDN_NODISCARD ftdn_status ftdn_model_open(const ftdn_model_settings *settings, ftdn_arena *arena,
                                           ftdn_model *ret_model, ftdn_error *err);

#endif
