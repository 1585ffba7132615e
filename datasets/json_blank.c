#include "datasets/json_blank.h"

#include <stdbool.h>
#include <string.h>

/* Behind the string that begins at `at`; n_bytes where it has no end. */
static size_t skip_string(const char *text, size_t n_bytes, size_t at)
{
    for (at++; at < n_bytes && text[at] != '"'; at++) at += text[at] == '\\';
    return at < n_bytes ? at + 1 : n_bytes;
}

/* Behind the array or object that begins at `at`; n_bytes where it has no end. */
static size_t skip_nested(const char *text, size_t n_bytes, size_t at)
{
    size_t depth = 0;
    while (at < n_bytes) {
        char c = text[at];
        if (c == '"') {
            at = skip_string(text, n_bytes, at);
            continue;
        }
        at++;
        depth += c == '[' || c == '{';
        depth -= c == ']' || c == '}';
        if (depth == 0) return at;
    }
    return n_bytes;
}

static size_t skip_space(const char *text, size_t n_bytes, size_t at)
{
    while (at < n_bytes && (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) at++;
    return at;
}

void ftdn_json_blank(char *text, size_t n_bytes, const char *key)
{
    size_t n_key = strlen(key), at = 0;
    while (at < n_bytes) {
        const char *quote = memchr(text + at, '"', n_bytes - at);
        if (!quote) return;
        size_t start = (size_t)(quote - text), end = skip_string(text, n_bytes, start);
        bool is_key = end - start == n_key + 2 && memcmp(text + start + 1, key, n_key) == 0;
        at = end;
        if (!is_key) continue;
        size_t colon = skip_space(text, n_bytes, end);
        if (colon == n_bytes || text[colon] != ':') continue;
        size_t value = skip_space(text, n_bytes, colon + 1);
        if (value == n_bytes || (text[value] != '[' && text[value] != '{')) continue;
        at = skip_nested(text, n_bytes, value);
        if (at == n_bytes) return; /* the text is cut off here */
        text[value] = '0';
        for (size_t i = value + 1; i < at; i++) text[i] = text[i] == '\n' ? '\n' : ' ';
    }
}
