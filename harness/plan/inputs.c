#include "harness/plan/inputs.h"

#include <assert.h>

#include "harness/plan/fetch_hint.h"
#include "harness/plan/same_settings.h"

typedef struct ftdn_open_model {
    struct ftdn_open_model *next;
    ftdn_model_settings settings;
    ftdn_model model;
    ftdn_error failure; /* its status is FTDN_OK where the model is open */
} open_model;

typedef struct ftdn_open_dataset {
    struct ftdn_open_dataset *next;
    ftdn_data_settings settings;
    ftdn_dataset *dataset; /* NULL where it could not be opened */
    ftdn_error failure;
} open_dataset;

static ftdn_status fail_again(const ftdn_error *failure, ftdn_error *err)
{
    if (err) *err = *failure;
    return failure->status;
}

void ftdn_inputs_init(ftdn_inputs *inputs)
{
    *inputs = (ftdn_inputs){0};
    ftdn_arena_init(&inputs->arena);
}

void ftdn_inputs_done(ftdn_inputs *inputs)
{
    for (open_dataset *open = inputs->datasets; open; open = open->next) ftdn_dataset_close(open->dataset);
    ftdn_arena_done(&inputs->arena);
    *inputs = (ftdn_inputs){0};
}

ftdn_status ftdn_inputs_get_model(ftdn_inputs *inputs, const ftdn_model_settings *settings,
                                  const ftdn_model **ret_model, ftdn_error *err)
{
    for (open_model *open = inputs->models; open; open = open->next) {
        if (!ftdn_same_model(&open->settings, settings)) continue;
        if (open->failure.status != FTDN_OK) return fail_again(&open->failure, err);
        *ret_model = &open->model;
        return FTDN_OK;
    }
    open_model *open = FTDN_NEW(&inputs->arena, 1, open_model, err);
    if (!open) return FTDN_ERR_MEMORY;
    open->settings = *settings;
    ftdn_status status = ftdn_model_open(settings, &inputs->arena, &open->model, &open->failure);
    if (status == FTDN_ERR_INPUT && settings->weights_path) ftdn_fetch_hint_add(settings->weights_path, &open->failure);
    if (status == FTDN_ERR_MEMORY) return fail_again(&open->failure, err);
    open->next = inputs->models;
    inputs->models = open;
    if (status != FTDN_OK) return fail_again(&open->failure, err);
    *ret_model = &open->model;
    return FTDN_OK;
}

const ftdn_device_info *ftdn_inputs_get_device(ftdn_inputs *inputs)
{
    int n_devices;
    if (!inputs->device_is_known && ftdn_device_probe(&inputs->device, 1, &n_devices, NULL) != FTDN_OK)
        inputs->device = (ftdn_device_info){0};
    inputs->device_is_known = true;
    return &inputs->device;
}

static ftdn_status open_data(const ftdn_data_settings *settings, ftdn_dataset **ret_dataset, ftdn_error *err)
{
    const ftdn_voc_desc voc = {
        .root = settings->root,
        .split = settings->split,
        .max_images = settings->n_images,
        .classes = settings->classes,
    };
    const ftdn_coco_desc coco = {
        .root = settings->root,
        .split = settings->split,
        .annotations = settings->annotations,
        .max_images = settings->n_images,
        .classes = settings->classes,
    };
    switch (settings->kind) {
    case FTDN_DATA_VOC: return ftdn_dataset_open_voc(&voc, ret_dataset, err);
    case FTDN_DATA_COCO: return ftdn_dataset_open_coco(&coco, ret_dataset, err);
    case FTDN_DATA_ROAD:
        return ftdn_dataset_open_road(settings->split, settings->seed, settings->n_images, ret_dataset, err);
    case FTDN_DATA_TEST_SCENES:
        return ftdn_dataset_open_test_scenes(settings->n_images, settings->seed, ret_dataset, err);
    case FTDN_DATA_NONE: break;
    }
    assert(false && "no images are asked for");
    return FTDN_ERR_ARG;
}

ftdn_status ftdn_inputs_get_dataset(ftdn_inputs *inputs, const ftdn_data_settings *settings, ftdn_dataset **ret_dataset,
                                    ftdn_error *err)
{
    for (open_dataset *open = inputs->datasets; open; open = open->next) {
        if (!ftdn_same_images(&open->settings, settings)) continue;
        if (!open->dataset) return fail_again(&open->failure, err);
        *ret_dataset = open->dataset;
        return FTDN_OK;
    }
    open_dataset *open = FTDN_NEW(&inputs->arena, 1, open_dataset, err);
    if (!open) return FTDN_ERR_MEMORY;
    open->settings = *settings;
    ftdn_status status = open_data(settings, &open->dataset, &open->failure);
    if (status == FTDN_ERR_INPUT && settings->root) ftdn_fetch_hint_add(settings->root, &open->failure);
    if (status == FTDN_ERR_MEMORY) return fail_again(&open->failure, err);
    open->next = inputs->datasets;
    inputs->datasets = open;
    if (status != FTDN_OK) return fail_again(&open->failure, err);
    *ret_dataset = open->dataset;
    return FTDN_OK;
}
