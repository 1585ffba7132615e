#include "datasets/road_things.h"

#include "datasets/road_solid.h"

enum { WARMTH = FTDN_ROAD_FIRST_LOOK_SLOT, STYLE, BANDS, FACE, CROWN };

#define ARC_POINTS 9

/* A part of something round and upright: radius and height below and above, in metres. */
typedef struct tier {
    float low, low_radius, high, high_radius;
} tier;

/* Paint what is between the nearer half of the lower rim and one half of the upper rim: the farther one (sign 1) for
 * the outline of a part that is seen from above, the nearer one (sign -1) for a band around it. */
static void paint_between_rims(const ftdn_road_view *view, const ftdn_road_stand *stand, tier part, float sign,
                               ftdn_road_ink ink)
{
    ftdn_road_place edge[2 * ARC_POINTS];
    for (int i = 0; i < ARC_POINTS; i++) {
        ftdn_road_point turn = ftdn_road_turn((float)i * (0.5f / (ARC_POINTS - 1)));
        edge[i] = (ftdn_road_place){stand->x + part.low_radius * turn.x, part.low, stand->z - part.low_radius * turn.y};
        edge[ARC_POINTS + i] = (ftdn_road_place){stand->x - part.high_radius * turn.x, part.high,
                                                 stand->z + sign * part.high_radius * turn.y};
    }
    ftdn_road_paint(view, edge, 2 * ARC_POINTS, ink);
}

static void paint_tier(const ftdn_road_view *view, const ftdn_road_stand *stand, tier part, ftdn_road_ink ink)
{
    paint_between_rims(view, stand, part, 1, ink);
}

/* A band around a larger part, v in 0 ... 1 of its height. */
static void paint_band(const ftdn_road_view *view, const ftdn_road_stand *stand, tier whole, float v0, float v1,
                       ftdn_road_ink ink)
{
    float height = whole.high - whole.low, widening = whole.high_radius - whole.low_radius;
    tier part = {whole.low + v0 * height, whole.low_radius + v0 * widening, whole.low + v1 * height,
                 whole.low_radius + v1 * widening};
    paint_between_rims(view, stand, part, -1, ink);
}

static void paint_rim(const ftdn_road_view *view, const ftdn_road_stand *stand, float up, float radius,
                      ftdn_road_ink ink)
{
    paint_tier(view, stand, (tier){up, radius, up, radius}, ink);
}

/* Plastic follows sun and sky more than the road does; bands reflect the sky. */
static float plastic_heat(const ftdn_road_climate *climate, const ftdn_road_thing *thing)
{
    ftdn_road_dice all = ftdn_road_dice_for(&thing->dice, FTDN_ROAD_FOR_MARKERS, 0);
    float offset = ftdn_road_between(&all, FTDN_ROAD_MARKER_CONTRAST, 3, 10);
    if (!ftdn_road_chance(&all, FTDN_ROAD_MARKERS_ARE_WARM, 0.6f)) offset = -offset;
    return climate->road + offset + ftdn_road_between(&thing->dice, WARMTH, -1.5f, 1.5f);
}

void ftdn_road_paint_cone(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing)
{
    float height = ftdn_road_size_of(FTDN_ROAD_TRAFFIC_CONE, &thing->dice).height;
    float heat = plastic_heat(climate, thing), band = heat - 6 + 0.12f * (climate->sky - climate->air);
    ftdn_road_ink slab[FTDN_ROAD_N_SIDES];
    for (int side = 0; side < FTDN_ROAD_N_SIDES; side++) slab[side] = ftdn_road_plain(heat - 2.5f);
    ftdn_road_block base = ftdn_road_upright(-0.22f * height, 0.22f * height, 0.22f * height, 0, 0.05f * height);
    ftdn_road_paint_shadow(view, &thing->stand, 0.25f * height, 0.25f * height,
                           ftdn_road_glaze(climate->road - 2, 0.5f));
    ftdn_road_paint_block(view, &thing->stand, &base, slab);
    tier body = {0.05f * height, 0.175f * height, height, 0.035f * height};
    paint_tier(view, &thing->stand, body, ftdn_road_shaded(heat + 1.5f, heat));
    paint_band(view, &thing->stand, body, 0.34f, 0.52f, ftdn_road_plain(band));
    paint_band(view, &thing->stand, body, 0.66f, 0.8f, ftdn_road_plain(band));
}

