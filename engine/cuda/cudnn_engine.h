/* cudnn_engine.h - a candidate of cuDNN's heuristics: an engine with its knobs set, and whether we may use it. */
#ifndef FTDN_ENGINE_CUDA_CUDNN_ENGINE_H
#define FTDN_ENGINE_CUDA_CUDNN_ENGINE_H

#include <stdbool.h>

#include "base/text.h"
#include "engine/cuda/cudnn_device.h"
#include "engine/cuda/cudnn_graph.h"

typedef struct ftdn_cudnn_candidates {
    int n;
    cudnnBackendDescriptor_t *config; /* [n] engine configurations, the library's best guess first; owned */
} ftdn_cudnn_candidates;

/* What the heuristics of one mode propose for the graph. Where they refuse to answer there are none, and `refusal`
 * holds why. ret_candidates is to be freed, on success only. */
FTDN_NODISCARD ftdn_status ftdn_cudnn_candidates_find(const ftdn_cudnn_graph *graph, const ftdn_cudnn_device *device,
                                                      cudnnBackendHeurMode_t mode,
                                                      ftdn_cudnn_candidates *ret_candidates, ftdn_error *refusal,
                                                      ftdn_error *err);
void ftdn_cudnn_candidates_free(ftdn_cudnn_candidates *candidates);

/* Which engines a result may come from: whose arithmetic is what the trial's spec says, whose sums have a fixed order
 * (docs/decisions/cuda-convolutions.md). */
typedef struct ftdn_cudnn_rule {
    bool tf32;       /* tensor cores that multiply TF32 numbers are allowed */
    bool strict_nan; /* engines that hand every NaN on are allowed: general and slow, and wrong before a rectifier */
} ftdn_cudnn_rule;

FTDN_NODISCARD ftdn_status ftdn_cudnn_config_check(cudnnBackendDescriptor_t config, const ftdn_cudnn_rule *rule,
                                                   const char *what, bool *ret_allowed, ftdn_error *err);

/* Append "engine 44, knobs 2=12 18=0": global index of the engine, cudnnBackendKnobType_t = value. */
FTDN_NODISCARD ftdn_status ftdn_cudnn_config_describe(cudnnBackendDescriptor_t config, const char *what,
                                                      ftdn_text *text, ftdn_error *err);

#endif
