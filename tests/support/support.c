#include "tests/support/support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/size.h"

#define LARGEST_FILE ((size_t)1 << 30)

void ftdn_test_require_shared(void)
{
    const char *shared = getenv("FTDN_SHARED");
    if (!shared || !*shared) skip();
}

char *ftdn_test_shared_path(ftdn_arena *arena, const char *relative)
{
    ftdn_test_require_shared();
    return ftdn_test_join(arena, getenv("FTDN_SHARED"), relative);
}

char *ftdn_test_join(ftdn_arena *arena, const char *folder, const char *name)
{
    ftdn_error err = {0};
    char *path = ftdn_path_join(arena, folder, name, &err);
    if (!path) fail_msg("%s", err.message);
    return path;
}

char *ftdn_test_keep_text(ftdn_text *text, ftdn_arena *arena)
{
    ftdn_error err = {0};
    FTDN_ASSERT_OK(ftdn_text_check(text, &err), err);
    char *copy = ftdn_arena_copy_text(arena, text->chars, text->n_chars, &err);
    if (!copy) fail_msg("%s", err.message);
    ftdn_text_done(text);
    return copy;
}

char *ftdn_test_load_file(ftdn_arena *arena, const char *path, size_t *ret_n_bytes)
{
    ftdn_error err = {0};
    char *bytes;
    size_t n_bytes;
    FTDN_ASSERT_OK(ftdn_file_load(path, LARGEST_FILE, arena, &bytes, &n_bytes, &err), err);
    if (ret_n_bytes) *ret_n_bytes = n_bytes;
    return bytes;
}

static void *require_memory(ftdn_arena *arena, size_t n_items, size_t item_size)
{
    ftdn_error err = {0};
    void *memory = ftdn_arena_alloc(arena, n_items, item_size, &err);
    if (!memory) fail_msg("%s", err.message);
    return memory;
}

/* "'shape': (1, 3, 300, 300)" of the header's Python dictionary. */
static void parse_npy_shape(const char *header, const char *path, ftdn_test_npy *npy)
{
    const char *at = strstr(header, "'shape': (");
    if (!at) fail_msg("%s: no shape", path);
    at += strlen("'shape': (");
    npy->n_elements = 1;
    while (*at && *at != ')') {
        char *end;
        long long dim = strtoll(at, &end, 10);
        if (end == at || dim < 0 || npy->n_dims == 8) fail_msg("%s: bad shape", path);
        if (!ftdn_size_mul(npy->n_elements, (size_t)dim, &npy->n_elements)) fail_msg("%s: shape overflows", path);
        npy->dims[npy->n_dims++] = dim;
        at = end + strspn(end, ", ");
    }
}

/* Layout: "\x93NUMPY", version (2 bytes), header length (2 bytes, from version 2 on 4), header, data. */
ftdn_test_npy ftdn_test_load_npy(ftdn_arena *arena, const char *path)
{
    ftdn_error err = {0};
    size_t n_bytes;
    char *file = ftdn_test_load_file(arena, path, &n_bytes);
    const unsigned char *bytes = (const unsigned char *)file;
    if (n_bytes < 12 || memcmp(bytes, "\x93NUMPY", 6) != 0) fail_msg("%s: no .npy file", path);
    size_t header_at = bytes[6] == 1 ? 10 : 12, n_header = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (bytes[6] > 1) n_header |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    if (n_header > n_bytes - header_at) fail_msg("%s: header is cut", path);
    char *header = ftdn_arena_copy_text(arena, file + header_at, n_header, &err);
    if (!header) fail_msg("%s", err.message);
    bool is_float = strstr(header, "'descr': '<f4'") != NULL, is_byte = strstr(header, "'descr': '|u1'") != NULL;
    if (!is_float && !is_byte) fail_msg("%s: neither float32 nor uint8: %s", path, header);
    if (!strstr(header, "'fortran_order': False")) fail_msg("%s: not row-major", path);

    ftdn_test_npy npy = {0};
    parse_npy_shape(header, path, &npy);
    const unsigned char *data = bytes + header_at + n_header;
    size_t n_data = n_bytes - header_at - n_header;
    if (n_data / (is_float ? 4 : 1) != npy.n_elements) fail_msg("%s: %zu bytes for its shape", path, n_data);
    float *values = require_memory(arena, npy.n_elements, sizeof *values);
    if (is_float) memcpy(values, data, n_data);
    else
        for (size_t i = 0; i < npy.n_elements; i++) values[i] = data[i];
    npy.values = values;
    return npy;
}

const ftdn_json *ftdn_test_load_json(ftdn_arena *arena, const char *path)
{
    ftdn_error err = {0};
    size_t n_bytes;
    const ftdn_json *root;
    const char *text = ftdn_test_load_file(arena, path, &n_bytes);
    FTDN_ASSERT_OK(ftdn_json_parse(text, n_bytes, path, arena, &root, &err), err);
    return root;
}

char *ftdn_test_create_folder(ftdn_arena *arena)
{
    ftdn_error err = {0};
    const char *parent = getenv("TMPDIR");
    char *path = ftdn_path_join(arena, parent && *parent ? parent : "/tmp", "ftdn-test-XXXXXX", &err);
    if (!path) fail_msg("%s", err.message);
    if (!mkdtemp(path)) fail_msg("%s: %s", path, strerror(errno));
    return path;
}

void ftdn_test_remove_folder(const char *path)
{
    ftdn_error err = {0};
    FTDN_ASSERT_OK(ftdn_folder_remove(path, &err), err);
}

void ftdn_test_write_file(const char *path, const void *bytes, size_t n_bytes)
{
    FILE *file = fopen(path, "wb");
    if (!file) fail_msg("%s: %s", path, strerror(errno));
    bool written = fwrite(bytes, 1, n_bytes, file) == n_bytes;
    if (fclose(file) != 0 || !written) fail_msg("%s: %s", path, strerror(errno));
}
