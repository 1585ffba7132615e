#include "engine/cuda/cudnn_engine.h"

#include <stdlib.h>

static ftdn_status ask(ftdn_cudnn_set *set, const ftdn_cudnn_graph *graph, const ftdn_cudnn_device *device,
                       cudnnBackendHeurMode_t mode, ftdn_cudnn_candidates *candidates, ftdn_error *refusal,
                       ftdn_error *err)
{
    cudnnBackendDescriptor_t heuristics = ftdn_cudnn_add(set, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR);
    ftdn_cudnn_put_descriptor(set, heuristics, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph->operations);
    ftdn_cudnn_put_descriptor(set, heuristics, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, device->properties);
    ftdn_cudnn_put(set, heuristics, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode);
    FTDN_TRY(ftdn_cudnn_set_check(set, err));
    cudnnStatus_t result = cudnnBackendFinalize(heuristics);
    if (ftdn_cudnn_is_refusal(result)) {
        (void)ftdn_cudnn_fail(result, "cudnnBackendFinalize", graph->what, refusal);
        return FTDN_OK;
    }
    FTDN_CUDNN(result, graph->what, err);

    int64_t n_announced = 0, n_given = 0;
    FTDN_CUDNN(cudnnBackendGetAttribute(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR, 0,
                                        &n_announced, NULL),
               graph->what, err);
    candidates->config = calloc((size_t)n_announced + 1, sizeof *candidates->config);
    if (!candidates->config) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "no memory for %d engines", (int)n_announced);
    for (; candidates->n < n_announced; candidates->n++) {
        FTDN_CUDNN(cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, &candidates->config[candidates->n]),
                   graph->what, err);
    }
    FTDN_CUDNN(cudnnBackendGetAttribute(heuristics, CUDNN_ATTR_ENGINEHEUR_RESULTS, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                        n_announced, &n_given, candidates->config),
               graph->what, err);
    /* Fewer may come than were announced. */
    while (candidates->n > n_given) cudnnBackendDestroyDescriptor(candidates->config[--candidates->n]);
    return FTDN_OK;
}

ftdn_status ftdn_cudnn_candidates_find(const ftdn_cudnn_graph *graph, const ftdn_cudnn_device *device,
                                       cudnnBackendHeurMode_t mode, ftdn_cudnn_candidates *ret_candidates,
                                       ftdn_error *refusal, ftdn_error *err)
{
    ftdn_cudnn_set set;
    ftdn_cudnn_candidates candidates = {0};
    ftdn_cudnn_set_init(&set, graph->what);
    ftdn_status status = ask(&set, graph, device, mode, &candidates, refusal, err);
    ftdn_cudnn_set_done(&set);
    if (status == FTDN_OK) *ret_candidates = candidates;
    else ftdn_cudnn_candidates_free(&candidates);
    return status;
}

void ftdn_cudnn_candidates_free(ftdn_cudnn_candidates *candidates)
{
    for (int i = 0; i < candidates->n; i++) cudnnBackendDestroyDescriptor(candidates->config[i]);
    free(candidates->config);
    *candidates = (ftdn_cudnn_candidates){0};
}

static ftdn_status add_engine(ftdn_cudnn_set *set, cudnnBackendDescriptor_t config,
                              cudnnBackendDescriptor_t *ret_engine, ftdn_error *err)
{
    int64_t n = 0;
    *ret_engine = ftdn_cudnn_add(set, CUDNN_BACKEND_ENGINE_DESCRIPTOR);
    FTDN_TRY(ftdn_cudnn_set_check(set, err));
    FTDN_CUDNN(
        cudnnBackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_ENGINE, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &n, ret_engine),
        set->what, err);
    return FTDN_OK;
}

/* Each note is something that an engine may do otherwise than a plain direct convolution in f32. One that is not known
 * yet is no reason to trust the engine. */
static bool numerical_note_is_allowed(cudnnBackendNumericalNote_t note, const ftdn_cudnn_rule *rule)
{
    switch (note) {
    case CUDNN_NUMERICAL_NOTE_TENSOR_CORE: return rule->tf32;
    case CUDNN_NUMERICAL_NOTE_STRICT_NAN_PROP: return rule->strict_nan;
    default: return false;
    }
}

