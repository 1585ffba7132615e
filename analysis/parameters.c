#include "analysis/parameters.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

typedef enum value_kind {
    VALUE_TEXT,
    VALUE_LABEL,  /* what the next row is the digest of */
    VALUE_DIGEST,
    VALUE_REAL,
    VALUE_COUNT, /* an int; not above 0: not set */
    VALUE_BIT,   /* an int; below 0: not set */
    VALUE_METHOD,
    VALUE_RATIO,
} value_kind;

typedef struct parameter_row {
    value_kind kind;
    size_t offset;        /* in ftdn_trial_params */
    const char *said_as;  /* in front of the value; NULL: the value speaks for itself */
    bool is_of_protection;
} parameter_row;

#define PARAMETER(kind, member, said_as)                                                                               \
    {                                                                                                                  \
        (kind), offsetof(ftdn_trial_params, member), (said_as), false                                                  \
    }
#define PROTECTION(kind, member, said_as)                                                                              \
    {                                                                                                                  \
        (kind), offsetof(ftdn_trial_params, member), (said_as), true                                                   \
    }

static const parameter_row row[] = {
    PROTECTION(VALUE_METHOD, method, NULL),
    PROTECTION(VALUE_RATIO, ratio, NULL),
    PROTECTION(VALUE_TEXT, ranking, NULL),
    PROTECTION(VALUE_TEXT, direction, NULL),
    PROTECTION(VALUE_TEXT, allocation, NULL),
    PROTECTION(VALUE_TEXT, merge, NULL),
    PROTECTION(VALUE_TEXT, merge_point, "merged at"),
    PROTECTION(VALUE_TEXT, combine, "combined"),
    PROTECTION(VALUE_TEXT, copies, "copies"),
    PROTECTION(VALUE_LABEL, calibration, "calibrated on"),
    PROTECTION(VALUE_DIGEST, calibration_digest, "calibration"),
    PROTECTION(VALUE_COUNT, measured_images, "measured images"),
    PARAMETER(VALUE_TEXT, type, NULL),
    PARAMETER(VALUE_BIT, bit, "bit"),
    PARAMETER(VALUE_TEXT, bits, "bits"),
    PARAMETER(VALUE_REAL, range_low, "from"),
    PARAMETER(VALUE_REAL, range_high, "to"),
    PARAMETER(VALUE_COUNT, weight_count, "weight faults"),
    PARAMETER(VALUE_COUNT, feature_map_count, "map faults"),
    PARAMETER(VALUE_TEXT, weight_scope, "weights of"),
    PARAMETER(VALUE_TEXT, feature_map_scope, "maps of"),
    PARAMETER(VALUE_TEXT, feature_map_point, "maps at"),
    PARAMETER(VALUE_TEXT, redraw, "redrawn each"),
    PARAMETER(VALUE_TEXT, model, NULL),
    PARAMETER(VALUE_REAL, width, "width"),
    PARAMETER(VALUE_LABEL, weights, NULL),
    PARAMETER(VALUE_DIGEST, weights_digest, "weights"),
    PARAMETER(VALUE_LABEL, dataset, NULL),
    PARAMETER(VALUE_DIGEST, dataset_digest, "dataset"),
    PARAMETER(VALUE_TEXT, backend, NULL),
    PARAMETER(VALUE_TEXT, arithmetic, NULL),
    PARAMETER(VALUE_REAL, score_threshold, "score"),
    PARAMETER(VALUE_REAL, nms_iou, "suppression"),
    PARAMETER(VALUE_COUNT, candidates, "candidates"),
    PARAMETER(VALUE_REAL, iou, "IoU"),
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
    return kind == VALUE_TEXT || kind == VALUE_LABEL || kind == VALUE_DIGEST || kind == VALUE_METHOD;
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
    return row[parameter].is_of_protection;
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
    } else if (is_text(parameter)) {
        ftdn_text_append(text, r->kind == VALUE_DIGEST ? "%.8s" : "%s", get_text(parameter, cell));
    } else {
        ftdn_text_append(text, "%.6g", get_number(parameter, cell));
    }
}
