#include "base/text.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

void ftdn_text_init(ftdn_text *text)
{
    *text = (ftdn_text){0};
}

void ftdn_text_done(ftdn_text *text)
{
    free(text->chars);
    *text = (ftdn_text){0};
}

/* Room for n_more characters and the final 0. */
static bool reserve(ftdn_text *text, size_t n_more)
{
    size_t needed;
    if (text->failed) return false;
    if (ftdn_size_add(text->n_chars, n_more, &needed) && ftdn_size_add(needed, 1, &needed)) {
        if (needed <= text->capacity) return true;
        size_t capacity = text->capacity ? text->capacity : 128;
        while (capacity < needed && ftdn_size_mul(capacity, 2, &capacity)) {}
        char *chars = capacity >= needed ? realloc(text->chars, capacity) : NULL;
        if (chars) {
            text->chars = chars;
            text->capacity = capacity;
            return true;
        }
    }
    text->failed = true;
    return false;
}

void ftdn_text_append_bytes(ftdn_text *text, const char *bytes, size_t n_bytes)
{
    if (!reserve(text, n_bytes)) return;
    if (n_bytes) memcpy(text->chars + text->n_chars, bytes, n_bytes);
    text->n_chars += n_bytes;
    text->chars[text->n_chars] = 0;
}

void ftdn_text_append(ftdn_text *text, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n_chars = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (n_chars < 0) text->failed = true;
    else if (reserve(text, (size_t)n_chars)) {
        vsnprintf(text->chars + text->n_chars, (size_t)n_chars + 1, format, again);
        text->n_chars += (size_t)n_chars;
    }
    va_end(again);
}

void ftdn_text_drop(ftdn_text *text, size_t n_chars)
{
    assert(n_chars <= text->n_chars);
    if (n_chars == 0) return;
    text->n_chars -= n_chars;
    memmove(text->chars, text->chars + n_chars, text->n_chars + 1);
}

static bool is_escaped(unsigned char byte)
{
    return byte == '"' || byte == '\\' || byte < 0x20 || byte == 0x7f;
}

void ftdn_text_append_json_string(ftdn_text *text, const char *string)
{
    ftdn_text_append_bytes(text, "\"", 1);
    for (const char *c = string; *c;) {
        size_t n_plain = 0;
        while (c[n_plain] && !is_escaped((unsigned char)c[n_plain])) n_plain++;
        ftdn_text_append_bytes(text, c, n_plain);
        c += n_plain;
        if (!*c) break;
        unsigned char byte = (unsigned char)*c++;
        if (byte == '"' || byte == '\\') ftdn_text_append(text, "\\%c", byte);
        else if (byte == '\n') ftdn_text_append_bytes(text, "\\n", 2);
        else if (byte == '\t') ftdn_text_append_bytes(text, "\\t", 2);
        else ftdn_text_append(text, "\\u%04x", byte);
    }
    ftdn_text_append_bytes(text, "\"", 1);
}

void ftdn_text_append_json_number(ftdn_text *text, double number)
{
    if (!isfinite(number)) {
        ftdn_text_append(text, "null");
        return;
    }
    char digits[32];
    int n_digits, precision = 15;
    if (number == floor(number) && fabs(number) < 1e15) {
        n_digits = snprintf(digits, sizeof digits, "%.0f", number);
        ftdn_text_append_bytes(text, digits, (size_t)n_digits);
        return;
    }
    /* Up to 15 digits survive a double, so that %.15g is the shortest decimal wherever it reads back the same; only
     * numbers next to 0 hold fewer. */
    if (fabs(number) < DBL_MIN) precision = 1;
    do n_digits = snprintf(digits, sizeof digits, "%.*g", precision, number);
    while (strtod(digits, NULL) != number && ++precision <= 17);
    ftdn_text_append_bytes(text, digits, (size_t)n_digits);
}

void ftdn_text_append_csv(ftdn_text *text, const char *chars, size_t n_chars)
{
    bool is_plain = n_chars > 0;
    for (size_t i = 0; i < n_chars && is_plain; i++)
        is_plain = chars[i] != ',' && chars[i] != '"' && chars[i] != '\n' && chars[i] != '\r';
    if (is_plain) {
        ftdn_text_append_bytes(text, chars, n_chars);
        return;
    }
    ftdn_text_append_bytes(text, "\"", 1);
    for (size_t i = 0; i < n_chars; i++) {
        if (chars[i] == '"') ftdn_text_append_bytes(text, "\"", 1);
        ftdn_text_append_bytes(text, chars + i, 1);
    }
    ftdn_text_append_bytes(text, "\"", 1);
}

void ftdn_text_append_shell_word(ftdn_text *text, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    if (*word && strspn(word, plain) == strlen(word)) {
        ftdn_text_append(text, "%s", word);
        return;
    }
    ftdn_text_append_bytes(text, "'", 1);
    for (const char *c = word; *c; c++) {
        if (*c == '\'') ftdn_text_append(text, "'\\''");
        else ftdn_text_append_bytes(text, c, 1);
    }
    ftdn_text_append_bytes(text, "'", 1);
}

ftdn_status ftdn_text_check(const ftdn_text *text, ftdn_error *err)
{
    if (text->failed)
        return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory after %zu characters of text", text->n_chars);
    return FTDN_OK;
}

char *ftdn_text_keep(ftdn_text *text, ftdn_arena *arena, ftdn_error *err)
{
    char *kept = NULL;
    if (ftdn_text_check(text, err) == FTDN_OK)
        kept = ftdn_arena_copy_text(arena, text->chars ? text->chars : "", text->n_chars, err);
    ftdn_text_done(text);
    return kept;
}
