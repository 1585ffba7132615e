/* road_canvas.h - a picture of temperatures that anti-aliased shapes are painted on, nearer ones over farther ones.
 *
 * Beside its temperature a pixel knows which thing was painted there last, so that the box of a thing and how much of
 * it is seen are those of the painted pixels. Coordinates are in pixels; pixel (x, y) is the square from (x, y) to
 * (x + 1, y + 1). */
#ifndef FTDN_DATASETS_ROAD_CANVAS_H
#define FTDN_DATASETS_ROAD_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

#define FTDN_ROAD_SIDE 300
#define FTDN_ROAD_PIXELS (FTDN_ROAD_SIDE * FTDN_ROAD_SIDE)
#define FTDN_ROAD_MAX_POINTS 64 /* of a path */

typedef struct ftdn_road_point {
    float x, y;
} ftdn_road_point;

/* One closed outline, or two of which the second is a hole. */
typedef struct ftdn_road_path {
    int n_points;
    int n_outer; /* points of the first outline; n_points where there is no hole */
    ftdn_road_point point[FTDN_ROAD_MAX_POINTS];
} ftdn_road_path;

/* Degrees Celsius from the upper end of a path to its lower end, in between linear. */
typedef struct ftdn_road_ink {
    float upper, lower;
    float opacity; /* in 0 ... 1; what is less than half opaque marks no pixel as the thing's */
} ftdn_road_ink;

/* What the thing that is being painted covers. */
typedef struct ftdn_road_extent {
    int x0, y0, x1, y1;                 /* pixels of the picture: x0 <= x < x1; x1 <= x0: none */
    float left, top, right, bottom;     /* of its shapes, beyond the picture too; right < left: none */
} ftdn_road_extent;

typedef struct ftdn_road_canvas {
    float *heat;    /* [SIDE,SIDE] degrees Celsius; NULL: only the marks are wanted */
    uint8_t *owner; /* [SIDE,SIDE] the thing painted last; 0: background */
    uint8_t painter; /* the thing being painted; 0: background, shadows: nothing is marked */
    ftdn_road_extent extent;
} ftdn_road_canvas;

FTDN_NODISCARD ftdn_status ftdn_road_canvas_init(ftdn_road_canvas *canvas, bool with_heat, ftdn_arena *arena,
                                                 ftdn_error *err);

/* From now on things are painted as this one, with an empty extent. */
void ftdn_road_canvas_begin(ftdn_road_canvas *canvas, int painter);

/* Pixels in the area of the extent whose last painter this is. */
int ftdn_road_canvas_count(const ftdn_road_canvas *canvas, int painter, const ftdn_road_extent *extent);

ftdn_road_ink ftdn_road_plain(float heat);
ftdn_road_ink ftdn_road_shaded(float upper, float lower);
ftdn_road_ink ftdn_road_glaze(float heat, float opacity);

void ftdn_road_fill(ftdn_road_canvas *canvas, const ftdn_road_path *path, ftdn_road_ink ink);
void ftdn_road_fill_ellipse(ftdn_road_canvas *canvas, ftdn_road_point centre, float radius_x, float radius_y,
                            ftdn_road_ink ink);

/* A bar with round ends of these radii. */
void ftdn_road_fill_limb(ftdn_road_canvas *canvas, ftdn_road_point from, float from_radius, ftdn_road_point to,
                         float to_radius, ftdn_road_ink ink);

/* cos and sin of 2 pi turns, within 1e-5, in the operations that IEEE 754 fixes. */
ftdn_road_point ftdn_road_turn(float turns);

#endif
