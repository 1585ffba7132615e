#include "harness/settings.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protectors/protector.h"
#include "rankers/ranker.h"

/* The keys of a set of images, which `dataset` and `calibration` both are. */
typedef struct data_keys {
    ftdn_key_id object, kind, root, split, images, seed;
} data_keys;

static const data_keys dataset_keys = {FTDN_KEY_DATASET,       FTDN_KEY_DATASET_KIND,   FTDN_KEY_DATASET_ROOT,
                                       FTDN_KEY_DATASET_SPLIT, FTDN_KEY_DATASET_IMAGES, FTDN_KEY_DATASET_SEED};

static const data_keys calibration_keys = {FTDN_KEY_CALIBRATION,        FTDN_KEY_CALIBRATION_KIND,
                                           FTDN_KEY_CALIBRATION_ROOT,   FTDN_KEY_CALIBRATION_SPLIT,
                                           FTDN_KEY_CALIBRATION_IMAGES, FTDN_KEY_CALIBRATION_SEED};

/* Where a missing key would stand: the nearest object around it that is given. */
static ftdn_position missing_position(const ftdn_document *document, ftdn_key_id key)
{
    do key = ftdn_key_parent(key);
    while (key != FTDN_KEY_ROOT && !document->value[key].node);
    return ftdn_position_of_value(document->value[key].node);
}

static void add_missing(const ftdn_document *document, ftdn_key_id key, const char *why, ftdn_mistakes *mistakes)
{
    ftdn_text allowed;
    ftdn_text_init(&allowed);
    ftdn_key_write_allowed(key, &allowed);
    if (allowed.failed) mistakes->failed = true;
    else
        ftdn_mistakes_add(mistakes, missing_position(document, key), ftdn_manifest_keys[key].path,
                          "missing%s; allowed: %s", why, allowed.chars);
    ftdn_text_done(&allowed);
}

/* A required key is missed only where the object around it is there; the object itself may be required too. */
static void check_required(const ftdn_document *document, ftdn_mistakes *mistakes)
{
    for (int i = 1; i < FTDN_N_KEYS; i++) {
        ftdn_key_id key = (ftdn_key_id)i;
        if (!ftdn_manifest_keys[key].required || ftdn_document_has(document, key)) continue;
        ftdn_key_id parent = ftdn_key_parent(key);
        bool is_broken = document->value[parent].node && !document->value[parent].is_sound;
        if (!is_broken && ftdn_document_has(document, parent)) add_missing(document, key, "", mistakes);
    }
}

/* The string of a sound value; NULL where it is not given or not sound. */
static const char *find_word(const ftdn_document *document, ftdn_key_id key)
{
    const ftdn_value *value = &document->value[key];
    return value->node && value->is_sound ? value->node->string : NULL;
}

static ftdn_position position_of(const ftdn_json *node)
{
    return node->key ? ftdn_position_of_key(node) : ftdn_position_of_value(node);
}

/* A key that has no meaning with this kind of images. allowed: the keys that have. */
static void refuse(const ftdn_document *document, ftdn_key_id key, const char *kind, const char *allowed,
                   ftdn_mistakes *mistakes)
{
    const ftdn_json *node = document->value[key].node;
    if (!node) return;
    ftdn_mistakes_add(mistakes, position_of(node), ftdn_manifest_keys[key].path, "not a key of kind '%s'; allowed: %s",
                      kind, allowed);
}

static void check_data(const ftdn_document *document, const data_keys *keys, ftdn_mistakes *mistakes)
{
    const char *kind = find_word(document, keys->kind);
    if (!kind) return;
    if (strcmp(kind, "voc") == 0) {
        if (!document->value[keys->root].node) add_missing(document, keys->root, " for kind 'voc'", mistakes);
        refuse(document, keys->seed, kind, "root, split, images", mistakes);
    } else {
        if (!document->value[keys->images].node)
            add_missing(document, keys->images, " for kind 'test_scenes'", mistakes);
        refuse(document, keys->root, kind, "images, seed", mistakes);
        refuse(document, keys->split, kind, "images, seed", mistakes);
    }
}

