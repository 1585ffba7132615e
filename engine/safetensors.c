/* The format: 8 bytes little-endian length of a JSON header, the header, the values.
 *     {"__metadata__": {"key": "text"}, "name": {"dtype": "F32", "shape": [2,3], "data_offsets": [0, 24]}}
 * Offsets count from the end of the header; the tensors cover all bytes behind it, each once. */
#include "engine/tensor_formats.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/size.h"
#include "base/text.h"
#include "engine/dtype.h"

#define METADATA "__metadata__"
#define LENGTH_BYTES 8
#define MAX_HEADER_BYTES 100000000 /* the specification's bound */

/* Where a tensor lies in the file's values. */
typedef struct extent {
    const char *name;
    size_t begin, end;
} extent;

typedef struct safetensors {
    const unsigned char *values;
    size_t n_value_bytes;
    ftdn_arena *arena;
    ftdn_tensor_file file;
    extent *extents; /* [file.n_tensors] */
    ftdn_error *err;
} safetensors;

static ftdn_status check_lengths(const char *bytes, size_t n_bytes, size_t *ret_header_bytes, ftdn_error *err)
{
    if (n_bytes < LENGTH_BYTES) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%zu bytes are too few for the 8 bytes of the header's length", n_bytes);
    }
    uint64_t header_bytes;
    memcpy(&header_bytes, bytes, sizeof header_bytes);
    if (header_bytes > MAX_HEADER_BYTES) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "a header of %llu bytes is longer than the allowed %d",
                         (unsigned long long)header_bytes, MAX_HEADER_BYTES);
    }
    if (header_bytes > n_bytes - LENGTH_BYTES) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "the header should have %llu bytes, the file has %zu behind its length",
                         (unsigned long long)header_bytes, n_bytes - LENGTH_BYTES);
    }
    if (header_bytes == 0 || bytes[LENGTH_BYTES] != '{') {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "the header does not begin with '{'");
    }
    *ret_header_bytes = (size_t)header_bytes;
    return FTDN_OK;
}

/* The member of a tensor's description; all three must be there. */
static ftdn_status find_member(const safetensors *st, const ftdn_json *node, const char *key, ftdn_json_kind kind,
                               const ftdn_json **ret_member)
{
    const ftdn_json *member = ftdn_json_find(node, key);
    if (!member) return FTDN_FAIL(st->err, FTDN_ERR_INPUT, "tensor '%s': '%s' is missing", node->key, key);
    if (member->kind != kind) {
        return FTDN_FAIL(st->err, FTDN_ERR_INPUT, "tensor '%s': '%s' is %s, not %s", node->key, key,
                         ftdn_json_kind_name(member->kind), ftdn_json_kind_name(kind));
    }
    *ret_member = member;
    return FTDN_OK;
}

static ftdn_status read_count(const safetensors *st, const ftdn_json *tensor, const ftdn_json *list, int i,
                              int64_t *ret_count)
{
    long long count;
    if (!ftdn_json_get_integer(list->child[i], &count) || count < 0) {
        return FTDN_FAIL(st->err, FTDN_ERR_INPUT, "tensor '%s': %s[%d] is no integer from 0 to 2^63 - 1", tensor->key,
                         list->key, i);
    }
    *ret_count = count;
    return FTDN_OK;
}

/* element_bytes is only needed to see that the size in bytes can be counted. */
static ftdn_status read_shape(const safetensors *st, const ftdn_json *node, size_t element_bytes,
                              ftdn_named_tensor *tensor)
{
    const ftdn_json *shape;
    FTDN_TRY(find_member(st, node, "shape", FTDN_JSON_ARRAY, &shape));
    if (shape->n_children > FTDN_TENSOR_MAX_DIMS) {
        return FTDN_FAIL(st->err, FTDN_ERR_INPUT, "tensor '%s': %d dimensions are more than %d", node->key,
                         shape->n_children, FTDN_TENSOR_MAX_DIMS);
    }
    tensor->n_dims = shape->n_children;
    for (int i = 0; i < tensor->n_dims; i++) FTDN_TRY(read_count(st, node, shape, i, &tensor->dims[i]));
    size_t n_bytes;
    if (!ftdn_dims_elements(tensor->dims, tensor->n_dims, &tensor->n_elements) ||
        !ftdn_size_mul(tensor->n_elements, element_bytes, &n_bytes)) {
        char text[FTDN_DIMS_CHARS];
        return FTDN_FAIL(st->err, FTDN_ERR_INPUT, "tensor '%s': the size of shape %s overflows", node->key,
                         ftdn_dims_text(tensor->dims, tensor->n_dims, text, sizeof text));
    }
    return FTDN_OK;
}

