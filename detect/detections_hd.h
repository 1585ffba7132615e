/* detections_hd.h - the arithmetic of detections (detections.h), for host and device. */
#ifndef FTDN_DETECT_DETECTIONS_HD_H
#define FTDN_DETECT_DETECTIONS_HD_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/philox_hd.h" /* FTDN_HD */
#include "detect/exp_hd.h"

/* The bits of scores that are not negative are ordered as the scores are. */
FTDN_HD static inline uint32_t ftdn_score_bits(float score)
{
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    return bits;
}

/* 1 of NaN and the infinities, else 0. */
FTDN_HD static inline int ftdn_is_nonfinite(float value)
{
    return (ftdn_score_bits(value) & 0x7f800000u) == 0x7f800000u;
}

/* 1 / (1 + e^-x), computed from e^-|x|, which cannot overflow. */
FTDN_HD static inline float ftdn_sigmoid(float x)
{
    float small = ftdn_exp(-fabsf(x));
    return (x > 0 ? 1.0f : small) / (1.0f + small);
}

/* Corners of prior + location: ftdn_box_decode. location, prior, ret_corners: [4]. */
FTDN_HD static inline void ftdn_box_corners(float centre_variance, float size_variance, const float *location,
                                            const float *prior, float *ret_corners)
{
    for (int axis = 0; axis < 2; axis++) {
        float size = prior[axis + 2];
        float centre = location[axis] * centre_variance * size + prior[axis];
        float half = ftdn_exp(location[axis + 2] * size_variance) * size / 2;
        ret_corners[axis] = centre - half;
        ret_corners[axis + 2] = centre + half;
    }
}

/* A corner within the image, [0, 1]. */
FTDN_HD static inline float ftdn_corner_clip(float x)
{
    float above = x > 0 ? x : 0;
    return above < 1 ? above : 1;
}

#endif
