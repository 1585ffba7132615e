/* road_solid.h - the blocks that vehicles are built of, and what is painted on their faces.
 *
 * A block has a rectangle below and one above; its faces are flat. Blocks of a vehicle are painted in an order in which
 * a later one never stands behind an earlier one. */
#ifndef FTDN_DATASETS_ROAD_SOLID_H
#define FTDN_DATASETS_ROAD_SOLID_H

#include "datasets/road_camera.h"

/* Metres: ahead of the vehicle's middle, to its right, above the road. */
typedef struct ftdn_road_block {
    float back, front, half_width;             /* of the lower rectangle */
    float upper_back, upper_front, upper_half; /* of the upper one */
    float low, high;
    float right; /* of the block's middle */
} ftdn_road_block;

typedef enum ftdn_road_side {
    FTDN_ROAD_BACK,
    FTDN_ROAD_FRONT,
    FTDN_ROAD_LEFT,
    FTDN_ROAD_RIGHT,
    FTDN_ROAD_TOP,
    FTDN_ROAD_N_SIDES
} ftdn_road_side;

typedef struct ftdn_road_face {
    bool shows;
    ftdn_road_place corner[4]; /* seen from outside: lower left, upper left, upper right, lower right */
} ftdn_road_face;

typedef struct ftdn_road_solid {
    const ftdn_road_view *view;
    const ftdn_road_stand *stand;
    ftdn_road_face face[FTDN_ROAD_N_SIDES];
} ftdn_road_solid;

/* A block with vertical sides, in the vehicle's middle. */
ftdn_road_block ftdn_road_upright(float back, float front, float half_width, float low, float high);

/* Paint the faces that show, each with its ink. */
ftdn_road_solid ftdn_road_paint_block(const ftdn_road_view *view, const ftdn_road_stand *stand,
                                      const ftdn_road_block *block, const ftdn_road_ink ink[FTDN_ROAD_N_SIDES]);

/* Paint a part of a face, if it shows. u runs along the face, on the sides from the back of the vehicle to its front,
 * else from left to right as one looks at it; v from its lower edge to its upper edge; both in 0 ... 1. */
void ftdn_road_paint_patch(const ftdn_road_solid *solid, ftdn_road_side side, float u0, float u1, float v0, float v1,
                           ftdn_road_ink ink);

/* Paint the same on both long sides. */
void ftdn_road_paint_flanks(const ftdn_road_solid *solid, float u0, float u1, float v0, float v1, ftdn_road_ink ink);

#endif
