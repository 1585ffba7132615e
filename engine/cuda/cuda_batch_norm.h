/* cuda_batch_norm.h - batch norms in training mode on a device: the entries of ftdn_batch_norm_table.
 *
 * Sums are over all images of a micro-batch, which is the whole batch (engine/training.c); a kernel makes of them what
 * batch_statistics.h says, and nothing waits. Sums and passes over the maps find the activation behind a batch norm
 * again from x, y is not read. */
#ifndef FTDN_ENGINE_CUDA_CUDA_BATCH_NORM_H
#define FTDN_ENGINE_CUDA_CUDA_BATCH_NORM_H

#include "engine/cuda/cuda_objects.h"

ftdn_status ftdn_cuda_batch_norm_sum(const ftdn_context *context, int step, double *sums, ftdn_error *err);
ftdn_status ftdn_cuda_batch_norm_combine(const ftdn_context *context, int step, const ftdn_batch_statistics *statistics,
                                         const double *sums, ftdn_error *err);
ftdn_status ftdn_cuda_batch_norm_train(const ftdn_context *context, int step, const ftdn_batch_statistics *statistics,
                                       ftdn_error *err);
ftdn_status ftdn_cuda_batch_norm_sum_gradients(const ftdn_gradients *gradients, const ftdn_context *context, int step,
                                               const ftdn_batch_statistics *statistics, double *sums, ftdn_error *err);
ftdn_status ftdn_cuda_batch_norm_combine_gradients(const ftdn_context *context, int step,
                                                   const ftdn_batch_statistics *statistics, const double *sums,
                                                   float *dscale, float *dshift, ftdn_error *err);
ftdn_status ftdn_cuda_batch_norm_turn_back(const ftdn_gradients *gradients, const ftdn_context *context, int step,
                                           const ftdn_batch_statistics *statistics, ftdn_error *err);

/* What they need in a context of a program compiled for training: room for the slices (cuda_sums.h) of the batch norm
 * that has most. */
ftdn_status ftdn_cuda_norm_scratch_create(const ftdn_program *program, double **ret_slice_sums, ftdn_error *err);

#endif
