/* arena.h - memory that is given back all at once: what lives as long as a plan, a graph, a trial.
 *
 * Storage grows in blocks; nothing is freed alone. Every allocation is zeroed and aligned to 64
 * bytes (a cache line, an AVX-512 register). An arena is used by one thread at a time. A test can
 * make the k-th allocation fail to see that every error path gives everything back. */
#ifndef FTDN_BASE_ARENA_H
#define FTDN_BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/status.h"

#define FTDN_ARENA_ALIGNMENT 64

typedef struct ftdn_arena {
    struct ftdn_arena_block *newest; /* NULL while empty */
    size_t n_bytes;                  /* handed out now, padding included */
    size_t peak_bytes;               /* the most ever handed out */
    long fail_countdown;             /* allocations left before one fails; -1 = none fails */
} ftdn_arena;

/* A place in an arena to return to: all that is allocated later is given back. */
typedef struct ftdn_arena_mark {
    struct ftdn_arena_block *block;
    size_t block_used;
    size_t n_bytes;
} ftdn_arena_mark;

void ftdn_arena_init(ftdn_arena *arena);
void ftdn_arena_done(ftdn_arena *arena); /* frees all blocks; the arena may be used again */

/* n_items items of item_size bytes, zeroed. Zero bytes give a valid address of nothing.
 * NULL with FTDN_ERR_MEMORY where the size overflows or memory is refused. */
FTDN_NODISCARD void *ftdn_arena_alloc(ftdn_arena *arena, size_t n_items, size_t item_size, ftdn_error *err);

/* FTDN_NEW(arena, 3, struct thing, err): a typed array. */
#define FTDN_NEW(arena, n_items, type, err) ((type *)ftdn_arena_alloc((arena), (n_items), sizeof(type), (err)))

/* An array with room for an item behind its n_items: itself where *capacity allows, else a copy of twice the capacity,
 * zeroed behind the items. items: NULL where *capacity is 0. NULL with FTDN_ERR_MEMORY; *capacity is untouched then. */
FTDN_NODISCARD void *ftdn_arena_grow(ftdn_arena *arena, void *items, int n_items, int *capacity, size_t item_size,
                                     ftdn_error *err);

/* A copy of n_chars characters with a 0 behind them; NULL with FTDN_ERR_MEMORY. */
FTDN_NODISCARD char *ftdn_arena_copy_text(ftdn_arena *arena, const char *text, size_t n_chars, ftdn_error *err);

/* The text that printf would print; NULL with FTDN_ERR_MEMORY. */
FTDN_NODISCARD char *ftdn_arena_format(ftdn_arena *arena, ftdn_error *err, const char *format, ...) FTDN_PRINTF(3, 4);
FTDN_NODISCARD char *ftdn_arena_format_list(ftdn_arena *arena, ftdn_error *err, const char *format, va_list args)
    FTDN_PRINTF(3, 0);

ftdn_arena_mark ftdn_arena_get_mark(const ftdn_arena *arena);
void ftdn_arena_reset(ftdn_arena *arena, ftdn_arena_mark mark);

/* From now on n_good allocations succeed and all later ones fail (for tests). */
void ftdn_arena_fail_after(ftdn_arena *arena, long n_good);

#endif
