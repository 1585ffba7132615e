/* site_scan_avx2.c - the site scan with four Philox blocks per AVX2 register. */
#include "injectors/site_scan.h"

#ifdef __x86_64__
#include <immintrin.h>

#define TARGET __attribute__((target("avx2")))

/* Four Philox blocks, one per 64-bit lane; only the low 32 bits of a lane count (see the AVX-512 scan). */
typedef struct lanes {
    __m256i word[4];
} lanes;

TARGET static inline lanes philox4(lanes counter, uint32_t key0, uint32_t key1)
{
    const __m256i m0 = _mm256_set1_epi64x(FTDN_PHILOX_M0), m1 = _mm256_set1_epi64x(FTDN_PHILOX_M1);
    for (int round = 0; round < FTDN_PHILOX_ROUNDS; round++) {
        __m256i product0 = _mm256_mul_epu32(m0, counter.word[0]);
        __m256i product1 = _mm256_mul_epu32(m1, counter.word[2]);
        __m256i keyed1 = _mm256_xor_si256(counter.word[1], _mm256_set1_epi64x(key0));
        __m256i keyed3 = _mm256_xor_si256(counter.word[3], _mm256_set1_epi64x(key1));
        counter.word[0] = _mm256_xor_si256(_mm256_srli_epi64(product1, 32), keyed1);
        counter.word[1] = product1;
        counter.word[2] = _mm256_xor_si256(_mm256_srli_epi64(product0, 32), keyed3);
        counter.word[3] = product0;
        key0 += FTDN_PHILOX_W0;
        key1 += FTDN_PHILOX_W1;
    }
    return counter;
}

/* One bit per 16-bit mask of two registers, in the order of their lanes. */
TARGET static inline uint32_t mask_bits(__m256i first, __m256i second)
{
    __m256i bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(first, second), 0xd8);
    return (uint32_t)_mm256_movemask_epi8(bytes);
}

TARGET void ftdn_site_scan_avx2(ftdn_site_stream stream, uint64_t first_group, int n_groups, uint32_t first16,
                                uint32_t *below, uint32_t *equal)
{
    const __m256i even = _mm256_set_epi64x(6, 4, 2, 0);
    const __m256i sign = _mm256_set1_epi16((short)0x8000); /* AVX2 compares 16-bit lanes as signed */
    const __m256i wanted = _mm256_set1_epi16((short)first16), wanted_signed = _mm256_xor_si256(wanted, sign);
    for (int g = 0; g < n_groups; g++) {
        uint64_t block = (first_group + (uint64_t)g) * 16;
        __m256i words[2][4]; /* blocks 0-7 and 8-15 */
        for (int half = 0; half < 2; half++) {
            __m256i index = _mm256_add_epi64(_mm256_set1_epi64x((long long)block + 8 * half), even);
            lanes a = {{index, _mm256_set1_epi64x((long long)(block >> 32 | (uint64_t)FTDN_PURPOSE_SELECT << 24)),
                        _mm256_set1_epi64x(stream.counter2), _mm256_set1_epi64x(stream.counter3)}};
            lanes b = a;
            b.word[0] = _mm256_add_epi64(index, _mm256_set1_epi64x(1));
            a = philox4(a, stream.key0, stream.key1);
            b = philox4(b, stream.key0, stream.key1);
            for (int w = 0; w < 4; w++) {
                words[half][w] = _mm256_blend_epi32(a.word[w], _mm256_slli_epi64(b.word[w], 32), 0xaa);
            }
        }
        for (int w = 0; w < 4; w++) {
            __m256i below0 = _mm256_cmpgt_epi16(wanted_signed, _mm256_xor_si256(words[0][w], sign));
            __m256i below1 = _mm256_cmpgt_epi16(wanted_signed, _mm256_xor_si256(words[1][w], sign));
            below[4 * g + w] = mask_bits(below0, below1);
            equal[4 * g + w] =
                mask_bits(_mm256_cmpeq_epi16(words[0][w], wanted), _mm256_cmpeq_epi16(words[1][w], wanted));
        }
    }
}
#endif
