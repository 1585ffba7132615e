#include "datasets/road_backdrop.h"

#define CELLS 64 /* of the noise, in each direction; a power of 2 */

static void fill_texture(const ftdn_road_dice *dice, uint8_t texture[CELLS * CELLS])
{
    ftdn_road_dice own = ftdn_road_dice_for(dice, FTDN_ROAD_FOR_TEXTURE, 0);
    ftdn_road_bytes(&own, texture, CELLS * CELLS);
}

/* Smooth noise in -1 ... 1: random numbers at the corners of unit cells, blended with 3t^2 - 2t^3. x, y >= 0. */
static float noise(const uint8_t *texture, float x, float y)
{
    int column = (int)x, row = (int)y;
    float u = x - (float)column, v = y - (float)row;
    u = u * u * (3 - 2 * u);
    v = v * v * (3 - 2 * v);
    const uint8_t *upper = texture + (row & (CELLS - 1)) * CELLS, *lower = texture + ((row + 1) & (CELLS - 1)) * CELLS;
    int left = column & (CELLS - 1), right = (column + 1) & (CELLS - 1);
    float a = (float)upper[left] + u * (float)(upper[right] - upper[left]);
    float b = (float)lower[left] + u * (float)(lower[right] - lower[left]);
    return (a + v * (b - a)) * (1.0f / 127.5f) - 1;
}

static void paint_sky_pixel(const ftdn_road_view *view, const ftdn_road_world *world, const uint8_t *texture, int x,
                            int y, float above)
{
    const ftdn_road_climate *climate = &world->climate;
    /* The lower the warmer: more air along the line of sight. */
    float t = 1 - above * (1.0f / 190), clear = climate->sky + (climate->air - 4 - climate->sky) * t * t * t;
    /* Clouds are a flat layer: closer together towards the horizon. */
    float depth = 60 / (above + 25), px = (float)x * (0.02f + 0.012f * depth) + 7, py = depth * 6 + 3;
    float dense = noise(texture, px, py) * 0.65f + noise(texture, px * 2.7f + 11, py * 2.3f) * 0.35f;
    float cloud = (dense + climate->overcast * 1.6f - 0.9f) * 1.4f;
    cloud = cloud < 0 ? 0 : cloud > 1 ? 1 : cloud;
    view->canvas->heat[y * FTDN_ROAD_SIDE + x] = clear + (climate->air - 2 - clear) * cloud * climate->cloud;
}

static void paint_ground_row(const ftdn_road_view *view, const ftdn_road_world *world, const uint8_t *texture, int y)
{
    const ftdn_road_camera *camera = &view->camera;
    for (int x = 0; x < FTDN_ROAD_SIDE; x++) {
        float below = (float)y + 0.5f - ftdn_road_horizon(camera, (float)x + 0.5f);
        if (below < 0) {
            paint_sky_pixel(view, world, texture, x, y, -below);
            continue;
        }
        float z = camera->focal * camera->height / (below + 0.7f);
        float side = ((float)x - camera->vanishing_x) * z / camera->focal;
        float rough = noise(texture, side * 2.1f + 4096, z * 1.1f) + noise(texture, side * 0.45f + 4096, z * 0.2f);
        float haze = z / (z + 250);
        view->canvas->heat[y * FTDN_ROAD_SIDE + x] = world->climate.verge +
                                                     (world->climate.air - 2 - world->climate.verge) * haze +
                                                     rough * 1.6f * (14 / (14 + z));
    }
}

static void paint_horizon(const ftdn_road_view *view, const ftdn_road_world *world)
{
    enum { N_HILLS = 46, N_BLOCKS = 7 };
    ftdn_road_dice dice = ftdn_road_dice_for(&world->dice, FTDN_ROAD_FOR_HORIZON, 0);
    float air = world->climate.air, high = ftdn_road_between(&dice, 0, 4, 15);
    int n_blocks = ftdn_road_pick(&dice, 1, N_BLOCKS + 1);
    for (int i = 0; i < n_blocks; i++) {
        float x = ftdn_road_between(&dice, 8 + 4 * i, -60, 60), width = ftdn_road_between(&dice, 9 + 4 * i, 12, 40);
        float height = ftdn_road_between(&dice, 10 + 4 * i, 8, 34),
              heat = air + ftdn_road_between(&dice, 11 + 4 * i, -3, 1);
        const ftdn_road_place corner[4] = {
            {x, 0, 190}, {x, height, 190}, {x + width, height, 190}, {x + width, 0, 190}};
        ftdn_road_paint(view, corner, 4, ftdn_road_shaded(heat - 1, heat + 1));
    }
    for (int i = 0; i < N_HILLS; i++) {
        float x = (float)i * (FTDN_ROAD_SIDE / (float)(N_HILLS - 1)),
              radius = ftdn_road_between(&dice, 64 + 2 * i, 0.4f, 1) * high;
        ftdn_road_point middle = {x, ftdn_road_horizon(&view->camera, x)};
        float heat = air - 2 + ftdn_road_between(&dice, 65 + 2 * i, -1.2f, 1.2f);
        ftdn_road_fill_ellipse(view->canvas, middle, 9, radius, ftdn_road_shaded(heat - 1, heat + 1));
    }
}

