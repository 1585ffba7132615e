#include "base/json_stream.h"

#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/support/support.h"

static const size_t piece_sizes[] = {1, 2, 3, 5, 16, 4096};
enum { N_PIECE_SIZES = sizeof piece_sizes / sizeof *piece_sizes };

typedef struct fixture {
    ftdn_arena arena;
    char *folder, *path;
} fixture;

static int set_up(void **state)
{
    static fixture place;
    ftdn_arena_init(&place.arena);
    place.folder = ftdn_test_create_folder(&place.arena);
    place.path = ftdn_test_join(&place.arena, place.folder, "a.json");
    ftdn_test_write_file(place.path, "{}", 2);
    *state = &place;
    return 0;
}

static int tear_down(void **state)
{
    fixture *place = *state;
    ftdn_test_remove_folder(place->folder);
    ftdn_arena_done(&place->arena);
    return 0;
}

/* In place, so that many small changes do not wait for the disk. */
static void overwrite(const fixture *place, const char *text, size_t n_bytes)
{
    FILE *file = fopen(place->path, "r+b");
    assert_non_null(file);
    assert_true(fwrite(text, 1, n_bytes, file) == n_bytes);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(truncate(place->path, (off_t)n_bytes), 0);
}

/* "[1:5]" and the item as compact JSON. */
static ftdn_status tell_item(const ftdn_json_piece *piece, ftdn_text *told, ftdn_error *err)
{
    ftdn_arena arena;
    const ftdn_json *item;
    ftdn_arena_init(&arena);
    char *exact = test_malloc(piece->n_bytes + 1); /* a sanitizer sees every byte read behind it */
    memcpy(exact, piece->text, piece->n_bytes);
    ftdn_status status =
        ftdn_json_parse_at(exact, piece->n_bytes, "a.json", piece->line, piece->column, &arena, &item, err);
    if (status == FTDN_OK) {
        ftdn_text_append(told, " [%d:%d]", piece->line, piece->column);
        ftdn_json_write(told, item, false);
    }
    test_free(exact);
    ftdn_arena_done(&arena);
    return status;
}

/* Tell all members of the file and the items of its arrays, at most n_items of each: the rest is stepped over.
 * *ret_is_checked: nothing was. */
static ftdn_status tell(const fixture *place, size_t piece_bytes, int n_items, ftdn_text *told, bool *ret_is_checked,
                        ftdn_error *err)
{
    ftdn_json_stream *stream;
    const ftdn_json_member *member = NULL;
    *ret_is_checked = true;
    FTDN_TRY(ftdn_json_stream_open(place->path, 1 << 28, piece_bytes, &stream, err));
    ftdn_status status = ftdn_json_stream_next_member(stream, &member, err);
    while (status == FTDN_OK && member) {
        const ftdn_json_piece *item = NULL;
        bool is_array = member->kind == FTDN_JSON_ARRAY;
        *ret_is_checked = *ret_is_checked && is_array && n_items == INT_MAX;
        ftdn_text_append(told, "[%d:%d]%s: [%d:%d]%s", member->key_line, member->key_column, member->key, member->line,
                         member->column, ftdn_json_kind_name(member->kind));
        for (int i = 0; is_array && i < n_items; i++) {
            status = ftdn_json_stream_next_item(stream, &item, err);
            if (status != FTDN_OK || !item) break;
            status = tell_item(item, told, err);
            if (status != FTDN_OK) break;
        }
        ftdn_text_append(told, "\n");
        if (status == FTDN_OK) status = ftdn_json_stream_next_member(stream, &member, err);
    }
    ftdn_json_stream_close(stream);
    return status;
}

static void assert_told(fixture *place, const char *text, int n_items, const char *wanted)
{
    overwrite(place, text, strlen(text));
    for (int i = 0; i < N_PIECE_SIZES; i++) {
        ftdn_error err = {0};
        ftdn_text told;
        bool is_checked;
        ftdn_text_init(&told);
        FTDN_ASSERT_OK(tell(place, piece_sizes[i], n_items, &told, &is_checked, &err), err);
        assert_string_equal(told.chars ? told.chars : "", wanted);
        ftdn_text_done(&told);
    }
}

