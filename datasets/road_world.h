/* road_world.h - what stands where in a road scene: weather, camera, road, and the things on and beside it.
 *
 * A world is drawn from the dice alone and knows no pixels; ftdn_road_paint_things paints it. */
#ifndef FTDN_DATASETS_ROAD_WORLD_H
#define FTDN_DATASETS_ROAD_WORLD_H

#include <stdbool.h>

#include "datasets/road_camera.h"
#include "datasets/road_dice.h"

#define FTDN_ROAD_N_CLASSES 8
#define FTDN_ROAD_MAX_THINGS 40

/* The classes, in the dataset's order, then what is painted without a label. */
typedef enum ftdn_road_kind {
    FTDN_ROAD_CAR,
    FTDN_ROAD_PEDESTRIAN,
    FTDN_ROAD_CYCLIST,
    FTDN_ROAD_VAN,
    FTDN_ROAD_TRUCK,
    FTDN_ROAD_BUS,
    FTDN_ROAD_TRAFFIC_CONE,
    FTDN_ROAD_CHANNELIZER,
    FTDN_ROAD_LAMP,
    FTDN_ROAD_SIGN,
    FTDN_ROAD_BIN,
    FTDN_ROAD_TREE,
    FTDN_ROAD_N_KINDS
} ftdn_road_kind;

/* Degrees Celsius of what the weather decides. */
typedef struct ftdn_road_climate {
    float sun; /* 0 at night ... 1 at noon */
    float air, road, verge, wall;
    float sky;   /* high up, without clouds */
    float cloud; /* how much of the way to the air's temperature a dense cloud is */
    float overcast; /* share of the sky under clouds, 0 ... 1 */
} ftdn_road_climate;

typedef enum ftdn_road_layout {
    FTDN_ROAD_STREET,
    FTDN_ROAD_HIGHWAY,
    FTDN_ROAD_CROSSING,
    FTDN_ROAD_WORK_ZONE,
    FTDN_ROAD_N_LAYOUTS
} ftdn_road_layout;

typedef struct ftdn_road_thing {
    ftdn_road_kind kind;
    ftdn_road_stand stand;
    bool is_running; /* engine and tyres are warm */
    ftdn_road_dice dice;
} ftdn_road_thing;

typedef struct ftdn_road_size {
    float length, width, height; /* metres */
} ftdn_road_size;

typedef struct ftdn_road_world {
    ftdn_road_dice dice;
    ftdn_road_climate climate;
    ftdn_road_camera camera;
    ftdn_road_layout layout;
    float left, right;         /* edges of the road, x in metres */
    float lane_width;
    float middle;              /* x of the line between the two directions */
    float cross_near, cross_far; /* z of the road that crosses; near >= far: none */
    int n_things;
    ftdn_road_thing thing[FTDN_ROAD_MAX_THINGS]; /* the farthest first */
} ftdn_road_world;

void ftdn_road_world_make(ftdn_road_world *world, const char *split, uint64_t seed, int scene);

/* Of a thing's dice, the numbers that its painter may use begin here; those before say how large it is. */
#define FTDN_ROAD_PLACE_SLOT 7
#define FTDN_ROAD_FIRST_LOOK_SLOT 8

/* What the markers of a scene have in common: those of one work zone resemble one another. */
enum { FTDN_ROAD_MARKER_CONTRAST, FTDN_ROAD_MARKERS_ARE_WARM, FTDN_ROAD_MARKERS_ARE_DRUMS };

/* How large the thing of these dice is. */
ftdn_road_size ftdn_road_size_of(ftdn_road_kind kind, const ftdn_road_dice *dice);

#endif