static bool is_bit_type(const char *type)
{
    return !strcmp(type, "bit_flip") || !strcmp(type, "stuck_at_0") || !strcmp(type, "stuck_at_1");
}

/* The same, `otherwise` where the key is not given. */
static const char *find_word_or(const ftdn_document *document, ftdn_key_id key, const char *otherwise)
{
    return document->value[key].node ? find_word(document, key) : otherwise;
}

/* A key that may stand only beside some values of another key, `chooser`. */
typedef struct detail {
    ftdn_key_id key;
    bool belongs;       /* the chooser has such a value */
    const char *values; /* those values: "bit_flip, stuck_at_0" */
} detail;

/* choice: the chooser's value. */
static void check_details(const ftdn_document *document, ftdn_key_id chooser, const char *choice, const detail *details,
                          int n_details, ftdn_mistakes *mistakes)
{
    const char *name = ftdn_key_last_name(chooser);
    for (int i = 0; i < n_details; i++) {
        const ftdn_json *node = document->value[details[i].key].node;
        if (!node || details[i].belongs) continue;
        ftdn_mistakes_add(mistakes, position_of(node), ftdn_manifest_keys[details[i].key].path,
                          "not a key of %s '%s'; allowed: with %s %s", name, choice, name, details[i].values);
    }
}

/* Which keys say more about the fault type. */
static void check_fault_type(const ftdn_document *document, ftdn_mistakes *mistakes)
{
    static const char bit_types[] = "bit_flip, stuck_at_0, stuck_at_1";
    const char *type = find_word_or(document, FTDN_KEY_FAULTS_TYPE, "zero");
    if (!type) return;
    const detail details[] = {
        {FTDN_KEY_FAULTS_BIT, is_bit_type(type), bit_types},
        {FTDN_KEY_FAULTS_BITS, is_bit_type(type), bit_types},
        {FTDN_KEY_FAULTS_RANGE, !strcmp(type, "random"), "random"},
    };
    check_details(document, FTDN_KEY_FAULTS_TYPE, type, details, 3, mistakes);
    const ftdn_json *bit = document->value[FTDN_KEY_FAULTS_BIT].node,
                    *bits = document->value[FTDN_KEY_FAULTS_BITS].node;
    if (is_bit_type(type) && bit && bits)
        ftdn_mistakes_add(mistakes, position_of(bits), ftdn_manifest_keys[FTDN_KEY_FAULTS_BITS].path,
                          "given beside faults.bit; allowed: one of them");
}

static bool is_above_0(const ftdn_document *document, ftdn_key_id key)
{
    const ftdn_value *value = &document->value[key];
    return value->node && value->is_sound && ftdn_value_number(value) > 0;
}

/* Faults of a location are drawn by a rate or by a count. */
static void check_count(const ftdn_document *document, ftdn_key_id count, ftdn_key_id rate, ftdn_mistakes *mistakes)
{
    if (!is_above_0(document, count) || !is_above_0(document, rate)) return;
    ftdn_mistakes_add(mistakes, position_of(document->value[count].node), ftdn_manifest_keys[count].path,
                      "above 0 beside %s; allowed: one of them above 0", ftdn_manifest_keys[rate].path);
}

/* Which keys say more about the method of a protection and its ranking. */
static void check_protection(const ftdn_document *document, ftdn_mistakes *mistakes)
{
    static const char duplicating[] = "kr, fmr, d2nn";
    const char *method = find_word_or(document, FTDN_KEY_PROTECTION_METHOD, "none");
    if (!method) return;
    const ftdn_protector *protector = ftdn_protector_find(method);
    const detail of_method[] = {
        {FTDN_KEY_PROTECTION_RANKING, protector->duplicates, duplicating},
        {FTDN_KEY_PROTECTION_DIRECTION, protector->duplicates, duplicating},
        {FTDN_KEY_PROTECTION_RATIO, protector->duplicates, duplicating},
        {FTDN_KEY_PROTECTION_ALLOCATION, protector->duplicates, duplicating},
        {FTDN_KEY_PROTECTION_MERGE, protector->merges, "kr, fmr"},
        {FTDN_KEY_PROTECTION_MERGE_POINT, protector->merges_maps, "fmr"},
        {FTDN_KEY_PROTECTION_COMBINE, protector->has_two_networks, "d2nn"},
    };
    check_details(document, FTDN_KEY_PROTECTION_METHOD, method, of_method, 7, mistakes);
    if (!protector->duplicates) return;
    if (!document->value[FTDN_KEY_PROTECTION_RATIO].node) {
        char why[32];
        snprintf(why, sizeof why, " for method '%s'", method);
        add_missing(document, FTDN_KEY_PROTECTION_RATIO, why, mistakes);
    }
    const char *ranking = find_word_or(document, FTDN_KEY_PROTECTION_RANKING, "weight_sum");
    if (!ranking) return;
    const detail of_ranking = {FTDN_KEY_PROTECTION_DIRECTION, !strcmp(ranking, "weight_sum"), "weight_sum"};
    check_details(document, FTDN_KEY_PROTECTION_RANKING, ranking, &of_ranking, 1, mistakes);
}

