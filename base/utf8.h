/* utf8.h - characters of UTF-8, and those that a terminal obeys instead of showing them. */
#ifndef FTDN_BASE_UTF8_H
#define FTDN_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes (1 ... 4) of the character at `bytes`, of which there is at least one, and its code; 0 where it is
 * malformed: too long a form, a surrogate, above U+10FFFF, or cut off. */
size_t ftdn_utf8_decode(const char *bytes, size_t n_bytes, uint32_t *ret_code);

/* U+0000 to U+001F, and U+007F to U+009F. */
bool ftdn_is_control(uint32_t code);

/* Put '?' in the place of each byte of a control character or of a malformed one; newlines stay where they are kept. */
void ftdn_make_printable(char *text, size_t n_bytes, bool keeps_newlines);

#endif
