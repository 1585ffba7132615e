#include "datasets/road_placing.h"

#include <assert.h>
#include <math.h>

#define TRIALS 24        /* places that are tried for a thing */

/* Items of the dice of things: one by one from 0, in rows, beside the road. */
#define FIRST_MARKER 100
#define FIRST_PARKED 120
#define FIRST_ROADSIDE 200

/* Items of the dice of places beyond those of single things. */
#define FOR_ALL_WANTED 1000000
#define FOR_ALL_ROADSIDE 1000001

enum { N_WANTED, ROW, ROW_KIND, ROW_COUNT, ROW_X, ROW_Z, ROW_SLOPE, ROW_SPACING, WANTED_KIND = 16 };
enum { DISTANCE, WAY, LANE, ASIDE, HEADING, SIDE, RUNNING, OVERLAP };

/* What may stand where: pixels of height that a thing should have, and how much of it has to be in the picture. */
typedef struct habit {
    float least_pixels, most_pixels, least_inside;
} habit;

static const habit habits[FTDN_ROAD_N_CLASSES] = {
    [FTDN_ROAD_CAR] = {27, 100, 0.5f},         [FTDN_ROAD_PEDESTRIAN] = {46, 185, 0.7f},
    [FTDN_ROAD_CYCLIST] = {46, 165, 0.65f},    [FTDN_ROAD_VAN] = {36, 120, 0.55f},
    [FTDN_ROAD_TRUCK] = {48, 160, 0.55f},      [FTDN_ROAD_BUS] = {50, 155, 0.55f},
    [FTDN_ROAD_TRAFFIC_CONE] = {27, 85, 0.9f}, [FTDN_ROAD_CHANNELIZER] = {34, 115, 0.85f},
};

static bool is_vehicle(ftdn_road_kind kind)
{
    return kind == FTDN_ROAD_CAR || kind == FTDN_ROAD_VAN || kind == FTDN_ROAD_TRUCK || kind == FTDN_ROAD_BUS;
}

/* The rectangle of the picture that a thing fills at most. */
typedef struct frame {
    float x0, y0, x1, y1;
} frame;

static frame frame_of(const ftdn_road_world *world, const ftdn_road_thing *thing)
{
    ftdn_road_size size = ftdn_road_size_of(thing->kind, &thing->dice);
    frame all = {INFINITY, INFINITY, -INFINITY, -INFINITY};
    for (int i = 0; i < 8; i++) {
        ftdn_road_place corner =
            ftdn_road_place_at(&thing->stand, i & 1 ? size.length * 0.5f : size.length * -0.5f,
                               i & 2 ? size.width * 0.5f : size.width * -0.5f, i & 4 ? size.height : 0);
        if (corner.z < 1) corner.z = 1;
        ftdn_road_point point = ftdn_road_project(&world->camera, corner);
        if (point.x < all.x0) all.x0 = point.x;
        if (point.x > all.x1) all.x1 = point.x;
        if (point.y < all.y0) all.y0 = point.y;
        if (point.y > all.y1) all.y1 = point.y;
    }
    return all;
}

static float area_of(frame a)
{
    return a.x1 > a.x0 && a.y1 > a.y0 ? (a.x1 - a.x0) * (a.y1 - a.y0) : 0;
}

static frame common(frame a, frame b)
{
    return (frame){a.x0 > b.x0 ? a.x0 : b.x0, a.y0 > b.y0 ? a.y0 : b.y0, a.x1 < b.x1 ? a.x1 : b.x1,
                   a.y1 < b.y1 ? a.y1 : b.y1};
}

