/* fuzz_json.c - JSON documents: what is read can be written, and reads back as the same. */
#include <string.h>

#include "base/json.h"
#include "tests/fuzz/fuzz.h"

static void read_json(char *bytes, size_t n_bytes)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_text once, twice;
    const ftdn_json *root, *again;
    ftdn_arena_init(&arena);
    ftdn_text_init(&once);
    ftdn_text_init(&twice);
    bool is_read = ftdn_fuzz_is_read(ftdn_json_parse(bytes, n_bytes, "x.json", &arena, &root, &err), &err, "x.json:");
    ftdn_fuzz_check_memory(&arena, n_bytes, 1 << 16, 1024);
    if (is_read) {
        ftdn_json_write(&once, root, true);
        if (ftdn_json_parse(once.chars, once.n_chars, "written", &arena, &again, &err) != FTDN_OK)
            ftdn_fuzz_fail("what was written cannot be read: %s: %s", err.message, once.chars);
        ftdn_json_write(&twice, again, true);
        FTDN_FUZZ_CHECK(strcmp(once.chars, twice.chars) == 0);
        (void)ftdn_json_find_repeated(root);
    }
    ftdn_text_done(&once);
    ftdn_text_done(&twice);
    ftdn_arena_done(&arena);
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    ftdn_fuzz_add_quoted(corpus, "{'a': [1, -2.5e-3, 9007199254740993, 1e308], 'b': {'a': null, 'c': [true, false]}}");
    ftdn_fuzz_add_quoted(corpus,
                         "['\\u00e9\\ud83d\\ude00\\n\\\\', 'caf\xc3\xa9', {'x': 0, 'x': 1}, [[[[[]]]]], {}, '']");
    ftdn_fuzz_add_text(corpus, " \t\r\n0 ");
}

static const char *const words[] = {"\"",         "\\u",
                                    "\\ud800",    "\\udc00",
                                    "\\u0000",    "null",
                                    "true",       "false",
                                    "[",          "]",
                                    "{",          "}",
                                    ":",          ",",
                                    "1e",         "-0",
                                    ".5",         "\xef\xbb\xbf",
                                    "\xc0\x80",   "\xf4\x90\x80\x80",
                                    "[[[[[[[[[[", "{\"\":{\"\":{\"\":",
                                    NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {
    .name = "json", .max_bytes = 4096, .read = read_json, .add_seeds = add_seeds, .word = words};
