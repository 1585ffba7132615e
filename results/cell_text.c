#include "results/cell_text.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

typedef struct code_range {
    uint32_t first, last;
} code_range;

/* The blocks of Unicode 15 that hold combining marks and other characters without width. */
static const code_range no_width[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x064B, 0x065F}, {0x1AB0, 0x1AFF},
    {0x1DC0, 0x1DFF}, {0x200B, 0x200F}, {0x202A, 0x202E}, {0x2060, 0x2064}, {0x20D0, 0x20F0},
    {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF},
};

/* The blocks whose characters take two columns. */
static const code_range double_width[] = {
    {0x1100, 0x115F}, {0x2E80, 0x303E},   {0x3041, 0x33FF},   {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},
    {0xA000, 0xA4CF}, {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},   {0xFF00, 0xFF60},
    {0xFFE0, 0xFFE6}, {0x1F300, 0x1F64F}, {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD},
};

static bool is_within(uint32_t code, const code_range *range, size_t n_ranges)
{
    for (size_t i = 0; i < n_ranges; i++)
        if (code >= range[i].first && code <= range[i].last) return true;
    return false;
}

static int column_width(uint32_t code)
{
    if (is_within(code, no_width, sizeof no_width / sizeof *no_width)) return 0;
    return is_within(code, double_width, sizeof double_width / sizeof *double_width) ? 2 : 1;
}

/* A control character as a backslash form; the columns it takes. */
static int append_escape(ftdn_text *text, uint32_t code)
{
    size_t n_before = text->n_chars;
    if (code == '\n') ftdn_text_append(text, "\\n");
    else if (code == '\t') ftdn_text_append(text, "\\t");
    else if (code == '\r') ftdn_text_append(text, "\\r");
    else ftdn_text_append(text, "\\x%02x", (unsigned)code);
    return (int)(text->n_chars - n_before);
}

/* How many printable ASCII characters stand at the beginning: nearly all that a store holds. */
static size_t count_plain(const char *bytes, size_t n_bytes)
{
    size_t n = 0;
    while (n < n_bytes && bytes[n] >= 0x20 && bytes[n] <= 0x7E) n++;
    return n;
}

int ftdn_cell_text_append(ftdn_text *text, const char *bytes, size_t n_bytes, bool escape_controls)
{
    int width = 0;
    for (size_t i = 0; i < n_bytes;) {
        size_t n_plain = count_plain(bytes + i, n_bytes - i);
        if (n_plain > 0) {
            ftdn_text_append_bytes(text, bytes + i, n_plain);
            width += (int)n_plain;
            i += n_plain;
            continue;
        }
        uint32_t code = 0;
        size_t length = ftdn_utf8_decode(bytes + i, n_bytes - i, &code);
        if (length == 0 || code == 0) {
            ftdn_text_append_bytes(text, REPLACEMENT, strlen(REPLACEMENT));
            width++;
        } else if (ftdn_is_control(code) && escape_controls) {
            width += append_escape(text, code);
        } else {
            ftdn_text_append_bytes(text, bytes + i, length);
            width += column_width(code);
        }
        i += length ? length : 1;
    }
    return width;
}
