#include "engine/ref/ref_batch_norm.h"

#include <math.h>

#include "engine/ref/ref_ops.h"

/* One step's maps. */
typedef struct norm_maps {
    size_t n_pixels, n_channels;
    ftdn_activation activation;
    const float *x;
    float *y;
} norm_maps;

static norm_maps maps_of(const ftdn_context *context, int index)
{
    const ftdn_step *step = &context->program->schedule.step[index];
    ftdn_shape shape = context->program->graph->node[step->node].shape;
    return (norm_maps){
        .n_pixels = (size_t)context->n_images * (size_t)shape.h * (size_t)shape.w,
        .n_channels = (size_t)shape.c,
        .activation = step->activation,
        .x = ftdn_context_values(context, step->source),
        .y = ftdn_context_values(context, step->target),
    };
}

ftdn_status ftdn_ref_batch_norm_sum(const ftdn_context *context, int index, double *sums, ftdn_error *err)
{
    (void)err;
    norm_maps maps = maps_of(context, index);
    for (size_t c = 0; c < maps.n_channels; c++) {
        double sum = 0, squares = 0;
        for (size_t i = 0; i < maps.n_pixels; i++) {
            double x = (double)maps.x[i * maps.n_channels + c];
            sum += x;
            squares += x * x;
        }
        sums[c] = sum;
        sums[maps.n_channels + c] = squares;
    }
    return FTDN_OK;
}

ftdn_status ftdn_ref_batch_norm_train(const ftdn_context *context, int index, const ftdn_batch_statistics *statistics,
                                      ftdn_error *err)
{
    (void)err;
    norm_maps maps = maps_of(context, index);
    for (size_t i = 0; i < maps.n_pixels; i++) {
        for (size_t c = 0; c < maps.n_channels; c++) {
            double x = (double)maps.x[i * maps.n_channels + c];
            double normal = (x - statistics->mean[c]) * statistics->inverse_deviation[c];
            maps.y[i * maps.n_channels + c] =
                (float)(normal * (double)statistics->scale[c] + (double)statistics->shift[c]);
        }
    }
    if (maps.activation != FTDN_ACTIVATION_NONE)
        ftdn_ref_activation_forward(maps.activation, maps.n_pixels * maps.n_channels, maps.y, maps.y);
    return FTDN_OK;
}

/* The gradient in front of the activation, given the one behind it and what the activation gave. */
static double before_activation(ftdn_activation activation, float y, float dy)
{
    if (activation == FTDN_ACTIVATION_NONE) return (double)dy;
    bool passed = y > 0 && (activation != FTDN_ACTIVATION_RELU6 || y < 6);
    return passed ? (double)dy : 0.0;
}

ftdn_status ftdn_ref_batch_norm_sum_gradients(const ftdn_gradients *gradients, const ftdn_context *context, int index,
                                              const ftdn_batch_statistics *statistics, double *sums, ftdn_error *err)
{
    (void)err;
    norm_maps maps = maps_of(context, index);
    const float *dy = ftdn_gradients_values(gradients, context->program->schedule.step[index].target);
    for (size_t c = 0; c < maps.n_channels; c++) {
        double sum = 0, products = 0;
        for (size_t i = 0; i < maps.n_pixels; i++) {
            size_t at = i * maps.n_channels + c;
            double g = before_activation(maps.activation, maps.y[at], dy[at]);
            sum += g;
            products += g * ((double)maps.x[at] - statistics->mean[c]);
        }
        sums[c] = sum;
        sums[maps.n_channels + c] = products;
    }
    return FTDN_OK;
}

ftdn_status ftdn_ref_batch_norm_backward(const ftdn_gradients *gradients, const ftdn_context *context, int index,
                                         const ftdn_batch_statistics *statistics, ftdn_error *err)
{
    (void)err;
    norm_maps maps = maps_of(context, index);
    const ftdn_step *step = &context->program->schedule.step[index];
    const float *dy = ftdn_gradients_values(gradients, step->target);
    float *dx = ftdn_gradients_values(gradients, step->source);
    bool adds = gradients->program->gradient_layout.adds[index];
    for (size_t i = 0; i < maps.n_pixels; i++) {
        for (size_t c = 0; c < maps.n_channels; c++) {
            size_t at = i * maps.n_channels + c;
            double g = before_activation(maps.activation, maps.y[at], dy[at]);
            double centred = (double)maps.x[at] - statistics->mean[c];
            double slope = (double)statistics->scale[c] * statistics->inverse_deviation[c];
            float gradient = (float)(slope * (g - statistics->mean_g[c] - centred * statistics->mean_gx[c]));
            dx[at] = adds ? dx[at] + gradient : gradient;
        }
    }
    return FTDN_OK;
}
