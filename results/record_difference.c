#include "results/record_difference.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A comparison under way. */
typedef struct comparison {
    ftdn_text *text;
    ftdn_record_comparison result;
} comparison;

static void compare_reals(comparison *c, const char *what, double a, double b)
{
    c->result.n_compared++;
    if (memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b)) return;
    c->result.n_different++;
    ftdn_text_append(c->text, "%s: %.17g and %.17g\n", what, a, b);
}

static void compare_integers(comparison *c, const char *what, int64_t a, int64_t b)
{
    c->result.n_compared++;
    if (a == b) return;
    c->result.n_different++;
    ftdn_text_append(c->text, "%s: %" PRId64 " and %" PRId64 "\n", what, a, b);
}

static void compare_texts(comparison *c, const char *what, const char *a, const char *b)
{
    c->result.n_compared++;
    if (strcmp(a, b) == 0) return;
    c->result.n_different++;
    ftdn_text_append(c->text, "%s: %s and %s\n", what, a, b);
}

static void compare_scalars(comparison *c, const ftdn_trial_record *a, const ftdn_trial_record *b)
{
    compare_texts(c, "id", a->id, b->id);
    compare_texts(c, "cell", a->cell, b->cell);
    compare_texts(c, "spec", a->spec, b->spec);
    compare_reals(c, "map_voc07", a->map_voc07, b->map_voc07);
    compare_reals(c, "map_area", a->map_area, b->map_area);
    compare_integers(c, "images", a->n_images, b->n_images);
    compare_integers(c, "n_nonfinite_outputs", a->n_nonfinite_outputs, b->n_nonfinite_outputs);
    compare_integers(c, "n_nonfinite_faults", a->n_nonfinite_faults, b->n_nonfinite_faults);
    compare_integers(c, "weight_bytes", a->overhead.weight_bytes, b->overhead.weight_bytes);
    compare_integers(c, "feature_map_bytes", a->overhead.feature_map_bytes, b->overhead.feature_map_bytes);
    compare_integers(c, "map_bytes", a->overhead.map_bytes, b->overhead.map_bytes);
    compare_integers(c, "macs", a->overhead.macs, b->overhead.macs);
    compare_integers(c, "merge_values", a->overhead.merge_values, b->overhead.merge_values);
    compare_integers(c, "network_macs", a->overhead.network_macs, b->overhead.network_macs);
}

static const ftdn_class_row *find_class(const ftdn_trial_record *record, const char *name)
{
    for (int i = 0; i < record->n_classes; i++)
        if (!strcmp(record->class_row[i].class_name, name)) return &record->class_row[i];
    return NULL;
}

/* The order of rows is no result: they are found by their names. */
static void compare_classes(comparison *c, const ftdn_trial_record *a, const ftdn_trial_record *b)
{
    char what[160];
    compare_integers(c, "classes", a->n_classes, b->n_classes);
    for (int i = 0; i < a->n_classes; i++) {
        const ftdn_class_row *mine = &a->class_row[i], *other = find_class(b, mine->class_name);
        snprintf(what, sizeof what, "class %.100s", mine->class_name);
        compare_integers(c, what, 1, other != NULL);
        if (!other) continue;
        snprintf(what, sizeof what, "class %.100s, ap_voc07", mine->class_name);
        compare_reals(c, what, mine->ap_voc07, other->ap_voc07);
        snprintf(what, sizeof what, "class %.100s, ap_area", mine->class_name);
        compare_reals(c, what, mine->ap_area, other->ap_area);
        snprintf(what, sizeof what, "class %.100s, objects", mine->class_name);
        compare_integers(c, what, mine->n_objects, other->n_objects);
    }
}

static const ftdn_fault_row *find_faults(const ftdn_trial_record *record, const ftdn_fault_row *wanted)
{
    for (int i = 0; i < record->n_faults; i++) {
        const ftdn_fault_row *row = &record->fault_row[i];
        if (row->copy == wanted->copy && !strcmp(row->layer, wanted->layer) && !strcmp(row->location, wanted->location))
            return row;
    }
    return NULL;
}

static void compare_faults(comparison *c, const ftdn_trial_record *a, const ftdn_trial_record *b)
{
    char what[200], value[240];
    compare_integers(c, "rows of faults", a->n_faults, b->n_faults);
    for (int i = 0; i < a->n_faults; i++) {
        const ftdn_fault_row *mine = &a->fault_row[i], *other = find_faults(b, mine);
        snprintf(what, sizeof what, "%s of layer %.100s, copy %d", mine->location, mine->layer, mine->copy);
        compare_integers(c, what, 1, other != NULL);
        if (!other) continue;
        snprintf(value, sizeof value, "%s, elements", what);
        compare_integers(c, value, mine->n_elements, other->n_elements);
        snprintf(value, sizeof value, "%s, requested_rate", what);
        compare_reals(c, value, mine->requested_rate, other->requested_rate);
        snprintf(value, sizeof value, "%s, faults", what);
        compare_integers(c, value, mine->n_faults, other->n_faults);
        snprintf(value, sizeof value, "%s, changed", what);
        compare_integers(c, value, mine->n_changed, other->n_changed);
    }
}

ftdn_record_comparison ftdn_record_compare(const ftdn_trial_record *a, const ftdn_trial_record *b, ftdn_text *text)
{
    comparison c = {.text = text};
    compare_scalars(&c, a, b);
    compare_classes(&c, a, b);
    compare_faults(&c, a, b);
    return c.result;
}
