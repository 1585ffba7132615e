/* hex.h - bytes as hexadecimal digits. */
#ifndef FTDN_BASE_HEX_H
#define FTDN_BASE_HEX_H

#include <stddef.h>

/* ret_hex: [2 * n_bytes + 1], lower case, a 0 behind. */
static inline void ftdn_hex_write(const unsigned char *bytes, size_t n_bytes, char *ret_hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < n_bytes; i++) {
        ret_hex[2 * i] = digits[bytes[i] >> 4];
        ret_hex[2 * i + 1] = digits[bytes[i] & 15];
    }
    ret_hex[2 * n_bytes] = 0;
}

#endif
