#include "datasets/road_camera.h"

#include <assert.h>

#define NEAREST 0.8f /* metres ahead of the camera; what is nearer is cut off */

ftdn_road_place ftdn_road_place_at(const ftdn_road_stand *stand, float ahead, float right, float up)
{
    return (ftdn_road_place){stand->x + ahead * stand->ahead.x + right * stand->ahead.y, up,
                             stand->z + ahead * stand->ahead.y - right * stand->ahead.x};
}

ftdn_road_point ftdn_road_project(const ftdn_road_camera *camera, ftdn_road_place place)
{
    float scale = camera->focal / place.z;
    float across = place.x * scale, down = (camera->height - place.y) * scale;
    return (ftdn_road_point){camera->vanishing_x + across - camera->tilt * down,
                             camera->horizon + down + camera->tilt * across};
}

float ftdn_road_scale(const ftdn_road_camera *camera, float z)
{
    return camera->focal / z;
}

float ftdn_road_horizon(const ftdn_road_camera *camera, float x)
{
    return camera->horizon + camera->tilt * (x - camera->vanishing_x);
}

/* The place between a and b that is just far enough. */
static ftdn_road_place cut_between(ftdn_road_place a, ftdn_road_place b)
{
    float t = (NEAREST - a.z) / (b.z - a.z);
    return (ftdn_road_place){a.x + t * (b.x - a.x), a.y + t * (b.y - a.y), NEAREST};
}

void ftdn_road_paint(const ftdn_road_view *view, const ftdn_road_place *place, int n_places, ftdn_road_ink ink)
{
    assert(n_places < FTDN_ROAD_MAX_POINTS);
    ftdn_road_path path = {0};
    for (int i = 0; i < n_places; i++) {
        ftdn_road_place a = place[i], b = place[i + 1 < n_places ? i + 1 : 0];
        bool a_shows = a.z >= NEAREST, b_shows = b.z >= NEAREST;
        if (a_shows) path.point[path.n_points++] = ftdn_road_project(&view->camera, a);
        if (a_shows != b_shows) path.point[path.n_points++] = ftdn_road_project(&view->camera, cut_between(a, b));
    }
    path.n_outer = path.n_points;
    ftdn_road_fill(view->canvas, &path, ink);
}

bool ftdn_road_faces_camera(const ftdn_road_camera *camera, const ftdn_road_place place[3])
{
    ftdn_road_place a = place[0], b = place[1], c = place[2];
    float ux = b.x - a.x, uy = b.y - a.y, uz = b.z - a.z, vx = c.x - a.x, vy = c.y - a.y, vz = c.z - a.z;
    float nx = uy * vz - uz * vy, ny = uz * vx - ux * vz, nz = ux * vy - uy * vx;
    /* x right, y up, z ahead is left-handed: the normal of a clockwise outline points outwards. */
    return nx * -a.x + ny * (camera->height - a.y) + nz * -a.z > 0;
}

void ftdn_road_paint_limb(const ftdn_road_view *view, ftdn_road_place from, float from_radius, ftdn_road_place to,
                          float to_radius, ftdn_road_ink ink)
{
    if (from.z < NEAREST || to.z < NEAREST) return;
    const ftdn_road_camera *camera = &view->camera;
    ftdn_road_fill_limb(view->canvas, ftdn_road_project(camera, from), from_radius * ftdn_road_scale(camera, from.z),
                        ftdn_road_project(camera, to), to_radius * ftdn_road_scale(camera, to.z), ink);
}

void ftdn_road_paint_ball(const ftdn_road_view *view, ftdn_road_place centre, float radius_x, float radius_y,
                          ftdn_road_ink ink)
{
    if (centre.z < NEAREST) return;
    float scale = ftdn_road_scale(&view->camera, centre.z);
    ftdn_road_fill_ellipse(view->canvas, ftdn_road_project(&view->camera, centre), radius_x * scale, radius_y * scale,
                           ink);
}

void ftdn_road_paint_ground(const ftdn_road_view *view, float x0, float x1, float z0, float z1, ftdn_road_ink ink)
{
    const ftdn_road_place corner[4] = {{x0, 0, z0}, {x0, 0, z1}, {x1, 0, z1}, {x1, 0, z0}};
    ftdn_road_paint(view, corner, 4, ink);
}

void ftdn_road_paint_shadow(const ftdn_road_view *view, const ftdn_road_stand *stand, float half_length,
                            float half_width, ftdn_road_ink ink)
{
    enum { N_CORNERS = 12, N_LAYERS = 3 };
    uint8_t painter = view->canvas->painter;
    view->canvas->painter = 0;
    ink.opacity = ink.opacity * (1.0f / N_LAYERS);
    for (int layer = 0; layer < N_LAYERS; layer++) {
        float grown = 0.85f + 0.15f * (float)layer;
        ftdn_road_place edge[N_CORNERS];
        for (int i = 0; i < N_CORNERS; i++) {
            ftdn_road_point turn = ftdn_road_turn((float)i * (1.0f / N_CORNERS));
            edge[i] =
                ftdn_road_place_at(stand, turn.x * half_length * grown * 1.2f, turn.y * half_width * grown * 1.2f, 0);
        }
        ftdn_road_paint(view, edge, N_CORNERS, ink);
    }
    view->canvas->painter = painter;
}
