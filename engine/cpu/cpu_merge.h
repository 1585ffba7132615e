/* cpu_merge.h - the merge of a map with its copies on the CPU. */
#ifndef FTDN_ENGINE_CPU_CPU_MERGE_H
#define FTDN_ENGINE_CPU_CPU_MERGE_H

#include "engine/graph.h"

/* y[k] = activation(x[k] merged with channel j of the copies where merged[j] = k, else x[k]). x, y: [n_pixels,C];
 * copy: n_copies maps of [n_pixels,n_merged]; y may be x: then only merged channels are written, but for the
 * activation. */
void ftdn_cpu_merge_forward(const ftdn_node *node, size_t n_pixels, const float *x, const float *const *copy,
                            ftdn_activation activation, float *y);

#endif
