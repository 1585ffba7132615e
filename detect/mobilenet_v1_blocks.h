/* mobilenet_v1_blocks.h - the stem and the 13 blocks of MobileNet v1, a depthwise and a pointwise convolution each. */
#ifndef FTDN_DETECT_MOBILENET_V1_BLOCKS_H
#define FTDN_DETECT_MOBILENET_V1_BLOCKS_H

#include <stdbool.h>

#define FTDN_MOBILENET_V1_BLOCKS 13

/* Channels are those of width 1. */
typedef struct ftdn_mobilenet_v1_block {
    int stride, n_outputs;
} ftdn_mobilenet_v1_block;

/* By number; 0 is the stem. The comments say how large the maps of a picture of 300x300 are. */
static const ftdn_mobilenet_v1_block ftdn_mobilenet_v1_blocks[1 + FTDN_MOBILENET_V1_BLOCKS] = {
    {2, 32},   {1, 64},                                           /* 150x150 */
    {2, 128},  {1, 128},                                          /* 75x75 */
    {2, 256},  {1, 256},                                          /* 38x38 */
    {2, 512},  {1, 512},  {1, 512}, {1, 512}, {1, 512}, {1, 512}, /* 19x19 */
    {2, 1024}, {1, 1024},                                         /* 10x10 */
};

/* Do the heads of an SSD read the block: is it the last one of 19x19 or of 10x10? */
static inline bool ftdn_mobilenet_v1_is_source(int block)
{
    return block == 11 || block == FTDN_MOBILENET_V1_BLOCKS;
}

#endif
