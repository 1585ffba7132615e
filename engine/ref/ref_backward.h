/* ref_backward.h - the gradient of every operation as plain loops.
 *
 * dx, dw, ... are added to. Maps are [N,H,W,C]; sums over a window or over pixels are in double. */
#ifndef FTDN_ENGINE_REF_REF_BACKWARD_H
#define FTDN_ENGINE_REF_REF_BACKWARD_H

#include "engine/graph.h"

/* dx[n,h,w,c] += sum_{k,r,s} w[k,c,r,s] dy[n,p,q,k] over all windows that read x[n,h,w,c].
 * weight: [K,C/groups,R,S] as in the file. accumulator: [C], scratch. */
void ftdn_ref_conv_backward_map(const ftdn_node *node, ftdn_shape in, int n_images, const float *dy,
                                const float *weight, double *accumulator, float *dx);

/* dw[k,c,r,s] += sum_{n,p,q} x[n, p*stride + r*dilation - pad_top, ..., c] dy[n,p,q,k];
 * db[k] += sum_{n,p,q} dy[n,p,q,k]. dw or db may be NULL. accumulator: [K], scratch. */
void ftdn_ref_conv_backward_params(const ftdn_node *node, ftdn_shape in, int n_images, const float *x, const float *dy,
                                   double *accumulator, float *dw, float *db);

/* dx += dy scale[c] / sqrt(var[c] + epsilon), mean and variance being constants. */
void ftdn_ref_batch_norm_backward_map(const ftdn_node *node, size_t n_pixels, const float *dy, const float *scale,
                                      const float *var, float *dx);

/* dscale[c] += sum dy (x - mean[c]) / sqrt(var[c] + epsilon); dshift[c] += sum dy. Either may be NULL. */
void ftdn_ref_batch_norm_backward_params(const ftdn_node *node, size_t n_pixels, const float *x, const float *dy,
                                         const float *mean, const float *var, float *dscale, float *dshift);

/* dx += dy where the activation passed its input on: 0 < y, and y < 6 for ReLU6. */
void ftdn_ref_activation_backward(ftdn_activation activation, size_t n_elements, const float *y, const float *dy,
                                  float *dx);

/* dx += dy at the first cell of each window (row by row) that holds its maximum. */
void ftdn_ref_max_pool_backward(const ftdn_node *node, ftdn_shape in, int n_images, const float *x, const float *dy,
                                float *dx);

/* The gradient of a merge: the mean passes half of dy to the original and to the copy, the other merges all of it to
 * the value they chose, the first that equals the result (the original where the result is NaN). Channels without copy
 * pass dy on. x, dy, dx: [n_pixels,C]; copy, dcopy: n_copies maps of [n_pixels,n_merged]. */
void ftdn_ref_merge_backward(const ftdn_node *node, size_t n_pixels, const float *x, const float *const *copy,
                             const float *dy, float *dx, float *const *dcopy);

/* dx += dy where low < x < high. */
void ftdn_ref_clip_backward(const ftdn_node *node, size_t n_elements, const float *x, const float *dy, float *dx);

#endif
