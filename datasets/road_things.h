/* road_things.h - how each kind of thing on a road is painted. */
#ifndef FTDN_DATASETS_ROAD_THINGS_H
#define FTDN_DATASETS_ROAD_THINGS_H

#include "datasets/road_world.h"

void ftdn_road_paint_car(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing);
void ftdn_road_paint_van(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing);
void ftdn_road_paint_truck(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing);
void ftdn_road_paint_bus(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing);
void ftdn_road_paint_pedestrian(const ftdn_road_view *view, const ftdn_road_climate *climate,
                                const ftdn_road_thing *thing);
void ftdn_road_paint_cyclist(const ftdn_road_view *view, const ftdn_road_climate *climate,
                             const ftdn_road_thing *thing);
void ftdn_road_paint_cone(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing);
void ftdn_road_paint_channelizer(const ftdn_road_view *view, const ftdn_road_climate *climate,
                                 const ftdn_road_thing *thing);
void ftdn_road_paint_lamp(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing);
void ftdn_road_paint_sign(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing);
void ftdn_road_paint_bin(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing);
void ftdn_road_paint_tree(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing);

#endif
