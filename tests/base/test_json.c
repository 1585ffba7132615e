#include "base/json.h"

#include <stdio.h>

#include "tests/support/support.h"

static int set_up(void **state)
{
    static ftdn_arena arena;
    ftdn_arena_init(&arena);
    *state = &arena;
    return 0;
}

static int tear_down(void **state)
{
    ftdn_arena_done(*state);
    return 0;
}

/* Parse from a heap copy without a final 0, so that a sanitizer sees every byte read behind the text. */
static ftdn_status parse_exact(ftdn_arena *arena, const char *text, size_t n_bytes, const ftdn_json **ret_root,
                               ftdn_error *err)
{
    char *exact = test_malloc(n_bytes ? n_bytes : 1);
    memcpy(exact, text, n_bytes);
    ftdn_status status = ftdn_json_parse(exact, n_bytes, "m.json", arena, ret_root, err);
    test_free(exact);
    return status;
}

static const ftdn_json *parse(ftdn_arena *arena, const char *text)
{
    ftdn_error err = {0};
    const ftdn_json *root = NULL;
    FTDN_ASSERT_OK(parse_exact(arena, text, strlen(text), &root, &err), err);
    return root;
}

static void assert_place(const ftdn_json *node, int line, int column)
{
    assert_non_null(node);
    assert_int_equal(node->line, line);
    assert_int_equal(node->column, column);
    assert_string_equal(node->file, "m.json");
}

static void assert_key_place(const ftdn_json *node, const char *key, int line, int column)
{
    assert_string_equal(node->key, key);
    assert_int_equal(node->key_line, line);
    assert_int_equal(node->key_column, column);
}

static void every_value_knows_where_it_stands(void **state)
{
    const ftdn_json *root = parse(*state, " {\n"
                                          "  \"name\": \"fig6a\",\r\n"
                                          "\t\"rates\" : [0.1 ,-2e3,\n"
                                          "true],\n"
                                          "  \"none\":null, \"deep\": {\"a\": {}}\n"
                                          "}\n");
    assert_int_equal(root->kind, FTDN_JSON_OBJECT);
    assert_place(root, 1, 2);
    assert_null(root->key);
    assert_int_equal(root->n_children, 4);

    const ftdn_json *name = ftdn_json_find(root, "name");
    assert_place(name, 2, 11);
    assert_key_place(name, "name", 2, 3);
    assert_int_equal(name->kind, FTDN_JSON_STRING);
    assert_string_equal(name->string, "fig6a");

    const ftdn_json *rates = ftdn_json_find(root, "rates");
    assert_place(rates, 3, 12);
    assert_key_place(rates, "rates", 3, 2);
    assert_int_equal(rates->kind, FTDN_JSON_ARRAY);
    assert_int_equal(rates->n_children, 3);
    assert_place(rates->child[0], 3, 13);
    assert_place(rates->child[1], 3, 18);
    assert_place(rates->child[2], 4, 1);
    assert_null(rates->child[0]->key);
    assert_string_equal(rates->child[0]->literal, "0.1");
    assert_true(rates->child[0]->number == 0.1);
    assert_string_equal(rates->child[1]->literal, "-2e3");
    assert_true(rates->child[1]->number == -2000);
    assert_int_equal(rates->child[2]->kind, FTDN_JSON_BOOL);
    assert_true(rates->child[2]->boolean);

    const ftdn_json *none = ftdn_json_find(root, "none");
    assert_place(none, 5, 10);
    assert_int_equal(none->kind, FTDN_JSON_NULL);
    const ftdn_json *a = ftdn_json_find(ftdn_json_find(root, "deep"), "a");
    assert_place(a, 5, 30);
    assert_key_place(a, "a", 5, 25);
    assert_int_equal(a->n_children, 0);

    assert_null(ftdn_json_find(root, "nam"));
    assert_null(ftdn_json_find(name, "name"));
    assert_null(ftdn_json_find(rates, "name"));
    assert_null(ftdn_json_find(NULL, "name"));
}

static void columns_count_characters(void **state)
{
    /* Two, three and four bytes: e acute, euro sign, an emoji; then an escape of six characters. */
    const ftdn_json *root = parse(*state, "[\"\xc3\xa9\", \"\xe2\x82\xac\", \"\xf0\x9f\x98\x80\", \"\\u00e9\", 1]");
    assert_place(root->child[0], 1, 2);
    assert_place(root->child[1], 1, 7);
    assert_place(root->child[2], 1, 12);
    assert_place(root->child[3], 1, 17);
    assert_place(root->child[4], 1, 27);
    assert_string_equal(root->child[2]->string, "\xf0\x9f\x98\x80");
    assert_string_equal(root->child[3]->string, root->child[0]->string);
}

