#include "datasets/augment.h"

#include <assert.h>
#include <math.h>

#include "base/philox_hd.h"
#include "datasets/light.h"
#include "datasets/view.h"

#define MOST_BRIGHTER 32.0              /* of 255 */
#define MOST_CONTRAST 0.5               /* more or less than 1; of saturation too */
#define MOST_HUE 0.158384440324536293   /* tan(18 degrees / 2) */
#define SHORTEST_SIDE 0.3               /* of a patch, in sides of the canvas */
#define LONGEST_ASPECT 2.0
#define N_PATCHES 50                    /* tried for one kind of crop before another kind is drawn */
#define N_CROPS 8                       /* kinds drawn before the whole canvas is taken */

/* What a random number is for: switching one part on or off leaves the others as they were. */
typedef enum purpose { FOR_LIGHT, FOR_COLOUR, FOR_CANVAS, FOR_CROP, FOR_PATCH, FOR_MIRROR } purpose;

/* The kinds of crop, equally likely: the least IoU of the patch with an object, or no patch at all. */
#define WHOLE_CANVAS (-1.0)
static const double crop_kinds[7] = {WHOLE_CANVAS, 0, 0.1, 0.3, 0.5, 0.7, 0.9};

/* All random numbers of one view. */
typedef struct random_key {
    uint32_t word0, word1;
} random_key;

typedef struct box {
    double x0, y0, x1, y1;
} box;

static random_key make_key(uint64_t seed, uint64_t draw, uint64_t image_id)
{
    ftdn_philox_block counter = {
        {(uint32_t)image_id, (uint32_t)(image_id >> 32), (uint32_t)draw, (uint32_t)(draw >> 32)}};
    ftdn_philox_block key = ftdn_philox(counter, (uint32_t)seed, (uint32_t)(seed >> 32));
    return (random_key){key.word[0], key.word[1]};
}

static ftdn_philox_block random_bits(const random_key *key, purpose what, int position)
{
    ftdn_philox_block counter = {{(uint32_t)position, (uint32_t)what, 0, 0}};
    return ftdn_philox(counter, key->word0, key->word1);
}

/* In [low, high). */
static double between(uint32_t bits, double low, double high)
{
    return low + (high - low) * ((double)(bits >> 8) * 0x1p-24);
}

static bool is_heads(uint32_t bits)
{
    return bits >> 31;
}

ftdn_status ftdn_augment_check(const ftdn_augment_desc *desc, ftdn_error *err)
{
    if (!(desc->photometric >= 0 && desc->photometric <= 1))
        return FTDN_FAIL(err, FTDN_ERR_ARG, "augmentation: photometric %g is outside [0, 1]", desc->photometric);
    if (!(desc->expand >= 0 && desc->expand <= 1))
        return FTDN_FAIL(err, FTDN_ERR_ARG, "augmentation: expand %g is outside [0, 1]", desc->expand);
    if (desc->expand > 0 && !(desc->max_expand >= 1 && isfinite(desc->max_expand)))
        return FTDN_FAIL(err, FTDN_ERR_ARG, "augmentation: max_expand %g is below 1", desc->max_expand);
    return FTDN_OK;
}

static ftdn_light draw_light(const random_key *key, double strength)
{
    ftdn_philox_block light = random_bits(key, FOR_LIGHT, 0), colour = random_bits(key, FOR_COLOUR, 0);
    double brightness = 0, contrast = 1, saturation = 1, hue = 0;
    if (is_heads(light.word[0])) brightness = MOST_BRIGHTER * strength * between(light.word[1], -1, 1);
    if (is_heads(light.word[2])) contrast += MOST_CONTRAST * strength * between(light.word[3], -1, 1);
    if (is_heads(colour.word[0])) saturation += MOST_CONTRAST * strength * between(colour.word[1], -1, 1);
    if (is_heads(colour.word[2])) hue = MOST_HUE * strength * between(colour.word[3], -1, 1);
    return ftdn_light_make(brightness, contrast, saturation, hue);
}

/* The canvas in pixels of the image, which lies somewhere on it. */
static box draw_canvas(const random_key *key, const ftdn_augment_desc *desc, int size)
{
    ftdn_philox_block bits = random_bits(key, FOR_CANVAS, 0);
    if (between(bits.word[0], 0, 1) >= desc->expand) return (box){0, 0, size, size};
    double side = size * between(bits.word[1], 1, desc->max_expand);
    double left = between(bits.word[2], 0, side - size), above = between(bits.word[3], 0, side - size);
    return (box){-left, -above, side - left, side - above};
}

/* An object in pixels of the decoded image. */
static box object_box(const ftdn_image *image, int object, int size)
{
    const ftdn_object *from = &image->object[object];
    double across = (double)size / image->width, down = (double)size / image->height;
    return (box){from->x0 * across, from->y0 * down, from->x1 * across, from->y1 * down};
}

