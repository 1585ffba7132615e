#include "engine/pth.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "engine/pickle_values.h"
#include "engine/tensor_formats.h"

#define MAX_DEPTH 32          /* dicts and lists inside each other */
#define MAX_VISITS (1L << 21) /* values looked at; a list that holds itself would have no end */
#define MAX_TENSORS (1 << 17)
#define MAX_NAME 500                  /* characters */
#define MAX_GROWTH 16                 /* values may take this many times the bytes of their file ... */
#define MIN_ALLOWED ((size_t)1 << 20) /* ... and this much in any case */

bool ftdn_pth_allows(size_t n_file_bytes, size_t n_bytes)
{
    return n_bytes <= MIN_ALLOWED || n_bytes / MAX_GROWTH <= n_file_bytes;
}

static int compare_keys(ftdn_pickle_bytes a, ftdn_pickle_bytes b)
{
    size_t n_chars = a.n_chars < b.n_chars ? a.n_chars : b.n_chars;
    int order = n_chars ? memcmp(a.chars, b.chars, n_chars) : 0;
    return order ? order : (a.n_chars > b.n_chars) - (a.n_chars < b.n_chars);
}

static int compare_storages(const void *a, const void *b)
{
    return compare_keys(((const ftdn_pth_storage *)a)->key, ((const ftdn_pth_storage *)b)->key);
}

/* Keep one of each run of equal keys; all of a run must describe the same storage. */
static ftdn_status unite_mentions(ftdn_pth *pth, ftdn_error *err)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < pth->n_storages; i++) {
        const ftdn_pth_storage *mention = &pth->storage[i], *kept = n_kept ? &pth->storage[n_kept - 1] : NULL;
        if (!kept || compare_keys(kept->key, mention->key)) {
            pth->storage[n_kept++] = *mention;
        } else if (kept->dtype != mention->dtype || kept->n_elements != mention->n_elements) {
            return FTDN_FAIL(err, FTDN_ERR_INPUT,
                             "storage '%.*s' is described in two ways: %" PRIu64 " %s and %" PRIu64 " %s",
                             (int)mention->key.n_chars, mention->key.chars, kept->n_elements, kept->dtype->name,
                             mention->n_elements, mention->dtype->name);
        }
    }
    pth->n_storages = n_kept;
    return FTDN_OK;
}

static bool is_plain_key(ftdn_pickle_bytes key)
{
    if (key.n_chars > 40) return false;
    for (size_t i = 0; i < key.n_chars; i++) {
        if (key.chars[i] < '!' || key.chars[i] > '~' || key.chars[i] == '/') return false;
    }
    return key.n_chars > 0;
}

static ftdn_status index_storages(ftdn_pth *pth, const ftdn_pickle *pickle, ftdn_arena *arena, ftdn_error *err)
{
    pth->storage = FTDN_NEW(arena, pickle->n_storages, ftdn_pth_storage, err);
    if (!pth->storage) return FTDN_ERR_MEMORY;
    for (const ftdn_pickle_storage *at = pickle->newest_storage; at; at = at->older) {
        ftdn_pth_storage storage = {.key = at->key, .dtype = at->dtype, .n_elements = at->n_elements};
        if (!is_plain_key(at->key)) return FTDN_FAIL(err, FTDN_ERR_INPUT, "the key of a storage is no short word");
        if (!ftdn_size_mul(at->n_elements, at->dtype->n_bytes, &storage.n_bytes)) {
            return FTDN_FAIL(err, FTDN_ERR_INPUT, "storage '%.*s': the size of %" PRIu64 " %s overflows",
                             (int)at->key.n_chars, at->key.chars, at->n_elements, at->dtype->name);
        }
        pth->storage[pth->n_storages++] = storage;
    }
    qsort(pth->storage, pth->n_storages, sizeof *pth->storage, compare_storages);
    return unite_mentions(pth, err);
}

ftdn_pth_storage *ftdn_pth_find_storage(const ftdn_pth *pth, ftdn_pickle_bytes key)
{
    ftdn_pth_storage wanted = {.key = key};
    return bsearch(&wanted, pth->storage, pth->n_storages, sizeof wanted, compare_storages);
}

/* A walk through the state dict; name is the path of keys so far. */
typedef struct collector {
    ftdn_pth *pth;
    ftdn_arena *arena;
    char name[MAX_NAME + 1];
    size_t n_chars;
    long n_visits;
    ftdn_error *err;
} collector;

