#include "harness/calibration.h"

#include <stdlib.h>
#include <string.h>

/* All trials share the key's value: it stands in the template. */
static ftdn_status fail_at(const ftdn_plan *plan, ftdn_error *err)
{
    ftdn_position position = ftdn_position_of_value(plan->manifest->base.value[FTDN_KEY_CALIBRATION].node);
    ftdn_error_context(err, "%s:%d:%d: calibration", position.file, position.line, position.column);
    return FTDN_ERR_MANIFEST;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The name of the first calibration image that is in the dataset too; NULL: none. names: the dataset's, sorted. */
static const char *find_shared(const ftdn_dataset *calibration, const char *const *names, int n_names)
{
    for (int i = 0; i < calibration->n_images; i++) {
        const char *name = calibration->image[i].name;
        if (bsearch(&name, names, (size_t)n_names, sizeof *names, compare_names)) return name;
    }
    return NULL;
}

static ftdn_status check_overlap(const ftdn_plan *plan, const ftdn_planned_trial *trial,
                                 const ftdn_dataset *calibration, ftdn_error *err)
{
    const ftdn_data_settings *settings = &trial->settings.calibration, *tested = &trial->settings.dataset;
    if (trial->settings.calibration_may_overlap || settings->kind != tested->kind) return FTDN_OK;
    if (settings->kind == FTDN_DATA_TEST_SCENES && settings->seed != tested->seed) return FTDN_OK;
    const ftdn_dataset *dataset = trial->dataset;
    const char **names = malloc((size_t)dataset->n_images * sizeof *names);
    if (!names) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for %d image names", dataset->n_images);
    for (int i = 0; i < dataset->n_images; i++) names[i] = dataset->image[i].name;
    qsort(names, (size_t)dataset->n_images, sizeof *names, compare_names);
    const char *shared = find_shared(calibration, names, dataset->n_images);
    free(names);
    if (!shared) return FTDN_OK;
    FTDN_FAIL(err, FTDN_ERR_MANIFEST,
              "image '%s' is one of the dataset (%s) too; take other images, or set calibration.allow_overlap to true",
              shared, dataset->description);
    return fail_at(plan, err);
}

ftdn_status ftdn_calibration_open(const ftdn_plan *plan, ftdn_inputs *inputs, ftdn_dataset **ret_dataset,
                                  ftdn_error *err)
{
    const ftdn_planned_trial *first = &plan->trial[0];
    if (first->settings.calibration.kind == FTDN_DATA_NONE) {
        return FTDN_FAIL(err, FTDN_ERR_MANIFEST,
                         "%s: calibration: missing, and rankings by images need it; add, say, \"calibration\": "
                         "{\"kind\": \"voc\", \"root\": \"VOC2007\", \"split\": \"trainval\", \"images\": 64}",
                         plan->manifest->path);
    }
    ftdn_dataset *dataset;
    ftdn_status status = ftdn_inputs_get_dataset(inputs, &first->settings.calibration, &dataset, err);
    if (status == FTDN_ERR_ARG) return fail_at(plan, err);
    FTDN_TRY(status);
    if (dataset->n_classes != first->model->network.n_classes) {
        FTDN_FAIL(err, FTDN_ERR_MANIFEST, "the model has %d classes, the images (%s) have %d",
                  first->model->network.n_classes, dataset->description, dataset->n_classes);
        return fail_at(plan, err);
    }
    const ftdn_dataset *checked = NULL;
    for (int i = 0; i < plan->n_trials; i++) {
        if (plan->trial[i].dataset == checked) continue;
        checked = plan->trial[i].dataset;
        FTDN_TRY(check_overlap(plan, &plan->trial[i], dataset, err));
    }
    *ret_dataset = dataset;
    return FTDN_OK;
}
