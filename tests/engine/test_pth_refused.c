/* PyTorch files that break a rule of their layout, and pickles that ask for more than data. */
#include "engine/tensor_formats.h"

#include "base/file.h"
#include "tests/engine/pth_fixture.h"

/* ---- pickles that want to run something ---- */

#define CALL_TOUCH "(X\x1b\0\0\0touch /tmp/ftdn_pickle_ran_tR."

static void no_pickle_can_call_anything(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n_bytes;
        const char *message;
    } cases[] = {
#define CASE(bytes, message) {bytes, sizeof(bytes) - 1, message}
        CASE("\200\002cos\nsystem\n" CALL_TOUCH, "byte 2 of the pickle: the name 'os.system' is refused: a weight "
                                                 "file may name tensors, their storages and dicts, and no code"),
        CASE("cposix\nsystem\n" CALL_TOUCH, "byte 0 of the pickle: the name 'posix.system' is refused"),
        CASE("\200\002cbuiltins\neval\n" CALL_TOUCH, "the name 'builtins.eval' is refused"),
        CASE("\200\002c__builtin__\neval\n" CALL_TOUCH, "the name '__builtin__.eval' is refused"),
        CASE("\200\002ctorch\nload\n" CALL_TOUCH, "the name 'torch.load' is refused"),
        CASE("\200\002ctorch._utils\n_rebuild_tensor_v2x\n.", "the name 'torch._utils._rebuild_tensor_v2x' is refused"),
        CASE("\200\002cevil\n\033]0;\n.", "the name 'evil.?]0;' is refused"),
        CASE("\x80\x04\x95\x10\0\0\0\0\0\0\0\x8c\x05posix\x94\x8c\x06system\x94\x93\x94.",
             "byte 28 of the pickle: the name 'posix.system' is refused"),
        CASE("\200\002(ios\nsystem\n.", "byte 3 of the pickle: opcode INST (0x69) is refused: it calls a class"),
        CASE("\200\002(NNo.", "opcode OBJ (0x6f) is refused: it calls a class"),
        CASE("\200\002ccollections\nOrderedDict\n)\x81.", "opcode NEWOBJ (0x81) is refused: it calls a class"),
        CASE("\200\002NN}\x92.", "opcode NEWOBJ_EX (0x92) is refused: it calls a class"),
        CASE("\200\002\x82\x01.", "opcode EXT1 (0x82) is refused: it names objects outside the file"),
        CASE("\200\002ctorch\nFloatStorage\n)R.", "what makes a value is a storage type, not a name"),
        CASE("\200\002X\1\0\0\0a)R.", "what makes a value is a text, not a name"),
        CASE("\200\002]}b.", "a list stands where a dict is wanted"),
#undef CASE
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ftdn_text pickle = {0};
        ftdn_text_append_bytes(&pickle, cases[i].bytes, cases[i].n_bytes);
        FTDN_ASSERT_FAILS(parse_zip(&pickle, six, sizeof six), FTDN_ERR_INPUT, cases[i].message, err);
        assert_ptr_equal(strstr(err.message, "net/data.pkl: byte "), err.message);
        int status = parse_legacy(&pickle, six, sizeof six);
        assert_int_equal(status, FTDN_ERR_INPUT);
        assert_ptr_equal(strstr(err.message, "checkpoint: byte "), err.message);
        const char *reason = strstr(cases[i].message, "the pickle: ");
        reason = reason ? reason + strlen("the pickle: ") : cases[i].message;
        if (!strstr(err.message, reason)) fail_msg("'%s' lacks '%s'", err.message, reason);
        ftdn_text_done(&pickle);
    }
    assert_false(ftdn_file_exists("/tmp/ftdn_pickle_ran_"));
}

