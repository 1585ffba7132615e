#include "datasets/road_vehicle.h"

#define WHEEL_POINTS 20

enum {
    PAINT = FTDN_ROAD_FIRST_LOOK_SLOT,
    GLASS,
    TYRE,
    HUB,
    ENGINE,
    EXHAUST,
    LAMP,
    GLOSS,
    REST,
    LAMP_WIDTH,
    LAMP_FOOT,
    PLATE_FOOT
};

void ftdn_road_vehicle_init(ftdn_road_vehicle *vehicle, const ftdn_road_view *view, const ftdn_road_climate *climate,
                            const ftdn_road_thing *thing)
{
    const ftdn_road_dice *dice = &thing->dice;
    ftdn_road_size size = ftdn_road_size_of(thing->kind, dice);
    float air = climate->air, ground = climate->road - air, sky = climate->sky - air;
    float paint = air + ftdn_road_between(dice, PAINT, -2, 4) + climate->sun * ftdn_road_between(dice, GLOSS, 0, 11);
    float use = thing->is_running ? 1 : ftdn_road_between(dice, REST, 0, 0.25f);
    *vehicle = (ftdn_road_vehicle){
        .view = view,
        .thing = thing,
        .size = size,
        .half = size.width * 0.5f,
        .air = air,
        .flank = paint + 0.15f * ground,
        .roof = paint + sky * (0.28f - 0.18f * climate->sun) + climate->sun * 4,
        .belly = paint + 0.45f * ground + use * 2,
        .glass = air + sky * ftdn_road_between(dice, GLASS, 0.18f, 0.42f) + use * 1.5f,
        .seam = paint - 3,
        .tyre = climate->road + use * ftdn_road_between(dice, TYRE, 5, 17) + 1,
        .hub = paint + use * ftdn_road_between(dice, HUB, 2, 30),
        .engine = paint + use * ftdn_road_between(dice, ENGINE, 4, 18),
        .exhaust = paint + use * ftdn_road_between(dice, EXHAUST, 15, 60),
        .lamp = paint + use * ftdn_road_between(dice, LAMP, 2, 13),
        .plate = air + 0.3f * sky,
    };
    vehicle->ink[FTDN_ROAD_BACK] = ftdn_road_shaded(vehicle->flank - 1, vehicle->belly);
    vehicle->ink[FTDN_ROAD_FRONT] = ftdn_road_shaded(vehicle->flank + use, vehicle->belly + use * 2);
    vehicle->ink[FTDN_ROAD_LEFT] = ftdn_road_shaded(vehicle->flank - 1, vehicle->belly);
    vehicle->ink[FTDN_ROAD_RIGHT] = ftdn_road_shaded(vehicle->flank - 1 + climate->sun * 3, vehicle->belly);
    vehicle->ink[FTDN_ROAD_TOP] = ftdn_road_plain(vehicle->roof);
    /* Warm air and exhaust of a running engine warm the road, a standing car keeps it from sun and cold sky. */
    float beneath = thing->is_running ? climate->road + 2 : climate->road - 5 * climate->sun;
    ftdn_road_paint_shadow(view, &thing->stand, size.length * 0.5f, vehicle->half, ftdn_road_glaze(beneath, 0.8f));
}

ftdn_road_solid ftdn_road_paint_part(const ftdn_road_vehicle *vehicle, const ftdn_road_block *block)
{
    return ftdn_road_paint_block(vehicle->view, &vehicle->thing->stand, block, vehicle->ink);
}

void ftdn_road_paint_axle(const ftdn_road_vehicle *vehicle, float ahead, float radius, float tyre_width)
{
    ftdn_road_ink rubber[FTDN_ROAD_N_SIDES];
    for (int side = 0; side < FTDN_ROAD_N_SIDES; side++) {
        rubber[side] = ftdn_road_shaded(vehicle->tyre, vehicle->tyre + 4);
    }
    ftdn_road_block wheel =
        ftdn_road_upright(ahead - radius * 0.7f, ahead + radius * 0.7f, tyre_width * 0.5f, 0, radius * 1.5f);
    for (int end = -1; end <= 1; end += 2) {
        wheel.right = (float)end * (vehicle->half - tyre_width * 0.5f - 0.04f);
        ftdn_road_paint_block(vehicle->view, &vehicle->thing->stand, &wheel, rubber);
    }
}