void ftdn_settings_check(const ftdn_document *document, ftdn_mistakes *mistakes)
{
    check_required(document, mistakes);
    check_data(document, &dataset_keys, mistakes);
    check_data(document, &calibration_keys, mistakes);
    check_fault_type(document, mistakes);
    check_count(document, FTDN_KEY_FAULTS_WEIGHT_COUNT, FTDN_KEY_FAULTS_WEIGHT_RATE, mistakes);
    check_count(document, FTDN_KEY_FAULTS_FEATURE_MAP_COUNT, FTDN_KEY_FAULTS_FEATURE_MAP_RATE, mistakes);
    check_protection(document, mistakes);
}

/* A document and the defaults behind it. */
typedef struct lookup {
    const ftdn_document *document, *defaults;
} lookup;

/* The value, or its default; a slot without a node where there is neither. */
static const ftdn_value *get_value(const lookup *from, ftdn_key_id key)
{
    const ftdn_value *value = &from->document->value[key];
    return value->node ? value : &from->defaults->value[key];
}

static double get_number(const lookup *from, ftdn_key_id key, double otherwise)
{
    const ftdn_value *value = get_value(from, key);
    return value->node ? ftdn_value_number(value) : otherwise;
}

static const char *get_text(const lookup *from, ftdn_key_id key)
{
    const ftdn_value *value = get_value(from, key);
    return value->node ? value->node->string : NULL;
}

static ftdn_model_settings make_model(const lookup *from)
{
    const ftdn_value *weights = get_value(from, FTDN_KEY_MODEL_WEIGHTS);
    ftdn_model_settings model = {
        .name = get_text(from, FTDN_KEY_MODEL_NAME),
        .width = get_number(from, FTDN_KEY_MODEL_WIDTH, 0),
        .n_classes = (int)get_number(from, FTDN_KEY_MODEL_CLASSES, 0),
        .weights = weights->node->string,
        .weights_path = weights->path,
    };
    if (model.weights_path) {
        const char *last_slash = strrchr(model.weights_path, '/');
        model.weights = last_slash ? last_slash + 1 : model.weights_path;
    } else {
        model.formula_seed = strtoull(model.weights + strlen(FTDN_FORMULA_PREFIX), NULL, 10);
    }
    return model;
}

static ftdn_data_settings make_data(const lookup *from, const data_keys *keys)
{
    const char *kind = get_text(from, keys->kind);
    if (!kind) return (ftdn_data_settings){.kind = FTDN_DATA_NONE};
    int n_images = (int)get_number(from, keys->images, 0);
    if (strcmp(kind, "test_scenes") == 0)
        return (ftdn_data_settings){
            .kind = FTDN_DATA_TEST_SCENES, .n_images = n_images, .seed = (uint64_t)get_number(from, keys->seed, 0)};
    assert(strcmp(kind, "voc") == 0);
    return (ftdn_data_settings){
        .kind = FTDN_DATA_VOC,
        .root = get_value(from, keys->root)->path,
        .split = get_text(from, keys->split),
        .n_images = n_images,
    };
}

