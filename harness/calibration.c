#include "harness/calibration.h"

#include <stdlib.h>
#include <string.h>

ftdn_status ftdn_calibration_open(const ftdn_trial_settings *settings, const ftdn_model *model, ftdn_inputs *inputs,
                                  ftdn_dataset **ret_calibration, ftdn_error *err)
{
    if (settings->calibration.kind == FTDN_DATA_NONE)
        return FTDN_FAIL(err, FTDN_ERR_ARG,
                         "no calibration images are given, and they are needed; add, say, \"calibration\": "
                         "{\"kind\": \"voc\", \"root\": \"VOC2007\", \"split\": \"trainval\", \"images\": 64}");
    ftdn_dataset *calibration;
    FTDN_TRY(ftdn_inputs_get_dataset(inputs, &settings->calibration, &calibration, err));
    if (calibration->n_classes != model->network.n_classes)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "the model has %d classes, the calibration (%s) has %d",
                         model->network.n_classes, calibration->description, calibration->n_classes);
    *ret_calibration = calibration;
    return FTDN_OK;
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

/* May images of the two be the same at all? Photographs are told by their names, scenes by number and seed. */
static bool are_comparable(const ftdn_data_settings *a, const ftdn_data_settings *b)
{
    if (a->kind != b->kind) return false;
    return a->kind != FTDN_DATA_TEST_SCENES || a->seed == b->seed;
}

ftdn_status ftdn_calibration_check(const ftdn_trial_settings *settings, const ftdn_dataset *calibration,
                                   const ftdn_dataset *dataset, ftdn_error *err)
{
    if (settings->calibration_may_overlap || !are_comparable(&settings->calibration, &settings->dataset))
        return FTDN_OK;
    const char **names = malloc((size_t)dataset->n_images * sizeof *names);
    if (!names) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for %d image names", dataset->n_images);
    for (int i = 0; i < dataset->n_images; i++) names[i] = dataset->image[i].name;
    qsort(names, (size_t)dataset->n_images, sizeof *names, compare_names);
    const char *shared = find_shared(calibration, names, dataset->n_images);
    free(names);
    if (!shared) return FTDN_OK;
    return FTDN_FAIL(
        err, FTDN_ERR_ARG,
        "image '%s' is one of the dataset (%s) too; take other images, or set calibration.allow_overlap to true",
        shared, dataset->description);
}