static void paint_dashes(const ftdn_road_view *view, float x, float heat, float first)
{
    for (float z = first; z < 70; z += 7)
        ftdn_road_paint_ground(view, x - 0.07f, x + 0.07f, z, z + 3, ftdn_road_glaze(heat, 0.8f));
}

static void paint_asphalt(const ftdn_road_view *view, const ftdn_road_world *world, const ftdn_road_dice *dice)
{
    enum { LINES, PHASE, TRACK, PATCHES, PATCH };
    const ftdn_road_climate *climate = &world->climate;
    float road = climate->road, paint = road + ftdn_road_between(dice, LINES, -4.5f, -1.5f);
    float phase = ftdn_road_between(dice, PHASE, 1, 8), lane = world->lane_width;
    bool has_crossing = world->cross_near < world->cross_far;
    ftdn_road_paint_ground(view, world->left, world->right, 0.9f, 400, ftdn_road_glaze(road, 0.88f));
    if (has_crossing) {
        ftdn_road_paint_ground(view, -80, 80, world->cross_near, world->cross_far, ftdn_road_glaze(road, 0.88f));
    }
    float warmer = ftdn_road_between(dice, TRACK, 0.2f, 2);
    for (float x = world->middle - lane * 3.5f; x < world->right; x += lane) {
        if (x < world->left) continue;
        for (int side = -1; side <= 1; side += 2) {
            float track = x + (float)side * 0.75f;
            ftdn_road_paint_ground(view, track - 0.3f, track + 0.3f, 1, 200, ftdn_road_glaze(road + warmer, 0.35f));
        }
    }
    int n_patches = ftdn_road_pick(dice, PATCHES, 5);
    for (int i = 0; i < n_patches; i++) {
        float x = ftdn_road_between(dice, PATCH + 4 * i, world->left, world->right - 1),
              z = ftdn_road_between(dice, PATCH + 4 * i + 1, 3, 20);
        float length = ftdn_road_between(dice, PATCH + 4 * i + 2, 0.6f, 5),
              heat = road + ftdn_road_between(dice, PATCH + 4 * i + 3, -3, 3);
        ftdn_road_paint_ground(view, x, x + 0.9f, z, z + length, ftdn_road_glaze(heat, 0.7f));
    }
    for (float x = world->middle - lane * 3; x < world->right - 0.5f; x += lane) {
        if (x > world->left + 0.5f) paint_dashes(view, x, paint, phase);
    }
    for (int side = -1; side <= 1; side += 2) {
        float x = side < 0 ? world->left + 0.15f : world->right - 0.15f;
        if (world->layout == FTDN_ROAD_HIGHWAY)
            ftdn_road_paint_ground(view, x - 0.08f, x + 0.08f, 1, 150, ftdn_road_plain(paint));
    }
    if (has_crossing) {
        float near = world->cross_near - 3.2f;
        for (float x = world->left + 0.4f; x < world->right - 0.5f; x += 1) {
            ftdn_road_paint_ground(view, x, x + 0.5f, near, near + 2.4f, ftdn_road_glaze(paint, 0.85f));
        }
    }
}

/* Kerb and pavement of a street, guard rail of a highway. */
static void paint_edges(const ftdn_road_view *view, const ftdn_road_world *world, const ftdn_road_dice *dice)
{
    enum { PAVEMENT = 60, KERB };
    const ftdn_road_climate *climate = &world->climate;
    float pavement = climate->road + ftdn_road_between(dice, PAVEMENT, -4, -0.8f),
          kerb = pavement + ftdn_road_between(dice, KERB, -2, 2);
    for (int side = -1; side <= 1; side += 2) {
        float sign = (float)side, edge = side < 0 ? world->left : world->right;
        float inner = edge + sign * 0.18f, outer = edge + sign * 3.2f;
        if (world->layout == FTDN_ROAD_HIGHWAY) {
            float rail = edge + sign * 0.8f;
            const ftdn_road_place beam[4] = {
                {rail, 0.45f, 2}, {rail, 0.75f, 2}, {rail, 0.75f, 200}, {rail, 0.45f, 200}};
            for (float z = 60; z > 2; z -= 3) {
                ftdn_road_paint_limb(view, (ftdn_road_place){rail, 0, z}, 0.06f, (ftdn_road_place){rail, 0.6f, z},
                                     0.06f, ftdn_road_plain(kerb - 1));
            }
            ftdn_road_paint(view, beam, 4, ftdn_road_shaded(kerb - 4, kerb));
            continue;
        }
        const float ends[2][2] = {{1, world->cross_near < world->cross_far ? world->cross_near - 0.5f : 300},
                                  {world->cross_far + 0.5f, 300}};
        for (int part = 0; part < (world->cross_near < world->cross_far ? 2 : 1); part++) {
            float z0 = ends[part][0], z1 = ends[part][1];
            ftdn_road_paint_ground(view, inner, outer, z0, z1, ftdn_road_glaze(pavement, 0.85f));
            ftdn_road_paint_ground(view, edge, inner, z0, z1, ftdn_road_plain(kerb));
        }
    }
}

