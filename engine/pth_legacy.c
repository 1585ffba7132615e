/* PyTorch's stream before 1.6: five pickles (magic number, protocol version, description of the
 * machine, checkpoint, keys of the storages), then each storage in the order of the keys:
 * 8 bytes little-endian number of elements, the elements. */
#include "engine/tensor_formats.h"

#include <inttypes.h>
#include <string.h>

#include "engine/pickle_values.h"
#include "engine/pth.h"

#define STREAM_VERSION 1001
#define COUNT_BYTES 8

/* 0x1950a86a20f9469cfc6c, little-endian */
static const char magic[] = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";

typedef struct stream {
    char *bytes;
    size_t n_bytes, at;
    ftdn_arena *arena;
    ftdn_arena *scratch; /* for values of the pickles */
    ftdn_error *err;
} stream;

static ftdn_status next_pickle(stream *s, const char *what, ftdn_pickle *ret_pickle)
{
    ftdn_status status = ftdn_pickle_parse(s->bytes, s->n_bytes, s->at, s->scratch, ret_pickle, s->err);
    if (status == FTDN_OK) s->at = ret_pickle->end;
    else if (status == FTDN_ERR_INPUT) ftdn_error_context(s->err, "%s", what);
    return status;
}

static ftdn_status check_magic(stream *s)
{
    ftdn_pickle pickle;
    FTDN_TRY(next_pickle(s, "magic number", &pickle));
    ftdn_pickle_bytes number = pickle.root.as.bytes;
    bool is_magic = pickle.root.kind == FTDN_PICKLE_BIG_INT && number.n_chars == sizeof magic - 1 &&
                    !memcmp(number.chars, magic, number.n_chars);
    if (is_magic) return FTDN_OK;
    return FTDN_FAIL(s->err, FTDN_ERR_INPUT,
                     "a pickle, but none that PyTorch wrote: it does not begin with the magic number");
}

static ftdn_status check_version(stream *s)
{
    ftdn_pickle pickle;
    FTDN_TRY(next_pickle(s, "version", &pickle));
    FTDN_TRY(ftdn_pickle_require_kind(&pickle.root, FTDN_PICKLE_INT, "the version of the stream", s->err));
    if (pickle.root.as.integer == STREAM_VERSION) return FTDN_OK;
    return FTDN_FAIL(s->err, FTDN_ERR_INPUT, "version %" PRId64 " of the stream is not %d", pickle.root.as.integer,
                     STREAM_VERSION);
}

static ftdn_status check_machine(stream *s)
{
    ftdn_pickle pickle;
    FTDN_TRY(next_pickle(s, "machine", &pickle));
    FTDN_TRY(ftdn_pickle_require_kind(&pickle.root, FTDN_PICKLE_DICT, "the description of the machine", s->err));
    const ftdn_pickle_items *items = pickle.root.as.items;
    for (size_t i = 0; i + 1 < items->n_items; i += 2) {
        const ftdn_pickle_value *key = &items->item[i], *value = &items->item[i + 1];
        bool named = key->kind == FTDN_PICKLE_TEXT && ftdn_pickle_bytes_equal(key->as.bytes, "little_endian");
        if (named && (value->kind != FTDN_PICKLE_BOOL || !value->as.integer)) {
            return FTDN_FAIL(s->err, FTDN_ERR_INPUT,
                             "written on a big-endian machine; only little-endian files are read");
        }
    }
    return FTDN_OK;
}

static ftdn_status check_storage(const stream *s, const ftdn_pth_storage *storage, uint64_t n_elements)
{
    if (storage->bytes) return FTDN_FAIL(s->err, FTDN_ERR_INPUT, "it stands in the file twice");
    if (n_elements != storage->n_elements) {
        return FTDN_FAIL(s->err, FTDN_ERR_INPUT, "%" PRIu64 " elements in the stream, %" PRIu64 " in the checkpoint",
                         n_elements, storage->n_elements);
    }
    if (storage->n_bytes > s->n_bytes - s->at) {
        return FTDN_FAIL(s->err, FTDN_ERR_INPUT, "its %zu bytes begin at byte %zu of only %zu", storage->n_bytes, s->at,
                         s->n_bytes);
    }
    return FTDN_OK;
}

