/* exp_hd.h - the exponential function of scores and box code, for host and device.
 *
 * Mathematical libraries differ in the last bit of expf from version to version and from processor
 * to processor. This one consists of IEEE operations only, so that its bits are the same everywhere
 * (contraction off), and of no branches, so that loops over it become vector code. */
#ifndef FTDN_DETECT_EXP_HD_H
#define FTDN_DETECT_EXP_HD_H

#include <stdint.h>
#include <string.h>

#include "base/philox_hd.h" /* FTDN_HD */

#define FTDN_EXP_MAX 88.37f  /* above: infinity (e^88.37 = 2.4e38) */
#define FTDN_EXP_MIN -87.33f /* below: 0 (e^-87.33 = 1.2e-38, the smallest normal number) */

/* e^x within 2e-7 of the true value, relatively. NaN gives NaN. */
FTDN_HD static inline float ftdn_exp(float x)
{
    /* x = n ln 2 + r, |r| <= ln(2) / 2. Adding 1.5 * 2^23 rounds to an integer, which then stands in
     * the low bits of the sum; ln 2 is subtracted in two parts, the first of which has few bits. */
    const float rounder = 12582912.0f;
    float shifted = x * 1.44269504088896341f + rounder;
    float n = shifted - rounder;
    float r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;

    float p = 1.9875691500e-4f; /* minimax polynomial of Cephes' expf (S. L. Moshier) */
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;

    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 127u) << 23; /* 2^n: the bits of the rounder leave at the top */
    float power;
    memcpy(&power, &bits, sizeof power);
    float y = p * power;

    /* Selected by masks: a branch would keep loops from becoming vector code. */
    uint32_t kept = x < FTDN_EXP_MIN ? 0u : ~0u;
    uint32_t over = x > FTDN_EXP_MAX ? ~0u : 0u;
    memcpy(&bits, &y, sizeof bits);
    bits = (bits & kept & ~over) | (0x7f800000u & over);
    memcpy(&y, &bits, sizeof y);
    return y;
}

#endif
