/* mobilenet_v1_blocks.h - the base of the SSDs with MobileNet v1: a stem, and 13 blocks of a depthwise and a pointwise
 * convolution each. */
#ifndef FTDN_DETECT_MOBILENET_V1_BLOCKS_H
#define FTDN_DETECT_MOBILENET_V1_BLOCKS_H

#include "detect/network.h"

/* In what such bases differ. A layer of block B is called by `block`, B, and what it has below: "base_net.", 7, ".3".
 * A layer without a batch norm has a bias. */
typedef struct ftdn_mobilenet_v1_style {
    const char *stem, *stem_norm; /* a norm that is NULL: there is none */
    const char *block, *depthwise, *depthwise_norm, *pointwise, *pointwise_norm;
    bool same_padding; /* 3x3 convolutions as TensorFlow pads them; else by a pixel on all sides */
    ftdn_activation activation;
    void (*add_heads)(ftdn_network *network, int source); /* called for the blocks that heads read */
} ftdn_mobilenet_v1_style;

/* All of the base, behind node x; returns its last node. Heads read block 11, the last of 19x19, and block 13, the last
 * of 10x10. */
int ftdn_mobilenet_v1_add_base(ftdn_network *network, int x, const ftdn_mobilenet_v1_style *style);

#endif
