#include "datasets/road_canvas.h"

#include <assert.h>
#include <math.h>

#define SUBROWS 4 /* scan lines per row of pixels; across, coverage is exact */
#define MARKING 0.4f /* coverage from which a pixel counts as the thing's */

ftdn_status ftdn_road_canvas_init(ftdn_road_canvas *canvas, bool with_heat, ftdn_arena *arena, ftdn_error *err)
{
    *canvas = (ftdn_road_canvas){.owner = FTDN_NEW(arena, FTDN_ROAD_PIXELS, uint8_t, err)};
    if (!canvas->owner) return FTDN_ERR_MEMORY;
    if (!with_heat) return FTDN_OK;
    canvas->heat = FTDN_NEW(arena, FTDN_ROAD_PIXELS, float, err);
    return canvas->heat ? FTDN_OK : FTDN_ERR_MEMORY;
}

void ftdn_road_canvas_begin(ftdn_road_canvas *canvas, int painter)
{
    assert(painter >= 0 && painter <= UINT8_MAX);
    canvas->painter = (uint8_t)painter;
    canvas->extent = (ftdn_road_extent){FTDN_ROAD_SIDE, FTDN_ROAD_SIDE, 0, 0, INFINITY, INFINITY, -INFINITY, -INFINITY};
}

int ftdn_road_canvas_count(const ftdn_road_canvas *canvas, int painter, const ftdn_road_extent *extent)
{
    int n_pixels = 0;
    for (int y = extent->y0; y < extent->y1; y++) {
        for (int x = extent->x0; x < extent->x1; x++) n_pixels += canvas->owner[y * FTDN_ROAD_SIDE + x] == painter;
    }
    return n_pixels;
}

ftdn_road_ink ftdn_road_plain(float heat)
{
    return (ftdn_road_ink){heat, heat, 1};
}

ftdn_road_ink ftdn_road_shaded(float upper, float lower)
{
    return (ftdn_road_ink){upper, lower, 1};
}

ftdn_road_ink ftdn_road_glaze(float heat, float opacity)
{
    return (ftdn_road_ink){heat, heat, opacity};
}

ftdn_road_point ftdn_road_turn(float turns)
{
    /* To a quarter turn around 0, then the Taylor polynomials. */
    turns -= (float)(int)turns;
    if (turns < 0) turns += 1;
    int quarter = (int)(turns * 4 + 0.5f);
    float a = (turns - (float)quarter * 0.25f) * 6.2831853f, q = a * a;
    float sine = a * (1 - q * (1.0f / 6) * (1 - q * (1.0f / 20) * (1 - q * (1.0f / 42))));
    float cosine = 1 - q * 0.5f * (1 - q * (1.0f / 12) * (1 - q * (1.0f / 30) * (1 - q * (1.0f / 56))));
    switch (quarter & 3) {
    case 0: return (ftdn_road_point){cosine, sine};
    case 1: return (ftdn_road_point){-sine, cosine};
    case 2: return (ftdn_road_point){-cosine, -sine};
    default: return (ftdn_road_point){sine, -cosine};
    }
}

/* Where the outlines cross the scan line y, ascending. */
static int find_crossings(const ftdn_road_path *path, float y, float crossing[FTDN_ROAD_MAX_POINTS])
{
    int n = 0;
    for (int i = 0; i < path->n_points; i++) {
        int next = i + 1 == path->n_outer ? 0 : i + 1 == path->n_points ? path->n_outer : i + 1;
        ftdn_road_point a = path->point[i], b = path->point[next];
        if ((a.y <= y) == (b.y <= y)) continue;
        float x = a.x + (y - a.y) * ((b.x - a.x) / (b.y - a.y));
        int at = n++;
        for (; at > 0 && crossing[at - 1] > x; at--) crossing[at] = crossing[at - 1];
        crossing[at] = x;
    }
    return n;
}

typedef struct covered_row {
    int first, last; /* inclusive; last < first: nothing */
    float cover[FTDN_ROAD_SIDE];
} covered_row;

static void add_span(covered_row *row, float x0, float x1)
{
    const float share = 1.0f / SUBROWS;
    if (x0 < 0) x0 = 0;
    if (x1 > FTDN_ROAD_SIDE) x1 = FTDN_ROAD_SIDE;
    if (!(x0 < x1)) return;
    int first = (int)x0, last = (int)x1;
    if (first < row->first) row->first = first;
    if (first == last) {
        row->cover[first] += (x1 - x0) * share;
    } else {
        row->cover[first] += ((float)(first + 1) - x0) * share;
        for (int x = first + 1; x < last; x++) row->cover[x] += share;
        if (last < FTDN_ROAD_SIDE) row->cover[last] += (x1 - (float)last) * share;
        else last = FTDN_ROAD_SIDE - 1;
    }
    if (last > row->last) row->last = last;
}

