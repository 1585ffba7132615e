/* test_store_care.c - the commands that look after results files: verify, repair, merge, diff, dump. */
#include <stdio.h>

#include "base/file.h"
#include "tests/cli/cli.h"
#include "tests/results/sample.h"

/* A store with the trials first ... first + n - 1; map is that of the first. */
static char *make_store(ftdn_cli_place *place, const char *name, int first, int n, double map)
{
    char *path = ftdn_cli_path(&place->arena, place->folder, name);
    ftdn_attempt_origin origin;
    ftdn_store *store = ftdn_sample_open(path, &origin);
    for (int i = 0; i < n; i++) {
        ftdn_sample sample;
        ftdn_sample_init(&sample, first + i);
        if (i == 0) sample.record.map_voc07 = map;
        ftdn_sample_append(store, &sample, &origin);
    }
    ftdn_store_close(store);
    return path;
}

/* Flip a bit of the weights' digest, which all trials of the cell have. */
static void damage(ftdn_cli_place *place, const char *path)
{
    size_t n_bytes;
    char *bytes = (char *)(uintptr_t)ftdn_cli_load(&place->arena, path, &n_bytes);
    static const char word[] = "formula:0abc";
    for (size_t i = 0; i + sizeof word < n_bytes; i++) {
        if (memcmp(bytes + i, word, sizeof word - 1) != 0) continue;
        bytes[i + sizeof word - 2] ^= 4;
        ftdn_test_write_file(path, bytes, n_bytes);
        return;
    }
    fail();
}

static void a_sound_store_is_verified(void **state)
{
    ftdn_cli_place *place = *state;
    char *path = make_store(place, "a.db", 0, 3, 0.5);
    ftdn_cli_result result = FTDN_CLI(&place->arena, "verify", path);
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out,
                         "a.db: 3 trials and the channel scores of 0 layers are looked at: all is as it was");
    result = FTDN_CLI(&place->arena, "verify", path, "--json");
    ftdn_cli_assert_done(result);
    assert_int_equal(ftdn_cli_member(ftdn_cli_parse(&place->arena, result.out), "trials")->number, 3);
}

static void damage_is_listed_and_the_rest_saved(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char *path = make_store(place, "a.db", 0, 3, 0.5), *out = ftdn_cli_path(arena, place->folder, "out.db");
    damage(place, path);
    ftdn_cli_result result = FTDN_CLI(arena, "verify", path);
    assert_int_equal(result.exit_code, 5);
    ftdn_cli_assert_says(result.out, "3 trials are damaged, 3 damages in all\n");
    ftdn_cli_assert_says(result.out, "  its result is not that of its digest\n");
    ftdn_cli_assert_says(result.out, "ftdn repair ");
    result = FTDN_CLI(arena, "verify", path, "--json");
    assert_int_equal(result.exit_code, 5);
    const ftdn_json *damages = ftdn_cli_member(ftdn_cli_parse(arena, result.out), "damages");
    assert_int_equal(damages->n_children, 3);
    assert_int_equal(strlen(ftdn_cli_member(damages->child[0], "id")->string), 64);

    result = FTDN_CLI(arena, "repair", path, out);
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "out.db: 0 sound trials saved");
    ftdn_cli_assert_says(result.out, "\n3 trials have to be done again:\n");
    ftdn_cli_assert_done(FTDN_CLI(arena, "verify", out));
    ftdn_cli_assert_fails(FTDN_CLI(arena, "repair", path, out), 5, "exists: give the name of a new file");
    assert_int_equal(remove(out), 0);
    result = FTDN_CLI(arena, "repair", path, out, "--json");
    ftdn_cli_assert_done(result);
    assert_int_equal(ftdn_cli_member(ftdn_cli_parse(arena, result.out), "redo")->n_children, 3);
    ftdn_cli_assert_fails(FTDN_CLI(arena, "merge", ftdn_cli_path(arena, place->folder, "m.db"), path), 5, "is damaged");
}

static void stores_are_merged_and_compared(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char *whole = make_store(place, "whole.db", 0, 5, 0.5), *a = make_store(place, "a.db", 0, 3, 0.5),
         *b = make_store(place, "b.db", 2, 3, 0.1 + 0.2), *out = ftdn_cli_path(arena, place->folder, "out.db");
    ftdn_cli_result result = FTDN_CLI(arena, "merge", out, a, b);
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "out.db: 5 trials; 1 results came more than once, and were equal\n");
    ftdn_cli_result first = FTDN_CLI(arena, "dump", whole), second = FTDN_CLI(arena, "dump", out);
    ftdn_cli_assert_done(first);
    ftdn_cli_assert_done(second);
    assert_string_equal(first.out, second.out);
    result = FTDN_CLI(arena, "diff", a, out);
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "0 trials only in ");
    ftdn_cli_assert_says(result.out, "2 trials only in ");
    ftdn_cli_assert_says(result.out,
                         "  ssd_mobilenet_v1_tf width 0.75, zero, weight_rate 0.1, feature_map_rate 1e-05, none, "
                         "seed 4\n");
    ftdn_cli_assert_says(result.out, "3 trials in both with equal results (0 of them by other code versions)\n"
                                     "0 trials in both with different results\n");
}

static void different_results_are_exit_code_10_of_diff_and_5_of_merge(void **state)
{
    ftdn_cli_place *place = *state;
    ftdn_arena *arena = &place->arena;
    char *a = make_store(place, "a.db", 0, 2, 0.5), *b = make_store(place, "b.db", 0, 2, 0.25),
         *out = ftdn_cli_path(arena, place->folder, "out.db");
    ftdn_cli_result result = FTDN_CLI(arena, "diff", a, b);
    assert_int_equal(result.exit_code, 10);
    ftdn_cli_assert_says(result.out, "1 trials in both with different results, which should never be\n");
    ftdn_cli_assert_says(result.out, "  results[0].map_voc07: 0.5 | 0.25\n");
    result = FTDN_CLI(arena, "diff", a, b, "--json");
    assert_int_equal(result.exit_code, 10);
    const ftdn_json *differences = ftdn_cli_member(ftdn_cli_parse(arena, result.out), "differences");
    assert_int_equal(differences->n_children, 1);
    assert_string_equal(ftdn_cli_member(differences->child[0], "where")->string, "results[0].map_voc07");
    assert_string_equal(ftdn_cli_member(differences->child[0], "trial")->string,
                        "ssd_mobilenet_v1_tf width 0.75, zero, weight_rate 0.1, feature_map_rate 1e-05, none, seed 0");
    ftdn_cli_assert_fails(FTDN_CLI(arena, "merge", out, a, b), 5, "two results of trial ");
    assert_false(ftdn_file_exists(out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CLI_TEST(a_sound_store_is_verified),
        FTDN_CLI_TEST(damage_is_listed_and_the_rest_saved),
        FTDN_CLI_TEST(stores_are_merged_and_compared),
        FTDN_CLI_TEST(different_results_are_exit_code_10_of_diff_and_5_of_merge),
    };
    return cmocka_run_group_tests_name("cli/store_care", tests, NULL, NULL);
}
