#include "datasets/dataset.h"

#include <stdlib.h>

#include "base/fnv.h"
#include "base/philox_hd.h"
#include "datasets/dataset_body.h"
#include "datasets/image.h"

/* All in integers, every random number addressed by (seed, scene, purpose, position): the bytes of a
 * scene are the same on every machine. Raise the version whenever they change. */
#define GENERATOR_VERSION 1
#define SIDE 300
#define MAX_SCENES 1000000 /* six digits in a name */
#define MAX_OBJECTS 6
#define SMALLEST 36 /* sides of a box, in pixels */
#define LARGEST 130
#define MARGIN 4
#define PLACE_TRIALS 24
#define SUBPIXELS 4 /* per pixel and axis, for smooth edges */

/* The third counter word: what the random number is for. */
typedef enum purpose {
    FOR_SCENE,
    FOR_OBJECT,
    FOR_COARSE_CLOUDS,
    FOR_FINE_CLOUDS,
    FOR_GRAIN,
} purpose;

typedef struct colour {
    int channel[3];
} colour;

/* Class c has shape c % 3 and colour c % 7: no two of the first 21 classes agree in both. */
static const colour object_colours[7] = {
    {{240, 92, 84}},   /* red */
    {{250, 160, 70}},  /* orange */
    {{250, 214, 90}},  /* yellow */
    {{104, 212, 120}}, /* green */
    {{90, 214, 220}},  /* cyan */
    {{92, 150, 250}},  /* blue */
    {{214, 130, 236}}, /* violet */
};

/* Muted backgrounds, from the upper edge to the lower one. */
static const colour skies[5][2] = {
    {{{44, 56, 84}}, {{92, 88, 104}}},  {{{36, 66, 74}}, {{88, 100, 92}}},  {{{60, 48, 78}}, {{106, 84, 92}}},
    {{{52, 58, 62}}, {{98, 102, 104}}}, {{{30, 52, 92}}, {{78, 100, 116}}},
};

static ftdn_philox_block random_bits(uint64_t seed, int scene, purpose what, uint32_t position)
{
    ftdn_philox_block counter = {{position, 0, (uint32_t)what, (uint32_t)scene}};
    return ftdn_philox(counter, (uint32_t)seed, (uint32_t)(seed >> 32));
}

/* A number in low ... high from 32 random bits. */
static int between(uint32_t bits, int low, int high)
{
    return low + (int)((uint64_t)bits * (uint64_t)(high - low + 1) >> 32);
}

/* At most a quarter of the smaller box is common to both. */
static bool may_stand_beside(const ftdn_object *a, const ftdn_object *b)
{
    float width = (a->x1 < b->x1 ? a->x1 : b->x1) - (a->x0 > b->x0 ? a->x0 : b->x0);
    float height = (a->y1 < b->y1 ? a->y1 : b->y1) - (a->y0 > b->y0 ? a->y0 : b->y0);
    if (width <= 0 || height <= 0) return true;
    float area_a = (a->x1 - a->x0) * (a->y1 - a->y0), area_b = (b->x1 - b->x0) * (b->y1 - b->y0);
    return 4 * width * height <= (area_a < area_b ? area_a : area_b);
}

/* Choose the objects of a scene; one that finds no place is left out. Returns how many there are. */
static int place_objects(uint64_t seed, int scene, ftdn_object object[MAX_OBJECTS])
{
    int n_wanted = between(random_bits(seed, scene, FOR_SCENE, 0).word[0], 2, MAX_OBJECTS), n_objects = 0;
    for (int k = 0; k < n_wanted; k++) {
        for (int trial = 0; trial < PLACE_TRIALS; trial++) {
            uint32_t position = (uint32_t)(k * PLACE_TRIALS + trial) * 2;
            ftdn_philox_block first = random_bits(seed, scene, FOR_OBJECT, position);
            ftdn_philox_block second = random_bits(seed, scene, FOR_OBJECT, position + 1);
            int width = between(first.word[0], SMALLEST, LARGEST), height = between(first.word[1], SMALLEST, LARGEST);
            if (width > 2 * height || height > 2 * width) continue;
            int x = between(first.word[2], MARGIN, SIDE - MARGIN - width);
            int y = between(first.word[3], MARGIN, SIDE - MARGIN - height);
            ftdn_object candidate = {.class_index = between(second.word[0], 0, 19)};
            candidate.x0 = (float)x;
            candidate.y0 = (float)y;
            candidate.x1 = (float)(x + width);
            candidate.y1 = (float)(y + height);
            bool fits = true;
            for (int other = 0; other < n_objects; other++) fits &= may_stand_beside(&object[other], &candidate);
            if (!fits) continue;
            object[n_objects++] = candidate;
            break;
        }
    }
    return n_objects;
}

