#include "engine/ref/ref_ops.h"

#include <assert.h>
#include <math.h>

/* Add the products of one window cell: x[c] w[c,k] for all c and k. */
static void add_cell(int n_inputs, int n_outputs, bool depthwise, const float *x, const float *w, double *accumulator)
{
    if (depthwise) {
        for (int k = 0; k < n_outputs; k++) accumulator[k] += (double)x[k] * (double)w[k];
        return;
    }
    for (int c = 0; c < n_inputs; c++) {
        for (int k = 0; k < n_outputs; k++) accumulator[k] += (double)x[c] * (double)w[c * n_outputs + k];
    }
}

void ftdn_ref_conv_forward(const ftdn_node *node, ftdn_shape in, int n_images, const float *x, const float *w,
                           const float *b, double *accumulator, float *y)
{
    bool depthwise = node->groups > 1;
    int n_outputs = node->shape.c;
    int n_inputs = in.c / node->groups;
    assert(!depthwise || (node->groups == in.c && n_outputs == in.c));
    for (int n = 0; n < n_images; n++) {
        for (int p = 0; p < node->shape.h; p++) {
            for (int q = 0; q < node->shape.w; q++) {
                for (int k = 0; k < n_outputs; k++) accumulator[k] = b ? (double)b[k] : 0.0;
                for (int r = 0; r < node->kernel_h; r++) {
                    for (int s = 0; s < node->kernel_w; s++) {
                        int row = p * node->stride + r * node->dilation - node->pad_top;
                        int column = q * node->stride + s * node->dilation - node->pad_left;
                        if (row < 0 || row >= in.h || column < 0 || column >= in.w) continue;
                        const float *cell =
                            x +
                            (((size_t)n * (size_t)in.h + (size_t)row) * (size_t)in.w + (size_t)column) * (size_t)in.c;
                        const float *filter =
                            w + (size_t)(r * node->kernel_w + s) * (size_t)n_inputs * (size_t)n_outputs;
                        add_cell(n_inputs, n_outputs, depthwise, cell, filter, accumulator);
                    }
                }
                for (int k = 0; k < n_outputs; k++) *y++ = (float)accumulator[k];
            }
        }
    }
}

void ftdn_ref_transpose_weights(const ftdn_node *node, int n_inputs, const float *weight, float *transposed)
{
    int n_cells = node->kernel_h * node->kernel_w;
    int n_outputs = node->shape.c;
    for (int k = 0; k < n_outputs; k++) {
        for (int c = 0; c < n_inputs; c++) {
            for (int cell = 0; cell < n_cells; cell++) {
                transposed[((size_t)cell * (size_t)n_inputs + (size_t)c) * (size_t)n_outputs + (size_t)k] = *weight++;
            }
        }
    }
}

void ftdn_ref_batch_norm_forward(const ftdn_node *node, size_t n_pixels, const float *x, const float *scale,
                                 const float *shift, const float *mean, const float *var, float *y)
{
    int n_channels = node->shape.c;
    for (size_t i = 0; i < n_pixels; i++) {
        for (int c = 0; c < n_channels; c++) {
            double normalised = ((double)*x++ - (double)mean[c]) / sqrt((double)var[c] + node->epsilon);
            *y++ = (float)(normalised * (double)scale[c] + (double)shift[c]);
        }
    }
}

void ftdn_ref_activation_forward(ftdn_activation activation, size_t n_elements, const float *x, float *y)
{
    float ceiling = activation == FTDN_ACTIVATION_RELU6 ? 6.0f : INFINITY;
    for (size_t i = 0; i < n_elements; i++) {
        float positive = x[i] > 0.0f ? x[i] : 0.0f;
        y[i] = positive < ceiling ? positive : ceiling;
    }
}

void ftdn_ref_max_pool_forward(const ftdn_node *node, ftdn_shape in, int n_images, const float *x, float *y)
{
    for (int n = 0; n < n_images; n++) {
        const float *image = x + (size_t)n * ftdn_shape_elements(in);
        for (int p = 0; p < node->shape.h; p++) {
            for (int q = 0; q < node->shape.w; q++) {
                for (int c = 0; c < in.c; c++) {
                    float best = -INFINITY;
                    for (int r = 0; r < node->kernel_h; r++) {
                        for (int s = 0; s < node->kernel_w; s++) {
                            int row = p * node->stride + r - node->pad_top;
                            int column = q * node->stride + s - node->pad_left;
                            if (row < 0 || row >= in.h || column < 0 || column >= in.w) continue;
                            float value =
                                image[((size_t)row * (size_t)in.w + (size_t)column) * (size_t)in.c + (size_t)c];
                            best = value > best ? value : best;
                        }
                    }
                    *y++ = best;
                }
            }
        }
    }
}

void ftdn_ref_merge_forward(const ftdn_node *node, size_t n_pixels, const float *x, const float *const *copy, float *y)
{
    size_t n_channels = (size_t)node->shape.c, n_merged = (size_t)node->n_merged;
    for (size_t i = 0; i < n_pixels; i++) {
        for (size_t k = 0; k < n_channels; k++) y[i * n_channels + k] = x[i * n_channels + k];
        for (size_t j = 0; j < n_merged; j++) {
            float *value = &y[i * n_channels + (size_t)node->merged[j]];
            float second = node->n_copies > 1 ? copy[1][i * n_merged + j] : 0.0f;
            *value = ftdn_merge_values(node->merge, *value, copy[0][i * n_merged + j], second);
        }
    }
}

void ftdn_ref_clip_forward(const ftdn_node *node, size_t n_elements, const float *x, float *y)
{
    for (size_t i = 0; i < n_elements; i++) {
        float raised = x[i] > node->low ? x[i] : node->low;
        y[i] = raised < node->high ? raised : node->high;
    }
}