static ftdn_status add_tensor(collector *c, const ftdn_pickle_tensor *view)
{
    ftdn_pth *pth = c->pth;
    if (pth->n_tensors == MAX_TENSORS) return FTDN_FAIL(c->err, FTDN_ERR_INPUT, "more than %d tensors", MAX_TENSORS);
    if (pth->n_tensors == pth->capacity) {
        int capacity = pth->capacity ? pth->capacity * 2 : 256;
        ftdn_pth_tensor *larger = FTDN_NEW(c->arena, (size_t)capacity, ftdn_pth_tensor, c->err);
        if (!larger) return FTDN_ERR_MEMORY;
        if (pth->n_tensors) memcpy(larger, pth->tensor, (size_t)pth->n_tensors * sizeof *larger);
        pth->tensor = larger;
        pth->capacity = capacity;
    }
    const char *name = ftdn_arena_copy_text(c->arena, c->name, c->n_chars, c->err);
    if (!name) return FTDN_ERR_MEMORY;
    if (!ftdn_tensor_name_is_valid(name)) {
        return FTDN_FAIL(c->err, FTDN_ERR_INPUT,
                         "the name of tensor %d is empty or holds a control character or malformed UTF-8",
                         pth->n_tensors);
    }
    ftdn_pth_storage *storage = ftdn_pth_find_storage(pth, view->storage->key);
    storage->wanted = true;
    pth->tensor[pth->n_tensors++] = (ftdn_pth_tensor){.name = name, .view = view, .storage = storage};
    return FTDN_OK;
}

/* Append a key to the name, behind a dot where it is not the first. */
static ftdn_status enter(collector *c, const char *key, size_t n_chars)
{
    size_t n_dot = c->n_chars ? 1 : 0;
    if (n_chars > MAX_NAME - n_dot || c->n_chars > MAX_NAME - n_dot - n_chars) {
        return FTDN_FAIL(c->err, FTDN_ERR_INPUT, "a tensor's name has more than %d characters", MAX_NAME);
    }
    if (n_chars && memchr(key, 0, n_chars)) {
        return FTDN_FAIL(c->err, FTDN_ERR_INPUT, "the name of tensor %d holds a zero byte", c->pth->n_tensors);
    }
    if (n_dot) c->name[c->n_chars] = '.';
    if (n_chars) memcpy(c->name + c->n_chars + n_dot, key, n_chars);
    c->n_chars += n_dot + n_chars;
    return FTDN_OK;
}

static ftdn_status enter_number(collector *c, int64_t number)
{
    char text[24];
    int n_chars = snprintf(text, sizeof text, "%" PRId64, number);
    return enter(c, text, (size_t)n_chars);
}

static bool is_container(const ftdn_pickle_value *value)
{
    return value->kind == FTDN_PICKLE_DICT || value->kind == FTDN_PICKLE_LIST || value->kind == FTDN_PICKLE_TUPLE;
}

static ftdn_status collect(collector *c, const ftdn_pickle_value *value, int depth);

static ftdn_status collect_items(collector *c, const ftdn_pickle_value *container, int depth)
{
    const ftdn_pickle_items *items = container->as.items;
    bool is_dict = container->kind == FTDN_PICKLE_DICT;
    if (depth == MAX_DEPTH) {
        return FTDN_FAIL(c->err, FTDN_ERR_INPUT, "dicts and lists are nested more than %d levels deep", MAX_DEPTH);
    }
    size_t n_outer = c->n_chars;
    for (size_t i = 0; i < items->n_items; i += is_dict ? 2 : 1) {
        const ftdn_pickle_value *key = &items->item[i], *value = &items->item[is_dict ? i + 1 : i];
        if (!is_container(value) && value->kind != FTDN_PICKLE_TENSOR) continue;
        if (!is_dict) FTDN_TRY(enter_number(c, (int64_t)i));
        else if (key->kind == FTDN_PICKLE_TEXT) FTDN_TRY(enter(c, key->as.bytes.chars, key->as.bytes.n_chars));
        else if (key->kind == FTDN_PICKLE_INT) FTDN_TRY(enter_number(c, key->as.integer));
        else continue;
        FTDN_TRY(collect(c, value, depth + 1));
        c->n_chars = n_outer;
    }
    return FTDN_OK;
}

static ftdn_status collect(collector *c, const ftdn_pickle_value *value, int depth)
{
    if (++c->n_visits > MAX_VISITS) return FTDN_FAIL(c->err, FTDN_ERR_INPUT, "more than %ld values", MAX_VISITS);
    if (value->kind == FTDN_PICKLE_TENSOR) return add_tensor(c, value->as.tensor);
    return collect_items(c, value, depth);
}

static bool holds_tensors(const ftdn_pickle_value *dict)
{
    for (size_t i = 1; i < dict->as.items->n_items; i += 2) {
        if (dict->as.items->item[i].kind == FTDN_PICKLE_TENSOR) return true;
    }
    return false;
}

