/* model.h - a detector with its weights, opened once and shared by all trials. */
#ifndef FTDN_HARNESS_MODEL_H
#define FTDN_HARNESS_MODEL_H

#include "base/arena.h"
#include "base/sha256.h"
#include "base/status.h"
#include "detect/network.h"
#include "engine/weights.h"
#include "harness/settings.h"

typedef struct ftdn_model {
    ftdn_network network;
    ftdn_weights weights; /* clean; never written */
    char weights_digest[FTDN_SHA256_HEX];
} ftdn_model;

/* Build the network and read (or make up) its weights; all in the arena, whose address the graph keeps. */
FTDN_NODISCARD ftdn_status ftdn_model_open(const ftdn_model_settings *settings, ftdn_arena *arena,
                                           ftdn_model *ret_model, ftdn_error *err);

#endif
