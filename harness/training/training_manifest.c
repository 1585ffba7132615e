#include "harness/training/training_manifest.h"

#include <string.h>

#include "base/file.h"
#include "harness/manifest/document.h"
#include "harness/manifest/key_lookup.h"
#include "harness/manifest/manifest_extends.h"
#include "harness/training/training_keys.h"

/* AdamW's constants, as published. */
#define BETA1 0.9
#define BETA2 0.999
#define EPSILON 1e-8

/* A manifest under way. */
typedef struct reader {
    ftdn_arena *arena;
    ftdn_mistakes *mistakes;
    ftdn_value given[FTDN_TRAINING_N_KEYS];
    ftdn_value by_default[FTDN_TRAINING_N_KEYS];
    ftdn_document table;          /* the defaults of experiments */
    ftdn_document learnt, tested; /* trials of the two sets of images */
    ftdn_error *err;
} reader;

/* As given, else as in the table; a slot without a node where there is neither. */
static const ftdn_value *get(const reader *r, ftdn_training_key key)
{
    const ftdn_value *given = &r->given[key];
    return given->node ? given : &r->by_default[key];
}

static double number_of(const reader *r, ftdn_training_key key)
{
    return ftdn_value_number(get(r, key));
}

static bool is_flag_set(const reader *r, ftdn_training_key key)
{
    return get(r, key)->node->boolean;
}

static bool is_word(const reader *r, ftdn_training_key key, const char *word)
{
    return strcmp(get(r, key)->node->string, word) == 0;
}

static bool is_sgd(const reader *r)
{
    return is_word(r, FTDN_TRAINING_OPTIMIZER, "sgd");
}

static const char *path_of(ftdn_training_key key)
{
    return ftdn_training_key_table.key[key].path;
}

static void add_missing(const reader *r, int key)
{
    ftdn_text allowed;
    ftdn_text_init(&allowed);
    ftdn_key_table_write_allowed(&ftdn_training_key_table, key, &allowed);
    const ftdn_json *around = r->given[ftdn_key_table_parent(&ftdn_training_key_table, key)].node;
    if (allowed.failed) r->mistakes->failed = true;
    else
        ftdn_mistakes_add(r->mistakes, ftdn_position_of_value(around), path_of((ftdn_training_key)key),
                          "missing; allowed: %s", allowed.chars);
    ftdn_text_done(&allowed);
}

/* A required key is missed where the object around it is there. */
static void check_required(const reader *r)
{
    for (int key = 1; key < FTDN_TRAINING_N_KEYS; key++) {
        if (!ftdn_training_key_table.key[key].required || r->given[key].node) continue;
        const ftdn_value *around = &r->given[ftdn_key_table_parent(&ftdn_training_key_table, key)];
        if (around->node && around->is_sound) add_missing(r, key);
    }
}

static bool are_sound(const reader *r, ftdn_training_key a, ftdn_training_key b)
{
    const ftdn_value *left = get(r, a), *right = get(r, b);
    return left->node && left->is_sound && right->node && right->is_sound;
}

/* Keys that do not go together. */
static void check_together(const reader *r)
{
    const ftdn_json *momentum = r->given[FTDN_TRAINING_MOMENTUM].node;
    if (momentum && get(r, FTDN_TRAINING_OPTIMIZER)->is_sound && !is_sgd(r))
        ftdn_mistakes_add(r->mistakes, ftdn_position_of_key(momentum), path_of(FTDN_TRAINING_MOMENTUM),
                          "not a key of optimizer 'adam'; allowed: with optimizer sgd");
    if (are_sound(r, FTDN_TRAINING_CONVOLUTION, FTDN_TRAINING_BACKEND) && is_word(r, FTDN_TRAINING_BACKEND, "cpu") &&
        is_word(r, FTDN_TRAINING_CONVOLUTION, "tf32"))
        ftdn_mistakes_add(r->mistakes, ftdn_position_of_value(get(r, FTDN_TRAINING_CONVOLUTION)->node),
                          path_of(FTDN_TRAINING_CONVOLUTION), "'tf32' is not for backend 'cpu'; allowed: direct");
    if (are_sound(r, FTDN_TRAINING_WARMUP_STEPS, FTDN_TRAINING_STEPS) &&
        number_of(r, FTDN_TRAINING_WARMUP_STEPS) >= number_of(r, FTDN_TRAINING_STEPS))
        ftdn_mistakes_add(r->mistakes, ftdn_position_of_value(get(r, FTDN_TRAINING_WARMUP_STEPS)->node),
                          path_of(FTDN_TRAINING_WARMUP_STEPS), "%g is not allowed; allowed: fewer than steps, %g",
                          number_of(r, FTDN_TRAINING_WARMUP_STEPS), number_of(r, FTDN_TRAINING_STEPS));
    if (are_sound(r, FTDN_TRAINING_FINAL_LEARNING_RATE, FTDN_TRAINING_LEARNING_RATE) &&
        number_of(r, FTDN_TRAINING_FINAL_LEARNING_RATE) > number_of(r, FTDN_TRAINING_LEARNING_RATE))
        ftdn_mistakes_add(r->mistakes, ftdn_position_of_value(get(r, FTDN_TRAINING_FINAL_LEARNING_RATE)->node),
                          path_of(FTDN_TRAINING_FINAL_LEARNING_RATE),
                          "%g is not allowed; allowed: no more than learning_rate, %g",
                          number_of(r, FTDN_TRAINING_FINAL_LEARNING_RATE), number_of(r, FTDN_TRAINING_LEARNING_RATE));
}