/* Smooth noise at a pixel: random bytes at the corners of cells, blended with 3t^2 - 2t^3. In -128 ... 127. */
static int cloud(const uint8_t *corner, int n_corners, int cell, int x, int y)
{
    int column = x / cell, row = y / cell;
    int u = (x % cell) * 256 / cell, v = (y % cell) * 256 / cell;
    u = u * u * (768 - 2 * u) >> 16;
    v = v * v * (768 - 2 * v) >> 16;
    const uint8_t *at = corner + row * n_corners + column;
    int upper = at[0] * (256 - u) + at[1] * u, lower = at[n_corners] * (256 - u) + at[n_corners + 1] * u;
    return ((upper * (256 - v) + lower * v) >> 16) - 128;
}

/* Random bytes from block first_block on; a block has 16 of them. */
static void fill_random_bytes(uint64_t seed, int scene, purpose what, int first_block, uint8_t *bytes, int n_bytes)
{
    ftdn_philox_block block = {{0}};
    for (int i = 0; i < n_bytes; i++) {
        if (i % 16 == 0) block = random_bits(seed, scene, what, (uint32_t)(first_block + i / 16));
        bytes[i] = (uint8_t)(block.word[i % 16 / 4] >> i % 4 * 8);
    }
}

static uint8_t clamp_byte(int value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

#define COARSE_CELL 75
#define COARSE_CORNERS (SIDE / COARSE_CELL + 2)
#define FINE_CELL 25
#define FINE_CORNERS (SIDE / FINE_CELL + 2)

static void paint_background(uint64_t seed, int scene, uint8_t *pixels)
{
    uint8_t coarse[COARSE_CORNERS * COARSE_CORNERS], fine[FINE_CORNERS * FINE_CORNERS], grain[SIDE];
    const colour *sky = skies[between(random_bits(seed, scene, FOR_SCENE, 0).word[1], 0, 4)];
    fill_random_bytes(seed, scene, FOR_COARSE_CLOUDS, 0, coarse, (int)sizeof coarse);
    fill_random_bytes(seed, scene, FOR_FINE_CLOUDS, 0, fine, (int)sizeof fine);
    for (int y = 0; y < SIDE; y++) {
        fill_random_bytes(seed, scene, FOR_GRAIN, y * ((SIDE + 15) / 16), grain, SIDE);
        for (int x = 0; x < SIDE; x++, pixels += 3) {
            int light = (cloud(coarse, COARSE_CORNERS, COARSE_CELL, x, y) * 5 +
                         cloud(fine, FINE_CORNERS, FINE_CELL, x, y) * 2 + (grain[x] - 128)) /
                        16;
            for (int c = 0; c < 3; c++) {
                int base = (sky[0].channel[c] * (SIDE - y) + sky[1].channel[c] * y) / SIDE;
                pixels[c] = clamp_byte(base + light);
            }
        }
    }
}

typedef enum shape { RECTANGLE, ELLIPSE, TRIANGLE } shape;

/* Is a point in the shape that fills the box? Doubled coordinates from the box's middle (dx, in -width ... width)
 * and its upper edge (down, in 0 ... 2 height), all in the same unit. */
static bool is_inside(shape what, int64_t dx, int64_t down, int64_t width, int64_t height)
{
    int64_t dy = down - height;
    switch (what) {
    case ELLIPSE: return dx * dx * height * height + dy * dy * width * width <= width * width * height * height;
    case TRIANGLE: return llabs(dx) * 2 * height <= width * down;
    default: return true;
    }
}

static void paint_object(const ftdn_object *object, uint8_t *pixels)
{
    shape what = (shape)(object->class_index % 3);
    const colour *base = &object_colours[object->class_index % 7];
    int x0 = (int)object->x0, y0 = (int)object->y0, width = (int)object->x1 - x0, height = (int)object->y1 - y0;
    for (int y = 0; y < height; y++) {
        int light = 26 - 60 * y / height; /* brighter above, darker below */
        for (int x = 0; x < width; x++) {
            /* The unit is half a subpixel: subpixel s of pixel x has its centre at 2 (SUBPIXELS x + s) + 1. */
            int covered = 0;
            for (int s = 0; s < SUBPIXELS * SUBPIXELS; s++) {
                int64_t across = 2 * (SUBPIXELS * x + s % SUBPIXELS) + 1,
                        down = 2 * (SUBPIXELS * y + s / SUBPIXELS) + 1;
                int64_t full_width = 2 * SUBPIXELS * width, full_height = 2 * SUBPIXELS * height;
                covered += is_inside(what, 2 * across - full_width, 2 * down, full_width, full_height);
            }
            uint8_t *pixel = pixels + ((size_t)(y0 + y) * SIDE + (size_t)(x0 + x)) * 3;
            for (int c = 0; c < 3; c++) {
                int full = SUBPIXELS * SUBPIXELS, shaded = clamp_byte(base->channel[c] + light);
                pixel[c] = (uint8_t)((pixel[c] * (full - covered) + shaded * covered + full / 2) / full);
            }
        }
    }
}

static ftdn_status paint_scene(const ftdn_dataset_body *body, int index, int size, uint8_t *pixels, ftdn_arena *scratch,
                               ftdn_error *err)
{
    const uint64_t *seed = body->source;
    const ftdn_image *image = &body->image[index];
    ftdn_picture picture = {SIDE, SIDE, pixels};
    if (size != SIDE) {
        picture.pixels = ftdn_arena_alloc(scratch, (size_t)SIDE * SIDE, 3, err);
        if (!picture.pixels) return FTDN_ERR_MEMORY;
    }
    paint_background(*seed, index, picture.pixels);
    for (int k = 0; k < image->n_objects; k++) paint_object(&image->object[k], picture.pixels);
    if (size != SIDE) ftdn_picture_resize(&picture, size, pixels);
    return FTDN_OK;
}

static ftdn_status fill(ftdn_dataset_body *body, int n_images, uint64_t seed, ftdn_error *err)
{
    ftdn_arena *arena = &body->arena;
    FTDN_TRY(ftdn_dataset_body_set_images(body, n_images, err));
    body->dataset.description = ftdn_arena_format(arena, err, "test scenes, seed %llu, %d image%s",
                                                  (unsigned long long)seed, n_images, n_images == 1 ? "" : "s");
    uint64_t *source = body->dataset.description ? FTDN_NEW(arena, 1, uint64_t, err) : NULL;
    if (!source) return FTDN_ERR_MEMORY;
    *source = seed;
    body->source = source;
    body->paint = paint_scene;
    for (int i = 0; i < n_images; i++) {
        ftdn_image *image = &body->image[i];
        ftdn_object *object = FTDN_NEW(arena, MAX_OBJECTS, ftdn_object, err);
        image->name = object ? ftdn_arena_format(arena, err, "scene%06d", i) : NULL;
        if (!image->name) return FTDN_ERR_MEMORY;
        image->id = ftdn_fnv1a64(image->name);
        image->width = image->height = SIDE;
        image->n_objects = place_objects(seed, i, object);
        image->object = object;
    }

    ftdn_sha256 *hash;
    FTDN_TRY(ftdn_sha256_create(&hash, err));
    ftdn_sha256_add_text(hash, "test scenes");
    const uint64_t numbers[] = {GENERATOR_VERSION, seed};
    for (int i = 0; i < 2; i++) {
        uint8_t bytes[8];
        for (int b = 0; b < 8; b++) bytes[b] = (uint8_t)(numbers[i] >> b * 8);
        ftdn_sha256_add(hash, bytes, sizeof bytes);
    }
    ftdn_dataset_body_digest(body, hash);
    ftdn_sha256_finish(hash, body->dataset.digest);
    ftdn_sha256_free(hash);
    return FTDN_OK;
}

ftdn_status ftdn_dataset_open_test_scenes(int n_images, uint64_t seed, ftdn_dataset **ret_dataset, ftdn_error *err)
{
    if (n_images < 1 || n_images > MAX_SCENES) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "%d test scenes; 1 ... %d can be made", n_images, MAX_SCENES);
    }
    ftdn_dataset_body *body;
    FTDN_TRY(ftdn_dataset_body_create(ftdn_voc_class_name, FTDN_VOC_CLASSES, &body, err));
    ftdn_status status = fill(body, n_images, seed, err);
    if (status != FTDN_OK) {
        ftdn_dataset_close(&body->dataset);
        return status;
    }
    *ret_dataset = &body->dataset;
    return FTDN_OK;
}
