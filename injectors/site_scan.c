#include "injectors/site_scan.h"

#include <assert.h>

void ftdn_site_scan_portable(ftdn_site_stream stream, uint64_t first_group, int n_groups, uint32_t first16,
                             uint32_t *below, uint32_t *equal)
{
    for (int g = 0; g < n_groups; g++) {
        for (int w = 0; w < 4; w++) below[4 * g + w] = equal[4 * g + w] = 0;
        for (uint32_t b = 0; b < 16; b++) {
            ftdn_philox_block bits = ftdn_site_block(stream, FTDN_PURPOSE_SELECT, (first_group + (uint64_t)g) * 16 + b);
            for (int w = 0; w < 4; w++) {
                uint32_t low = bits.word[w] & 0xffff, high = bits.word[w] >> 16;
                below[4 * g + w] |= (uint32_t)(low < first16) << (2 * b) | (uint32_t)(high < first16) << (2 * b + 1);
                equal[4 * g + w] |= (uint32_t)(low == first16) << (2 * b) | (uint32_t)(high == first16) << (2 * b + 1);
            }
        }
    }
}

ftdn_site_scan ftdn_site_scan_choose(void)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) return ftdn_site_scan_avx512;
    if (__builtin_cpu_supports("avx2")) return ftdn_site_scan_avx2;
#endif
    return ftdn_site_scan_portable;
}

/* Of the elements whose first 16 bits equal the threshold's, those that are hit. */
static uint32_t settle_ties(ftdn_site_stream stream, ftdn_site_threshold threshold, uint64_t first, uint32_t ties)
{
    uint32_t hits = 0;
    for (; ties; ties &= ties - 1) {
        int bit = __builtin_ctz(ties);
        if (ftdn_site_is_hit(stream, first + (uint64_t)bit, threshold)) hits |= 1u << bit;
    }
    return hits;
}

int ftdn_site_find(ftdn_site_scan scan, ftdn_site_stream stream, ftdn_site_threshold threshold, uint64_t first,
                   int n_elements, uint32_t *ret_offset)
{
    assert(first % FTDN_SITE_GROUP == 0 && n_elements >= 0 && n_elements <= FTDN_SITE_CHUNK);
    int n_found = 0;
    if (threshold.all) {
        while (n_found < n_elements) {
            ret_offset[n_found] = (uint32_t)n_found;
            n_found++;
        }
        return n_found;
    }
    uint32_t below[FTDN_SITE_CHUNK / 32], equal[FTDN_SITE_CHUNK / 32];
    int n_groups = (n_elements + FTDN_SITE_GROUP - 1) / FTDN_SITE_GROUP;
    scan(stream, first / FTDN_SITE_GROUP, n_groups, (uint32_t)(threshold.below >> 48), below, equal);
    for (int base = 0; base < n_elements; base += 32) {
        uint32_t hits = below[base / 32];
        if (equal[base / 32]) hits |= settle_ties(stream, threshold, first + (uint64_t)base, equal[base / 32]);
        if (n_elements - base < 32) hits &= (1u << (n_elements - base)) - 1;
        /* The first hit of a word without a branch: at the usual rates most words hold one or none,
         * and which of the two cannot be predicted. */
        ret_offset[n_found] = (uint32_t)(base + __builtin_ctz(hits | 1u << 31));
        n_found += hits != 0;
        for (hits &= hits - 1; hits; hits &= hits - 1) ret_offset[n_found++] = (uint32_t)(base + __builtin_ctz(hits));
    }
    return n_found;
}