/* Do two things take the same ground? Each is a row of circles along its length. */
static bool collide(const ftdn_road_thing *a, const ftdn_road_thing *b)
{
    enum { N_CIRCLES = 4 };
    ftdn_road_size size_a = ftdn_road_size_of(a->kind, &a->dice), size_b = ftdn_road_size_of(b->kind, &b->dice);
    float least = (size_a.width + size_b.width) * 0.5f + 0.15f;
    for (int i = 0; i < N_CIRCLES; i++) {
        float along_a = ((float)i / (N_CIRCLES - 1) - 0.5f) * (size_a.length - size_a.width);
        ftdn_road_place at_a = ftdn_road_place_at(&a->stand, size_a.length > size_a.width ? along_a : 0, 0, 0);
        for (int k = 0; k < N_CIRCLES; k++) {
            float along_b = ((float)k / (N_CIRCLES - 1) - 0.5f) * (size_b.length - size_b.width);
            ftdn_road_place at_b = ftdn_road_place_at(&b->stand, size_b.length > size_b.width ? along_b : 0, 0, 0);
            float dx = at_a.x - at_b.x, dz = at_a.z - at_b.z;
            if (dx * dx + dz * dz < least * least) return true;
        }
    }
    return false;
}

static bool fits(const ftdn_road_world *world, const ftdn_road_thing *thing, float most_overlap)
{
    const frame picture = {0, 0, FTDN_ROAD_SIDE, FTDN_ROAD_SIDE};
    ftdn_road_size size = ftdn_road_size_of(thing->kind, &thing->dice);
    const habit *wanted = &habits[thing->kind];
    float reach = fabsf(thing->stand.ahead.y) * size.length * 0.5f;
    if (thing->stand.z - reach < 2.6f) return false;
    frame own = frame_of(world, thing);
    if (area_of(common(own, picture)) < wanted->least_inside * area_of(own)) return false;
    for (int i = 0; i < world->n_things; i++) {
        if (collide(thing, &world->thing[i])) return false;
        frame other = frame_of(world, &world->thing[i]);
        float smaller = area_of(own) < area_of(other) ? area_of(own) : area_of(other);
        if (area_of(common(own, other)) > most_overlap * smaller) return false;
    }
    return true;
}

static ftdn_road_stand stand_at(float x, float z, float turns)
{
    ftdn_road_point turn = ftdn_road_turn(turns);
    return (ftdn_road_stand){x, z, {turn.y, turn.x}};
}

/* The distance at which a height in metres has the pixels that the habit asks for, more often few than many. */
static float choose_distance(const ftdn_road_world *world, const ftdn_road_dice *dice, ftdn_road_kind kind,
                             float height)
{
    float u = ftdn_road_between(dice, DISTANCE, 0, 1);
    const habit *wanted = &habits[kind];
    float pixels = wanted->least_pixels + (wanted->most_pixels - wanted->least_pixels) * u * (0.35f + 0.65f * u);
    return world->camera.focal * height / pixels;
}

typedef enum way { AHEAD, ONCOMING, PARKED, ACROSS, TURNING, N_WAYS } way;

