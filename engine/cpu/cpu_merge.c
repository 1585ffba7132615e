#include "engine/cpu/cpu_merge.h"

#include <string.h>

#include "engine/cpu/cpu_elementwise.h"
#include "engine/merge_array.h"

enum { BLOCK = 2048 }; /* floats: what is gathered, merged and scattered stays in the first-level cache */

/* Merge the listed channels of one pixel: gathered, merged side by side, written back. */
static void merge_pixel(const ftdn_node *node, const float *b, const float *c, float *y)
{
    float value[BLOCK];
    size_t n_merged = (size_t)node->n_merged;
    for (size_t first = 0; first < n_merged; first += BLOCK) {
        const int *channel = node->merged + first;
        size_t n = n_merged - first < BLOCK ? n_merged - first : BLOCK;
        for (size_t j = 0; j < n; j++) value[j] = y[channel[j]];
        ftdn_merge_array(node->merge, n, b + first, c ? c + first : NULL, value);
        for (size_t j = 0; j < n; j++) y[channel[j]] = value[j];
    }
}

void ftdn_cpu_merge_portable(const ftdn_node *node, size_t n_pixels, const float *x, const float *const *copy,
                             ftdn_activation activation, float *y)
{
    size_t n_channels = (size_t)node->shape.c, n_merged = (size_t)node->n_merged;
    size_t n_at_once = n_channels < BLOCK ? BLOCK / n_channels : 1; /* pixels */
    const float *b = copy[0], *c = copy[1];
    for (size_t first = 0; first < n_pixels; first += n_at_once) {
        size_t n = n_pixels - first < n_at_once ? n_pixels - first : n_at_once;
        size_t n_elements = n * n_channels;
        if (x != y) memcpy(y, x, n_elements * sizeof *y);
        if (n_merged == n_channels) {
            ftdn_merge_array(node->merge, n_elements, b, c, y);
        } else {
            for (size_t i = 0; i < n; i++) {
                merge_pixel(node, b + i * n_merged, c ? c + i * n_merged : NULL, y + i * n_channels);
            }
        }
        if (activation != FTDN_ACTIVATION_NONE) ftdn_cpu_activation_forward(n_elements, y, activation, y);
        x += n_elements;
        y += n_elements;
        b += n * n_merged;
        if (c) c += n * n_merged;
    }
}

void ftdn_cpu_merge_forward(const ftdn_node *node, size_t n_pixels, const float *x, const float *const *copy,
                            ftdn_activation activation, float *y)
{
#ifdef __x86_64__
    if (ftdn_cpu_merge_avx512_fits(node->shape.c)) {
        ftdn_cpu_merge_avx512(node, n_pixels, x, copy, activation, y);
        return;
    }
#endif
    ftdn_cpu_merge_portable(node, n_pixels, x, copy, activation, y);
}
