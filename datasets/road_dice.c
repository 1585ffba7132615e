#include "datasets/road_dice.h"

#include "base/fnv.h"
#include "base/philox_hd.h"

ftdn_road_dice ftdn_road_dice_of(const char *split, uint64_t seed, int scene)
{
    return (ftdn_road_dice){.key = ftdn_fnv1a64(split) ^ seed, .scene = (uint32_t)scene};
}

ftdn_road_dice ftdn_road_dice_for(const ftdn_road_dice *dice, ftdn_road_purpose purpose, int item)
{
    return (ftdn_road_dice){.key = dice->key, .scene = dice->scene, .purpose = purpose, .item = (uint32_t)item};
}

static ftdn_philox_block block_of(const ftdn_road_dice *dice, uint32_t number)
{
    ftdn_philox_block counter = {{number, dice->item, dice->purpose, dice->scene}};
    return ftdn_philox(counter, (uint32_t)dice->key, (uint32_t)(dice->key >> 32));
}

uint32_t ftdn_road_bits(const ftdn_road_dice *dice, int slot)
{
    return block_of(dice, (uint32_t)slot / 4).word[slot % 4];
}

void ftdn_road_bytes(const ftdn_road_dice *dice, uint8_t *bytes, int n_bytes)
{
    for (int b = 0; b < n_bytes / 16; b++) {
        ftdn_philox_block block = block_of(dice, (uint32_t)b);
        for (int i = 0; i < 16; i++) bytes[16 * b + i] = (uint8_t)(block.word[i / 4] >> i % 4 * 8);
    }
}

/* In [0, 1). */
static float fraction(const ftdn_road_dice *dice, int slot)
{
    return (float)(ftdn_road_bits(dice, slot) >> 8) * (1.0f / 16777216.0f);
}

float ftdn_road_between(const ftdn_road_dice *dice, int slot, float low, float high)
{
    return low + (high - low) * fraction(dice, slot);
}

int ftdn_road_pick(const ftdn_road_dice *dice, int slot, int n_choices)
{
    return (int)((uint64_t)ftdn_road_bits(dice, slot) * (uint64_t)n_choices >> 32);
}

bool ftdn_road_chance(const ftdn_road_dice *dice, int slot, float chance)
{
    return fraction(dice, slot) < chance;
}

int ftdn_road_choose(const ftdn_road_dice *dice, int slot, const float *weight, int n)
{
    float sum = 0;
    for (int i = 0; i < n; i++) sum += weight[i];
    float left = sum * fraction(dice, slot);
    int chosen = 0;
    for (int i = 0; i < n && left >= 0; i++) {
        if (weight[i] > 0) chosen = i;
        left -= weight[i];
    }
    return chosen;
}
