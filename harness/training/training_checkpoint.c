#include "harness/training/training_checkpoint.h"

#include <stdlib.h>
#include <string.h>

#include "base/code_version.h"
#include "engine/tensor_file.h"

#define KEY_SPEC "training_spec"
#define KEY_STEPS "training_steps"
#define KEY_VERSION "code_version"
#define AVERAGE_PREFIX "average."

static ftdn_named_tensor tensor_of(const ftdn_param *param, const char *name, const float *values)
{
    ftdn_named_tensor tensor = {
        .name = name, .dtype = "F32", .n_dims = param->n_dims, .n_elements = param->n_elements, .values = values};
    memcpy(tensor.dims, param->dims, (size_t)param->n_dims * sizeof *param->dims);
    return tensor;
}

static ftdn_status list_tensors(const ftdn_training_state *state, ftdn_arena *arena, ftdn_tensor_file *file,
                                ftdn_error *err)
{
    const ftdn_graph *graph = &state->model.network.graph;
    ftdn_named_tensor *moments;
    int n_moments, n_kinds = state->average ? 2 : 1;
    FTDN_TRY(ftdn_optimizer_list_moments(&state->optimizer, arena, &moments, &n_moments, err));
    file->tensor = FTDN_NEW(arena, (size_t)(n_kinds * graph->n_params + n_moments), ftdn_named_tensor, err);
    if (!file->tensor) return FTDN_ERR_MEMORY;
    for (int i = 0; i < graph->n_params; i++)
        file->tensor[file->n_tensors++] = tensor_of(&graph->param[i], graph->param[i].name, state->value[i]);
    for (int i = 0; state->average && i < graph->n_params; i++) {
        const char *name = ftdn_arena_format(arena, err, AVERAGE_PREFIX "%s", graph->param[i].name);
        if (!name) return FTDN_ERR_MEMORY;
        file->tensor[file->n_tensors++] = tensor_of(&graph->param[i], name, state->average[i]);
    }
    for (int i = 0; i < n_moments; i++) file->tensor[file->n_tensors++] = moments[i];
    return FTDN_OK;
}

static ftdn_status write_file(const char *path, const ftdn_training_state *state, const ftdn_training_spec *spec,
                              ftdn_arena *arena, ftdn_error *err)
{
    const char *steps = ftdn_arena_format(arena, err, "%d", state->n_steps);
    if (!steps) return FTDN_ERR_MEMORY;
    ftdn_metadata_entry metadata[] = {{KEY_SPEC, spec->text}, {KEY_STEPS, steps}, {KEY_VERSION, FTDN_CODE_VERSION}};
    ftdn_tensor_file file = {.n_metadata = sizeof metadata / sizeof *metadata, .metadata = metadata};
    FTDN_TRY(list_tensors(state, arena, &file, err));
    return ftdn_safetensors_write(path, &file, NULL, err);
}

ftdn_status ftdn_training_checkpoint_write(const char *path, const ftdn_training_state *state,
                                           const ftdn_training_spec *spec, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    ftdn_status status = write_file(path, state, spec, arena, err);
    ftdn_arena_reset(arena, mark);
    return status;
}

static ftdn_status read_steps(const ftdn_tensor_file *file, int *ret_n_steps, ftdn_error *err)
{
    const char *steps = ftdn_tensor_file_find_metadata(file, KEY_STEPS);
    char *end = NULL;
    long n_steps = steps ? strtol(steps, &end, 10) : -1;
    if (n_steps < 0 || n_steps > INT32_MAX || *end) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "'%s' is no checkpoint of a training: its metadata have no " KEY_STEPS,
                         file->path);
    }
    *ret_n_steps = (int)n_steps;
    return FTDN_OK;
}

/* Is the checkpoint one of this training? */
static ftdn_status check_spec(const ftdn_tensor_file *file, const ftdn_training_spec *spec, ftdn_arena *arena,
                              ftdn_error *err)
{
    const char *there = ftdn_tensor_file_find_metadata(file, KEY_SPEC), *difference;
    if (!there) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "'%s' is no checkpoint of a training: its metadata have no " KEY_SPEC,
                         file->path);
    }
    if (strcmp(there, spec->text) == 0) return FTDN_OK;
    ftdn_status status = ftdn_training_spec_compare(there, spec->text, arena, &difference, err);
    if (status != FTDN_OK) {
        ftdn_error_context(err, "'%s'", file->path);
        return status;
    }
    return FTDN_FAIL(
        err, FTDN_ERR_INPUT,
        "'%s' is a checkpoint of another training: %s; take another folder (--output), or remove the file to "
        "begin anew",
        file->path, difference[0] ? difference : "their specs are written differently");
}

static ftdn_status take_values(const ftdn_tensor_file *file, const ftdn_param *param, const char *name, float *values,
                               ftdn_error *err)
{
    const ftdn_named_tensor *tensor = ftdn_tensor_file_find(file, name);
    if (!tensor || tensor->n_elements != param->n_elements) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "'%s': tensor '%s' of %zu elements is missing", file->path, name,
                         param->n_elements);
    }
    memcpy(values, tensor->values, param->n_elements * sizeof *values);
    return FTDN_OK;
}

static ftdn_status take_state(const ftdn_tensor_file *file, ftdn_training_state *state, int n_steps, ftdn_arena *arena,
                              ftdn_error *err)
{
    const ftdn_graph *graph = &state->model.network.graph;
    for (int i = 0; i < graph->n_params; i++) {
        const ftdn_param *param = &graph->param[i];
        FTDN_TRY(take_values(file, param, param->name, state->value[i], err));
        if (!state->average) continue;
        const char *name = ftdn_arena_format(arena, err, AVERAGE_PREFIX "%s", param->name);
        if (!name) return FTDN_ERR_MEMORY;
        FTDN_TRY(take_values(file, param, name, state->average[i], err));
    }
    FTDN_TRY(ftdn_optimizer_restore(&state->optimizer, file, n_steps, arena, err));
    state->n_steps = n_steps;
    return FTDN_OK;
}

ftdn_status ftdn_training_checkpoint_read(const char *path, ftdn_training_state *state, const ftdn_training_spec *spec,
                                          ftdn_arena *arena, ftdn_error *err)
{
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    ftdn_tensor_file file;
    int n_steps = 0;
    ftdn_status status = ftdn_tensor_file_load(path, arena, &file, err);
    if (status == FTDN_OK) status = check_spec(&file, spec, arena, err);
    if (status == FTDN_OK) status = read_steps(&file, &n_steps, err);
    if (status == FTDN_OK) status = take_state(&file, state, n_steps, arena, err);
    ftdn_arena_reset(arena, mark);
    return status;
}
