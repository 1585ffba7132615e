/* key_table.h - what a kind of manifest may say, as a table: its keys, their values, defaults and help.
 *
 * Each key is a row: its dotted path, what values it takes, its default and a line of help. Reading, checking,
 * suggestions and messages all come from the table. The rows stand in depth-first order: behind an object follow all
 * keys inside it, so that an object with its inside is a slice of the table. Row 0 is the document itself.
 * There are two tables: of experiments (manifest_keys.h) and of trainings (training_keys.h). */
#ifndef FTDN_HARNESS_MANIFEST_KEY_TABLE_H
#define FTDN_HARNESS_MANIFEST_KEY_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

#define FTDN_LARGEST_INTEGER 9007199254740992 /* 2^53: every integer up to here is a double */
#define FTDN_MAX_CLASSES 1000                 /* of a model or a dataset */
#define FTDN_MAX_KEYS 128                     /* rows of a table */

typedef enum ftdn_value_type {
    FTDN_VALUE_OBJECT,  /* of the keys inside */
    FTDN_VALUE_TEXT,    /* any string */
    FTDN_VALUE_NAME,    /* letters, digits, '-', '_', '.'; the first a letter or a digit; at most 100 */
    FTDN_VALUE_CHOICE,  /* one of the listed strings */
    FTDN_VALUE_INTEGER, /* in [min, max], within 2^53 */
    FTDN_VALUE_NUMBER,  /* in [min, max] */
    FTDN_VALUE_RANGE,   /* [least, greatest]: two numbers in [min, max] */
    FTDN_VALUE_FLAG,    /* true or false */
    FTDN_VALUE_PATH,    /* ${NAME} is a variable; relative ones start at the manifest's folder, else the data cache's */
    FTDN_VALUE_PATHS,   /* a path, or a list of at least one */
    FTDN_VALUE_WEIGHTS, /* a path, or "formula:N" */
    FTDN_VALUE_SCOPE,   /* one of the listed strings, a list of layer-name globs, or an object where keys are inside */
    FTDN_VALUE_CLASSES, /* a list of 1 ... FTDN_MAX_CLASSES different texts */
    FTDN_VALUE_RENAME,  /* an object of texts */

    /* What follows holds dotted keys (of rows that are `swept`), whose values are those of the keys' own rows. In a
     * list of values each item is one; a range is {"from": a, "to": b, "step": s} or {"log": [a, b, n]}. */
    FTDN_VALUE_DEFAULTS,    /* an object of the outermost keys that are `swept`, nested as in the document */
    FTDN_VALUE_KEYS,        /* an object of dotted keys, each with a value */
    FTDN_VALUE_GRID,        /* an object of dotted keys, each with a list of values or a range */
    FTDN_VALUE_ZIP,         /* the same, or a list of such objects */
    FTDN_VALUE_SAMPLE_KEYS, /* an object of dotted keys, each {"from": a, "to": b}, {"log": [a, b]} or a list */
    FTDN_VALUE_EXCLUDE,     /* a list of objects of dotted keys, each with a value or a list of values */
    FTDN_VALUE_INCLUDE,     /* a list of objects of dotted keys, each with a value */
    FTDN_VALUE_SEEDS,       /* a list of seeds, their number in [min, max], or an object: from, to, step; or until */
    FTDN_VALUE_SWEEPS,      /* an object of names (as NAME), each with an object of the keys inside `sweep` */
} ftdn_value_type;

/* Is a list one value of this type, so that a list of values is a list of lists? */
bool ftdn_value_is_list(ftdn_value_type type);

/* Words a value may be: [*ret_n]. */
typedef const char *const *ftdn_choices_function(int *ret_n);

typedef struct ftdn_key {
    const char *path; /* "faults.weight_rate"; "" for the document */
    ftdn_value_type type;
    double min, max; /* INTEGER, NUMBER, RANGE */
    bool min_excluded, max_excluded;
    ftdn_choices_function *choices;    /* CHOICE, SCOPE; else NULL */
    const char *default_json;          /* JSON text; NULL: none */
    bool required;                     /* wherever the object around it is given */
    bool swept;                        /* a trial depends on it: a sweep may vary it, `defaults` may give it */
    const char *help;                  /* one line */
    const struct ftdn_key_table *like; /* OBJECT: its keys are those of row like_key of this table; NULL: of its own */
    int like_key;
} ftdn_key;

typedef struct ftdn_key_table {
    const ftdn_key *key; /* [n_keys] */
    int n_keys;          /* FTDN_MAX_KEYS at most */
    bool has_sweeps;     /* dotted keys have a place in these manifests */
} ftdn_key_table;

/* The key of a dotted path; -1 if there is none. n_chars: of path. */
int ftdn_key_table_find(const ftdn_key_table *table, const char *path, size_t n_chars);

/* The object around a key; 0 for the outermost keys. Not for the document. */
int ftdn_key_table_parent(const ftdn_key_table *table, int key);

/* Rows of the table that the key and everything inside it take: key ... key + n - 1. */
int ftdn_key_table_n_rows(const ftdn_key_table *table, int key);

/* The key of this name right inside an object; 0 if there is none. */
int ftdn_key_table_find_inside(const ftdn_key_table *table, int parent, const char *name);

/* The path behind its last '.'. */
const char *ftdn_key_table_last_name(const ftdn_key_table *table, int key);

/* The known key that a wrong one may mean: the nearest among the keys right inside `parent`, or one that
 * has this name elsewhere (its whole path is given then); NULL if none. */
const char *ftdn_key_table_suggest(const ftdn_key_table *table, int parent, const char *name);

/* The same for a dotted path in a grid: only keys that may be swept. */
const char *ftdn_key_table_suggest_swept(const ftdn_key_table *table, const char *path);

/* The names of the keys right inside an object: "name, weights, width". */
void ftdn_key_table_write_inside(const ftdn_key_table *table, int parent, ftdn_text *text);

/* The names of the outermost keys that may be swept: "model, dataset, evaluate". */
void ftdn_key_table_write_template(const ftdn_key_table *table, ftdn_text *text);

/* What a key takes, in words that fit behind "allowed:": "a number in [0, 1]", "voc, test_scenes". */
void ftdn_key_table_write_allowed(const ftdn_key_table *table, int key, ftdn_text *text);

#endif
