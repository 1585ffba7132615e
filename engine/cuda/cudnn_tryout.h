/* cudnn_tryout.h - whether a fused plan adds a bias and rectifies as our own kernel does (cuda_bias.h).
 *
 * cuDNN does not say what its rectifiers make of NaN and of infinite numbers, which faults in weights can make. So each
 * fused plan runs once, when it is made, on a map and weights of zeros: its results are then biases, rectified. */
#ifndef FTDN_ENGINE_CUDA_CUDNN_TRYOUT_H
#define FTDN_ENGINE_CUDA_CUDNN_TRYOUT_H

#include "engine/cuda/cuda_convolution.h"
#include "engine/cuda/cudnn_plan.h"

/* plan: fused, of the convolution. Takes device memory for a map, its result and the workspace, and gives it back;
 * waits. FTDN_ERR_MEMORY: there is not so much. */
FTDN_NODISCARD ftdn_status ftdn_cudnn_tryout(const ftdn_cudnn_plan *plan, const ftdn_cuda_convolution_desc *desc,
                                             ftdn_cuda_library *library, bool *ret_passes, ftdn_error *err);

#endif
