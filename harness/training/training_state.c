#include "harness/training/training_state.h"

#include <math.h>
#include <string.h>

#include "engine/optimizer_hd.h"
#include "engine/tensor_file.h"

static float **new_pointers(const ftdn_graph *graph, ftdn_arena *arena, ftdn_error *err)
{
    return FTDN_NEW(arena, (size_t)graph->n_params, float *, err);
}

static bool is_head(const ftdn_graph *graph, const ftdn_param *param)
{
    int layer = graph->node[param->node].layer;
    return layer >= 0 && (graph->layer[layer].roles & FTDN_ROLE_HEAD);
}

/* The greatest magnitude of a weight: He's for what stands before an activation, Glorot's for the heads. */
static double bound_of(const ftdn_graph *graph, const ftdn_param *param)
{
    double kernel = (double)(param->dims[2] * param->dims[3]), n_in = (double)param->dims[1] * kernel;
    double n_out = is_head(graph, param) ? (double)param->dims[0] * kernel : 0;
    return sqrt(6.0 / (n_in + n_out));
}

static void draw(const ftdn_graph *graph, const ftdn_param *param, uint64_t seed, float *values)
{
    double bound = param->kind == FTDN_PARAM_CONV_WEIGHT ? bound_of(graph, param) : 0;
    bool is_one = param->kind == FTDN_PARAM_BN_SCALE || param->kind == FTDN_PARAM_BN_VAR;
    for (size_t i = 0; i < param->n_elements; i++) {
        double u = bound > 0 ? ftdn_formula_uniform(param->name, seed, i) : 0.5;
        values[i] = is_one ? 1 : (float)((2 * u - 1) * bound);
    }
}

static bool fits(const ftdn_named_tensor *tensor, const ftdn_param *param)
{
    if (tensor->n_dims != param->n_dims) return false;
    for (int d = 0; d < param->n_dims; d++)
        if (tensor->dims[d] != param->dims[d]) return false;
    return true;
}

/* Take over what the file has of the network. */
static ftdn_status take_from_file(ftdn_training_state *state, const char *path, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_graph *graph = &state->model.network.graph;
    const char **left = FTDN_NEW(arena, (size_t)graph->n_params, const char *, err);
    if (!left) return FTDN_ERR_MEMORY;
    ftdn_tensor_file file;
    FTDN_TRY(ftdn_tensor_file_load(path, arena, &file, err));
    for (int i = 0; i < graph->n_params; i++) {
        const ftdn_param *param = &graph->param[i];
        const ftdn_named_tensor *tensor = ftdn_tensor_file_find(&file, param->name);
        if (!tensor || !fits(tensor, param)) {
            left[state->n_left++] = param->name;
            continue;
        }
        memcpy(state->value[i], tensor->values, param->n_elements * sizeof *tensor->values);
        state->n_taken++;
    }
    if (state->n_taken == 0) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT,
                         "'%s': no tensor of it has name and shape of a parameter of network '%s'; the network's first "
                         "is '%s', the file's '%s'",
                         path, state->model.network.name, graph->param[0].name,
                         file.n_tensors ? file.tensor[0].name : "(none)");
    }
    state->taken_from = path;
    state->left = left;
    return FTDN_OK;
}

/* Constants are not learnt: where they are drawn, nothing good can come of it. */
static ftdn_status check_constants(const ftdn_training_state *state, ftdn_error *err)
{
    const ftdn_graph *graph = &state->model.network.graph;
    for (int i = 0; i < graph->n_params; i++) {
        if (graph->param[i].kind != FTDN_PARAM_CONSTANT) continue;
        bool is_left = !state->taken_from;
        for (int l = 0; l < state->n_left; l++) is_left |= strcmp(state->left[l], graph->param[i].name) == 0;
        if (!is_left) continue;
        return FTDN_FAIL(err, FTDN_ERR_INPUT,
                         "network '%s' has the constant '%s', which is not learnt: it must come from initial_weights",
                         state->model.network.name, graph->param[i].name);
    }
    return FTDN_OK;
}