static void a_bare_pickle_is_no_weight_file(void **state)
{
    (void)state;
    char call[] = "\x80\x04\x8c\x05posix\x8c\x06system\x93.";
    FTDN_ASSERT_FAILS(ftdn_pth_legacy_parse(call, sizeof call - 1, &arena, &parsed, &err), FTDN_ERR_INPUT,
                      "magic number: byte 17 of the pickle: the name 'posix.system' is refused", err);
    char data[] = "\200\002}.";
    FTDN_ASSERT_FAILS(ftdn_pth_legacy_parse(data, sizeof data - 1, &arena, &parsed, &err), FTDN_ERR_INPUT,
                      "a pickle, but none that PyTorch wrote: it does not begin with the magic number", err);
}

/* ---- rules of the two layouts ---- */

typedef struct entry {
    const char *name;
    const void *bytes; /* NULL: the pickle of plain_view */
    size_t n_bytes;
} entry;

static void assert_archive_fails(const entry *entries, size_t n_entries, const char *message)
{
    zip_maker zip = {0};
    ftdn_text pickle = {0};
    pickle_one_tensor(&pickle, &plain_view);
    for (size_t i = 0; i < n_entries; i++) {
        const entry *e = &entries[i];
        zip_add(&zip, e->name, e->bytes ? e->bytes : pickle.chars, e->bytes ? e->n_bytes : pickle.n_chars);
    }
    zip_finish(&zip);
    FTDN_ASSERT_FAILS(ftdn_pth_zip_parse(zip.file.chars, zip.file.n_chars, &arena, &parsed, &err), FTDN_ERR_INPUT,
                      message, err);
    ftdn_text_done(&pickle);
    zip_done(&zip);
}

#define ARCHIVE_FAILS(message, ...)                                                                                    \
    assert_archive_fails((const entry[]){__VA_ARGS__}, sizeof((const entry[]){__VA_ARGS__}) / sizeof(entry), message)

static void broken_archives_are_refused(void **state)
{
    (void)state;
    ARCHIVE_FAILS("tensor 'x': storage '0' is missing", {"net/data.pkl", NULL, 0});
    ARCHIVE_FAILS("tensor 'x': storage '0' is missing", {"net/data.pkl", NULL, 0}, {"other/data/0", six, sizeof six});
    ARCHIVE_FAILS("entry 'net/data/0': its 20 bytes are not 24", {"net/data.pkl", NULL, 0}, {"net/data/0", six, 20});
    ARCHIVE_FAILS("entry 'net/data/0': there is an earlier entry of this name", {"net/data.pkl", NULL, 0},
                  {"net/data/0", six, sizeof six}, {"net/data/0", six, sizeof six});
    ARCHIVE_FAILS("entry 'new/data.pkl': there is a data.pkl in 'net' already", {"net/data.pkl", NULL, 0},
                  {"new/data.pkl", NULL, 0});
    ARCHIVE_FAILS("entry 'net/byteorder': the byte order is not 'little'", {"net/byteorder", "big", 3});
    ARCHIVE_FAILS("entry 'net/byteorder': its 24 bytes are not at most 16", {"net/byteorder", six, sizeof six});
    ARCHIVE_FAILS("a zip archive, but none that PyTorch wrote: it has no entry 'NAME/data.pkl'", {"data.pkl", NULL, 0},
                  {"net/code/data.pkl", NULL, 0});
    ARCHIVE_FAILS("zip archive: an entry has no readable name", {"net\033/data.pkl", NULL, 0});
    ARCHIVE_FAILS("the file holds an integer, not a dict of tensors", {"net/data.pkl", "\200\002K\1.", 5});
    ARCHIVE_FAILS("net/data.pkl: byte 0 of the pickle: 1 more bytes should follow, but only 0 do",
                  {"net/data.pkl", "", 0});
}

