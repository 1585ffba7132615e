#include "harness/manifest_keys.h"

#include <float.h>
#include <stddef.h>
#include <string.h>

#include "base/suggest.h"
#include "detect/network.h"
#include "injectors/fault_draw.h"

/* A function that answers a fixed list of words. */
#define DEFINE_CHOICES(function, ...)                                                                                  \
    static const char *const *function(int *ret_n)                                                                     \
    {                                                                                                                  \
        static const char *const words[] = {__VA_ARGS__};                                                              \
        *ret_n = (int)(sizeof words / sizeof words[0]);                                                                \
        return words;                                                                                                  \
    }

DEFINE_CHOICES(dataset_kinds, "voc", "test_scenes")
DEFINE_CHOICES(backends, "cpu", "ref", "null")
DEFINE_CHOICES(convolutions, "direct", "winograd")
DEFINE_CHOICES(fault_types, "zero", "random", "bit_flip", "stuck_at_0", "stuck_at_1")
DEFINE_CHOICES(bit_classes, "any", "sign", "exponent", "mantissa")
DEFINE_CHOICES(scopes, "features", "convs", "sources", "base", "all")
DEFINE_CHOICES(feature_map_points, "activation", "conv")
DEFINE_CHOICES(redraws, "trial", "image")
DEFINE_CHOICES(copies, "independent", "clean", "shared")
DEFINE_CHOICES(protections, "none", "kr", "fmr", "d2nn", "clip")
DEFINE_CHOICES(rankings, "weight_sum", "second_order", "entropy", "taylor", "activation", "measured", "random")
DEFINE_CHOICES(directions, "outgoing", "filter")
DEFINE_CHOICES(allocations, "uniform", "global")
DEFINE_CHOICES(merges, "mean", "nonzero", "max_abs", "median")
DEFINE_CHOICES(combinations, "scores", "boxes")
DEFINE_CHOICES(sample_methods, "random", "sobol")

