#include "harness/manifest/settings.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "protectors/protector.h"
#include "rankers/ranker.h"

/* The keys of a set of images, which `dataset` and `calibration` both are. */
typedef struct data_keys {
    ftdn_key_id kind, root, split, annotations, images, seed, classes, rename, other_classes;
} data_keys;

static const data_keys dataset_keys = {
    .kind = FTDN_KEY_DATASET_KIND,
    .root = FTDN_KEY_DATASET_ROOT,
    .split = FTDN_KEY_DATASET_SPLIT,
    .annotations = FTDN_KEY_DATASET_ANNOTATIONS,
    .images = FTDN_KEY_DATASET_IMAGES,
    .seed = FTDN_KEY_DATASET_SEED,
    .classes = FTDN_KEY_DATASET_CLASSES,
    .rename = FTDN_KEY_DATASET_RENAME,
    .other_classes = FTDN_KEY_DATASET_OTHER_CLASSES,
};

static const data_keys calibration_keys = {
    .kind = FTDN_KEY_CALIBRATION_KIND,
    .root = FTDN_KEY_CALIBRATION_ROOT,
    .split = FTDN_KEY_CALIBRATION_SPLIT,
    .annotations = FTDN_KEY_CALIBRATION_ANNOTATIONS,
    .images = FTDN_KEY_CALIBRATION_IMAGES,
    .seed = FTDN_KEY_CALIBRATION_SEED,
    .classes = FTDN_KEY_CALIBRATION_CLASSES,
    .rename = FTDN_KEY_CALIBRATION_RENAME,
    .other_classes = FTDN_KEY_CALIBRATION_OTHER_CLASSES,
};

static double get_number(const ftdn_lookup *from, ftdn_key_id key, double otherwise)
{
    const ftdn_value *value = ftdn_lookup_get(from, key);
    return value->node ? ftdn_value_number(value) : otherwise;
}

static const char *get_text(const ftdn_lookup *from, ftdn_key_id key)
{
    const ftdn_value *value = ftdn_lookup_get(from, key);
    return value->node ? value->node->string : NULL;
}

/* What the key says where the kind of images has it; else what the same key of the dataset says. */
static const ftdn_value *get_of_files(const ftdn_lookup *from, ftdn_key_id key, ftdn_key_id of_dataset)
{
    const ftdn_value *value = ftdn_lookup_get(from, key);
    return value->node || !ftdn_lookup_uses(from, of_dataset) ? value : ftdn_lookup_get(from, of_dataset);
}

static ftdn_class_choice make_classes(const ftdn_lookup *from, const data_keys *keys)
{
    const ftdn_value *names = get_of_files(from, keys->classes, dataset_keys.classes),
                     *rename = get_of_files(from, keys->rename, dataset_keys.rename),
                     *others = get_of_files(from, keys->other_classes, dataset_keys.other_classes);
    return (ftdn_class_choice){
        .name = names->list,
        .n_classes = names->node ? names->node->n_children : 0,
        .rename = rename->list,
        .n_renames = rename->node ? rename->node->n_children : 0,
        .ignores_others = others->node && !strcmp(others->node->string, "ignore"),
    };
}

static ftdn_data_settings make_data(const ftdn_lookup *from, const data_keys *keys)
{
    const char *kind = get_text(from, keys->kind);
    if (!kind) return (ftdn_data_settings){.kind = FTDN_DATA_NONE};
    ftdn_data_settings data = {.n_images = (int)get_number(from, keys->images, 0)};
    if (strcmp(kind, "test_scenes")) data.split = get_text(from, keys->split);
    if (!strcmp(kind, "test_scenes") || !strcmp(kind, "road")) {
        bool is_road = strcmp(kind, "road") == 0;
        data.kind = is_road ? FTDN_DATA_ROAD : FTDN_DATA_TEST_SCENES;
        data.seed = (uint64_t)get_number(from, keys->seed, 0);
        if (is_road && data.n_images == 0) data.n_images = FTDN_ROAD_IMAGES;
        return data;
    }
    bool is_coco = strcmp(kind, "coco") == 0;
    assert(is_coco || strcmp(kind, "voc") == 0);
    data.kind = is_coco ? FTDN_DATA_COCO : FTDN_DATA_VOC;
    data.root = ftdn_lookup_get(from, keys->root)->path;
    data.classes = make_classes(from, keys);
    if (is_coco) data.annotations = get_text(from, keys->annotations);
    return data;
}

static int count_classes(const ftdn_data_settings *data)
{
    if (data->kind == FTDN_DATA_ROAD) return (int)(sizeof ftdn_road_class_name / sizeof *ftdn_road_class_name);
    return data->classes.name ? data->classes.n_classes : FTDN_VOC_CLASSES;
}

