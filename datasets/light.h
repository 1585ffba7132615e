/* light.h - brightness, contrast, saturation and hue of a picture, as one affine map of RGB in fixed point. */
#ifndef FTDN_DATASETS_LIGHT_H
#define FTDN_DATASETS_LIGHT_H

#include <stddef.h>
#include <stdint.h>

typedef struct ftdn_light {
    int32_t matrix[3][3]; /* 4096 is 1; all rows have the same sum, so that equal channels stay equal */
    int32_t offset;       /* in the same unit */
} ftdn_light;

/* The light that changes nothing has brightness 0, contrast 1, saturation 1 and hue 0. A pixel becomes
 * contrast (S R pixel + brightness): R turns colours around the grey axis by the angle whose half has the tangent
 * hue, S moves them away from their luminance (ITU-R BT.601) by the factor of saturation. */
ftdn_light ftdn_light_make(double brightness, double contrast, double saturation, double hue);

/* Change n_pixels RGB pixels in place; values below 0 or above 255 end there. */
void ftdn_light_apply(const ftdn_light *light, size_t n_pixels, uint8_t *pixels);

#endif