/* The member of a dict that is a dict itself and has this key; NULL if absent. */
static const ftdn_pickle_value *find_dict(const ftdn_pickle_value *dict, const char *key)
{
    const ftdn_pickle_items *items = dict->as.items;
    for (size_t i = 0; i + 1 < items->n_items; i += 2) {
        const ftdn_pickle_value *at = &items->item[i];
        bool named = at->kind == FTDN_PICKLE_TEXT && ftdn_pickle_bytes_equal(at->as.bytes, key);
        if (named && at[1].kind == FTDN_PICKLE_DICT) return &at[1];
    }
    return NULL;
}

/* The only member that holds tensors; NULL where there is none or several. */
static const ftdn_pickle_value *find_only_holder(const ftdn_pickle_value *dict)
{
    const ftdn_pickle_value *only = NULL;
    for (size_t i = 1; i < dict->as.items->n_items; i += 2) {
        const ftdn_pickle_value *member = &dict->as.items->item[i];
        if (member->kind != FTDN_PICKLE_DICT || !holds_tensors(member)) continue;
        if (only) return NULL;
        only = member;
    }
    return only;
}

/* The member under the first of PyTorch users' usual keys; one of holders only, or of any dicts. */
static const ftdn_pickle_value *find_usual(const ftdn_pickle_value *dict, bool only_holders)
{
    static const char *const usual_keys[] = {"state_dict", "model_state_dict", "model", "net", "weights"};
    for (size_t i = 0; i < sizeof usual_keys / sizeof usual_keys[0]; i++) {
        const ftdn_pickle_value *member = find_dict(dict, usual_keys[i]);
        if (member && (!only_holders || holds_tensors(member))) return member;
    }
    return NULL;
}

static const ftdn_pickle_value *choose_state_dict(const ftdn_pickle_value *root)
{
    for (int depth = 0; depth < MAX_DEPTH && !holds_tensors(root); depth++) {
        const ftdn_pickle_value *inner = find_usual(root, true);
        if (!inner) inner = find_only_holder(root);
        if (!inner) inner = find_usual(root, false);
        if (!inner) break;
        root = inner;
    }
    return root;
}

ftdn_status ftdn_pth_plan(const ftdn_pickle *pickle, size_t n_file_bytes, ftdn_arena *arena, ftdn_pth *ret_pth,
                          ftdn_error *err)
{
    ftdn_pth pth = {.n_file_bytes = n_file_bytes};
    if (!is_container(&pickle->root)) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "the file holds %s, not a dict of tensors",
                         ftdn_pickle_kind_text(pickle->root.kind));
    }
    FTDN_TRY(index_storages(&pth, pickle, arena, err));
    collector c = {.pth = &pth, .arena = arena, .err = err};
    bool is_dict = pickle->root.kind == FTDN_PICKLE_DICT;
    FTDN_TRY(collect(&c, is_dict ? choose_state_dict(&pickle->root) : &pickle->root, 0));
    *ret_pth = pth;
    return FTDN_OK;
}

/* A view's last element lies inside its storage. */
static bool fits_storage(const ftdn_pickle_tensor *view, const ftdn_pth_storage *storage)
{
    uint64_t last = (uint64_t)view->offset;
    for (int i = 0; i < view->n_dims; i++) {
        uint64_t reach;
        if (__builtin_mul_overflow((uint64_t)view->dims[i] - 1, (uint64_t)view->strides[i], &reach)) return false;
        if (__builtin_add_overflow(last, reach, &last)) return false;
    }
    return last < storage->n_elements;
}

static ftdn_status check_view(const ftdn_pth_tensor *tensor, size_t *ret_n_elements, ftdn_error *err)
{
    const ftdn_pickle_tensor *view = tensor->view;
    const ftdn_pth_storage *storage = tensor->storage;
    char dims[FTDN_DIMS_CHARS], strides[FTDN_DIMS_CHARS];
    ftdn_dims_text(view->dims, view->n_dims, dims, sizeof dims);
    ftdn_dims_text(view->strides, view->n_dims, strides, sizeof strides);
    size_t n_elements;
    bool negative = view->offset < 0;
    for (int i = 0; i < view->n_dims; i++) negative = negative || view->strides[i] < 0;
    if (negative || !ftdn_dims_elements(view->dims, view->n_dims, &n_elements)) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "shape %s, strides %s or offset %" PRId64 " is negative or overflows",
                         dims, strides, view->offset);
    }
    if (n_elements && !fits_storage(view, storage)) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT,
                         "shape %s, strides %s, offset %" PRId64 " leave the %" PRIu64 " elements of storage '%.*s'",
                         dims, strides, view->offset, storage->n_elements, (int)storage->key.n_chars,
                         storage->key.chars);
    }
    if (n_elements && !storage->bytes) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "storage '%.*s' is missing", (int)storage->key.n_chars,
                         storage->key.chars);
    }
    *ret_n_elements = n_elements;
    return FTDN_OK;
}

