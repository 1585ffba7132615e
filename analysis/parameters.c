#include "analysis/parameters.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "analysis/network_label.h"

typedef enum value_kind {
    VALUE_TEXT,
    VALUE_LABEL,  /* what the next row is the digest of */
    VALUE_DIGEST,
    VALUE_REAL,
    VALUE_COUNT, /* an int; not above 0: not set */
    VALUE_BIT,   /* an int; below 0: not set */
    VALUE_METHOD,
    VALUE_RATIO,
    VALUE_MODEL,
} value_kind;

typedef enum parameter_group {
    OF_PROTECTION,
    OF_FAULTS,
    OF_NETWORK, /* and of its images */
    OF_MEASURE, /* how it was computed and judged */
} parameter_group;

typedef struct parameter_row {
    value_kind kind;
    parameter_group group;
    size_t offset;       /* in ftdn_trial_params */
    const char *said_as; /* in front of the value; NULL: the value speaks for itself */
} parameter_row;

#define PARAMETER(kind, group, member, said_as)                                                                        \
    {                                                                                                                  \
        (kind), (group), offsetof(ftdn_trial_params, member), (said_as)                                                \
    }

static const parameter_row row[] = {
    PARAMETER(VALUE_METHOD, OF_PROTECTION, method, NULL),
    PARAMETER(VALUE_RATIO, OF_PROTECTION, ratio, NULL),
    PARAMETER(VALUE_TEXT, OF_PROTECTION, ranking, NULL),
    PARAMETER(VALUE_TEXT, OF_PROTECTION, direction, NULL),
    PARAMETER(VALUE_TEXT, OF_PROTECTION, allocation, NULL),
    PARAMETER(VALUE_TEXT, OF_PROTECTION, merge, NULL),
    PARAMETER(VALUE_TEXT, OF_PROTECTION, merge_point, "merged at"),
    PARAMETER(VALUE_TEXT, OF_PROTECTION, combine, "combined"),
    PARAMETER(VALUE_TEXT, OF_PROTECTION, copies, "copies"),
    PARAMETER(VALUE_LABEL, OF_PROTECTION, calibration, "calibrated on"),
    PARAMETER(VALUE_DIGEST, OF_PROTECTION, calibration_digest, "calibration"),
    PARAMETER(VALUE_COUNT, OF_PROTECTION, measured_images, "measured images"),
    PARAMETER(VALUE_TEXT, OF_FAULTS, type, NULL),
    PARAMETER(VALUE_BIT, OF_FAULTS, bit, "bit"),
    PARAMETER(VALUE_TEXT, OF_FAULTS, bits, "bits"),
    PARAMETER(VALUE_REAL, OF_FAULTS, range_low, "from"),
    PARAMETER(VALUE_REAL, OF_FAULTS, range_high, "to"),
    PARAMETER(VALUE_COUNT, OF_FAULTS, weight_count, "weight faults"),
    PARAMETER(VALUE_COUNT, OF_FAULTS, feature_map_count, "map faults"),
    PARAMETER(VALUE_TEXT, OF_FAULTS, weight_scope, "weights of"),
    PARAMETER(VALUE_TEXT, OF_FAULTS, feature_map_scope, "maps of"),
    PARAMETER(VALUE_TEXT, OF_FAULTS, feature_map_point, "maps at"),
    PARAMETER(VALUE_TEXT, OF_FAULTS, redraw, "redrawn each"),
    PARAMETER(VALUE_MODEL, OF_NETWORK, model, NULL),
    PARAMETER(VALUE_REAL, OF_NETWORK, width, "width"),
    PARAMETER(VALUE_LABEL, OF_NETWORK, weights, NULL),
    PARAMETER(VALUE_DIGEST, OF_NETWORK, weights_digest, "weights"),
    PARAMETER(VALUE_LABEL, OF_NETWORK, dataset, NULL),
    PARAMETER(VALUE_DIGEST, OF_NETWORK, dataset_digest, "dataset"),
    PARAMETER(VALUE_TEXT, OF_MEASURE, backend, NULL),
    PARAMETER(VALUE_TEXT, OF_MEASURE, arithmetic, NULL),
    PARAMETER(VALUE_REAL, OF_MEASURE, score_threshold, "score"),
    PARAMETER(VALUE_REAL, OF_MEASURE, nms_iou, "suppression"),
    PARAMETER(VALUE_COUNT, OF_MEASURE, candidates, "candidates"),
    PARAMETER(VALUE_REAL, OF_MEASURE, iou, "IoU"),
};
enum { N_PARAMETERS = sizeof row / sizeof *row };