/* The count in front of the elements, read by now, makes room to move them to an address for floats. */
static unsigned char *align_elements(char *elements, size_t n_bytes)
{
    char *aligned = elements - (uintptr_t)elements % _Alignof(float);
    if (aligned != elements) memmove(aligned, elements, n_bytes);
    return (unsigned char *)aligned;
}

static ftdn_status read_storage(stream *s, ftdn_pth_storage *storage)
{
    uint64_t n_elements;
    if (s->n_bytes - s->at < COUNT_BYTES) {
        return FTDN_FAIL(s->err, FTDN_ERR_INPUT, "the file ends before its length, at byte %zu", s->n_bytes);
    }
    memcpy(&n_elements, s->bytes + s->at, sizeof n_elements);
    s->at += COUNT_BYTES;
    FTDN_TRY(check_storage(s, storage, n_elements));
    storage->bytes = align_elements(s->bytes + s->at, storage->n_bytes);
    s->at += storage->n_bytes;
    return FTDN_OK;
}

static ftdn_status read_storages(stream *s, const ftdn_pth *pth)
{
    ftdn_pickle pickle;
    FTDN_TRY(next_pickle(s, "storage keys", &pickle));
    FTDN_TRY(ftdn_pickle_require_kind(&pickle.root, FTDN_PICKLE_LIST, "what tells the storage keys", s->err));
    const ftdn_pickle_items *keys = pickle.root.as.items;
    for (size_t i = 0; i < keys->n_items; i++) {
        FTDN_TRY(ftdn_pickle_require_kind(&keys->item[i], FTDN_PICKLE_TEXT, "the key of a storage", s->err));
        ftdn_pth_storage *storage = ftdn_pth_find_storage(pth, keys->item[i].as.bytes);
        if (!storage) return FTDN_FAIL(s->err, FTDN_ERR_INPUT, "storage %zu of the stream is not in the checkpoint", i);
        ftdn_status status = read_storage(s, storage);
        if (status != FTDN_OK) {
            ftdn_error_context(s->err, "storage '%.*s'", (int)storage->key.n_chars, storage->key.chars);
            return status;
        }
    }
    if (s->at == s->n_bytes) return FTDN_OK;
    return FTDN_FAIL(s->err, FTDN_ERR_INPUT, "%zu bytes behind the last storage", s->n_bytes - s->at);
}

static ftdn_status read_stream(stream *s, ftdn_tensor_file *ret_file)
{
    ftdn_pickle pickle;
    ftdn_pth pth;
    FTDN_TRY(check_magic(s));
    FTDN_TRY(check_version(s));
    FTDN_TRY(check_machine(s));
    FTDN_TRY(next_pickle(s, "checkpoint", &pickle));
    FTDN_TRY(ftdn_pth_plan(&pickle, s->n_bytes, s->scratch, &pth, s->err));
    FTDN_TRY(read_storages(s, &pth));
    return ftdn_pth_make_tensors(&pth, s->arena, ret_file, s->err);
}

/* NOLINTNEXTLINE(readability-non-const-parameter): storages keep pointers into the bytes and may be moved there */
ftdn_status ftdn_pth_legacy_parse(char *bytes, size_t n_bytes, ftdn_arena *arena, ftdn_tensor_file *ret_file,
                                  ftdn_error *err)
{
    ftdn_arena scratch;
    ftdn_arena_init(&scratch);
    stream s = {.bytes = bytes, .n_bytes = n_bytes, .arena = arena, .scratch = &scratch, .err = err};
    ftdn_tensor_file file = {0};
    ftdn_status status = read_stream(&s, &file);
    ftdn_arena_done(&scratch);
    if (status != FTDN_OK) return status;
    file.format = "pytorch legacy";
    *ret_file = file;
    return FTDN_OK;
}
