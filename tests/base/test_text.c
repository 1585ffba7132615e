#include "base/text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/support.h"

static void texts_grow_as_they_are_appended(void **state)
{
    (void)state;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_error err = {0};
    assert_null(text.chars);
    for (int i = 0; i < 1000; i++) ftdn_text_append(&text, "%d,", i % 10);
    ftdn_text_append_bytes(&text, "end!", 3);
    FTDN_ASSERT_OK(ftdn_text_check(&text, &err), err);
    assert_int_equal(text.n_chars, 2003);
    assert_int_equal(strlen(text.chars), 2003);
    assert_memory_equal(text.chars, "0,1,2,3,", 8);
    assert_string_equal(text.chars + 1998, "9,end");
    ftdn_text_done(&text);
    assert_null(text.chars);
    ftdn_text_done(&text);
}

static void a_text_is_kept_in_an_arena(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_text text, empty;
    ftdn_arena_init(&arena);
    ftdn_text_init(&text);
    ftdn_text_init(&empty);
    ftdn_text_append(&text, "kept");
    const char *kept = ftdn_text_keep(&text, &arena, &err), *nothing = ftdn_text_keep(&empty, &arena, &err);
    assert_null(text.chars);
    assert_string_equal(kept, "kept");
    assert_string_equal(nothing, "");
    text.failed = true;
    assert_null(ftdn_text_keep(&text, &arena, &err));
    assert_int_equal(err.status, FTDN_ERR_MEMORY);
    ftdn_arena_done(&arena);
}

static void an_empty_append_gives_an_empty_text(void **state)
{
    (void)state;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append_bytes(&text, NULL, 0);
    assert_string_equal(text.chars, "");
    ftdn_text_done(&text);
}

static void a_refused_append_is_told_at_the_end(void **state)
{
    (void)state;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_error err = {0};
    ftdn_text_append(&text, "abc");
    ftdn_text_append_bytes(&text, "x", SIZE_MAX - 2); /* refused before a byte is read: the sum overflows */
    ftdn_text_append(&text, "def");
    assert_true(text.failed);
    assert_string_equal(text.chars, "abc");
    FTDN_ASSERT_FAILS(ftdn_text_check(&text, &err), FTDN_ERR_MEMORY, "out of memory after 3 characters of text", err);
    ftdn_text_done(&text);
}

static void json_strings_are_escaped(void **state)
{
    (void)state;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append_json_string(&text, "a\"b\\c/\n\t\r\x01\x7f \xc3\xa9");
    assert_string_equal(text.chars, "\"a\\\"b\\\\c/\\n\\t\\u000d\\u0001\\u007f \xc3\xa9\"");
    ftdn_text_done(&text);
}

static void json_numbers_are_short_and_read_back(void **state)
{
    (void)state;
    static const struct {
        double number;
        const char *text;
    } rows[] = {
        {0, "0"},
        {1, "1"},
        {-100, "-100"},
        {300, "300"},
        {123456789, "123456789"},
        {0.1, "0.1"},
        {0.01, "0.01"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {1e-5, "1e-05"},
        {999999999999999, "999999999999999"},
        {1e15, "1e+15"},
        {9007199254740992, "9007199254740992"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {0x1p-1074, "5e-324"},
        {NAN, "null"},
        {INFINITY, "null"},
        {-INFINITY, "null"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ftdn_text text;
        ftdn_text_init(&text);
        ftdn_text_append_json_number(&text, rows[i].number);
        assert_string_equal(text.chars, rows[i].text);
        ftdn_text_done(&text);
    }
}

static void shell_words_are_quoted_where_they_must_be(void **state)
{
    (void)state;
    static const struct {
        const char *word, *text;
    } rows[] = {
        {"results/fig6a.db", "results/fig6a.db"},
        {"--dependency=afterok:12", "--dependency=afterok:12"},
        {"", "''"},
        {"my results.db", "'my results.db'"},
        {"it's", "'it'\\''s'"},
        {"$HOME `date` \"x\" \\", "'$HOME `date` \"x\" \\'"},
        {"~user", "'~user'"},
        {"two\nlines", "'two\nlines'"},
        {"\303\274", "'\303\274'"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ftdn_text text;
        ftdn_text_init(&text);
        ftdn_text_append_shell_word(&text, rows[i].word);
        assert_string_equal(text.chars, rows[i].text);
        ftdn_text_done(&text);
    }
}

/* No shorter decimal reads back the same, whatever the magnitude. */
static void no_shorter_decimal_would_do(void **state)
{
    (void)state;
    uint64_t bits = 1;
    for (int i = 0; i < 20000; i++) {
        double number;
        char shortest[32] = "";
        bits = bits * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        memcpy(&number, &bits, sizeof number);
        if (i % 2) number = (double)(bits >> 44) / (double)(1 + (bits >> 20) % 1000);
        if (!isfinite(number) || (number == floor(number) && fabs(number) < 1e15)) continue;
        for (int precision = 1; precision <= 17 && (!*shortest || strtod(shortest, NULL) != number); precision++)
            snprintf(shortest, sizeof shortest, "%.*g", precision, number);
        ftdn_text text;
        ftdn_text_init(&text);
        ftdn_text_append_json_number(&text, number);
        assert_string_equal(text.chars, shortest);
        ftdn_text_done(&text);
    }
}

static void the_beginning_of_a_text_can_be_dropped(void **state)
{
    (void)state;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_drop(&text, 0);
    ftdn_text_append(&text, "abcdef");
    ftdn_text_drop(&text, 0);
    ftdn_text_drop(&text, 2);
    assert_string_equal(text.chars, "cdef");
    ftdn_text_append(&text, "g");
    assert_string_equal(text.chars, "cdefg");
    ftdn_text_drop(&text, text.n_chars);
    assert_string_equal(text.chars, "");
    assert_int_equal(text.n_chars, 0);
    ftdn_text_done(&text);
}

static void csv_fields_are_quoted_where_they_must_be(void **state)
{
    (void)state;
    static const char *const cases[][2] = {{"plain", "plain"}, {"", "\"\""},         {"a,b", "\"a,b\""},
                                           {"\"", "\"\"\"\""}, {"a\nb", "\"a\nb\""}, {"'", "'"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ftdn_text text;
        ftdn_text_init(&text);
        ftdn_text_append_csv(&text, cases[i][0], strlen(cases[i][0]));
        assert_string_equal(text.chars, cases[i][1]);
        ftdn_text_done(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_grow_as_they_are_appended),
        cmocka_unit_test(a_text_is_kept_in_an_arena),
        cmocka_unit_test(an_empty_append_gives_an_empty_text),
        cmocka_unit_test(a_refused_append_is_told_at_the_end),
        cmocka_unit_test(csv_fields_are_quoted_where_they_must_be),
        cmocka_unit_test(json_strings_are_escaped),
        cmocka_unit_test(json_numbers_are_short_and_read_back),
        cmocka_unit_test(shell_words_are_quoted_where_they_must_be),
        cmocka_unit_test(no_shorter_decimal_would_do),
        cmocka_unit_test(the_beginning_of_a_text_can_be_dropped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