/* clang-format off */
const ftdn_key ftdn_manifest_keys[FTDN_N_KEYS] = {
    [FTDN_KEY_ROOT] = {.path = "", .type = FTDN_VALUE_OBJECT, .required = true, .help = "the manifest"},
    [FTDN_KEY_SCHEMA] = {.path = "$schema", .type = FTDN_VALUE_TEXT,
                         .help = "where an editor finds the schema; not read"},
    [FTDN_KEY_VERSION] = {.path = "manifest_version", .type = FTDN_VALUE_INTEGER, .min = 1, .max = 1, .required = true,
                          .help = "the version of this grammar"},
    [FTDN_KEY_NAME] = {.path = "name", .type = FTDN_VALUE_NAME, .required = true,
                       .help = "the campaign's name, also of its results file"},
    [FTDN_KEY_DESCRIPTION] = {.path = "description", .type = FTDN_VALUE_TEXT, .help = "what the campaign is for"},
    [FTDN_KEY_EXTENDS] = {.path = "extends", .type = FTDN_VALUE_PATHS,
                          .help = "manifests that this one completes; of several the later ones win"},
    [FTDN_KEY_DEFAULTS] = {.path = "defaults", .type = FTDN_VALUE_DEFAULTS,
                           .help = "what holds where an object leaves a key out, before the defaults of this table"},

    [FTDN_KEY_MODEL] = {.path = "model", .type = FTDN_VALUE_OBJECT, .required = true, .swept = true,
                        .help = "the network under study"},
    [FTDN_KEY_MODEL_NAME] = {.path = "model.name", .type = FTDN_VALUE_CHOICE, .choices = ftdn_network_names,
                             .required = true, .swept = true, .help = "the network's architecture"},
    [FTDN_KEY_MODEL_WEIGHTS] = {.path = "model.weights", .type = FTDN_VALUE_WEIGHTS, .required = true, .swept = true,
                                .help = "a safetensors or PyTorch file, or formula:N for made-up weights"},
    [FTDN_KEY_MODEL_WIDTH] = {.path = "model.width", .type = FTDN_VALUE_NUMBER, .min = 0, .min_excluded = true,
                              .max = 4, .swept = true, .help = "channel multiplier; the published one where not given"},
    [FTDN_KEY_MODEL_CLASSES] = {.path = "model.classes", .type = FTDN_VALUE_INTEGER, .min = 1, .max = 1000,
                                .default_json = "20", .swept = true, .help = "object classes, without the background"},

    [FTDN_KEY_DATASET] = {.path = "dataset", .type = FTDN_VALUE_OBJECT, .required = true, .swept = true,
                          .help = "the images on which accuracy is measured"},
    [FTDN_KEY_DATASET_KIND] = {.path = "dataset.kind", .type = FTDN_VALUE_CHOICE, .choices = dataset_kinds,
                               .required = true, .swept = true,
                               .help = "a PASCAL VOC folder, or generated test scenes"},
    [FTDN_KEY_DATASET_ROOT] = {.path = "dataset.root", .type = FTDN_VALUE_PATH, .swept = true,
                               .help = "voc: the folder that holds Annotations, ImageSets and JPEGImages"},
    [FTDN_KEY_DATASET_SPLIT] = {.path = "dataset.split", .type = FTDN_VALUE_NAME, .default_json = "\"test\"",
                                .swept = true, .help = "voc: the list ImageSets/Main/SPLIT.txt"},
    [FTDN_KEY_DATASET_IMAGES] = {.path = "dataset.images", .type = FTDN_VALUE_INTEGER, .min = 1, .max = 1e6,
                                 .swept = true, .help = "number of images; voc: the first ones, all where not given"},
    [FTDN_KEY_DATASET_SEED] = {.path = "dataset.seed", .type = FTDN_VALUE_INTEGER, .max = FTDN_LARGEST_INTEGER,
                               .default_json = "0", .swept = true, .help = "test_scenes: which scenes"},

    [FTDN_KEY_EVALUATE] = {.path = "evaluate", .type = FTDN_VALUE_OBJECT, .swept = true,
                           .help = "how detections are made and measured"},
    [FTDN_KEY_EVALUATE_SCORE_THRESHOLD] = {.path = "evaluate.score_threshold", .type = FTDN_VALUE_NUMBER, .max = 1,
                                           .default_json = "0.01", .swept = true,
                                           .help = "candidates score above this"},
    [FTDN_KEY_EVALUATE_NMS_IOU] = {.path = "evaluate.nms_iou", .type = FTDN_VALUE_NUMBER, .max = 1,
                                   .default_json = "0.45", .swept = true,
                                   .help = "a box that overlaps a better one by more is dropped"},
    [FTDN_KEY_EVALUATE_CANDIDATES] = {.path = "evaluate.candidates", .type = FTDN_VALUE_INTEGER, .min = 1, .max = 1e5,
                                      .default_json = "200", .swept = true,
                                      .help = "the best of a class that reach non-maximum suppression"},
    [FTDN_KEY_EVALUATE_IOU] = {.path = "evaluate.iou", .type = FTDN_VALUE_NUMBER, .max = 1, .default_json = "0.5",
                               .swept = true, .help = "a detection is right where its overlap exceeds this"},

    [FTDN_KEY_ENGINE] = {.path = "engine", .type = FTDN_VALUE_OBJECT, .swept = true,
                         .help = "what computes the network"},
    [FTDN_KEY_ENGINE_BACKEND] = {.path = "engine.backend", .type = FTDN_VALUE_CHOICE, .choices = backends,
                                 .default_json = "\"cpu\"", .swept = true,
                                 .help = "oneDNN, the plain reference, or nothing computed"},
    [FTDN_KEY_ENGINE_CONVOLUTION] = {.path = "engine.convolution", .type = FTDN_VALUE_CHOICE, .choices = convolutions,
                                     .default_json = "\"direct\"", .swept = true,
                                     .help = "algorithm of 3x3 convolutions"},

    [FTDN_KEY_FAULTS] = {.path = "faults", .type = FTDN_VALUE_OBJECT, .swept = true, .help = "what goes wrong"},
    [FTDN_KEY_FAULTS_TYPE] = {.path = "faults.type", .type = FTDN_VALUE_CHOICE, .choices = fault_types,
                              .default_json = "\"zero\"", .swept = true, .help = "what a hit element becomes"},
    [FTDN_KEY_FAULTS_BIT] = {.path = "faults.bit", .type = FTDN_VALUE_INTEGER, .max = 31, .swept = true,
                             .help = "bit_flip, stuck_at_0, stuck_at_1: the bit, 0 the lowest, 31 the sign"},
    [FTDN_KEY_FAULTS_BITS] = {.path = "faults.bits", .type = FTDN_VALUE_CHOICE, .choices = bit_classes,
                              .default_json = "\"any\"", .swept = true,
                              .help = "the same types: the bits of which one is drawn for each element"},
    [FTDN_KEY_FAULTS_RANGE] = {.path = "faults.range", .type = FTDN_VALUE_RANGE, .min = -(double)FLT_MAX,
                               .max = (double)FLT_MAX, .swept = true,
                               .help = "random: least and greatest value; those observed where not given"},
    [FTDN_KEY_FAULTS_WEIGHT_RATE] = {.path = "faults.weight_rate", .type = FTDN_VALUE_NUMBER, .max = 1,
                                     .default_json = "0", .swept = true, .help = "chance that one weight is hit"},
    [FTDN_KEY_FAULTS_FEATURE_MAP_RATE] = {.path = "faults.feature_map_rate", .type = FTDN_VALUE_NUMBER, .max = 1,
                                          .default_json = "0", .swept = true,
                                          .help = "chance that one element of a feature map is hit"},
    [FTDN_KEY_FAULTS_WEIGHT_COUNT] = {.path = "faults.weight_count", .type = FTDN_VALUE_INTEGER,
                                      .max = FTDN_MAX_FAULT_COUNT, .default_json = "0", .swept = true,
                                      .help = "instead of a rate: exactly so many weights are hit"},
    [FTDN_KEY_FAULTS_FEATURE_MAP_COUNT] = {.path = "faults.feature_map_count", .type = FTDN_VALUE_INTEGER,
                                           .max = FTDN_MAX_FAULT_COUNT, .default_json = "0", .swept = true,
                                           .help = "instead of a rate: exactly so many map elements of each image"},
    [FTDN_KEY_FAULTS_SCOPE] = {.path = "faults.scope", .type = FTDN_VALUE_SCOPE, .choices = scopes,
                               .default_json = "\"features\"", .swept = true,
                               .help = "the layers that are hit, for weights and maps together or apart"},
    [FTDN_KEY_FAULTS_SCOPE_WEIGHTS] = {.path = "faults.scope.weights", .type = FTDN_VALUE_SCOPE, .choices = scopes,
                                       .swept = true, .help = "the layers whose weights are hit"},
    [FTDN_KEY_FAULTS_SCOPE_FEATURE_MAPS] = {.path = "faults.scope.feature_maps", .type = FTDN_VALUE_SCOPE,
                                            .choices = scopes, .swept = true, .help = "the layers whose maps are hit"},
    [FTDN_KEY_FAULTS_FEATURE_MAP_POINT] = {.path = "faults.feature_map_point", .type = FTDN_VALUE_CHOICE,
                                           .choices = feature_map_points, .default_json = "\"activation\"",
                                           .swept = true,
                                           .help = "where a map is hit: as handed on, or at the convolution"},
    [FTDN_KEY_FAULTS_REDRAW] = {.path = "faults.redraw", .type = FTDN_VALUE_CHOICE, .choices = redraws,
                                .default_json = "\"trial\"", .swept = true,
                                .help = "how often weight faults are drawn"},
    [FTDN_KEY_FAULTS_COPIES] = {.path = "faults.copies", .type = FTDN_VALUE_CHOICE, .choices = copies,
                                .default_json = "\"independent\"", .swept = true,
                                .help = "the faults of stored copies"},

    [FTDN_KEY_PROTECTION] = {.path = "protection", .type = FTDN_VALUE_OBJECT, .swept = true,
                             .help = "what is kept twice"},
    [FTDN_KEY_PROTECTION_METHOD] = {.path = "protection.method", .type = FTDN_VALUE_CHOICE, .choices = protections,
                                    .default_json = "\"none\"", .swept = true,
                                    .help = "how channels are kept twice, or values in bounds"},
    [FTDN_KEY_PROTECTION_RANKING] = {.path = "protection.ranking", .type = FTDN_VALUE_CHOICE, .choices = rankings,
                                     .default_json = "\"weight_sum\"", .swept = true,
                                     .help = "kr, fmr, d2nn: which channels matter most"},
    [FTDN_KEY_PROTECTION_DIRECTION] = {.path = "protection.direction", .type = FTDN_VALUE_CHOICE,
                                       .choices = directions, .default_json = "\"outgoing\"", .swept = true,
                                       .help = "ranking weight_sum: the weights that read a channel, or its filter"},
    [FTDN_KEY_PROTECTION_RATIO] = {.path = "protection.ratio", .type = FTDN_VALUE_NUMBER, .max = 1, .swept = true,
                                   .help = "kr, fmr, d2nn: the share of a layer's channels that are duplicated"},
    [FTDN_KEY_PROTECTION_ALLOCATION] = {.path = "protection.allocation", .type = FTDN_VALUE_CHOICE,
                                        .choices = allocations, .default_json = "\"uniform\"", .swept = true,
                                        .help = "kr, fmr, d2nn: the ratio in every layer, or over the whole network"},
    [FTDN_KEY_PROTECTION_MERGE] = {.path = "protection.merge", .type = FTDN_VALUE_CHOICE, .choices = merges,
                                   .default_json = "\"mean\"", .swept = true,
                                   .help = "kr, fmr: what becomes of a value and its copies"},
    [FTDN_KEY_PROTECTION_MERGE_POINT] = {.path = "protection.merge_point", .type = FTDN_VALUE_CHOICE,
                                         .choices = feature_map_points, .swept = true,
                                         .help = "fmr: where maps are merged; faults.feature_map_point if not given"},
    [FTDN_KEY_PROTECTION_COMBINE] = {.path = "protection.combine", .type = FTDN_VALUE_CHOICE, .choices = combinations,
                                     .default_json = "\"scores\"", .swept = true,
                                     .help = "d2nn: what the two networks' answers are averaged as"},

    [FTDN_KEY_CALIBRATION] = {.path = "calibration", .type = FTDN_VALUE_OBJECT, .swept = true,
                              .help = "the images from which rankings and bounds are computed"},
    [FTDN_KEY_CALIBRATION_KIND] = {.path = "calibration.kind", .type = FTDN_VALUE_CHOICE, .choices = dataset_kinds,
                                   .required = true, .swept = true, .help = "as in dataset"},
    [FTDN_KEY_CALIBRATION_ROOT] = {.path = "calibration.root", .type = FTDN_VALUE_PATH, .swept = true,
                                   .help = "as in dataset"},
    [FTDN_KEY_CALIBRATION_SPLIT] = {.path = "calibration.split", .type = FTDN_VALUE_NAME,
                                    .default_json = "\"trainval\"", .swept = true, .help = "as in dataset"},
    [FTDN_KEY_CALIBRATION_IMAGES] = {.path = "calibration.images", .type = FTDN_VALUE_INTEGER, .min = 1, .max = 1e6,
                                     .swept = true, .help = "as in dataset"},
    [FTDN_KEY_CALIBRATION_SEED] = {.path = "calibration.seed", .type = FTDN_VALUE_INTEGER, .max = FTDN_LARGEST_INTEGER,
                                   .default_json = "0", .swept = true, .help = "as in dataset"},
    [FTDN_KEY_CALIBRATION_ALLOW_OVERLAP] = {.path = "calibration.allow_overlap", .type = FTDN_VALUE_FLAG,
                                            .default_json = "false", .swept = true,
                                            .help = "true: images of the dataset may be among them"},
    [FTDN_KEY_CALIBRATION_MEASURED_IMAGES] = {.path = "calibration.measured_images", .type = FTDN_VALUE_INTEGER,
                                              .min = 1, .max = 1e6, .default_json = "8", .swept = true,
                                              .help = "the first so many: what ranking measured reads"},

    [FTDN_KEY_SEED] = {.path = "seed", .type = FTDN_VALUE_INTEGER, .max = FTDN_LARGEST_INTEGER, .default_json = "0",
                       .swept = true, .help = "of the faults"},
    [FTDN_KEY_SWEEP] = {.path = "sweep", .type = FTDN_VALUE_OBJECT, .help = "what the trials vary"},
    [FTDN_KEY_SWEEP_DESCRIPTION] = {.path = "sweep.description", .type = FTDN_VALUE_TEXT,
                                    .help = "what the sweep is for"},
    [FTDN_KEY_SWEEP_SET] = {.path = "sweep.set", .type = FTDN_VALUE_KEYS,
                            .help = "what this sweep changes in the template"},
    [FTDN_KEY_SWEEP_GRID] = {.path = "sweep.grid", .type = FTDN_VALUE_GRID, .help = "every combination of the values"},
    [FTDN_KEY_SWEEP_ZIP] = {.path = "sweep.zip", .type = FTDN_VALUE_ZIP,
                            .help = "values that advance together; each object is one more axis"},
    [FTDN_KEY_SWEEP_SAMPLE] = {.path = "sweep.sample", .type = FTDN_VALUE_OBJECT,
                               .help = "points drawn in the space of some keys; one more axis"},
    [FTDN_KEY_SWEEP_SAMPLE_METHOD] = {.path = "sweep.sample.method", .type = FTDN_VALUE_CHOICE,
                                      .choices = sample_methods, .required = true,
                                      .help = "independent points, or those of a Sobol sequence"},
    [FTDN_KEY_SWEEP_SAMPLE_POINTS] = {.path = "sweep.sample.points", .type = FTDN_VALUE_INTEGER, .min = 1, .max = 1e5,
                                      .required = true, .help = "how many points"},
    [FTDN_KEY_SWEEP_SAMPLE_SEED] = {.path = "sweep.sample.seed", .type = FTDN_VALUE_INTEGER,
                                    .max = FTDN_LARGEST_INTEGER, .default_json = "0", .help = "which points"},
    [FTDN_KEY_SWEEP_SAMPLE_KEYS] = {.path = "sweep.sample.keys", .type = FTDN_VALUE_SAMPLE_KEYS, .required = true,
                                    .help = "what is drawn: evenly from a range, evenly in its logarithm, or an item"},
    [FTDN_KEY_SWEEP_EXCLUDE] = {.path = "sweep.exclude", .type = FTDN_VALUE_EXCLUDE,
                                .help = "a combination is dropped where all keys of a rule match"},
    [FTDN_KEY_SWEEP_INCLUDE] = {.path = "sweep.include", .type = FTDN_VALUE_INCLUDE,
                                .help = "each adds one combination: the template with these values"},
    [FTDN_KEY_SWEEP_SEEDS] = {.path = "sweep.seeds", .type = FTDN_VALUE_SEEDS, .min = 1, .max = 1e7,
                              .help = "the seeds of each combination; a number n stands for 0 ... n-1"},
    [FTDN_KEY_SWEEP_SEEDS_FROM] = {.path = "sweep.seeds.from", .type = FTDN_VALUE_INTEGER, .max = FTDN_LARGEST_INTEGER,
                                   .help = "the first seed"},
    [FTDN_KEY_SWEEP_SEEDS_TO] = {.path = "sweep.seeds.to", .type = FTDN_VALUE_INTEGER, .max = FTDN_LARGEST_INTEGER,
                                 .help = "the last seed, a whole number of steps behind the first"},
    [FTDN_KEY_SWEEP_SEEDS_STEP] = {.path = "sweep.seeds.step", .type = FTDN_VALUE_INTEGER, .min = 1,
                                   .max = FTDN_LARGEST_INTEGER, .help = "from seed to seed"},
    [FTDN_KEY_SWEEP_SEEDS_UNTIL] = {.path = "sweep.seeds.until", .type = FTDN_VALUE_OBJECT,
                                    .help = "as many seeds as a wanted precision takes"},
    [FTDN_KEY_SWEEP_SEEDS_UNTIL_CI95] = {.path = "sweep.seeds.until.ci95", .type = FTDN_VALUE_NUMBER, .min = 0,
                                         .min_excluded = true, .max = 1, .required = true,
                                         .help = "half width of the 95 % interval of mAP at which no seed is added"},
    [FTDN_KEY_SWEEP_SEEDS_UNTIL_MIN] = {.path = "sweep.seeds.until.min", .type = FTDN_VALUE_INTEGER, .min = 2,
                                        .max = 1e4, .required = true, .help = "no fewer seeds"},
    [FTDN_KEY_SWEEP_SEEDS_UNTIL_MAX] = {.path = "sweep.seeds.until.max", .type = FTDN_VALUE_INTEGER, .min = 2,
                                        .max = 1e4, .required = true, .help = "no more seeds"},
    [FTDN_KEY_SWEEPS] = {.path = "sweeps", .type = FTDN_VALUE_SWEEPS,
                         .help = "several sweeps by name, each with the keys of sweep; instead of sweep"},
};
/* clang-format on */

