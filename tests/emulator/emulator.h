/* emulator.h - CUDA on the processor, for tests: what is behind cuda_runtime_api.h and cuda_runtime.h.
 *
 * Device memory is host memory. What comes from cudaMalloc is filled with 0xff (NaN), lies between guards that are
 * looked at when it is freed, and is filled again then. Work of a stream runs when it is enqueued; between begin and
 * end of a capture it is kept, arguments copied, and run by cudaGraphLaunch. Calls that CUDA forbids during a capture,
 * or in a process that was forked from one that uses the device, fail with CUDA's errors. The host's threads take
 * turns: one call, and with it one kernel, at a time.
 *
 * Variables of the environment, read at each use, so that a test may set them as it goes:
 *
 *     FTDN_EMULATOR_ORDER        reverse or shuffle: blocks, and threads between two barriers, run in another order;
 *                                lazy: work runs only when somebody waits for it, the latest time that CUDA allows
 *     FTDN_EMULATOR_DEVICES=n    how many devices answer, 1 if not set; of none: cudaErrorNoDevice. n+m: m more, of
 *                                another kind
 *     FTDN_EMULATOR_FAIL_ALLOC=k the k-th cudaMalloc or cudaMallocHost since the variable has had this value is out of
 *                                memory
 *     FTDN_EMULATOR_FAIL_LAUNCH=k the k-th piece of work, counted alike, is the last: from then on every call of
 *                                this process answers cudaErrorIllegalAddress
 *
 * Misuse that a device would answer with wrong numbers or a hang ends the program with a message: damaged guards,
 * threads that wait for each other at different barriers, warp functions of half a warp, host memory given to a
 * kernel. */
#ifndef FTDN_TESTS_EMULATOR_EMULATOR_H
#define FTDN_TESTS_EMULATOR_EMULATOR_H

#include "tests/emulator/cuda_runtime_api.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Work for a stream that is no kernel (what a library would do): call(arguments) in the stream's order, the n_bytes of
 * arguments copied now. Recorded where the stream is being captured. */
cudaError_t ftdn_emulator_enqueue(cudaStream_t stream, void (*call)(const void *arguments), const void *arguments,
                                  size_t n_bytes);

/* NULL, or n_bytes of device or pinned memory; else the program ends. who: a text that names the reader. */
void ftdn_emulator_require_device_memory(const char *who, const void *pointer, size_t n_bytes);

#ifdef __cplusplus
}

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

namespace emulator
{

/* One piece of work of a stream, kept by a graph too: arguments are part of it. */
struct work {
    bool is_launch = false; /* a kernel or a library's call: what FTDN_EMULATOR_FAIL_LAUNCH counts */
    virtual ~work() = default;
    virtual void take_place(cudaStream_t, uint64_t) const /* it is enqueued, as the stream's work of this number */
    {
    }
    virtual void run() const = 0;
};
typedef std::shared_ptr<const work> work_pointer;

enum class order { forward, reverse, shuffle, lazy };
order current_order();

/* Ends the program. */
[[noreturn]] void refuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A call of the interface: holds the device, and says what is wrong with it. */
class call
{
  public:
    enum kind { harmless, touches_device };
    explicit call(kind = touches_device);
    cudaError_t error;

  private:
    std::lock_guard<std::recursive_mutex> lock;
};

/* Keep the error for cudaGetLastError, and answer it. */
cudaError_t answer(cudaError_t error);

/* The device is lost from now on. */
void lose_device(cudaError_t error);
cudaError_t lost_error(); /* cudaSuccess while it is not */

/* A call that waits or allocates is forbidden while a stream is captured, and spoils the capture. */
bool spoils_capture();

/* Put work into a stream, or into what is being captured there. */
cudaError_t enqueue(cudaStream_t stream, work_pointer work);
bool is_stream(cudaStream_t stream); /* NULL, the default stream, is one */
void run_everything();               /* what is left in all streams */

/* Counts a use; is it the one that the variable says shall fail? */
struct failure_plan {
    const char *variable;
    unsigned long n_seen;
    unsigned long long k; /* of the variable when it was last looked at, 0: none */
};
bool is_next_failure(failure_plan *plan);

/* Is [memory, memory + n_bytes) device memory, pinned host memory, or none of both? */
enum class memory_kind { foreign, device, pinned };
memory_kind find_memory(const void *memory, size_t n_bytes);
size_t largest_dynamic_shared(const void *kernel);

} // namespace emulator
#endif

#endif
