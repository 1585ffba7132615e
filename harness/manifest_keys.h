/* manifest_keys.h - the one table of what a manifest may say.
 *
 * Each key is a row: its dotted path, what values it takes, its default and a line of help. Reading,
 * checking, suggestions and messages all come from the table; adding a key is adding a row (and the
 * place that reads it, settings.c). The rows stand in depth-first order: behind an object follow all
 * keys inside it, so that an object with its inside is a slice of the table. Row 0 is the document itself. */
#ifndef FTDN_HARNESS_MANIFEST_KEYS_H
#define FTDN_HARNESS_MANIFEST_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

#define FTDN_LARGEST_INTEGER 9007199254740992 /* 2^53: every integer up to here is a double */
#define FTDN_MAX_TRIALS ((size_t)10000000)    /* combinations of one manifest */
#define FTDN_MAX_RANGE_VALUES 10000           /* values of one range */
#define FTDN_MAX_SAMPLE_KEYS 16               /* keys of one sample */
#define FTDN_FORMULA_PREFIX "formula:"        /* of model.weights that are made up: "formula:0" */

typedef enum ftdn_key_id {
    FTDN_KEY_ROOT,
    FTDN_KEY_SCHEMA,
    FTDN_KEY_VERSION,
    FTDN_KEY_NAME,
    FTDN_KEY_DESCRIPTION,
    FTDN_KEY_EXTENDS,
    FTDN_KEY_DEFAULTS,
    FTDN_KEY_MODEL,
    FTDN_KEY_MODEL_NAME,
    FTDN_KEY_MODEL_WEIGHTS,
    FTDN_KEY_MODEL_WIDTH,
    FTDN_KEY_MODEL_CLASSES,
    FTDN_KEY_DATASET,
    FTDN_KEY_DATASET_KIND,
    FTDN_KEY_DATASET_ROOT,
    FTDN_KEY_DATASET_SPLIT,
    FTDN_KEY_DATASET_IMAGES,
    FTDN_KEY_DATASET_SEED,
    FTDN_KEY_EVALUATE,
    FTDN_KEY_EVALUATE_SCORE_THRESHOLD,
    FTDN_KEY_EVALUATE_NMS_IOU,
    FTDN_KEY_EVALUATE_CANDIDATES,
    FTDN_KEY_EVALUATE_IOU,
    FTDN_KEY_ENGINE,
    FTDN_KEY_ENGINE_BACKEND,
    FTDN_KEY_ENGINE_CONVOLUTION,
    FTDN_KEY_FAULTS,
    FTDN_KEY_FAULTS_TYPE,
    FTDN_KEY_FAULTS_BIT,
    FTDN_KEY_FAULTS_BITS,
    FTDN_KEY_FAULTS_RANGE,
    FTDN_KEY_FAULTS_WEIGHT_RATE,
    FTDN_KEY_FAULTS_FEATURE_MAP_RATE,
    FTDN_KEY_FAULTS_WEIGHT_COUNT,
    FTDN_KEY_FAULTS_FEATURE_MAP_COUNT,
    FTDN_KEY_FAULTS_SCOPE,
    FTDN_KEY_FAULTS_SCOPE_WEIGHTS,
    FTDN_KEY_FAULTS_SCOPE_FEATURE_MAPS,
    FTDN_KEY_FAULTS_FEATURE_MAP_POINT,
    FTDN_KEY_FAULTS_REDRAW,
    FTDN_KEY_FAULTS_COPIES,
    FTDN_KEY_PROTECTION,
    FTDN_KEY_PROTECTION_METHOD,
    FTDN_KEY_PROTECTION_RANKING,
    FTDN_KEY_PROTECTION_DIRECTION,
    FTDN_KEY_PROTECTION_RATIO,
    FTDN_KEY_PROTECTION_ALLOCATION,
    FTDN_KEY_PROTECTION_MERGE,
    FTDN_KEY_PROTECTION_MERGE_POINT,
    FTDN_KEY_PROTECTION_COMBINE,
    FTDN_KEY_CALIBRATION,
    FTDN_KEY_CALIBRATION_KIND,
    FTDN_KEY_CALIBRATION_ROOT,
    FTDN_KEY_CALIBRATION_SPLIT,
    FTDN_KEY_CALIBRATION_IMAGES,
    FTDN_KEY_CALIBRATION_SEED,
    FTDN_KEY_CALIBRATION_ALLOW_OVERLAP,
    FTDN_KEY_CALIBRATION_MEASURED_IMAGES,
    FTDN_KEY_SEED,
    FTDN_KEY_SWEEP,
    FTDN_KEY_SWEEP_DESCRIPTION,
    FTDN_KEY_SWEEP_SET,
    FTDN_KEY_SWEEP_GRID,
    FTDN_KEY_SWEEP_ZIP,
    FTDN_KEY_SWEEP_SAMPLE,
    FTDN_KEY_SWEEP_SAMPLE_METHOD,
    FTDN_KEY_SWEEP_SAMPLE_POINTS,
    FTDN_KEY_SWEEP_SAMPLE_SEED,
    FTDN_KEY_SWEEP_SAMPLE_KEYS,
    FTDN_KEY_SWEEP_EXCLUDE,
    FTDN_KEY_SWEEP_INCLUDE,
    FTDN_KEY_SWEEP_SEEDS,
    FTDN_KEY_SWEEP_SEEDS_FROM,
    FTDN_KEY_SWEEP_SEEDS_TO,
    FTDN_KEY_SWEEP_SEEDS_STEP,
    FTDN_KEY_SWEEP_SEEDS_UNTIL,
    FTDN_KEY_SWEEP_SEEDS_UNTIL_CI95,
    FTDN_KEY_SWEEP_SEEDS_UNTIL_MIN,
    FTDN_KEY_SWEEP_SEEDS_UNTIL_MAX,
    FTDN_KEY_SWEEPS,
    FTDN_N_KEYS,
} ftdn_key_id;

