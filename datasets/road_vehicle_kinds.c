#include "datasets/road_things.h"

#include "datasets/road_vehicle.h"

enum { SHAPE = FTDN_ROAD_FIRST_LOOK_SLOT + 16, BONNET, PIPE, WINDOWS, LOAD, HEATING };

/* A car, by its shape: metres of boot and slope of the rear window. */
typedef struct car_shape {
    float boot, rear_slope, front_slope, bonnet;
} car_shape;

static const car_shape car_shapes[4] = {
    {0.85f, 0.55f, 0.75f, 1.25f}, /* saloon */
    {0.12f, 0.45f, 0.70f, 1.00f}, /* hatchback */
    {0.08f, 0.25f, 0.65f, 1.25f}, /* estate */
    {0.05f, 0.20f, 0.55f, 1.10f}, /* off-road */
};

void ftdn_road_paint_car(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing)
{
    ftdn_road_vehicle car;
    ftdn_road_vehicle_init(&car, view, climate, thing);
    const ftdn_road_dice *dice = &thing->dice;
    const car_shape *shape = &car_shapes[ftdn_road_pick(dice, SHAPE, 4)];
    float end = car.size.length * 0.5f, half = car.half, height = car.size.height, waist = height * 0.61f;
    float radius = height * 0.215f, axle = end - 0.85f;
    ftdn_road_paint_axle(&car, axle, radius, 0.24f);
    ftdn_road_paint_axle(&car, -axle, radius, 0.24f);

    ftdn_road_block lower = {-end + 0.1f, end - 0.1f, half - 0.05f, -end, end, half, height * 0.15f, height * 0.4f, 0};
    ftdn_road_block upper = {-end, end, half, -end + 0.1f, end - 0.3f, half - 0.06f, height * 0.4f, waist, 0};
    ftdn_road_block cabin = {-end + shape->boot,
                             end - shape->bonnet,
                             half - 0.08f,
                             -end + shape->boot + shape->rear_slope,
                             end - shape->bonnet - shape->front_slope,
                             half - 0.27f,
                             waist - 0.01f,
                             height,
                             0};
    ftdn_road_solid base = ftdn_road_paint_part(&car, &lower);
    ftdn_road_paint_patch(&base, FTDN_ROAD_BACK, 0.03f, 0.97f, 0.05f, 0.18f, ftdn_road_plain(car.seam));
    ftdn_road_paint_patch(&base, FTDN_ROAD_FRONT, 0.18f, 0.82f, 0.12f, 0.6f, ftdn_road_plain(car.engine));
    float pipe = ftdn_road_chance(dice, PIPE, 0.5f) ? 0.12f : 0.8f;
    ftdn_road_paint_patch(&base, FTDN_ROAD_BACK, pipe, pipe + 0.09f, 0.02f, 0.22f, ftdn_road_plain(car.exhaust));

    ftdn_road_solid body = ftdn_road_paint_part(&car, &upper);
    float bonnet = 1 - shape->bonnet / car.size.length;
    ftdn_road_paint_patch(&body, FTDN_ROAD_TOP, 0.12f, 0.88f, bonnet, 0.97f,
                          ftdn_road_glaze(car.engine + 2, ftdn_road_between(dice, BONNET, 0.3f, 0.9f)));
    ftdn_road_paint_tail(&car, &body, 0.15f, 0.9f);
    ftdn_road_paint_nose(&car, &body, 0.1f, 0.7f);
    ftdn_road_paint_flanks(&body, 0.49f, 0.497f, 0, 1, ftdn_road_plain(car.seam));
    ftdn_road_paint_flanks(&base, 0.49f, 0.497f, 0.2f, 1, ftdn_road_plain(car.seam));
    ftdn_road_paint_wheels(&car, &base, axle, radius);
    ftdn_road_paint_wheels(&car, &base, -axle, radius);

    ftdn_road_solid top = ftdn_road_paint_part(&car, &cabin);
    ftdn_road_ink glass = ftdn_road_shaded(car.glass - 3, car.glass + 2);
    ftdn_road_paint_patch(&top, FTDN_ROAD_FRONT, 0.06f, 0.94f, 0.06f, 0.9f, glass);
    /* A heated rear window is as warm as the paint around it. */
    ftdn_road_ink rear_glass = ftdn_road_chance(dice, HEATING, 0.15f) ? ftdn_road_plain(car.flank + 2) : glass;
    ftdn_road_paint_patch(&top, FTDN_ROAD_BACK, 0.1f, 0.9f, 0.12f, 0.86f, rear_glass);
    ftdn_road_paint_flanks(&top, 0.1f, 0.47f, 0.08f, 0.84f, glass);
    ftdn_road_paint_flanks(&top, 0.53f, 0.88f, 0.08f, 0.84f, glass);
}

