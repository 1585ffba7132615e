#include "datasets/road_world.h"

#include "datasets/road_placing.h"

enum {
    SUN,
    BRIGHTNESS,
    AIR,
    ROAD,
    VERGE,
    WALL,
    SKY,
    CLOUD,
    OVERCAST,
    FOCAL,
    HEIGHT,
    VANISHING,
    HORIZON,
    TILT,
    LAYOUT,
    LANE_WIDTH,
    LANES_LEFT,
    LANES_RIGHT,
    OWN_OFFSET,
    CROSS_NEAR,
    CROSS_WIDTH,
};

static ftdn_road_climate choose_climate(const ftdn_road_dice *dice)
{
    bool is_night = ftdn_road_chance(dice, SUN, 0.45f);
    float sun = is_night ? 0 : ftdn_road_between(dice, BRIGHTNESS, 0.2f, 1);
    float air = is_night ? ftdn_road_between(dice, AIR, -6, 20) : ftdn_road_between(dice, AIR, 4, 31);
    float road =
        air + (is_night ? ftdn_road_between(dice, ROAD, 1, 5.5f) : 2 + sun * ftdn_road_between(dice, ROAD, 3, 14));
    return (ftdn_road_climate){
        .sun = sun,
        .air = air,
        .road = road,
        .verge = (air + road) * 0.5f + ftdn_road_between(dice, VERGE, -4, 1.5f),
        .wall = air + ftdn_road_between(dice, WALL, -0.5f, 4.5f) + sun * 4,
        .sky = air - ftdn_road_between(dice, SKY, 16, 34),
        .cloud = ftdn_road_between(dice, CLOUD, 0.3f, 0.85f),
        .overcast = ftdn_road_between(dice, OVERCAST, 0, 1.1f),
    };
}

static ftdn_road_camera choose_camera(const ftdn_road_dice *dice)
{
    return (ftdn_road_camera){
        .focal = ftdn_road_between(dice, FOCAL, 370, 470),
        .height = ftdn_road_between(dice, HEIGHT, 1.25f, 1.95f),
        .vanishing_x = ftdn_road_between(dice, VANISHING, 110, 190),
        .horizon = ftdn_road_between(dice, HORIZON, 92, 142),
        .tilt = ftdn_road_between(dice, TILT, -0.03f, 0.03f),
    };
}

static void choose_layout(ftdn_road_world *world)
{
    static const float weight[FTDN_ROAD_N_LAYOUTS] = {0.37f, 0.15f, 0.2f, 0.28f};
    const ftdn_road_dice *dice = &world->dice;
    world->layout = (ftdn_road_layout)ftdn_road_choose(dice, LAYOUT, weight, FTDN_ROAD_N_LAYOUTS);
    bool is_wide = world->layout == FTDN_ROAD_HIGHWAY;
    float lane = ftdn_road_between(dice, LANE_WIDTH, 2.9f, 3.6f),
          own = ftdn_road_between(dice, OWN_OFFSET, -0.4f, 0.4f);
    world->lane_width = lane;
    world->middle = own - lane * 0.5f;
    world->left = world->middle - lane * (float)(1 + is_wide + ftdn_road_pick(dice, LANES_LEFT, 2));
    world->right = own + lane * 0.5f + lane * (float)(is_wide + ftdn_road_pick(dice, LANES_RIGHT, 2));
    if (world->layout == FTDN_ROAD_CROSSING) {
        world->cross_near = ftdn_road_between(dice, CROSS_NEAR, 7, 13);
        world->cross_far = world->cross_near + ftdn_road_between(dice, CROSS_WIDTH, 7, 14);
    }
}

static void sort_by_distance(ftdn_road_world *world)
{
    for (int i = 1; i < world->n_things; i++) {
        ftdn_road_thing thing = world->thing[i];
        int at = i;
        for (; at > 0 && world->thing[at - 1].stand.z < thing.stand.z; at--) world->thing[at] = world->thing[at - 1];
        world->thing[at] = thing;
    }
}

void ftdn_road_world_make(ftdn_road_world *world, const char *split, uint64_t seed, int scene)
{
    *world = (ftdn_road_world){.dice = ftdn_road_dice_of(split, seed, scene)};
    world->climate = choose_climate(&world->dice);
    world->camera = choose_camera(&world->dice);
    choose_layout(world);
    ftdn_road_place_wanted(world);
    ftdn_road_place_furniture(world);
    sort_by_distance(world);
}

/* Metres, from the smallest to the largest. */
static const ftdn_road_size sizes[FTDN_ROAD_N_KINDS][2] = {
    [FTDN_ROAD_CAR] = {{3.7f, 1.68f, 1.4f}, {4.8f, 1.9f, 1.68f}},
    [FTDN_ROAD_PEDESTRIAN] = {{0.5f, 0.5f, 1.5f}, {0.6f, 0.6f, 1.92f}},
    [FTDN_ROAD_CYCLIST] = {{1.8f, 0.6f, 1.75f}, {1.8f, 0.6f, 1.8f}},
    [FTDN_ROAD_VAN] = {{4.7f, 1.85f, 1.95f}, {5.9f, 2.05f, 2.65f}},
    [FTDN_ROAD_TRUCK] = {{6.5f, 2.35f, 2.5f}, {9.5f, 2.5f, 3.8f}},
    [FTDN_ROAD_BUS] = {{9, 2.45f, 2.95f}, {12, 2.55f, 3.25f}},
    [FTDN_ROAD_TRAFFIC_CONE] = {{0.4f, 0.4f, 0.7f}, {0.4f, 0.4f, 0.95f}},
    [FTDN_ROAD_CHANNELIZER] = {{0.5f, 0.18f, 0.95f}, {0.6f, 0.26f, 1.15f}},
    [FTDN_ROAD_LAMP] = {{1, 0.2f, 5.5f}, {1, 0.2f, 9}},
    [FTDN_ROAD_SIGN] = {{0.2f, 0.6f, 2.2f}, {0.2f, 0.6f, 2.9f}},
    [FTDN_ROAD_BIN] = {{0.4f, 0.3f, 0.7f}, {0.7f, 0.8f, 1.2f}},
    [FTDN_ROAD_TREE] = {{3, 3, 4.5f}, {6, 6, 11}},
};

ftdn_road_size ftdn_road_size_of(ftdn_road_kind kind, const ftdn_road_dice *dice)
{
    enum { LENGTH, WIDTH, TALLNESS, IS_CHILD, CHILD_HEIGHT, IS_UNLIKE };
    const ftdn_road_size *least = &sizes[kind][0], *most = &sizes[kind][1];
    ftdn_road_size size = {
        .length = ftdn_road_between(dice, LENGTH, least->length, most->length),
        .width = ftdn_road_between(dice, WIDTH, least->width, most->width),
        .height = ftdn_road_between(dice, TALLNESS, least->height, most->height),
    };
    if (kind == FTDN_ROAD_PEDESTRIAN && ftdn_road_chance(dice, IS_CHILD, 0.12f)) {
        size.height = ftdn_road_between(dice, CHILD_HEIGHT, 1.1f, 1.45f);
    }
    if (kind == FTDN_ROAD_CHANNELIZER) {
        ftdn_road_dice all = ftdn_road_dice_for(dice, FTDN_ROAD_FOR_MARKERS, 0);
        bool is_unlike = ftdn_road_chance(dice, IS_UNLIKE, 0.05f);
        if (ftdn_road_chance(&all, FTDN_ROAD_MARKERS_ARE_DRUMS, 0.5f) != is_unlike) size.width += 0.3f;
    }
    return size;
}
