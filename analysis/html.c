#include "analysis/html.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "results/cell_text.h"

static void append_escaped(ftdn_text *text, const char *chars, size_t n_chars)
{
    for (size_t i = 0, start = 0; i <= n_chars; i++) {
        const char *shown = NULL;
        switch (i < n_chars ? chars[i] : '\0') {
        case '&': shown = "&amp;"; break;
        case '<': shown = "&lt;"; break;
        case '>': shown = "&gt;"; break;
        case '"': shown = "&quot;"; break;
        case '\'': shown = "&#39;"; break;
        default: break;
        }
        if (!shown && i < n_chars) continue;
        ftdn_text_append_bytes(text, chars + start, i - start);
        if (shown) ftdn_text_append_bytes(text, shown, strlen(shown));
        start = i + 1;
    }
}

static void append_line(ftdn_text *text, const char *chars, size_t n_chars)
{
    ftdn_text valid;
    ftdn_text_init(&valid);
    ftdn_cell_text_append(&valid, chars, n_chars, true);
    if (valid.failed) text->failed = true;
    else if (valid.n_chars > 0) append_escaped(text, valid.chars, valid.n_chars);
    ftdn_text_done(&valid);
}

void ftdn_html_append(ftdn_text *text, const char *chars)
{
    append_line(text, chars, strlen(chars));
}

void ftdn_html_append_lines(ftdn_text *text, const char *chars)
{
    for (;; chars++) {
        size_t n_chars = strcspn(chars, "\n");
        append_line(text, chars, n_chars);
        chars += n_chars;
        if (!*chars) return;
        ftdn_text_append_bytes(text, "\n", 1);
    }
}

void ftdn_html_append_count(ftdn_text *text, int64_t count)
{
    char digits[32];
    int n_digits = snprintf(digits, sizeof digits, "%" PRId64, count);
    for (int i = 0; i < n_digits; i++) {
        ftdn_text_append_bytes(text, digits + i, 1);
        int n_behind = n_digits - 1 - i;
        if (n_behind > 0 && n_behind % 3 == 0 && digits[i] != '-') ftdn_text_append_bytes(text, ",", 1);
    }
}

void ftdn_html_append_base64(ftdn_text *text, const unsigned char *bytes, size_t n_bytes)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (size_t i = 0; i < n_bytes; i += 3) {
        size_t n_left = n_bytes - i;
        unsigned bits = (unsigned)bytes[i] << 16;
        if (n_left > 1) bits |= (unsigned)bytes[i + 1] << 8;
        if (n_left > 2) bits |= bytes[i + 2];
        const char group[4] = {digit[bits >> 18], digit[bits >> 12 & 63], n_left > 1 ? digit[bits >> 6 & 63] : '=',
                               n_left > 2 ? digit[bits & 63] : '='};
        ftdn_text_append_bytes(text, group, sizeof group);
    }
}
