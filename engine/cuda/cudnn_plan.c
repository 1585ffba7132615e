#include "engine/cuda/cudnn_plan.h"

#include "engine/cuda/cudnn_engine.h"

/* Where the search stands: what was seen so far, for the message of one that finds nothing. */
typedef struct plan_search {
    const ftdn_cuda_convolution_desc *desc;
    const ftdn_cudnn_device *device;
    int n_candidates, n_forbidden;
    ftdn_error refusal; /* the library's last one */
} plan_search;

/* The plan of one engine; *ret_execution stays NULL where the library refuses it. */
static ftdn_status try_config(plan_search *search, const ftdn_cudnn_graph *graph, cudnnBackendDescriptor_t config,
                              cudnnBackendDescriptor_t *ret_execution, ftdn_error *err)
{
    cudnnBackendDescriptor_t execution = NULL;
    FTDN_CUDNN(cudnnBackendCreateDescriptor(CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, &execution), graph->what, err);
    cudnnStatus_t result = cudnnBackendSetAttribute(execution, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG,
                                                    CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &config);
    if (result == CUDNN_STATUS_SUCCESS) {
        result = cudnnBackendSetAttribute(execution, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP,
                                          CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &search->device->properties);
    }
    if (result == CUDNN_STATUS_SUCCESS) result = cudnnBackendFinalize(execution);
    if (result == CUDNN_STATUS_SUCCESS) {
        *ret_execution = execution;
        return FTDN_OK;
    }
    ftdn_error failure;
    ftdn_status status = ftdn_cudnn_fail(result, "cudnnBackendFinalize", graph->what, &failure);
    cudnnBackendDestroyDescriptor(execution);
    if (ftdn_cudnn_is_refusal(result)) {
        search->refusal = failure;
        return FTDN_OK;
    }
    if (err) *err = failure;
    return status;
}

/* Take the first candidate that may be used; plan->execution stays NULL where there is none. */
static ftdn_status choose(plan_search *search, const ftdn_cudnn_rule *rule, ftdn_cudnn_plan *plan,
                          ftdn_cudnn_candidates *candidates, ftdn_error *err)
{
    for (int i = 0; i < candidates->n && !plan->execution; i++) {
        bool allowed = false;
        search->n_candidates++;
        FTDN_TRY(ftdn_cudnn_config_check(candidates->config[i], rule, plan->graph.what, &allowed, err));
        if (!allowed) {
            search->n_forbidden++;
            continue;
        }
        FTDN_TRY(try_config(search, &plan->graph, candidates->config[i], &plan->execution, err));
        if (!plan->execution) continue;
        plan->config = candidates->config[i];
        candidates->config[i] = candidates->config[--candidates->n];
    }
    return FTDN_OK;
}

static ftdn_status describe(ftdn_cudnn_plan *plan, ftdn_error *err)
{
    int64_t workspace_bytes = 0, n = 0;
    FTDN_CUDNN(cudnnBackendGetAttribute(plan->execution, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE, CUDNN_TYPE_INT64, 1,
                                        &n, &workspace_bytes),
               plan->graph.what, err);
    plan->workspace_bytes = (size_t)workspace_bytes;
    FTDN_TRY(ftdn_cudnn_config_describe(plan->config, plan->graph.what, &plan->text, err));
    ftdn_text_append(&plan->text, ", workspace %zu", plan->workspace_bytes);
    if (plan->is_fused) ftdn_text_append(&plan->text, ", bias and activation fused");
    return ftdn_text_check(&plan->text, err);
}

/* The library's guesses first, of the fused graph where there is one; what it keeps for emergencies last. */
typedef struct plan_round {
    cudnnBackendHeurMode_t mode;
    bool is_fused, strict_nan;
} plan_round;

static const plan_round rounds[] = {
    {CUDNN_HEUR_MODE_A, true, false},  {CUDNN_HEUR_MODE_B, true, false},        {CUDNN_HEUR_MODE_A, false, false},
    {CUDNN_HEUR_MODE_B, false, false}, {CUDNN_HEUR_MODE_FALLBACK, true, false}, {CUDNN_HEUR_MODE_FALLBACK, false, true},
};

static ftdn_status choose_of_round(plan_search *search, const plan_round *round, ftdn_cudnn_plan *plan, ftdn_error *err)
{
    const ftdn_cudnn_rule rule = {.tf32 = search->desc->tf32, .strict_nan = round->strict_nan};
    ftdn_cudnn_candidates candidates;
    FTDN_TRY(ftdn_cudnn_candidates_find(&plan->graph, search->device, round->mode, &candidates, &search->refusal, err));
    ftdn_status status = choose(search, &rule, plan, &candidates, err);
    ftdn_cudnn_candidates_free(&candidates);
    return status;
}

/* *ret_found: whether the plan was made; if not, nothing is left behind. */
static ftdn_status try_round(plan_search *search, const plan_round *round, ftdn_cudnn_plan *plan, bool *ret_found,
                             ftdn_error *err)
{
    *plan = (ftdn_cudnn_plan){.is_fused = round->is_fused};
    ftdn_text_init(&plan->text);
    FTDN_TRY(ftdn_cudnn_graph_init(&plan->graph, search->desc, round->is_fused, err));
    ftdn_status status = choose_of_round(search, round, plan, err);
    *ret_found = status == FTDN_OK && plan->execution;
    if (*ret_found) status = describe(plan, err);
    if (status != FTDN_OK || !*ret_found) ftdn_cudnn_plan_done(plan);
    return status;
}

ftdn_status ftdn_cudnn_plan_init(ftdn_cudnn_plan *plan, const ftdn_cuda_convolution_desc *desc,
                                 const ftdn_cudnn_device *device, bool may_fuse, ftdn_error *err)
{
    plan_search search = {.desc = desc, .device = device};
    may_fuse = may_fuse && desc->kind == FTDN_CUDA_CONVOLUTION_FORWARD;
    for (size_t i = 0; i < sizeof rounds / sizeof *rounds; i++) {
        bool found = false;
        if (rounds[i].is_fused && !may_fuse) continue;
        FTDN_TRY(try_round(&search, &rounds[i], plan, &found, err));
        if (found) return FTDN_OK;
    }
    char what[FTDN_CUDNN_WHAT_CHARS];
    ftdn_cudnn_describe_convolution(desc, what);
    return FTDN_FAIL(err, FTDN_ERR_BACKEND,
                     "no deterministic plan with %s for %s: %d engines, %d of other arithmetic%s%s",
                     desc->tf32 ? "TF32" : "plain f32", what, search.n_candidates, search.n_forbidden,
                     search.refusal.message[0] ? "; " : "", search.refusal.message);
}

void ftdn_cudnn_plan_done(ftdn_cudnn_plan *plan)
{
    if (plan->execution) cudnnBackendDestroyDescriptor(plan->execution);
    if (plan->config) cudnnBackendDestroyDescriptor(plan->config);
    ftdn_cudnn_graph_done(&plan->graph);
    ftdn_text_done(&plan->text);
    plan->execution = plan->config = NULL;
}
