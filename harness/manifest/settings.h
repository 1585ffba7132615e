/* settings.h - what one trial is asked to do, as typed values.
 *
 * Settings are what the manifest says, completed with defaults: they name weights and data, which
 * nobody has opened yet. Together with facts about those (spec.h) they make a trial's spec. All texts are
 * borrowed from the manifest and live as long as its arena. */
#ifndef FTDN_HARNESS_MANIFEST_SETTINGS_H
#define FTDN_HARNESS_MANIFEST_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "datasets/dataset.h"
#include "engine/engine.h"
#include "harness/manifest/lookup.h"
#include "harness/manifest/mistakes.h"
#include "injectors/fault_draw.h"
#include "injectors/map_faults.h"

typedef struct ftdn_model_settings {
    const char *name;         /* "ssd_vgg16", ...; NULL: as the weight file says */
    double width;             /* 0: as the weight file says, else as published */
    int n_classes;            /* without the background; 0: as many as the weight file says, else 20 */
    const char *weights;      /* as results name them: the file's name without its folder, or "formula:0" */
    const char *weights_path; /* NULL for formula weights */
    uint64_t formula_seed;    /* of formula weights */
} ftdn_model_settings;

typedef enum ftdn_data_kind {
    FTDN_DATA_NONE, /* no calibration images */
    FTDN_DATA_VOC,
    FTDN_DATA_COCO,
    FTDN_DATA_ROAD,
    FTDN_DATA_TEST_SCENES,
} ftdn_data_kind;

#define FTDN_ROAD_IMAGES 200 /* where their number is not given */

typedef struct ftdn_data_settings {
    ftdn_data_kind kind;
    const char *root;          /* VOC, COCO */
    const char *split;         /* VOC, COCO, ROAD */
    const char *annotations;   /* COCO; NULL: found by the split */
    int n_images;              /* VOC, COCO: at most so many, 0: all; ROAD, TEST_SCENES: so many */
    uint64_t seed;             /* ROAD, TEST_SCENES */
    ftdn_class_choice classes; /* VOC, COCO */
} ftdn_data_settings;

typedef struct ftdn_evaluate_settings {
    double score_threshold, nms_iou;
    int candidates;
    double iou;
} ftdn_evaluate_settings;

typedef struct ftdn_engine_settings {
    const char *backend;     /* "cpu", "cuda", "ref", "null" */
    const char *convolution; /* "direct", "winograd", "tf32" */
    ftdn_conv_algorithm conv_algorithm;
    int micro_batch; /* images per forward; 0: the backend's own */
} ftdn_engine_settings;

/* The layers that are hit: a name ("features"), or layer-name globs. */
typedef struct ftdn_scope_settings {
    const char *name;        /* NULL where globs are given */
    const char *const *glob; /* [n_globs] */
    int n_globs;
} ftdn_scope_settings;

typedef struct ftdn_fault_settings {
    const char *type; /* "zero", "random", "bit_flip", "stuck_at_0", "stuck_at_1" */
    int bit;          /* bit types: of 0 ... 31; -1: one of `bits` is drawn */
    const char *bits; /* bit types without a bit: "any", "sign", "exponent", "mantissa"; else NULL */
    bool has_range;   /* random: low and high are given */
    float low, high;
    double weight_rate, feature_map_rate;
    int weight_count, feature_map_count; /* above 0: exactly so many faults; then the rate is 0 */
    ftdn_scope_settings weight_scope, feature_map_scope;
    const char *feature_map_point; /* "activation", "conv" */
    const char *redraw;            /* "trial", "image" */
    const char *copies;            /* "independent", "clean", "shared" */
} ftdn_fault_settings;

/* What a method has no use for is NULL, the ratio NaN. */
typedef struct ftdn_protection_settings {
    const char *method;      /* "none", "kr", "fmr", "d2nn", "clip" */
    const char *ranking;     /* a ranker's name, or "measured" */
    const char *direction;   /* of weight_sum: "outgoing", "filter" */
    double ratio;            /* of the channels of a layer that are duplicated, in [0, 1] */
    const char *allocation;  /* "uniform", "global" */
    const char *merge;       /* "mean", "nonzero", "max_abs", "median" */
    const char *merge_point; /* of fmr: "activation", "conv" */
    const char *combine;     /* of d2nn: "scores", "boxes" */
} ftdn_protection_settings;

typedef struct ftdn_trial_settings {
    ftdn_model_settings model;
    ftdn_data_settings dataset;
    ftdn_data_settings calibration;
    bool calibration_may_overlap; /* images of the dataset may be among those of the calibration */
    int n_measured_images;        /* of the calibration, the first so many: what ranking "measured" reads */
    ftdn_evaluate_settings evaluate;
    ftdn_engine_settings engine;
    ftdn_fault_settings faults;
    ftdn_protection_settings protection;
    uint64_t seed;
} ftdn_trial_settings;

/* The fault model that the settings name. */
ftdn_fault_model ftdn_settings_fault_model(const ftdn_fault_settings *faults);

/* What they ask of weights and of maps. */
ftdn_fault_draw ftdn_settings_fault_draw(const ftdn_trial_settings *settings, ftdn_location location);

/* Where maps are tapped. Without map faults nothing has to be seen at the convolutions' outputs, and such a trial gives
 * the bits of the golden run whatever point it names. */
ftdn_map_point ftdn_settings_map_point(const ftdn_fault_settings *faults);

/* Are there weight faults that are drawn anew for each image? */
bool ftdn_settings_redraw_weights(const ftdn_fault_settings *faults);

/* Is the ranking the one that is found by injecting faults? */
bool ftdn_settings_measure(const ftdn_protection_settings *protection);

/* Does the trial need calibration images: for its ranking, or for the ranges of a clip? */
bool ftdn_settings_need_calibration(const ftdn_protection_settings *protection);

/* Look for what no single value shows: required keys that are missing, and keys that do not go together
 * (settings_check.c). */
void ftdn_settings_check(const ftdn_lookup *lookup, ftdn_mistakes *mistakes);

/* The same for the object `dataset` alone, which messages call by `name`: it may stand elsewhere. */
void ftdn_settings_check_dataset(const ftdn_lookup *lookup, const char *name, ftdn_mistakes *mistakes);

/* The settings of a trial without mistakes. */
void ftdn_settings_make(const ftdn_lookup *from, ftdn_trial_settings *ret_settings);

#endif
