/* overlap_hd.h - when two boxes of an image lie on each other, for host and device. */
#ifndef FTDN_DETECT_OVERLAP_HD_H
#define FTDN_DETECT_OVERLAP_HD_H

#include <stdbool.h>

#include "base/philox_hd.h" /* FTDN_HD */

/* Corners of a box, and (x1 - x0) * (y1 - y0). */
typedef struct ftdn_overlap_box {
    float x0, y0, x1, y1, area;
} ftdn_overlap_box;

/* Is intersection over union above the limit? Without a division, so that boxes without area are no special case:
 * they overlap nothing. Symmetric, bit for bit. */
FTDN_HD static inline bool ftdn_overlap_exceeds(ftdn_overlap_box a, ftdn_overlap_box b, float limit)
{
    float left = a.x0 > b.x0 ? a.x0 : b.x0;
    float top = a.y0 > b.y0 ? a.y0 : b.y0;
    float right = a.x1 < b.x1 ? a.x1 : b.x1;
    float bottom = a.y1 < b.y1 ? a.y1 : b.y1;
    float width = right - left > 0 ? right - left : 0;
    float height = bottom - top > 0 ? bottom - top : 0;
    float shared = width * height;
    return shared > limit * ((a.area + b.area) - shared);
}

#endif