static void strings_are_decoded(void **state)
{
    const ftdn_json *root =
        parse(*state, "{\"k\\u0065y\\n\": \"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0041\\uD83D\\ude00\\uFFFF\x7f\"}");
    assert_string_equal(root->child[0]->key, "key\n");
    assert_string_equal(root->child[0]->string, "\"\\/\b\f\n\r\tA\xf0\x9f\x98\x80\xef\xbf\xbf\x7f");
    assert_string_equal(parse(*state, "\"\"")->string, "");
}

static void single_values_are_documents(void **state)
{
    assert_int_equal(parse(*state, "null")->kind, FTDN_JSON_NULL);
    assert_false(parse(*state, "\t\r\n false ")->boolean);
    assert_place(parse(*state, "\t\r\n 7"), 2, 2);
    assert_int_equal(parse(*state, "[]")->n_children, 0);
    assert_int_equal(parse(*state, "{ }")->n_children, 0);
    assert_string_equal(parse(*state, "-0")->literal, "-0");
}

static void numbers_are_kept_as_written_and_as_double(void **state)
{
    static const struct {
        const char *literal;
        double number;
        bool is_integer;
        long long integer;
    } rows[] = {
        {"0", 0, true, 0},
        {"-0", 0, true, 0},
        {"42", 42, true, 42},
        {"1.0", 1, false, 0},
        {"1e2", 100, false, 0},
        {"1E+2", 100, false, 0},
        {"25e-2", 0.25, false, 0},
        {"9007199254740993", 9007199254740992.0, true, 9007199254740993},
        {"9223372036854775807", 0x1p63, true, INT64_MAX},
        {"-9223372036854775808", -0x1p63, true, INT64_MIN},
        {"9223372036854775808", 0x1p63, false, 0},
        {"100000000000000000000000000000000000000000000000000000000000000", 1e62, false, 0}, /* 63 characters */
        {"1.7976931348623157e308", 0x1.fffffffffffffp1023, false, 0},
        {"1e-999", 0, false, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const ftdn_json *node = parse(*state, rows[i].literal);
        assert_int_equal(node->kind, FTDN_JSON_NUMBER);
        assert_string_equal(node->literal, rows[i].literal);
        assert_true(node->number == rows[i].number);
        long long integer = 77;
        assert_int_equal(ftdn_json_get_integer(node, &integer), rows[i].is_integer);
        assert_int_equal(integer, rows[i].is_integer ? rows[i].integer : 77);
    }
    long long integer = 77;
    assert_false(ftdn_json_get_integer(parse(*state, "\"1\""), &integer));
    assert_int_equal(integer, 77);
}

#define ROW(text, message)                                                                                             \
    {                                                                                                                  \
        text, sizeof text - 1, "m.json:" message                                                                       \
    }

static void bad_documents_are_refused_with_place_and_rule(void **state)
{
    static const struct {
        const char *text;
        size_t n_bytes;
        const char *message;
    } rows[] = {
        ROW("", "1:1: expected a value, but the text ends"),
        ROW(" \n ", "2:2: expected a value, but the text ends"),
        ROW("\xef\xbb\xbf{}", "1:1: the text begins with a byte order mark"),
        ROW("{\n\"a\": 1,\n\"b\": [2, 3 \"c\"]}", "3:12: expected ',' or ']' after an item"),
        ROW("{\n\"a\": 1,\n  \"b\": \"x\" \"c\": 2}", "3:12: expected ',' or '}' after a member"),
        ROW("{\"\xc3\xa9\": 1 2}", "1:9: expected ',' or '}' after a member"),
        ROW("{\"a\": 1", "1:8: expected ',' or '}' after a member, but the text ends"),
        ROW("[1", "1:3: expected ',' or ']' after an item, but the text ends"),
        ROW("[1}", "1:3: expected ',' or ']' after an item"),
        ROW("[1,]", "1:4: expected a value"),
        ROW("[,1]", "1:2: expected a value"),
        ROW("{\"a\": 1,}", "1:9: expected a key in double quotes after ','"),
        ROW("{a: 1}", "1:2: expected a key in double quotes or '}'"),
        ROW("{'a': 1}", "1:2: expected a key in double quotes or '}'; JSON has no single quotes"),
        ROW("{", "1:2: expected a key in double quotes or '}', but the text ends"),
        ROW("{\"a\" 1}", "1:6: expected ':' after a key"),
        ROW("{\"a\": }", "1:7: expected a value"),
        ROW("{ // why\n}", "1:3: expected a key in double quotes or '}'; JSON has no comments"),
        ROW("[1] # more", "1:5: unexpected text behind the value"),
        ROW("{}\n{}", "2:1: unexpected text behind the value"),
        ROW("1\0", "1:2: unexpected text behind the value"),
        ROW("\0", "1:1: expected a value"),
        ROW("\v1", "1:1: expected a value"),
        ROW("tru", "1:1: expected a value"),
        ROW("True", "1:1: expected a value"),
        ROW("truer", "1:5: unexpected text behind the value"),
        ROW("nan", "1:1: expected a value"),
        ROW("Infinity", "1:1: expected a value; JSON has neither NaN nor Infinity"),
        ROW("[1, NaN]", "1:5: expected a value; JSON has neither NaN nor Infinity"),
        ROW("[-Infinity]", "1:3: expected a digit behind '-'; JSON has neither NaN nor Infinity"),
        ROW("+1", "1:1: expected a value"),
        ROW(".5", "1:1: expected a value"),
        ROW("-", "1:2: expected a digit behind '-', but the text ends"),
        ROW("-x", "1:2: expected a digit behind '-'"),
        ROW("[ 01]", "1:3: a number cannot begin with a zero"),
        ROW("-00.5", "1:1: a number cannot begin with a zero"),
        ROW("1.", "1:3: expected a digit behind '.', but the text ends"),
        ROW("[1.e5]", "1:4: expected a digit behind '.'"),
        ROW("[1e]", "1:4: expected a digit in the exponent"),
        ROW("[1e+]", "1:5: expected a digit in the exponent"),
        ROW("0x10", "1:2: unexpected text behind the value"),
        ROW("1-2", "1:2: unexpected text behind the value"),
        ROW("[\n1e999]", "2:1: number 1e999 is too large for a double"),
        ROW("[{\"a\": -1e309}]", "1:8: number -1e309 is too large for a double"),
        ROW("[1000000000000000000000000000000000000000000000000000000000000000]",
            "1:2: a number of 64 characters is longer than 63"),
        ROW("[\"ab", "1:2: the string that begins here does not end on its line"),
        ROW("[\"ab\n\"]", "1:2: the string that begins here does not end on its line"),
        ROW("[\"ab\\\"]", "1:2: the string that begins here does not end on its line"),
        ROW("\"a\tb\"", "1:3: control character in a string; write it as \\u0009"),
        ROW("\"a\0b\"", "1:3: control character in a string; write it as \\u0000"),
        ROW("\"\xc3\xa9\\x\"", "1:3: unknown escape; known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX"),
        ROW("\"\\", "1:2: unknown escape; known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX"),
        ROW("\"\\u12", "1:2: expected four hexadecimal digits behind \\u"),
        ROW("\"\\u12g4\"", "1:2: expected four hexadecimal digits behind \\u"),
        ROW("\"\\u0000\"", "1:2: a string cannot hold \\u0000"),
        ROW("\"\\ud83d\"", "1:2: \\ud83d is half of a surrogate pair"),
        ROW("\"a\\uDE00\"", "1:3: \\ude00 is half of a surrogate pair"),
        ROW("\"\\ud83d\\u0041\"", "1:2: \\ud83d is half of a surrogate pair"),
        ROW("\"\\ud83d\\ud83d\\ude00\"", "1:2: \\ud83d is half of a surrogate pair"),
        ROW("\"\\ud83d\\u12", "1:2: \\ud83d is half of a surrogate pair"),
        ROW("\"a\xff\"", "1:3: byte 0xff is not UTF-8 here"),
        ROW("\"\x80\"", "1:2: byte 0x80 is not UTF-8 here"),
        ROW("\"\xc0\xaf\"", "1:2: byte 0xc0 is not UTF-8 here"),         /* overlong */
        ROW("\"\xe0\x9f\xbf\"", "1:2: byte 0xe0 is not UTF-8 here"),     /* overlong */
        ROW("\"\xed\xa0\x80\"", "1:2: byte 0xed is not UTF-8 here"),     /* a surrogate */
        ROW("\"\xf4\x90\x80\x80\"", "1:2: byte 0xf4 is not UTF-8 here"), /* above U+10FFFF */
        ROW("\"\xe2\x82\"", "1:2: byte 0xe2 is not UTF-8 here"),         /* cut by the quote */
        ROW("\"\xe2\x82", "1:2: byte 0xe2 is not UTF-8 here"),           /* cut by the end */
        ROW("{\"\xff\": 1}", "1:3: byte 0xff is not UTF-8 here"),
        ROW("[\xc3\xa9]", "1:2: expected a value"),
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ftdn_error err = {0};
        const ftdn_json *root = NULL;
        ftdn_status status = parse_exact(*state, rows[i].text, rows[i].n_bytes, &root, &err);
        if (status != FTDN_ERR_INPUT) fail_msg("row %zu '%s' is not refused", i, rows[i].text);
        assert_string_equal(err.message, rows[i].message);
        assert_int_equal(err.status, FTDN_ERR_INPUT);
        assert_null(root);
        assert_int_equal(parse_exact(*state, rows[i].text, rows[i].n_bytes, &root, NULL), FTDN_ERR_INPUT);
    }
}

/* The shortest and longest well-formed characters of each length are accepted. */
static void the_bounds_of_utf8_are_accepted(void **state)
{
    static const char *const texts[] = {
        "\"\xc2\x80\"",     "\"\xdf\xbf\"",     "\"\xe0\xa0\x80\"",     "\"\xed\x9f\xbf\"",
        "\"\xee\x80\x80\"", "\"\xef\xbf\xbf\"", "\"\xf0\x90\x80\x80\"", "\"\xf4\x8f\xbf\xbf\"",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const ftdn_json *node = parse(*state, texts[i]);
        assert_int_equal(strlen(node->string), strlen(texts[i]) - 2);
        assert_memory_equal(node->string, texts[i] + 1, strlen(node->string));
    }
}

static void nesting_is_limited_to_200_levels(void **state)
{
    char text[1000];
    memset(text, '[', 500);
    memset(text + 200, ']', 200);
    text[400] = 0;
    const ftdn_json *node = parse(*state, text);
    for (int i = 1; i < 200; i++) node = node->child[0];
    assert_int_equal(node->n_children, 0);
    assert_place(node, 1, 200);

    memset(text, '[', 201);
    ftdn_error err = {0};
    const ftdn_json *root = NULL;
    assert_int_equal(parse_exact(*state, text, 400, &root, &err), FTDN_ERR_INPUT);
    assert_string_equal(err.message, "m.json:1:201: nested deeper than 200 levels");

    text[0] = '[';
    for (int i = 0; i < 300; i++) memcpy(text + 1 + 3 * i, "[],", 3);
    memcpy(text + 901, "1]", 3);
    assert_int_equal(parse(*state, text)->n_children, 301); /* width is no depth */
}

static void repeated_keys_are_kept_and_marked(void **state)
{
    const ftdn_json *root =
        parse(*state, "{\"b\": 1, \"a\": {\"x\": 1, \"y\": 2}, \"\\u0062\": 3,\n \"b\": 4, \"x\": 5}");
    assert_int_equal(root->n_children, 5);
    assert_false(root->child[0]->repeated_key);
    assert_false(root->child[1]->repeated_key);
    assert_true(root->child[2]->repeated_key);
    assert_true(root->child[3]->repeated_key);
    assert_false(root->child[4]->repeated_key); /* another object's x */
    assert_true(ftdn_json_find(root, "b")->number == 1);
    assert_ptr_equal(ftdn_json_find_repeated(root), root->child[2]);
    assert_key_place(root->child[2], "b", 1, 33);

    root = parse(*state, "[1, {\"a\": [{\"k\": 1,\n\"k\": 2}]}]");
    assert_key_place(ftdn_json_find_repeated(root), "k", 2, 1);
    assert_null(ftdn_json_find_repeated(parse(*state, "[{\"k\": 1}, {\"k\": 2}]")));
}

static void assert_written(const ftdn_json *node, bool canonical, const char *expected)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_json_write(&text, node, canonical);
    assert_string_equal(text.chars, expected);
    ftdn_text_done(&text);
}

