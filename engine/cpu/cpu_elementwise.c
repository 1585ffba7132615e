#include "engine/cpu/cpu_elementwise.h"

#include <math.h>

void ftdn_cpu_batch_norm_fold(int n_channels, double epsilon, const float *scale, const float *shift, const float *mean,
                              const float *var, const float *bias, float *slope, float *offset)
{
    for (int c = 0; c < n_channels; c++) {
        double exact_slope = (double)scale[c] / sqrt((double)var[c] + epsilon);
        double before = bias ? (double)bias[c] : 0.0;
        slope[c] = (float)exact_slope;
        offset[c] = (float)((before - (double)mean[c]) * exact_slope + (double)shift[c]);
    }
}

static inline float clamp(float x, float ceiling)
{
    float positive = x > 0.0f ? x : 0.0f;
    return positive < ceiling ? positive : ceiling;
}

static float ceiling_of(ftdn_activation activation)
{
    return activation == FTDN_ACTIVATION_RELU6 ? 6.0f : INFINITY;
}

void ftdn_cpu_activation_forward(size_t n_elements, const float *x, ftdn_activation activation, float *y)
{
    float ceiling = ceiling_of(activation);
    for (size_t i = 0; i < n_elements; i++) y[i] = clamp(x[i], ceiling);
}

void ftdn_cpu_batch_norm_backward_map(size_t n_pixels, int n_channels, const float *dy, const float *slope, float *dx)
{
    for (size_t i = 0; i < n_pixels; i++, dy += n_channels, dx += n_channels) {
        for (int c = 0; c < n_channels; c++) dx[c] += dy[c] * slope[c];
    }
}

void ftdn_cpu_batch_norm_forward(size_t n_pixels, int n_channels, const float *x, const float *slope,
                                 const float *offset, ftdn_activation activation, float *y)
{
    float ceiling = ceiling_of(activation);
    for (size_t i = 0; i < n_pixels; i++, x += n_channels, y += n_channels) {
        if (activation == FTDN_ACTIVATION_NONE) {
            for (int c = 0; c < n_channels; c++) y[c] = x[c] * slope[c] + offset[c];
        } else {
            for (int c = 0; c < n_channels; c++) y[c] = clamp(x[c] * slope[c] + offset[c], ceiling);
        }
    }
}

void ftdn_cpu_clip_forward(size_t n_elements, const float *x, float low, float high, float *y)
{
    for (size_t i = 0; i < n_elements; i++) {
        float raised = x[i] > low ? x[i] : low;
        y[i] = raised < high ? raised : high;
    }
}
