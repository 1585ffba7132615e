#include "engine/ref/ref_backward.h"

#include <math.h>
#include <stdbool.h>

static size_t cell_index(ftdn_shape shape, int n, int row, int column)
{
    return (((size_t)n * (size_t)shape.h + (size_t)row) * (size_t)shape.w + (size_t)column) * (size_t)shape.c;
}

/* The output row (or column) whose window has its element r at `at`; -1 if there is none. */
static int window_of(int at, int pad, int r, int dilation, int stride, int n_outputs)
{
    int start = at + pad - r * dilation;
    if (start < 0 || start % stride != 0 || start / stride >= n_outputs) return -1;
    return start / stride;
}

/* Add what one window cell (r, s) passes back: sum_k w[k,c,r,s] dy[k]. */
static void add_back(const ftdn_node *node, int n_inputs, int r, int s, const float *dy, const float *weight,
                     double *accumulator)
{
    size_t width = (size_t)node->kernel_w, n_cells = (size_t)node->kernel_h * width;
    size_t cell = (size_t)r * width + (size_t)s;
    if (node->groups > 1) {
        for (size_t c = 0; c < (size_t)node->shape.c; c++)
            accumulator[c] += (double)weight[c * n_cells + cell] * (double)dy[c];
        return;
    }
    for (size_t k = 0; k < (size_t)node->shape.c; k++) {
        const float *filter = weight + k * (size_t)n_inputs * n_cells + cell;
        double gradient = (double)dy[k];
        if (gradient == 0) continue;
        for (size_t c = 0; c < (size_t)n_inputs; c++) accumulator[c] += (double)filter[c * n_cells] * gradient;
    }
}

void ftdn_ref_conv_backward_map(const ftdn_node *node, ftdn_shape in, int n_images, const float *dy,
                                const float *weight, double *accumulator, float *dx)
{
    for (int n = 0; n < n_images; n++) {
        for (int h = 0; h < in.h; h++) {
            for (int w = 0; w < in.w; w++) {
                for (int c = 0; c < in.c; c++) accumulator[c] = 0;
                for (int r = 0; r < node->kernel_h; r++) {
                    int p = window_of(h, node->pad_top, r, node->dilation, node->stride, node->shape.h);
                    for (int s = 0; p >= 0 && s < node->kernel_w; s++) {
                        int q = window_of(w, node->pad_left, s, node->dilation, node->stride, node->shape.w);
                        if (q < 0) continue;
                        add_back(node, in.c / node->groups, r, s, dy + cell_index(node->shape, n, p, q), weight,
                                 accumulator);
                    }
                }
                float *target = dx + cell_index(in, n, h, w);
                for (int c = 0; c < in.c; c++) target[c] += (float)accumulator[c];
            }
        }
    }
}

/* The sum over all windows of x[.., c] dy[.., k] for one cell (r, s) and input channel c of a group, into sum[k].
 * Depthwise: c is ignored and channel k of x meets channel k of dy. */
static void sum_products(const ftdn_node *node, ftdn_shape in, int n_images, int r, int s, int c, const float *x,
                         const float *dy, double *sum)
{
    for (int k = 0; k < node->shape.c; k++) sum[k] = 0;
    for (int n = 0; n < n_images; n++) {
        for (int p = 0; p < node->shape.h; p++) {
            int row = p * node->stride + r * node->dilation - node->pad_top;
            if (row < 0 || row >= in.h) continue;
            for (int q = 0; q < node->shape.w; q++) {
                int column = q * node->stride + s * node->dilation - node->pad_left;
                if (column < 0 || column >= in.w) continue;
                const float *from = x + cell_index(in, n, row, column);
                const float *gradient = dy + cell_index(node->shape, n, p, q);
                if (node->groups > 1) {
                    for (int k = 0; k < node->shape.c; k++) sum[k] += (double)from[k] * (double)gradient[k];
                } else {
                    double value = (double)from[c];
                    for (int k = 0; k < node->shape.c; k++) sum[k] += value * (double)gradient[k];
                }
            }
        }
    }
}

void ftdn_ref_conv_backward_params(const ftdn_node *node, ftdn_shape in, int n_images, const float *x, const float *dy,
                                   double *accumulator, float *dw, float *db)
{
    int n_inputs = in.c / node->groups, n_cells = node->kernel_h * node->kernel_w, n_outputs = node->shape.c;
    for (int c = 0; dw && c < n_inputs; c++) {
        for (int cell = 0; cell < n_cells; cell++) {
            sum_products(node, in, n_images, cell / node->kernel_w, cell % node->kernel_w, c, x, dy, accumulator);
            for (int k = 0; k < n_outputs; k++) {
                dw[((size_t)k * (size_t)n_inputs + (size_t)c) * (size_t)n_cells + (size_t)cell] +=
                    (float)accumulator[k];
            }
        }
    }
    if (!db) return;
    size_t n_pixels = (size_t)n_images * (size_t)node->shape.h * (size_t)node->shape.w;
    for (int k = 0; k < n_outputs; k++) {
        double sum = 0;
        for (size_t i = 0; i < n_pixels; i++) sum += (double)dy[i * (size_t)n_outputs + (size_t)k];
        db[k] += (float)sum;
    }
}

