#include "injectors/fault_hits.h"

#include <assert.h>
#include <string.h>

/* The place of the first of n ascending numbers that is not below `wanted`. */
static int lower_bound(const uint64_t *number, int n, uint64_t wanted)
{
    int low = 0;
    while (n > 0) {
        int half = n / 2;
        if (number[low + half] < wanted) {
            low += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return low;
}

void ftdn_fault_picks_make(ftdn_fault_picks *picks, uint64_t seed, ftdn_location location, uint64_t image,
                           uint64_t total, int count)
{
    assert(count >= 1 && count <= FTDN_MAX_FAULT_COUNT && total >> 56 == 0);
    picks->n_picks = 0;
    if (total <= (uint64_t)count) {
        while ((uint64_t)picks->n_picks < total) {
            picks->element[picks->n_picks] = (uint64_t)picks->n_picks;
            picks->n_picks++;
        }
        return;
    }
    ftdn_site_stream stream = ftdn_site_pick_stream(seed, location, image);
    for (uint64_t i = 0; picks->n_picks < count; i++) {
        uint64_t element = ftdn_site_pick(stream, i, total);
        int at = lower_bound(picks->element, picks->n_picks, element);
        if (at < picks->n_picks && picks->element[at] == element) continue;
        memmove(&picks->element[at + 1], &picks->element[at], (size_t)(picks->n_picks - at) * sizeof *picks->element);
        picks->element[at] = element;
        picks->n_picks++;
    }
}

bool ftdn_fault_picks_any(const ftdn_fault_picks *picks, uint64_t first, uint64_t n_elements)
{
    int i = lower_bound(picks->element, picks->n_picks, first);
    return i < picks->n_picks && picks->element[i] - first < n_elements;
}

static int find_picked(const ftdn_fault_hits *hits, uint64_t first, int n_elements, uint32_t *ret_offset)
{
    const ftdn_fault_picks *picks = hits->picks;
    uint64_t begin = hits->base + first;
    int n_found = 0;
    for (int i = lower_bound(picks->element, picks->n_picks, begin); i < picks->n_picks; i++) {
        if (picks->element[i] - begin >= (uint64_t)n_elements) break;
        ret_offset[n_found++] = (uint32_t)(picks->element[i] - begin);
    }
    return n_found;
}

int ftdn_fault_hits_find(const ftdn_fault_hits *hits, uint64_t first, int n_elements, uint32_t *ret_offset)
{
    assert(n_elements <= ftdn_fault_hits_room(first));
    if (hits->picks) return find_picked(hits, first, n_elements, ret_offset);
    uint32_t skipped = first % FTDN_SITE_GROUP;
    int n_found = ftdn_site_find(hits->scan, hits->stream, hits->threshold, first - skipped, n_elements + (int)skipped,
                                 ret_offset);
    if (skipped == 0) return n_found;
    int n_before = 0;
    while (n_before < n_found && ret_offset[n_before] < skipped) n_before++;
    for (int i = n_before; i < n_found; i++) ret_offset[i - n_before] = ret_offset[i] - skipped;
    return n_found - n_before;
}