static void a_wrong_checksum_is_refused(void **state)
{
    (void)state;
    zip_maker zip = {0};
    ftdn_text pickle = {0};
    pickle_one_tensor(&pickle, &plain_view);
    zip_add(&zip, "net/data.pkl", pickle.chars, pickle.n_chars);
    zip_add(&zip, "net/data/0", six, sizeof six);
    zip.file.chars[zip.file.n_chars - 1] ^= 1;
    zip_finish(&zip);
    FTDN_ASSERT_FAILS(ftdn_pth_zip_parse(zip.file.chars, zip.file.n_chars, &arena, &parsed, &err), FTDN_ERR_INPUT,
                      "entry 'net/data/0': zip archive: archive_read_data_block: ZIP bad CRC", err);
    ftdn_text_done(&pickle);
    zip_done(&zip);
}

static void storages_described_in_two_ways_are_refused(void **state)
{
    (void)state;
    ftdn_text pickle = {0};
    pth_view other = plain_view;
    other.n_storage = 7;
    PICKLE_BYTES(&pickle, "\200\002}(");
    pickle_text(&pickle, "a");
    pickle_tensor(&pickle, &plain_view);
    pickle_text(&pickle, "b");
    pickle_tensor(&pickle, &other);
    PICKLE_BYTES(&pickle, "u.");
    FTDN_ASSERT_FAILS(parse_zip(&pickle, six, sizeof six), FTDN_ERR_INPUT,
                      "storage '0' is described in two ways: ", err);
    ftdn_text_done(&pickle);
}

typedef struct stream_case {
    const char *head;
    size_t n_head;
    const char *key;
    uint64_t n_elements;
    size_t n_bytes;
    const char *tail, *message;
} stream_case;

static void broken_streams_are_refused(void **state)
{
    (void)state;
#define HEAD(bytes) bytes, sizeof(bytes) - 1
    static const char good[] = LEGACY_MAGIC LEGACY_VERSION LEGACY_MACHINE;
    static const stream_case cases[] = {
        {HEAD(LEGACY_MAGIC "\200\002M\xea\x03." LEGACY_MACHINE), "0", 6, 24, "",
         "version 1002 of the stream is not 1001"},
        {HEAD(LEGACY_MAGIC "\200\002]." LEGACY_MACHINE), "0", 6, 24, "",
         "the version of the stream is a list, not an integer"},
        {HEAD(LEGACY_MAGIC LEGACY_VERSION "\200\002}X\x0d\0\0\0little_endian\x89s."), "0", 6, 24, "",
         "written on a big-endian machine; only little-endian files are read"},
        {HEAD(LEGACY_MAGIC LEGACY_VERSION "\200\002."), "0", 6, 24, "",
         "machine: byte 23 of the pickle: the pickle stops with 0 values on its stack, not 1"},
        {good, sizeof good - 1, "0", 5, 20, "", "storage '0': 5 elements in the stream, 6 in the checkpoint"},
        {good, sizeof good - 1, "0", 6, 23, "", "storage '0': its 24 bytes begin at byte "},
        {good, sizeof good - 1, "1", 6, 24, "", "storage 0 of the stream is not in the checkpoint"},
        {good, sizeof good - 1, "0", 6, 24, "xy", "2 bytes behind the last storage"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ftdn_text file = {0};
        ftdn_text_append_bytes(&file, cases[i].head, cases[i].n_head);
        pickle_one_tensor(&file, &plain_view);
        legacy_add_storage(&file, cases[i].key, cases[i].n_elements, six, cases[i].n_bytes);
        ftdn_text_append(&file, "%s", cases[i].tail);
        FTDN_ASSERT_FAILS(ftdn_pth_legacy_parse(file.chars, file.n_chars, &arena, &parsed, &err), FTDN_ERR_INPUT,
                          cases[i].message, err);
        ftdn_text_done(&file);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_FOLDER_TEST(no_pickle_can_call_anything),
        FTDN_FOLDER_TEST(a_bare_pickle_is_no_weight_file),
        FTDN_FOLDER_TEST(broken_archives_are_refused),
        FTDN_FOLDER_TEST(a_wrong_checksum_is_refused),
        FTDN_FOLDER_TEST(storages_described_in_two_ways_are_refused),
        FTDN_FOLDER_TEST(broken_streams_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