static void writing_keeps_the_order_or_sorts_it(void **state)
{
    const ftdn_json *root = parse(*state, "{ \"b\" : [ 1.0, 1e2, -0.50, true, false, null, \"\\u00e9\\n\\u0001\" ],\n"
                                          "\"aa\": {\"z\": {}, \"y\": []}, \"a\": 1e-7 }");
    assert_written(
        root, false,
        "{\"b\":[1,100,-0.5,true,false,null,\"\xc3\xa9\\n\\u0001\"],\"aa\":{\"z\":{},\"y\":[]},\"a\":1e-07}");
    assert_written(
        root, true,
        "{\"a\":1e-07,\"aa\":{\"y\":[],\"z\":{}},\"b\":[1,100,-0.5,true,false,null,\"\xc3\xa9\\n\\u0001\"]}");
}

static void equal_documents_have_equal_canonical_text(void **state)
{
    const char *canonical = "{\"rate\":0.1,\"seed\":10}";
    assert_written(parse(*state, "{\"rate\": 0.1, \"seed\": 10}"), true, canonical);
    assert_written(parse(*state, "{\"s\\u0065ed\": 1e1, \"rate\": 1.0e-1}"), true, canonical);
    assert_written(parse(*state, canonical), true, canonical);
    assert_written(parse(*state, "{\"a\": 2, \"b\": 0, \"a\": 1}"), true, "{\"a\":2,\"a\":1,\"b\":0}");
}

