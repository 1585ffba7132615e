#include "engine/cpu/cpu_pool.h"

#include <stdint.h>

/* Compiled for each width of register; lanes are channels and do not meet. */
#define FOR_EACH_WIDTH __attribute__((target_clones("avx512f", "avx2", "default")))

enum { MAX_LANES = 64 }; /* channels of one round */

/* The cells of a window that lie inside the map: rows [row, row_end), columns [column, column_end). */
typedef struct window {
    int row, row_end, column, column_end;
} window;

static int at_least(int x, int least)
{
    return x < least ? least : x;
}

static int at_most(int x, int most)
{
    return x > most ? most : x;
}

static window window_of(const ftdn_node *node, ftdn_shape in, int p, int q)
{
    int row = p * node->stride - node->pad_top, column = q * node->stride - node->pad_left;
    return (window){
        .row = at_least(row, 0),
        .row_end = at_most(row + node->kernel_h, in.h),
        .column = at_least(column, 0),
        .column_end = at_most(column + node->kernel_w, in.w),
    };
}

/* The first n_lanes channels of one window. */
FOR_EACH_WIDTH
static void turn_window(const window *cells, size_t row_elements, size_t cell_elements, int n_lanes, const float *x,
                        const float *dy, float *dx)
{
    float largest[MAX_LANES];
    int32_t where[MAX_LANES];
    const size_t first = (size_t)cells->row * row_elements + (size_t)cells->column * cell_elements;
    for (int l = 0; l < n_lanes; l++) {
        largest[l] = x[first + (size_t)l];
        where[l] = 0;
    }
    int32_t tap = 0;
    for (int r = cells->row; r < cells->row_end; r++) {
        for (int s = cells->column; s < cells->column_end; s++, tap++) {
            const float *value = x + (size_t)r * row_elements + (size_t)s * cell_elements;
            for (int l = 0; l < n_lanes; l++) {
                where[l] = value[l] > largest[l] ? tap : where[l];
                largest[l] = value[l] > largest[l] ? value[l] : largest[l];
            }
        }
    }
    tap = 0;
    for (int r = cells->row; r < cells->row_end; r++) {
        for (int s = cells->column; s < cells->column_end; s++, tap++) {
            float *gradient = dx + (size_t)r * row_elements + (size_t)s * cell_elements;
            for (int l = 0; l < n_lanes; l++) gradient[l] = where[l] == tap ? gradient[l] + dy[l] : gradient[l];
        }
    }
}

void ftdn_cpu_max_pool_backward(const ftdn_node *node, ftdn_shape in, int n_images, const float *x, const float *dy,
                                float *dx)
{
    const size_t n_in = ftdn_shape_elements(in), cell_elements = (size_t)in.c,
                 row_elements = (size_t)in.w * (size_t)in.c;
    for (int n = 0; n < n_images; n++, x += n_in, dx += n_in) {
        for (int p = 0; p < node->shape.h; p++) {
            for (int q = 0; q < node->shape.w; q++, dy += cell_elements) {
                const window cells = window_of(node, in, p, q);
                for (int c = 0; c < in.c; c += MAX_LANES)
                    turn_window(&cells, row_elements, cell_elements, at_most(in.c - c, MAX_LANES), x + c, dy + c,
                                dx + c);
            }
        }
    }
}
