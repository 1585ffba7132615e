/* failing_memory.h - refuses the k-th allocation of the process, whoever asks.
 *
 * The program that is linked with it has its own malloc, calloc, realloc, aligned_alloc and posix_memalign: also what
 * libraries ask for is counted, and may be refused. Under the address sanitizer, which has its own too, only what the
 * project's code itself asks for is (by --wrap of the linker). Requests of libgomp, which ends the program where
 * it gets no memory, are never refused. */
#ifndef FTDN_TESTS_HARNESS_FAILING_MEMORY_H
#define FTDN_TESTS_HARNESS_FAILING_MEMORY_H

#include <stdbool.h>

/* From now on n_good allocations are granted, then one is refused; -1: none is. */
void ftdn_failing_memory_set(long n_good);

/* Allocations since then. */
long ftdn_failing_memory_count(void);
bool ftdn_failing_memory_has_refused(void);

#endif
