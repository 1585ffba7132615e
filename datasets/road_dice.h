/* road_dice.h - the random numbers of road scenes, each addressed by what it is for.
 *
 * A number is a pure function of (split, seed, scene, purpose, item, slot): there is no stream, so that a number more
 * or less in one place moves nothing elsewhere. Floating-point numbers are made of 24 bits by operations that IEEE 754
 * fixes exactly, as everywhere in the generator: a scene has the same bytes on every machine. */
#ifndef FTDN_DATASETS_ROAD_DICE_H
#define FTDN_DATASETS_ROAD_DICE_H

#include <stdbool.h>
#include <stdint.h>

typedef enum ftdn_road_purpose {
    FTDN_ROAD_FOR_SCENE,
    FTDN_ROAD_FOR_PLACE, /* item: the attempt to place a thing */
    FTDN_ROAD_FOR_THING, /* item: the thing */
    FTDN_ROAD_FOR_MARKERS, /* what the cones and channelizers of a scene have in common */
    FTDN_ROAD_FOR_TEXTURE,
    FTDN_ROAD_FOR_GROUND,
    FTDN_ROAD_FOR_BUILDING, /* item: the building */
    FTDN_ROAD_FOR_HORIZON,
    FTDN_ROAD_FOR_SENSOR,
} ftdn_road_purpose;

typedef struct ftdn_road_dice {
    uint64_t key;
    uint32_t scene;
    uint32_t purpose;
    uint32_t item;
} ftdn_road_dice;

/* The dice of one scene; split: a name such as "train". */
ftdn_road_dice ftdn_road_dice_of(const char *split, uint64_t seed, int scene);

/* The same scene's dice for something else. */
ftdn_road_dice ftdn_road_dice_for(const ftdn_road_dice *dice, ftdn_road_purpose purpose, int item);

uint32_t ftdn_road_bits(const ftdn_road_dice *dice, int slot);

/* n_bytes random bytes, four per slot from slot 0 on. n_bytes: a multiple of 16. */
void ftdn_road_bytes(const ftdn_road_dice *dice, uint8_t *bytes, int n_bytes);

float ftdn_road_between(const ftdn_road_dice *dice, int slot, float low, float high);
int ftdn_road_pick(const ftdn_road_dice *dice, int slot, int n_choices); /* 0 ... n_choices - 1 */
bool ftdn_road_chance(const ftdn_road_dice *dice, int slot, float chance);

/* Index of a weighted choice; weights: [n], not negative, in sum over 0. */
int ftdn_road_choose(const ftdn_road_dice *dice, int slot, const float *weight, int n);

#endif