static bool has_middle_of(const box *window, const box *object)
{
    double x = (object->x0 + object->x1) / 2, y = (object->y0 + object->y1) / 2;
    return x >= window->x0 && x <= window->x1 && y >= window->y0 && y <= window->y1;
}

static double area(const box *of)
{
    return of->x1 > of->x0 && of->y1 > of->y0 ? (of->x1 - of->x0) * (of->y1 - of->y0) : 0;
}

static double overlap(const box *a, const box *b)
{
    box common = {fmax(a->x0, b->x0), fmax(a->y0, b->y0), fmin(a->x1, b->x1), fmin(a->y1, b->y1)};
    double intersection = area(&common), all = area(a) + area(b) - intersection;
    return all > 0 ? intersection / all : 0;
}

/* An image without objects may be cut anywhere. */
static bool is_good_patch(const box *patch, double min_overlap, const ftdn_image *image, int size)
{
    for (int i = 0; i < image->n_objects; i++) {
        box object = object_box(image, i, size);
        if (has_middle_of(patch, &object) && overlap(patch, &object) >= min_overlap) return true;
    }
    return image->n_objects == 0;
}

static bool draw_patch(const random_key *key, int position, const box *canvas, box *ret_patch)
{
    ftdn_philox_block bits = random_bits(key, FOR_PATCH, position);
    double side = canvas->x1 - canvas->x0;
    double width = side * between(bits.word[0], SHORTEST_SIDE, 1),
           height = side * between(bits.word[1], SHORTEST_SIDE, 1);
    if (width > LONGEST_ASPECT * height || height > LONGEST_ASPECT * width) return false;
    double x0 = canvas->x0 + between(bits.word[2], 0, side - width);
    double y0 = canvas->y0 + between(bits.word[3], 0, side - height);
    *ret_patch = (box){x0, y0, x0 + width, y0 + height};
    return true;
}

/* The part of the canvas that is seen. */
static box draw_window(const random_key *key, const box *canvas, const ftdn_image *image, int size)
{
    for (int k = 0; k < N_CROPS; k++) {
        double min_overlap = crop_kinds[(uint64_t)random_bits(key, FOR_CROP, k).word[0] * 7 >> 32];
        if (min_overlap == WHOLE_CANVAS) break;
        for (int i = 0; i < N_PATCHES; i++) {
            box patch;
            if (!draw_patch(key, k * N_PATCHES + i, canvas, &patch)) continue;
            if (is_good_patch(&patch, min_overlap, image, size)) return patch;
        }
    }
    return *canvas;
}

static double clip(double position, int size)
{
    return position < 0 ? 0 : position > size ? size : position;
}

/* The objects whose middle is seen and of which something is left. */
static int place_objects(const ftdn_view *view, const ftdn_image *image, int size, ftdn_object *objects)
{
    box window = {view->x0, view->y0, view->x0 + view->width, view->y0 + view->height};
    double across = size / view->width, down = size / view->height;
    int n_objects = 0;
    for (int i = 0; i < image->n_objects; i++) {
        box object = object_box(image, i, size);
        if (!has_middle_of(&window, &object)) continue;
        double left = clip((object.x0 - window.x0) * across, size),
               right = clip((object.x1 - window.x0) * across, size);
        ftdn_object placed = image->object[i];
        placed.x0 = (float)(view->is_mirrored ? size - right : left);
        placed.x1 = (float)(view->is_mirrored ? size - left : right);
        placed.y0 = (float)clip((object.y0 - window.y0) * down, size);
        placed.y1 = (float)clip((object.y1 - window.y0) * down, size);
        if (placed.x1 > placed.x0 && placed.y1 > placed.y0) objects[n_objects++] = placed;
    }
    return n_objects;
}

ftdn_status ftdn_augment(const ftdn_augment_desc *desc, const ftdn_image *image, int size, uint64_t seed, uint64_t draw,
                         ftdn_arena *scratch, uint8_t *pixels, ftdn_object *objects, int *ret_n_objects,
                         ftdn_error *err)
{
    assert(image->pixels && image->pixels != pixels && image->width > 0 && image->height > 0 && size > 0);
    random_key key = make_key(seed, draw, image->id);
    ftdn_light light;
    if (desc->photometric > 0) light = draw_light(&key, desc->photometric);
    box window = draw_canvas(&key, desc, size);
    if (desc->crop) window = draw_window(&key, &window, image, size);
    const ftdn_view view = {
        .x0 = window.x0,
        .y0 = window.y0,
        .width = window.x1 - window.x0,
        .height = window.y1 - window.y0,
        .is_mirrored = desc->mirror && is_heads(random_bits(&key, FOR_MIRROR, 0).word[0]),
        .light = desc->photometric > 0 ? &light : NULL,
        .fill = {desc->fill[0], desc->fill[1], desc->fill[2]},
    };
    FTDN_TRY(ftdn_view_render(&view, image->pixels, size, scratch, pixels, err));
    *ret_n_objects = place_objects(&view, image, size, objects);
    return FTDN_OK;
}
