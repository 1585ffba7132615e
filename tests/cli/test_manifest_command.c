/* test_manifest_command.c - ftdn manifest: checks, counts, and prints the schema. */
#include "base/file.h"
#include "tests/cli/cli.h"

#define START "{\"manifest_version\": 1, \"name\": \"x\",\n"
#define MODEL "\"model\": {\"name\": \"ssd_vgg16\", \"weights\": \"not_there.pth\"},\n"
#define SCENES "\"dataset\": {\"kind\": \"test_scenes\", \"images\": 2}"

static char *write_manifest(ftdn_cli_place *place, const char *text)
{
    char *path = ftdn_cli_path(&place->arena, place->folder, "m.json");
    ftdn_test_write_file(path, text, strlen(text));
    return path;
}

static void a_right_manifest_is_counted_and_nothing_is_opened(void **state)
{
    ftdn_cli_place *place = *state;
    const char *path = write_manifest(place, START MODEL SCENES "}");
    ftdn_cli_result result = FTDN_CLI(&place->arena, "manifest", path);
    ftdn_cli_assert_done(result);
    assert_string_equal(result.out, "1 trial\n");
    path = write_manifest(place, START MODEL SCENES ", \"sweep\": {\"grid\": {\"seed\": [1, 2, 3]}}}");
    result = FTDN_CLI(&place->arena, "manifest", path);
    ftdn_cli_assert_done(result);
    assert_string_equal(result.out, "3 trials\n");
    assert_int_equal(ftdn_cli_count_entries(place->folder), 1);
}

static void every_mistake_of_a_wrong_one_is_told(void **state)
{
    ftdn_cli_place *place = *state;
    const char *path = write_manifest(place, START MODEL SCENES ",\n\"sede\": 1,\n\"seed\": -1}");
    ftdn_cli_result result = FTDN_CLI(&place->arena, "manifest", path);
    assert_int_equal(result.exit_code, 3);
    assert_string_equal(result.out, "");
    ftdn_cli_assert_says(result.err, "m.json:4:1: sede: unknown key; allowed: ");
    ftdn_cli_assert_says(result.err, "m.json:5:9: seed: -1 is not allowed; allowed: ");
    ftdn_cli_assert_says(result.err, "ftdn: 2 mistakes in '");
}

static void the_schema_is_printed_without_a_manifest(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_result result = FTDN_CLI(&place->arena, "manifest", "--schema");
    ftdn_cli_assert_done(result);
    size_t n_bytes;
    const char *kept = ftdn_cli_load(&place->arena, FTDN_SOURCE_ROOT "/experiments/manifest.schema.json", &n_bytes);
    assert_int_equal(strlen(result.out), n_bytes);
    assert_memory_equal(result.out, kept, n_bytes);
}

static void a_resolved_manifest_stands_for_itself(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_test_write_file(ftdn_cli_path(&place->arena, place->folder, "base.json"), "{" MODEL SCENES "}",
                         strlen("{" MODEL SCENES "}"));
    const char *path = write_manifest(place, START "\"extends\": \"base.json\", \"seed\": 1e1}");
    ftdn_cli_result result = FTDN_CLI(&place->arena, "manifest", path, "--resolved");
    ftdn_cli_assert_done(result);
    const ftdn_json *resolved = ftdn_cli_parse(&place->arena, result.out);
    assert_null(ftdn_json_find(resolved, "extends"));
    assert_string_equal(ftdn_cli_member(ftdn_cli_member(resolved, "dataset"), "kind")->string, "test_scenes");
    const char *weights = ftdn_cli_member(ftdn_cli_member(resolved, "model"), "weights")->string;
    assert_int_equal(weights[0], '/');
    assert_string_equal(strrchr(weights, '/'), "/not_there.pth");
}

static void other_lines_are_refused(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_cli_assert_fails(FTDN_CLI(&place->arena, "manifest"), 2, "a MANIFEST is missing; 'ftdn manifest --help'");
    ftdn_cli_assert_fails(FTDN_CLI(&place->arena, "manifest", "m.json", "--schema"), 2, "--schema takes no manifest");
    ftdn_cli_assert_fails(FTDN_CLI(&place->arena, "manifest", "a.json", "b.json"), 2, "ftdn: ");
    ftdn_cli_assert_fails(FTDN_CLI(&place->arena, "manifest", "not_there.json"), 4, "not_there.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CLI_TEST(a_right_manifest_is_counted_and_nothing_is_opened),
        FTDN_CLI_TEST(every_mistake_of_a_wrong_one_is_told),
        FTDN_CLI_TEST(the_schema_is_printed_without_a_manifest),
        FTDN_CLI_TEST(a_resolved_manifest_stands_for_itself),
        FTDN_CLI_TEST(other_lines_are_refused),
    };
    return cmocka_run_group_tests_name("manifest_command", tests, NULL, NULL);
}
