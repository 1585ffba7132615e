/* crc32.h - the checksum of PNG and zip, for tests that write such files. */
#ifndef FTDN_TESTS_SUPPORT_CRC32_H
#define FTDN_TESTS_SUPPORT_CRC32_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t ftdn_test_crc32(const char *bytes, size_t n_bytes)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < n_bytes; i++) {
        crc ^= (unsigned char)bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

#endif