int ftdn_key_find(const char *path, size_t n_chars)
{
    for (int key = 0; key < FTDN_N_KEYS; key++) {
        const char *known = ftdn_manifest_keys[key].path;
        if (strlen(known) == n_chars && memcmp(known, path, n_chars) == 0) return key;
    }
    return -1;
}

ftdn_key_id ftdn_key_parent(ftdn_key_id key)
{
    const char *path = ftdn_manifest_keys[key].path, *last_dot = strrchr(path, '.');
    return last_dot ? (ftdn_key_id)ftdn_key_find(path, (size_t)(last_dot - path)) : FTDN_KEY_ROOT;
}

static bool is_inside(const char *path, const char *object)
{
    size_t n_chars = strlen(object);
    return n_chars == 0 || (strncmp(path, object, n_chars) == 0 && path[n_chars] == '.');
}

int ftdn_key_n_rows(ftdn_key_id key)
{
    int n_rows = 1;
    while ((int)key + n_rows < FTDN_N_KEYS &&
           is_inside(ftdn_manifest_keys[(int)key + n_rows].path, ftdn_manifest_keys[key].path))
        n_rows++;
    return n_rows;
}

ftdn_key_id ftdn_key_find_inside(ftdn_key_id parent, const char *name)
{
    for (int key = (int)parent + 1; key < (int)parent + ftdn_key_n_rows(parent); key++)
        if (strcmp(ftdn_key_last_name((ftdn_key_id)key), name) == 0 && ftdn_key_parent((ftdn_key_id)key) == parent)
            return (ftdn_key_id)key;
    return FTDN_KEY_ROOT;
}