static void stand_vehicle(const ftdn_road_world *world, const ftdn_road_dice *dice, ftdn_road_thing *thing)
{
    static const float weight[FTDN_ROAD_N_LAYOUTS][N_WAYS] = {
        [FTDN_ROAD_STREET] = {0.3f, 0.28f, 0.34f, 0, 0.08f},
        [FTDN_ROAD_HIGHWAY] = {0.62f, 0.38f, 0, 0, 0},
        [FTDN_ROAD_CROSSING] = {0.12f, 0.18f, 0, 0.55f, 0.15f},
        [FTDN_ROAD_WORK_ZONE] = {0.42f, 0.34f, 0.12f, 0.06f, 0.06f},
    };
    ftdn_road_size size = ftdn_road_size_of(thing->kind, &thing->dice);
    way chosen = (way)ftdn_road_choose(dice, WAY, weight[world->layout], N_WAYS);
    if (chosen == PARKED && thing->kind == FTDN_ROAD_BUS) chosen = ONCOMING;
    float z = choose_distance(world, dice, thing->kind, size.height) + size.length * 0.5f;
    float jitter = ftdn_road_between(dice, HEADING, -0.012f, 0.012f),
          aside = ftdn_road_between(dice, ASIDE, -0.3f, 0.3f);
    float lane = world->lane_width;
    int n_right = (int)((world->right - world->middle) / lane + 0.5f),
        n_left = (int)((world->middle - world->left) / lane + 0.5f);
    thing->is_running = true;
    switch (chosen) {
    case AHEAD: {
        float x = world->middle + lane * (0.5f + (float)ftdn_road_pick(dice, LANE, n_right)) + aside;
        thing->stand = stand_at(x, z, jitter);
        break;
    }
    case ONCOMING: {
        float x = world->middle - lane * (0.5f + (float)ftdn_road_pick(dice, LANE, n_left)) + aside;
        thing->stand = stand_at(x, z, 0.5f + jitter);
        break;
    }
    case PARKED: {
        bool is_right = ftdn_road_chance(dice, SIDE, 0.6f);
        float inset = size.width * 0.5f + 0.2f - fabsf(aside);
        thing->stand =
            stand_at(is_right ? world->right - inset : world->left + inset, z, (is_right ? 0 : 0.5f) + jitter);
        thing->is_running = ftdn_road_chance(dice, RUNNING, 0.3f);
        break;
    }
    default: {
        /* Its side is seen: not so near that it fills the picture. */
        float least = world->camera.focal * size.length / 215;
        if (z < least) z = least + fabsf(aside) * 6;
        float x = ftdn_road_between(dice, LANE, -0.32f, 0.32f) * z;
        float turns = chosen == ACROSS ? 0.25f + jitter : ftdn_road_between(dice, HEADING, 0.05f, 0.21f);
        thing->stand = stand_at(x, z, ftdn_road_chance(dice, SIDE, 0.5f) ? turns : 1 - turns);
        break;
    }
    }
}

static void stand_person(const ftdn_road_world *world, const ftdn_road_dice *dice, ftdn_road_thing *thing)
{
    ftdn_road_size size = ftdn_road_size_of(thing->kind, &thing->dice);
    float z = choose_distance(world, dice, thing->kind, size.height),
          jitter = ftdn_road_between(dice, HEADING, -0.05f, 0.05f);
    thing->is_running = ftdn_road_chance(dice, RUNNING, 0.8f);
    bool is_right = ftdn_road_chance(dice, SIDE, 0.6f);
    if (ftdn_road_chance(dice, WAY, world->layout == FTDN_ROAD_HIGHWAY ? 0.1f : 0.5f)) {
        float x = ftdn_road_between(dice, LANE, -0.33f, 0.33f) * z;
        thing->stand = stand_at(x, z, (is_right ? 0.25f : 0.75f) + jitter);
        return;
    }
    /* People walk on the pavement, cyclists ride along the kerb. */
    bool rides = thing->kind == FTDN_ROAD_CYCLIST;
    float aside = rides ? ftdn_road_between(dice, LANE, -1.2f, -0.4f) : ftdn_road_between(dice, LANE, 0.3f, 2.8f);
    float x = is_right ? world->right + aside : world->left - aside;
    bool goes_away = rides ? is_right : ftdn_road_chance(dice, ASIDE, 0.5f);
    thing->stand = stand_at(x, z, (goes_away ? 0 : 0.5f) + jitter);
}

static void stand_marker(const ftdn_road_world *world, const ftdn_road_dice *dice, ftdn_road_thing *thing)
{
    ftdn_road_size size = ftdn_road_size_of(thing->kind, &thing->dice);
    float z = choose_distance(world, dice, thing->kind, size.height);
    thing->stand =
        stand_at(ftdn_road_between(dice, LANE, -0.32f, 0.32f) * z, z, ftdn_road_between(dice, HEADING, -0.1f, 0.1f));
}

static void add(ftdn_road_world *world, const ftdn_road_thing *thing)
{
    assert(world->n_things < FTDN_ROAD_MAX_THINGS);
    world->thing[world->n_things++] = *thing;
}

