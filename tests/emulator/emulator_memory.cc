/* Device memory and pinned memory: filled with what nobody can take for a value, between guards. */
#include "tests/emulator/emulator.h"

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(memory, n_bytes) ((void)(memory), (void)(n_bytes))
#define ASAN_UNPOISON_MEMORY_REGION(memory, n_bytes) ((void)(memory), (void)(n_bytes))
#endif

namespace emulator
{
namespace
{

enum { guard_bytes = 256, unwritten = 0xff, guard = 0xa5 };

struct allocation {
    size_t n_bytes;
    memory_kind kind;
    unsigned long number;
};

/* By the complement of the address: the leak detector shall not take this list for somebody's reference. */
std::map<uintptr_t, allocation> allocations;
unsigned long n_made;
size_t device_bytes;
failure_plan allocation_failure = {"FTDN_EMULATOR_FAIL_ALLOC", 0, 0};

uintptr_t hide(const void *memory)
{
    return ~reinterpret_cast<uintptr_t>(memory);
}

cudaError_t allocate(void **memory, size_t n_bytes, memory_kind kind)
{
    call call;
    if (call.error) return call.error;
    if (spoils_capture()) return answer(cudaErrorStreamCaptureUnsupported);
    *memory = nullptr;
    if (!n_bytes) return cudaSuccess;
    cudaDeviceProp properties;
    cudaGetDeviceProperties(&properties, 0);
    if (is_next_failure(&allocation_failure) || n_bytes > properties.totalGlobalMem - device_bytes)
        return answer(cudaErrorMemoryAllocation);
    size_t rounded = (n_bytes + guard_bytes - 1) / guard_bytes * guard_bytes;
    char *whole = static_cast<char *>(std::aligned_alloc(guard_bytes, rounded + 2 * guard_bytes));
    if (!whole) return answer(cudaErrorMemoryAllocation);
    char *start = whole + guard_bytes;
    std::memset(whole, guard, rounded + 2 * guard_bytes);
    std::memset(start, unwritten, n_bytes);
    ASAN_POISON_MEMORY_REGION(whole, guard_bytes);
    ASAN_POISON_MEMORY_REGION(start + n_bytes, rounded - n_bytes + guard_bytes);
    allocations[hide(start)] = {n_bytes, kind, ++n_made};
    if (kind == memory_kind::device) device_bytes += n_bytes;
    *memory = start;
    return cudaSuccess;
}

void check_guard(const char *at, size_t n_bytes, const allocation &allocation, const char *where)
{
    for (size_t i = 0; i < n_bytes; i++) {
        if (at[i] == static_cast<char>(guard)) continue;
        refuse("allocation %lu of %zu bytes was written %s it, at byte %zu there", allocation.number,
               allocation.n_bytes, where, i);
    }
}

cudaError_t release(void *memory, memory_kind kind)
{
    call call;
    if (call.error == cudaErrorInitializationError || !memory) return call.error;
    if (!call.error && spoils_capture()) return answer(cudaErrorStreamCaptureUnsupported);
    if (!call.error) run_everything();
    auto found = allocations.find(hide(memory));
    if (found == allocations.end() || found->second.kind != kind)
        refuse("%s frees %p, which it did not make", kind == memory_kind::device ? "cudaFree" : "cudaFreeHost", memory);
    const allocation freed = found->second;
    size_t rounded = (freed.n_bytes + guard_bytes - 1) / guard_bytes * guard_bytes;
    char *start = static_cast<char *>(memory), *whole = start - guard_bytes;
    ASAN_UNPOISON_MEMORY_REGION(whole, rounded + 2 * guard_bytes);
    check_guard(whole, guard_bytes, freed, "before");
    check_guard(start + freed.n_bytes, rounded - freed.n_bytes + guard_bytes, freed, "behind");
    std::memset(start, unwritten, freed.n_bytes);
    std::free(whole);
    allocations.erase(found);
    if (kind == memory_kind::device) device_bytes -= freed.n_bytes;
    return call.error;
}

} // namespace

memory_kind find_memory(const void *memory, size_t n_bytes)
{
    /* The allocation with the largest address that is not above memory. */
    auto found = allocations.lower_bound(hide(memory));
    if (found == allocations.end()) return memory_kind::foreign;
    size_t offset = size_t(found->first - hide(memory));
    bool inside = offset <= found->second.n_bytes && n_bytes <= found->second.n_bytes - offset;
    return inside ? found->second.kind : memory_kind::foreign;
}

/* A number with what the stack held behind it, as padding, looks like a pointer close behind a multiple of 4 GiB, where
 * heaps of threads begin: those are left out. With the address sanitizer, whose tables take up much of the address
 * space, any two numbers may look like one: nothing is looked at there. */
void refuse_host_pointers(const char *kernel, const void *structure, size_t n_bytes)
{
#ifndef __SANITIZE_ADDRESS__
    const uintptr_t page = uintptr_t(sysconf(_SC_PAGESIZE));
    for (size_t at = 0; at + sizeof(void *) <= n_bytes; at += sizeof(void *)) {
        uintptr_t word;
        std::memcpy(&word, static_cast<const char *>(structure) + at, sizeof word);
        void *pointer = reinterpret_cast<void *>(word);
        if (word >> 32 == 0 || word >> 47 != 0 || uint32_t(word) < 64 << 20) continue;
        if (find_memory(pointer, 0) != memory_kind::foreign) continue;
        bool is_mapped = msync(reinterpret_cast<void *>(word / page * page), page, MS_ASYNC) == 0;
        if (is_mapped) refuse("%s is given %p in a structure, which is no device memory", kernel, pointer);
    }
#else
    (void)kernel, (void)structure, (void)n_bytes;
#endif
}

} // namespace emulator

using namespace emulator;

void ftdn_emulator_require_device_memory(const char *who, const void *pointer, size_t n_bytes)
{
    call call;
    if (call.error || !pointer || find_memory(pointer, n_bytes) != memory_kind::foreign) return;
    refuse("%s is given %p, which is no device memory of %zu bytes", who, pointer, n_bytes);
}

cudaError_t cudaMalloc(void **memory, size_t n_bytes)
{
    return allocate(memory, n_bytes, memory_kind::device);
}

cudaError_t cudaFree(void *memory)
{
    return release(memory, memory_kind::device);
}

cudaError_t cudaMallocHost(void **memory, size_t n_bytes)
{
    return allocate(memory, n_bytes, memory_kind::pinned);
}

cudaError_t cudaFreeHost(void *memory)
{
    return release(memory, memory_kind::pinned);
}

cudaError_t cudaMemGetInfo(size_t *free, size_t *total)
{
    call call;
    if (call.error) return call.error;
    cudaDeviceProp properties;
    cudaGetDeviceProperties(&properties, 0);
    *total = properties.totalGlobalMem;
    *free = properties.totalGlobalMem - device_bytes;
    return cudaSuccess;
}

cudaError_t cudaPointerGetAttributes(struct cudaPointerAttributes *attributes, const void *pointer)
{
    call call;
    if (call.error) return call.error;
    void *memory = const_cast<void *>(pointer);
    switch (find_memory(pointer, 0)) {
    case memory_kind::device: *attributes = {cudaMemoryTypeDevice, 0, memory, nullptr}; break;
    case memory_kind::pinned: *attributes = {cudaMemoryTypeHost, 0, memory, memory}; break;
    case memory_kind::foreign: *attributes = {cudaMemoryTypeUnregistered, -2, nullptr, memory}; break;
    }
    return cudaSuccess;
}
