#include "harness/plan/same.h"

#include <string.h>

bool ftdn_same_text(const char *a, const char *b)
{
    return a == b || (a && b && !strcmp(a, b));
}

bool ftdn_same_model(const ftdn_model_settings *a, const ftdn_model_settings *b)
{
    return ftdn_same_text(a->name, b->name) && a->width == b->width && a->n_classes == b->n_classes &&
           ftdn_same_text(a->weights_path, b->weights_path) && a->formula_seed == b->formula_seed;
}

static bool same_texts(const char *const *a, const char *const *b, int n)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(a[i], b[i])) return false;
    }
    return true;
}

static bool same_classes(const ftdn_class_choice *a, const ftdn_class_choice *b)
{
    return a->n_classes == b->n_classes && same_texts(a->name, b->name, a->n_classes) && a->n_renames == b->n_renames &&
           same_texts(a->rename, b->rename, 2 * a->n_renames) && a->ignores_others == b->ignores_others;
}

bool ftdn_same_images(const ftdn_data_settings *a, const ftdn_data_settings *b)
{
    return a->kind == b->kind && ftdn_same_text(a->root, b->root) && ftdn_same_text(a->split, b->split) &&
           ftdn_same_text(a->annotations, b->annotations) && a->n_images == b->n_images && a->seed == b->seed &&
           same_classes(&a->classes, &b->classes);
}

bool ftdn_same_scope(const ftdn_scope_settings *a, const ftdn_scope_settings *b)
{
    return ftdn_same_text(a->name, b->name) && a->n_globs == b->n_globs && same_texts(a->glob, b->glob, a->n_globs);
}

bool ftdn_same_detect_rule(const ftdn_evaluate_settings *a, const ftdn_evaluate_settings *b)
{
    return a->score_threshold == b->score_threshold && a->nms_iou == b->nms_iou && a->candidates == b->candidates;
}

bool ftdn_same_fault_model(const ftdn_fault_settings *a, const ftdn_fault_settings *b)
{
    return ftdn_same_text(a->type, b->type) && a->bit == b->bit && ftdn_same_text(a->bits, b->bits) &&
           a->has_range == b->has_range && a->low == b->low && a->high == b->high;
}

static bool same_words(const ftdn_protection_settings *a, const ftdn_protection_settings *b)
{
    return ftdn_same_text(a->method, b->method) && ftdn_same_text(a->ranking, b->ranking) &&
           ftdn_same_text(a->direction, b->direction) && ftdn_same_text(a->allocation, b->allocation) &&
           ftdn_same_text(a->merge, b->merge) && ftdn_same_text(a->merge_point, b->merge_point) &&
           ftdn_same_text(a->combine, b->combine);
}

bool ftdn_same_protection(const ftdn_trial_settings *a, const ftdn_trial_settings *b)
{
    const ftdn_protection_settings *mine = &a->protection, *other = &b->protection;
    if (!same_words(mine, other)) return false;
    if (mine->ranking && mine->ratio != other->ratio) return false;
    if (ftdn_settings_need_calibration(mine)) {
        bool same_calibration = ftdn_same_images(&a->calibration, &b->calibration) &&
                                ftdn_same_text(a->faults.feature_map_point, b->faults.feature_map_point);
        if (!same_calibration) return false;
    }
    if (!mine->ranking) return true;
    if (!strcmp(mine->ranking, "random")) return a->seed == b->seed;
    if (strcmp(mine->ranking, "measured")) return true;
    return a->n_measured_images == b->n_measured_images && ftdn_same_fault_model(&a->faults, &b->faults);
}

bool ftdn_same_rig(const ftdn_trial_settings *a, const ftdn_trial_settings *b)
{
    return ftdn_same_text(a->engine.backend, b->engine.backend) &&
           a->engine.conv_algorithm == b->engine.conv_algorithm && a->engine.micro_batch == b->engine.micro_batch &&
           ftdn_same_detect_rule(&a->evaluate, &b->evaluate) &&
           ftdn_same_scope(&a->faults.weight_scope, &b->faults.weight_scope) &&
           ftdn_same_scope(&a->faults.feature_map_scope, &b->faults.feature_map_scope) &&
           ftdn_settings_map_point(&a->faults) == ftdn_settings_map_point(&b->faults) &&
           ftdn_settings_redraw_weights(&a->faults) == ftdn_settings_redraw_weights(&b->faults) &&
           ftdn_same_protection(a, b);
}