static const char sample[] = " {\n"
                             "  \"a\" :[ 1,\"}]\\\"{\", {\"b\": [[], {}, \"\\\\\"]} ,\n"
                             "null],\"n\xc3\xa9\": {\"a\": [\"]\", {}]}, \"e\": [],\t\"l\": -1.5e3,\n"
                             "\"\\u0061\\n\": [\"\xe2\x82\xac\", true]\r\n"
                             ",\"s\": \"\\\\\" }\n";

static void members_and_items_come_with_their_places_whatever_is_read_at_a_time(void **state)
{
    assert_told(*state, sample, INT_MAX,
                "[2:3]a: [2:8]an array [2:10]1 [2:12]\"}]\\\"{\" [2:21]{\"b\":[[],{},\"\\\\\"]} [3:1]null\n"
                "[3:7]n\xc3\xa9: [3:13]an object\n"
                "[3:31]e: [3:36]an array\n"
                "[3:40]l: [3:45]a number\n"
                "[4:1]a\n: [4:13]an array [4:14]\"\xe2\x82\xac\" [4:19]true\n"
                "[5:2]s: [5:7]a string\n");
    assert_told(*state, "{}", INT_MAX, "");
    assert_told(*state, "\xef\xbb\xbf{\"a\":[0]}", INT_MAX, "[1:2]a: [1:6]an array [1:7]0\n");
}

static void what_nobody_asks_for_is_stepped_over(void **state)
{
    assert_told(*state, sample, 0,
                "[2:3]a: [2:8]an array\n"
                "[3:7]n\xc3\xa9: [3:13]an object\n"
                "[3:31]e: [3:36]an array\n"
                "[3:40]l: [3:45]a number\n"
                "[4:1]a\n: [4:13]an array\n"
                "[5:2]s: [5:7]a string\n");
    assert_told(*state, sample, 1,
                "[2:3]a: [2:8]an array [2:10]1\n"
                "[3:7]n\xc3\xa9: [3:13]an object\n"
                "[3:31]e: [3:36]an array\n"
                "[3:40]l: [3:45]a number\n"
                "[4:1]a\n: [4:13]an array [4:14]\"\xe2\x82\xac\"\n"
                "[5:2]s: [5:7]a string\n");
    assert_told(*state, "{\"a\": [1, 2], \"a\": [3]}", 2,
                "[1:2]a: [1:7]an array [1:8]1 [1:11]2\n[1:15]a: [1:20]an array [1:21]3\n");
}

static void mistakes_are_named_with_their_place(void **state)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", "1:1: expected a value, but the text ends"},
        {" \n", "2:1: expected a value, but the text ends"},
        {"[1]", "1:1: the file is an array, not an object"},
        {"\n7", "2:1: the file is a number, not an object"},
        {"NaN", "1:1: expected a value"},
        {"{", "1:2: expected a key in double quotes or '}', but the text ends"},
        {"{a", "1:2: expected a key in double quotes or '}'"},
        {"{\"a", "1:2: the string that begins here does not end on its line"},
        {"{\"a\n\": 1}", "1:2: the string that begins here does not end on its line"},
        {"{\"\\x\": 1}", "1:3: unknown escape"},
        {"{\"a\"}", "1:5: expected ':' after a key"},
        {"{\"a\":", "1:6: expected a value, but the text ends"},
        {"{\"a\":}", "1:6: expected a value"},
        {"{\"a\":1", "1:7: expected ',' or '}' after a member, but the text ends"},
        {"{\"a\":1 2}", "1:8: expected ',' or '}' after a member"},
        {"{\"a\":1,}", "1:8: expected a key in double quotes after ','"},
        {"{\"a\":1,]", "1:8: expected a key in double quotes or '}'"},
        {"{\"a\":1}\n x", "2:2: unexpected text behind the value"},
        {"{\"a\":[", "1:7: expected a value, but the text ends"},
        {"{\"a\":[1", "1:8: expected ',' or ']' after an item, but the text ends"},
        {"{\"a\":[1}", "1:8: expected ',' or ']' after an item"},
        {"{\"a\":[1 2]}", "1:9: expected ',' or ']' after an item"},
        {"{\"a\":[1,]}", "1:9: expected a value"},
        {"{\"a\":[,]}", "1:7: expected a value"},
        {"{\"a\":[NaN]}", "1:7: expected a value; JSON has neither NaN nor Infinity"},
        {"{\"a\":[{\"b\":\nNaN}]}", "2:1: expected a value; JSON has neither NaN nor Infinity"},
        {"{\"a\":[{\"b\":1]}", "1:13: expected ',' or '}' after a member"},
        {"{\"a\":[[1},2]}", "1:9: expected ',' or ']' after an item"},
        {"{\"a\":[\"b]}", "1:7: the string that begins here does not end on its line"},
        {"{\"a\":[{\"b\":1}", "1:14: expected ',' or ']' after an item, but the text ends"},
        {"{\"a\":[{\"b\":1", "1:13: expected ',' or '}' after a member, but the text ends"},
        {"{\"a\":[{\"b\" 1}]}", "1:12: expected ':' after a key"},
        {"{\"a\":[1.]}", "1:9: expected a digit behind '.'"},
        {"{\"a\":[12x]}", "1:9: unexpected text behind the value"},
        {"{\"a\":[\"\xff\"]}", "1:8: byte 0xff is not UTF-8 here"},
        {"{\"a\":{\"b\":[1}}", "1:13: '}' where an array is open"},
        {"{\"a\":{\"b\":1]}", "1:12: ']' where an object is open"},
        {"{\"a\":{\"b\n\":1}}", "1:9: a string does not end on its line"},
        {"{\"a\":{\"b\":[1,\n 2", "1:6: the value that begins here does not end, but the text does"},
    };
    fixture *place = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        overwrite(place, rows[i].text, strlen(rows[i].text));
        for (int k = 0; k < N_PIECE_SIZES; k++) {
            ftdn_error err = {0};
            ftdn_text told;
            bool is_checked;
            ftdn_text_init(&told);
            FTDN_ASSERT_FAILS(tell(place, piece_sizes[k], INT_MAX, &told, &is_checked, &err), FTDN_ERR_INPUT,
                              rows[i].message, err);
            assert_non_null(strstr(err.message, "a.json:"));
            ftdn_text_done(&told);
        }
    }
}