/* The offsets are ordered, inside the file, and as far apart as dtype and shape demand. */
static ftdn_status read_extent(const safetensors *st, const ftdn_json *node, const ftdn_named_tensor *tensor,
                               size_t element_bytes, extent *ret_extent)
{
    const ftdn_json *offsets;
    FTDN_TRY(find_member(st, node, "data_offsets", FTDN_JSON_ARRAY, &offsets));
    if (offsets->n_children != 2) {
        return FTDN_FAIL(st->err, FTDN_ERR_INPUT, "tensor '%s': data_offsets has %d items, not 2", node->key,
                         offsets->n_children);
    }
    int64_t begin = 0, end = 0;
    FTDN_TRY(read_count(st, node, offsets, 0, &begin));
    FTDN_TRY(read_count(st, node, offsets, 1, &end));
    if (begin > end || (uint64_t)end > st->n_value_bytes) {
        return FTDN_FAIL(st->err, FTDN_ERR_INPUT,
                         "tensor '%s': data_offsets [%lld,%lld] do not lie in the %zu bytes of values", node->key,
                         (long long)begin, (long long)end, st->n_value_bytes);
    }
    size_t n_bytes = tensor->n_elements * element_bytes;
    if (n_bytes != (size_t)(end - begin)) {
        char text[FTDN_DIMS_CHARS];
        return FTDN_FAIL(st->err, FTDN_ERR_INPUT,
                         "tensor '%s': data_offsets [%lld,%lld] span %lld bytes, shape %s of %s needs %zu", node->key,
                         (long long)begin, (long long)end, (long long)(end - begin),
                         ftdn_dims_text(tensor->dims, tensor->n_dims, text, sizeof text), tensor->dtype, n_bytes);
    }
    *ret_extent = (extent){.name = node->key, .begin = (size_t)begin, .end = (size_t)end};
    return FTDN_OK;
}

/* Values are borrowed from the file where they are float32 at an address for floats. */
static ftdn_status read_values(const safetensors *st, const ftdn_dtype *dtype, size_t begin, ftdn_named_tensor *tensor)
{
    const unsigned char *bytes = st->values + begin;
    if (dtype->code == FTDN_DTYPE_F32 && (uintptr_t)bytes % _Alignof(float) == 0) {
        tensor->values = (const float *)(const void *)bytes;
        return FTDN_OK;
    }
    float *values = FTDN_NEW(st->arena, tensor->n_elements, float, st->err);
    if (!values) return FTDN_ERR_MEMORY;
    ftdn_dtype_convert(dtype, bytes, 1, tensor->n_elements, values);
    tensor->values = values;
    return FTDN_OK;
}

static ftdn_status read_tensor(safetensors *st, const ftdn_json *node)
{
    if (!ftdn_tensor_name_is_valid(node->key)) {
        return FTDN_FAIL(st->err, FTDN_ERR_INPUT, "the name of tensor %d is empty or holds a control character",
                         st->file.n_tensors);
    }
    if (node->kind != FTDN_JSON_OBJECT) {
        return FTDN_FAIL(st->err, FTDN_ERR_INPUT, "tensor '%s' is described by %s, not an object", node->key,
                         ftdn_json_kind_name(node->kind));
    }
    const ftdn_json *dtype_name;
    FTDN_TRY(find_member(st, node, "dtype", FTDN_JSON_STRING, &dtype_name));
    const ftdn_dtype *dtype = ftdn_dtype_find(dtype_name->string);
    if (!dtype) {
        return FTDN_FAIL(st->err, FTDN_ERR_INPUT, "tensor '%s': dtype '%s' is not one of " FTDN_DTYPE_NAMES, node->key,
                         dtype_name->string);
    }
    ftdn_named_tensor tensor = {.name = node->key, .dtype = dtype->name};
    FTDN_TRY(read_shape(st, node, dtype->n_bytes, &tensor));
    extent place;
    FTDN_TRY(read_extent(st, node, &tensor, dtype->n_bytes, &place));
    FTDN_TRY(read_values(st, dtype, place.begin, &tensor));
    st->extents[st->file.n_tensors] = place;
    st->file.tensor[st->file.n_tensors++] = tensor;
    return FTDN_OK;
}

