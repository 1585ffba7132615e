/* cuda_runtime.h - the words of CUDA C++ that kernels use, for the processor's compiler.
 *
 * Stands before CUDA's own header on the include path (see cuda_runtime_api.h). A kernel is a function that is called
 * once for each thread of a block, with threadIdx and its like set; emulator_block.cc calls it. */
#ifndef FTDN_TESTS_EMULATOR_CUDA_RUNTIME_H
#define FTDN_TESTS_EMULATOR_CUDA_RUNTIME_H

#include <cmath>
#include <cstdint>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tests/emulator/emulator.h"

#define __global__
#define __device__
#define __host__
#define __constant__ static
#define __shared__ static /* one block runs at a time */
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __align__(n) __attribute__((aligned(n)))

#define FTDN_CUDA_VECTORS(name, type, align)                                                                           \
    struct name##2                                                                                                     \
    {                                                                                                                  \
        type x, y;                                                                                                     \
    }                                                                                                                  \
    __attribute__((aligned(2 * sizeof(type))));                                                                        \
    struct name##3                                                                                                     \
    {                                                                                                                  \
        type x, y, z;                                                                                                  \
    };                                                                                                                 \
    struct name##4                                                                                                     \
    {                                                                                                                  \
        type x, y, z, w;                                                                                               \
    }                                                                                                                  \
    __attribute__((aligned(align)));                                                                                   \
    static inline name##2 make_##name##2(type x, type y)                                                               \
    {                                                                                                                  \
        return {x, y};                                                                                                 \
    }                                                                                                                  \
    static inline name##3 make_##name##3(type x, type y, type z)                                                       \
    {                                                                                                                  \
        return {x, y, z};                                                                                              \
    }                                                                                                                  \
    static inline name##4 make_##name##4(type x, type y, type z, type w)                                               \
    {                                                                                                                  \
        return {x, y, z, w};                                                                                           \
    }
FTDN_CUDA_VECTORS(uchar, unsigned char, 4)
FTDN_CUDA_VECTORS(ushort, unsigned short, 8)
FTDN_CUDA_VECTORS(int, int, 16)
FTDN_CUDA_VECTORS(uint, unsigned, 16)
FTDN_CUDA_VECTORS(float, float, 16)
FTDN_CUDA_VECTORS(double, double, 16)
FTDN_CUDA_VECTORS(longlong, long long, 16)
FTDN_CUDA_VECTORS(ulonglong, unsigned long long, 16)
#undef FTDN_CUDA_VECTORS

struct dim3 {
    unsigned x, y, z;
    constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z)
    {
    }
};

extern uint3 threadIdx, blockIdx __attribute__((visibility("hidden")));
extern dim3 blockDim, gridDim __attribute__((visibility("hidden")));
enum { warpSize = 32 };

namespace emulator
{

/* A kernel with its arguments. */
struct kernel : work {
    const char *name = nullptr;
    dim3 blocks, threads;
    size_t n_shared_bytes = 0;
    virtual void call() const = 0; /* as the thread that the variables above describe */
    void run() const override;     /* all threads of all blocks */
};

template <typename... Parameters> struct kernel_of : kernel {
    void (*function)(Parameters...);
    std::tuple<Parameters...> arguments;
    template <typename... Arguments>
    kernel_of(void (*function)(Parameters...), Arguments... arguments) : function(function), arguments(arguments...)
    {
    }
    void call() const override
    {
        std::apply(function, arguments);
    }
};

void launch(std::shared_ptr<kernel> kernel, const void *function, cudaStream_t stream);

/* What looks like a pointer in a structure and points to memory of the host ends the program. */
void refuse_host_pointers(const char *kernel, const void *structure, size_t n_bytes);

template <typename T> void check_argument(const char *kernel, const T &argument)
{
    if constexpr (std::is_pointer_v<T>) ftdn_emulator_require_device_memory(kernel, argument, 0);
    else if constexpr (std::is_class_v<T>) refuse_host_pointers(kernel, &argument, sizeof argument);
    else (void)kernel, (void)argument;
}

/* Wait for the block's other threads at this line. Answers the sum of what all of them gave. */
int meet_block(int line, int value);

/* Give a value to the full warp; answers the values of its 32 lanes, which stay until the lane's next call. */
const uint64_t *exchange(unsigned mask, uint64_t value);
unsigned lane();

void *shared_memory();

} // namespace emulator

