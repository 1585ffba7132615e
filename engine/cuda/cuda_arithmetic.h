/* cuda_arithmetic.h - what decides the bits of a convolution, in words of a trial's spec.
 *
 * "f32 fma sm_90x132 cuDNN 9.19.0": products and sums; the kind of device, by compute capability and number of
 * multiprocessors, on both of which cuDNN's choice of engines hangs; the library. The words are asked for in a process
 * that may still fork and must then leave CUDA alone. So the device is asked in a child process (ftdn_device_probe)
 * unless this one has met it already. The answer, also that there is no device, is kept for the life of the process:
 * machines do not change theirs. */
#ifndef FTDN_ENGINE_CUDA_CUDA_ARITHMETIC_H
#define FTDN_ENGINE_CUDA_CUDA_ARITHMETIC_H

#include "engine/engine.h"

/* This process has met CUDA, and works with this device from now on. */
FTDN_NODISCARD ftdn_status ftdn_cuda_meet_device(int device, ftdn_error *err);

/* The words are those of such a device from now on. */
void ftdn_cuda_assume_device(int major, int minor, int n_multiprocessors);

/* "f32 fma emulated" in the module of the tests. Static text. */
const char *ftdn_cuda_arithmetic(ftdn_conv_algorithm algorithm);

#endif
