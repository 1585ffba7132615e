/* manifest_keys.h - the one table of what an experiment's manifest may say (key_table.h).
 *
 * Adding a key is adding a row, and the place that reads it, settings.c. The functions below are those of
 * key_table.h for this table. */
#ifndef FTDN_HARNESS_MANIFEST_MANIFEST_KEYS_H
#define FTDN_HARNESS_MANIFEST_MANIFEST_KEYS_H

#include <stddef.h>

#include "base/text.h"
#include "harness/manifest/key_table.h"

#define FTDN_MAX_TRIALS ((size_t)10000000)    /* combinations of one manifest */
#define FTDN_MAX_RANGE_VALUES 10000           /* values of one range */
#define FTDN_MAX_SAMPLE_KEYS 16               /* keys of one sample */
#define FTDN_MAX_MICRO_BATCH 1024             /* images of one forward pass */
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
    FTDN_KEY_DATASET_ANNOTATIONS,
    FTDN_KEY_DATASET_IMAGES,
    FTDN_KEY_DATASET_SEED,
    FTDN_KEY_DATASET_CLASSES,
    FTDN_KEY_DATASET_RENAME,
    FTDN_KEY_DATASET_OTHER_CLASSES,
    FTDN_KEY_EVALUATE,
    FTDN_KEY_EVALUATE_SCORE_THRESHOLD,
    FTDN_KEY_EVALUATE_NMS_IOU,
    FTDN_KEY_EVALUATE_CANDIDATES,
    FTDN_KEY_EVALUATE_IOU,
    FTDN_KEY_ENGINE,
    FTDN_KEY_ENGINE_BACKEND,
    FTDN_KEY_ENGINE_CONVOLUTION,
    FTDN_KEY_ENGINE_MICRO_BATCH,
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
    FTDN_KEY_CALIBRATION_ANNOTATIONS,
    FTDN_KEY_CALIBRATION_IMAGES,
    FTDN_KEY_CALIBRATION_SEED,
    FTDN_KEY_CALIBRATION_CLASSES,
    FTDN_KEY_CALIBRATION_RENAME,
    FTDN_KEY_CALIBRATION_OTHER_CLASSES,
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

extern const ftdn_key ftdn_manifest_keys[FTDN_N_KEYS];
extern const ftdn_key_table ftdn_manifest_key_table;

static inline int ftdn_key_find(const char *path, size_t n_chars)
{
    return ftdn_key_table_find(&ftdn_manifest_key_table, path, n_chars);
}

static inline ftdn_key_id ftdn_key_parent(ftdn_key_id key)
{
    return (ftdn_key_id)ftdn_key_table_parent(&ftdn_manifest_key_table, (int)key);
}

static inline int ftdn_key_n_rows(ftdn_key_id key)
{
    return ftdn_key_table_n_rows(&ftdn_manifest_key_table, (int)key);
}

static inline ftdn_key_id ftdn_key_find_inside(ftdn_key_id parent, const char *name)
{
    return (ftdn_key_id)ftdn_key_table_find_inside(&ftdn_manifest_key_table, (int)parent, name);
}

static inline const char *ftdn_key_last_name(ftdn_key_id key)
{
    return ftdn_key_table_last_name(&ftdn_manifest_key_table, (int)key);
}

static inline const char *ftdn_key_suggest(ftdn_key_id parent, const char *name)
{
    return ftdn_key_table_suggest(&ftdn_manifest_key_table, (int)parent, name);
}

static inline const char *ftdn_key_suggest_swept(const char *path)
{
    return ftdn_key_table_suggest_swept(&ftdn_manifest_key_table, path);
}

static inline void ftdn_key_write_inside(ftdn_key_id parent, ftdn_text *text)
{
    ftdn_key_table_write_inside(&ftdn_manifest_key_table, (int)parent, text);
}

static inline void ftdn_key_write_template(ftdn_text *text)
{
    ftdn_key_table_write_template(&ftdn_manifest_key_table, text);
}

static inline void ftdn_key_write_allowed(ftdn_key_id key, ftdn_text *text)
{
    ftdn_key_table_write_allowed(&ftdn_manifest_key_table, (int)key, text);
}

#endif
