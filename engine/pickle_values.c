#include "engine/pickle_values.h"

#include <string.h>

const char *ftdn_pickle_kind_text(ftdn_pickle_kind kind)
{
    switch (kind) {
    case FTDN_PICKLE_NONE: return "None";
    case FTDN_PICKLE_BOOL: return "a bool";
    case FTDN_PICKLE_INT: return "an integer";
    case FTDN_PICKLE_BIG_INT: return "an integer beyond 64 bits";
    case FTDN_PICKLE_FLOAT: return "a float";
    case FTDN_PICKLE_TEXT: return "a text";
    case FTDN_PICKLE_TUPLE: return "a tuple";
    case FTDN_PICKLE_LIST: return "a list";
    case FTDN_PICKLE_DICT: return "a dict";
    case FTDN_PICKLE_NAME: return "a name";
    case FTDN_PICKLE_STORAGE_TYPE: return "a storage type";
    case FTDN_PICKLE_STORAGE: return "a storage";
    case FTDN_PICKLE_TENSOR: return "a tensor";
    }
    return "nothing";
}

bool ftdn_pickle_bytes_equal(ftdn_pickle_bytes bytes, const char *text)
{
    return strlen(text) == bytes.n_chars && !memcmp(text, bytes.chars, bytes.n_chars);
}

ftdn_status ftdn_pickle_require_kind(const ftdn_pickle_value *value, ftdn_pickle_kind kind, const char *what,
                                     ftdn_error *err)
{
    if (value->kind == kind) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s is %s, not %s", what, ftdn_pickle_kind_text(value->kind),
                     ftdn_pickle_kind_text(kind));
}

/* ('storage', torch.FloatStorage, key, device, elements), in the older stream also None at the end. */
static ftdn_status check_storage_id(const ftdn_pickle_items *id, ftdn_error *err)
{
    if (id->n_items < 5 || id->n_items > 6) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "a storage's description has %zu parts, not 5 or 6", id->n_items);
    }
    const ftdn_pickle_value *part = id->item;
    FTDN_TRY(ftdn_pickle_require_kind(&part[0], FTDN_PICKLE_TEXT, "the tag of a storage", err));
    FTDN_TRY(ftdn_pickle_require_kind(&part[1], FTDN_PICKLE_STORAGE_TYPE, "the type of a storage", err));
    FTDN_TRY(ftdn_pickle_require_kind(&part[2], FTDN_PICKLE_TEXT, "the key of a storage", err));
    FTDN_TRY(ftdn_pickle_require_kind(&part[4], FTDN_PICKLE_INT, "the length of a storage", err));
    if (!ftdn_pickle_bytes_equal(part[0].as.bytes, "storage")) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "the tag of a storage is not 'storage'");
    }
    if (part[4].as.integer < 0) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "the length of a storage is %lld", (long long)part[4].as.integer);
    }
    if (id->n_items == 6 && part[5].kind != FTDN_PICKLE_NONE) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "a storage lies inside another one, which only PyTorch before 0.4 wrote");
    }
    return FTDN_OK;
}

ftdn_status ftdn_pickle_make_storage(ftdn_pickle *pickle, const ftdn_pickle_value *id, ftdn_arena *arena,
                                     ftdn_pickle_value *ret_value, ftdn_error *err)
{
    FTDN_TRY(ftdn_pickle_require_kind(id, FTDN_PICKLE_TUPLE, "a storage's description", err));
    FTDN_TRY(check_storage_id(id->as.items, err));
    const ftdn_pickle_value *part = id->as.items->item;
    ftdn_pickle_storage *storage = FTDN_NEW(arena, 1, ftdn_pickle_storage, err);
    if (!storage) return FTDN_ERR_MEMORY;
    *storage = (ftdn_pickle_storage){
        .key = part[2].as.bytes,
        .dtype = part[1].as.dtype,
        .n_elements = (uint64_t)part[4].as.integer,
        .older = pickle->newest_storage,
    };
    pickle->newest_storage = storage;
    pickle->n_storages++;
    *ret_value = (ftdn_pickle_value){.kind = FTDN_PICKLE_STORAGE, .as.storage = storage};
    return FTDN_OK;
}

