/* road_labels.h - paint the things of a world, and say what of them is to be found. */
#ifndef FTDN_DATASETS_ROAD_LABELS_H
#define FTDN_DATASETS_ROAD_LABELS_H

#include "datasets/dataset.h"
#include "datasets/road_world.h"

/* Paint the things over what is there. With heat or without, the same pixels become theirs. object: the ground truth,
 * [FTDN_ROAD_MAX_THINGS]; returns how many there are. A box is the extent of the pixels that the thing would have if
 * nothing stood before it. Left out is what is hidden or cut off for the most part, or too small; what lies in between
 * is difficult. */
int ftdn_road_paint_things(const ftdn_road_view *view, const ftdn_road_world *world, ftdn_object *object);

#endif