void ftdn_road_paint_van(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing)
{
    ftdn_road_vehicle van;
    ftdn_road_vehicle_init(&van, view, climate, thing);
    const ftdn_road_dice *dice = &thing->dice;
    float end = van.size.length * 0.5f, half = van.half, height = van.size.height;
    float radius = 0.35f, axle = end - 0.95f, waist = 1.12f;
    ftdn_road_paint_axle(&van, axle, radius, 0.25f);
    ftdn_road_paint_axle(&van, -axle, radius, 0.25f);

    ftdn_road_block lower = {-end, end - 0.05f, half, -end, end - 0.1f, half, 0.28f, waist, 0};
    ftdn_road_block upper = {-end, end - 0.65f, half, -end + 0.06f, end - 1.5f, half - 0.12f, waist, height, 0};
    ftdn_road_solid body = ftdn_road_paint_part(&van, &lower);
    ftdn_road_paint_patch(&body, FTDN_ROAD_TOP, 0.1f, 0.9f, 1 - 0.6f / van.size.length, 1,
                          ftdn_road_glaze(van.engine, 0.6f));
    ftdn_road_paint_nose(&van, &body, 0.2f, 0.75f);
    ftdn_road_paint_patch(&body, FTDN_ROAD_BACK, 0.01f, 0.09f, 0.35f, 1, ftdn_road_plain(van.lamp));
    ftdn_road_paint_patch(&body, FTDN_ROAD_BACK, 0.91f, 0.99f, 0.35f, 1, ftdn_road_plain(van.lamp));
    ftdn_road_paint_patch(&body, FTDN_ROAD_BACK, 0.49f, 0.51f, 0.15f, 1, ftdn_road_plain(van.seam));
    ftdn_road_paint_patch(&body, FTDN_ROAD_BACK, 0.2f, 0.42f, 0.25f, 0.42f, ftdn_road_plain(van.plate));
    ftdn_road_paint_patch(&body, FTDN_ROAD_BACK, 0.02f, 0.98f, 0, 0.12f, ftdn_road_plain(van.belly + 3));
    ftdn_road_paint_patch(&body, FTDN_ROAD_BACK, 0.14f, 0.22f, 0.01f, 0.08f, ftdn_road_plain(van.exhaust));
    ftdn_road_paint_flanks(&body, 0.6f, 0.608f, 0.1f, 1, ftdn_road_plain(van.seam));
    ftdn_road_paint_flanks(&body, 0.3f, 0.97f, 0.52f, 0.58f, ftdn_road_plain(van.seam + 1));
    ftdn_road_paint_wheels(&van, &body, axle, radius);
    ftdn_road_paint_wheels(&van, &body, -axle, radius);

    ftdn_road_solid top = ftdn_road_paint_part(&van, &upper);
    ftdn_road_ink glass = ftdn_road_shaded(van.glass - 3, van.glass + 2);
    ftdn_road_paint_patch(&top, FTDN_ROAD_FRONT, 0.06f, 0.94f, 0.08f, 0.8f, glass);
    ftdn_road_paint_patch(&top, FTDN_ROAD_BACK, 0.49f, 0.51f, 0, 0.96f, ftdn_road_plain(van.seam));
    ftdn_road_paint_flanks(&top, 0.72f, 0.93f, 0.05f, 0.62f, glass);
    ftdn_road_paint_flanks(&top, 0.68f, 0.69f, 0, 0.9f, ftdn_road_plain(van.seam));
    if (ftdn_road_chance(dice, WINDOWS, 0.5f)) {
        ftdn_road_paint_patch(&top, FTDN_ROAD_BACK, 0.08f, 0.44f, 0.1f, 0.65f, glass);
        ftdn_road_paint_patch(&top, FTDN_ROAD_BACK, 0.56f, 0.92f, 0.1f, 0.65f, glass);
    }
}

