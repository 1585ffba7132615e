/* cuda_recording.h - a context's work recorded as a CUDA graph, and its time taken: the end of the table of
 * engine/device.h. */
#ifndef FTDN_ENGINE_CUDA_CUDA_RECORDING_H
#define FTDN_ENGINE_CUDA_CUDA_RECORDING_H

#include "engine/device.h"

ftdn_status ftdn_cuda_record_begin(ftdn_context *context, ftdn_error *err);
ftdn_status ftdn_cuda_record_end(ftdn_context *context, ftdn_device_recording **ret_recording, ftdn_error *err);
ftdn_status ftdn_cuda_replay(const ftdn_device_recording *recording, ftdn_context *context, ftdn_error *err);
void ftdn_cuda_recording_free(ftdn_device_recording *recording);

ftdn_status ftdn_cuda_mark(ftdn_context *context, int mark, ftdn_error *err);
ftdn_status ftdn_cuda_elapsed(const ftdn_context *context, int from_mark, int to_mark, double *ret_s, ftdn_error *err);

#endif
