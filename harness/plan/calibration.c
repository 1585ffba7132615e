#include "harness/plan/calibration.h"

#include <stdlib.h>
#include <string.h>

#include "harness/plan/class_names.h"

ftdn_status ftdn_calibration_open(const ftdn_trial_settings *settings, const ftdn_dataset *dataset, ftdn_inputs *inputs,
                                  ftdn_dataset **ret_calibration, ftdn_error *err)
{
    if (settings->calibration.kind == FTDN_DATA_NONE)
        return FTDN_FAIL(err, FTDN_ERR_ARG,
                         "no calibration images are given, and they are needed; add, say, \"calibration\": "
                         "{\"kind\": \"voc\", \"root\": \"VOC2007\", \"split\": \"trainval\", \"images\": 64}");
    ftdn_dataset *calibration;
    FTDN_TRY(ftdn_inputs_get_dataset(inputs, &settings->calibration, &calibration, err));
    const ftdn_class_names wanted = {dataset->description, dataset->n_classes, dataset->class_name},
                           found = {calibration->description, calibration->n_classes, calibration->class_name};
    FTDN_TRY(ftdn_class_names_check(&wanted, &found, err));
    *ret_calibration = calibration;
    return FTDN_OK;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The name of the first of the images that is in the dataset too; NULL: none. names: the dataset's, sorted. */
static const char *find_shared(const ftdn_dataset *images, const char *const *names, int n_names)
{
    for (int i = 0; i < images->n_images; i++) {
        const char *name = images->image[i].name;
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

ftdn_status ftdn_images_check_apart(const ftdn_image_set *images, const ftdn_image_set *others, const char *remedy,
                                    ftdn_error *err)
{
    const ftdn_dataset *dataset = others->dataset;
    if (!are_comparable(images->settings, others->settings)) return FTDN_OK;
    const char **names = malloc((size_t)dataset->n_images * sizeof *names);
    if (!names) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for %d image names", dataset->n_images);
    for (int i = 0; i < dataset->n_images; i++) names[i] = dataset->image[i].name;
    qsort(names, (size_t)dataset->n_images, sizeof *names, compare_names);
    const char *shared = find_shared(images->dataset, names, dataset->n_images);
    free(names);
    if (!shared) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_ARG, "image '%s' is one of the dataset (%s) too; %s", shared, dataset->description,
                     remedy);
}

ftdn_status ftdn_calibration_check(const ftdn_trial_settings *settings, const ftdn_dataset *calibration,
                                   const ftdn_dataset *dataset, ftdn_error *err)
{
    if (settings->calibration_may_overlap) return FTDN_OK;
    const ftdn_image_set images = {&settings->calibration, calibration}, others = {&settings->dataset, dataset};
    return ftdn_images_check_apart(&images, &others, "take other images, or set calibration.allow_overlap to true",
                                   err);
}
