/* fault_hits.h - which elements of one tensor a draw hits: by a rate, or because they were picked. */
#ifndef FTDN_INJECTORS_FAULT_HITS_H
#define FTDN_INJECTORS_FAULT_HITS_H

#include <stdbool.h>

#include "injectors/fault_draw.h"
#include "injectors/site_scan.h"

/* The elements that a draw with a count hits, of all layers in scope together, laid one after the other. */
typedef struct ftdn_fault_picks {
    int n_picks;                            /* the count, or all elements where there are fewer */
    uint64_t element[FTDN_MAX_FAULT_COUNT]; /* [n_picks], ascending */
} ftdn_fault_picks;

/* The first `count` different picks of the draw's stream. total: elements in scope, below 2^56;
 * count: 1 ... FTDN_MAX_FAULT_COUNT. A larger count picks a superset. */
void ftdn_fault_picks_make(ftdn_fault_picks *picks, uint64_t seed, ftdn_location location, uint64_t image,
                           uint64_t total, int count);

/* Is one of the elements [first, first + n_elements) picked? */
bool ftdn_fault_picks_any(const ftdn_fault_picks *picks, uint64_t first, uint64_t n_elements);

/* Where one tensor is hit. */
typedef struct ftdn_fault_hits {
    ftdn_site_stream stream; /* of the tensor, for its sites and its values */
    ftdn_site_scan scan;
    ftdn_site_threshold threshold;
    const ftdn_fault_picks *picks; /* NULL: by rate */
    uint64_t base;                 /* picks: the number of the tensor's element 0 among all elements in scope */
} ftdn_fault_hits;

/* The hit elements among [first, first + n_elements), ascending, as offsets from `first`, which may be any element;
 * n_elements <= ftdn_fault_hits_room(first). ret_offset: [FTDN_SITE_CHUNK]. Returns their number. */
int ftdn_fault_hits_find(const ftdn_fault_hits *hits, uint64_t first, int n_elements, uint32_t *ret_offset);

/* Elements that one search answers for; what follows starts a group. */
static inline int ftdn_fault_hits_room(uint64_t first)
{
    return FTDN_SITE_CHUNK - (int)(first % FTDN_SITE_GROUP);
}

#endif
