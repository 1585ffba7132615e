/* cpu_merge_avx512.c - the merge of maps with 16 channels in an AVX-512 register.
 *
 * A copy holds the merged channels only, one after the other: they are spread to the lanes of their channels as they
 * are loaded. That replaces the portable version's gathering and scattering, which is most of its time. */
#include "engine/cpu/cpu_merge.h"

#ifdef __x86_64__
#include <assert.h>
#include <immintrin.h>

#define TARGET __attribute__((target("avx512f")))

enum { LANES = 16, MAX_GROUPS = FTDN_CPU_MERGE_AVX512_CHANNELS / LANES };

/* LANES channels, of the last group those that are left. */
typedef struct channel_group {
    __mmask16 present, merged;
    int n_merged;
} channel_group;

static int find_groups(const ftdn_node *node, channel_group *group)
{
    int n_groups = (node->shape.c + LANES - 1) / LANES;
    for (int g = 0; g < n_groups; g++) {
        int n_present = node->shape.c - g * LANES;
        group[g] = (channel_group){.present = (__mmask16)(n_present < LANES ? (1u << n_present) - 1 : 0xffff)};
    }
    for (int j = 0; j < node->n_merged; j++) {
        channel_group *of_channel = &group[node->merged[j] / LANES];
        of_channel->merged = (__mmask16)(of_channel->merged | 1u << node->merged[j] % LANES);
        of_channel->n_merged++;
    }
    return n_groups;
}

/* The value of ftdn_merge_mean, without its way through double. A sum is rounded once, as a double has more than twice
 * the bits of a float; halving it is exact, but below the normal numbers, where the sum was exact. Halves are
 * added where the sum overflows; they are exact there. */
TARGET static inline __m512 merge_mean(__m512 a, __m512 b)
{
    const __m512 half = _mm512_set1_ps(0.5f), infinity = _mm512_set1_ps(__builtin_inff());
    __m512 mean = _mm512_mul_ps(_mm512_add_ps(a, b), half);
    __mmask16 overflows = _mm512_cmp_ps_mask(_mm512_abs_ps(mean), infinity, _CMP_EQ_OQ);
    return _mm512_mask_add_ps(mean, overflows, _mm512_mul_ps(a, half), _mm512_mul_ps(b, half));
}

TARGET static inline __m512 merge_nonzero(__m512 a, __m512 b)
{
    return _mm512_mask_mov_ps(b, _mm512_cmp_ps_mask(a, _mm512_setzero_ps(), _CMP_NEQ_UQ), a);
}

TARGET static inline __m512 merge_max_abs(__m512 a, __m512 b)
{
    __mmask16 larger = _mm512_cmp_ps_mask(_mm512_abs_ps(a), _mm512_abs_ps(b), _CMP_GE_OQ);
    __mmask16 alone = _mm512_cmp_ps_mask(b, b, _CMP_UNORD_Q);
    return _mm512_mask_mov_ps(b, larger | alone, a);
}

TARGET static inline __m512 lesser(__m512 a, __m512 b)
{
    __mmask16 alone = _mm512_cmp_ps_mask(b, b, _CMP_UNORD_Q);
    return _mm512_mask_mov_ps(b, _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ) | alone, a);
}

TARGET static inline __m512 greater(__m512 a, __m512 b)
{
    __mmask16 alone = _mm512_cmp_ps_mask(b, b, _CMP_UNORD_Q);
    return _mm512_mask_mov_ps(b, _mm512_cmp_ps_mask(a, b, _CMP_GE_OQ) | alone, a);
}

TARGET static inline __m512 merge_values(ftdn_merge merge, __m512 a, __m512 b, __m512 c)
{
    switch (merge) {
    case FTDN_MERGE_MEAN: return merge_mean(a, b);
    case FTDN_MERGE_NONZERO: return merge_nonzero(a, b);
    case FTDN_MERGE_MAX_ABS: return merge_max_abs(a, b);
    case FTDN_MERGE_MEDIAN: break;
    }
    return greater(lesser(a, b), lesser(greater(a, b), c));
}

bool ftdn_cpu_merge_avx512_fits(int n_channels)
{
    return n_channels <= FTDN_CPU_MERGE_AVX512_CHANNELS && __builtin_cpu_supports("avx512f");
}

TARGET void ftdn_cpu_merge_avx512(const ftdn_node *node, size_t n_pixels, const float *x, const float *const *copy,
                                  ftdn_activation activation, float *y)
{
    channel_group group[MAX_GROUPS];
    assert(node->shape.c <= FTDN_CPU_MERGE_AVX512_CHANNELS);
    int n_groups = find_groups(node, group);
    size_t n_channels = (size_t)node->shape.c;
    const float *b = copy[0], *c = copy[1];
    const __m512 zero = _mm512_setzero_ps();
    const __m512 ceiling = _mm512_set1_ps(activation == FTDN_ACTIVATION_RELU6 ? 6.0f : __builtin_inff());
    for (size_t i = 0; i < n_pixels; i++, x += n_channels, y += n_channels) {
        for (int g = 0; g < n_groups; g++) {
            __m512 original = _mm512_maskz_loadu_ps(group[g].present, x + g * LANES);
            __m512 first = _mm512_maskz_expandloadu_ps(group[g].merged, b), second = zero;
            if (c) second = _mm512_maskz_expandloadu_ps(group[g].merged, c);
            __m512 merged = merge_values(node->merge, original, first, second);
            __m512 value = _mm512_mask_mov_ps(original, group[g].merged, merged);
            if (activation != FTDN_ACTIVATION_NONE) value = _mm512_min_ps(_mm512_max_ps(value, zero), ceiling);
            _mm512_mask_storeu_ps(y + g * LANES, group[g].present, value);
            b += group[g].n_merged;
            if (c) c += group[g].n_merged;
        }
    }
}
#endif
