/* test_manifest_reference.c - the tables of keys in docs/ are the tables that the program reads by.
 *
 * Called with --print, it prints the table for docs/manifest.md; with --print training that for docs/training.md. */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/text.h"
#include "harness/manifest/manifest_keys.h"
#include "harness/training/training_keys.h"
#include "tests/support/support.h"

#define HEADER "| key | takes | default | in a grid | meaning |\n| --- | --- | --- | --- | --- |\n"
#define TRAINING_HEADER "| key | takes | default | meaning |\n| --- | --- | --- | --- |\n"

/* A document and the table that it repeats. */
typedef struct reference {
    const char *path;
    const ftdn_key_table *table;
    const char *header;
} reference;

static const reference of_experiments = {FTDN_SOURCE_ROOT "/docs/manifest.md", &ftdn_manifest_key_table, HEADER};
static const reference of_trainings = {FTDN_SOURCE_ROOT "/docs/training.md", &ftdn_training_key_table, TRAINING_HEADER};

static void write_row(const reference *r, int id, ftdn_text *text)
{
    const ftdn_key *key = &r->table->key[id];
    ftdn_text_append(text, "| `%s` | ", key->path);
    ftdn_key_table_write_allowed(r->table, id, text);
    if (key->default_json) ftdn_text_append(text, " | `%s`", key->default_json);
    else ftdn_text_append(text, " | %s", key->required ? "required" : "");
    if (r->table->has_sweeps) ftdn_text_append(text, " | %s", key->swept ? "yes" : "no");
    ftdn_text_append(text, " | %s |\n", key->help);
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

static void check_reference(const reference *r)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    char *document;
    size_t n_bytes;
    ftdn_arena_init(&arena);
    FTDN_ASSERT_OK(ftdn_file_load(r->path, (size_t)1 << 20, &arena, &document, &n_bytes, &err), err);
    ftdn_text table;
    ftdn_text_init(&table);
    ftdn_text_append(&table, "%s", r->header);
    for (int key = 1; key < r->table->n_keys; key++) {
        size_t start = table.n_chars;
        write_row(r, key, &table);
        assert_string_equal(find_documented(document, r->table->key[key].path, &arena), table.chars + start);
    }
    /* In the table's order, with nothing between and nothing behind. */
    const char *documented = strstr(document, r->header);
    assert_non_null(documented);
    assert_int_equal(strncmp(documented, table.chars, table.n_chars), 0);
    assert_int_equal(documented[table.n_chars], '\n');
    ftdn_text_done(&table);
    ftdn_arena_done(&arena);
}

static void the_documented_table_of_experiments_is_the_programs(void **state)
{
    (void)state;
    check_reference(&of_experiments);
}

static void the_documented_table_of_trainings_is_the_programs(void **state)
{
    (void)state;
    check_reference(&of_trainings);
}

static int print_table(const reference *r)
{
    ftdn_text table;
    ftdn_text_init(&table);
    ftdn_text_append(&table, "%s", r->header);
    for (int key = 1; key < r->table->n_keys; key++) write_row(r, key, &table);
    int answer = table.failed || fputs(table.chars, stdout) < 0;
    ftdn_text_done(&table);
    return answer;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--print") == 0)
        return print_table(argc > 2 && strcmp(argv[2], "training") == 0 ? &of_trainings : &of_experiments);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_documented_table_of_experiments_is_the_programs),
        cmocka_unit_test(the_documented_table_of_trainings_is_the_programs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