/* Read a set of images as the dataset of a trial, in the words of experiments. */
static ftdn_status read_images(reader *r, ftdn_training_key key, ftdn_document *trial)
{
    const ftdn_document no_defaults = {0};
    const ftdn_value *object = &r->given[key];
    if (!object->node || !object->is_sound) return FTDN_OK;
    const ftdn_value_place place = {.key = FTDN_KEY_DATASET, .pointer = path_of(key), .item = -1};
    FTDN_TRY(ftdn_value_read(&place, object->node, r->arena, r->mistakes, &trial->value[FTDN_KEY_DATASET], r->err));
    const ftdn_lookup lookup = {.given = trial, .defaults = &no_defaults, .table = &r->table};
    ftdn_settings_check_dataset(&lookup, path_of(key), r->mistakes);
    return FTDN_OK;
}

/* Complete the trial: its model is the manifest's, of weights that nobody reads. */
static ftdn_status make_settings(reader *r, ftdn_document *trial, ftdn_trial_settings *ret_settings)
{
    static const char weights[] = "\"" FTDN_FORMULA_PREFIX "0\"";
    const ftdn_document no_defaults = {0};
    ftdn_value *value = &trial->value[FTDN_KEY_MODEL_WEIGHTS];
    FTDN_TRY(ftdn_json_parse(weights, sizeof weights - 1, "weights", r->arena, &value->node, r->err));
    value->is_sound = true;
    trial->value[FTDN_KEY_MODEL_NAME] = r->given[FTDN_TRAINING_MODEL_NAME];
    trial->value[FTDN_KEY_MODEL_WIDTH] = r->given[FTDN_TRAINING_MODEL_WIDTH];
    trial->value[FTDN_KEY_MODEL_CLASSES] = r->given[FTDN_TRAINING_MODEL_CLASSES];
    trial->value[FTDN_KEY_ENGINE_BACKEND] = *get(r, FTDN_TRAINING_BACKEND);
    trial->value[FTDN_KEY_ENGINE_CONVOLUTION] = *get(r, FTDN_TRAINING_CONVOLUTION);
    const ftdn_lookup lookup = {.given = trial, .defaults = &no_defaults, .table = &r->table};
    ftdn_settings_make(&lookup, ret_settings);
    return FTDN_OK;
}

static ftdn_optimizer_desc make_optimizer(const reader *r)
{
    ftdn_optimizer_desc desc = {
        .weight_decay = number_of(r, FTDN_TRAINING_WEIGHT_DECAY),
        .max_gradient_norm = number_of(r, FTDN_TRAINING_MAX_GRADIENT_NORM),
    };
    if (is_sgd(r)) {
        desc.kind = FTDN_OPTIMIZER_SGD;
        desc.momentum = number_of(r, FTDN_TRAINING_MOMENTUM);
    } else {
        desc.kind = FTDN_OPTIMIZER_ADAM;
        desc.beta1 = BETA1;
        desc.beta2 = BETA2;
        desc.epsilon = EPSILON;
    }
    return desc;
}

