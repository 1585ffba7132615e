/* cpu_merge.h - the merge of a map with its copies on the CPU.
 *
 * y[k] = activation(x[k] merged with channel j of the copies where merged[j] = k, else x[k]). x, y: [n_pixels,C];
 * copy: [FTDN_MAX_COPIES] maps of [n_pixels,n_merged], NULL beyond n_copies; y may be x. All versions give the same
 * bits; only which NaN is handed on where two meet in a mean is the compiler's choice. */
#ifndef FTDN_ENGINE_CPU_CPU_MERGE_H
#define FTDN_ENGINE_CPU_CPU_MERGE_H

#include "engine/graph.h"

/* The fastest version that this processor runs. */
void ftdn_cpu_merge_forward(const ftdn_node *node, size_t n_pixels, const float *x, const float *const *copy,
                            ftdn_activation activation, float *y);

void ftdn_cpu_merge_portable(const ftdn_node *node, size_t n_pixels, const float *x, const float *const *copy,
                             ftdn_activation activation, float *y);

#ifdef __x86_64__
#define FTDN_CPU_MERGE_AVX512_CHANNELS 8192 /* more are for the portable version */

/* Does this processor run the AVX-512 version, for maps of so many channels? */
bool ftdn_cpu_merge_avx512_fits(int n_channels);

void ftdn_cpu_merge_avx512(const ftdn_node *node, size_t n_pixels, const float *x, const float *const *copy,
                           ftdn_activation activation, float *y);
#endif

#endif