/* Find a place for a thing of this kind; one that finds none is left out. */
static void place_one(ftdn_road_world *world, ftdn_road_kind kind, int item)
{
    ftdn_road_thing thing = {.kind = kind, .dice = ftdn_road_dice_for(&world->dice, FTDN_ROAD_FOR_THING, item)};
    for (int trial = 0; trial < TRIALS; trial++) {
        ftdn_road_dice dice = ftdn_road_dice_for(&world->dice, FTDN_ROAD_FOR_PLACE, item * TRIALS + trial);
        if (is_vehicle(kind)) stand_vehicle(world, &dice, &thing);
        else if (kind == FTDN_ROAD_PEDESTRIAN || kind == FTDN_ROAD_CYCLIST) stand_person(world, &dice, &thing);
        else stand_marker(world, &dice, &thing);
        if (!fits(world, &thing, ftdn_road_between(&dice, OVERLAP, 0.05f, 0.55f))) continue;
        add(world, &thing);
        return;
    }
}

/* Cones or channelizers in a line that closes a lane. Returns how many were wanted. */
static int place_markers(ftdn_road_world *world, const ftdn_road_dice *dice)
{
    ftdn_road_kind kind = ftdn_road_chance(dice, ROW_KIND, 0.5f) ? FTDN_ROAD_TRAFFIC_CONE : FTDN_ROAD_CHANNELIZER;
    int n = 2 + ftdn_road_pick(dice, ROW_COUNT, 4);
    float z = ftdn_road_between(dice, ROW_Z, 4.2f, 8), x = ftdn_road_between(dice, ROW_X, -0.3f, 0.3f) * z;
    float slope = ftdn_road_between(dice, ROW_SLOPE, -0.45f, 0.45f);
    float spacing = ftdn_road_between(dice, ROW_SPACING, 1.2f, 2.4f);
    for (int i = 0; i < n; i++) {
        float step = spacing * (float)i;
        ftdn_road_dice own = ftdn_road_dice_for(&world->dice, FTDN_ROAD_FOR_THING, FIRST_MARKER + i);
        ftdn_road_thing thing = {.kind = kind, .dice = own};
        thing.stand =
            stand_at(x + slope * step, z + step, ftdn_road_between(&own, FTDN_ROAD_PLACE_SLOT, -0.05f, 0.05f));
        if (fits(world, &thing, 0.5f)) add(world, &thing);
    }
    return n;
}

/* Cars one behind the other at the kerb, a van now and then among them. Returns how many were wanted. */
static int place_parked(ftdn_road_world *world, const ftdn_road_dice *dice)
{
    int n = 2 + ftdn_road_pick(dice, ROW_COUNT, 3);
    bool is_right = ftdn_road_chance(dice, ROW_KIND, 0.6f);
    float back = ftdn_road_between(dice, ROW_Z, 5, 11), gap = ftdn_road_between(dice, ROW_SPACING, 0.5f, 1.6f);
    for (int i = 0; i < n; i++) {
        ftdn_road_dice own = ftdn_road_dice_for(&world->dice, FTDN_ROAD_FOR_THING, FIRST_PARKED + i);
        bool is_van = ftdn_road_chance(&own, FTDN_ROAD_PLACE_SLOT, 0.12f);
        ftdn_road_thing thing = {.kind = is_van ? FTDN_ROAD_VAN : FTDN_ROAD_CAR, .dice = own};
        ftdn_road_size size = ftdn_road_size_of(thing.kind, &own);
        float inset = size.width * 0.5f + 0.2f, z = back + size.length * 0.5f;
        back += size.length + gap;
        thing.stand = stand_at(is_right ? world->right - inset : world->left + inset, z, is_right ? 0 : 0.5f);
        if (fits(world, &thing, 0.7f)) add(world, &thing);
    }
    return n;
}

