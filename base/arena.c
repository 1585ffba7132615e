#include "base/arena.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

#define FIRST_BLOCK_BYTES ((size_t)64 << 10)
#define FIRST_CAPACITY 16 /* of an array that grows */
#define LARGEST_GROWTH_BYTES ((size_t)16 << 20) /* blocks double up to here; larger wishes get blocks of their own */

typedef struct ftdn_arena_block {
    struct ftdn_arena_block *older;
    size_t capacity; /* bytes behind the header */
    size_t used;
} block;

static size_t header_bytes(void)
{
    return (sizeof(block) + FTDN_ARENA_ALIGNMENT - 1) / FTDN_ARENA_ALIGNMENT * FTDN_ARENA_ALIGNMENT;
}

void ftdn_arena_init(ftdn_arena *arena)
{
    *arena = (ftdn_arena){.fail_countdown = -1};
}

void ftdn_arena_done(ftdn_arena *arena)
{
    ftdn_arena_reset(arena, (ftdn_arena_mark){0});
}

static block *add_block(ftdn_arena *arena, size_t n_bytes)
{
    size_t capacity = arena->newest ? arena->newest->capacity * 2 : FIRST_BLOCK_BYTES;
    if (capacity > LARGEST_GROWTH_BYTES) capacity = LARGEST_GROWTH_BYTES;
    if (capacity < n_bytes) capacity = n_bytes;
    size_t total;
    if (!ftdn_size_add(capacity, header_bytes(), &total)) return NULL;
    if (!ftdn_size_round_up(total, FTDN_ARENA_ALIGNMENT, &total)) return NULL;
    block *fresh = aligned_alloc(FTDN_ARENA_ALIGNMENT, total);
    if (!fresh) return NULL;
    *fresh = (block){.older = arena->newest, .capacity = capacity};
    arena->newest = fresh;
    return fresh;
}

void *ftdn_arena_alloc(ftdn_arena *arena, size_t n_items, size_t item_size, ftdn_error *err)
{
    size_t n_bytes;
    if (!ftdn_size_mul(n_items, item_size, &n_bytes) ||
        !ftdn_size_round_up(n_bytes ? n_bytes : 1, FTDN_ARENA_ALIGNMENT, &n_bytes)) {
        FTDN_FAIL(err, FTDN_ERR_MEMORY, "%zu items of %zu bytes do not fit into memory", n_items, item_size);
        return NULL;
    }
    block *target = arena->newest;
    if (arena->fail_countdown == 0) target = NULL;
    else if (!target || target->capacity - target->used < n_bytes) target = add_block(arena, n_bytes);
    if (!target) {
        FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory: %zu bytes wanted, %zu held", n_bytes, arena->n_bytes);
        return NULL;
    }
    if (arena->fail_countdown > 0) arena->fail_countdown--;
    void *memory = (char *)target + header_bytes() + target->used;
    target->used += n_bytes;
    arena->n_bytes += n_bytes;
    if (arena->n_bytes > arena->peak_bytes) arena->peak_bytes = arena->n_bytes;
    return memset(memory, 0, n_bytes);
}

void *ftdn_arena_grow(ftdn_arena *arena, void *items, int n_items, int *capacity, size_t item_size, ftdn_error *err)
{
    assert(n_items >= 0 && n_items <= *capacity);
    if (n_items < *capacity) return items;
    if (*capacity > INT_MAX / 2) {
        FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory: %d items of %zu bytes are held", n_items, item_size);
        return NULL;
    }
    int larger = *capacity ? 2 * *capacity : FIRST_CAPACITY;
    void *grown = ftdn_arena_alloc(arena, (size_t)larger, item_size, err);
    if (!grown) return NULL;
    if (n_items > 0) memcpy(grown, items, (size_t)n_items * item_size);
    *capacity = larger;
    return grown;
}

char *ftdn_arena_copy_text(ftdn_arena *arena, const char *text, size_t n_chars, ftdn_error *err)
{
    assert(n_chars < SIZE_MAX);
    char *copy = ftdn_arena_alloc(arena, n_chars + 1, 1, err);
    if (copy && n_chars) memcpy(copy, text, n_chars);
    return copy;
}

char *ftdn_arena_format_list(ftdn_arena *arena, ftdn_error *err, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n_chars = vsnprintf(NULL, 0, format, args);
    char *text = NULL;
    if (n_chars < 0) FTDN_FAIL(err, FTDN_ERR_MEMORY, "text for '%s' cannot be formatted", format);
    else text = ftdn_arena_alloc(arena, (size_t)n_chars + 1, 1, err);
    if (text) vsnprintf(text, (size_t)n_chars + 1, format, again);
    va_end(again);
    return text;
}

char *ftdn_arena_format(ftdn_arena *arena, ftdn_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = ftdn_arena_format_list(arena, err, format, args);
    va_end(args);
    return text;
}

ftdn_arena_mark ftdn_arena_get_mark(const ftdn_arena *arena)
{
    return (ftdn_arena_mark){
        .block = arena->newest,
        .block_used = arena->newest ? arena->newest->used : 0,
        .n_bytes = arena->n_bytes,
    };
}

void ftdn_arena_reset(ftdn_arena *arena, ftdn_arena_mark mark)
{
    while (arena->newest != mark.block) {
        block *gone = arena->newest;
        assert(gone && "the mark belongs to another arena, or to a reset part of this one");
        arena->newest = gone->older;
        free(gone);
    }
    if (arena->newest) arena->newest->used = mark.block_used;
    arena->n_bytes = mark.n_bytes;
}

void ftdn_arena_fail_after(ftdn_arena *arena, long n_good)
{
    arena->fail_countdown = n_good;
}
