#include "datasets/road_things.h"

#include <math.h>

enum {
    GAIT = FTDN_ROAD_FIRST_LOOK_SLOT,
    STRIDE,
    UPPER_CLOTHES,
    LOWER_CLOTHES,
    HAIR,
    BUILD,
    COAT,
    BAG,
    BAG_HEAT,
    ARMS,
    LEAN,
    FRAME
};

/* Somebody while being painted; lengths in heights of the body, so that children are small all over. */
typedef struct person {
    const ftdn_road_view *view;
    const ftdn_road_stand *stand;
    float height; /* metres */
    float build;  /* 1: of usual width */
    ftdn_road_ink skin, hair, upper, lower, shoe;
} person;

static person dress(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing)
{
    const ftdn_road_dice *dice = &thing->dice;
    /* Skin is cooler in cold air; clothes are between air and skin, and warmer in the sun. */
    float air = climate->air, skin = 25.5f + 0.25f * air, warmth = skin - air, sun = climate->sun * 4;
    float upper = air + sun + warmth * ftdn_road_between(dice, UPPER_CLOTHES, 0.32f, 0.72f);
    float lower = air + sun + warmth * ftdn_road_between(dice, LOWER_CLOTHES, 0.28f, 0.66f);
    float hair = air + sun + warmth * ftdn_road_between(dice, HAIR, 0.22f, 0.62f);
    return (person){
        .view = view,
        .stand = &thing->stand,
        .height = ftdn_road_size_of(FTDN_ROAD_PEDESTRIAN, dice).height,
        .build = ftdn_road_between(dice, BUILD, 0.9f, 1.25f),
        .skin = ftdn_road_plain(skin + 1),
        .hair = ftdn_road_plain(hair),
        .upper = ftdn_road_shaded(upper + 1, upper - 1),
        .lower = ftdn_road_shaded(lower + 1, lower - 2),
        .shoe = ftdn_road_plain(air + 0.2f * warmth + sun),
    };
}

static ftdn_road_place joint(const person *who, float ahead, float right, float up)
{
    return ftdn_road_place_at(who->stand, ahead * who->height, right * who->height, up * who->height);
}

static void paint_bar(const person *who, ftdn_road_place from, float from_radius, ftdn_road_place to, float to_radius,
                      ftdn_road_ink ink)
{
    float width = who->height * who->build;
    ftdn_road_paint_limb(who->view, from, from_radius * width, to, to_radius * width, ink);
}

/* Shoulders, chest and hips as bars beside one another. */
static void paint_torso(const person *who, ftdn_road_place hip, ftdn_road_place shoulder, float bottom_radius)
{
    for (int side = -1; side <= 1; side++) {
        float right = (float)side * 0.055f * who->build * who->height;
        float dx = right * who->stand->ahead.y, dz = -right * who->stand->ahead.x;
        ftdn_road_place low = {hip.x + dx * 0.8f, hip.y, hip.z + dz * 0.8f};
        ftdn_road_place high = {shoulder.x + dx * 1.25f, shoulder.y, shoulder.z + dz * 1.25f};
        paint_bar(who, low, bottom_radius, high, 0.052f, who->upper);
    }
}

/* Hair all around, the face ahead of it where it is on the camera's side. */
static void paint_head(const person *who, float ahead, float up)
{
    float width = 0.05f * who->height, length = 0.066f * who->height;
    ftdn_road_place middle = joint(who, ahead, 0, up), face = joint(who, ahead + 0.022f, 0, up - 0.012f);
    paint_bar(who, joint(who, ahead - 0.01f, 0, up - 0.1f), 0.03f, middle, 0.03f, who->skin);
    ftdn_road_paint_ball(who->view, middle, width, length, who->hair);
    if (face.z < middle.z + 0.01f * who->height) {
        ftdn_road_paint_ball(who->view, face, width * 0.86f, length * 0.84f, who->skin);
    }
}

