/* fuzz_weights.c - weight files of all formats: what is read can be written as safetensors, and reads back with the
 * same values. */
#include <math.h>
#include <string.h>

#include "engine/tensor_file.h"
#include "engine/tensor_formats.h"
#include "tests/engine/make_pth.h"
#include "tests/fuzz/fuzz.h"

static ftdn_status parse(char *bytes, size_t n_bytes, ftdn_arena *arena, ftdn_tensor_file *ret_file, ftdn_error *err)
{
    if (n_bytes > 1 && bytes[0] == 'P' && bytes[1] == 'K')
        return ftdn_pth_zip_parse(bytes, n_bytes, arena, ret_file, err);
    if (n_bytes > 0 && bytes[0] == '\x80') return ftdn_pth_legacy_parse(bytes, n_bytes, arena, ret_file, err);
    return ftdn_safetensors_parse(bytes, n_bytes, arena, ret_file, err);
}

static void check_written(const ftdn_tensor_file *file)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_tensor_file again;
    ftdn_arena_init(&arena);
    const char *path = ftdn_fuzz_write("written.safetensors", "", 0);
    if (ftdn_safetensors_write(path, file, NULL, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
    if (ftdn_tensor_file_load(path, &arena, &again, &err) != FTDN_OK)
        ftdn_fuzz_fail("what was written is refused: %s", err.message);
    FTDN_FUZZ_CHECK(again.n_tensors == file->n_tensors && again.n_metadata == file->n_metadata);
    for (int i = 0; i < file->n_tensors; i++) {
        const ftdn_named_tensor *tensor = &file->tensor[i], *other = ftdn_tensor_file_find(&again, tensor->name);
        FTDN_FUZZ_CHECK(other && other->n_elements == tensor->n_elements && other->n_dims == tensor->n_dims);
        FTDN_FUZZ_CHECK(memcmp(other->values, tensor->values, tensor->n_elements * sizeof(float)) == 0);
    }
    ftdn_arena_done(&arena);
}

static void read_weights(char *bytes, size_t n_bytes)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_tensor_file file = {0};
    ftdn_arena_init(&arena);
    if (ftdn_fuzz_is_read(parse(bytes, n_bytes, &arena, &file, &err), &err, NULL)) {
        file.path = "a.pth";
        check_written(&file);
    }
    ftdn_fuzz_check_memory(&arena, n_bytes, 1 << 22, 1 << 16);
    ftdn_arena_done(&arena);
}

static const float six[6] = {1, -2, 3e38f, 4e-40f, INFINITY, 6};
static const pth_view plain_view = {"FloatStorage", "0", 6, 0, 2, {2, 3}, {3, 1}};
static const pth_view turned_view = {"HalfStorage", "0", 12, 1, 3, {2, 1, 4}, {4, 0, 1}};

static void add_zip(ftdn_fuzz_corpus *corpus, const pth_view *view)
{
    zip_maker zip = {0};
    ftdn_text pickle;
    ftdn_text_init(&pickle);
    pickle_one_tensor(&pickle, view);
    zip_add(&zip, "net/data.pkl", pickle.chars, pickle.n_chars);
    zip_add(&zip, "net/byteorder", "little", 6);
    zip_add(&zip, "net/data/0", six, sizeof six);
    zip_finish(&zip);
    ftdn_fuzz_add_seed(corpus, zip.file.chars, zip.file.n_chars);
    zip_done(&zip);
    ftdn_text_done(&pickle);
}

static void add_legacy(ftdn_fuzz_corpus *corpus, const pth_view *view)
{
    ftdn_text file;
    ftdn_text_init(&file);
    legacy_begin(&file);
    pickle_one_tensor(&file, view);
    legacy_add_storage(&file, "0", (uint64_t)view->n_storage, six, sizeof six);
    ftdn_fuzz_add_seed(corpus, file.chars, file.n_chars);
    ftdn_text_done(&file);
}