static void paint_disc(const ftdn_road_vehicle *vehicle, float ahead, float right, float up, float radius,
                       ftdn_road_ink ink)
{
    ftdn_road_place edge[WHEEL_POINTS];
    for (int i = 0; i < WHEEL_POINTS; i++) {
        ftdn_road_point turn = ftdn_road_turn((float)i * (1.0f / WHEEL_POINTS));
        edge[i] = ftdn_road_place_at(&vehicle->thing->stand, ahead + radius * turn.x, right, up + radius * turn.y);
    }
    ftdn_road_paint(vehicle->view, edge, WHEEL_POINTS, ink);
}

void ftdn_road_paint_wheels(const ftdn_road_vehicle *vehicle, const ftdn_road_solid *body, float ahead, float radius)
{
    for (int end = -1; end <= 1; end += 2) {
        if (!body->face[end < 0 ? FTDN_ROAD_LEFT : FTDN_ROAD_RIGHT].shows) continue;
        float right = (float)end * vehicle->half;
        paint_disc(vehicle, ahead, right, radius * 1.05f, radius * 1.18f, ftdn_road_plain(vehicle->air - 3));
        paint_disc(vehicle, ahead, right, radius, radius, ftdn_road_plain(vehicle->tyre));
        paint_disc(vehicle, ahead, right, radius, radius * 0.62f, ftdn_road_plain(vehicle->hub - 4));
        paint_disc(vehicle, ahead, right, radius, radius * 0.25f, ftdn_road_plain(vehicle->hub));
    }
}

void ftdn_road_paint_tail(const ftdn_road_vehicle *vehicle, const ftdn_road_solid *body, float v0, float v1)
{
    const ftdn_road_dice *dice = &vehicle->thing->dice;
    float height = v1 - v0, wide = ftdn_road_between(dice, LAMP_WIDTH, 0.08f, 0.2f);
    float low = v0 + height * ftdn_road_between(dice, LAMP_FOOT, 0, 0.6f);
    float foot = v0 + height * ftdn_road_between(dice, PLATE_FOOT, 0, 0.4f);
    ftdn_road_ink lamp = ftdn_road_plain(vehicle->lamp);
    ftdn_road_paint_patch(body, FTDN_ROAD_BACK, 0.02f, 0.02f + wide, low, v1, lamp);
    ftdn_road_paint_patch(body, FTDN_ROAD_BACK, 0.98f - wide, 0.98f, low, v1, lamp);
    ftdn_road_paint_patch(body, FTDN_ROAD_BACK, 0.38f, 0.62f, foot, foot + 0.45f * height,
                          ftdn_road_plain(vehicle->plate));
}

void ftdn_road_paint_nose(const ftdn_road_vehicle *vehicle, const ftdn_road_solid *body, float v0, float v1)
{
    float height = v1 - v0;
    ftdn_road_paint_patch(body, FTDN_ROAD_FRONT, 0.2f, 0.8f, v0, v1,
                          ftdn_road_shaded(vehicle->engine, vehicle->engine + 3));
    ftdn_road_paint_patch(body, FTDN_ROAD_FRONT, 0.39f, 0.61f, v0, v0 + 0.35f * height,
                          ftdn_road_plain(vehicle->plate));
    ftdn_road_paint_patch(body, FTDN_ROAD_FRONT, 0.03f, 0.18f, v0 + 0.4f * height, v1, ftdn_road_plain(vehicle->lamp));
    ftdn_road_paint_patch(body, FTDN_ROAD_FRONT, 0.82f, 0.97f, v0 + 0.4f * height, v1, ftdn_road_plain(vehicle->lamp));
}
