/* test_manifest_schema.c - experiments/manifest.schema.json is the schema that the program writes. */
#include <glob.h>
#include <string.h>

#include "base/file.h"
#include "harness/manifest/manifest_schema.h"
#include "tests/support/support.h"

#define SCHEMA FTDN_SOURCE_ROOT "/experiments/manifest.schema.json"

static void the_schema_in_experiments_is_the_programs(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_error err = {0};
    char *kept;
    size_t n_bytes;
    ftdn_arena_init(&arena);
    FTDN_ASSERT_OK(ftdn_file_load(SCHEMA, (size_t)1 << 20, &arena, &kept, &n_bytes, &err), err);
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_manifest_schema_write(&text);
    FTDN_ASSERT_OK(ftdn_text_check(&text, &err), err);
    if (n_bytes != text.n_chars || memcmp(kept, text.chars, n_bytes) != 0)
        fail_msg("write it anew: ftdn manifest --schema >experiments/manifest.schema.json");
    ftdn_text_done(&text);
    ftdn_arena_done(&arena);
}

/* Every reference leads to a definition, and every definition is referred to. */
static void collect_references(const ftdn_json *node, const ftdn_json *definitions, bool *is_used)
{
    static const char start[] = "#/$defs/";
    const ftdn_json *reference = ftdn_json_find(node, "$ref");
    if (reference && reference->kind == FTDN_JSON_STRING) {
        assert_int_equal(strncmp(reference->string, start, strlen(start)), 0);
        const ftdn_json *found = ftdn_json_find(definitions, reference->string + strlen(start));
        if (!found) fail_msg("%s is not defined", reference->string);
        for (int i = 0; i < definitions->n_children; i++) is_used[i] = is_used[i] || definitions->child[i] == found;
    }
    for (int i = 0; i < node->n_children; i++) collect_references(node->child[i], definitions, is_used);
}

static void all_that_is_defined_is_used_and_all_that_is_used_is_defined(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_arena_init(&arena);
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_manifest_schema_write(&text);
    const ftdn_json *schema;
    FTDN_ASSERT_OK(ftdn_json_parse(text.chars, text.n_chars, "schema", &arena, &schema, &err), err);
    assert_null(ftdn_json_find_repeated(schema));
    const ftdn_json *definitions = ftdn_json_find(schema, "$defs");
    assert_true(definitions->n_children > 100);
    bool *is_used = FTDN_NEW(&arena, (size_t)definitions->n_children, bool, &err);
    assert_non_null(is_used);
    collect_references(schema, definitions, is_used);
    for (int i = 0; i < definitions->n_children; i++)
        if (!is_used[i]) fail_msg("%s is not used", definitions->child[i]->key);
    ftdn_text_done(&text);
    ftdn_arena_done(&arena);
}

/* An editor finds the schema by this key. */
static void the_experiments_name_the_schema(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob(FTDN_SOURCE_ROOT "/experiments/*.json", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (strcmp(found.gl_pathv[i], SCHEMA) == 0 || strstr(found.gl_pathv[i], "/train_")) continue;
        ftdn_arena arena;
        ftdn_arena_init(&arena);
        const ftdn_json *schema = ftdn_json_find(ftdn_test_load_json(&arena, found.gl_pathv[i]), "$schema");
        if (!schema) fail_msg("%s lacks \"$schema\"", found.gl_pathv[i]);
        assert_string_equal(schema->string, "manifest.schema.json");
        ftdn_arena_done(&arena);
    }
    globfree(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_schema_in_experiments_is_the_programs),
        cmocka_unit_test(all_that_is_defined_is_used_and_all_that_is_used_is_defined),
        cmocka_unit_test(the_experiments_name_the_schema),
    };
    return cmocka_run_group_tests_name("manifest_schema", tests, NULL, NULL);
}
