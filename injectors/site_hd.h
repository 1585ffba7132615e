/* site_hd.h - where faults are: a pure function of (seed, layer, copy, image, element), for host and device.
 *
 * Every element of a weight or a map owns a number u, uniform on [0, 2^64), made from Philox bits that
 * are addressed, never streamed. It is hit where u < rate * 2^64. Hence (invariant I3)
 *   - each element is hit with exactly the given rate, independently of all others;
 *   - a larger rate hits a superset of the elements of a smaller one;
 *   - threads, batches, devices, protections and the order of work cannot matter.
 *
 * Element indices are row-major in [K,C/groups,R,S] for weights and in [H,W,C] for the map of one
 * image. docs/fault-sites.md states the rule for other languages, with test vectors. */
#ifndef FTDN_INJECTORS_SITE_HD_H
#define FTDN_INJECTORS_SITE_HD_H

#include <stdint.h>

#include "base/philox_hd.h"

typedef enum ftdn_location {
    FTDN_LOCATION_WEIGHTS = 0,
    FTDN_LOCATION_FEATURE_MAP = 1,
} ftdn_location;

/* What bits are drawn for; each purpose has bits of its own. */
enum {
    FTDN_PURPOSE_SELECT = 0, /* the first 16 bits of u, for 8 elements per Philox block */
    FTDN_PURPOSE_REFINE = 1, /* the other 48 bits, one block per element, needed once in 65,536 */
    FTDN_PURPOSE_VALUE = 2,  /* what the element becomes (fault_hd.h), one block per element that is hit */
    FTDN_PURPOSE_PICK = 3,   /* which elements are hit where their number is given, not a rate */
};

/* The address of all bits of one tensor: one copy of a layer's weights, or of its map for one image. */
typedef struct ftdn_site_stream {
    uint32_t key0, key1;         /* Philox key */
    uint32_t counter2, counter3; /* upper half of the Philox counter */
} ftdn_site_stream;

/* layer: ftdn_layer_id of its name. copy: 0 = the original. image: 0 for weights drawn once per trial. */
FTDN_HD static inline ftdn_site_stream ftdn_site_stream_make(uint64_t seed, uint32_t layer, ftdn_location location,
                                                             uint32_t copy, uint64_t image)
{
    ftdn_philox_block address = {{(uint32_t)image, (uint32_t)(image >> 32), layer, (uint32_t)location | copy << 8}};
    ftdn_philox_block bits = ftdn_philox(address, (uint32_t)seed, (uint32_t)(seed >> 32));
    ftdn_site_stream stream = {bits.word[0], bits.word[1], bits.word[2], bits.word[3]};
    return stream;
}

/* Block `index` (below 2^56) of the bits drawn for a purpose. */
FTDN_HD static inline ftdn_philox_block ftdn_site_block(ftdn_site_stream stream, uint32_t purpose, uint64_t index)
{
    ftdn_philox_block counter = {
        {(uint32_t)index, (uint32_t)(index >> 32) | purpose << 24, stream.counter2, stream.counter3}};
    return ftdn_philox(counter, stream.key0, stream.key1);
}

/* The first 16 bits of element e's number. 16 blocks serve 128 elements in the order that lets a
 * vector of 16 blocks answer for 32 consecutive elements per word:
 * e = 128 g + 32 w + 2 b + h lies in half h (0 = low) of word w of block 16 g + b. */
FTDN_HD static inline uint32_t ftdn_site_select_bits(ftdn_site_stream stream, uint64_t e)
{
    uint64_t block = (e >> 7) * 16 + ((e >> 1) & 15);
    uint32_t word = ftdn_site_block(stream, FTDN_PURPOSE_SELECT, block).word[(e >> 5) & 3];
    return (e & 1) ? word >> 16 : word & 0xffff;
}

/* The other 48 bits. */
FTDN_HD static inline uint64_t ftdn_site_refine_bits(ftdn_site_stream stream, uint64_t e)
{
    ftdn_philox_block bits = ftdn_site_block(stream, FTDN_PURPOSE_REFINE, e);
    return ((uint64_t)bits.word[1] << 32 | bits.word[0]) >> 16;
}

/* A rate as the number that u is compared with. `all` stands for rate 1, which 64 bits cannot hold. */
typedef struct ftdn_site_threshold {
    uint64_t below;
    int all;
} ftdn_site_threshold;

/* rate in [0, 1] */
FTDN_HD static inline ftdn_site_threshold ftdn_site_threshold_of(double rate)
{
    ftdn_site_threshold threshold = {0, rate >= 1.0};
    if (!threshold.all) threshold.below = (uint64_t)(rate * 18446744073709551616.0);
    return threshold;
}

/* Is element e hit? The definition; site_scan.h finds the same elements many at a time. */
FTDN_HD static inline int ftdn_site_is_hit(ftdn_site_stream stream, uint64_t e, ftdn_site_threshold threshold)
{
    if (threshold.all) return 1;
    uint64_t u = (uint64_t)ftdn_site_select_bits(stream, e) << 48 | ftdn_site_refine_bits(stream, e);
    return u < threshold.below;
}

/* The stream of the picks of one draw, which are made among all layers together. */
FTDN_HD static inline ftdn_site_stream ftdn_site_pick_stream(uint64_t seed, ftdn_location location, uint64_t image)
{
    return ftdn_site_stream_make(seed, 0, location, 0, image);
}

/* Pick i of one of `total` elements, below 2^56: the upper half of u * total, u 64 random bits. Picks repeat. */
FTDN_HD static inline uint64_t ftdn_site_pick(ftdn_site_stream stream, uint64_t i, uint64_t total)
{
    ftdn_philox_block bits = ftdn_site_block(stream, FTDN_PURPOSE_PICK, i);
    uint64_t total0 = total & 0xffffffffu, total1 = total >> 32;
    uint64_t low = bits.word[0] * total0, across = bits.word[0] * total1;
    uint64_t middle = bits.word[1] * total0 + (low >> 32) + (across & 0xffffffffu);
    return bits.word[1] * total1 + (across >> 32) + (middle >> 32);
}

#endif
