/* utf8.h - characters of UTF-8, one at a time. */
#ifndef FTDN_BASE_UTF8_H
#define FTDN_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The length of the character at bytes (1 ... 4) and its code; 0 where it is malformed: too long a form, a surrogate,
 * above U+10FFFF, or cut off. n_bytes: at least 1. */
size_t ftdn_utf8_decode(const unsigned char *bytes, size_t n_bytes, uint32_t *ret_code);

#endif