static ftdn_status make(reader *r, ftdn_training_manifest *manifest)
{
    const ftdn_json *description = r->given[FTDN_TRAINING_DESCRIPTION].node;
    double peak = number_of(r, FTDN_TRAINING_LEARNING_RATE);
    ftdn_trial_settings learnt;
    FTDN_TRY(make_settings(r, &r->learnt, &learnt));
    FTDN_TRY(make_settings(r, &r->tested, &manifest->validation));
    manifest->dataset = learnt.dataset;
    manifest->name = r->given[FTDN_TRAINING_NAME].node->string;
    manifest->description = description ? description->string : "";
    manifest->initial_weights = r->given[FTDN_TRAINING_INITIAL_WEIGHTS].path;
    manifest->validate_every = (int)number_of(r, FTDN_TRAINING_VALIDATION_EVERY);
    manifest->seed = (uint64_t)number_of(r, FTDN_TRAINING_SEED);
    manifest->batch = (int)number_of(r, FTDN_TRAINING_BATCH);
    manifest->n_steps = (int)number_of(r, FTDN_TRAINING_STEPS);
    manifest->batch_norms = is_flag_set(r, FTDN_TRAINING_BATCH_NORMS);
    manifest->optimizer = make_optimizer(r);
    manifest->learning_rate = (ftdn_learning_rate_desc){
        .peak = peak,
        .warmup_steps = (long long)number_of(r, FTDN_TRAINING_WARMUP_STEPS),
        .n_steps = manifest->n_steps,
        .final_fraction = number_of(r, FTDN_TRAINING_FINAL_LEARNING_RATE) / peak,
    };
    manifest->average = number_of(r, FTDN_TRAINING_AVERAGE);
    manifest->checkpoint_every = (int)number_of(r, FTDN_TRAINING_CHECKPOINT_EVERY);
    manifest->augmentation = (ftdn_augment_desc){
        .mirror = is_flag_set(r, FTDN_TRAINING_MIRROR),
        .photometric = number_of(r, FTDN_TRAINING_PHOTOMETRIC),
        .expand = number_of(r, FTDN_TRAINING_EXPAND),
        .max_expand = number_of(r, FTDN_TRAINING_MAX_EXPAND),
        .crop = is_flag_set(r, FTDN_TRAINING_CROP),
    };
    manifest->writes_half = is_word(r, FTDN_TRAINING_PRECISION, "f16");
    return ftdn_augment_check(&manifest->augmentation, r->err);
}

static ftdn_status read_document(reader *r, const char *text, size_t n_bytes, ftdn_training_manifest *manifest)
{
    const ftdn_json *root;
    const ftdn_value_place whole = {.table = &ftdn_training_key_table, .key = FTDN_TRAINING_ROOT, .item = -1};
    FTDN_TRY(ftdn_values_read_defaults(&ftdn_training_key_table, r->arena, r->by_default, r->err));
    FTDN_TRY(ftdn_values_read_defaults(&ftdn_manifest_key_table, r->arena, r->table.value, r->err));
    FTDN_TRY(ftdn_manifest_parse_json(text, n_bytes, manifest->path, r->arena, &root, r->err));
    FTDN_TRY(ftdn_value_read(&whole, root, r->arena, r->mistakes, r->given, r->err));
    check_required(r);
    check_together(r);
    FTDN_TRY(read_images(r, FTDN_TRAINING_DATASET, &r->learnt));
    FTDN_TRY(read_images(r, FTDN_TRAINING_VALIDATION_DATASET, &r->tested));
    FTDN_TRY(ftdn_mistakes_check(r->mistakes, r->err));
    return make(r, manifest);
}

ftdn_status ftdn_training_manifest_parse(const char *text, size_t n_bytes, const char *path, ftdn_arena *arena,
                                         ftdn_mistakes *mistakes, ftdn_training_manifest *ret_manifest, ftdn_error *err)
{
    reader r = {.arena = arena, .mistakes = mistakes, .err = err};
    ftdn_training_manifest manifest = {.path = ftdn_arena_format(arena, err, "%s", path)};
    if (!manifest.path) return FTDN_ERR_MEMORY;
    FTDN_TRY(read_document(&r, text, n_bytes, &manifest));
    *ret_manifest = manifest;
    return FTDN_OK;
}

ftdn_status ftdn_training_manifest_load(const char *path, ftdn_arena *arena, ftdn_mistakes *mistakes,
                                        ftdn_training_manifest *ret_manifest, ftdn_error *err)
{
    char *text = NULL;
    size_t n_bytes = 0;
    FTDN_TRY(ftdn_file_load(path, FTDN_LARGEST_MANIFEST, arena, &text, &n_bytes, err));
    return ftdn_training_manifest_parse(text, n_bytes, path, arena, mistakes, ret_manifest, err);
}