void ftdn_road_place_wanted(ftdn_road_world *world)
{
    static const float weight[FTDN_ROAD_N_LAYOUTS][FTDN_ROAD_N_CLASSES] = {
        /* car, pedestrian, cyclist, van, truck, bus, cone, channelizer */
        [FTDN_ROAD_STREET] = {0.5f, 0.22f, 0.09f, 0.06f, 0.05f, 0.07f, 0.01f, 0.005f},
        [FTDN_ROAD_HIGHWAY] = {0.62f, 0.02f, 0.01f, 0.1f, 0.17f, 0.07f, 0.01f, 0.005f},
        [FTDN_ROAD_CROSSING] = {0.5f, 0.2f, 0.11f, 0.07f, 0.05f, 0.07f, 0.005f, 0.005f},
        [FTDN_ROAD_WORK_ZONE] = {0.6f, 0.14f, 0.05f, 0.07f, 0.08f, 0.04f, 0.04f, 0.04f},
    };
    ftdn_road_dice dice = ftdn_road_dice_for(&world->dice, FTDN_ROAD_FOR_PLACE, FOR_ALL_WANTED);
    int n_wanted = 3 + ftdn_road_pick(&dice, N_WANTED, 6), n_before = 0;
    if (world->layout == FTDN_ROAD_WORK_ZONE) n_before = place_markers(world, &dice);
    if (world->layout == FTDN_ROAD_STREET && ftdn_road_chance(&dice, ROW, 0.35f)) n_before = place_parked(world, &dice);
    if (n_before > n_wanted - 2) n_wanted = n_before + 2;
    for (int i = n_before; i < n_wanted; i++) {
        int kind = ftdn_road_choose(&dice, WANTED_KIND + i, weight[world->layout], FTDN_ROAD_N_CLASSES);
        place_one(world, (ftdn_road_kind)kind, i);
    }
}

/* What stands beside the road is seen anywhere, and hides what is behind it. */
static bool stand_at_roadside(const ftdn_road_world *world, const ftdn_road_dice *dice, ftdn_road_thing *thing)
{
    float u = ftdn_road_between(dice, DISTANCE, 0, 1), aside = ftdn_road_between(dice, ASIDE, 0.4f, 1.2f),
          z = 9 + 50 * u * u;
    if (thing->kind == FTDN_ROAD_TREE) {
        aside = ftdn_road_between(dice, LANE, 4, 12);
        z = 14 + 60 * u * u;
    } else if (thing->kind == FTDN_ROAD_BIN) {
        z = 6 + 14 * u;
    }
    bool is_right = ftdn_road_chance(dice, SIDE, 0.5f);
    thing->stand = stand_at(is_right ? world->right + aside : world->left - aside, z, is_right ? 0.75f : 0.25f);
    for (int i = 0; i < world->n_things; i++) {
        if (collide(thing, &world->thing[i])) return false;
    }
    return z < world->cross_near - 1 || z > world->cross_far + 1;
}

void ftdn_road_place_furniture(ftdn_road_world *world)
{
    static const float weight[FTDN_ROAD_N_KINDS] = {
        [FTDN_ROAD_LAMP] = 0.2f, [FTDN_ROAD_SIGN] = 0.2f, [FTDN_ROAD_BIN] = 0.2f, [FTDN_ROAD_TREE] = 0.4f};
    ftdn_road_dice all = ftdn_road_dice_for(&world->dice, FTDN_ROAD_FOR_PLACE, FOR_ALL_ROADSIDE);
    int n_wanted = 6 + ftdn_road_pick(&all, N_WANTED, 13);
    for (int i = 0; i < n_wanted; i++) {
        int item = FIRST_ROADSIDE + i;
        ftdn_road_dice dice = ftdn_road_dice_for(&world->dice, FTDN_ROAD_FOR_PLACE, item * TRIALS);
        ftdn_road_thing thing = {.dice = ftdn_road_dice_for(&world->dice, FTDN_ROAD_FOR_THING, item)};
        thing.kind = (ftdn_road_kind)ftdn_road_choose(&dice, WAY, weight, FTDN_ROAD_N_KINDS);
        if (stand_at_roadside(world, &dice, &thing)) add(world, &thing);
    }
}
