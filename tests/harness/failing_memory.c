#define _GNU_SOURCE /* dladdr */
#include "tests/harness/failing_memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static _Atomic long n_counted, n_left = -1;
static _Atomic bool has_refused;

void ftdn_failing_memory_set(long n_good)
{
    n_counted = 0;
    has_refused = false;
    n_left = n_good;
}

long ftdn_failing_memory_count(void)
{
    return n_counted;
}

bool ftdn_failing_memory_has_refused(void)
{
    return has_refused;
}

static bool is_of_libgomp(const void *caller)
{
    Dl_info info;
    return dladdr(caller, &info) != 0 && info.dli_fname && strstr(info.dli_fname, "libgomp");
}

/* May the caller have memory? */
static bool grants(const void *caller)
{
    n_counted++;
    if (n_left < 0) return true;
    if (n_left > 0) {
        n_left--;
        return true;
    }
    if (is_of_libgomp(caller)) return true;
    n_left = -1;
    has_refused = true;
    errno = ENOMEM;
    return false;
}

#ifdef __SANITIZE_ADDRESS__
#define DEFINED(name) __wrap_##name
#define SYSTEM_MALLOC __real_malloc
#define SYSTEM_CALLOC __real_calloc
#define SYSTEM_REALLOC __real_realloc
#define SYSTEM_ALIGNED_ALLOC __real_aligned_alloc
#else
#define DEFINED(name) name
#define SYSTEM_MALLOC __libc_malloc
#define SYSTEM_CALLOC __libc_calloc
#define SYSTEM_REALLOC __libc_realloc
#define SYSTEM_ALIGNED_ALLOC __libc_memalign
#endif

void *SYSTEM_MALLOC(size_t n_bytes);
void *SYSTEM_CALLOC(size_t n_items, size_t item_size);
void *SYSTEM_REALLOC(void *memory, size_t n_bytes);
void *SYSTEM_ALIGNED_ALLOC(size_t alignment, size_t n_bytes);

void *DEFINED(malloc)(size_t n_bytes);
void *DEFINED(calloc)(size_t n_items, size_t item_size);
void *DEFINED(realloc)(void *memory, size_t n_bytes);
void *DEFINED(aligned_alloc)(size_t alignment, size_t n_bytes);

void *DEFINED(malloc)(size_t n_bytes)
{
    return grants(__builtin_return_address(0)) ? SYSTEM_MALLOC(n_bytes) : NULL;
}

void *DEFINED(calloc)(size_t n_items, size_t item_size)
{
    return grants(__builtin_return_address(0)) ? SYSTEM_CALLOC(n_items, item_size) : NULL;
}

void *DEFINED(realloc)(void *memory, size_t n_bytes)
{
    return grants(__builtin_return_address(0)) ? SYSTEM_REALLOC(memory, n_bytes) : NULL;
}

void *DEFINED(aligned_alloc)(size_t alignment, size_t n_bytes)
{
    return grants(__builtin_return_address(0)) ? SYSTEM_ALIGNED_ALLOC(alignment, n_bytes) : NULL;
}

#ifndef __SANITIZE_ADDRESS__
int posix_memalign(void **ret_memory, size_t alignment, size_t n_bytes)
{
    void *memory = grants(__builtin_return_address(0)) ? SYSTEM_ALIGNED_ALLOC(alignment, n_bytes) : NULL;
    if (!memory) return ENOMEM;
    *ret_memory = memory;
    return 0;
}
#endif
