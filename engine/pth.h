/* pth.h - from an unpickled PyTorch checkpoint to named tensors, for both layouts of .pth files.
 *
 * A checkpoint is nested dicts; the state dict is the dict that holds the tensors. It is looked
 * for from the outside in: a dict that holds tensors itself; else its member called state_dict,
 * model_state_dict, model, net or weights, if that holds tensors; else its only member that does;
 * else a member of those names in which the search goes on; else the dict as it is. Tensors
 * deeper inside get the keys on the way, joined by dots, as their names. */
#ifndef FTDN_ENGINE_PTH_H
#define FTDN_ENGINE_PTH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"
#include "engine/pickle.h"
#include "engine/tensor_file.h"

/* A storage of the file; all mentions of its key in the pickle are one. */
typedef struct ftdn_pth_storage {
    ftdn_pickle_bytes key;
    const ftdn_dtype *dtype;
    uint64_t n_elements;
    size_t n_bytes;
    bool wanted;                /* a tensor of the state dict views it */
    const unsigned char *bytes; /* [n_bytes]; NULL until the file's reader finds it */
} ftdn_pth_storage;

typedef struct ftdn_pth_tensor {
    const char *name;
    const ftdn_pickle_tensor *view;
    ftdn_pth_storage *storage;
} ftdn_pth_tensor;

typedef struct ftdn_pth {
    size_t n_file_bytes;
    size_t n_storages;
    ftdn_pth_storage *storage; /* by key */
    int n_tensors, capacity;
    ftdn_pth_tensor *tensor; /* in the pickle's order */
} ftdn_pth;

/* Find the storages and the state dict. The result lives in the arena and borrows from the pickle. */
FTDN_NODISCARD ftdn_status ftdn_pth_plan(const ftdn_pickle *pickle, size_t n_file_bytes, ftdn_arena *arena,
                                         ftdn_pth *ret_pth, ftdn_error *err);

ftdn_pth_storage *ftdn_pth_find_storage(const ftdn_pth *pth, ftdn_pickle_bytes key); /* NULL if absent */

/* Is this an amount of memory that a file of n_file_bytes may ask for? Compression, wide dtypes and
 * repeated views make values larger than their file, but not by orders of magnitude. */
bool ftdn_pth_allows(size_t n_file_bytes, size_t n_bytes);

/* Check each view against its storage and make it row-major float32; borrowed where it is already.
 * The storages must live as long as the arena. */
FTDN_NODISCARD ftdn_status ftdn_pth_make_tensors(const ftdn_pth *pth, ftdn_arena *arena, ftdn_tensor_file *ret_file,
                                                 ftdn_error *err);

#endif