void ftdn_ref_batch_norm_backward_map(const ftdn_node *node, size_t n_pixels, const float *dy, const float *scale,
                                      const float *var, float *dx)
{
    size_t n_channels = (size_t)node->shape.c;
    for (size_t i = 0; i < n_pixels; i++) {
        for (size_t c = 0; c < n_channels; c++) {
            double slope = (double)scale[c] / sqrt((double)var[c] + node->epsilon);
            dx[i * n_channels + c] += (float)((double)dy[i * n_channels + c] * slope);
        }
    }
}

void ftdn_ref_batch_norm_backward_params(const ftdn_node *node, size_t n_pixels, const float *x, const float *dy,
                                         const float *mean, const float *var, float *dscale, float *dshift)
{
    size_t n_channels = (size_t)node->shape.c;
    for (size_t c = 0; c < n_channels; c++) {
        double sum = 0, weighted = 0;
        for (size_t i = 0; i < n_pixels; i++) {
            double gradient = (double)dy[i * n_channels + c];
            sum += gradient;
            weighted += gradient * ((double)x[i * n_channels + c] - (double)mean[c]);
        }
        if (dscale) dscale[c] += (float)(weighted / sqrt((double)var[c] + node->epsilon));
        if (dshift) dshift[c] += (float)sum;
    }
}

void ftdn_ref_activation_backward(ftdn_activation activation, size_t n_elements, const float *y, const float *dy,
                                  float *dx)
{
    float ceiling = activation == FTDN_ACTIVATION_RELU6 ? 6.0f : INFINITY;
    for (size_t i = 0; i < n_elements; i++) dx[i] += y[i] > 0 && y[i] < ceiling ? dy[i] : 0.0f;
}

/* Where the maximum of one window lies: an index into x of one image. */
static size_t argmax(const ftdn_node *node, ftdn_shape in, const float *x, int p, int q, int c)
{
    bool found = false;
    size_t best = 0;
    float largest = 0;
    for (int r = 0; r < node->kernel_h; r++) {
        for (int s = 0; s < node->kernel_w; s++) {
            int row = p * node->stride + r - node->pad_top, column = q * node->stride + s - node->pad_left;
            if (row < 0 || row >= in.h || column < 0 || column >= in.w) continue;
            size_t at = cell_index(in, 0, row, column) + (size_t)c;
            if (found && !(x[at] > largest)) continue;
            found = true;
            largest = x[at];
            best = at;
        }
    }
    return best;
}

void ftdn_ref_max_pool_backward(const ftdn_node *node, ftdn_shape in, int n_images, const float *x, const float *dy,
                                float *dx)
{
    size_t n_in = ftdn_shape_elements(in);
    for (int n = 0; n < n_images; n++, x += n_in, dx += n_in) {
        for (int p = 0; p < node->shape.h; p++) {
            for (int q = 0; q < node->shape.w; q++) {
                for (int c = 0; c < in.c; c++) dx[argmax(node, in, x, p, q, c)] += *dy++;
            }
        }
    }
}

/* Share dy out among the original and the copies that made one value. dvalue: [1 + n_copies] where it is added. */
static void merge_value_backward(ftdn_merge merge, const float value[1 + FTDN_MAX_COPIES], float dy,
                                 float *const dvalue[1 + FTDN_MAX_COPIES])
{
    if (merge == FTDN_MERGE_MEAN) {
        *dvalue[0] += 0.5f * dy;
        *dvalue[1] += 0.5f * dy;
        return;
    }
    float result = ftdn_merge_values(merge, value[0], value[1], value[2]);
    int chosen = 0;
    for (int i = ftdn_merge_n_copies(merge); i >= 0; i--) {
        if (value[i] == result) chosen = i;
    }
    *dvalue[chosen] += dy;
}

void ftdn_ref_merge_backward(const ftdn_node *node, size_t n_pixels, const float *x, const float *const *copy,
                             const float *dy, float *dx, float *const *dcopy)
{
    size_t n_channels = (size_t)node->shape.c, n_merged = (size_t)node->n_merged;
    for (size_t i = 0; i < n_pixels; i++, x += n_channels, dy += n_channels, dx += n_channels) {
        size_t j = 0;
        for (size_t k = 0; k < n_channels; k++) {
            if (j == n_merged || (size_t)node->merged[j] != k) {
                dx[k] += dy[k];
                continue;
            }
            float value[1 + FTDN_MAX_COPIES] = {x[k]};
            float *dvalue[1 + FTDN_MAX_COPIES] = {&dx[k]};
            for (int c = 0; c < node->n_copies; c++) {
                value[1 + c] = copy[c][i * n_merged + j];
                dvalue[1 + c] = &dcopy[c][i * n_merged + j];
            }
            merge_value_backward(node->merge, value, dy[k], dvalue);
            j++;
        }
    }
}

void ftdn_ref_clip_backward(const ftdn_node *node, size_t n_elements, const float *x, const float *dy, float *dx)
{
    for (size_t i = 0; i < n_elements; i++) dx[i] += x[i] > node->low && x[i] < node->high ? dy[i] : 0.0f;
}