static void integers_above_2_to_53_stay_apart(void **state)
{
    assert_written(parse(*state, "9007199254740993"), true, "9007199254740993");
    assert_written(parse(*state, "9007199254740992"), true, "9007199254740992");
    assert_written(parse(*state, "9007199254740992.0"), true, "9007199254740992");
    assert_written(parse(*state, "9223372036854775807"), true, "9223372036854775807");
    assert_written(parse(*state, "-9223372036854775807"), true, "-9223372036854775807");
    assert_written(parse(*state, "10000000000000000"), true, "1e+16");
    assert_written(parse(*state, "1e16"), true, "1e+16");
}

static void many_members_are_read_quickly(void **state)
{
    enum { N_MEMBERS = 20000 };
    ftdn_text text;
    ftdn_text_init(&text);
    for (int i = 0; i < N_MEMBERS; i++)
        ftdn_text_append(&text, "%s\"k%d\": %d", i ? ", " : "{", i % (N_MEMBERS - 1), i);
    ftdn_text_append(&text, "}");
    const ftdn_json *root = parse(*state, text.chars);
    ftdn_text_done(&text);
    assert_int_equal(root->n_children, N_MEMBERS);
    assert_ptr_equal(ftdn_json_find_repeated(root), root->child[N_MEMBERS - 1]);
    assert_string_equal(root->child[N_MEMBERS - 1]->key, "k0");
}

