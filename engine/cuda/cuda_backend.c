/* cuda_backend.c - the backend for GPUs of NVIDIA: cuDNN for convolutions of all channels, own kernels for the rest. */
#include "engine/cuda/cuda_backend.h"

#include "engine/cuda/cuda_batch_norm.h"
#include "engine/cuda/cuda_convolution.h"
#include "engine/cuda/cuda_memory.h"

/* The smallest large map of both networks has 19 x 19 cells: 64 images are 23,104 rows of a matrix product, enough for
 * every multiprocessor of a large device to have several blocks. The maps of SSD-VGG16 then take 2.9 GB, half of it one
 * map behind the first convolution. */
enum { MICRO_BATCH = 64 };

static const char *arithmetic(ftdn_conv_algorithm algorithm)
{
    return algorithm == FTDN_CONV_TF32 ? "f32 tf32" : "f32 fma";
}

const ftdn_backend ftdn_backend_cuda = {
    .name = "cuda",
    .micro_batch = MICRO_BATCH,
    .arithmetic = arithmetic,
    .version = ftdn_cuda_library_version,
    .program_init = ftdn_cuda_program_init,
    .program_done = ftdn_cuda_program_done,
    .program_describe = ftdn_cuda_program_describe,
    .packed_init = ftdn_cuda_packed_init,
    .packed_done = ftdn_cuda_packed_done,
    .pack_step = ftdn_cuda_pack_step,
    .slab_create = ftdn_cuda_slab_create,
    .slab_free = ftdn_cuda_slab_free,
    .device = &ftdn_cuda_device_table,
    .slab_clear = ftdn_cuda_slab_clear,
    .clear_after = ftdn_cuda_clear_after,
    .pack_begin = ftdn_cuda_pack_begin,
    .pack_end = ftdn_cuda_pack_end,
    .pack_behind = ftdn_cuda_pack_behind,
    .context_init = ftdn_cuda_context_init,
    .context_done = ftdn_cuda_context_done,
    .load_input = ftdn_cuda_load_input,
    .run_step = ftdn_cuda_run_step,
    .gradients_init = ftdn_cuda_gradients_init,
    .gradients_done = ftdn_cuda_gradients_done,
    .backward_step = ftdn_cuda_backward_step,
    .batch_norm = {.sum = ftdn_cuda_batch_norm_sum,
                   .forward = ftdn_cuda_batch_norm_train,
                   .sum_gradients = ftdn_cuda_batch_norm_sum_gradients,
                   .backward = ftdn_cuda_batch_norm_turn_back,
                   .combine = ftdn_cuda_batch_norm_combine,
                   .combine_gradients = ftdn_cuda_batch_norm_combine_gradients},
};
