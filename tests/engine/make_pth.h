/* make_pth.h - PyTorch files made by hand: pickles, zip archives of stored entries, the older stream. */
#ifndef FTDN_TESTS_ENGINE_MAKE_PTH_H
#define FTDN_TESTS_ENGINE_MAKE_PTH_H

#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "tests/support/crc32.h"

/* ---- pickles: each function appends the opcodes that make one value ---- */

#define PICKLE_BYTES(text, literal) ftdn_text_append_bytes((text), (literal), sizeof(literal) - 1)

static inline void append_number(ftdn_text *text, uint64_t number, size_t n_bytes)
{
    ftdn_text_append_bytes(text, (const char *)&number, n_bytes);
}

static inline void pickle_text(ftdn_text *text, const char *value)
{
    PICKLE_BYTES(text, "X");
    append_number(text, strlen(value), 4);
    ftdn_text_append_bytes(text, value, strlen(value));
}

static inline void pickle_integer(ftdn_text *text, int64_t value)
{
    PICKLE_BYTES(text, "\x8a\x08");
    append_number(text, (uint64_t)value, 8);
}

static inline void pickle_integers(ftdn_text *text, const int64_t *values, int n_values)
{
    PICKLE_BYTES(text, "(");
    for (int i = 0; i < n_values; i++) pickle_integer(text, values[i]);
    PICKLE_BYTES(text, "t");
}

typedef struct pth_view {
    const char *storage_type; /* "FloatStorage" */
    const char *key;
    int64_t n_storage, offset;
    int n_dims;
    int64_t dims[8], strides[8];
} pth_view;

static inline void pickle_tensor(ftdn_text *text, const pth_view *view)
{
    PICKLE_BYTES(text, "ctorch._utils\n_rebuild_tensor_v2\n((");
    pickle_text(text, "storage");
    ftdn_text_append(text, "ctorch\n%s\n", view->storage_type);
    pickle_text(text, view->key);
    pickle_text(text, "cpu");
    pickle_integer(text, view->n_storage);
    PICKLE_BYTES(text, "tQ");
    pickle_integer(text, view->offset);
    pickle_integers(text, view->dims, view->n_dims);
    pickle_integers(text, view->strides, view->n_dims);
    PICKLE_BYTES(text, "\211ccollections\nOrderedDict\n)RtR");
}

/* {"x": tensor} */
static inline void pickle_one_tensor(ftdn_text *text, const pth_view *view)
{
    PICKLE_BYTES(text, "\200\002}");
    pickle_text(text, "x");
    pickle_tensor(text, view);
    PICKLE_BYTES(text, "s.");
}

/* ---- zip archives ---- */

typedef struct zip_maker {
    ftdn_text file, directory;
    unsigned n_entries;
} zip_maker;

/* What the local and the central header have in common, from "version needed" to "extra length". */
static inline void zip_append_common(ftdn_text *text, const char *name, uint32_t crc, size_t n_bytes)
{
    append_number(text, 20, 2);
    append_number(text, 0x800, 2);      /* names are UTF-8 */
    append_number(text, 0, 2);          /* stored */
    append_number(text, 0x00210000, 4); /* 1980-01-01 */
    append_number(text, crc, 4);
    append_number(text, n_bytes, 4);
    append_number(text, n_bytes, 4);
    append_number(text, strlen(name), 2);
    append_number(text, 0, 2);
}

static inline void zip_add(zip_maker *zip, const char *name, const void *bytes, size_t n_bytes)
{
    uint32_t crc = ftdn_test_crc32(bytes, n_bytes);
    size_t at = zip->file.n_chars;
    PICKLE_BYTES(&zip->file, "PK\3\4");
    zip_append_common(&zip->file, name, crc, n_bytes);
    ftdn_text_append_bytes(&zip->file, name, strlen(name));
    ftdn_text_append_bytes(&zip->file, bytes, n_bytes);
    PICKLE_BYTES(&zip->directory, "PK\1\2\x14\0");
    zip_append_common(&zip->directory, name, crc, n_bytes);
    append_number(&zip->directory, 0, 8); /* comment, disk, internal attributes; then the external ones */
    append_number(&zip->directory, 0, 2);
    append_number(&zip->directory, at, 4);
    ftdn_text_append_bytes(&zip->directory, name, strlen(name));
    zip->n_entries++;
}

/* The whole archive is then in zip->file. */
static inline void zip_finish(zip_maker *zip)
{
    size_t at = zip->file.n_chars;
    ftdn_text_append_bytes(&zip->file, zip->directory.chars, zip->directory.n_chars);
    PICKLE_BYTES(&zip->file, "PK\5\6\0\0\0\0");
    append_number(&zip->file, zip->n_entries, 2);
    append_number(&zip->file, zip->n_entries, 2);
    append_number(&zip->file, zip->directory.n_chars, 4);
    append_number(&zip->file, at, 4);
    append_number(&zip->file, 0, 2);
}

static inline void zip_done(zip_maker *zip)
{
    ftdn_text_done(&zip->file);
    ftdn_text_done(&zip->directory);
}

/* ---- the older stream ---- */

#define LEGACY_MAGIC "\200\002\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
#define LEGACY_VERSION "\200\002M\xe9\x03."
#define LEGACY_MACHINE "\200\002}X\x0d\0\0\0little_endian\x88s."

/* All in front of the checkpoint's pickle. */
static inline void legacy_begin(ftdn_text *file)
{
    PICKLE_BYTES(file, LEGACY_MAGIC LEGACY_VERSION LEGACY_MACHINE);
}

/* Behind the checkpoint's pickle: the list of one key, and its storage. */
static inline void legacy_add_storage(ftdn_text *file, const char *key, uint64_t n_elements, const void *bytes,
                                      size_t n_bytes)
{
    PICKLE_BYTES(file, "\200\002](");
    pickle_text(file, key);
    PICKLE_BYTES(file, "e.");
    append_number(file, n_elements, 8);
    ftdn_text_append_bytes(file, bytes, n_bytes);
}

#endif
