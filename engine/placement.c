#include "engine/placement.h"

/* The map whose memory map `i` lives in. */
static int owner_of(const ftdn_map_need *need, int i)
{
    while (need[i].alias >= 0) i = need[i].alias;
    return i;
}

/* The lowest offset where map `at` meets no placed map that lives at the same time. */
static size_t lowest_free_offset(const ftdn_map_need *need, const size_t *offset, int n_maps, int at)
{
    size_t candidate = 0;
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < n_maps; i++) {
            if (offset[i] == FTDN_NO_MAP) continue;
            bool together = need[i].birth <= need[at].death && need[at].birth <= need[i].death;
            bool overlap = offset[i] < candidate + need[at].n_bytes && candidate < offset[i] + need[i].n_bytes;
            if (!together || !overlap) continue;
            candidate = offset[i] + need[i].n_bytes;
            moved = true;
        }
    }
    return candidate;
}

size_t ftdn_placement_make(ftdn_map_need *need, int n_maps, size_t *ret_offset)
{
    size_t slab_bytes = 0;
    for (int i = 0; i < n_maps; i++) {
        ret_offset[i] = FTDN_NO_MAP;
        if (!need[i].exists) continue;
        ftdn_map_need *owner = &need[owner_of(need, i)];
        if (need[i].birth < owner->birth) owner->birth = need[i].birth;
        if (need[i].death > owner->death) owner->death = need[i].death;
    }
    for (;;) {
        int largest = -1;
        for (int i = 0; i < n_maps; i++) {
            bool waits = need[i].exists && need[i].alias < 0 && ret_offset[i] == FTDN_NO_MAP;
            if (waits && (largest < 0 || need[i].n_bytes > need[largest].n_bytes)) largest = i;
        }
        if (largest < 0) break;
        ret_offset[largest] = lowest_free_offset(need, ret_offset, n_maps, largest);
        size_t end = ret_offset[largest] + need[largest].n_bytes;
        if (end > slab_bytes) slab_bytes = end;
    }
    for (int i = 0; i < n_maps; i++) {
        if (need[i].exists && need[i].alias >= 0) ret_offset[i] = ret_offset[owner_of(need, i)];
    }
    return slab_bytes;
}
