#include "engine/cpu/cpu_batch_norm.h"

#include <math.h>
#include <string.h>

#include "engine/cpu/cpu_elementwise.h"

/* Compiled for each width of register. Every sum is one lane's, over the rows in their order: the bits do not depend
 * on the width. */
#define FOR_EACH_WIDTH __attribute__((target_clones("avx512f", "avx2", "default")))

/* Loops over channels are long enough for wide registers where a row is a cell of many channels, or as many cells of
 * few channels as make a row of MIN_LANES. Cells that are left over are the beginning of a row. */
enum { MIN_LANES = 64, MAX_REPEATED = 2 * MIN_LANES };

/* A step's map, and what its lanes are turned by. */
typedef struct norm_rows {
    size_t n_elements;
    int n_lanes; /* of a row */
    int n_channels;
    float floor, ceiling;                       /* the activation passes its input on between them */
    const float *slope, *offset, *tilt, *level; /* [n_lanes] */
    float repeated[4][MAX_REPEATED];            /* they, where a row has several cells */
} norm_rows;

/* statistics: NULL where nothing is turned. */
static void find_rows(const ftdn_context *context, const ftdn_step *step, const ftdn_batch_statistics *statistics,
                      norm_rows *rows)
{
    const ftdn_node *node = &context->program->graph->node[step->node];
    int n_channels = node->shape.c;
    int cells_per_row = n_channels < MIN_LANES ? (MIN_LANES + n_channels - 1) / n_channels : 1;
    rows->n_elements = ftdn_shape_elements(node->shape) * (size_t)context->n_images;
    rows->n_lanes = n_channels * cells_per_row;
    rows->n_channels = n_channels;
    rows->floor = step->activation == FTDN_ACTIVATION_NONE ? -INFINITY : 0.0f;
    rows->ceiling = step->activation == FTDN_ACTIVATION_RELU6 ? 6.0f : INFINITY;
    if (!statistics) return;
    const float *of_channel[4] = {statistics->slope, statistics->offset, statistics->tilt, statistics->level};
    const float **of_lane[4] = {&rows->slope, &rows->offset, &rows->tilt, &rows->level};
    for (int i = 0; i < 4; i++) {
        *of_lane[i] = cells_per_row > 1 ? rows->repeated[i] : of_channel[i];
        for (int l = 0; cells_per_row > 1 && l < rows->n_lanes; l++)
            rows->repeated[i][l] = of_channel[i][l % n_channels];
    }
}

static int row_length(const norm_rows *rows, size_t begin)
{
    size_t n_left = rows->n_elements - begin;
    return n_left < (size_t)rows->n_lanes ? (int)n_left : rows->n_lanes;
}

/* Where the lanes are summed: in sums, [2,C], or in lane_sums, [2,MAX_REPEATED], where a row has several cells. */
static double *clear_lanes(const norm_rows *rows, double *lane_sums, double *sums)
{
    double *lanes = rows->n_lanes > rows->n_channels ? lane_sums : sums;
    memset(lanes, 0, 2 * (size_t)rows->n_lanes * sizeof *lanes);
    return lanes;
}

static void add_up_lanes(const norm_rows *rows, const double *lanes, double *sums)
{
    if (lanes == sums) return;
    size_t n_channels = (size_t)rows->n_channels, n_lanes = (size_t)rows->n_lanes;
    memset(sums, 0, 2 * n_channels * sizeof *sums);
    for (size_t l = 0; l < n_lanes; l++) {
        sums[l % n_channels] += lanes[l];
        sums[n_channels + l % n_channels] += lanes[n_lanes + l];
    }
}

FOR_EACH_WIDTH static void sum_rows(const norm_rows *rows, const float *x, double *restrict sum,
                                    double *restrict squares)
{
    for (size_t begin = 0; begin < rows->n_elements; begin += (size_t)rows->n_lanes, x += rows->n_lanes) {
        int n_lanes = row_length(rows, begin);
        for (int l = 0; l < n_lanes; l++) {
            double value = (double)x[l];
            sum[l] += value;
            squares[l] += value * value;
        }
    }
}

