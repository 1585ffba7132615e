/* launch.h - how kernels are started, in .cu files only.
 *
 * One macro instead of the angle brackets, so that the tests can compile the same source for the processor
 * (tests/emulator). Threads of a block number at most 1024; a grid has at most 2^31 - 1 blocks in x, 65535 in y, z. */
#ifndef FTDN_ENGINE_CUDA_LAUNCH_H
#define FTDN_ENGINE_CUDA_LAUNCH_H

#include <cuda_runtime.h>

/* In front of a loop with a fixed count whose variables are to stay in registers. */
#ifdef __CUDACC__
#define FTDN_UNROLL _Pragma("unroll")
#else
#define FTDN_UNROLL
#endif

/* blocks, threads: an integer or a dim3. The launch's own error is kept by CUDA: ftdn_cuda_check_launch reads it. */
#ifdef FTDN_CUDA_EMULATOR
#define FTDN_LAUNCH(kernel, blocks, threads, shared_bytes, stream, ...)                                                \
    ftdn_emulator_launch(#kernel, (blocks), (threads), (shared_bytes), (stream), kernel, __VA_ARGS__)
#else
#define FTDN_LAUNCH(kernel, blocks, threads, shared_bytes, stream, ...)                                                \
    kernel<<<(blocks), (threads), (shared_bytes), (stream)>>>(__VA_ARGS__)
#endif

/* In a kernel: `name` points to the shared_bytes of the launch, 16-byte aligned, not initialised. A file uses one name
 * for one type. */
#ifdef FTDN_CUDA_EMULATOR
#define FTDN_SHARED(type, name) type *const name = static_cast<type *>(emulator::shared_memory())
#else
#define FTDN_SHARED(type, name) extern __shared__ __align__(16) type name[]
#endif

#endif
