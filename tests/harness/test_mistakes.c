/* test_mistakes.c - lists of mistakes: sorted, each told once, cut where they are too long. */
#include <stdio.h>
#include <string.h>

#include "harness/manifest/manifest.h"
#include "tests/support/support.h"

/* Read a text as the manifest m.json. */
static ftdn_status parse(const char *text, ftdn_arena *arena, ftdn_mistakes *mistakes, ftdn_error *err)
{
    ftdn_manifest manifest;
    ftdn_mistakes_init(mistakes, arena);
    return ftdn_manifest_parse(text, strlen(text), "m.json", arena, mistakes, &manifest, err);
}

static void a_long_list_of_mistakes_is_kept_whole_and_its_head_fits_into_the_error(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "{");
    for (int i = 0; i < 200; i++) ftdn_text_append(&text, "\"unknown_%d\": 0,\n", i);
    ftdn_text_append(&text, "\"name\": \"x\"}");
    ftdn_mistakes mistakes;
    ftdn_error err = {0};
    assert_int_equal(parse(text.chars, &arena, &mistakes, &err), FTDN_ERR_MANIFEST);
    assert_int_equal(mistakes.n_mistakes, 203); /* and version, model, dataset are missing */
    assert_false(mistakes.has_more);
    for (int i = 1; i < mistakes.n_mistakes; i++)
        assert_true(mistakes.mistake[i - 1].position.line <= mistakes.mistake[i].position.line);
    const char *last_line = strrchr(err.message, '\n');
    assert_non_null(last_line);
    int n_lines = 0;
    for (const char *c = err.message; *c; c++) n_lines += *c == '\n';
    char expected[64];
    snprintf(expected, sizeof expected, "\n... and %d more", 203 - n_lines);
    assert_string_equal(last_line, expected);
    ftdn_text_done(&text);
    ftdn_arena_done(&arena);
}

static void more_than_a_thousand_mistakes_are_cut(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "{\"seed\": [");
    for (int i = 0; i < 1500; i++) ftdn_text_append(&text, "%d, ", i);
    ftdn_text_append(&text, "0]");
    for (int i = 0; i < 1500; i++) ftdn_text_append(&text, ",\n\"u%d\": 0", i);
    ftdn_text_append(&text, "}");
    ftdn_mistakes mistakes;
    ftdn_error err = {0};
    assert_int_equal(parse(text.chars, &arena, &mistakes, &err), FTDN_ERR_MANIFEST);
    assert_int_equal(mistakes.n_mistakes, FTDN_MAX_MISTAKES);
    assert_true(mistakes.has_more);
    ftdn_text seen;
    ftdn_text_init(&seen);
    ftdn_mistakes_write(&mistakes, &seen);
    assert_non_null(strstr(seen.chars, "\nmore mistakes are not shown\n"));
    assert_non_null(strstr(err.message, "\n... and at least "));
    ftdn_text_done(&seen);
    ftdn_text_done(&text);
    ftdn_arena_done(&arena);
}

static void a_long_text_in_a_mistake_is_cut_between_characters(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &arena);
    char odd[1200] = "p"; /* a letter, then two-byte letters: the cut at 600 bytes would halve one */
    for (int i = 0; i < 599; i++) strcat(odd, "\xc3\xa9");
    ftdn_mistakes_add(&mistakes, (ftdn_position){"f", 1, 1}, odd, "x");
    assert_int_equal(mistakes.n_mistakes, 1);
    const char *text = mistakes.mistake[0].text;
    assert_int_equal(strlen(text), 599 + 3);
    assert_memory_equal(text + 597, "\xc3\xa9...", 5);
    ftdn_arena_done(&arena);
}

static void a_mistake_is_told_once(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &arena);
    assert_int_equal(ftdn_mistakes_check(&mistakes, NULL), FTDN_OK);
    for (int i = 0; i < 3; i++) ftdn_mistakes_add(&mistakes, (ftdn_position){"f", 1, 1}, "p", "x %d", i / 2);
    ftdn_mistakes_add(&mistakes, (ftdn_position){"f", 1, 2}, "p", "x 0");
    assert_int_equal(mistakes.n_mistakes, 3);
    assert_int_equal(ftdn_mistakes_check(&mistakes, NULL), FTDN_ERR_MANIFEST);
    ftdn_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_list_of_mistakes_is_kept_whole_and_its_head_fits_into_the_error),
        cmocka_unit_test(more_than_a_thousand_mistakes_are_cut),
        cmocka_unit_test(a_long_text_in_a_mistake_is_cut_between_characters),
        cmocka_unit_test(a_mistake_is_told_once),
    };
    return cmocka_run_group_tests_name("mistakes", tests, NULL, NULL);
}
