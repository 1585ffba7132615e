/* cuda_backend.h - the backend "cuda" and the slots of its table, file by file. */
#ifndef FTDN_ENGINE_CUDA_CUDA_BACKEND_H
#define FTDN_ENGINE_CUDA_CUDA_BACKEND_H

#include "engine/backend.h"
#include "engine/device.h"

extern const ftdn_backend ftdn_backend_cuda;
extern const ftdn_device_table ftdn_cuda_device_table;

/* cuda_program.c */
ftdn_status ftdn_cuda_program_init(ftdn_program *program, ftdn_error *err);
void ftdn_cuda_program_done(ftdn_program *program);
void ftdn_cuda_program_describe(const ftdn_program *program, ftdn_text *text);

/* cuda_packed.c */
ftdn_status ftdn_cuda_packed_init(ftdn_packed *packed, ftdn_error *err);
void ftdn_cuda_packed_done(ftdn_packed *packed);
ftdn_status ftdn_cuda_pack_begin(ftdn_packed *packed, ftdn_error *err);
ftdn_status ftdn_cuda_pack_step(ftdn_packed *packed, int step, const ftdn_weights *weights, ftdn_error *err);
ftdn_status ftdn_cuda_pack_end(ftdn_packed *packed, ftdn_error *err);
ftdn_status ftdn_cuda_pack_behind(ftdn_packed *packed, const ftdn_context *context, ftdn_error *err);

/* cuda_context.c */
ftdn_status ftdn_cuda_context_init(ftdn_context *context, ftdn_error *err);
void ftdn_cuda_context_done(ftdn_context *context);
ftdn_status ftdn_cuda_clear_after(const ftdn_context *context, void *values, size_t n_bytes, ftdn_error *err);

/* cuda_input.c */
ftdn_status ftdn_cuda_load_input(ftdn_context *context, const ftdn_input *input, ftdn_error *err);
ftdn_status ftdn_cuda_set_batch(ftdn_context *context, const ftdn_resident_images *images, int first, int n_images,
                                ftdn_error *err);

/* cuda_forward.c */
ftdn_status ftdn_cuda_run_step(ftdn_context *context, const ftdn_packed *packed, int step, ftdn_error *err);

/* cuda_gradients.c */
ftdn_status ftdn_cuda_gradients_init(ftdn_gradients *gradients, ftdn_error *err);
void ftdn_cuda_gradients_done(ftdn_gradients *gradients);
ftdn_status ftdn_cuda_backward_step(ftdn_gradients *gradients, const ftdn_context *context, const ftdn_packed *packed,
                                    int step, float *const *param_gradients, ftdn_error *err);

#endif
