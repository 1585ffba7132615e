/* site_scan.h - find the elements that are hit, in bulk: about 0.1 ns per element with AVX-512.
 *
 * The scan needs 16 random bits per element to settle all but one in 65,536; the rest are settled
 * with their full 64 bits. It costs the same at any rate and gives what ftdn_site_is_hit defines. */
#ifndef FTDN_INJECTORS_SITE_SCAN_H
#define FTDN_INJECTORS_SITE_SCAN_H

#include "injectors/site_hd.h"

#define FTDN_SITE_GROUP 128  /* elements answered by 16 Philox blocks */
#define FTDN_SITE_CHUNK 4096 /* elements per call of ftdn_site_find */

/* For each of n_groups groups from `first_group`: bit j of below[4 g + w] and equal[4 g + w] says
 * whether the first 16 bits of element 128 g + 32 w + j are below, or equal to, `first16`. */
typedef void (*ftdn_site_scan)(ftdn_site_stream stream, uint64_t first_group, int n_groups, uint32_t first16,
                               uint32_t *below, uint32_t *equal);

/* The fastest scan that this processor runs. All give the same bits. */
ftdn_site_scan ftdn_site_scan_choose(void);

void ftdn_site_scan_portable(ftdn_site_stream stream, uint64_t first_group, int n_groups, uint32_t first16,
                             uint32_t *below, uint32_t *equal);
#ifdef __x86_64__
void ftdn_site_scan_avx2(ftdn_site_stream stream, uint64_t first_group, int n_groups, uint32_t first16, uint32_t *below,
                         uint32_t *equal);
void ftdn_site_scan_avx512(ftdn_site_stream stream, uint64_t first_group, int n_groups, uint32_t first16,
                           uint32_t *below, uint32_t *equal);
#endif

/* The hit elements among [first, first + n_elements), ascending, as offsets from `first`, which is a
 * multiple of FTDN_SITE_GROUP; n_elements <= FTDN_SITE_CHUNK. ret_offset: [n_elements]. Returns their number. */
int ftdn_site_find(ftdn_site_scan scan, ftdn_site_stream stream, ftdn_site_threshold threshold, uint64_t first,
                   int n_elements, uint32_t *ret_offset);

#endif
