/* copies.h - which filters of a network are stored more than once.
 *
 * The unit of duplication is channel k of a layer: the filter W[k,:,:,:] that makes it. Copies are numbered from 1;
 * 0 is the original. Every copy of a set holds the same channels. */
#ifndef FTDN_ENGINE_COPIES_H
#define FTDN_ENGINE_COPIES_H

#define FTDN_MAX_COPIES 2 /* beside the original */

/* The filters of one layer that are copied. */
typedef struct ftdn_layer_copies {
    int layer;          /* in the unprotected graph */
    int n_channels;     /* of K; at least 1 */
    const int *channel; /* [n_channels], ascending */
} ftdn_layer_copies;

typedef struct ftdn_copies {
    int n_copies;                   /* of each of these filters: 0 ... FTDN_MAX_COPIES */
    int n_layers;                   /* 0 where n_copies is 0 */
    const ftdn_layer_copies *layer; /* [n_layers], ascending by layer */
} ftdn_copies;

#endif