static bool is_row_major(const ftdn_pickle_tensor *view)
{
    int64_t expected = 1;
    for (int i = view->n_dims - 1; i >= 0; i--) {
        if (view->dims[i] != 1 && view->strides[i] != expected) return false;
        expected *= view->dims[i];
    }
    return true;
}

/* Row-major copy of a view with any strides: one run along the last dimension after the other. */
static void gather(const ftdn_pickle_tensor *view, const ftdn_pth_storage *storage, size_t n_elements, float *values)
{
    int last = view->n_dims - 1;
    size_t n_run = (size_t)view->dims[last];
    size_t index[FTDN_TENSOR_MAX_DIMS] = {0};
    size_t at = (size_t)view->offset;
    for (size_t done = 0; done < n_elements; done += n_run) {
        const unsigned char *run = storage->bytes + at * storage->dtype->n_bytes;
        ftdn_dtype_convert(storage->dtype, run, (size_t)view->strides[last], n_run, values + done);
        for (int i = last - 1; i >= 0; i--) {
            at += (size_t)view->strides[i];
            if (++index[i] < (size_t)view->dims[i]) break;
            at -= index[i] * (size_t)view->strides[i];
            index[i] = 0;
        }
    }
}

/* The values of a checked view; *n_made counts the bytes that were not borrowed. */
static ftdn_status make_values(const ftdn_pth *pth, const ftdn_pth_tensor *tensor, size_t n_elements, size_t *n_made,
                               ftdn_arena *arena, const float **ret_values, ftdn_error *err)
{
    const ftdn_pth_storage *storage = tensor->storage;
    const unsigned char *bytes = storage->bytes;
    bool row_major = n_elements == 0 || is_row_major(tensor->view);
    if (n_elements && row_major) bytes += (size_t)tensor->view->offset * storage->dtype->n_bytes;
    if (n_elements && row_major && storage->dtype->code == FTDN_DTYPE_F32 && (uintptr_t)bytes % _Alignof(float) == 0) {
        *ret_values = (const float *)(const void *)bytes;
        return FTDN_OK;
    }
    size_t n_bytes;
    if (!ftdn_size_mul(n_elements, sizeof(float), &n_bytes) || !ftdn_size_add(*n_made, n_bytes, n_made) ||
        !ftdn_pth_allows(pth->n_file_bytes, *n_made)) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "the tensors take more than %d times the %zu bytes of the file",
                         MAX_GROWTH, pth->n_file_bytes);
    }
    float *values = FTDN_NEW(arena, n_elements, float, err);
    if (!values) return FTDN_ERR_MEMORY;
    if (row_major) ftdn_dtype_convert(storage->dtype, bytes, 1, n_elements, values);
    else gather(tensor->view, storage, n_elements, values);
    *ret_values = values;
    return FTDN_OK;
}

static ftdn_status make_tensor(const ftdn_pth *pth, const ftdn_pth_tensor *tensor, size_t *n_made, ftdn_arena *arena,
                               ftdn_named_tensor *ret_tensor, ftdn_error *err)
{
    ftdn_named_tensor named = {.dtype = tensor->storage->dtype->name, .n_dims = tensor->view->n_dims};
    memcpy(named.dims, tensor->view->dims, sizeof named.dims);
    FTDN_TRY(check_view(tensor, &named.n_elements, err));
    FTDN_TRY(make_values(pth, tensor, named.n_elements, n_made, arena, &named.values, err));
    named.name = ftdn_arena_copy_text(arena, tensor->name, strlen(tensor->name), err);
    if (!named.name) return FTDN_ERR_MEMORY;
    *ret_tensor = named;
    return FTDN_OK;
}

ftdn_status ftdn_pth_make_tensors(const ftdn_pth *pth, ftdn_arena *arena, ftdn_tensor_file *ret_file, ftdn_error *err)
{
    ftdn_tensor_file file = {.n_tensors = pth->n_tensors};
    size_t n_made = 0;
    file.tensor = FTDN_NEW(arena, (size_t)pth->n_tensors, ftdn_named_tensor, err);
    if (!file.tensor) return FTDN_ERR_MEMORY;
    for (int i = 0; i < pth->n_tensors; i++) {
        ftdn_status status = make_tensor(pth, &pth->tensor[i], &n_made, arena, &file.tensor[i], err);
        if (status == FTDN_ERR_INPUT) ftdn_error_context(err, "tensor '%s'", pth->tensor[i].name);
        if (status != FTDN_OK) return status;
    }
    *ret_file = file;
    return FTDN_OK;
}
