/* cudnn_process.h - the plans that this process keeps, of each device that it works on.
 *
 * A plan is a function of the convolution and the device (cudnn_plan.h): nobody can tell whether it was made for him.
 * Any thread may call. */
#ifndef FTDN_ENGINE_CUDA_CUDNN_PROCESS_H
#define FTDN_ENGINE_CUDA_CUDNN_PROCESS_H

#include "engine/cuda/cudnn_plans.h"

/* The plan of a convolution on the calling thread's device; to be given back. A fused one has passed its tryout
 * (cudnn_tryout.h). */
FTDN_NODISCARD ftdn_status ftdn_cudnn_process_take(const ftdn_cuda_convolution_desc *desc,
                                                   ftdn_cudnn_kept_plan **ret_kept, ftdn_error *err);
void ftdn_cudnn_process_give_back(ftdn_cudnn_kept_plan *kept);

#endif
