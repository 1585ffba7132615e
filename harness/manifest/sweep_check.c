#include "harness/manifest/settings.h"
#include "harness/manifest/sweep_read.h"

/* The values of an axis by what they may do to the other keys: values of one class do the same. */
typedef struct value_classes {
    int n;
    const int *class_of;       /* [n_values] */
    const int *representative; /* [n]: the value that is looked at */
} value_classes;

/* May the values differ in which keys they give, or in a word that decides which keys go together? */
static bool has_structure(const ftdn_axis *axis)
{
    for (int i = 0; i < axis->n_columns; i++) {
        const ftdn_column *column = &axis->column[i];
        if (column->n_rows > 1 || ftdn_manifest_keys[column->key].type == FTDN_VALUE_CHOICE) return true;
    }
    return false;
}

/* Of a rate and a count beside each other one must be 0. */
static bool may_have_to_be_0(ftdn_key_id key)
{
    return key == FTDN_KEY_FAULTS_WEIGHT_RATE || key == FTDN_KEY_FAULTS_WEIGHT_COUNT ||
           key == FTDN_KEY_FAULTS_FEATURE_MAP_RATE || key == FTDN_KEY_FAULTS_FEATURE_MAP_COUNT;
}

static double number_of(const ftdn_column *column, int item)
{
    const ftdn_value *value = &column->value[item];
    return value->is_sound && value->node->kind == FTDN_JSON_NUMBER ? ftdn_value_number(value) : 0;
}

/* Which of the keys that may have to be 0 are not, as bits. */
static unsigned zeros_of(const ftdn_axis *axis, int item)
{
    unsigned bits = 0;
    for (int i = 0; i < axis->n_columns; i++) {
        ftdn_key_id key = axis->column[i].key;
        bool is_set = may_have_to_be_0(key) && number_of(&axis->column[i], item) > 0;
        if (is_set) bits |= 1u << ((int)key - (int)FTDN_KEY_FAULTS_WEIGHT_RATE);
    }
    return bits;
}

/* Keys that do not go together may meet in any combination. Values of an axis that differ in numbers alone are looked
 * at once, the greatest for all, so that a million rates and seeds are checked at once; where not every value meets
 * every other (zips, samples, rules), those that are 0 apart from the others. */
static ftdn_status classify(const ftdn_axis *axis, bool meets_all, ftdn_arena *arena, value_classes *ret_classes,
                            ftdn_error *err)
{
    int n_classes = 0, *class_of = FTDN_NEW(arena, (size_t)axis->n_values, int, err);
    int *representative = FTDN_NEW(arena, (size_t)axis->n_values, int, err);
    if (!class_of || !representative) return FTDN_ERR_MEMORY;
    bool each = has_structure(axis);
    for (int i = 0; i < axis->n_values; i++) {
        int c = each ? n_classes : 0;
        while (c < n_classes && !meets_all && zeros_of(axis, representative[c]) != zeros_of(axis, i)) c++;
        class_of[i] = c;
        if (c == n_classes) representative[n_classes++] = i;
        else if (number_of(&axis->column[0], i) > number_of(&axis->column[0], representative[c])) representative[c] = i;
    }
    *ret_classes = (value_classes){.n = n_classes, .class_of = class_of, .representative = representative};
    return FTDN_OK;
}

static void check_combination(const ftdn_sweep *sweep, size_t c, const ftdn_lookup *lookup, ftdn_mistakes *mistakes)
{
    ftdn_document document;
    ftdn_sweep_get(sweep, c, &document);
    const ftdn_lookup trial = {&document, lookup->defaults, lookup->table};
    ftdn_settings_check(&trial, mistakes);
}

/* Every combination of classes, in their representatives. */
static void check_product(const ftdn_sweep *sweep, const value_classes *classes, size_t n_reduced,
                          const ftdn_lookup *lookup, ftdn_mistakes *mistakes)
{
    for (size_t i = 0; i < n_reduced && !mistakes->has_more; i++) {
        size_t rest = i, stride = 1, c = 0;
        for (int a = sweep->n_axes - 1; a >= 0; a--) {
            c += stride * (size_t)classes[a].representative[rest % (size_t)classes[a].n];
            rest /= (size_t)classes[a].n;
            stride *= (size_t)sweep->axis[a].n_values;
        }
        check_combination(sweep, c, lookup, mistakes);
    }
}

/* The first kept combination of every combination of classes. */
static ftdn_status check_kept(const ftdn_sweep *sweep, const value_classes *classes, size_t n_reduced,
                              const ftdn_lookup *lookup, ftdn_arena *arena, ftdn_mistakes *mistakes, ftdn_error *err)
{
    bool *seen = FTDN_NEW(arena, n_reduced, bool, err);
    if (!seen) return FTDN_ERR_MEMORY;
    for (size_t i = 0; i < sweep->n_kept && !mistakes->has_more; i++) {
        size_t rest = sweep->kept[i], stride = 1, reduced = 0;
        for (int a = sweep->n_axes - 1; a >= 0; a--) {
            size_t n_values = (size_t)sweep->axis[a].n_values;
            reduced += stride * (size_t)classes[a].class_of[rest % n_values];
            rest /= n_values;
            stride *= (size_t)classes[a].n;
        }
        if (!seen[reduced]) check_combination(sweep, i, lookup, mistakes);
        seen[reduced] = true;
    }
    return FTDN_OK;
}

ftdn_status ftdn_sweep_check(const ftdn_sweep *sweep, const ftdn_lookup *lookup, ftdn_arena *arena,
                             ftdn_mistakes *mistakes, ftdn_error *err)
{
    value_classes *classes = FTDN_NEW(arena, (size_t)sweep->n_axes, value_classes, err);
    if (!classes) return FTDN_ERR_MEMORY;
    size_t n_reduced = 1;
    for (int a = 0; a < sweep->n_axes; a++) {
        bool meets_all = sweep->axis[a].of_grid && !sweep->kept;
        FTDN_TRY(classify(&sweep->axis[a], meets_all, arena, &classes[a], err));
        n_reduced *= (size_t)classes[a].n;
    }
    bool is_too_large = sweep->n_axes > 0 && sweep->n_product == 1; /* a mistake already, or nothing to vary */
    if (sweep->kept && !is_too_large) FTDN_TRY(check_kept(sweep, classes, n_reduced, lookup, arena, mistakes, err));
    else if (is_too_large) check_combination(sweep, 0, lookup, mistakes);
    else check_product(sweep, classes, n_reduced, lookup, mistakes);
    for (size_t i = sweep->n_kept; i < sweep->n_combinations && !mistakes->has_more; i++)
        check_combination(sweep, i, lookup, mistakes);
    return FTDN_OK;
}