static void paint_walking_leg(const person *who, int side, float swing, float bend, float hip_up)
{
    ftdn_road_point thigh = ftdn_road_turn(swing), shin = ftdn_road_turn(swing - bend);
    float right = (float)side * 0.052f * who->build;
    float knee_ahead = 0.24f * thigh.y, knee_up = hip_up - 0.24f * thigh.x;
    float ankle_ahead = knee_ahead + 0.24f * shin.y, ankle_up = knee_up - 0.24f * shin.x;
    ftdn_road_place knee = joint(who, knee_ahead, right, knee_up);
    ftdn_road_place ankle = joint(who, ankle_ahead, right, ankle_up);
    paint_bar(who, joint(who, 0, right, hip_up), 0.052f, knee, 0.036f, who->lower);
    paint_bar(who, knee, 0.036f, ankle, 0.024f, who->lower);
    paint_bar(who, joint(who, ankle_ahead - 0.02f, right, ankle_up - 0.02f), 0.02f,
              joint(who, ankle_ahead + 0.07f, right, ankle_up - 0.03f), 0.016f, who->shoe);
}

static void paint_walking_arm(const person *who, int side, float swing, float bend)
{
    ftdn_road_point upper = ftdn_road_turn(swing), lower = ftdn_road_turn(swing + bend);
    float right = (float)side * 0.118f * who->build;
    ftdn_road_place elbow = joint(who, 0.16f * upper.y, right * 1.08f, 0.8f - 0.16f * upper.x);
    float hand_ahead = 0.16f * upper.y + 0.15f * lower.y, hand_up = 0.8f - 0.16f * upper.x - 0.15f * lower.x;
    ftdn_road_place hand = joint(who, hand_ahead, right * 1.1f, hand_up);
    paint_bar(who, joint(who, 0, right * 0.92f, 0.8f), 0.034f, elbow, 0.027f, who->upper);
    paint_bar(who, elbow, 0.027f, hand, 0.021f, who->upper);
    ftdn_road_paint_ball(who->view, hand, 0.022f * who->height, 0.027f * who->height, who->skin);
}

/* The side (-1 left, 1 right) that is farther from the camera. */
static int far_side(const ftdn_road_stand *stand)
{
    return ftdn_road_place_at(stand, 0, 1, 0).z > stand->z ? 1 : -1;
}

void ftdn_road_paint_pedestrian(const ftdn_road_view *view, const ftdn_road_climate *climate,
                                const ftdn_road_thing *thing)
{
    const ftdn_road_dice *dice = &thing->dice;
    person who = dress(view, climate, thing);
    float phase = ftdn_road_between(dice, GAIT, 0, 1);
    float stride = thing->is_running ? ftdn_road_between(dice, STRIDE, 0.05f, 0.085f) : 0.012f;
    float swing = stride * ftdn_road_turn(phase).y, lift = stride * ftdn_road_turn(phase).x;
    float arm_bend = ftdn_road_between(dice, ARMS, 0.01f, 0.12f);
    /* Hips sink as the legs spread, so that the lower foot stays on the ground. */
    float hip_up = 0.03f + 0.48f * ftdn_road_turn(swing).x;
    bool has_coat = ftdn_road_chance(dice, COAT, 0.3f), has_bag = ftdn_road_chance(dice, BAG, 0.25f);
    int far = far_side(&thing->stand);
    ftdn_road_paint_shadow(view, &thing->stand, 0.22f, 0.22f,
                           ftdn_road_glaze(climate->road + 1 - climate->sun * 4, 0.6f));

    for (int turn = 0; turn < 2; turn++) {
        int side = turn ? -far : far;
        float sign = (float)side;
        float bend = sign * lift > 0 ? 1.6f * sign * lift : 0;
        if (!turn) paint_walking_arm(&who, side, -sign * swing * 0.9f, arm_bend);
        paint_walking_leg(&who, side, sign * swing, bend, hip_up);
    }
    ftdn_road_place bag = joint(&who, -0.09f, 0, 0.7f);
    ftdn_road_ink bag_ink = ftdn_road_plain(climate->air + ftdn_road_between(dice, BAG_HEAT, -1, 5));
    bool bag_is_near = bag.z < thing->stand.z;
    float bag_size = 0.085f * who.height;
    if (has_bag && !bag_is_near) ftdn_road_paint_ball(view, bag, bag_size, 1.4f * bag_size, bag_ink);
    ftdn_road_place hip = joint(&who, 0, 0, has_coat ? 0.4f : hip_up + 0.03f);
    paint_torso(&who, hip, joint(&who, 0.01f, 0, 0.775f), has_coat ? 0.062f : 0.05f);
    if (has_bag && bag_is_near) ftdn_road_paint_ball(view, bag, bag_size, 1.4f * bag_size, bag_ink);
    paint_head(&who, 0.015f, 0.93f);
    paint_walking_arm(&who, -far, far > 0 ? swing * 0.9f : -swing * 0.9f, arm_bend);
}

