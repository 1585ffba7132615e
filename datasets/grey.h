/* grey.h - single-channel samples as pictures of three equal channels.
 *
 * Eight bits are taken as they are. Sixteen bits of a thermal camera are counts, of which a scene fills a narrow band
 * somewhere: they are stretched over 0 ... 255 between two quantiles of the picture itself. With n samples in ascending
 * order and k = n / 100 rounded down, low is the sample at k and high the one at n - 1 - k;
 *     grey = 255 (sample - low) / (high - low), rounded half up, 0 up to low, 255 from high on.
 * Where low is high, samples above it become 255, all others 0. All in integers: the same bytes on every machine. */
#ifndef FTDN_DATASETS_GREY_H
#define FTDN_DATASETS_GREY_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

/* samples: [n_pixels]; pixels: [n_pixels,3]. */
void ftdn_grey_spread_8(const uint8_t *samples, size_t n_pixels, uint8_t *pixels);

/* scratch: for a table of all sample values, given back. Only a refused allocation fails. */
FTDN_NODISCARD ftdn_status ftdn_grey_stretch_16(const uint16_t *samples, size_t n_pixels, ftdn_arena *scratch,
                                                uint8_t *pixels, ftdn_error *err);

#endif