const char *ftdn_key_last_name(ftdn_key_id key)
{
    const char *path = ftdn_manifest_keys[key].path, *last_dot = strrchr(path, '.');
    return last_dot ? last_dot + 1 : path;
}

/* The path of the one key of this last name; NULL where there is none or more than one. */
static const char *find_elsewhere(const char *name, bool only_swept)
{
    const char *found = NULL;
    for (int key = 1; key < FTDN_N_KEYS; key++) {
        if (only_swept && !ftdn_manifest_keys[key].swept) continue;
        if (strcmp(ftdn_key_last_name((ftdn_key_id)key), name) != 0) continue;
        if (found) return NULL;
        found = ftdn_manifest_keys[key].path;
    }
    return found;
}

const char *ftdn_key_suggest(ftdn_key_id parent, const char *name)
{
    const char *candidates[FTDN_N_KEYS];
    int n_candidates = 0;
    for (int key = (int)parent + 1; key < (int)parent + ftdn_key_n_rows(parent); key++)
        if (ftdn_key_parent((ftdn_key_id)key) == parent)
            candidates[n_candidates++] = ftdn_key_last_name((ftdn_key_id)key);
    const char *nearest = ftdn_suggest(name, candidates, n_candidates);
    return nearest ? nearest : find_elsewhere(name, false);
}