/* The buffers as weights that nobody writes through. */
static ftdn_status make_weights(const ftdn_graph *graph, float *const *buffer, ftdn_arena *arena,
                                ftdn_weights *ret_weights, ftdn_error *err)
{
    const float **value = FTDN_NEW(arena, (size_t)graph->n_params, const float *, err);
    if (!value) return FTDN_ERR_MEMORY;
    for (int i = 0; i < graph->n_params; i++) value[i] = buffer[i];
    *ret_weights = (ftdn_weights){.n_params = graph->n_params, .value = value};
    return FTDN_OK;
}

static ftdn_status make_parameters(ftdn_training_state *state, const ftdn_training_manifest *manifest,
                                   ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_graph *graph = &state->model.network.graph;
    state->value = new_pointers(graph, arena, err);
    state->gradient = new_pointers(graph, arena, err);
    if (!state->value || !state->gradient) return FTDN_ERR_MEMORY;
    if (manifest->average > 0 && !(state->average = new_pointers(graph, arena, err))) return FTDN_ERR_MEMORY;
    for (int i = 0; i < graph->n_params; i++) {
        const ftdn_param *param = &graph->param[i];
        state->value[i] = FTDN_NEW(arena, param->n_elements, float, err);
        if (!state->value[i]) return FTDN_ERR_MEMORY;
        draw(graph, param, manifest->seed, state->value[i]);
        if (ftdn_param_is_trained(param) && !(state->gradient[i] = FTDN_NEW(arena, param->n_elements, float, err)))
            return FTDN_ERR_MEMORY;
        if (state->average && !(state->average[i] = FTDN_NEW(arena, param->n_elements, float, err)))
            return FTDN_ERR_MEMORY;
    }
    FTDN_TRY(make_weights(graph, state->value, arena, &state->model.weights, err));
    return make_weights(graph, state->average ? state->average : state->value, arena, &state->best, err);
}

static void begin_average(ftdn_training_state *state)
{
    const ftdn_graph *graph = &state->model.network.graph;
    for (int i = 0; state->average && i < graph->n_params; i++)
        memcpy(state->average[i], state->value[i], graph->param[i].n_elements * sizeof **state->value);
}

ftdn_status ftdn_training_state_init(ftdn_training_state *state, const ftdn_training_manifest *manifest,
                                     ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_model_settings *model = &manifest->validation.model;
    ftdn_network_desc desc = {.name = model->name, .n_classes = model->n_classes, .width = model->width};
    *state = (ftdn_training_state){.decay = manifest->average};
    FTDN_TRY(ftdn_network_create(&desc, arena, &state->shipped, err));
    desc.batch_norms = manifest->batch_norms;
    FTDN_TRY(ftdn_network_create(&desc, arena, &state->model.network, err));
    FTDN_TRY(make_parameters(state, manifest, arena, err));
    if (manifest->initial_weights) FTDN_TRY(take_from_file(state, manifest->initial_weights, arena, err));
    FTDN_TRY(check_constants(state, err));
    begin_average(state);
    const ftdn_graph *graph = &state->model.network.graph;
    FTDN_TRY(ftdn_weights_digest(graph, &state->model.weights, state->model.weights_digest, err));
    return ftdn_optimizer_init(&state->optimizer, graph, &manifest->optimizer, arena, err);
}

float ftdn_training_state_average_part(const ftdn_training_state *state, int n)
{
    double early = (1 + (double)n) / (10 + (double)n);
    return (float)(1 - (early < state->decay ? early : state->decay));
}

void ftdn_training_state_average(ftdn_training_state *state)
{
    if (!state->average) return;
    const ftdn_graph *graph = &state->model.network.graph;
    float part = ftdn_training_state_average_part(state, state->n_steps);
    for (int i = 0; i < graph->n_params; i++) {
        const float *value = state->value[i];
        float *average = state->average[i];
        for (size_t e = 0; e < graph->param[i].n_elements; e++)
            average[e] = ftdn_moving_average(part, average[e], value[e]);
    }
}
