/* ref_ops.h - every operation as plain loops: the oracle that other backends are compared with.
 *
 * Maps are [N,H,W,C]. Sums are in double and rounded to float once per output, so that a difference
 * to another backend is that backend's rounding. Geometry is read from the graph's node. */
#ifndef FTDN_ENGINE_REF_REF_OPS_H
#define FTDN_ENGINE_REF_REF_OPS_H

#include "engine/graph.h"

/* y[n,p,q,k] = b[k] + sum_{r,s,c} x[n, p*stride + r*dilation - pad_top, q*stride + s*dilation - pad_left, c] w[r,s,c,k]
 * x: [n,in.h,in.w,in.c]; y: node's shape. w: [R,S,C/groups,K] (see ftdn_ref_transpose_weights); b: [K] or NULL;
 * accumulator: [K], scratch. groups is 1 or C. */
void ftdn_ref_conv_forward(const ftdn_node *node, ftdn_shape in, int n_images, const float *x, const float *w,
                           const float *b, double *accumulator, float *y);

/* From the file's [K,C/groups,R,S] to [R,S,C/groups,K]. n_inputs: C/groups. */
void ftdn_ref_transpose_weights(const ftdn_node *node, int n_inputs, const float *weight, float *transposed);

/* y = (x - mean[c]) / sqrt(var[c] + epsilon) * scale[c] + shift[c]; n_pixels = N*H*W; y may be x. */
void ftdn_ref_batch_norm_forward(const ftdn_node *node, size_t n_pixels, const float *x, const float *scale,
                                 const float *shift, const float *mean, const float *var, float *y);

/* y = max(x, 0), or min(max(x, 0), 6); NaN becomes 0 (as by x > 0 ? x : 0). y may be x. */
void ftdn_ref_activation_forward(ftdn_activation activation, size_t n_elements, const float *x, float *y);

/* y[n,p,q,c] = max over the window; cells outside the map do not take part, nor does NaN. */
void ftdn_ref_max_pool_forward(const ftdn_node *node, ftdn_shape in, int n_images, const float *x, float *y);

/* y[k] = x[k] merged with channel j of the copies where merged[j] = k, else x[k]. x, y: [n_pixels,C];
 * copy: n_copies maps of [n_pixels,n_merged]; y may be x. */
void ftdn_ref_merge_forward(const ftdn_node *node, size_t n_pixels, const float *x, const float *const *copy, float *y);

/* y = min(max(x, low), high); NaN becomes low. y may be x. */
void ftdn_ref_clip_forward(const ftdn_node *node, size_t n_elements, const float *x, float *y);

#endif
