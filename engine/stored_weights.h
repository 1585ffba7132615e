/* stored_weights.h - what memory holds of a protected network: the weights and the copies of filters. */
#ifndef FTDN_ENGINE_STORED_WEIGHTS_H
#define FTDN_ENGINE_STORED_WEIGHTS_H

#include "engine/copies.h"
#include "engine/weights.h"

typedef struct ftdn_stored_weights {
    const ftdn_weights *original;              /* of the unprotected graph, faulty or clean */
    const float *const *copy[FTDN_MAX_COPIES]; /* copy c + 1: [copies->n_layers] filters [n_channels, C/groups, R, S] */
} ftdn_stored_weights;

#endif