#define RING_POINTS 20

/* A tyre in the plane of the bicycle; from ahead and behind it is a bar. */
static void paint_tyre(const ftdn_road_view *view, const ftdn_road_stand *stand, float ahead, float radius,
                       ftdn_road_ink ink)
{
    ftdn_road_path ring = {.n_points = 2 * RING_POINTS, .n_outer = RING_POINTS};
    for (int i = 0; i < RING_POINTS; i++) {
        ftdn_road_point turn = ftdn_road_turn((float)i * (1.0f / RING_POINTS));
        for (int inner = 0; inner < 2; inner++) {
            float r = inner ? radius - 0.055f : radius;
            ftdn_road_place place = ftdn_road_place_at(stand, ahead + r * turn.x, 0, radius + r * turn.y);
            if (place.z < 1) return;
            ring.point[i + inner * RING_POINTS] = ftdn_road_project(&view->camera, place);
        }
    }
    ftdn_road_fill(view->canvas, &ring, ink);
    ftdn_road_place bottom = ftdn_road_place_at(stand, ahead, 0, 0.03f);
    ftdn_road_place top = ftdn_road_place_at(stand, ahead, 0, 2 * radius - 0.03f);
    float across = stand->ahead.x * stand->z - stand->ahead.y * stand->x;
    if (across * across < 0.12f * (stand->x * stand->x + stand->z * stand->z)) {
        ftdn_road_paint_limb(view, bottom, 0.03f, top, 0.03f, ink);
    }
}

static void paint_bicycle(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing)
{
    const ftdn_road_stand *stand = &thing->stand;
    float frame_heat = climate->air + climate->sun * 4 + ftdn_road_between(&thing->dice, FRAME, -6, 3);
    ftdn_road_ink tyre = ftdn_road_plain(climate->road + 5), frame = ftdn_road_plain(frame_heat);
    paint_tyre(view, stand, -0.53f, 0.35f, tyre);
    paint_tyre(view, stand, 0.53f, 0.35f, tyre);
    static const float bars[7][4] = {
        /* ahead, up: from, to */
        {-0.53f, 0.35f, -0.04f, 0.3f}, {-0.53f, 0.35f, -0.17f, 0.85f}, {-0.04f, 0.3f, -0.2f, 0.95f},
        {-0.04f, 0.3f, 0.4f, 0.78f},   {-0.17f, 0.82f, 0.38f, 0.85f},  {0.53f, 0.35f, 0.36f, 1.0f},
        {-0.3f, 0.96f, -0.1f, 0.97f},
    };
    for (int i = 0; i < 7; i++) {
        ftdn_road_place from = ftdn_road_place_at(stand, bars[i][0], 0, bars[i][1]);
        ftdn_road_place to = ftdn_road_place_at(stand, bars[i][2], 0, bars[i][3]);
        float radius = i == 6 ? 0.05f : 0.024f;
        ftdn_road_paint_limb(view, from, radius, to, radius, frame);
    }
    ftdn_road_paint_limb(view, ftdn_road_place_at(stand, 0.36f, -0.27f, 1.03f), 0.025f,
                         ftdn_road_place_at(stand, 0.36f, 0.27f, 1.03f), 0.025f, frame);
}

