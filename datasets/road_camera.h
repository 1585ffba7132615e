/* road_camera.h - where a place in the world is in the picture, and shapes that are given in metres.
 *
 * The world has its origin on the road below the camera: x to the right, y up, z ahead, in metres. A place at distance
 * z is drawn focal / z times as large; the horizon is a line of the picture, slightly tilted where the camera is. */
#ifndef FTDN_DATASETS_ROAD_CAMERA_H
#define FTDN_DATASETS_ROAD_CAMERA_H

#include <stdbool.h>

#include "datasets/road_canvas.h"

typedef struct ftdn_road_camera {
    float focal;         /* pixels */
    float height;        /* metres above the road */
    float vanishing_x;   /* where straight ahead is, in pixels */
    float horizon;       /* row of the horizon there */
    float tilt;          /* rows per column by which the horizon falls to the right */
} ftdn_road_camera;

typedef struct ftdn_road_place {
    float x, y, z;
} ftdn_road_place;

/* Where a thing stands and where its front points: (0, 1) is away from the camera. */
typedef struct ftdn_road_stand {
    float x, z;
    ftdn_road_point ahead; /* of length 1; .y is along z */
} ftdn_road_stand;

/* What paints: a canvas seen through a camera. */
typedef struct ftdn_road_view {
    ftdn_road_canvas *canvas;
    ftdn_road_camera camera;
} ftdn_road_view;

/* A place given from a thing: metres ahead of its middle, to its right, up. */
ftdn_road_place ftdn_road_place_at(const ftdn_road_stand *stand, float ahead, float right, float up);

/* The place must be ahead of the camera: z > 0. */
ftdn_road_point ftdn_road_project(const ftdn_road_camera *camera, ftdn_road_place place);

/* Pixels per metre at a distance. */
float ftdn_road_scale(const ftdn_road_camera *camera, float z);

/* The row of the horizon at column x. */
float ftdn_road_horizon(const ftdn_road_camera *camera, float x);

/* Paint a flat convex outline of at most FTDN_ROAD_MAX_POINTS - 1 places; what is too near to the camera is cut off. */
void ftdn_road_paint(const ftdn_road_view *view, const ftdn_road_place *place, int n_places, ftdn_road_ink ink);

/* Does the outline, clockwise as seen from outside, show its outside to the camera? */
bool ftdn_road_faces_camera(const ftdn_road_camera *camera, const ftdn_road_place place[3]);

/* A bar with round ends, radii in metres. */
void ftdn_road_paint_limb(const ftdn_road_view *view, ftdn_road_place from, float from_radius, ftdn_road_place to,
                          float to_radius, ftdn_road_ink ink);
void ftdn_road_paint_ball(const ftdn_road_view *view, ftdn_road_place centre, float radius_x, float radius_y,
                          ftdn_road_ink ink);

/* A rectangle on the road. */
void ftdn_road_paint_ground(const ftdn_road_view *view, float x0, float x1, float z0, float z1, ftdn_road_ink ink);

/* The soft shadow or warmth under a thing that covers this much ground; nothing of the thing itself. */
void ftdn_road_paint_shadow(const ftdn_road_view *view, const ftdn_road_stand *stand, float half_length,
                            float half_width, ftdn_road_ink ink);

#endif
