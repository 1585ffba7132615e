#include "engine/tensor_file.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/size.h"
#include "base/utf8.h"
#include "engine/tensor_formats.h"

#define MAX_FILE_BYTES ((size_t)16 << 30)
#define MIN_FILE_BYTES 8 /* a safetensors file begins with its header's length; the others are longer */

bool ftdn_dims_elements(const int64_t *dims, int n_dims, size_t *ret_n_elements)
{
    bool empty = false;
    for (int i = 0; i < n_dims; i++) {
        if (dims[i] < 0) return false;
        if (dims[i] == 0) empty = true;
    }
    size_t n_elements = 1;
    for (int i = 0; i < n_dims && !empty; i++) {
        if (!ftdn_size_mul(n_elements, (size_t)dims[i], &n_elements)) return false;
    }
    *ret_n_elements = empty ? 0 : n_elements;
    return true;
}

char *ftdn_dims_text(const int64_t *dims, int n_dims, char *text, size_t n_chars)
{
    size_t used = (size_t)snprintf(text, n_chars, "[");
    for (int i = 0; i < n_dims && used < n_chars; i++) {
        used += (size_t)snprintf(text + used, n_chars - used, i ? ",%" PRId64 : "%" PRId64, dims[i]);
    }
    if (used < n_chars) snprintf(text + used, n_chars - used, "]");
    return text;
}

bool ftdn_tensor_name_is_valid(const char *name)
{
    size_t n_bytes = strlen(name);
    for (size_t at = 0; at < n_bytes;) {
        uint32_t code;
        size_t length = ftdn_utf8_decode(name + at, n_bytes - at, &code);
        if (length == 0 || ftdn_is_control(code)) return false;
        at += length;
    }
    return n_bytes > 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static ftdn_status check_repeated_names(const ftdn_tensor_file *file, ftdn_arena *arena, ftdn_error *err)
{
    const char **names = FTDN_NEW(arena, (size_t)file->n_tensors, const char *, err);
    if (!names) return FTDN_ERR_MEMORY;
    for (int i = 0; i < file->n_tensors; i++) names[i] = file->tensor[i].name;
    qsort(names, (size_t)file->n_tensors, sizeof *names, compare_names);
    for (int i = 1; i < file->n_tensors; i++) {
        if (strcmp(names[i - 1], names[i])) continue;
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "two tensors are called '%s'", names[i]);
    }
    return FTDN_OK;
}

typedef enum file_format { FORMAT_UNKNOWN, FORMAT_SAFETENSORS, FORMAT_ZIP, FORMAT_LEGACY } file_format;

/* A safetensors file begins with a length below 2^32, so that its bytes 4 to 7 are 0; those of a
 * pickled magic number and of PyTorch's zip header are not. */
static file_format detect_format(const char *bytes, size_t n_bytes)
{
    if (n_bytes < MIN_FILE_BYTES) return FORMAT_UNKNOWN;
    if (!memcmp(bytes, "PK\3\4", 4)) return FORMAT_ZIP;
    if (!memcmp(bytes + 4, "\0\0\0\0", 4)) return FORMAT_SAFETENSORS;
    if ((unsigned char)bytes[0] == 0x80) return FORMAT_LEGACY;
    return n_bytes > 8 && bytes[8] == '{' ? FORMAT_SAFETENSORS : FORMAT_UNKNOWN;
}

static ftdn_status parse(char *bytes, size_t n_bytes, ftdn_arena *arena, ftdn_tensor_file *ret_file, ftdn_error *err)
{
    switch (detect_format(bytes, n_bytes)) {
    case FORMAT_SAFETENSORS: return ftdn_safetensors_parse(bytes, n_bytes, arena, ret_file, err);
    case FORMAT_ZIP: return ftdn_pth_zip_parse(bytes, n_bytes, arena, ret_file, err);
    case FORMAT_LEGACY: return ftdn_pth_legacy_parse(bytes, n_bytes, arena, ret_file, err);
    case FORMAT_UNKNOWN: break;
    }
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "neither safetensors nor a PyTorch file by its first bytes");
}

static ftdn_status load(const char *path, ftdn_arena *arena, ftdn_tensor_file *ret_file, ftdn_error *err)
{
    char *bytes;
    size_t n_bytes;
    FTDN_TRY(ftdn_file_load(path, MAX_FILE_BYTES, arena, &bytes, &n_bytes, err));
    ftdn_tensor_file file = {0};
    ftdn_status status = parse(bytes, n_bytes, arena, &file, err);
    if (status == FTDN_OK) status = check_repeated_names(&file, arena, err);
    if (status == FTDN_OK) {
        file.path = ftdn_arena_copy_text(arena, path, strlen(path), err);
        if (!file.path) status = FTDN_ERR_MEMORY;
    }
    if (status == FTDN_OK) *ret_file = file;
    else ftdn_error_context(err, "%s", path);
    return status;
}

ftdn_status ftdn_tensor_file_load(const char *path, ftdn_arena *arena, ftdn_tensor_file *ret_file, ftdn_error *err)
{
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    ftdn_status status = load(path, arena, ret_file, err);
    if (status != FTDN_OK) ftdn_arena_reset(arena, mark);
    return status;
}

const ftdn_named_tensor *ftdn_tensor_file_find(const ftdn_tensor_file *file, const char *name)
{
    for (int i = 0; i < file->n_tensors; i++) {
        if (!strcmp(file->tensor[i].name, name)) return &file->tensor[i];
    }
    return NULL;
}

const char *ftdn_tensor_file_find_metadata(const ftdn_tensor_file *file, const char *key)
{
    for (int i = 0; i < file->n_metadata; i++) {
        if (!strcmp(file->metadata[i].key, key)) return file->metadata[i].value;
    }
    return NULL;
}

ftdn_status ftdn_named_tensor_digest(const ftdn_named_tensor *tensor, char ret_hex[FTDN_SHA256_HEX], ftdn_error *err)
{
    return ftdn_sha256_of(tensor->values, tensor->n_elements * sizeof *tensor->values, ret_hex, err);
}