static void paint_cab(const ftdn_road_vehicle *truck, float back)
{
    float end = truck->size.length * 0.5f, height = 2.75f;
    ftdn_road_block cab = {back, end, truck->half - 0.05f, back, end - 0.18f, truck->half - 0.1f, 0.45f, height, 0};
    ftdn_road_solid solid = ftdn_road_paint_part(truck, &cab);
    ftdn_road_ink glass = ftdn_road_shaded(truck->glass - 3, truck->glass + 2);
    ftdn_road_paint_patch(&solid, FTDN_ROAD_FRONT, 0.07f, 0.93f, 0.54f, 0.86f, glass);
    ftdn_road_paint_patch(&solid, FTDN_ROAD_FRONT, 0.2f, 0.8f, 0.14f, 0.45f, ftdn_road_plain(truck->engine + 3));
    ftdn_road_paint_patch(&solid, FTDN_ROAD_FRONT, 0.04f, 0.17f, 0.06f, 0.16f, ftdn_road_plain(truck->lamp));
    ftdn_road_paint_patch(&solid, FTDN_ROAD_FRONT, 0.83f, 0.96f, 0.06f, 0.16f, ftdn_road_plain(truck->lamp));
    ftdn_road_paint_patch(&solid, FTDN_ROAD_FRONT, 0.4f, 0.6f, 0.03f, 0.09f, ftdn_road_plain(truck->plate));
    ftdn_road_paint_flanks(&solid, 0.4f, 0.9f, 0.52f, 0.84f, glass);
    ftdn_road_paint_flanks(&solid, 0.32f, 0.34f, 0.05f, 0.95f, ftdn_road_plain(truck->seam));
    ftdn_road_paint_wheels(truck, &solid, end - 1.05f, 0.48f);
}

static void paint_load(const ftdn_road_vehicle *truck, const ftdn_road_block *load)
{
    const ftdn_road_dice *dice = &truck->thing->dice;
    ftdn_road_solid solid = ftdn_road_paint_part(truck, load);
    ftdn_road_ink seam = ftdn_road_plain(truck->seam);
    ftdn_road_paint_patch(&solid, FTDN_ROAD_BACK, 0.47f, 0.53f, 0.03f, 0.96f, seam);
    ftdn_road_paint_patch(&solid, FTDN_ROAD_BACK, 0, 0.05f, 0, 1, seam);
    ftdn_road_paint_patch(&solid, FTDN_ROAD_BACK, 0.95f, 1, 0, 1, seam);
    ftdn_road_paint_patch(&solid, FTDN_ROAD_BACK, 0, 1, 0.95f, 1, seam);
    int n_ribs = 3 + ftdn_road_pick(dice, LOAD, 5);
    for (int i = 1; i < n_ribs; i++) {
        float u = (float)i / (float)n_ribs;
        ftdn_road_paint_flanks(&solid, u - 0.006f, u + 0.006f, 0.03f, 0.97f, seam);
    }
    ftdn_road_paint_flanks(&solid, 0, 1, 0.95f, 1, seam);
    ftdn_road_paint_flanks(&solid, 0, 1, 0, 0.05f, ftdn_road_plain(truck->belly));
}

void ftdn_road_paint_truck(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing)
{
    ftdn_road_vehicle truck;
    ftdn_road_vehicle_init(&truck, view, climate, thing);
    float end = truck.size.length * 0.5f, half = truck.half, radius = 0.48f;
    float cab_back = end - 2.0f, load_front = cab_back - 0.3f;
    bool is_tipper = truck.size.height < 2.8f;
    ftdn_road_paint_axle(&truck, end - 1.05f, radius, 0.3f);
    ftdn_road_paint_axle(&truck, -end + 1.4f, radius, 0.55f);
    ftdn_road_paint_axle(&truck, -end + 2.55f, radius, 0.55f);

    ftdn_road_block chassis = ftdn_road_upright(-end + 0.1f, cab_back, half - 0.15f, 0.5f, 1.02f);
    ftdn_road_block load = ftdn_road_upright(-end, load_front, half, 1.0f, truck.size.height);
    if (is_tipper) {
        load.upper_back -= 0.15f;
        load.upper_front += 0.1f;
    }
    bool is_seen_from_behind = thing->stand.x * thing->stand.ahead.x + thing->stand.z * thing->stand.ahead.y > 0;
    if (is_seen_from_behind) paint_cab(&truck, cab_back);
    ftdn_road_solid frame = ftdn_road_paint_part(&truck, &chassis);
    ftdn_road_paint_patch(&frame, FTDN_ROAD_BACK, 0.02f, 0.16f, 0.35f, 0.8f, ftdn_road_plain(truck.lamp));
    ftdn_road_paint_patch(&frame, FTDN_ROAD_BACK, 0.84f, 0.98f, 0.35f, 0.8f, ftdn_road_plain(truck.lamp));
    ftdn_road_paint_patch(&frame, FTDN_ROAD_BACK, 0.3f, 0.55f, 0.2f, 0.6f, ftdn_road_plain(truck.plate));
    ftdn_road_paint_flanks(&frame, 0.55f, 0.72f, 0.1f, 0.9f,
                           ftdn_road_plain(truck.exhaust * 0.4f + truck.flank * 0.6f));
    ftdn_road_paint_wheels(&truck, &frame, -end + 1.4f, radius);
    ftdn_road_paint_wheels(&truck, &frame, -end + 2.55f, radius);
    paint_load(&truck, &load);
    if (!is_seen_from_behind) paint_cab(&truck, cab_back);
}

