/* fault_hd.h - fault models: what a hit element becomes, for host and device.
 *
 * Values are handled as the bits of their float, so that a NaN that a fault makes keeps its bits. Random bits
 * are those of the element: one block for FTDN_PURPOSE_VALUE, addressed like its site. The site does not
 * depend on the model. docs/fault-sites.md states the rule for other languages, with test vectors. */
#ifndef FTDN_INJECTORS_FAULT_HD_H
#define FTDN_INJECTORS_FAULT_HD_H

#include <stdint.h>
#include <string.h>

#include "injectors/site_hd.h"

typedef enum ftdn_fault_type {
    FTDN_FAULT_ZERO,       /* the value becomes 0 */
    FTDN_FAULT_RANDOM,     /* uniform between low and high */
    FTDN_FAULT_BIT_FLIP,   /* one bit is turned over */
    FTDN_FAULT_STUCK_AT_0, /* one bit becomes 0 */
    FTDN_FAULT_STUCK_AT_1, /* one bit becomes 1 */
} ftdn_fault_type;

typedef struct ftdn_fault_model {
    ftdn_fault_type type;
    uint32_t first_bit, n_bits; /* bit types: the bit is one of first_bit ... first_bit+n_bits-1, 0 the lowest */
    int has_range;              /* RANDOM: low and high are given; else they are those of the clean values */
    float low, high;            /* RANDOM: finite, low <= high */
} ftdn_fault_model;

/* Is the range to be taken from clean values? */
FTDN_HD static inline int ftdn_fault_wants_range(const ftdn_fault_model *model)
{
    return model->type == FTDN_FAULT_RANDOM && !model->has_range;
}

FTDN_HD static inline uint32_t ftdn_float_bits(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* Is the float of these bits NaN or infinite? */
FTDN_HD static inline int ftdn_bits_are_nonfinite(uint32_t bits)
{
    return (bits & 0x7f800000u) == 0x7f800000u;
}

/* The bit that is hit, of the first_bit ... that the model allows. */
FTDN_HD static inline uint32_t ftdn_fault_bit(const ftdn_fault_model *model, uint32_t random)
{
    return model->first_bit + (uint32_t)((uint64_t)random * model->n_bits >> 32);
}

/* What a value becomes; before and the result are bits of floats. random: uniform on [0, 2^32). In double and
 * without contraction, so that all machines agree; the result of RANDOM lies in [low, high]. */
FTDN_HD static inline uint32_t ftdn_fault_value(const ftdn_fault_model *model, uint32_t before, uint32_t random)
{
    switch (model->type) {
    case FTDN_FAULT_ZERO: break;
    case FTDN_FAULT_RANDOM: {
        double low = (double)model->low, span = (double)model->high - low;
        double step = span * ((double)random / 4294967296.0);
        return ftdn_float_bits((float)(low + step));
    }
    case FTDN_FAULT_BIT_FLIP: return before ^ (uint32_t)1 << ftdn_fault_bit(model, random);
    case FTDN_FAULT_STUCK_AT_0: return before & ~((uint32_t)1 << ftdn_fault_bit(model, random));
    case FTDN_FAULT_STUCK_AT_1: return before | (uint32_t)1 << ftdn_fault_bit(model, random);
    }
    return 0;
}

/* The random number of element e for ftdn_fault_value. */
FTDN_HD static inline uint32_t ftdn_fault_random(ftdn_site_stream stream, uint64_t e)
{
    return ftdn_site_block(stream, FTDN_PURPOSE_VALUE, e).word[0];
}

#endif
