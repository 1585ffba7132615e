#include "datasets/road_labels.h"

#include "datasets/road_things.h"

/* Of a thing's pixels, those that nothing hides; of its box, the part in the picture. */
#define LEAST_VISIBLE 0.3f
#define LEAST_INSIDE 0.35f
#define LEAST_LONG 16 /* pixels of a box's longer side */
#define LEAST_SHORT 6
#define EASY_VISIBLE 0.5f
#define EASY_INSIDE 0.5f
#define EASY_LONG 22

typedef void painter(const ftdn_road_view *view, const ftdn_road_climate *climate, const ftdn_road_thing *thing);

static painter *const painters[FTDN_ROAD_N_KINDS] = {
    [FTDN_ROAD_CAR] = ftdn_road_paint_car,           [FTDN_ROAD_PEDESTRIAN] = ftdn_road_paint_pedestrian,
    [FTDN_ROAD_CYCLIST] = ftdn_road_paint_cyclist,   [FTDN_ROAD_VAN] = ftdn_road_paint_van,
    [FTDN_ROAD_TRUCK] = ftdn_road_paint_truck,       [FTDN_ROAD_BUS] = ftdn_road_paint_bus,
    [FTDN_ROAD_TRAFFIC_CONE] = ftdn_road_paint_cone, [FTDN_ROAD_CHANNELIZER] = ftdn_road_paint_channelizer,
    [FTDN_ROAD_LAMP] = ftdn_road_paint_lamp,         [FTDN_ROAD_SIGN] = ftdn_road_paint_sign,
    [FTDN_ROAD_BIN] = ftdn_road_paint_bin,           [FTDN_ROAD_TREE] = ftdn_road_paint_tree,
};

/* The label of a thing that covers this and of which so many pixels were painted and are left. */
static bool make_label(ftdn_road_kind kind, const ftdn_road_extent *extent, int n_painted, int n_left,
                       ftdn_object *object)
{
    if (kind >= FTDN_ROAD_N_CLASSES || n_painted == 0) return false;
    int width = extent->x1 - extent->x0, height = extent->y1 - extent->y0;
    int longer = width > height ? width : height, shorter = width > height ? height : width;
    float visible = (float)n_left / (float)n_painted;
    float inside = (float)(width * height) / ((extent->right - extent->left) * (extent->bottom - extent->top));
    if (visible < LEAST_VISIBLE || inside < LEAST_INSIDE || longer < LEAST_LONG || shorter < LEAST_SHORT) return false;
    *object = (ftdn_object){
        .class_index = (int)kind,
        .difficult = visible < EASY_VISIBLE || inside < EASY_INSIDE || longer < EASY_LONG,
        .x0 = (float)extent->x0,
        .y0 = (float)extent->y0,
        .x1 = (float)extent->x1,
        .y1 = (float)extent->y1,
    };
    return true;
}

int ftdn_road_paint_things(const ftdn_road_view *view, const ftdn_road_world *world, ftdn_object *object)
{
    ftdn_road_canvas *canvas = view->canvas;
    ftdn_road_extent extent[FTDN_ROAD_MAX_THINGS];
    int n_painted[FTDN_ROAD_MAX_THINGS], n_objects = 0;
    for (int i = 0; i < world->n_things; i++) {
        const ftdn_road_thing *thing = &world->thing[i];
        ftdn_road_canvas_begin(canvas, i + 1);
        painters[thing->kind](view, &world->climate, thing);
        extent[i] = canvas->extent;
        n_painted[i] = ftdn_road_canvas_count(canvas, i + 1, &extent[i]);
    }
    for (int i = 0; i < world->n_things; i++) {
        int n_left = ftdn_road_canvas_count(canvas, i + 1, &extent[i]);
        n_objects += make_label(world->thing[i].kind, &extent[i], n_painted[i], n_left, &object[n_objects]);
    }
    return n_objects;
}