static void the_file_must_be_one_and_no_larger_than_allowed(void **state)
{
    fixture *place = *state;
    ftdn_error err = {0};
    ftdn_json_stream *stream = NULL;
    FTDN_ASSERT_FAILS(ftdn_json_stream_open(place->folder, 9, 1, &stream, &err), FTDN_ERR_INPUT, ": is a folder", err);
    FTDN_ASSERT_FAILS(ftdn_json_stream_open("/none.json", 9, 1, &stream, &err), FTDN_ERR_INPUT, "/none.json: No such",
                      err);
    overwrite(place, "{\"a\": [1]}", 10);
    FTDN_ASSERT_FAILS(ftdn_json_stream_open(place->path, 9, 1, &stream, &err), FTDN_ERR_INPUT,
                      "a.json: 10 bytes are more than the 9 allowed", err);
    assert_null(stream);
}

/* {"a": [{"b": OPEN ... OPEN CLOSE ... CLOSE}]}, or the same without the list around it. */
static ftdn_status tell_nested(const fixture *place, int depth, bool is_item, ftdn_error *err)
{
    ftdn_text text, told;
    bool is_checked;
    ftdn_text_init(&text);
    ftdn_text_init(&told);
    ftdn_text_append(&text, is_item ? "{\"a\": [" : "{\"a\": ");
    for (int i = 0; i < depth; i++) ftdn_text_append(&text, i % 2 ? "[" : "{\"b\":");
    ftdn_text_append(&text, "0");
    for (int i = depth - 1; i >= 0; i--) ftdn_text_append(&text, i % 2 ? "]" : "}");
    ftdn_text_append(&text, is_item ? "]}" : "}");
    overwrite(place, text.chars, text.n_chars);
    ftdn_status status = tell(place, 7, INT_MAX, &told, &is_checked, err);
    ftdn_text_done(&text);
    ftdn_text_done(&told);
    return status;
}

static void nesting_is_limited(void **state)
{
    ftdn_error err = {0};
    for (int is_item = 0; is_item < 2; is_item++) {
        FTDN_ASSERT_OK(tell_nested(*state, 200, is_item, &err), err);
        FTDN_ASSERT_FAILS(tell_nested(*state, 201, is_item, &err), FTDN_ERR_INPUT, ": nested deeper than 200 levels",
                          err);
        FTDN_ASSERT_FAILS(tell_nested(*state, 100000, is_item, &err), FTDN_ERR_INPUT, ": nested deeper than 200 levels",
                          err);
    }
}

