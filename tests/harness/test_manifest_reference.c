/* test_manifest_reference.c - the table of keys in docs/manifest.md is the table that the program reads by.
 *
 * Called with --print, it prints that table for the document. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "harness/manifest_keys.h"
#include "tests/support/support.h"

#define HEADER "| key | takes | default | in a grid | meaning |\n| --- | --- | --- | --- | --- |\n"

static void write_row(ftdn_key_id id, ftdn_text *text)
{
    const ftdn_key *key = &ftdn_manifest_keys[id];
    ftdn_text_append(text, "| `%s` | ", key->path);
    ftdn_key_write_allowed(id, text);
    if (key->default_json) ftdn_text_append(text, " | `%s`", key->default_json);
    else ftdn_text_append(text, " | %s", key->required ? "required" : "");
    ftdn_text_append(text, " | %s | %s |\n", key->swept ? "yes" : "no", key->help);
}

/* The row of a key as the document has it; "" where it has none. Lives in the arena. */
static const char *find_documented(const char *document, const char *path, ftdn_arena *arena)
{
    ftdn_error err = {0};
    const char *start = ftdn_arena_format(arena, &err, "\n| `%s` | ", path);
    assert_non_null(start);
    const char *row = strstr(document, start);
    if (!row) return "";
    const char *copy = ftdn_arena_copy_text(arena, row + 1, strcspn(row + 1, "\n") + 1, &err);
    assert_non_null(copy);
    return copy;
}

static void the_documented_table_is_the_programs(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_error err = {0};
    char *document;
    size_t n_bytes;
    ftdn_arena_init(&arena);
    FTDN_ASSERT_OK(
        ftdn_file_load(FTDN_SOURCE_ROOT "/docs/manifest.md", (size_t)1 << 20, &arena, &document, &n_bytes, &err), err);
    ftdn_text table;
    ftdn_text_init(&table);
    ftdn_text_append(&table, HEADER);
    for (int key = FTDN_KEY_ROOT + 1; key < FTDN_N_KEYS; key++) {
        size_t start = table.n_chars;
        write_row((ftdn_key_id)key, &table);
        assert_string_equal(find_documented(document, ftdn_manifest_keys[key].path, &arena), table.chars + start);
    }
    /* In the table's order, with nothing between and nothing behind. */
    const char *documented = strstr(document, HEADER);
    assert_non_null(documented);
    assert_int_equal(strncmp(documented, table.chars, table.n_chars), 0);
    assert_int_equal(documented[table.n_chars], '\n');
    ftdn_text_done(&table);
    ftdn_arena_done(&arena);
}

static int print_table(void)
{
    ftdn_text table;
    ftdn_text_init(&table);
    ftdn_text_append(&table, HEADER);
    for (int key = FTDN_KEY_ROOT + 1; key < FTDN_N_KEYS; key++) write_row((ftdn_key_id)key, &table);
    int answer = table.failed || fputs(table.chars, stdout) < 0;
    ftdn_text_done(&table);
    return answer;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--print") == 0) return print_table();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_table_is_the_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