static ftdn_status read_metadata(safetensors *st, const ftdn_json *node)
{
    if (node->kind != FTDN_JSON_OBJECT) {
        return FTDN_FAIL(st->err, FTDN_ERR_INPUT, METADATA " is %s, not an object", ftdn_json_kind_name(node->kind));
    }
    st->file.metadata = FTDN_NEW(st->arena, (size_t)node->n_children, ftdn_metadata_entry, st->err);
    if (!st->file.metadata) return FTDN_ERR_MEMORY;
    for (int i = 0; i < node->n_children; i++) {
        const ftdn_json *entry = node->child[i];
        if (entry->kind != FTDN_JSON_STRING) {
            return FTDN_FAIL(st->err, FTDN_ERR_INPUT, METADATA ": the value of '%s' is %s, not a string", entry->key,
                             ftdn_json_kind_name(entry->kind));
        }
        st->file.metadata[i] = (ftdn_metadata_entry){.key = entry->key, .value = entry->string};
    }
    st->file.n_metadata = node->n_children;
    return FTDN_OK;
}

static int compare_extents(const void *a, const void *b)
{
    const extent *left = a, *right = b;
    if (left->begin != right->begin) return left->begin < right->begin ? -1 : 1;
    return left->end < right->end ? -1 : left->end > right->end;
}

/* Every byte of the values belongs to exactly one tensor. */
static ftdn_status check_coverage(const safetensors *st)
{
    if (st->file.n_tensors) qsort(st->extents, (size_t)st->file.n_tensors, sizeof *st->extents, compare_extents);
    size_t covered = 0;
    for (int i = 0; i < st->file.n_tensors; i++) {
        const extent *at = &st->extents[i];
        if (at->begin < covered) {
            return FTDN_FAIL(st->err, FTDN_ERR_INPUT, "tensors '%s' and '%s' overlap at byte %zu of the values",
                             at[-1].name, at->name, at->begin);
        }
        if (at->begin > covered) {
            return FTDN_FAIL(st->err, FTDN_ERR_INPUT, "bytes %zu to %zu of the values belong to no tensor", covered,
                             at->begin - 1);
        }
        covered = at->end;
    }
    if (covered < st->n_value_bytes) {
        return FTDN_FAIL(st->err, FTDN_ERR_INPUT, "bytes %zu to %zu of the values belong to no tensor", covered,
                         st->n_value_bytes - 1);
    }
    return FTDN_OK;
}

static ftdn_status parse_header(const char *text, size_t n_chars, ftdn_arena *arena, const ftdn_json **ret_root,
                                ftdn_error *err)
{
    const ftdn_json *root;
    FTDN_TRY(ftdn_json_parse(text, n_chars, "header", arena, &root, err));
    const ftdn_json *repeated = ftdn_json_find_repeated(root);
    if (repeated) return FTDN_FAIL(err, FTDN_ERR_INPUT, "the header has the key '%s' twice", repeated->key);
    *ret_root = root;
    return FTDN_OK;
}

ftdn_status ftdn_safetensors_parse(const char *bytes, size_t n_bytes, ftdn_arena *arena, ftdn_tensor_file *ret_file,
                                   ftdn_error *err)
{
    size_t header_bytes = 0;
    FTDN_TRY(check_lengths(bytes, n_bytes, &header_bytes, err));
    const ftdn_json *root = NULL;
    FTDN_TRY(parse_header(bytes + LENGTH_BYTES, header_bytes, arena, &root, err));
    safetensors st = {
        .values = (const unsigned char *)bytes + LENGTH_BYTES + header_bytes,
        .n_value_bytes = n_bytes - LENGTH_BYTES - header_bytes,
        .arena = arena,
        .file = {.format = "safetensors", .tensor = FTDN_NEW(arena, (size_t)root->n_children, ftdn_named_tensor, err)},
        .extents = FTDN_NEW(arena, (size_t)root->n_children, extent, err),
        .err = err,
    };
    if (!st.file.tensor || !st.extents) return FTDN_ERR_MEMORY;
    for (int i = 0; i < root->n_children; i++) {
        const ftdn_json *node = root->child[i];
        FTDN_TRY(strcmp(node->key, METADATA) ? read_tensor(&st, node) : read_metadata(&st, node));
    }
    FTDN_TRY(check_coverage(&st));
    *ret_file = st.file;
    return FTDN_OK;
}

