/* philox_hd.h - counter-based random bits: Philox4x32-10, for host and device.
 *
 * Salmon, Moraes, Dror, Shaw: "Parallel Random Numbers: As Easy as 1, 2, 3" (SC 2011). Random bits
 * are a pure function of a 128-bit counter and a 64-bit key, so that the bits of any element can be
 * asked for in any order, on any device, without a stream. Checked against the published vectors. */
#ifndef FTDN_BASE_PHILOX_HD_H
#define FTDN_BASE_PHILOX_HD_H

#include <stdint.h>

#ifdef __CUDACC__
#define FTDN_HD __host__ __device__
#else
#define FTDN_HD
#endif

#define FTDN_PHILOX_M0 0xD2511F53u
#define FTDN_PHILOX_M1 0xCD9E8D57u
#define FTDN_PHILOX_W0 0x9E3779B9u
#define FTDN_PHILOX_W1 0xBB67AE85u
#define FTDN_PHILOX_ROUNDS 10

typedef struct ftdn_philox_block {
    uint32_t word[4];
} ftdn_philox_block;

/* The 128 random bits of (counter, key); word[0] is the least significant word of each. */
FTDN_HD static inline ftdn_philox_block ftdn_philox(ftdn_philox_block counter, uint32_t key0, uint32_t key1)
{
    for (int round = 0; round < FTDN_PHILOX_ROUNDS; round++) {
        uint64_t product0 = (uint64_t)FTDN_PHILOX_M0 * counter.word[0];
        uint64_t product1 = (uint64_t)FTDN_PHILOX_M1 * counter.word[2];
        ftdn_philox_block next = {{
            (uint32_t)(product1 >> 32) ^ counter.word[1] ^ key0,
            (uint32_t)product1,
            (uint32_t)(product0 >> 32) ^ counter.word[3] ^ key1,
            (uint32_t)product0,
        }};
        counter = next;
        key0 += FTDN_PHILOX_W0;
        key1 += FTDN_PHILOX_W1;
    }
    return counter;
}

#endif
