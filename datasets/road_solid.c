#include "datasets/road_solid.h"

ftdn_road_block ftdn_road_upright(float back, float front, float half_width, float low, float high)
{
    return (ftdn_road_block){back, front, half_width, back, front, half_width, low, high, 0};
}

static ftdn_road_place corner_of(const ftdn_road_stand *stand, const ftdn_road_block *block, bool is_front,
                                 bool is_right, bool is_high)
{
    float half = is_high ? block->upper_half : block->half_width;
    float ahead = is_front ? is_high ? block->upper_front : block->front : is_high ? block->upper_back : block->back;
    return ftdn_road_place_at(stand, ahead, block->right + (is_right ? half : -half),
                              is_high ? block->high : block->low);
}

/* The corners of each face as 4 is_front + 2 is_right + is_high. */
static const int face_corners[FTDN_ROAD_N_SIDES][4] = {
    [FTDN_ROAD_BACK] = {0, 1, 3, 2},  [FTDN_ROAD_FRONT] = {6, 7, 5, 4}, [FTDN_ROAD_LEFT] = {4, 5, 1, 0},
    [FTDN_ROAD_RIGHT] = {2, 3, 7, 6}, [FTDN_ROAD_TOP] = {1, 5, 7, 3},
};

ftdn_road_solid ftdn_road_paint_block(const ftdn_road_view *view, const ftdn_road_stand *stand,
                                      const ftdn_road_block *block, const ftdn_road_ink ink[FTDN_ROAD_N_SIDES])
{
    ftdn_road_solid solid = {.view = view, .stand = stand};
    for (int side = 0; side < FTDN_ROAD_N_SIDES; side++) {
        ftdn_road_face *face = &solid.face[side];
        for (int i = 0; i < 4; i++) {
            int which = face_corners[side][i];
            face->corner[i] = corner_of(stand, block, which & 4, which & 2, which & 1);
        }
        face->shows = ftdn_road_faces_camera(&view->camera, face->corner);
        if (face->shows) ftdn_road_paint(view, face->corner, 4, ink[side]);
    }
    return solid;
}

static ftdn_road_place between(ftdn_road_place a, ftdn_road_place b, float t)
{
    return (ftdn_road_place){a.x + t * (b.x - a.x), a.y + t * (b.y - a.y), a.z + t * (b.z - a.z)};
}

void ftdn_road_paint_patch(const ftdn_road_solid *solid, ftdn_road_side side, float u0, float u1, float v0, float v1,
                           ftdn_road_ink ink)
{
    const ftdn_road_face *face = &solid->face[side];
    if (!face->shows) return;
    if (side == FTDN_ROAD_LEFT) {
        u0 = 1 - u0;
        u1 = 1 - u1;
    }
    ftdn_road_place lower0 = between(face->corner[0], face->corner[3], u0);
    ftdn_road_place lower1 = between(face->corner[0], face->corner[3], u1);
    ftdn_road_place upper0 = between(face->corner[1], face->corner[2], u0);
    ftdn_road_place upper1 = between(face->corner[1], face->corner[2], u1);
    const ftdn_road_place corner[4] = {between(lower0, upper0, v0), between(lower0, upper0, v1),
                                       between(lower1, upper1, v1), between(lower1, upper1, v0)};
    ftdn_road_paint(solid->view, corner, 4, ink);
}

void ftdn_road_paint_flanks(const ftdn_road_solid *solid, float u0, float u1, float v0, float v1, ftdn_road_ink ink)
{
    ftdn_road_paint_patch(solid, FTDN_ROAD_LEFT, u0, u1, v0, v1, ink);
    ftdn_road_paint_patch(solid, FTDN_ROAD_RIGHT, u0, u1, v0, v1, ink);
}
