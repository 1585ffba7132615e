/* PyTorch's archive since 1.6: NAME/data.pkl, the pickled checkpoint; NAME/data/KEY, one entry per
 * storage; NAME/byteorder, "little" or "big" (since 2.1). Entries are stored or deflated. */
#include "engine/tensor_formats.h"

#include <locale.h>
#include <string.h>

#include <archive.h>
#include <archive_entry.h>

#include "engine/pickle.h"
#include "engine/pth.h"

#define MAX_PICKLE_BYTES ((size_t)64 << 20)
#define MAX_BYTEORDER_BYTES 16

typedef struct zip {
    const char *bytes; /* of the whole file */
    size_t n_bytes;
    struct archive *reader;
    size_t n_taken; /* bytes of entries that could not be borrowed from the file */
    ftdn_arena *arena;
    ftdn_arena *scratch; /* for values of the pickle */
    ftdn_error *err;
} zip;

/* What stands in an archive besides the storages. */
typedef struct contents {
    const char *folder; /* NAME; NULL: no data.pkl */
    const unsigned char *pickle;
    size_t n_pickle_bytes;
} contents;

static ftdn_status fail_reader(const zip *z, const char *call)
{
    const char *reason = archive_error_string(z->reader);
    return FTDN_FAIL(z->err, FTDN_ERR_INPUT, "zip archive: %s: %s", call, reason ? reason : "no reason given");
}

static ftdn_status open_archive(zip *z)
{
    z->reader = archive_read_new();
    if (!z->reader) return FTDN_FAIL(z->err, FTDN_ERR_MEMORY, "archive_read_new: out of memory");
    /* The seekable reader trusts the central directory only: a cut archive is an error. */
    if (archive_read_support_format_zip_seekable(z->reader) != ARCHIVE_OK) {
        return fail_reader(z, "archive_read_support_format_zip_seekable");
    }
    if (archive_read_open_memory(z->reader, z->bytes, z->n_bytes) != ARCHIVE_OK) {
        return fail_reader(z, "archive_read_open_memory");
    }
    return FTDN_OK;
}

static void close_archive(zip *z)
{
    archive_read_free(z->reader);
    z->reader = NULL;
}

/* The next entry and its name; *ret_entry is NULL behind the last one. */
static ftdn_status next_entry(zip *z, struct archive_entry **ret_entry, const char **ret_name)
{
    struct archive_entry *entry;
    int result = archive_read_next_header(z->reader, &entry);
    if (result == ARCHIVE_EOF) {
        *ret_entry = NULL;
        return FTDN_OK;
    }
    if (result != ARCHIVE_OK && result != ARCHIVE_WARN) return fail_reader(z, "archive_read_next_header");
    const char *name = archive_entry_pathname_utf8(entry);
    if (!name) name = archive_entry_pathname(entry);
    if (!name || !ftdn_tensor_name_is_valid(name)) {
        return FTDN_FAIL(z->err, FTDN_ERR_INPUT, "zip archive: an entry has no readable name");
    }
    *ret_entry = entry;
    *ret_name = name;
    return FTDN_OK;
}

static bool is_inside(const zip *z, const void *block, size_t n_bytes)
{
    uintptr_t begin = (uintptr_t)z->bytes, at = (uintptr_t)block;
    return at >= begin && at - begin <= z->n_bytes && n_bytes <= z->n_bytes - (at - begin);
}

/* Room for a copy of an entry, within what the file may ask for. */
static ftdn_status make_room(zip *z, size_t n_bytes, unsigned char **ret_copy)
{
    if (!ftdn_pth_allows(z->n_bytes, n_bytes) || !ftdn_pth_allows(z->n_bytes, z->n_taken + n_bytes)) {
        return FTDN_FAIL(z->err, FTDN_ERR_INPUT, "its %zu bytes are out of proportion to the file's %zu", n_bytes,
                         z->n_bytes);
    }
    *ret_copy = FTDN_NEW(z->arena, n_bytes, unsigned char, z->err);
    if (!*ret_copy) return FTDN_ERR_MEMORY;
    z->n_taken += n_bytes;
    return FTDN_OK;
}

/* Read an entry to its end, where its checksum is compared. A stored entry that comes in one block
 * is borrowed from the file, others are copied. */
