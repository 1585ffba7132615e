#include "harness/manifest/manifest_keys.h"

#include <float.h>

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

DEFINE_CHOICES(dataset_kinds, "voc", "coco", "road", "test_scenes")
DEFINE_CHOICES(other_classes, "error", "ignore")
DEFINE_CHOICES(backends, "cpu", "cuda", "ref", "null")
DEFINE_CHOICES(convolutions, "direct", "winograd", "tf32")
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
                              .max = 4, .swept = true,
                              .help = "channel multiplier; if not given the weight file's, else as published"},
    [FTDN_KEY_MODEL_CLASSES] = {.path = "model.classes", .type = FTDN_VALUE_INTEGER, .min = 1,
                                .max = FTDN_MAX_CLASSES, .swept = true,
                                .help = "object classes, without the background; those of the dataset if not given"},

    [FTDN_KEY_DATASET] = {.path = "dataset", .type = FTDN_VALUE_OBJECT, .required = true, .swept = true,
                          .help = "the images on which accuracy is measured"},
    [FTDN_KEY_DATASET_KIND] = {.path = "dataset.kind", .type = FTDN_VALUE_CHOICE, .choices = dataset_kinds,
                               .required = true, .swept = true,
                               .help = "a PASCAL VOC folder, a COCO file, generated road or test scenes"},
    [FTDN_KEY_DATASET_ROOT] = {.path = "dataset.root", .type = FTDN_VALUE_PATH, .swept = true,
                               .help = "voc, coco: the folder that holds annotations and images"},
    [FTDN_KEY_DATASET_SPLIT] = {.path = "dataset.split", .type = FTDN_VALUE_NAME, .default_json = "\"test\"",
                                .swept = true,
                                .help = "voc: the list ImageSets/Main/SPLIT.txt; coco: its annotation file; "
                                        "road: which scenes"},
    [FTDN_KEY_DATASET_ANNOTATIONS] = {.path = "dataset.annotations", .type = FTDN_VALUE_TEXT, .swept = true,
                                      .help = "coco: the annotation file in the folder; found by the split if not "
                                              "given"},
    [FTDN_KEY_DATASET_IMAGES] = {.path = "dataset.images", .type = FTDN_VALUE_INTEGER, .min = 1, .max = 1e6,
                                 .swept = true,
                                 .help = "number of images; voc, coco: the first ones, all if not given; road: 200 "
                                         "if not given"},
    [FTDN_KEY_DATASET_SEED] = {.path = "dataset.seed", .type = FTDN_VALUE_INTEGER, .max = FTDN_LARGEST_INTEGER,
                               .default_json = "0", .swept = true, .help = "road, test_scenes: which scenes"},
    [FTDN_KEY_DATASET_CLASSES] = {.path = "dataset.classes", .type = FTDN_VALUE_CLASSES, .swept = true,
                                  .help = "coco, voc: the network's classes in its order; voc: the 20 of PASCAL VOC if "
                                          "not given"},
    [FTDN_KEY_DATASET_RENAME] = {.path = "dataset.rename", .type = FTDN_VALUE_RENAME, .swept = true,
                                 .help = "coco, voc: names in the annotations, each with the class that it means"},
    [FTDN_KEY_DATASET_OTHER_CLASSES] = {.path = "dataset.other_classes", .type = FTDN_VALUE_CHOICE,
                                        .choices = other_classes, .default_json = "\"error\"", .swept = true,

                                        .help = "coco, voc: objects of classes that the network lacks are an error, "
                                                "or left out"},

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
                                 .help = "oneDNN, a GPU, the plain reference, or nothing computed"},
    [FTDN_KEY_ENGINE_CONVOLUTION] = {.path = "engine.convolution", .type = FTDN_VALUE_CHOICE, .choices = convolutions,
                                     .default_json = "\"direct\"", .swept = true,
                                     .help = "how convolutions are computed; cuda: direct or tf32"},
    [FTDN_KEY_ENGINE_MICRO_BATCH] = {.path = "engine.micro_batch", .type = FTDN_VALUE_INTEGER,
                                     .max = FTDN_MAX_MICRO_BATCH, .default_json = "0", .swept = true,
                                     .help = "images of one forward pass; 0: as many as the backend takes by itself"},

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
    [FTDN_KEY_CALIBRATION_ANNOTATIONS] = {.path = "calibration.annotations", .type = FTDN_VALUE_TEXT, .swept = true,
                                          .help = "as in dataset"},
    [FTDN_KEY_CALIBRATION_IMAGES] = {.path = "calibration.images", .type = FTDN_VALUE_INTEGER, .min = 1, .max = 1e6,
                                     .swept = true, .help = "as in dataset"},
    [FTDN_KEY_CALIBRATION_SEED] = {.path = "calibration.seed", .type = FTDN_VALUE_INTEGER, .max = FTDN_LARGEST_INTEGER,
                                   .default_json = "0", .swept = true, .help = "as in dataset"},
    [FTDN_KEY_CALIBRATION_CLASSES] = {.path = "calibration.classes", .type = FTDN_VALUE_CLASSES, .swept = true,
                                      .help = "as in dataset; those of the dataset if not given"},
    [FTDN_KEY_CALIBRATION_RENAME] = {.path = "calibration.rename", .type = FTDN_VALUE_RENAME, .swept = true,
                                     .help = "as in dataset; that of the dataset if not given"},
    [FTDN_KEY_CALIBRATION_OTHER_CLASSES] = {.path = "calibration.other_classes", .type = FTDN_VALUE_CHOICE,
                                            .choices = other_classes, .swept = true,
                                            .help = "as in dataset; that of the dataset if not given"},
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

const ftdn_key_table ftdn_manifest_key_table = {.key = ftdn_manifest_keys, .n_keys = FTDN_N_KEYS, .has_sweeps = true};