static ftdn_status read_integers(const ftdn_pickle_value *tuple, const char *what, int64_t *integers, ftdn_error *err)
{
    FTDN_TRY(ftdn_pickle_require_kind(tuple, FTDN_PICKLE_TUPLE, what, err));
    const ftdn_pickle_items *items = tuple->as.items;
    if (items->n_items > FTDN_TENSOR_MAX_DIMS) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s has %zu numbers, more than %d", what, items->n_items,
                         FTDN_TENSOR_MAX_DIMS);
    }
    for (size_t i = 0; i < items->n_items; i++) {
        FTDN_TRY(ftdn_pickle_require_kind(&items->item[i], FTDN_PICKLE_INT, what, err));
        integers[i] = items->item[i].as.integer;
    }
    return FTDN_OK;
}

/* Arguments: storage, offset, shape, strides; what follows (requires_grad, hooks, metadata) is not read. */
static ftdn_status make_tensor(const ftdn_pickle_items *args, ftdn_arena *arena, ftdn_pickle_value *ret_value,
                               ftdn_error *err)
{
    const ftdn_pickle_value *arg = args->item;
    ftdn_pickle_tensor *tensor = FTDN_NEW(arena, 1, ftdn_pickle_tensor, err);
    if (!tensor) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_pickle_require_kind(&arg[0], FTDN_PICKLE_STORAGE, "the storage of a tensor", err));
    FTDN_TRY(ftdn_pickle_require_kind(&arg[1], FTDN_PICKLE_INT, "the offset of a tensor", err));
    FTDN_TRY(read_integers(&arg[2], "the shape of a tensor", tensor->dims, err));
    FTDN_TRY(read_integers(&arg[3], "the strides of a tensor", tensor->strides, err));
    size_t n_dims = arg[2].as.items->n_items, n_strides = arg[3].as.items->n_items;
    if (n_dims != n_strides) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "a tensor has %zu dimensions and %zu strides", n_dims, n_strides);
    }
    tensor->storage = arg[0].as.storage;
    tensor->offset = arg[1].as.integer;
    tensor->n_dims = (int)n_dims;
    *ret_value = (ftdn_pickle_value){.kind = FTDN_PICKLE_TENSOR, .as.tensor = tensor};
    return FTDN_OK;
}

/* The first argument, of this kind, stands for the whole. */
static ftdn_status take_first(const ftdn_pickle_items *args, ftdn_pickle_kind kind, const char *what,
                              ftdn_pickle_value *ret_value, ftdn_error *err)
{
    FTDN_TRY(ftdn_pickle_require_kind(&args->item[0], kind, what, err));
    *ret_value = args->item[0];
    return FTDN_OK;
}

static ftdn_status require_count(const ftdn_pickle_items *args, size_t n_min, size_t n_max, const char *what,
                                 ftdn_error *err)
{
    if (args->n_items >= n_min && args->n_items <= n_max) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s is made of %zu values, not %zu", what, args->n_items, n_min);
}

ftdn_status ftdn_pickle_make_value(ftdn_pickle_name name, const ftdn_pickle_items *args, ftdn_arena *arena,
                                   ftdn_pickle_value *ret_value, ftdn_error *err)
{
    switch (name) {
    case FTDN_PICKLE_ORDERED_DICT: break; /* made by the machine, which can push its items */
    case FTDN_PICKLE_SIZE:
        FTDN_TRY(require_count(args, 1, 1, "a torch.Size", err));
        return take_first(args, FTDN_PICKLE_TUPLE, "a torch.Size", ret_value, err);
    case FTDN_PICKLE_REBUILD_TENSOR:
        FTDN_TRY(require_count(args, 4, 4, "a tensor", err));
        return make_tensor(args, arena, ret_value, err);
    case FTDN_PICKLE_REBUILD_TENSOR_V2:
        FTDN_TRY(require_count(args, 6, 7, "a tensor", err));
        return make_tensor(args, arena, ret_value, err);
    case FTDN_PICKLE_REBUILD_PARAMETER:
        FTDN_TRY(require_count(args, 3, 3, "a parameter", err));
        return take_first(args, FTDN_PICKLE_TENSOR, "the value of a parameter", ret_value, err);
    }
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "name %d makes no value", (int)name);
}