/* The scope of weights or of maps: as given apart, else as given for both. */
static ftdn_scope_settings make_scope(const lookup *from, ftdn_key_id apart)
{
    const ftdn_value *value = &from->document->value[apart];
    if (!value->node) value = get_value(from, FTDN_KEY_FAULTS_SCOPE);
    if (value->node->kind == FTDN_JSON_OBJECT) value = &from->defaults->value[FTDN_KEY_FAULTS_SCOPE];
    if (value->glob) return (ftdn_scope_settings){.glob = value->glob, .n_globs = value->node->n_children};
    return (ftdn_scope_settings){.name = value->node->string};
}

static ftdn_evaluate_settings make_evaluate(const lookup *from)
{
    return (ftdn_evaluate_settings){
        .score_threshold = get_number(from, FTDN_KEY_EVALUATE_SCORE_THRESHOLD, 0),
        .nms_iou = get_number(from, FTDN_KEY_EVALUATE_NMS_IOU, 0),
        .candidates = (int)get_number(from, FTDN_KEY_EVALUATE_CANDIDATES, 0),
        .iou = get_number(from, FTDN_KEY_EVALUATE_IOU, 0),
    };
}

static ftdn_engine_settings make_engine(const lookup *from)
{
    const char *convolution = get_text(from, FTDN_KEY_ENGINE_CONVOLUTION);
    return (ftdn_engine_settings){
        .backend = get_text(from, FTDN_KEY_ENGINE_BACKEND),
        .convolution = convolution,
        .conv_algorithm = strcmp(convolution, "winograd") == 0 ? FTDN_CONV_WINOGRAD : FTDN_CONV_DIRECT,
    };
}

static ftdn_fault_settings make_faults(const lookup *from)
{
    const char *type = get_text(from, FTDN_KEY_FAULTS_TYPE);
    const ftdn_json *range = from->document->value[FTDN_KEY_FAULTS_RANGE].node;
    int bit = (int)get_number(from, FTDN_KEY_FAULTS_BIT, -1);
    return (ftdn_fault_settings){
        .type = type,
        .bit = bit,
        .bits = is_bit_type(type) && bit < 0 ? get_text(from, FTDN_KEY_FAULTS_BITS) : NULL,
        .has_range = range != NULL,
        .low = range ? (float)(range->child[0]->number + 0.0) : 0, /* -0 + 0 = 0 */
        .high = range ? (float)(range->child[1]->number + 0.0) : 0,
        .weight_rate = get_number(from, FTDN_KEY_FAULTS_WEIGHT_RATE, 0),
        .feature_map_rate = get_number(from, FTDN_KEY_FAULTS_FEATURE_MAP_RATE, 0),
        .weight_count = (int)get_number(from, FTDN_KEY_FAULTS_WEIGHT_COUNT, 0),
        .feature_map_count = (int)get_number(from, FTDN_KEY_FAULTS_FEATURE_MAP_COUNT, 0),
        .weight_scope = make_scope(from, FTDN_KEY_FAULTS_SCOPE_WEIGHTS),
        .feature_map_scope = make_scope(from, FTDN_KEY_FAULTS_SCOPE_FEATURE_MAPS),
        .feature_map_point = get_text(from, FTDN_KEY_FAULTS_FEATURE_MAP_POINT),
        .redraw = get_text(from, FTDN_KEY_FAULTS_REDRAW),
        .copies = get_text(from, FTDN_KEY_FAULTS_COPIES),
    };
}

/* What the method has no use for stays NULL or NaN. */
static ftdn_protection_settings make_protection(const lookup *from)
{
    ftdn_protection_settings made = {.method = get_text(from, FTDN_KEY_PROTECTION_METHOD), .ratio = (double)NAN};
    const ftdn_protector *protector = ftdn_protector_find(made.method);
    if (protector->duplicates) {
        made.ranking = get_text(from, FTDN_KEY_PROTECTION_RANKING);
        made.ratio = get_number(from, FTDN_KEY_PROTECTION_RATIO, (double)NAN);
        made.allocation = get_text(from, FTDN_KEY_PROTECTION_ALLOCATION);
        if (!strcmp(made.ranking, "weight_sum")) made.direction = get_text(from, FTDN_KEY_PROTECTION_DIRECTION);
    }
    if (protector->merges) made.merge = get_text(from, FTDN_KEY_PROTECTION_MERGE);
    if (protector->merges_maps) {
        made.merge_point = get_text(from, FTDN_KEY_PROTECTION_MERGE_POINT);
        if (!made.merge_point) made.merge_point = get_text(from, FTDN_KEY_FAULTS_FEATURE_MAP_POINT);
    }
    if (protector->has_two_networks) made.combine = get_text(from, FTDN_KEY_PROTECTION_COMBINE);
    return made;
}