static ftdn_status read_blocks(zip *z, size_t n_bytes, const unsigned char **ret_bytes)
{
    unsigned char *copy = NULL;
    const unsigned char *borrowed = NULL;
    size_t n_read = 0;
    for (;;) {
        const void *block;
        size_t n_block;
        la_int64_t offset;
        int result = archive_read_data_block(z->reader, &block, &n_block, &offset);
        if (result == ARCHIVE_EOF) break;
        if (result != ARCHIVE_OK) return fail_reader(z, "archive_read_data_block");
        if (n_block == 0) continue;
        if (offset < 0 || (size_t)offset != n_read || n_block > n_bytes - n_read) {
            return FTDN_FAIL(z->err, FTDN_ERR_INPUT, "it is longer than its %zu bytes", n_bytes);
        }
        if (n_block == n_bytes && is_inside(z, block, n_block)) borrowed = block;
        else if (!copy) FTDN_TRY(make_room(z, n_bytes, &copy));
        if (copy) memcpy(copy + n_read, block, n_block);
        n_read += n_block;
    }
    if (n_read != n_bytes) return FTDN_FAIL(z->err, FTDN_ERR_INPUT, "it ends after %zu of %zu bytes", n_read, n_bytes);
    if (n_bytes == 0) FTDN_TRY(make_room(z, 0, &copy));
    *ret_bytes = borrowed ? borrowed : copy;
    return FTDN_OK;
}

/* The content of the current entry, which must have min_bytes to max_bytes. */
static ftdn_status read_entry(zip *z, struct archive_entry *entry, size_t min_bytes, size_t max_bytes,
                              const unsigned char **ret_bytes, size_t *ret_n_bytes)
{
    la_int64_t size = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : -1;
    if (size < 0) return FTDN_FAIL(z->err, FTDN_ERR_INPUT, "its size is unknown");
    if ((uint64_t)size < min_bytes || (uint64_t)size > max_bytes) {
        return FTDN_FAIL(z->err, FTDN_ERR_INPUT, "its %lld bytes are not %s%zu", (long long)size,
                         min_bytes == max_bytes ? "" : "at most ", max_bytes);
    }
    FTDN_TRY(read_blocks(z, (size_t)size, ret_bytes));
    *ret_n_bytes = (size_t)size;
    return FTDN_OK;
}

/* The part behind "NAME/", where NAME has no further '/'; NULL where there is none. */
static const char *behind_folder(const char *name)
{
    const char *slash = strchr(name, '/');
    return slash ? slash + 1 : NULL;
}

static ftdn_status read_pickle(zip *z, struct archive_entry *entry, const char *name, contents *c)
{
    if (c->folder) return FTDN_FAIL(z->err, FTDN_ERR_INPUT, "there is a data.pkl in '%s' already", c->folder);
    c->folder = ftdn_arena_copy_text(z->scratch, name, (size_t)(strchr(name, '/') - name), z->err);
    if (!c->folder) return FTDN_ERR_MEMORY;
    return read_entry(z, entry, 0, MAX_PICKLE_BYTES, &c->pickle, &c->n_pickle_bytes);
}

static ftdn_status check_byteorder(zip *z, struct archive_entry *entry)
{
    const unsigned char *text;
    size_t n_chars;
    FTDN_TRY(read_entry(z, entry, 0, MAX_BYTEORDER_BYTES, &text, &n_chars));
    if (n_chars == strlen("little") && !memcmp(text, "little", n_chars)) return FTDN_OK;
    return FTDN_FAIL(z->err, FTDN_ERR_INPUT, "the byte order is not 'little'");
}

static ftdn_status read_content(zip *z, struct archive_entry *entry, const char *name, contents *c)
{
    const char *inner = behind_folder(name);
    if (inner && !strcmp(inner, "data.pkl")) return read_pickle(z, entry, name, c);
    if (inner && !strcmp(inner, "byteorder")) return check_byteorder(z, entry);
    return FTDN_OK;
}

/* Put the entry's name in front of a failure. */
static ftdn_status in_entry(const zip *z, const char *name, ftdn_status status)
{
    if (status == FTDN_ERR_INPUT) ftdn_error_context(z->err, "entry '%s'", name);
    return status;
}