/* In the order of the paper's Table 3; others, which it does not have, stand behind. */
static const struct {
    const char *method, *name;
} methods[] = {{"none", "unprotected"}, {"fmr", "FMR"}, {"kr", "KR"}, {"d2nn", "D2NN"}, {"clip", "clip"}};
enum { N_METHODS = sizeof methods / sizeof *methods };

int ftdn_n_parameters(void)
{
    return N_PARAMETERS;
}

static const char *get_text(int parameter, const ftdn_trial_params *cell)
{
    return *(const char *const *)((const char *)cell + row[parameter].offset);
}

static double get_number(int parameter, const ftdn_trial_params *cell)
{
    const char *member = (const char *)cell + row[parameter].offset;
    bool is_int = row[parameter].kind == VALUE_COUNT || row[parameter].kind == VALUE_BIT;
    return is_int ? (double)*(const int *)member : *(const double *)member;
}

static bool is_text(int parameter)
{
    value_kind kind = row[parameter].kind;
    return kind == VALUE_TEXT || kind == VALUE_LABEL || kind == VALUE_DIGEST || kind == VALUE_METHOD ||
           kind == VALUE_MODEL;
}

bool ftdn_parameter_is_set(int parameter, const ftdn_trial_params *cell)
{
    if (is_text(parameter)) return get_text(parameter, cell) != NULL;
    double number = get_number(parameter, cell);
    switch (row[parameter].kind) {
    case VALUE_COUNT: return number > 0;
    case VALUE_BIT: return number >= 0;
    default: return !isnan(number);
    }
}

static int find_method(const char *method)
{
    int i = 0;
    while (i < N_METHODS && strcmp(methods[i].method, method) != 0) i++;
    return i;
}

int ftdn_parameter_compare(int parameter, const ftdn_trial_params *a, const ftdn_trial_params *b)
{
    bool a_is_set = ftdn_parameter_is_set(parameter, a), b_is_set = ftdn_parameter_is_set(parameter, b);
    if (!a_is_set || !b_is_set) return a_is_set - b_is_set;
    if (is_text(parameter)) {
        const char *left = get_text(parameter, a), *right = get_text(parameter, b);
        int difference = row[parameter].kind == VALUE_METHOD ? find_method(left) - find_method(right) : 0;
        return difference ? difference : strcmp(left, right);
    }
    double left = get_number(parameter, a), right = get_number(parameter, b);
    int difference = (left > right) - (left < right);
    return row[parameter].kind == VALUE_RATIO ? -difference : difference;
}

bool ftdn_parameter_is_always_said(int parameter)
{
    return row[parameter].kind == VALUE_METHOD || row[parameter].kind == VALUE_RATIO;
}

bool ftdn_parameter_is_label(int parameter)
{
    return row[parameter].kind == VALUE_LABEL;
}

bool ftdn_parameter_is_of_protection(int parameter)
{
    return row[parameter].group == OF_PROTECTION;
}

bool ftdn_parameter_is_of_network(int parameter)
{
    return row[parameter].group == OF_NETWORK;
}

void ftdn_parameter_append(int parameter, const ftdn_trial_params *cell, ftdn_text *text)
{
    const parameter_row *r = &row[parameter];
    if (r->said_as) ftdn_text_append(text, "%s ", r->said_as);
    if (r->kind == VALUE_METHOD) {
        int method = find_method(get_text(parameter, cell));
        ftdn_text_append(text, "%s", method < N_METHODS ? methods[method].name : get_text(parameter, cell));
    } else if (r->kind == VALUE_RATIO) {
        ftdn_text_append(text, "%.6g %%", 100 * get_number(parameter, cell));
    } else if (r->kind == VALUE_MODEL) {
        ftdn_text_append(text, "%s", ftdn_model_label(get_text(parameter, cell)));
    } else if (is_text(parameter)) {
        ftdn_text_append(text, r->kind == VALUE_DIGEST ? "%.8s" : "%s", get_text(parameter, cell));
    } else {
        ftdn_text_append(text, "%.6g", get_number(parameter, cell));
    }
}