static bool behavior_note_is_allowed(cudnnBackendBehaviorNote_t note)
{
    return note == CUDNN_BEHAVIOR_NOTE_SUPPORTS_CUDA_GRAPH_NATIVE_API;
}

static ftdn_status check_notes(cudnnBackendDescriptor_t engine, const ftdn_cudnn_rule *rule, const char *what,
                               bool *ret_allowed, ftdn_error *err)
{
    enum { MAX_NOTES = 64 };
    cudnnBackendNumericalNote_t numerical[MAX_NOTES];
    cudnnBackendBehaviorNote_t behavior[MAX_NOTES];
    int64_t n_numerical = 0, n_behavior = 0;
    FTDN_CUDNN(cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE, CUDNN_TYPE_NUMERICAL_NOTE, MAX_NOTES,
                                        &n_numerical, numerical),
               what, err);
    FTDN_CUDNN(cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE, CUDNN_TYPE_BEHAVIOR_NOTE, MAX_NOTES,
                                        &n_behavior, behavior),
               what, err);
    bool allowed = true;
    for (int i = 0; i < n_numerical; i++) allowed = allowed && numerical_note_is_allowed(numerical[i], rule);
    for (int i = 0; i < n_behavior; i++) allowed = allowed && behavior_note_is_allowed(behavior[i]);
    *ret_allowed = allowed;
    return FTDN_OK;
}

ftdn_status ftdn_cudnn_config_check(cudnnBackendDescriptor_t config, const ftdn_cudnn_rule *rule, const char *what,
                                    bool *ret_allowed, ftdn_error *err)
{
    ftdn_cudnn_set set;
    cudnnBackendDescriptor_t engine;
    ftdn_cudnn_set_init(&set, what);
    ftdn_status status = add_engine(&set, config, &engine, err);
    if (status == FTDN_OK) status = check_notes(engine, rule, what, ret_allowed, err);
    ftdn_cudnn_set_done(&set);
    return status;
}

static ftdn_status append_knobs(ftdn_cudnn_set *set, cudnnBackendDescriptor_t config, ftdn_text *text, ftdn_error *err)
{
    enum { MAX_KNOBS = FTDN_CUDNN_MAX_DESCRIPTORS - 1 };
    cudnnBackendDescriptor_t knob[MAX_KNOBS];
    int64_t n_knobs = 0, n = 0;
    for (int i = 0; i < MAX_KNOBS; i++) knob[i] = ftdn_cudnn_add(set, CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR);
    FTDN_TRY(ftdn_cudnn_set_check(set, err));
    FTDN_CUDNN(cudnnBackendGetAttribute(config, CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, CUDNN_TYPE_BACKEND_DESCRIPTOR,
                                        MAX_KNOBS, &n_knobs, knob),
               set->what, err);
    for (int i = 0; i < n_knobs; i++) {
        cudnnBackendKnobType_t type;
        int64_t value = 0;
        FTDN_CUDNN(
            cudnnBackendGetAttribute(knob[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE, 1, &n, &type),
            set->what, err);
        FTDN_CUDNN(
            cudnnBackendGetAttribute(knob[i], CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64, 1, &n, &value),
            set->what, err);
        ftdn_text_append(text, "%s %d=%lld", i ? "" : ", knobs", (int)type, (long long)value);
    }
    return FTDN_OK;
}

static ftdn_status append_config(ftdn_cudnn_set *set, cudnnBackendDescriptor_t config, ftdn_text *text, ftdn_error *err)
{
    cudnnBackendDescriptor_t engine;
    int64_t index = 0, n = 0;
    FTDN_TRY(add_engine(set, config, &engine, err));
    FTDN_CUDNN(cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64, 1, &n, &index),
               set->what, err);
    ftdn_text_append(text, "engine %lld", (long long)index);
    return append_knobs(set, config, text, err);
}

ftdn_status ftdn_cudnn_config_describe(cudnnBackendDescriptor_t config, const char *what, ftdn_text *text,
                                       ftdn_error *err)
{
    ftdn_cudnn_set set;
    ftdn_cudnn_set_init(&set, what);
    ftdn_status status = append_config(&set, config, text, err);
    ftdn_cudnn_set_done(&set);
    return status;
}
