#include "datasets/road_sensor.h"

#include <string.h>

enum { BLUR, SPAN, MIDDLE, GRAIN, COLUMNS, ROWS, VIGNETTE, GRAIN_KEY };

/* Optical blur: (w, 1 - 2w, w) across and down. */
static void blur(float *heat, float w)
{
    float line[FTDN_ROAD_SIDE], above[FTDN_ROAD_SIDE];
    for (int y = 0; y < FTDN_ROAD_SIDE; y++) {
        float *row = heat + y * FTDN_ROAD_SIDE;
        memcpy(line, row, sizeof line);
        for (int x = 1; x < FTDN_ROAD_SIDE - 1; x++) row[x] = line[x] + w * (line[x - 1] + line[x + 1] - 2 * line[x]);
    }
    memcpy(above, heat, sizeof above);
    for (int y = 1; y < FTDN_ROAD_SIDE - 1; y++) {
        float *row = heat + y * FTDN_ROAD_SIDE;
        memcpy(line, row, sizeof line);
        for (int x = 0; x < FTDN_ROAD_SIDE; x++)
            row[x] = line[x] + w * (above[x] + row[x + FTDN_ROAD_SIDE] - 2 * line[x]);
        memcpy(above, line, sizeof above);
    }
}

/* Nearly normal with deviation 1 out of a pixel's number: the sum of the four bytes of a hash (Wellons' lowbias32). */
static float grain(uint32_t number)
{
    number ^= number >> 16;
    number *= UINT32_C(0x7feb352d);
    number ^= number >> 15;
    number *= UINT32_C(0x846ca68b);
    number ^= number >> 16;
    uint32_t sum = (number & 255) + (number >> 8 & 255) + (number >> 16 & 255) + (number >> 24);
    return ((float)sum - 510) * (1.0f / 147.8f);
}

void ftdn_road_expose(const ftdn_road_world *world, float *heat, uint8_t *pixels)
{
    ftdn_road_dice dice = ftdn_road_dice_for(&world->dice, FTDN_ROAD_FOR_SENSOR, 0);
    ftdn_road_dice column_dice = ftdn_road_dice_for(&world->dice, FTDN_ROAD_FOR_SENSOR, 1);
    uint8_t column_bytes[(FTDN_ROAD_SIDE + 15) / 16 * 16];
    ftdn_road_bytes(&column_dice, column_bytes, (int)sizeof column_bytes);
    float w = ftdn_road_between(&dice, BLUR, 0.05f, 0.25f);
    blur(heat, w);
    if (w > 0.17f) blur(heat, w - 0.1f);

    /* The camera's gain: so many degrees for the range of grey levels, around what is on the road. */
    const ftdn_road_climate *climate = &world->climate;
    float span = ftdn_road_between(&dice, SPAN, 9, 24),
          middle = (climate->air + climate->road) * 0.5f + ftdn_road_between(&dice, MIDDLE, -4, 7);
    float noise = ftdn_road_between(&dice, GRAIN, 1.2f, 6),
          stripes = ftdn_road_between(&dice, COLUMNS, 0, 3.5f) * (1.0f / 74);
    float vignette = ftdn_road_between(&dice, VIGNETTE, -14, 10) * (1.0f / (2 * 150 * 150));
    uint32_t key = ftdn_road_bits(&dice, GRAIN_KEY);
    for (int y = 0; y < FTDN_ROAD_SIDE; y++) {
        float dy = (float)y - 149.5f;
        for (int x = 0; x < FTDN_ROAD_SIDE; x++) {
            int at = y * FTDN_ROAD_SIDE + x;
            float dx = (float)x - 149.5f, t = (heat[at] - middle) / span;
            /* Steep in the middle, flat towards both ends: the sky keeps its clouds, an engine its shape. */
            float grey = t < 0 ? 118 + 170 * t / (1 - 1.2f * t) : 118 + 190 * t / (1 + 0.7f * t);
            grey += noise * grain((uint32_t)at ^ key) + stripes * ((float)column_bytes[x] - 127.5f) +
                    vignette * (dx * dx + dy * dy);
            uint8_t level = (uint8_t)(grey < 0 ? 0 : grey > 255 ? 255 : grey + 0.5f);
            memset(pixels + 3 * at, level, 3);
        }
    }
}