typedef enum ftdn_value_type {
    FTDN_VALUE_OBJECT,  /* of the keys inside */
    FTDN_VALUE_TEXT,    /* any string */
    FTDN_VALUE_NAME,    /* letters, digits, '-', '_', '.'; the first a letter or a digit; at most 100 */
    FTDN_VALUE_CHOICE,  /* one of the listed strings */
    FTDN_VALUE_INTEGER, /* in [min, max], within 2^53 */
    FTDN_VALUE_NUMBER,  /* in [min, max] */
    FTDN_VALUE_RANGE,   /* [least, greatest]: two numbers in [min, max] */
    FTDN_VALUE_FLAG,    /* true or false */
    FTDN_VALUE_PATH,    /* ${NAME} is an environment variable; relative ones start at the manifest's folder */
    FTDN_VALUE_PATHS,   /* a path, or a list of at least one */
    FTDN_VALUE_WEIGHTS, /* a path, or "formula:N" */
    FTDN_VALUE_SCOPE,   /* one of the listed strings, a list of layer-name globs, or an object where keys are inside */

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

/* Words a value may be: [*ret_n]. */
typedef const char *const *ftdn_choices_function(int *ret_n);

typedef struct ftdn_key {
    const char *path; /* "faults.weight_rate"; "" for the document */
    ftdn_value_type type;
    double min, max; /* INTEGER, NUMBER, RANGE */
    bool min_excluded;
    ftdn_choices_function *choices; /* CHOICE, SCOPE; else NULL */
    const char *default_json;       /* JSON text; NULL: none */
    bool required;                  /* wherever the object around it is given */
    bool swept;                     /* a trial depends on it: a sweep may vary it, `defaults` may give it */
    const char *help;               /* one line */
} ftdn_key;

extern const ftdn_key ftdn_manifest_keys[FTDN_N_KEYS];

/* The key of a dotted path; -1 if there is none. n_chars: of path. */
int ftdn_key_find(const char *path, size_t n_chars);

/* The object around a key; FTDN_KEY_ROOT for the outermost keys. Not for FTDN_KEY_ROOT itself. */
ftdn_key_id ftdn_key_parent(ftdn_key_id key);

/* Rows of the table that the key and everything inside it take: key ... key + n - 1. */
int ftdn_key_n_rows(ftdn_key_id key);

/* The key of this name right inside an object; FTDN_KEY_ROOT if there is none. */
ftdn_key_id ftdn_key_find_inside(ftdn_key_id parent, const char *name);

/* The path behind its last '.'. */
const char *ftdn_key_last_name(ftdn_key_id key);

/* The known key that a wrong one may mean: the nearest among the keys right inside `parent`, or one that
 * has this name elsewhere (its whole path is given then); NULL if none. */
const char *ftdn_key_suggest(ftdn_key_id parent, const char *name);

/* The same for a dotted path in a grid: only keys that may be swept. */
const char *ftdn_key_suggest_swept(const char *path);

/* The names of the keys right inside an object: "name, weights, width". */
void ftdn_key_write_inside(ftdn_key_id parent, ftdn_text *text);

/* The names of the template's outermost keys: "model, dataset, evaluate". */
void ftdn_key_write_template(ftdn_text *text);

/* What a key takes, in words that fit behind "allowed:": "a number in [0, 1]", "voc, test_scenes". */
void ftdn_key_write_allowed(ftdn_key_id key, ftdn_text *text);

#endif
