/* ref_batch_norm.h - batch norms in training mode as plain loops: the entries of ftdn_batch_norm_table. */
#ifndef FTDN_ENGINE_REF_REF_BATCH_NORM_H
#define FTDN_ENGINE_REF_REF_BATCH_NORM_H

#include "engine/backend.h"

ftdn_status ftdn_ref_batch_norm_sum(const ftdn_context *context, int step, double *sums, ftdn_error *err);
ftdn_status ftdn_ref_batch_norm_train(const ftdn_context *context, int step, const ftdn_batch_statistics *statistics,
                                      ftdn_error *err);
ftdn_status ftdn_ref_batch_norm_sum_gradients(const ftdn_gradients *gradients, const ftdn_context *context, int step,
                                              const ftdn_batch_statistics *statistics, double *sums, ftdn_error *err);
ftdn_status ftdn_ref_batch_norm_backward(const ftdn_gradients *gradients, const ftdn_context *context, int step,
                                         const ftdn_batch_statistics *statistics, ftdn_error *err);

#endif