const char *ftdn_key_suggest_swept(const char *path)
{
    const char *candidates[FTDN_N_KEYS];
    int n_candidates = 0;
    for (int key = 0; key < FTDN_N_KEYS; key++)
        if (ftdn_manifest_keys[key].swept) candidates[n_candidates++] = ftdn_manifest_keys[key].path;
    const char *elsewhere = find_elsewhere(path, true);
    return elsewhere ? elsewhere : ftdn_suggest(path, candidates, n_candidates);
}

void ftdn_key_write_inside(ftdn_key_id parent, ftdn_text *text)
{
    const char *separator = "";
    for (int key = (int)parent + 1; key < (int)parent + ftdn_key_n_rows(parent); key++) {
        if (ftdn_key_parent((ftdn_key_id)key) != parent) continue;
        ftdn_text_append(text, "%s%s", separator, ftdn_key_last_name((ftdn_key_id)key));
        separator = ", ";
    }
}

void ftdn_key_write_template(ftdn_text *text)
{
    const char *separator = "";
    for (int key = 1; key < FTDN_N_KEYS; key++) {
        if (!ftdn_manifest_keys[key].swept || ftdn_key_parent((ftdn_key_id)key) != FTDN_KEY_ROOT) continue;
        ftdn_text_append(text, "%s%s", separator, ftdn_manifest_keys[key].path);
        separator = ", ";
    }
}