void ftdn_settings_make(const ftdn_document *document, const ftdn_document *defaults, ftdn_trial_settings *ret_settings)
{
    const lookup from = {document, defaults};
    *ret_settings = (ftdn_trial_settings){
        .model = make_model(&from),
        .dataset = make_data(&from, &dataset_keys),
        .calibration = make_data(&from, &calibration_keys),
        .calibration_may_overlap = get_value(&from, FTDN_KEY_CALIBRATION_ALLOW_OVERLAP)->node->boolean,
        .n_measured_images = (int)get_number(&from, FTDN_KEY_CALIBRATION_MEASURED_IMAGES, 0),
        .evaluate = make_evaluate(&from),
        .engine = make_engine(&from),
        .faults = make_faults(&from),
        .protection = make_protection(&from),
        .seed = (uint64_t)get_number(&from, FTDN_KEY_SEED, 0),
    };
}

ftdn_fault_model ftdn_settings_fault_model(const ftdn_fault_settings *faults)
{
    static const struct {
        const char *name;
        ftdn_fault_type type;
    } types[] = {
        {"zero", FTDN_FAULT_ZERO},
        {"random", FTDN_FAULT_RANDOM},
        {"bit_flip", FTDN_FAULT_BIT_FLIP},
        {"stuck_at_0", FTDN_FAULT_STUCK_AT_0},
        {"stuck_at_1", FTDN_FAULT_STUCK_AT_1},
    };
    static const struct {
        const char *name;
        uint32_t first_bit, n_bits;
    } classes[] = {{"any", 0, 32}, {"sign", 31, 1}, {"exponent", 23, 8}, {"mantissa", 0, 23}};
    size_t t = 0, c = 0;
    while (strcmp(types[t].name, faults->type)) t++; /* the manifest's table of keys allows nothing else */
    ftdn_fault_model model = {
        .type = types[t].type, .has_range = faults->has_range, .low = faults->low, .high = faults->high};
    if (!is_bit_type(faults->type)) return model;
    model.first_bit = (uint32_t)faults->bit;
    model.n_bits = 1;
    if (faults->bit >= 0) return model;
    while (strcmp(classes[c].name, faults->bits)) c++;
    model.first_bit = classes[c].first_bit;
    model.n_bits = classes[c].n_bits;
    return model;
}

ftdn_fault_draw ftdn_settings_fault_draw(const ftdn_trial_settings *settings, ftdn_location location)
{
    const ftdn_fault_settings *faults = &settings->faults;
    bool hits_weights = location == FTDN_LOCATION_WEIGHTS;
    ftdn_copy_faults copies = FTDN_COPIES_INDEPENDENT;
    if (!strcmp(faults->copies, "clean")) copies = FTDN_COPIES_CLEAN;
    else if (!strcmp(faults->copies, "shared")) copies = FTDN_COPIES_SHARED;
    return (ftdn_fault_draw){
        .model = ftdn_settings_fault_model(faults),
        .rate = hits_weights ? faults->weight_rate : faults->feature_map_rate,
        .count = hits_weights ? faults->weight_count : faults->feature_map_count,
        .seed = settings->seed,
        .copies = copies,
    };
}

bool ftdn_settings_measure(const ftdn_protection_settings *protection)
{
    return protection->ranking && !strcmp(protection->ranking, "measured");
}

bool ftdn_settings_need_calibration(const ftdn_protection_settings *protection)
{
    if (ftdn_protector_find(protection->method)->clips || ftdn_settings_measure(protection)) return true;
    return protection->ranking && ftdn_ranker_find(protection->ranking)->needs_images;
}
