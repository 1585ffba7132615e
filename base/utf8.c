#include "base/utf8.h"

#include <string.h>

size_t ftdn_utf8_decode(const char *bytes, size_t n_bytes, uint32_t *ret_code)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char lead = (unsigned char)bytes[0];
    size_t length = lead < 0x80 ? 1 : lead < 0xC0 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : lead < 0xF8 ? 4 : 0;
    if (length == 0 || length > n_bytes) return 0;
    uint32_t code = length == 1 ? lead : lead & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if ((byte & 0xC0) != 0x80) return 0;
        code = code << 6 | (byte & 0x3Fu);
    }
    if (code < smallest[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return 0;
    *ret_code = code;
    return length;
}

bool ftdn_is_control(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA0);
}

void ftdn_make_printable(char *text, size_t n_bytes, bool keeps_newlines)
{
    for (size_t i = 0; i < n_bytes;) {
        uint32_t code = 0;
        size_t length = ftdn_utf8_decode(text + i, n_bytes - i, &code);
        bool is_shown = length > 0 && (!ftdn_is_control(code) || (code == '\n' && keeps_newlines));
        if (length == 0) length = 1;
        if (!is_shown) memset(text + i, '?', length);
        i += length;
    }
}