template <typename... Parameters, typename... Arguments>
void ftdn_emulator_launch(const char *name, dim3 blocks, dim3 threads, size_t n_shared_bytes, cudaStream_t stream,
                          void (*function)(Parameters...), Arguments... arguments)
{
    auto made = std::make_shared<emulator::kernel_of<Parameters...>>(function, arguments...);
    std::apply([name](const auto &...argument) { (emulator::check_argument(name, argument), ...); }, made->arguments);
    made->name = name;
    made->blocks = blocks;
    made->threads = threads;
    made->n_shared_bytes = n_shared_bytes;
    emulator::launch(made, reinterpret_cast<const void *>(function), stream);
}

#define __syncthreads() ((void)emulator::meet_block(__LINE__, 0))
#define __syncthreads_count(predicate) emulator::meet_block(__LINE__, !!(predicate))
#define __syncthreads_or(predicate) (emulator::meet_block(__LINE__, !!(predicate)) != 0)
#define __syncthreads_and(predicate) (emulator::meet_block(__LINE__, !(predicate)) == 0)

static inline void __syncwarp(unsigned mask = 0xffffffffu)
{
    emulator::exchange(mask, 0);
}

template <typename T> T ftdn_emulator_read_lane(unsigned mask, T value, int source, int width)
{
    static_assert(sizeof(T) <= sizeof(uint64_t), "a lane hands over at most 64 bits");
    int own = int(emulator::lane());
    uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    const uint64_t *lanes = emulator::exchange(mask, bits);
    bool inside = source >= 0 && source / width == own / width;
    std::memcpy(&value, &lanes[inside ? source : own], sizeof value);
    return value;
}

template <typename T> T __shfl_sync(unsigned mask, T value, int source, int width = 32)
{
    int own = int(emulator::lane());
    return ftdn_emulator_read_lane(mask, value, own / width * width + source % width, width);
}

template <typename T> T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32)
{
    int source = int(emulator::lane()) - int(delta);
    return ftdn_emulator_read_lane(mask, value, source, width);
}

template <typename T> T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32)
{
    return ftdn_emulator_read_lane(mask, value, int(emulator::lane() + delta), width);
}

template <typename T> T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32)
{
    return ftdn_emulator_read_lane(mask, value, int(emulator::lane()) ^ bits, width);
}

static inline unsigned __ballot_sync(unsigned mask, int predicate)
{
    const uint64_t *lanes = emulator::exchange(mask, predicate != 0);
    unsigned bits = 0;
    for (int i = 0; i < 32; i++) bits |= unsigned(lanes[i]) << i;
    return bits;
}

static inline int __any_sync(unsigned mask, int predicate)
{
    return __ballot_sync(mask, predicate) != 0;
}

static inline int __all_sync(unsigned mask, int predicate)
{
    return __ballot_sync(mask, predicate) == 0xffffffffu;
}

static inline void __threadfence()
{
}

static inline void __threadfence_block()
{
}

/* Atomic because no other thread runs meanwhile. Not for floating point, as the project's kernels have it. */
#define FTDN_CUDA_ATOMIC(name, result)                                                                                 \
    template <typename T> T name(T *at, std::common_type_t<T> value)                                                   \
    {                                                                                                                  \
        static_assert(std::is_integral_v<T> && sizeof(T) >= 4, "atomics are on int, unsigned, and 64-bit integers");   \
        T before = *at;                                                                                                \
        *at = static_cast<T>(result);                                                                                  \
        return before;                                                                                                 \
    }
