/* cuda_layout.h - several arrays in one piece of device memory.
 *
 * The arrays are taken twice, by the same code: from a piece without memory, which measures them, and again from one
 * with as much memory as that says. */
#ifndef FTDN_ENGINE_CUDA_CUDA_LAYOUT_H
#define FTDN_ENGINE_CUDA_CUDA_LAYOUT_H

#include <stddef.h>

#define FTDN_CUDA_ALIGNMENT 256 /* bytes; that of the pieces themselves */

typedef struct ftdn_cuda_piece {
    char *memory;   /* NULL: the arrays are measured */
    size_t n_bytes; /* taken */
} ftdn_cuda_piece;

/* The next array, aligned; NULL where it is measured. */
static inline void *ftdn_cuda_take(ftdn_cuda_piece *piece, size_t n_items, size_t item_size)
{
    size_t offset = piece->n_bytes;
    piece->n_bytes += (n_items * item_size + FTDN_CUDA_ALIGNMENT - 1) / FTDN_CUDA_ALIGNMENT * FTDN_CUDA_ALIGNMENT;
    return piece->memory ? piece->memory + offset : NULL;
}

#endif
