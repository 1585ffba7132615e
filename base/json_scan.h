/* json_scan.h - where a JSON value ends, found by its brackets and strings alone, in text that comes in pieces. */
#ifndef FTDN_BASE_JSON_SCAN_H
#define FTDN_BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#define FTDN_JSON_DEEPEST_NESTING 200

typedef enum ftdn_json_scan_state {
    FTDN_JSON_SCAN_MORE,   /* the value goes on behind the text; a number or word may end there */
    FTDN_JSON_SCAN_WHOLE,  /* the value ended */
    FTDN_JSON_SCAN_BROKEN, /* no value goes on with the next byte */
} ftdn_json_scan_state;

typedef struct ftdn_json_scan {
    char closing[FTDN_JSON_DEEPEST_NESTING]; /* of the arrays and objects that are open, the outermost first */
    int depth;
    bool in_string, is_escaped; /* is_escaped: the next character belongs to a backslash */
    bool in_word;               /* a number or a word, which ends at the first byte that is not its own */
    const char *cause;          /* BROKEN: what is wrong with the next byte */
} ftdn_json_scan;

/* At a value's first byte. */
void ftdn_json_scan_init(ftdn_json_scan *scan);

/* Behind the '[' of an array, or behind one of its items. */
void ftdn_json_scan_enter_array(ftdn_json_scan *scan);

/* Go on with bytes[*at] ... bytes[end - 1]; *at: then the next byte to be looked at. */
ftdn_json_scan_state ftdn_json_scan_on(ftdn_json_scan *scan, const char *bytes, size_t *at, size_t end);

#endif