static void kinds_have_names_for_messages(void **state)
{
    (void)state;
    static const char *const names[] = {"null", "true or false", "a number", "a string", "an array", "an object"};
    for (int i = 0; i <= FTDN_JSON_OBJECT; i++) assert_string_equal(ftdn_json_kind_name((ftdn_json_kind)i), names[i]);
    assert_string_equal(ftdn_json_kind_name((ftdn_json_kind)(FTDN_JSON_OBJECT + 1)), "no value");
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    const char *text = "{\"a\": [1, \"two\", {\"b\": null}], \"a\": true}";
    long n_good = 0;
    for (;; n_good++) {
        ftdn_arena arena;
        ftdn_arena_init(&arena);
        ftdn_arena_fail_after(&arena, n_good);
        ftdn_error err = {0};
        const ftdn_json *root = NULL;
        ftdn_status status = ftdn_json_parse(text, strlen(text), "m.json", &arena, &root, &err);
        assert_true(status == FTDN_OK || status == FTDN_ERR_MEMORY);
        assert_int_equal(err.status, status);
        assert_int_equal(status == FTDN_OK, root != NULL);
        ftdn_arena_done(&arena);
        if (status == FTDN_OK) break;
    }
    assert_true(n_good > 15);
}

static void file_names_are_kept(void **state)
{
    char name[] = "gone.json";
    ftdn_error err = {0};
    const ftdn_json *root = NULL;
    FTDN_ASSERT_OK(ftdn_json_parse("[1]", 3, name, *state, &root, &err), err);
    name[0] = 'x';
    assert_string_equal(root->child[0]->file, "gone.json");
}

static void reference_files_are_read(void **state)
{
    const ftdn_json *root = ftdn_test_load_json(*state, ftdn_test_shared_path(*state, "golden/average_precision.json"));
    assert_null(ftdn_json_find_repeated(root));
    assert_true(root->n_children > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_value_knows_where_it_stands, set_up, tear_down),
        cmocka_unit_test_setup_teardown(columns_count_characters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(strings_are_decoded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(single_values_are_documents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(numbers_are_kept_as_written_and_as_double, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_documents_are_refused_with_place_and_rule, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_bounds_of_utf8_are_accepted, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nesting_is_limited_to_200_levels, set_up, tear_down),
        cmocka_unit_test_setup_teardown(repeated_keys_are_kept_and_marked, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writing_keeps_the_order_or_sorts_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(equal_documents_have_equal_canonical_text, set_up, tear_down),
        cmocka_unit_test_setup_teardown(integers_above_2_to_53_stay_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_members_are_read_quickly, set_up, tear_down),
        cmocka_unit_test(kinds_have_names_for_messages),
        cmocka_unit_test(every_refused_allocation_is_an_error),
        cmocka_unit_test_setup_teardown(file_names_are_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reference_files_are_read, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