FTDN_CUDA_ATOMIC(atomicAdd, std::make_unsigned_t<T>(before) + std::make_unsigned_t<T>(value))
FTDN_CUDA_ATOMIC(atomicSub, std::make_unsigned_t<T>(before) - std::make_unsigned_t<T>(value))
FTDN_CUDA_ATOMIC(atomicMax, before < value ? value : before)
FTDN_CUDA_ATOMIC(atomicMin, value < before ? value : before)
FTDN_CUDA_ATOMIC(atomicOr, before | value)
FTDN_CUDA_ATOMIC(atomicAnd, before &value)
FTDN_CUDA_ATOMIC(atomicXor, before ^ value)
FTDN_CUDA_ATOMIC(atomicExch, value)
#undef FTDN_CUDA_ATOMIC

template <typename T> T atomicCAS(T *at, std::common_type_t<T> expected, std::common_type_t<T> value)
{
    T before = *at;
    if (before == expected) *at = value;
    return before;
}

template <typename T> T __ldg(const T *at)
{
    return *at;
}

template <typename To, typename From> To ftdn_emulator_bits(From from)
{
    static_assert(sizeof(To) == sizeof(From), "the same bits as another type");
    To to;
    std::memcpy(&to, &from, sizeof to);
    return to;
}

static inline int __float_as_int(float x)
{
    return ftdn_emulator_bits<int>(x);
}

static inline unsigned __float_as_uint(float x)
{
    return ftdn_emulator_bits<unsigned>(x);
}

static inline float __int_as_float(int bits)
{
    return ftdn_emulator_bits<float>(bits);
}

static inline float __uint_as_float(unsigned bits)
{
    return ftdn_emulator_bits<float>(bits);
}

static inline long long __double_as_longlong(double x)
{
    return ftdn_emulator_bits<long long>(x);
}

static inline double __longlong_as_double(long long bits)
{
    return ftdn_emulator_bits<double>(bits);
}

static inline int __popc(unsigned bits)
{
    return __builtin_popcount(bits);
}

static inline int __popcll(unsigned long long bits)
{
    return __builtin_popcountll(bits);
}

static inline int __ffs(int bits)
{
    return __builtin_ffs(bits);
}

static inline int __ffsll(long long bits)
{
    return __builtin_ffsll(bits);
}

static inline int __clz(int bits)
{
    return bits ? __builtin_clz(unsigned(bits)) : 32;
}

static inline int __clzll(long long bits)
{
    return bits ? __builtin_clzll((unsigned long long)bits) : 64;
}

static inline unsigned __umulhi(unsigned a, unsigned b)
{
    return unsigned((unsigned long long)a * b >> 32);
}

template <typename A, typename B> std::common_type_t<A, B> min(A a, B b)
{
    std::common_type_t<A, B> first = a, second = b;
    if constexpr (std::is_floating_point_v<decltype(first)>) return std::fmin(first, second);
    else return second < first ? second : first;
}

template <typename A, typename B> std::common_type_t<A, B> max(A a, B b)
{
    std::common_type_t<A, B> first = a, second = b;
    if constexpr (std::is_floating_point_v<decltype(first)>) return std::fmax(first, second);
    else return first < second ? second : first;
}

template <typename T> cudaError_t cudaMalloc(T **memory, size_t n_bytes)
{
    return cudaMalloc(reinterpret_cast<void **>(memory), n_bytes);
}

template <typename T> cudaError_t cudaMallocHost(T **memory, size_t n_bytes)
{
    return cudaMallocHost(reinterpret_cast<void **>(memory), n_bytes);
}

template <typename... Parameters>
cudaError_t cudaFuncSetAttribute(void (*function)(Parameters...), cudaFuncAttribute attribute, int value)
{
    return cudaFuncSetAttribute(reinterpret_cast<const void *>(function), attribute, value);
}

#endif