/* A leg from hip to pedal; thigh and shin have the same length, the knee is ahead. Metres. */
static void paint_riding_leg(const person *who, int side, float phase)
{
    ftdn_road_point crank = ftdn_road_turn(phase);
    float right = (float)side * 0.1f, hip_ahead = -0.17f, hip_up = 0.98f;
    float foot_ahead = -0.04f + 0.17f * crank.x, foot_up = 0.33f + 0.17f * crank.y;
    float da = foot_ahead - hip_ahead, du = foot_up - hip_up, reach = da * da + du * du;
    float bow = 0.46f * 0.46f - 0.25f * reach;
    float out = bow > 0 ? sqrtf(bow / reach) : 0;
    ftdn_road_place hip = ftdn_road_place_at(who->stand, hip_ahead, right, hip_up);
    ftdn_road_place knee =
        ftdn_road_place_at(who->stand, hip_ahead + 0.5f * da - du * out, right * 1.15f, hip_up + 0.5f * du + da * out);
    ftdn_road_place foot = ftdn_road_place_at(who->stand, foot_ahead, right, foot_up);
    paint_bar(who, hip, 0.052f, knee, 0.036f, who->lower);
    paint_bar(who, knee, 0.036f, foot, 0.024f, who->lower);
    paint_bar(who, foot, 0.022f, ftdn_road_place_at(who->stand, foot_ahead + 0.12f, right, foot_up - 0.03f), 0.018f,
              who->shoe);
}

static void paint_riding_arm(const person *who, int side, ftdn_road_place shoulder)
{
    float right = (float)side * 0.19f;
    ftdn_road_place joint_up = {shoulder.x + right * who->stand->ahead.y, shoulder.y,
                                shoulder.z - right * who->stand->ahead.x};
    ftdn_road_place hand = ftdn_road_place_at(who->stand, 0.37f, (float)side * 0.24f, 1.06f);
    ftdn_road_place elbow = {(joint_up.x + hand.x) * 0.5f, (joint_up.y + hand.y) * 0.5f - 0.05f,
                             (joint_up.z + hand.z) * 0.5f};
    paint_bar(who, joint_up, 0.034f, elbow, 0.028f, who->upper);
    paint_bar(who, elbow, 0.028f, hand, 0.022f, who->upper);
    ftdn_road_paint_ball(who->view, hand, 0.045f, 0.045f, who->skin);
}

void ftdn_road_paint_cyclist(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing)
{
    const ftdn_road_dice *dice = &thing->dice;
    person who = dress(view, climate, thing);
    who.height = 1.75f;
    float phase = ftdn_road_between(dice, GAIT, 0, 1), lean = ftdn_road_between(dice, LEAN, 0.02f, 0.3f);
    int far = far_side(&thing->stand);
    ftdn_road_paint_shadow(view, &thing->stand, 0.75f, 0.2f,
                           ftdn_road_glaze(climate->road + 1 - climate->sun * 4, 0.5f));
    ftdn_road_place shoulder = ftdn_road_place_at(&thing->stand, -0.12f + lean, 0, 1.5f - 0.4f * lean);
    bool comes_nearer = thing->stand.ahead.y < 0;
    float head_ahead = (lean - 0.04f) / who.height, head_up = (1.72f - 0.4f * lean) / who.height;

    paint_riding_leg(&who, far, far > 0 ? phase : phase + 0.5f);
    paint_riding_arm(&who, far, shoulder);
    paint_bicycle(view, climate, thing);
    if (comes_nearer) paint_torso(&who, ftdn_road_place_at(&thing->stand, -0.17f, 0, 1.0f), shoulder, 0.05f);
    paint_riding_leg(&who, -far, far > 0 ? phase + 0.5f : phase);
    if (!comes_nearer) paint_torso(&who, ftdn_road_place_at(&thing->stand, -0.17f, 0, 1.0f), shoulder, 0.055f);
    paint_head(&who, head_ahead, head_up);
    paint_riding_arm(&who, -far, shoulder);
}
