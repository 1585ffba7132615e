/* fault_draw.h - how many faults of which kind an injector draws: what a trial asks of one location. */
#ifndef FTDN_INJECTORS_FAULT_DRAW_H
#define FTDN_INJECTORS_FAULT_DRAW_H

#include <stdint.h>

#include "injectors/fault_hd.h"

#define FTDN_MAX_FAULT_COUNT 1024

/* The faults of stored copies. */
typedef enum ftdn_copy_faults {
    FTDN_COPIES_INDEPENDENT, /* faults of their own */
    FTDN_COPIES_CLEAN,       /* none */
    FTDN_COPIES_SHARED,      /* those of the original */
} ftdn_copy_faults;

typedef struct ftdn_fault_draw {
    ftdn_fault_model model;
    double rate; /* chance that one element is hit, in [0, 1] */
    int count;   /* above 0: exactly so many elements, uniformly chosen from all layers together; then rate is 0. They
                    are chosen among the originals, so that all protections see the same ones; copies are hit only
                    if shared */
    uint64_t seed;
    ftdn_copy_faults copies;
} ftdn_fault_draw;

/* Does the draw ask for any fault? */
static inline int ftdn_fault_draw_hits(const ftdn_fault_draw *draw)
{
    return draw->rate > 0 || draw->count > 0;
}

/* The copy whose sites stored copy `copy` has under this draw; -1: it is not hit. */
FTDN_HD static inline int ftdn_fault_draw_sites_of(const ftdn_fault_draw *draw, int copy)
{
    if (copy == 0 || draw->copies == FTDN_COPIES_SHARED) return 0;
    return draw->copies == FTDN_COPIES_CLEAN || draw->count > 0 ? -1 : copy;
}

#endif
