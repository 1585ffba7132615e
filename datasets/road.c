#include "datasets/dataset.h"

#include <stdio.h>
#include <string.h>

#include "base/fnv.h"
#include "datasets/dataset_body.h"
#include "datasets/image.h"
#include "datasets/road_backdrop.h"
#include "datasets/road_labels.h"
#include "datasets/road_sensor.h"

#define GENERATOR_VERSION 1 /* raise it whenever a byte of a scene changes */
#define MAX_SCENES 1000000  /* six digits in a name */
#define LONGEST_SPLIT 32    /* letters */

const char *const ftdn_road_class_name[8] = {
    "car", "pedestrian", "cyclist", "van", "truck", "bus", "traffic_cone", "channelizer",
};

typedef struct road_source {
    const char *split;
    uint64_t seed;
} road_source;

static ftdn_status paint_road(const ftdn_dataset_body *body, int index, int size, uint8_t *pixels, ftdn_arena *scratch,
                              ftdn_error *err)
{
    const road_source *source = body->source;
    ftdn_picture picture = {FTDN_ROAD_SIDE, FTDN_ROAD_SIDE, pixels};
    if (size != FTDN_ROAD_SIDE) {
        picture.pixels = ftdn_arena_alloc(scratch, FTDN_ROAD_PIXELS, 3, err);
        if (!picture.pixels) return FTDN_ERR_MEMORY;
    }
    ftdn_road_canvas canvas;
    FTDN_TRY(ftdn_road_canvas_init(&canvas, true, scratch, err));
    ftdn_road_world world;
    ftdn_object object[FTDN_ROAD_MAX_THINGS];
    ftdn_road_world_make(&world, source->split, source->seed, index);
    const ftdn_road_view view = {&canvas, world.camera};
    ftdn_road_paint_backdrop(&view, &world);
    ftdn_road_paint_things(&view, &world, object);
    ftdn_road_expose(&world, canvas.heat, picture.pixels);
    if (size != FTDN_ROAD_SIDE) ftdn_picture_resize(&picture, size, pixels);
    return FTDN_OK;
}

/* The ground truth of a scene: its things, painted without heat. */
static ftdn_status label_scene(const road_source *source, int scene, ftdn_arena *arena, ftdn_image *image,
                               ftdn_error *err)
{
    ftdn_arena scratch;
    ftdn_arena_init(&scratch);
    ftdn_road_canvas canvas;
    ftdn_road_world world;
    ftdn_object object[FTDN_ROAD_MAX_THINGS];
    ftdn_status status = ftdn_road_canvas_init(&canvas, false, &scratch, err);
    if (status == FTDN_OK) {
        ftdn_road_world_make(&world, source->split, source->seed, scene);
        const ftdn_road_view view = {&canvas, world.camera};
        image->n_objects = ftdn_road_paint_things(&view, &world, object);
        ftdn_object *kept = FTDN_NEW(arena, (size_t)image->n_objects, ftdn_object, err);
        if (kept) memcpy(kept, object, (size_t)image->n_objects * sizeof *object);
        else status = FTDN_ERR_MEMORY;
        image->object = kept;
    }
    ftdn_arena_done(&scratch);
    return status;
}

static ftdn_status fill(ftdn_dataset_body *body, const char *split, uint64_t seed, int n_images, ftdn_error *err)
{
    ftdn_arena *arena = &body->arena;
    unsigned long long shown_seed = seed;
    FTDN_TRY(ftdn_dataset_body_set_images(body, n_images, err));
    body->dataset.description = ftdn_arena_format(arena, err, "road scenes '%s', seed %llu, %d image%s", split,
                                                  shown_seed, n_images, n_images == 1 ? "" : "s");
    road_source *source = body->dataset.description ? FTDN_NEW(arena, 1, road_source, err) : NULL;
    if (!source) return FTDN_ERR_MEMORY;
    source->split = ftdn_arena_copy_text(arena, split, strlen(split), err);
    source->seed = seed;
    if (!source->split) return FTDN_ERR_MEMORY;
    body->source = source;
    body->paint = paint_road;
    for (int i = 0; i < n_images; i++) {
        ftdn_image *image = &body->image[i];
        image->name = ftdn_arena_format(arena, err, "road-%s-%llu-%06d", split, shown_seed, i);
        if (!image->name) return FTDN_ERR_MEMORY;
        image->id = ftdn_fnv1a64(image->name);
        image->width = image->height = FTDN_ROAD_SIDE;
        FTDN_TRY(label_scene(source, i, arena, image, err));
    }

    ftdn_sha256 *hash;
    FTDN_TRY(ftdn_sha256_create(&hash, err));
    char line[64];
    snprintf(line, sizeof line, "road scenes, version %d", GENERATOR_VERSION);
    ftdn_sha256_add_text(hash, line);
    ftdn_dataset_body_digest(body, hash);
    ftdn_sha256_finish(hash, body->dataset.digest);
    ftdn_sha256_free(hash);
    return FTDN_OK;
}

ftdn_status ftdn_dataset_open_road(const char *split, uint64_t seed, int n_images, ftdn_dataset **ret_dataset,
                                   ftdn_error *err)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t length = strlen(split);
    if (length < 1 || length > LONGEST_SPLIT || strspn(split, letters) != length) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "split '%.60s': 1 ... %d letters, digits, '_' and '-' make a name", split,
                         LONGEST_SPLIT);
    }
    if (n_images < 1 || n_images > MAX_SCENES) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "%d road scenes; 1 ... %d can be made", n_images, MAX_SCENES);
    }
    ftdn_dataset_body *body;
    FTDN_TRY(ftdn_dataset_body_create(ftdn_road_class_name, FTDN_ROAD_N_CLASSES, &body, err));
    ftdn_status status = fill(body, split, seed, n_images, err);
    if (status != FTDN_OK) {
        ftdn_dataset_close(&body->dataset);
        return status;
    }
    *ret_dataset = &body->dataset;
    return FTDN_OK;
}
