#include "harness/plan/model.h"

#include <stdlib.h>

#include "engine/tensor_file.h"

/* What the settings leave open is as the weight file says, where it does. */
static ftdn_status complete_desc(const ftdn_tensor_file *file, const ftdn_class_names *classes, ftdn_network_desc *desc,
                                 ftdn_error *err)
{
    if (!desc->name) desc->name = ftdn_tensor_file_find_metadata(file, "network");
    if (!desc->name)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "%s does not say which network it is of; name the model", file->path);
    const char *width = desc->width > 0 ? NULL : ftdn_tensor_file_find_metadata(file, "width");
    if (width) {
        char *end;
        desc->width = strtod(width, &end);
        if (end == width || *end || !(desc->width > 0))
            return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: metadata 'width': '%s' is no width", file->path, width);
    }
    if (desc->n_classes == 0) desc->n_classes = classes->n;
    if (classes->n > 0 && classes->n != desc->n_classes)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "%s is of %d classes, not of %d", file->path, classes->n, desc->n_classes);
    return FTDN_OK;
}

ftdn_status ftdn_model_open(const ftdn_model_settings *settings, ftdn_arena *arena, ftdn_model *ret_model,
                            ftdn_error *err)
{
    ftdn_model model = {0};
    ftdn_tensor_file file;
    ftdn_network_desc desc = {.name = settings->name, .n_classes = settings->n_classes, .width = settings->width};
    if (settings->weights_path) {
        FTDN_TRY(ftdn_tensor_file_load(settings->weights_path, arena, &file, err));
        FTDN_TRY(ftdn_class_names_read(&file, arena, &model.classes, err));
        FTDN_TRY(complete_desc(&file, &model.classes, &desc, err));
    }
    if (desc.n_classes == 0) desc.n_classes = FTDN_VOC_CLASSES;
    FTDN_TRY(ftdn_network_create(&desc, arena, &model.network, err));
    if (settings->weights_path) {
        FTDN_TRY(ftdn_weights_bind(&model.network.graph, &file, arena, &model.weights, err));
    } else {
        FTDN_TRY(ftdn_weights_formula(&model.network.graph, settings->formula_seed, arena, &model.weights, err));
    }
    FTDN_TRY(ftdn_weights_digest(&model.network.graph, &model.weights, model.weights_digest, err));
    *ret_model = model;
    return FTDN_OK;
}