/* First pass: the pickle and the byte order. */
static ftdn_status read_contents(zip *z, contents *ret_contents)
{
    contents found = {0};
    FTDN_TRY(open_archive(z));
    for (;;) {
        struct archive_entry *entry = NULL;
        const char *name;
        FTDN_TRY(next_entry(z, &entry, &name));
        if (!entry) break;
        FTDN_TRY(in_entry(z, name, read_content(z, entry, name, &found)));
    }
    close_archive(z);
    if (!found.folder) {
        return FTDN_FAIL(z->err, FTDN_ERR_INPUT,
                         "a zip archive, but none that PyTorch wrote: it has no entry 'NAME/data.pkl'");
    }
    *ret_contents = found;
    return FTDN_OK;
}

/* The storage that an entry of this name holds; NULL where it is something else or not wanted. */
static ftdn_pth_storage *find_storage(const ftdn_pth *pth, const char *folder, const char *name)
{
    size_t n_folder = strlen(folder);
    if (strncmp(name, folder, n_folder) || strncmp(name + n_folder, "/data/", strlen("/data/"))) return NULL;
    const char *key = name + n_folder + strlen("/data/");
    ftdn_pth_storage *storage = ftdn_pth_find_storage(pth, (ftdn_pickle_bytes){.chars = key, .n_chars = strlen(key)});
    return storage && storage->wanted ? storage : NULL;
}

static ftdn_status read_storage(zip *z, struct archive_entry *entry, ftdn_pth_storage *storage)
{
    size_t n_bytes;
    if (storage->bytes) return FTDN_FAIL(z->err, FTDN_ERR_INPUT, "there is an earlier entry of this name");
    return read_entry(z, entry, storage->n_bytes, storage->n_bytes, &storage->bytes, &n_bytes);
}

/* Second pass: the storages that the state dict views. */
static ftdn_status read_storages(zip *z, const char *folder, const ftdn_pth *pth)
{
    FTDN_TRY(open_archive(z));
    for (;;) {
        struct archive_entry *entry = NULL;
        const char *name;
        FTDN_TRY(next_entry(z, &entry, &name));
        if (!entry) break;
        ftdn_pth_storage *storage = find_storage(pth, folder, name);
        if (storage) FTDN_TRY(in_entry(z, name, read_storage(z, entry, storage)));
    }
    close_archive(z);
    return FTDN_OK;
}

static ftdn_status read_archive(zip *z, ftdn_tensor_file *ret_file)
{
    contents found = {0};
    ftdn_pickle pickle;
    ftdn_pth pth;
    FTDN_TRY(read_contents(z, &found));
    ftdn_status status =
        ftdn_pickle_parse((const char *)found.pickle, found.n_pickle_bytes, 0, z->scratch, &pickle, z->err);
    if (status == FTDN_ERR_INPUT) ftdn_error_context(z->err, "%s/data.pkl", found.folder);
    if (status != FTDN_OK) return status;
    FTDN_TRY(ftdn_pth_plan(&pickle, z->n_bytes, z->scratch, &pth, z->err));
    FTDN_TRY(read_storages(z, found.folder, &pth));
    return ftdn_pth_make_tensors(&pth, z->arena, ret_file, z->err);
}

/* libarchive loses names that the locale cannot show; the thread has a UTF-8 locale meanwhile. */
static ftdn_status read_archive_in_utf8(zip *z, ftdn_tensor_file *ret_file)
{
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    locale_t callers = utf8 ? uselocale(utf8) : (locale_t)0;
    ftdn_status status = read_archive(z, ret_file);
    archive_read_free(z->reader);
    if (utf8) {
        uselocale(callers);
        freelocale(utf8);
    }
    return status;
}

ftdn_status ftdn_pth_zip_parse(const char *bytes, size_t n_bytes, ftdn_arena *arena, ftdn_tensor_file *ret_file,
                               ftdn_error *err)
{
    ftdn_arena scratch;
    ftdn_arena_init(&scratch);
    zip z = {.bytes = bytes, .n_bytes = n_bytes, .arena = arena, .scratch = &scratch, .err = err};
    ftdn_tensor_file file = {0};
    ftdn_status status = read_archive_in_utf8(&z, &file);
    ftdn_arena_done(&scratch);
    if (status != FTDN_OK) return status;
    file.format = "pytorch zip";
    *ret_file = file;
    return FTDN_OK;
}
