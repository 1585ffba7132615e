#include "base/json_scan.h"

#include <stdint.h>

/* What the bytes mean that a scan has to look at. */
enum { IN_TEXT = 1, IN_STRING = 2, BEHIND_WORD = 4 };
static const uint8_t marks[256] = {
    ['"'] = IN_TEXT | IN_STRING | BEHIND_WORD,
    ['['] = IN_TEXT | BEHIND_WORD,
    [']'] = IN_TEXT | BEHIND_WORD,
    ['{'] = IN_TEXT | BEHIND_WORD,
    ['}'] = IN_TEXT | BEHIND_WORD,
    ['\\'] = IN_STRING,
    ['\n'] = IN_STRING | BEHIND_WORD,
    ['\r'] = IN_STRING | BEHIND_WORD,
    [' '] = BEHIND_WORD,
    ['\t'] = BEHIND_WORD,
    [','] = BEHIND_WORD,
    [':'] = BEHIND_WORD,
};

void ftdn_json_scan_init(ftdn_json_scan *scan)
{
    scan->depth = 0;
    scan->in_string = scan->is_escaped = scan->in_word = false;
    scan->cause = NULL;
}

void ftdn_json_scan_enter_array(ftdn_json_scan *scan)
{
    ftdn_json_scan_init(scan);
    scan->closing[scan->depth++] = ']';
}

static size_t skip_unmarked(const char *bytes, size_t at, size_t end, unsigned mark)
{
    while (at < end && !(marks[(unsigned char)bytes[at]] & mark)) at++;
    return at;
}

static ftdn_json_scan_state refuse(ftdn_json_scan *scan, const char *cause)
{
    scan->cause = cause;
    return FTDN_JSON_SCAN_BROKEN;
}

/* A byte of a string; only the closing quote of a value that is a string ends it. */
static ftdn_json_scan_state take_in_string(ftdn_json_scan *scan, char byte)
{
    if (scan->is_escaped) scan->is_escaped = false;
    else if (byte == '\\') scan->is_escaped = true;
    else if (byte != '"') return refuse(scan, "a string does not end on its line");
    else scan->in_string = false;
    return scan->in_string || scan->depth > 0 ? FTDN_JSON_SCAN_MORE : FTDN_JSON_SCAN_WHOLE;
}

static ftdn_json_scan_state take_bracket(ftdn_json_scan *scan, char byte)
{
    if (byte == '[' || byte == '{') {
        if (scan->depth == FTDN_JSON_DEEPEST_NESTING) return refuse(scan, "nested deeper than 200 levels");
        scan->closing[scan->depth++] = byte == '[' ? ']' : '}';
        return FTDN_JSON_SCAN_MORE;
    }
    if (scan->closing[scan->depth - 1] != byte)
        return refuse(scan, byte == ']' ? "']' where an object is open" : "'}' where an array is open");
    return --scan->depth > 0 ? FTDN_JSON_SCAN_MORE : FTDN_JSON_SCAN_WHOLE;
}

ftdn_json_scan_state ftdn_json_scan_on(ftdn_json_scan *scan, const char *bytes, size_t *at, size_t end)
{
    while (*at < end) {
        bool is_start = scan->depth == 0 && !scan->in_string && !scan->in_word;
        if (is_start) scan->in_word = !(marks[(unsigned char)bytes[*at]] & IN_TEXT);
        if (scan->in_word) {
            *at = skip_unmarked(bytes, *at, end, BEHIND_WORD);
            return *at < end ? FTDN_JSON_SCAN_WHOLE : FTDN_JSON_SCAN_MORE;
        }
        if (!scan->is_escaped) *at = skip_unmarked(bytes, *at, end, scan->in_string ? IN_STRING : IN_TEXT);
        if (*at == end) break;
        char byte = bytes[*at];
        ftdn_json_scan_state state = FTDN_JSON_SCAN_MORE;
        if (scan->in_string) state = take_in_string(scan, byte);
        else if (byte == '"') scan->in_string = true;
        else if (is_start && (byte == ']' || byte == '}')) state = refuse(scan, "expected a value");
        else state = take_bracket(scan, byte);
        if (state == FTDN_JSON_SCAN_BROKEN) return state;
        (*at)++;
        if (state == FTDN_JSON_SCAN_WHOLE) return state;
    }
    return FTDN_JSON_SCAN_MORE;
}