typedef struct building {
    ftdn_road_dice dice;
    float side; /* -1 left, 1 right of the road */
    float x, z0, z1, height;
} building;

static void paint_windows(const ftdn_road_view *view, const building *house, bool on_front, float length, float glass)
{
    enum { FLOOR = 16, BAY, LIT };
    float floor_height = ftdn_road_between(&house->dice, FLOOR, 2.8f, 3.6f),
          bay = ftdn_road_between(&house->dice, BAY, 2.2f, 3.8f);
    float spread = ftdn_road_between(&house->dice, LIT, 0.5f, 4);
    int n_bays = (int)(length / bay), slot = LIT + 1 + (on_front ? 400 : 0);
    for (float y = 1; y + 1.7f < house->height; y += floor_height) {
        for (int i = 0; i < n_bays; i++) {
            float from = ((float)i + 0.25f) * bay, to = from + bay * 0.5f;
            float heat = glass + ftdn_road_between(&house->dice, slot++, -spread, spread);
            ftdn_road_place corner[4];
            for (int k = 0; k < 4; k++) {
                float along = k < 2 ? from : to, up = k == 1 || k == 2 ? y + 1.5f : y;
                corner[k] = on_front ? (ftdn_road_place){house->x + house->side * along, up, house->z0}
                                     : (ftdn_road_place){house->x, up, house->z0 + along};
            }
            ftdn_road_paint(view, corner, 4, ftdn_road_plain(heat));
        }
    }
}

static void paint_building(const ftdn_road_view *view, const ftdn_road_world *world, const building *house)
{
    enum { WARMTH = 8, GLASS, DEPTH };
    const ftdn_road_climate *climate = &world->climate;
    float heat = climate->wall + ftdn_road_between(&house->dice, WARMTH, -3, 3), x = house->x, height = house->height;
    float glass = heat + ftdn_road_between(&house->dice, GLASS, -6, 3),
          depth = ftdn_road_between(&house->dice, DEPTH, 8, 22);
    float outer = x + house->side * depth;
    const ftdn_road_place flank[4] = {
        {x, 0, house->z0}, {x, height, house->z0}, {x, height, house->z1}, {x, 0, house->z1}};
    const ftdn_road_place front[4] = {
        {x, 0, house->z0}, {x, height, house->z0}, {outer, height, house->z0}, {outer, 0, house->z0}};
    ftdn_road_paint(view, flank, 4, ftdn_road_shaded(heat - 1.5f, heat + 1));
    if (house->z0 < 70) paint_windows(view, house, false, house->z1 - house->z0, glass);
    ftdn_road_paint(view, front, 4, ftdn_road_shaded(heat - 2.5f, heat));
    if (house->z0 < 70 && house->z0 > 3) paint_windows(view, house, true, depth, glass);
}

static void paint_buildings(const ftdn_road_view *view, const ftdn_road_world *world)
{
    enum { N_HOUSES = 7, GAP = 0, LENGTH, SETBACK, HEIGHT, EXISTS };
    ftdn_road_dice scene = ftdn_road_dice_for(&world->dice, FTDN_ROAD_FOR_BUILDING, 100);
    if (world->layout == FTDN_ROAD_HIGHWAY) return;
    float chance = ftdn_road_between(&scene, 0, 0, 1.3f), usual = ftdn_road_between(&scene, 1, 5, 20);
    for (int side = -1; side <= 1; side += 2) {
        building house[N_HOUSES];
        bool exists[N_HOUSES];
        float z = world->cross_near < world->cross_far ? world->cross_far + 3 : 4,
              edge = side < 0 ? world->left : world->right;
        for (int i = 0; i < N_HOUSES; i++) {
            ftdn_road_dice dice = ftdn_road_dice_for(&world->dice, FTDN_ROAD_FOR_BUILDING, side < 0 ? i : 50 + i);
            z += ftdn_road_between(&dice, GAP, 0, 6);
            float z0 = z, setback = ftdn_road_between(&dice, SETBACK, 3.4f, 7);
            z += ftdn_road_between(&dice, LENGTH, 9, 22);
            house[i] = (building){dice, (float)side, edge + (float)side * setback,
                                  z0,   z,           usual * ftdn_road_between(&dice, HEIGHT, 0.7f, 1.3f)};
            exists[i] = ftdn_road_chance(&dice, EXISTS, chance);
        }
        for (int i = N_HOUSES - 1; i >= 0; i--) {
            if (exists[i]) paint_building(view, world, &house[i]);
        }
    }
}

void ftdn_road_paint_backdrop(const ftdn_road_view *view, const ftdn_road_world *world)
{
    uint8_t texture[CELLS * CELLS];
    fill_texture(&world->dice, texture);
    ftdn_road_dice ground = ftdn_road_dice_for(&world->dice, FTDN_ROAD_FOR_GROUND, 0);
    for (int y = 0; y < FTDN_ROAD_SIDE; y++) paint_ground_row(view, world, texture, y);
    paint_horizon(view, world);
    paint_asphalt(view, world, &ground);
    paint_edges(view, world, &ground);
    paint_buildings(view, world);
}
