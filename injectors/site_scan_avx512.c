/* site_scan_avx512.c - the site scan with 16 Philox blocks in AVX-512 registers. */
#include "injectors/site_scan.h"

#ifdef __x86_64__
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f,avx512bw")))

/* Vectors worked on side by side: enough to hide the multiplier's latency. Each holds eight blocks. */
#define N_VECTORS 4

/* N_VECTORS times eight Philox blocks, one per 64-bit lane. Only the low 32 bits of a lane count: the
 * widening multiplication reads nothing else, so that its product is the low word as it stands and
 * the high word after a shift. round_key: the two keys of each round. */
TARGET static inline void philox(__m512i word[4][N_VECTORS], const uint64_t *round_key)
{
    const __m512i m0 = _mm512_set1_epi64(FTDN_PHILOX_M0), m1 = _mm512_set1_epi64(FTDN_PHILOX_M1);
    for (int round = 0; round < FTDN_PHILOX_ROUNDS; round++) {
        __m512i key0 = _mm512_set1_epi64((long long)round_key[2 * round]);
        __m512i key1 = _mm512_set1_epi64((long long)round_key[2 * round + 1]);
        for (int v = 0; v < N_VECTORS; v++) {
            __m512i product0 = _mm512_mul_epu32(m0, word[0][v]);
            __m512i product1 = _mm512_mul_epu32(m1, word[2][v]);
            word[0][v] =
                _mm512_ternarylogic_epi64(_mm512_srli_epi64(product1, 32), word[1][v], key0, 0x96); /* a ^ b ^ c */
            word[1][v] = product1;
            word[2][v] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(product0, 32), word[3][v], key1, 0x96);
            word[3][v] = product0;
        }
    }
}

/* Two groups at a time: vectors 0 and 1 hold the even and odd blocks of the first group, 2 and 3 of the second. */
TARGET void ftdn_site_scan_avx512(ftdn_site_stream stream, uint64_t first_group, int n_groups, uint32_t first16,
                                  uint32_t *below, uint32_t *equal)
{
    const __m512i even = _mm512_set_epi64(14, 12, 10, 8, 6, 4, 2, 0);
    const __m512i wanted = _mm512_set1_epi16((short)first16);
    uint64_t round_key[2 * FTDN_PHILOX_ROUNDS];
    for (uint32_t round = 0; round < FTDN_PHILOX_ROUNDS; round++) {
        round_key[2 * round] = (uint32_t)(stream.key0 + round * FTDN_PHILOX_W0);
        round_key[2 * round + 1] = (uint32_t)(stream.key1 + round * FTDN_PHILOX_W1);
    }
    for (int g = 0; g < n_groups; g += 2) {
        __m512i word[4][N_VECTORS];
        for (int v = 0; v < N_VECTORS; v++) {
            uint64_t block = (first_group + (uint64_t)g + (uint64_t)v / 2) * 16;
            word[0][v] = _mm512_add_epi64(_mm512_set1_epi64((long long)block + (v & 1)), even);
            word[1][v] = _mm512_set1_epi64((long long)(block >> 32 | (uint64_t)FTDN_PURPOSE_SELECT << 24));
            word[2][v] = _mm512_set1_epi64(stream.counter2);
            word[3][v] = _mm512_set1_epi64(stream.counter3);
        }
        philox(word, round_key);
        for (int pair = 0; pair < 2 && g + pair < n_groups; pair++) {
            for (int w = 0; w < 4; w++) {
                __m512i odd = _mm512_slli_epi64(word[w][2 * pair + 1], 32);
                __m512i bits = _mm512_mask_blend_epi32(0xaaaa, word[w][2 * pair], odd);
                below[4 * (g + pair) + w] = _mm512_cmplt_epu16_mask(bits, wanted);
                equal[4 * (g + pair) + w] = _mm512_cmpeq_epu16_mask(bits, wanted);
            }
        }
    }
}
#endif