static void write_metadata(ftdn_text *header, const ftdn_tensor_file *file)
{
    ftdn_text_append(header, "\"" METADATA "\":{");
    for (int i = 0; i < file->n_metadata; i++) {
        if (i) ftdn_text_append(header, ",");
        ftdn_text_append_json_string(header, file->metadata[i].key);
        ftdn_text_append(header, ":");
        ftdn_text_append_json_string(header, file->metadata[i].value);
    }
    ftdn_text_append(header, "}");
}

/* How a file is laid out: F32 values before F16 ones, so that all are aligned whatever their number. */
typedef struct layout {
    const ftdn_tensor_file *file;
    const bool *as_half; /* NULL: none */
} layout;

static bool is_half(const layout *out, int tensor)
{
    return out->as_half && out->as_half[tensor];
}

static size_t value_bytes(const layout *out, int tensor)
{
    return out->file->tensor[tensor].n_elements * (is_half(out, tensor) ? sizeof(uint16_t) : sizeof(float));
}

static void write_description(ftdn_text *header, const ftdn_named_tensor *tensor, bool half, size_t begin, size_t end)
{
    char dims[FTDN_DIMS_CHARS];
    ftdn_text_append_json_string(header, tensor->name);
    ftdn_text_append(header, ":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}", half ? "F16" : "F32",
                     ftdn_dims_text(tensor->dims, tensor->n_dims, dims, sizeof dims), begin, end);
}

/* The length and the header, padded with spaces so that the values begin at a multiple of 8. */
static void write_header(ftdn_text *text, const layout *out)
{
    const ftdn_tensor_file *file = out->file;
    size_t next[2] = {0, 0}; /* where the next F32 and the next F16 tensor begin */
    for (int i = 0; i < file->n_tensors; i++) next[1] += is_half(out, i) ? 0 : value_bytes(out, i);
    ftdn_text_append_bytes(text, "\0\0\0\0\0\0\0\0{", LENGTH_BYTES + 1);
    if (file->n_metadata) write_metadata(text, file);
    for (int i = 0; i < file->n_tensors; i++) {
        bool half = is_half(out, i);
        size_t begin = next[half];
        next[half] += value_bytes(out, i);
        if (i || file->n_metadata) ftdn_text_append(text, ",");
        write_description(text, &file->tensor[i], half, begin, next[half]);
    }
    ftdn_text_append(text, "}");
    while (!text->failed && text->n_chars % LENGTH_BYTES) ftdn_text_append(text, " ");
    if (text->failed) return;
    uint64_t header_bytes = text->n_chars - LENGTH_BYTES;
    memcpy(text->chars, &header_bytes, sizeof header_bytes);
}

static ftdn_status write_halves(ftdn_text *text, const ftdn_named_tensor *tensor, ftdn_error *err)
{
    for (size_t i = 0; i < tensor->n_elements; i++) {
        uint16_t half = ftdn_half_of_float(tensor->values[i]);
        if (isfinite(tensor->values[i]) && !isfinite(ftdn_float_of_half(half))) {
            return FTDN_FAIL(err, FTDN_ERR_INPUT, "tensor '%s': element %zu is %g, and F16 ends at 65504", tensor->name,
                             i, (double)tensor->values[i]);
        }
        ftdn_text_append_bytes(text, (const char *)&half, sizeof half);
    }
    return FTDN_OK;
}

static ftdn_status write_values(ftdn_text *text, const layout *out, ftdn_error *err)
{
    for (int i = 0; i < out->file->n_tensors; i++) {
        const ftdn_named_tensor *tensor = &out->file->tensor[i];
        if (!is_half(out, i)) ftdn_text_append_bytes(text, (const char *)tensor->values, value_bytes(out, i));
    }
    for (int i = 0; i < out->file->n_tensors; i++) {
        if (is_half(out, i)) FTDN_TRY(write_halves(text, &out->file->tensor[i], err));
    }
    return FTDN_OK;
}

ftdn_status ftdn_safetensors_write(const char *path, const ftdn_tensor_file *file, const bool *as_half, ftdn_error *err)
{
    if (ftdn_tensor_file_find(file, METADATA)) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: safetensors has no room for a tensor called '" METADATA "'", path);
    }
    const layout out = {file, as_half};
    ftdn_text text;
    ftdn_text_init(&text);
    write_header(&text, &out);
    ftdn_status status = write_values(&text, &out, err);
    if (status != FTDN_OK) ftdn_error_context(err, "%s", path);
    else status = ftdn_text_check(&text, err);
    if (status == FTDN_OK) status = ftdn_file_write_atomic(path, text.chars, text.n_chars, err);
    ftdn_text_done(&text);
    return status;
}
