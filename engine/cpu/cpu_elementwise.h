/* cpu_elementwise.h - what the CPU backend computes without oneDNN: scale, shift, activation and clip of a map. */
#ifndef FTDN_ENGINE_CPU_CPU_ELEMENTWISE_H
#define FTDN_ENGINE_CPU_CPU_ELEMENTWISE_H

#include "engine/graph.h"

/* A batch norm as one multiplication and one addition per element, y = x slope[c] + offset[c], with
 * slope = scale / sqrt(var + epsilon) and offset = (bias - mean) slope + shift; bias: [C] of the
 * convolution before it, or NULL for 0. Computed in double, stored as float. slope, offset: [C]. */
void ftdn_cpu_batch_norm_fold(int n_channels, double epsilon, const float *scale, const float *shift, const float *mean,
                              const float *var, const float *bias, float *slope, float *offset);

/* y = activation(x slope[c] + offset[c]); x, y: [n_pixels,C]; y may be x. */
void ftdn_cpu_batch_norm_forward(size_t n_pixels, int n_channels, const float *x, const float *slope,
                                 const float *offset, ftdn_activation activation, float *y);

/* The gradient of a batch norm in inference mode: dx += dy slope[c]; dx, dy: [n_pixels,C]. */
void ftdn_cpu_batch_norm_backward_map(size_t n_pixels, int n_channels, const float *dy, const float *slope, float *dx);

/* y = activation(x); y may be x. */
void ftdn_cpu_activation_forward(size_t n_elements, const float *x, ftdn_activation activation, float *y);

/* y = min(max(x, low), high); NaN becomes low; y may be x. */
void ftdn_cpu_clip_forward(size_t n_elements, const float *x, float low, float high, float *y);

#endif
