/* cpu_pool.h - the way back through a max pool, several channels at a time. */
#ifndef FTDN_ENGINE_CPU_CPU_POOL_H
#define FTDN_ENGINE_CPU_CPU_POOL_H

#include "engine/graph.h"

/* Add dy to dx where the maximum of each window stands, the first of several. x, dx: [n_images, in]; dy: [n_images,
 * node's shape]. The bits are those of ftdn_ref_max_pool_backward. */
void ftdn_cpu_max_pool_backward(const ftdn_node *node, ftdn_shape in, int n_images, const float *x, const float *dy,
                                float *dx);

#endif
