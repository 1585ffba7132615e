/* document.h - the values of a manifest's keys, checked against the table, one slot per key.
 *
 * A document is an array of values in the order of the table. The value of an object with all that is
 * inside it is a slice of that array; laying one list item of a grid over a document is a copy of a
 * slice, and no JSON is ever copied. Values refer to JSON nodes, which live in the arena of the parse. */
#ifndef FTDN_HARNESS_DOCUMENT_H
#define FTDN_HARNESS_DOCUMENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "harness/manifest_keys.h"
#include "harness/mistakes.h"

typedef struct ftdn_value {
    const ftdn_json *node;   /* NULL: not given */
    bool is_sound;           /* obeys the row of its key */
    const char *path;        /* PATH, WEIGHTS with a file: variables expanded, joined to the manifest's folder */
    const char *const *glob; /* SCOPE with a list: [node->n_children] */
} ftdn_value;

typedef struct ftdn_document {
    ftdn_value value[FTDN_N_KEYS];
} ftdn_document;

/* Which value is read: a key of the document, or one item of a grid's list (`sweep.grid.KEY[item]`). */
typedef struct ftdn_value_place {
    ftdn_key_id key;
    int grid_item;      /* from 0; -1: the value stands at its own place */
    const char *folder; /* where relative paths start */
} ftdn_value_place;

/* Read node as the value of place->key, and what is inside it, into ret_values: [ftdn_key_n_rows(key)].
 * Mistakes are added to the list: unknown and repeated keys, wrong kinds, values outside their rule, unset
 * environment variables. Only a refused allocation fails. */
FTDN_NODISCARD ftdn_status ftdn_value_read(const ftdn_value_place *place, const ftdn_json *node, ftdn_arena *arena,
                                           ftdn_mistakes *mistakes, ftdn_value *ret_values, ftdn_error *err);

/* The defaults of the table. */
FTDN_NODISCARD ftdn_status ftdn_document_read_defaults(ftdn_arena *arena, ftdn_document *ret_document, ftdn_error *err);

/* Is the key, or any key inside it, given? */
bool ftdn_document_has(const ftdn_document *document, ftdn_key_id key);

/* The integer or number of a sound value, 0 for "-0"; undefined for other kinds. */
double ftdn_value_number(const ftdn_value *value);

#endif