static void mark(ftdn_road_canvas *canvas, int y, const covered_row *row)
{
    ftdn_road_extent *extent = &canvas->extent;
    uint8_t *owner = canvas->owner + y * FTDN_ROAD_SIDE;
    for (int x = row->first; x <= row->last; x++) {
        if (row->cover[x] < MARKING) continue;
        owner[x] = canvas->painter;
        if (x < extent->x0) extent->x0 = x;
        if (x >= extent->x1) extent->x1 = x + 1;
        if (y < extent->y0) extent->y0 = y;
        if (y >= extent->y1) extent->y1 = y + 1;
    }
}

static void widen_extent(ftdn_road_extent *extent, float left, float top, float right, float bottom)
{
    if (left < extent->left) extent->left = left;
    if (top < extent->top) extent->top = top;
    if (right > extent->right) extent->right = right;
    if (bottom > extent->bottom) extent->bottom = bottom;
}

void ftdn_road_fill(ftdn_road_canvas *canvas, const ftdn_road_path *path, ftdn_road_ink ink)
{
    if (path->n_points < 3) return;
    float left = path->point[0].x, right = left, top = path->point[0].y, bottom = top;
    for (int i = 1; i < path->n_points; i++) {
        ftdn_road_point point = path->point[i];
        if (point.x < left) left = point.x;
        if (point.x > right) right = point.x;
        if (point.y < top) top = point.y;
        if (point.y > bottom) bottom = point.y;
    }
    bool marks = canvas->painter && ink.opacity >= 0.5f;
    if (marks) widen_extent(&canvas->extent, left, top, right, bottom);
    if (!marks && !canvas->heat) return;
    if (bottom <= 0 || top >= FTDN_ROAD_SIDE || right <= 0 || left >= FTDN_ROAD_SIDE) return;
    int y_first = top > 0 ? (int)top : 0, y_end = bottom < FTDN_ROAD_SIDE - 1 ? (int)bottom + 1 : FTDN_ROAD_SIDE;
    covered_row row = {FTDN_ROAD_SIDE, -1, {0}};
    float slope = bottom > top ? (ink.lower - ink.upper) / (bottom - top) : 0;
    for (int y = y_first; y < y_end; y++) {
        for (int s = 0; s < SUBROWS; s++) {
            float crossing[FTDN_ROAD_MAX_POINTS];
            int n = find_crossings(path, (float)y + ((float)s + 0.5f) * (1.0f / SUBROWS), crossing);
            for (int i = 0; i + 1 < n; i += 2) add_span(&row, crossing[i], crossing[i + 1]);
        }
        if (row.last < row.first) continue;
        if (marks) mark(canvas, y, &row);
        if (canvas->heat) {
            float *heat = canvas->heat + y * FTDN_ROAD_SIDE;
            float wanted = ink.upper + slope * ((float)y + 0.5f - top);
            for (int x = row.first; x <= row.last; x++) heat[x] += (wanted - heat[x]) * (row.cover[x] * ink.opacity);
        }
        for (int x = row.first; x <= row.last; x++) row.cover[x] = 0;
        row.first = FTDN_ROAD_SIDE;
        row.last = -1;
    }
}

#define ROUND_POINTS 24 /* of an ellipse */

void ftdn_road_fill_ellipse(ftdn_road_canvas *canvas, ftdn_road_point centre, float radius_x, float radius_y,
                            ftdn_road_ink ink)
{
    ftdn_road_path path = {.n_points = ROUND_POINTS, .n_outer = ROUND_POINTS};
    for (int i = 0; i < ROUND_POINTS; i++) {
        ftdn_road_point turn = ftdn_road_turn((float)i * (1.0f / ROUND_POINTS));
        path.point[i] = (ftdn_road_point){centre.x + radius_x * turn.x, centre.y + radius_y * turn.y};
    }
    ftdn_road_fill(canvas, &path, ink);
}

void ftdn_road_fill_limb(ftdn_road_canvas *canvas, ftdn_road_point from, float from_radius, ftdn_road_point to,
                         float to_radius, ftdn_road_ink ink)
{
    float dx = to.x - from.x, dy = to.y - from.y, length = sqrtf(dx * dx + dy * dy);
    float along_x = length > 0 ? dx / length : 1, along_y = length > 0 ? dy / length : 0;
    ftdn_road_path path = {0};
    for (int end = 0; end < 2; end++) {
        ftdn_road_point centre = end ? from : to;
        float radius = end ? from_radius : to_radius;
        for (int i = 0; i <= ROUND_POINTS / 4; i++) {
            /* Half a turn from one side of the bar over its end to the other. */
            ftdn_road_point turn = ftdn_road_turn((float)i * (2.0f / ROUND_POINTS) + (end ? 0.25f : -0.25f));
            path.point[path.n_points++] = (ftdn_road_point){centre.x + radius * (turn.x * along_x - turn.y * along_y),
                                                            centre.y + radius * (turn.x * along_y + turn.y * along_x)};
        }
    }
    path.n_outer = path.n_points;
    ftdn_road_fill(canvas, &path, ink);
}
