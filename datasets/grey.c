#include "datasets/grey.h"

#include <assert.h>

#define N_VALUES 65536

void ftdn_grey_spread_8(const uint8_t *samples, size_t n_pixels, uint8_t *pixels)
{
    for (size_t i = 0; i < n_pixels; i++) pixels[3 * i] = pixels[3 * i + 1] = pixels[3 * i + 2] = samples[i];
}

/* The sample at `rank` in ascending order. */
static uint32_t find_rank(const size_t *count, size_t rank)
{
    uint32_t value = 0;
    for (size_t n_below = count[0]; n_below <= rank; n_below += count[value]) value++;
    return value;
}

static uint8_t stretch(uint32_t value, uint32_t low, uint32_t high)
{
    if (value <= low) return 0;
    if (value >= high) return 255;
    uint32_t span = high - low;
    return (uint8_t)((2 * 255 * (value - low) + span) / (2 * span));
}

ftdn_status ftdn_grey_stretch_16(const uint16_t *samples, size_t n_pixels, ftdn_arena *scratch, uint8_t *pixels,
                                 ftdn_error *err)
{
    assert(n_pixels > 0);
    ftdn_arena_mark mark = ftdn_arena_get_mark(scratch);
    size_t *count = FTDN_NEW(scratch, N_VALUES, size_t, err);
    uint8_t *grey = count ? FTDN_NEW(scratch, N_VALUES, uint8_t, err) : NULL;
    if (!grey) return FTDN_ERR_MEMORY;
    for (size_t i = 0; i < n_pixels; i++) count[samples[i]]++;
    size_t n_beyond = n_pixels / 100;
    uint32_t low = find_rank(count, n_beyond), high = find_rank(count, n_pixels - 1 - n_beyond);
    for (uint32_t value = 0; value < N_VALUES; value++) grey[value] = stretch(value, low, high);
    for (size_t i = 0; i < n_pixels; i++) pixels[3 * i] = pixels[3 * i + 1] = pixels[3 * i + 2] = grey[samples[i]];
    ftdn_arena_reset(scratch, mark);
    return FTDN_OK;
}
