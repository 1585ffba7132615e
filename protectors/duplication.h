/* duplication.h - what is copied with a channel, and what that costs.
 *
 * A unit is a feature layer with all that belongs to its channels: in VGG the convolution alone; in MobileNet the
 * block (section 3.3 and Fig. 5 of the paper): part of the pointwise filters and the entire depthwise convolution. */
#ifndef FTDN_PROTECTORS_DUPLICATION_H
#define FTDN_PROTECTORS_DUPLICATION_H

#include <stdint.h>

#include "protectors/protector.h"

typedef struct ftdn_unit {
    int layer;              /* whose channels are chosen: it makes a feature map */
    int depthwise;          /* layer that is copied entirely as soon as one channel is; -1: none */
    int n_channels;         /* K */
    int n_depthwise;        /* channels of the depthwise convolution; 0: none */
    int64_t filter_size;    /* weights of one channel's filter */
    int64_t depthwise_size; /* weights of the depthwise convolution; 0: none */
} ftdn_unit;

/* The units of a network, in its order. FTDN_ERR_ARG: it has no feature layers, or one that is no unit (a grouped
 * convolution; two behind one depthwise convolution). */
FTDN_NODISCARD ftdn_status ftdn_units_find(const ftdn_graph *graph, ftdn_arena *arena, const ftdn_unit **ret_unit,
                                           int *ret_n, ftdn_error *err);

/* The copies of chosen channels: channel[u]: [n_kept[u]], ascending, borrowed. n_copies: of each filter, at least 1.
 * Where nothing is chosen *ret_copies is empty, its n_copies 0. */
FTDN_NODISCARD ftdn_status ftdn_copies_make(const ftdn_unit *unit, int n_units, const int *const *channel,
                                            const int *n_kept, int n_copies, ftdn_arena *arena, ftdn_copies *ret_copies,
                                            ftdn_error *err);

/* What a protection adds to its network (Table 2 of the paper). */
typedef struct ftdn_account {
    uint64_t weight_bytes;      /* stored copies of filters */
    uint64_t feature_map_bytes; /* maps of copied channels of feature layers, one image: the paper's count */
    uint64_t map_bytes;         /* all maps that only the protection makes: depthwise copies, a second network; one map
                                   per layer, as merging, clipping, batch norm and activation can work in place */
    uint64_t macs;              /* multiply-accumulates of one image, by convolutions */
    uint64_t merge_values;      /* values of maps that are merged or clipped for one image; under kernel recovery the
                                   weights that are merged once per draw */
} ftdn_account;

ftdn_account ftdn_protection_account(const ftdn_protection *protection);

#endif