void ftdn_road_paint_channelizer(const ftdn_road_view *view, const ftdn_road_climate *climate,
                                 const ftdn_road_thing *thing)
{
    ftdn_road_size size = ftdn_road_size_of(FTDN_ROAD_CHANNELIZER, &thing->dice);
    float radius = size.width * 0.5f, height = size.height;
    float heat = plastic_heat(climate, thing), band = heat - 8 + 0.12f * (climate->sky - climate->air);
    bool is_drum = radius > 0.18f;
    ftdn_road_paint_shadow(view, &thing->stand, 0.3f, 0.3f, ftdn_road_glaze(climate->road - 2, 0.5f));
    float base_radius = is_drum ? radius * 1.22f : radius * 2.1f;
    paint_tier(view, &thing->stand, (tier){0, base_radius, 0.07f, base_radius * 0.95f}, ftdn_road_plain(heat - 3));
    tier body = {0.07f, radius, height, is_drum ? radius * 0.84f : radius * 0.9f};
    paint_tier(view, &thing->stand, body, ftdn_road_shaded(heat + 1, heat));
    int n_bands = is_drum ? 3 : 3 + ftdn_road_pick(&thing->dice, BANDS, 2);
    for (int i = 0; i < n_bands; i++) {
        float v = 0.16f + 0.78f * (float)i / (float)n_bands;
        paint_band(view, &thing->stand, body, v, v + 0.4f / (float)n_bands, ftdn_road_plain(band));
    }
    paint_rim(view, &thing->stand, height, body.high_radius, ftdn_road_plain(heat - 1));
    if (is_drum) {
        tier handle = {height, 0.06f, height + 0.09f, 0.05f};
        paint_tier(view, &thing->stand, handle, ftdn_road_plain(heat));
    }
}

void ftdn_road_paint_lamp(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing)
{
    const ftdn_road_stand *stand = &thing->stand;
    float height = ftdn_road_size_of(FTDN_ROAD_LAMP, &thing->dice).height;
    float heat = climate->air + climate->sun * 4 + ftdn_road_between(&thing->dice, WARMTH, -3, 4);
    float lamp = climate->sun > 0 ? heat : climate->air + ftdn_road_between(&thing->dice, FACE, 15, 40);
    ftdn_road_ink ink = ftdn_road_plain(heat);
    ftdn_road_place top = ftdn_road_place_at(stand, 0, 0, height);
    ftdn_road_place end = ftdn_road_place_at(stand, 1.6f, 0, height + 0.25f);
    ftdn_road_paint_limb(view, ftdn_road_place_at(stand, 0, 0, 0), 0.1f, top, 0.06f, ink);
    ftdn_road_paint_limb(view, top, 0.05f, end, 0.05f, ink);
    ftdn_road_paint_ball(view, end, 0.32f, 0.12f, ftdn_road_plain(lamp));
}

