/* placement.h - maps that share one slab: two overlap only where they live at the same time. */
#ifndef FTDN_ENGINE_PLACEMENT_H
#define FTDN_ENGINE_PLACEMENT_H

#include <stdbool.h>
#include <stddef.h>

#define FTDN_NO_MAP ((size_t)-1)

/* One map's need of memory. */
typedef struct ftdn_map_need {
    bool exists;      /* false: it needs no memory */
    int birth, death; /* moments, both included, in which its memory is its own */
    size_t n_bytes;   /* a multiple of FTDN_ARENA_ALIGNMENT */
    int alias;        /* map whose memory it takes over; -1: its own. No map is an alias of itself by any way */
} ftdn_map_need;

/* Place the largest maps first, each at its lowest free offset. need: [n_maps]; lifetimes of maps whose memory others
 * take over are widened to hold theirs. ret_offset: [n_maps], FTDN_NO_MAP where a map needs none. Returns the slab's
 * bytes. */
size_t ftdn_placement_make(ftdn_map_need *need, int n_maps, size_t *ret_offset);

#endif
