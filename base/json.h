/* json.h - JSON documents in which every value knows where it stands.
 *
 * A document is parsed strictly (RFC 8259: one value, nothing behind it, no comments) and kept as
 * a tree of immutable nodes in the caller's arena. cJSON reads the values; line, column, the number
 * as it was written and repeated keys, which cJSON does not keep, are added beside them. Objects
 * keep the order of the file and also their repeated keys (marked), so that a checker can name each. */
#ifndef FTDN_BASE_JSON_H
#define FTDN_BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/text.h"

typedef enum ftdn_json_kind {
    FTDN_JSON_NULL,
    FTDN_JSON_BOOL,
    FTDN_JSON_NUMBER,
    FTDN_JSON_STRING,
    FTDN_JSON_ARRAY,
    FTDN_JSON_OBJECT,
} ftdn_json_kind;

typedef struct ftdn_json ftdn_json;
struct ftdn_json {
    ftdn_json_kind kind;
    const char *file; /* the name given to the parser */
    int line, column; /* of the value's first character, from 1; columns count characters, not bytes */
    const char *key;  /* member name; NULL for array items and the root */
    int key_line, key_column;
    bool repeated_key; /* an earlier member of the same object has this key */
    bool boolean;
    double number;           /* nearest double, finite */
    const char *literal;     /* NUMBER: as written in the file */
    const char *string;      /* STRING: decoded, UTF-8, without 0 inside */
    int n_children;          /* ARRAY: items, OBJECT: members */
    const ftdn_json **child; /* [n_children] */
};

/* Parse n_bytes of text (no final 0 needed). file_name stands in messages and nodes.
 * FTDN_ERR_INPUT names file:line:column and what is wrong there: bad syntax, bad UTF-8, a 0 in a
 * string, half a surrogate pair, a number over 63 characters or beyond the largest double, nesting over
 * 200 levels, anything behind the value. */
FTDN_NODISCARD ftdn_status ftdn_json_parse(const char *text, size_t n_bytes, const char *file_name, ftdn_arena *arena,
                                           const ftdn_json **ret_root, ftdn_error *err);

/* The same of a part of a larger text, in which it begins at line:column (from 1). file_name is borrowed: it outlives
 * the nodes. */
FTDN_NODISCARD ftdn_status ftdn_json_parse_at(const char *text, size_t n_bytes, const char *file_name, int line,
                                              int column, ftdn_arena *arena, const ftdn_json **ret_root,
                                              ftdn_error *err);

/* The first member of an object with this key; NULL if absent or if object is NULL or no object. */
const ftdn_json *ftdn_json_find(const ftdn_json *object, const char *key);

/* The first member anywhere in the tree that repeats a key of its object; NULL if none. */
const ftdn_json *ftdn_json_find_repeated(const ftdn_json *root);

/* "an object", "a number", ...: for messages. */
const char *ftdn_json_kind_name(ftdn_json_kind kind);

/* Is the number written as an integer (no fraction, no exponent) that fits into long long? */
bool ftdn_json_get_integer(const ftdn_json *node, long long *ret_value);

/* Append the value as compact JSON: members sorted by key where `canonical`, else in the file's
 * order; numbers as the shortest decimal of their double, but an integer that no double holds as it is
 * (two seeds above 2^53 stay two seeds). Canonical text of equal documents is equal. */
void ftdn_json_write(ftdn_text *text, const ftdn_json *node, bool canonical);

#endif
