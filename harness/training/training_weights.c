#include "harness/training/training_weights.h"

#include <math.h>
#include <string.h>

#include "base/code_version.h"
#include "base/text.h"
#include "engine/batch_norm_fold.h"
#include "engine/dtype.h"
#include "engine/tensor_file.h"
#include "harness/plan/class_names.h"

static bool is_rounded(const ftdn_param *param, bool as_half)
{
    return as_half && param->kind == FTDN_PARAM_CONV_WEIGHT;
}

static ftdn_status round_values(const ftdn_param *param, const float *values, ftdn_arena *arena,
                                const float **ret_rounded, ftdn_error *err)
{
    float *rounded = FTDN_NEW(arena, param->n_elements, float, err);
    if (!rounded) return FTDN_ERR_MEMORY;
    for (size_t i = 0; i < param->n_elements; i++) {
        rounded[i] = ftdn_float_of_half(ftdn_half_of_float(values[i]));
        if (!isfinite(rounded[i])) {
            return FTDN_FAIL(err, FTDN_ERR_INPUT, "'%s': weight %g does not fit into f16; set output.precision to f32",
                             param->name, (double)values[i]);
        }
    }
    *ret_rounded = rounded;
    return FTDN_OK;
}

ftdn_status ftdn_training_weights_ship(const ftdn_training_state *state, bool as_half, ftdn_arena *arena,
                                       ftdn_weights *ret_weights, ftdn_error *err)
{
    const ftdn_graph *graph = &state->shipped.graph;
    const float **value = FTDN_NEW(arena, (size_t)graph->n_params, const float *, err);
    if (!value) return FTDN_ERR_MEMORY;
    ftdn_weights folded;
    FTDN_TRY(ftdn_batch_norms_fold(&state->model.network.graph, &state->best, graph, arena, &folded, err));
    for (int i = 0; i < graph->n_params; i++) {
        value[i] = folded.value[i];
        if (is_rounded(&graph->param[i], as_half))
            FTDN_TRY(round_values(&graph->param[i], folded.value[i], arena, &value[i], err));
    }
    *ret_weights = (ftdn_weights){.n_params = graph->n_params, .value = value};
    return FTDN_OK;
}

static const char *classes_text(const ftdn_dataset *dataset, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    for (int c = 0; c < dataset->n_classes; c++) {
        ftdn_text_append(&text, c ? "," : "[");
        ftdn_text_append_json_string(&text, dataset->class_name[c]);
    }
    ftdn_text_append(&text, "]");
    return ftdn_text_keep(&text, arena, err);
}

static ftdn_status write_file(const char *path, const ftdn_training_product *product, ftdn_arena *arena,
                              ftdn_error *err)
{
    const ftdn_training_state *state = product->state;
    const ftdn_graph *graph = &state->shipped.graph;
    ftdn_metadata_entry metadata[] = {
        {"network", state->shipped.name},
        {"width", ftdn_arena_format(arena, err, "%g", state->shipped.width)},
        {FTDN_CLASSES_METADATA, classes_text(product->dataset, arena, err)},
        {"training", product->spec->id},
        {"training_spec", product->spec->text},
        {"training_steps", ftdn_arena_format(arena, err, "%d", state->n_steps)},
        {"validation", product->validation->description},
        {"validation_map", ftdn_arena_format(arena, err, "%.4f", product->validated->map_voc07)},
        {"code_version", FTDN_CODE_VERSION},
    };
    ftdn_tensor_file file = {.n_metadata = sizeof metadata / sizeof *metadata, .metadata = metadata};
    for (int i = 0; i < file.n_metadata; i++)
        if (!metadata[i].value) return FTDN_ERR_MEMORY;
    file.tensor = FTDN_NEW(arena, (size_t)graph->n_params, ftdn_named_tensor, err);
    bool *as_half = FTDN_NEW(arena, (size_t)graph->n_params, bool, err);
    if (!file.tensor || !as_half) return FTDN_ERR_MEMORY;
    for (; file.n_tensors < graph->n_params; file.n_tensors++) {
        const ftdn_param *param = &graph->param[file.n_tensors];
        ftdn_named_tensor *tensor = &file.tensor[file.n_tensors];
        *tensor = (ftdn_named_tensor){.name = param->name,
                                      .dtype = "F32",
                                      .n_dims = param->n_dims,
                                      .n_elements = param->n_elements,
                                      .values = product->weights.value[file.n_tensors]};
        memcpy(tensor->dims, param->dims, (size_t)param->n_dims * sizeof *param->dims);
        as_half[file.n_tensors] = is_rounded(param, product->as_half);
    }
    return ftdn_safetensors_write(path, &file, as_half, err);
}

ftdn_status ftdn_training_weights_write(const char *path, const ftdn_training_product *product, ftdn_arena *arena,
                                        ftdn_error *err)
{
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    ftdn_status status = write_file(path, product, arena, err);
    ftdn_arena_reset(arena, mark);
    return status;
}
