#include "datasets/view.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define WEIGHT_BITS 7 /* 255 times the unit fits into 16 bits with a sign */
#define UNIT (1 << WEIGHT_BITS)

/* Where an output pixel looks: two neighbouring inputs and the second one's weight of UNIT. */
typedef struct tap {
    int first, second;
    int weight;
} tap;

/* The taps of one axis. Those of outputs begin ... end - 1 lie in the picture, all others outside. */
typedef struct axis {
    tap *tap; /* [size] */
    int begin, end;
} axis;

typedef struct renderer {
    const uint8_t *picture;
    int size;
    axis columns, rows;
    int16_t *line[2]; /* [3 (end - begin)]: rows of the picture, resampled along x, times UNIT; row y in slot y % 2 */
    int line_row[2];  /* -1: none */
} renderer;

static tap make_tap(double position, int size)
{
    double below = floor(position);
    int first = (int)below;
    if (first < 0) return (tap){0, 0, 0};
    if (first >= size - 1) return (tap){size - 1, size - 1, 0};
    return (tap){first, first + 1, (int)lrint((position - below) * UNIT)};
}

static void make_axis(double origin, double length, bool is_mirrored, int size, axis *ret)
{
    ret->begin = ret->end = 0;
    for (int i = 0; i < size; i++) {
        int from_origin = is_mirrored ? size - 1 - i : i;
        double centre = origin + (from_origin + 0.5) * (length / size);
        if (centre < 0 || centre >= size) continue;
        if (ret->end == 0) ret->begin = i;
        ret->end = i + 1;
        ret->tap[i] = make_tap(centre - 0.5, size);
    }
}

static const int16_t *get_line(renderer *to, int row)
{
    int slot = row % 2;
    if (to->line_row[slot] == row) return to->line[slot];
    const uint8_t *picture_row = to->picture + (size_t)row * (size_t)to->size * 3;
    int16_t *out = to->line[slot];
    for (int x = to->columns.begin; x < to->columns.end; x++, out += 3) {
        const tap *at = &to->columns.tap[x];
        const uint8_t *first = picture_row + at->first * 3, *second = picture_row + at->second * 3;
        for (int c = 0; c < 3; c++) out[c] = (int16_t)(first[c] * (UNIT - at->weight) + second[c] * at->weight);
    }
    to->line_row[slot] = row;
    return to->line[slot];
}

static void blend_lines(const int16_t *restrict upper, const int16_t *restrict lower, int weight, int n_values,
                        uint8_t *restrict out)
{
    const int16_t lower_weight = (int16_t)weight, upper_weight = (int16_t)(UNIT - weight);
    for (int i = 0; i < n_values; i++)
        out[i] = (uint8_t)((upper[i] * upper_weight + lower[i] * lower_weight + UNIT * UNIT / 2) >> 2 * WEIGHT_BITS);
}

static uint8_t *fill_pixels(uint8_t *out, int n_pixels, const uint8_t colour[3])
{
    for (int i = 0; i < n_pixels; i++, out += 3) memcpy(out, colour, 3);
    return out;
}

static void render_row(renderer *from, const ftdn_view *view, int y, uint8_t *out)
{
    const axis *columns = &from->columns;
    int n_inside = y >= from->rows.begin && y < from->rows.end ? columns->end - columns->begin : 0;
    if (n_inside == 0) {
        fill_pixels(out, from->size, view->fill);
        return;
    }
    const tap *row = &from->rows.tap[y];
    const int16_t *upper = get_line(from, row->first);
    const int16_t *lower = row->weight ? get_line(from, row->second) : upper;
    out = fill_pixels(out, columns->begin, view->fill);
    blend_lines(upper, lower, row->weight, n_inside * 3, out);
    if (view->light) ftdn_light_apply(view->light, (size_t)n_inside, out);
    fill_pixels(out + (size_t)n_inside * 3, from->size - columns->end, view->fill);
}

static ftdn_status init_renderer(renderer *to, ftdn_arena *scratch, ftdn_error *err)
{
    size_t size = (size_t)to->size;
    to->columns.tap = FTDN_NEW(scratch, size, tap, err);
    if (!to->columns.tap) return FTDN_ERR_MEMORY;
    to->rows.tap = FTDN_NEW(scratch, size, tap, err);
    if (!to->rows.tap) return FTDN_ERR_MEMORY;
    for (int i = 0; i < 2; i++) {
        to->line[i] = FTDN_NEW(scratch, size * 3, int16_t, err);
        if (!to->line[i]) return FTDN_ERR_MEMORY;
        to->line_row[i] = -1;
    }
    return FTDN_OK;
}

ftdn_status ftdn_view_render(const ftdn_view *view, const uint8_t *picture, int size, ftdn_arena *scratch,
                             uint8_t *pixels, ftdn_error *err)
{
    assert(size > 0 && view->width > 0 && view->height > 0);
    ftdn_arena_mark mark = ftdn_arena_get_mark(scratch);
    renderer to = {.picture = picture, .size = size};
    ftdn_status status = init_renderer(&to, scratch, err);
    if (status == FTDN_OK) {
        make_axis(view->x0, view->width, view->is_mirrored, size, &to.columns);
        make_axis(view->y0, view->height, false, size, &to.rows);
        for (int y = 0; y < size; y++) render_row(&to, view, y, pixels + (size_t)y * (size_t)size * 3);
    }
    ftdn_arena_reset(scratch, mark);
    return status;
}