static void add_safetensors(ftdn_fuzz_corpus *corpus, const char *header, size_t n_value_bytes)
{
    ftdn_text file;
    char quoted[1024];
    size_t n_chars = strlen(header);
    for (size_t i = 0; i <= n_chars; i++) quoted[i] = (char)(header[i] == '\'' ? '"' : header[i]);
    ftdn_text_init(&file);
    append_number(&file, n_chars, 8);
    ftdn_text_append_bytes(&file, quoted, n_chars);
    ftdn_text_append_bytes(&file, (const char *)six, n_value_bytes);
    ftdn_fuzz_add_seed(corpus, file.chars, file.n_chars);
    ftdn_text_done(&file);
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    add_zip(corpus, &plain_view);
    add_zip(corpus, &turned_view);
    add_legacy(corpus, &plain_view);
    add_legacy(corpus, &turned_view);
    add_safetensors(corpus,
                    "{'__metadata__': {'classes': 'a,b'}, 'a': {'dtype': 'F32', 'shape': [2, 3], "
                    "'data_offsets': [0, 24]}}",
                    24);
    add_safetensors(corpus,
                    "{'a': {'dtype': 'BF16', 'shape': [2], 'data_offsets': [0, 4]}, 'b': {'dtype': 'I64', "
                    "'shape': [], 'data_offsets': [4, 12]}, 'c': {'dtype': 'BOOL', 'shape': [0], "
                    "'data_offsets': [12, 12]}, 'd': {'dtype': 'F64', 'shape': [1, 1], "
                    "'data_offsets': [12, 20]}}",
                    20);
}

static uint32_t read_little_endian(const char *bytes, int n_bytes)
{
    uint32_t number = 0;
    for (int i = 0; i < n_bytes; i++) number |= (uint32_t)(unsigned char)bytes[i] << 8 * i;
    return number;
}

static void put_crc(char *at, uint32_t crc)
{
    for (int i = 0; i < 4; i++) at[i] = (char)(crc >> 8 * i);
}

/* The checksums of a zip's stored entries, in both of their heads. */
static void mend(char *bytes, size_t n_bytes)
{
    for (size_t at = 0; at + 46 <= n_bytes; at++) {
        if (memcmp(bytes + at, "PK\1\2", 4) != 0) continue;
        size_t n_data = read_little_endian(bytes + at + 20, 4), local = read_little_endian(bytes + at + 42, 4);
        if (local > n_bytes || n_bytes - local < 30 || memcmp(bytes + local, "PK\3\4", 4) != 0) continue;
        size_t n_head = 30 + read_little_endian(bytes + local + 26, 2) + read_little_endian(bytes + local + 28, 2);
        if (n_head > n_bytes - local || n_data > n_bytes - local - n_head) continue;
        uint32_t crc = ftdn_test_crc32(bytes + local + n_head, n_data);
        put_crc(bytes + at + 16, crc);
        put_crc(bytes + local + 14, crc);
    }
}

static const char *const words[] = {"PK\1\2",
                                    "PK\3\4",
                                    "PK\5\6",
                                    "PK\6\6",
                                    "PK\6\7",
                                    "net/data.pkl",
                                    "net/data/0",
                                    "ctorch\nFloatStorage\n",
                                    "ctorch._utils\n_rebuild_tensor_v2\n",
                                    "ccollections\nOrderedDict\n",
                                    "cos\nsystem\n",
                                    "\x8a\xff",
                                    "\x8b",
                                    "X",
                                    "q",
                                    "h",
                                    "j",
                                    "r",
                                    "t",
                                    "(",
                                    "}",
                                    "]",
                                    "e",
                                    "u",
                                    "s",
                                    "Q",
                                    "R",
                                    ".",
                                    "2",
                                    "0",
                                    "1",
                                    "\x85",
                                    "\x86",
                                    "\x87",
                                    "\"dtype\":\"F16\"",
                                    "\"dtype\":\"F8_E4M3\"",
                                    "\"shape\":[",
                                    "\"data_offsets\":[",
                                    "\"__metadata__\":{",
                                    "{",
                                    "}",
                                    "[",
                                    "]",
                                    NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {.name = "weights",
                                                        .max_bytes = 4096,
                                                        .read = read_weights,
                                                        .add_seeds = add_seeds,
                                                        .word = words,
                                                        .mend = mend};
