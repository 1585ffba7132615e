/* pickle.h - a reader of Python pickles that can only make data.
 *
 * A pickle is a program for a stack machine, and Python's machine can call anything. This one has
 * no calls: opcodes outside a list and names (globals) outside a list are errors, and the listed
 * names are words, from which dicts, tuples and descriptions of tensors are made:
 *     collections.OrderedDict; torch.Size; torch.FloatStorage and its kin;
 *     torch._utils._rebuild_tensor, _rebuild_tensor_v2, _rebuild_parameter
 * Protocols 2 to 5 are read as far as PyTorch writes them. Stack, memo, marks and the number of
 * values are bounded, so that memory stays in proportion to the pickle. */
#ifndef FTDN_ENGINE_PICKLE_H
#define FTDN_ENGINE_PICKLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "engine/dtype.h"
#include "engine/tensor_file.h"

/* Bytes borrowed from the pickle; no 0 behind them. */
typedef struct ftdn_pickle_bytes {
    const char *chars;
    size_t n_chars;
} ftdn_pickle_bytes;

typedef enum ftdn_pickle_kind {
    FTDN_PICKLE_NONE = 1, /* 0 is no value */
    FTDN_PICKLE_BOOL,
    FTDN_PICKLE_INT,
    FTDN_PICKLE_BIG_INT, /* beyond 64 bits; its bytes, little-endian two's complement */
    FTDN_PICKLE_FLOAT,
    FTDN_PICKLE_TEXT,
    FTDN_PICKLE_TUPLE,
    FTDN_PICKLE_LIST,
    FTDN_PICKLE_DICT,
    FTDN_PICKLE_NAME,         /* an allowed name that builds something */
    FTDN_PICKLE_STORAGE_TYPE, /* torch.FloatStorage, ... */
    FTDN_PICKLE_STORAGE,
    FTDN_PICKLE_TENSOR,
} ftdn_pickle_kind;

typedef enum ftdn_pickle_name {
    FTDN_PICKLE_ORDERED_DICT,
    FTDN_PICKLE_SIZE,
    FTDN_PICKLE_REBUILD_TENSOR,
    FTDN_PICKLE_REBUILD_TENSOR_V2,
    FTDN_PICKLE_REBUILD_PARAMETER,
} ftdn_pickle_name;

typedef struct ftdn_pickle_value {
    ftdn_pickle_kind kind;
    union {
        int64_t integer; /* BOOL, INT */
        double number;
        ftdn_pickle_bytes bytes; /* TEXT, BIG_INT */
        ftdn_pickle_name name;
        const ftdn_dtype *dtype;         /* STORAGE_TYPE */
        struct ftdn_pickle_items *items; /* TUPLE, LIST, DICT; may lead back to itself */
        struct ftdn_pickle_storage *storage;
        struct ftdn_pickle_tensor *tensor;
    } as;
} ftdn_pickle_value;

typedef struct ftdn_pickle_items {
    size_t n_items, capacity;
    ftdn_pickle_value *item; /* of a DICT: key, value, key, value, ...; a repeated key stands twice */
} ftdn_pickle_items;

/* A block of elements kept outside the pickle. Each mention in the pickle makes one of these. */
typedef struct ftdn_pickle_storage {
    ftdn_pickle_bytes key;
    const ftdn_dtype *dtype;
    uint64_t n_elements;
    struct ftdn_pickle_storage *older; /* the storage mentioned before this one */
} ftdn_pickle_storage;

/* A view of a storage, in elements. Nothing is checked against the storage here. */
typedef struct ftdn_pickle_tensor {
    ftdn_pickle_storage *storage;
    int n_dims;
    int64_t offset;
    int64_t dims[FTDN_TENSOR_MAX_DIMS], strides[FTDN_TENSOR_MAX_DIMS];
} ftdn_pickle_tensor;

typedef struct ftdn_pickle {
    ftdn_pickle_value root;
    ftdn_pickle_storage *newest_storage; /* NULL: none */
    size_t n_storages;
    size_t end; /* first byte behind the pickle */
} ftdn_pickle;

/* Read the pickle that begins at bytes[begin]; values live in the arena and borrow from bytes.
 * FTDN_ERR_INPUT names the byte (counted from bytes[0]), the opcode or the name, and why it is refused. */
FTDN_NODISCARD ftdn_status ftdn_pickle_parse(const char *bytes, size_t n_bytes, size_t begin, ftdn_arena *arena,
                                             ftdn_pickle *ret_pickle, ftdn_error *err);

/* "a dict", "an integer", ...: for messages. */
const char *ftdn_pickle_kind_text(ftdn_pickle_kind kind);

#endif
