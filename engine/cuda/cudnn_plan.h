/* cudnn_plan.h - how a convolution is computed on a device: chosen once, the same whenever it is asked for again.
 *
 * The library's heuristics propose engines, best guess first; the first one that the rule allows (cudnn_engine.h) and
 * that finalizes is taken. Nothing is timed. Where no such engine computes a forward convolution with its bias and
 * activation, the plan holds the convolution alone, and is_fused says so. Needs a device's properties, no device. */
#ifndef FTDN_ENGINE_CUDA_CUDNN_PLAN_H
#define FTDN_ENGINE_CUDA_CUDNN_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "engine/cuda/cudnn_device.h"
#include "engine/cuda/cudnn_graph.h"

/* Not to be moved in memory once made. */
typedef struct ftdn_cudnn_plan {
    ftdn_cudnn_graph graph;
    bool is_fused;                      /* bias and activation of a forward convolution are part of it */
    cudnnBackendDescriptor_t config;    /* of the engine */
    cudnnBackendDescriptor_t execution; /* the finalized plan */
    size_t workspace_bytes;
    ftdn_text text; /* "engine 44, knobs 2=12 18=0, workspace 283901968, bias and activation fused" */
} ftdn_cudnn_plan;

/* may_fuse: else the plan is that of the bare convolution. FTDN_ERR_BACKEND: no engine that may be used computes it. On
 * failure nothing is left behind. */
FTDN_NODISCARD ftdn_status ftdn_cudnn_plan_init(ftdn_cudnn_plan *plan, const ftdn_cuda_convolution_desc *desc,
                                                const ftdn_cudnn_device *device, bool may_fuse, ftdn_error *err);
void ftdn_cudnn_plan_done(ftdn_cudnn_plan *plan);

#endif