void ftdn_road_paint_bus(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing)
{
    ftdn_road_vehicle bus;
    ftdn_road_vehicle_init(&bus, view, climate, thing);
    float end = bus.size.length * 0.5f, half = bus.half, height = bus.size.height, radius = 0.48f;
    ftdn_road_paint_axle(&bus, end - 2.4f, radius, 0.3f);
    ftdn_road_paint_axle(&bus, -end + 3.0f, radius, 0.5f);
    ftdn_road_block hull = {-end, end, half, -end + 0.08f, end - 0.15f, half - 0.08f, 0.32f, height, 0};
    ftdn_road_solid body = ftdn_road_paint_part(&bus, &hull);
    ftdn_road_ink glass = ftdn_road_shaded(bus.glass - 2, bus.glass + 2), seam = ftdn_road_plain(bus.seam);

    int n_windows = 5 + ftdn_road_pick(&thing->dice, WINDOWS, 3);
    for (int i = 0; i < n_windows; i++) {
        float u0 = 0.03f + 0.94f * (float)i / (float)n_windows, width = 0.94f / (float)n_windows;
        ftdn_road_paint_flanks(&body, u0 + 0.06f * width, u0 + 0.94f * width, 0.44f, 0.83f, glass);
    }
    ftdn_road_paint_flanks(&body, 0, 1, 0.36f, 0.39f, seam);
    ftdn_road_paint_patch(&body, FTDN_ROAD_RIGHT, 0.86f, 0.95f, 0.03f, 0.85f, glass);
    ftdn_road_paint_patch(&body, FTDN_ROAD_RIGHT, 0.48f, 0.58f, 0.03f, 0.85f, glass);
    ftdn_road_paint_flanks(&body, 0.02f, 0.14f, 0.08f, 0.3f, ftdn_road_glaze(bus.engine + 4, 0.8f));

    ftdn_road_paint_patch(&body, FTDN_ROAD_FRONT, 0.05f, 0.95f, 0.32f, 0.82f, glass);
    ftdn_road_paint_patch(&body, FTDN_ROAD_FRONT, 0.495f, 0.505f, 0.32f, 0.82f, seam);
    ftdn_road_paint_patch(&body, FTDN_ROAD_FRONT, 0.14f, 0.86f, 0.87f, 0.97f, ftdn_road_plain(bus.lamp + 3));
    ftdn_road_paint_patch(&body, FTDN_ROAD_FRONT, 0.04f, 0.17f, 0.1f, 0.2f, ftdn_road_plain(bus.lamp));
    ftdn_road_paint_patch(&body, FTDN_ROAD_FRONT, 0.83f, 0.96f, 0.1f, 0.2f, ftdn_road_plain(bus.lamp));
    ftdn_road_paint_patch(&body, FTDN_ROAD_FRONT, 0.4f, 0.6f, 0.06f, 0.13f, ftdn_road_plain(bus.plate));

    ftdn_road_paint_patch(&body, FTDN_ROAD_BACK, 0.1f, 0.9f, 0.52f, 0.84f, glass);
    ftdn_road_paint_patch(&body, FTDN_ROAD_BACK, 0.16f, 0.84f, 0.1f, 0.36f,
                          ftdn_road_shaded(bus.engine + 2, bus.engine + 8));
    ftdn_road_paint_patch(&body, FTDN_ROAD_BACK, 0.02f, 0.1f, 0.15f, 0.4f, ftdn_road_plain(bus.lamp));
    ftdn_road_paint_patch(&body, FTDN_ROAD_BACK, 0.9f, 0.98f, 0.15f, 0.4f, ftdn_road_plain(bus.lamp));
    ftdn_road_paint_patch(&body, FTDN_ROAD_BACK, 0.1f, 0.16f, 0.01f, 0.06f, ftdn_road_plain(bus.exhaust));
    ftdn_road_paint_wheels(&bus, &body, end - 2.4f, radius);
    ftdn_road_paint_wheels(&bus, &body, -end + 3.0f, radius);
}