/* "an object with the keys type, rate" */
static void write_object(ftdn_key_id key, ftdn_text *text)
{
    int n_inside = 0;
    for (int i = (int)key + 1; i < (int)key + ftdn_key_n_rows(key); i++)
        n_inside += ftdn_key_parent((ftdn_key_id)i) == key;
    ftdn_text_append(text, "an object with the key%s ", n_inside > 1 ? "s" : "");
    ftdn_key_write_inside(key, text);
}

static void write_choices(const ftdn_key *key, ftdn_text *text)
{
    int n_choices;
    const char *const *choices = key->choices(&n_choices);
    for (int i = 0; i < n_choices; i++) ftdn_text_append(text, "%s%s", i ? ", " : "", choices[i]);
}

/* "a number in (0, 4]" */
static void write_range(const ftdn_key *key, const char *kind, ftdn_text *text)
{
    if (key->min == key->max) {
        ftdn_text_append(text, "%.17g", key->min);
        return;
    }
    ftdn_text_append(text, "%s in %c%.17g, %.17g]", kind, key->min_excluded ? '(' : '[', key->min, key->max);
}

void ftdn_key_write_allowed(ftdn_key_id id, ftdn_text *text)
{
    const ftdn_key *key = &ftdn_manifest_keys[id];
    switch (key->type) {
    case FTDN_VALUE_OBJECT: write_object(id, text); break;
    case FTDN_VALUE_TEXT: ftdn_text_append(text, "a string"); break;
    case FTDN_VALUE_NAME:
        ftdn_text_append(
            text, "a name of at most 100 letters, digits, '-', '_' and '.' that begins with a letter or a digit");
        break;
    case FTDN_VALUE_CHOICE: write_choices(key, text); break;
    case FTDN_VALUE_INTEGER: write_range(key, "an integer", text); break;
    case FTDN_VALUE_NUMBER: write_range(key, "a number", text); break;
    case FTDN_VALUE_RANGE: ftdn_text_append(text, "a list [least, greatest] of two single-precision numbers"); break;
    case FTDN_VALUE_FLAG: ftdn_text_append(text, "true, false"); break;
    case FTDN_VALUE_PATH: ftdn_text_append(text, "a path"); break;
    case FTDN_VALUE_WEIGHTS: ftdn_text_append(text, "the path of a weight file, or formula:N with an integer N"); break;
    case FTDN_VALUE_SCOPE:
        write_choices(key, text);
        ftdn_text_append(text, ", or a list of layer-name globs");
        if (ftdn_key_n_rows(id) == 1) break;
        ftdn_text_append(text, ", or ");
        write_object(id, text);
        break;
    case FTDN_VALUE_PATHS: ftdn_text_append(text, "a path, or a list of paths"); break;
    case FTDN_VALUE_DEFAULTS:
        ftdn_text_append(text, "an object with the keys ");
        ftdn_key_write_template(text);
        break;
    case FTDN_VALUE_KEYS: ftdn_text_append(text, "an object of dotted keys, each with a value"); break;
    case FTDN_VALUE_GRID:
        ftdn_text_append(text, "an object of dotted keys, each with a list of values or a range");
        break;
    case FTDN_VALUE_ZIP:
        ftdn_text_append(text, "an object of dotted keys, each with a list of values or a range, or a list of such "
                               "objects");
        break;
    case FTDN_VALUE_SAMPLE_KEYS:
        ftdn_text_append(text, "an object of dotted keys, each with a range without step or a list of values");
        break;
    case FTDN_VALUE_EXCLUDE:
        ftdn_text_append(text, "a list of objects of dotted keys, each with a value or a list of values");
        break;
    case FTDN_VALUE_INCLUDE: ftdn_text_append(text, "a list of objects of dotted keys, each with a value"); break;
    case FTDN_VALUE_SEEDS:
        ftdn_text_append(text, "a list of seeds, a number of seeds in [%.17g, %.17g], or ", key->min, key->max);
        write_object(id, text);
        break;
    case FTDN_VALUE_SWEEPS: ftdn_text_append(text, "an object of named sweeps, each with the keys of sweep"); break;
    }
}