ftdn_status ftdn_cpu_batch_norm_sum(const ftdn_context *context, int index, double *sums, ftdn_error *err)
{
    (void)err;
    const ftdn_step *step = &context->program->schedule.step[index];
    double lane_sums[2 * MAX_REPEATED];
    norm_rows rows;
    find_rows(context, step, NULL, &rows);
    double *lanes = clear_lanes(&rows, lane_sums, sums);
    sum_rows(&rows, ftdn_context_values(context, step->source), lanes, lanes + rows.n_lanes);
    add_up_lanes(&rows, lanes, sums);
    return FTDN_OK;
}

ftdn_status ftdn_cpu_batch_norm_train(const ftdn_context *context, int index, const ftdn_batch_statistics *statistics,
                                      ftdn_error *err)
{
    (void)err;
    const ftdn_step *step = &context->program->schedule.step[index];
    const ftdn_node *node = &context->program->graph->node[step->node];
    size_t n_pixels = (size_t)context->n_images * (size_t)node->shape.h * (size_t)node->shape.w;
    ftdn_cpu_batch_norm_forward(n_pixels, node->shape.c, ftdn_context_values(context, step->source), statistics->slope,
                                statistics->offset, step->activation, ftdn_context_values(context, step->target));
    return FTDN_OK;
}

FOR_EACH_WIDTH static void sum_gradient_rows(const norm_rows *rows, const float *x, const float *dy,
                                             double *restrict sum, double *restrict products)
{
    const float *slope = rows->slope, *offset = rows->offset;
    float floor = rows->floor, ceiling = rows->ceiling;
    for (size_t begin = 0; begin < rows->n_elements; begin += (size_t)rows->n_lanes) {
        int n_lanes = row_length(rows, begin);
#pragma omp simd
        for (int l = 0; l < n_lanes; l++) {
            float y = x[l] * slope[l] + offset[l];
            float g = dy[l] * (float)((y > floor) & (y < ceiling)); /* a choice would become a branch */
            sum[l] += (double)g;
            products[l] += (double)g * (double)x[l];
        }
        x += rows->n_lanes;
        dy += rows->n_lanes;
    }
}

ftdn_status ftdn_cpu_batch_norm_sum_gradients(const ftdn_gradients *gradients, const ftdn_context *context, int index,
                                              const ftdn_batch_statistics *statistics, double *sums, ftdn_error *err)
{
    (void)err;
    const ftdn_step *step = &context->program->schedule.step[index];
    double lane_sums[2 * MAX_REPEATED];
    norm_rows rows;
    find_rows(context, step, statistics, &rows);
    double *lanes = clear_lanes(&rows, lane_sums, sums);
    sum_gradient_rows(&rows, ftdn_context_values(context, step->source), ftdn_gradients_values(gradients, step->target),
                      lanes, lanes + rows.n_lanes);
    add_up_lanes(&rows, lanes, sums);
    for (int c = 0; c < rows.n_channels; c++) sums[rows.n_channels + c] -= statistics->mean[c] * sums[c];
    return FTDN_OK;
}

/* dx may be dy. */
FOR_EACH_WIDTH static void turn_rows(const norm_rows *rows, const float *x, const float *dy, bool adds, float *dx)
{
    const float *slope = rows->slope, *offset = rows->offset, *tilt = rows->tilt, *level = rows->level;
    float floor = rows->floor, ceiling = rows->ceiling;
    for (size_t begin = 0; begin < rows->n_elements; begin += (size_t)rows->n_lanes) {
        int n_lanes = row_length(rows, begin);
#pragma omp simd
        for (int l = 0; l < n_lanes; l++) {
            float y = x[l] * slope[l] + offset[l];
            float g = ((y > floor) & (y < ceiling)) ? dy[l] : 0.0f;
            float gradient = g * slope[l] + (x[l] * tilt[l] + level[l]);
            dx[l] = adds ? dx[l] + gradient : gradient;
        }
        x += rows->n_lanes;
        dy += rows->n_lanes;
        dx += rows->n_lanes;
    }
}

ftdn_status ftdn_cpu_batch_norm_backward(const ftdn_gradients *gradients, const ftdn_context *context, int index,
                                         const ftdn_batch_statistics *statistics, ftdn_error *err)
{
    (void)err;
    const ftdn_step *step = &context->program->schedule.step[index];
    norm_rows rows;
    find_rows(context, step, statistics, &rows);
    turn_rows(&rows, ftdn_context_values(context, step->source), ftdn_gradients_values(gradients, step->target),
              gradients->program->gradient_layout.adds[index], ftdn_gradients_values(gradients, step->source));
    return FTDN_OK;
}
