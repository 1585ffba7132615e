/* road_vehicle.h - what all vehicles have: warm or cold surfaces and wheels. */
#ifndef FTDN_DATASETS_ROAD_VEHICLE_H
#define FTDN_DATASETS_ROAD_VEHICLE_H

#include "datasets/road_solid.h"
#include "datasets/road_things.h"

/* A vehicle while it is painted; its surfaces in degrees Celsius. */
typedef struct ftdn_road_vehicle {
    const ftdn_road_view *view;
    const ftdn_road_thing *thing;
    ftdn_road_size size;
    float half; /* its width, halved */
    float air;
    float flank, roof, belly; /* paint: middle of a side, what looks up, lower edge */
    float glass;
    float seam; /* gaps between doors and parts */
    float tyre, hub;
    float engine; /* bonnet and grille */
    float exhaust;
    float lamp;
    float plate;
    ftdn_road_ink ink[FTDN_ROAD_N_SIDES]; /* of the painted faces of a block */
} ftdn_road_vehicle;

void ftdn_road_vehicle_init(ftdn_road_vehicle *vehicle, const ftdn_road_view *view, const ftdn_road_climate *climate,
                            const ftdn_road_thing *thing);

ftdn_road_solid ftdn_road_paint_part(const ftdn_road_vehicle *vehicle, const ftdn_road_block *block);

/* The wheels of an axle as they are seen below the body, before the body is painted. */
void ftdn_road_paint_axle(const ftdn_road_vehicle *vehicle, float ahead, float radius, float tyre_width);

/* The wheels of an axle on the sides that show of a body. */
void ftdn_road_paint_wheels(const ftdn_road_vehicle *vehicle, const ftdn_road_solid *body, float ahead, float radius);

/* Two lamps and a plate on the back; two lamps, a plate and a grille on the front. v: where on the face. */
void ftdn_road_paint_tail(const ftdn_road_vehicle *vehicle, const ftdn_road_solid *body, float v0, float v1);
void ftdn_road_paint_nose(const ftdn_road_vehicle *vehicle, const ftdn_road_solid *body, float v0, float v1);

#endif
