/* road_backdrop.h - what is behind the things of a road scene: sky, ground, road, buildings. */
#ifndef FTDN_DATASETS_ROAD_BACKDROP_H
#define FTDN_DATASETS_ROAD_BACKDROP_H

#include "datasets/road_world.h"

/* Paint every pixel of the view's canvas, which has heat. */
void ftdn_road_paint_backdrop(const ftdn_road_view *view, const ftdn_road_world *world);

#endif
