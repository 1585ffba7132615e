/* road_placing.h - where the things of a road scene stand: in lanes, at kerbs, on pavements, in rows. */
#ifndef FTDN_DATASETS_ROAD_PLACING_H
#define FTDN_DATASETS_ROAD_PLACING_H

#include "datasets/road_world.h"

/* Add the things of the classes, such that all are seen for the most part. Weather, camera and road are chosen. */
void ftdn_road_place_wanted(ftdn_road_world *world);

/* Add lamps, signs, bins and trees beside the road. */
void ftdn_road_place_furniture(ftdn_road_world *world);

#endif
