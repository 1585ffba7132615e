/* document.h - the values of a manifest's keys, checked against the table, one slot per key.
 *
 * A document is an array of values in the order of the table. The value of an object with all that is
 * inside it is a slice of that array; laying one list item of a grid over a document is a copy of a
 * slice, and no JSON is ever copied. Values refer to JSON nodes, which live in the arena of the parse. */
#ifndef FTDN_HARNESS_MANIFEST_DOCUMENT_H
#define FTDN_HARNESS_MANIFEST_DOCUMENT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "harness/manifest/manifest_keys.h"
#include "harness/manifest/mistakes.h"

typedef struct ftdn_value {
    const ftdn_json *node;   /* NULL: not given */
    bool is_sound;           /* obeys the row of its key */
    const char *path;        /* PATH, PATHS, WEIGHTS with a file: variables expanded, joined to its file's folder */
    const char *const *list; /* SCOPE with globs, PATHS with several (as path), CLASSES: [node->n_children]; RENAME:
                              * [2 * node->n_children], a name and behind it what it becomes */
} ftdn_value;

typedef struct ftdn_document {
    ftdn_value value[FTDN_N_KEYS];
} ftdn_document;

/* Which value is read, and how messages call it. The keys inside it are called by what stands behind its own path. */
typedef struct ftdn_value_place {
    const ftdn_key_table *table; /* NULL: of experiments */
    int key;                     /* of the table */
    const char *pointer; /* "sweeps.a.grid.seed"; NULL: the path of the key */
    int item;            /* "[item]" is put behind the pointer; -1: nothing is */
    bool of_template;    /* of the document only keys that are `swept` are allowed */
} ftdn_value_place;

/* The place of a key of the document itself. */
ftdn_value_place ftdn_place_of_key(ftdn_key_id key);

/* Read node as the value of place->key, and what is inside it, into ret_values: as many as these are rows.
 * Mistakes are added to the list: unknown and repeated keys, wrong kinds, values outside their rule, unset
 * environment variables. Of values that hold dotted keys no more than their kind is looked at. Only a refused
 * allocation fails. */
FTDN_NODISCARD ftdn_status ftdn_value_read(const ftdn_value_place *place, const ftdn_json *node, ftdn_arena *arena,
                                           ftdn_mistakes *mistakes, ftdn_value *ret_values, ftdn_error *err);

/* The defaults of a table, a slot for each of its keys. */
FTDN_NODISCARD ftdn_status ftdn_values_read_defaults(const ftdn_key_table *table, ftdn_arena *arena,
                                                     ftdn_value *ret_values, ftdn_error *err);

/* Is the key, or any key inside it, given? */
bool ftdn_document_has(const ftdn_document *document, ftdn_key_id key);

/* Does the text obey the rule of NAME? */
bool ftdn_is_name(const char *text);

/* The integer or number of a sound value, 0 for "-0"; undefined for other kinds. */
double ftdn_value_number(const ftdn_value *value);

#endif