static void an_item_without_end_does_not_fill_the_memory(void **state)
{
    fixture *place = *state;
    ftdn_error err = {0};
    ftdn_text text, told;
    bool is_checked;
    ftdn_text_init(&text);
    ftdn_text_init(&told);
    ftdn_text_append(&text, "{\"a\":\n [\"");
    while (text.n_chars < FTDN_JSON_LONGEST_ITEM - 100) ftdn_text_append(&text, "%060d", 0);
    size_t n_good = text.n_chars;
    ftdn_text_append(&text, "\"]}");
    overwrite(place, text.chars, text.n_chars);
    FTDN_ASSERT_OK(tell(place, FTDN_JSON_STREAM_PIECE, 1, &told, &is_checked, &err), err);
    text.n_chars = n_good;
    while (text.n_chars < 2 * FTDN_JSON_LONGEST_ITEM) ftdn_text_append(&text, "%060d", 0);
    ftdn_text_append(&text, "\"]}");
    overwrite(place, text.chars, text.n_chars);
    FTDN_ASSERT_FAILS(tell(place, FTDN_JSON_STREAM_PIECE, 1, &told, &is_checked, &err), FTDN_ERR_INPUT,
                      "a.json:2:3: the value that begins here is longer than 8388608 bytes; is a bracket or a quote "
                      "missing?",
                      err);
    FTDN_ASSERT_OK(tell(place, FTDN_JSON_STREAM_PIECE, 0, &told, &is_checked, &err), err);
    ftdn_text_done(&text);
    ftdn_text_done(&told);
}

/* What the tree's parser says of the text, for a comparison. */
static bool is_object(const char *text, size_t n_bytes)
{
    ftdn_arena arena;
    const ftdn_json *root;
    ftdn_arena_init(&arena);
    bool is_good = ftdn_json_parse(text, n_bytes, "a.json", &arena, &root, NULL) == FTDN_OK;
    is_good = is_good && root->kind == FTDN_JSON_OBJECT;
    ftdn_arena_done(&arena);
    return is_good;
}

/* The stream accepts what the parser does, and nothing else unless it stepped over something; what it says does not
 * depend on the size of pieces. */
static void assert_agrees(const fixture *place, const char *text, size_t n_bytes)
{
    ftdn_error err[2] = {0};
    ftdn_text told[2];
    ftdn_status status[2];
    bool is_checked;
    overwrite(place, text, n_bytes);
    for (int i = 0; i < 2; i++) {
        ftdn_text_init(&told[i]);
        ftdn_text_append(&told[i], ".");
        status[i] = tell(place, i ? 4096 : 3, INT_MAX, &told[i], &is_checked, &err[i]);
        assert_true(status[i] == FTDN_OK || status[i] == FTDN_ERR_INPUT);
    }
    assert_int_equal(status[0], status[1]);
    assert_string_equal(err[0].message, err[1].message);
    assert_string_equal(told[0].chars, told[1].chars);
    if (is_object(text, n_bytes)) assert_int_equal(status[0], FTDN_OK);
    else if (is_checked) assert_int_equal(status[0], FTDN_ERR_INPUT);
    for (int i = 0; i < 2; i++) ftdn_text_done(&told[i]);
}

static void cut_and_changed_text_is_judged_as_the_parser_does(void **state)
{
    static const char text[] = "{\"a\": [1.5, {\"b\": [\"}\\\"\", null]}, \"\\\\\"], \"c\": [],\n \"d\": [[true], -1]}";
    static const char changes[] = "\"{}[],:\\-.019 \nne";
    size_t n_bytes = sizeof text - 1;
    uint32_t random = 1;
    for (size_t n = n_bytes; n > 0; n--) assert_agrees(*state, text, n);
    for (int i = 0; i < 5000; i++) {
        char changed[sizeof text];
        memcpy(changed, text, sizeof text);
        for (int k = 0; k < 2; k++) {
            random = random * 1664525u + 1013904223u;
            changed[random / 256 % n_bytes] = changes[random / 65536 % (sizeof changes - 1)];
        }
        assert_agrees(*state, changed, n_bytes);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(members_and_items_come_with_their_places_whatever_is_read_at_a_time),
        TEST(what_nobody_asks_for_is_stepped_over),
        TEST(mistakes_are_named_with_their_place),
        TEST(the_file_must_be_one_and_no_larger_than_allowed),
        TEST(nesting_is_limited),
        TEST(an_item_without_end_does_not_fill_the_memory),
        TEST(cut_and_changed_text_is_judged_as_the_parser_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
