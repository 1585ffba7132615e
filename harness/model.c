#include "harness/model.h"

#include "engine/tensor_file.h"

ftdn_status ftdn_model_open(const ftdn_model_settings *settings, ftdn_arena *arena, ftdn_model *ret_model,
                            ftdn_error *err)
{
    ftdn_model model = {0};
    const ftdn_network_desc desc = {.name = settings->name, .n_classes = settings->n_classes, .width = settings->width};
    FTDN_TRY(ftdn_network_create(&desc, arena, &model.network, err));
    if (settings->weights_path) {
        ftdn_tensor_file file;
        FTDN_TRY(ftdn_tensor_file_load(settings->weights_path, arena, &file, err));
        FTDN_TRY(ftdn_weights_bind(&model.network.graph, &file, arena, &model.weights, err));
    } else {
        FTDN_TRY(ftdn_weights_formula(&model.network.graph, settings->formula_seed, arena, &model.weights, err));
    }
    FTDN_TRY(ftdn_weights_digest(&model.network.graph, &model.weights, model.weights_digest, err));
    *ret_model = model;
    return FTDN_OK;
}