void ftdn_road_paint_sign(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing)
{
    const ftdn_road_stand *stand = &thing->stand;
    float height = ftdn_road_size_of(FTDN_ROAD_SIGN, &thing->dice).height;
    float heat = climate->air + climate->sun * 3 + ftdn_road_between(&thing->dice, WARMTH, -4, 3);
    float face = climate->air + ftdn_road_between(&thing->dice, FACE, 0.1f, 0.35f) * (climate->sky - climate->air);
    ftdn_road_place top = ftdn_road_place_at(stand, 0, 0, height),
                    disc = ftdn_road_place_at(stand, 0, 0, height - 0.3f);
    ftdn_road_paint_limb(view, ftdn_road_place_at(stand, 0, 0, 0), 0.045f, top, 0.045f, ftdn_road_plain(heat));
    float left = stand->x - 0.33f, right = stand->x + 0.33f, low = height - 0.6f, z = stand->z - 0.05f;
    switch (ftdn_road_pick(&thing->dice, STYLE, 3)) {
    case 0:
        ftdn_road_paint_ball(view, disc, 0.34f, 0.34f, ftdn_road_plain(heat + 1));
        ftdn_road_paint_ball(view, disc, 0.26f, 0.26f, ftdn_road_plain(face));
        break;
    case 1: {
        const ftdn_road_place corner[3] = {{left, low, z}, {stand->x, height, z}, {right, low, z}};
        ftdn_road_paint(view, corner, 3, ftdn_road_plain(face));
        break;
    }
    default: {
        const ftdn_road_place corner[4] = {
            {left, low, z}, {left, height + 0.3f, z}, {right, height + 0.3f, z}, {right, low, z}};
        ftdn_road_paint(view, corner, 4, ftdn_road_plain(face));
        break;
    }
    }
}

/* A bin, a bollard, or a box at the roadside: nothing that is searched for. */
void ftdn_road_paint_bin(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing)
{
    ftdn_road_size size = ftdn_road_size_of(FTDN_ROAD_BIN, &thing->dice);
    float radius = size.width * 0.5f;
    float heat = climate->air + climate->sun * 5 + ftdn_road_between(&thing->dice, WARMTH, -4, 6);
    ftdn_road_paint_shadow(view, &thing->stand, radius, radius, ftdn_road_glaze(climate->verge - 2, 0.5f));
    if (ftdn_road_chance(&thing->dice, STYLE, 0.5f)) {
        tier body = {0, radius, size.height, radius};
        paint_tier(view, &thing->stand, body, ftdn_road_shaded(heat - 1, heat + 1));
        paint_rim(view, &thing->stand, size.height, radius, ftdn_road_plain(heat - 3));
        return;
    }
    ftdn_road_ink ink[FTDN_ROAD_N_SIDES];
    for (int side = 0; side < FTDN_ROAD_N_SIDES; side++) ink[side] = ftdn_road_shaded(heat - 1, heat + 1);
    ink[FTDN_ROAD_TOP] = ftdn_road_plain(heat - 3);
    ftdn_road_block box = ftdn_road_upright(-radius, radius, radius, 0, size.height);
    ftdn_road_paint_block(view, &thing->stand, &box, ink);
}

void ftdn_road_paint_tree(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing)
{
    enum { N_CLUSTERS = 28 };
    const ftdn_road_stand *stand = &thing->stand;
    ftdn_road_size size = ftdn_road_size_of(FTDN_ROAD_TREE, &thing->dice);
    float heat = climate->air + 0.5f * climate->sun + ftdn_road_between(&thing->dice, WARMTH, -1.5f, 1.5f);
    float crown = size.width * 0.5f, middle = size.height - crown;
    ftdn_road_paint_limb(view, ftdn_road_place_at(stand, 0, 0, 0), 0.05f * size.width,
                         ftdn_road_place_at(stand, 0, 0, middle), 0.03f * size.width, ftdn_road_plain(heat + 1));
    for (int i = 0; i < N_CLUSTERS; i++) {
        int slot = CROWN + 4 * i;
        float right = ftdn_road_between(&thing->dice, slot, -0.7f, 0.7f);
        float up = ftdn_road_between(&thing->dice, slot + 1, -0.7f, 0.7f);
        float radius = crown * ftdn_road_between(&thing->dice, slot + 2, 0.18f, 0.42f);
        float warmer = ftdn_road_between(&thing->dice, slot + 3, -2, 1.5f) - up * 1.5f;
        ftdn_road_place at = {stand->x + right * crown, middle + up * crown, stand->z};
        ftdn_road_paint_ball(view, at, radius, radius * 0.85f, ftdn_road_plain(heat + warmer));
    }
}