static ftdn_model_settings make_model(const ftdn_lookup *from, const ftdn_data_settings *dataset)
{
    const ftdn_value *weights = ftdn_lookup_get(from, FTDN_KEY_MODEL_WEIGHTS);
    ftdn_model_settings model = {
        .name = get_text(from, FTDN_KEY_MODEL_NAME),
        .width = get_number(from, FTDN_KEY_MODEL_WIDTH, 0),
        .n_classes = (int)get_number(from, FTDN_KEY_MODEL_CLASSES, count_classes(dataset)),
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

/* The scope of weights or of maps. */
static ftdn_scope_settings make_scope(const ftdn_lookup *from, ftdn_key_id apart)
{
    const ftdn_value *value = ftdn_lookup_get(from, apart);
    if (value->list) return (ftdn_scope_settings){.glob = value->list, .n_globs = value->node->n_children};
    return (ftdn_scope_settings){.name = value->node->string};
}

static ftdn_evaluate_settings make_evaluate(const ftdn_lookup *from)
{
    return (ftdn_evaluate_settings){
        .score_threshold = get_number(from, FTDN_KEY_EVALUATE_SCORE_THRESHOLD, 0),
        .nms_iou = get_number(from, FTDN_KEY_EVALUATE_NMS_IOU, 0),
        .candidates = (int)get_number(from, FTDN_KEY_EVALUATE_CANDIDATES, 0),
        .iou = get_number(from, FTDN_KEY_EVALUATE_IOU, 0),
    };
}

static ftdn_conv_algorithm find_algorithm(const char *convolution)
{
    if (!strcmp(convolution, "winograd")) return FTDN_CONV_WINOGRAD;
    return !strcmp(convolution, "tf32") ? FTDN_CONV_TF32 : FTDN_CONV_DIRECT;
}

static ftdn_engine_settings make_engine(const ftdn_lookup *from)
{
    const char *convolution = get_text(from, FTDN_KEY_ENGINE_CONVOLUTION);
    return (ftdn_engine_settings){
        .backend = get_text(from, FTDN_KEY_ENGINE_BACKEND),
        .convolution = convolution,
        .conv_algorithm = find_algorithm(convolution),
        .micro_batch = (int)get_number(from, FTDN_KEY_ENGINE_MICRO_BATCH, 0),
    };
}

static ftdn_fault_settings make_faults(const ftdn_lookup *from)
{
    bool has_range = ftdn_lookup_uses(from, FTDN_KEY_FAULTS_RANGE),
         has_bits = ftdn_lookup_uses(from, FTDN_KEY_FAULTS_BIT);
    const ftdn_json *range = has_range ? ftdn_lookup_get(from, FTDN_KEY_FAULTS_RANGE)->node : NULL;
    int bit = has_bits ? (int)get_number(from, FTDN_KEY_FAULTS_BIT, -1) : -1;
    return (ftdn_fault_settings){
        .type = get_text(from, FTDN_KEY_FAULTS_TYPE),
        .bit = bit,
        .bits = has_bits && bit < 0 ? get_text(from, FTDN_KEY_FAULTS_BITS) : NULL,
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
static ftdn_protection_settings make_protection(const ftdn_lookup *from)
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

void ftdn_settings_make(const ftdn_lookup *from, ftdn_trial_settings *ret_settings)
{
    const ftdn_data_settings dataset = make_data(from, &dataset_keys);
    *ret_settings = (ftdn_trial_settings){
        .model = make_model(from, &dataset),
        .dataset = dataset,
        .calibration = make_data(from, &calibration_keys),
        .calibration_may_overlap = ftdn_lookup_get(from, FTDN_KEY_CALIBRATION_ALLOW_OVERLAP)->node->boolean,
        .n_measured_images = (int)get_number(from, FTDN_KEY_CALIBRATION_MEASURED_IMAGES, 0),
        .evaluate = make_evaluate(from),
        .engine = make_engine(from),
        .faults = make_faults(from),
        .protection = make_protection(from),
        .seed = (uint64_t)get_number(from, FTDN_KEY_SEED, 0),
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
    if (faults->bit < 0 && !faults->bits) return model; /* not a fault of bits */
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

ftdn_map_point ftdn_settings_map_point(const ftdn_fault_settings *faults)
{
    bool hits_maps = faults->feature_map_rate > 0 || faults->feature_map_count > 0;
    return hits_maps && !strcmp(faults->feature_map_point, "conv") ? FTDN_MAP_POINT_CONV : FTDN_MAP_POINT_ACTIVATION;
}

bool ftdn_settings_redraw_weights(const ftdn_fault_settings *faults)
{
    return !strcmp(faults->redraw, "image") && (faults->weight_rate > 0 || faults->weight_count > 0);
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
