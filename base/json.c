#include "base/json.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/utf8.h"

#define DEEPEST_NESTING 200
#define KNOWN_ESCAPES "\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX"
#define LONGEST_NUMBER 63 /* cJSON reads no more characters of a number */

/* A node of the walk: where a value stands. Children are chained until they are counted. */
typedef struct placed_node {
    ftdn_json json;
    struct placed_node *first_child, *next;
} placed_node;

/* The walk over the text: checks every rule and notes every place. */
typedef struct reader {
    const char *text; /* [n_bytes] */
    size_t n_bytes;
    size_t at;        /* next byte */
    int line, column; /* of that byte, from 1 */
    int depth;        /* objects and arrays open */
    char *literals;   /* [n_bytes + 1], a copy of the text in which numbers get a 0 behind them */
    const char *file;
    ftdn_arena *arena;
    ftdn_error *err;
} reader;

/* A failure at a place of the text. */
#define FAIL_AT(r, at_line, at_column, ...)                                                                            \
    (FTDN_FAIL((r)->err, FTDN_ERR_INPUT, __VA_ARGS__),                                                                 \
     ftdn_error_context((r)->err, "%s:%d:%d", (r)->file, (at_line), (at_column)), FTDN_ERR_INPUT)

/* The next byte, -1 at the end. */
static int peek(const reader *r)
{
    return r->at < r->n_bytes ? (unsigned char)r->text[r->at] : -1;
}

/* Step over one character of n_bytes bytes. */
static void advance(reader *r, size_t n_bytes)
{
    if (r->text[r->at] == '\n') {
        r->line++;
        r->column = 1;
    } else {
        r->column++;
    }
    r->at += n_bytes;
}

static void skip_space(reader *r)
{
    for (int c = peek(r); c == ' ' || c == '\t' || c == '\n' || c == '\r'; c = peek(r)) advance(r, 1);
}

/* "expected WHAT", and what a reader of the message may not see at once. */
static ftdn_status expected(const reader *r, const char *what)
{
    const char *hint = "";
    if (peek(r) < 0) hint = ", but the text ends";
    else if (peek(r) == '/') hint = "; JSON has no comments";
    else if (peek(r) == '\'') hint = "; JSON has no single quotes";
    return FAIL_AT(r, r->line, r->column, "expected %s%s", what, hint);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* The four hexadecimal digits behind the next two bytes (backslash and u); -1 where they are none. */
static int peek_code_unit(const reader *r)
{
    if (r->n_bytes - r->at < 6) return -1;
    int unit = 0;
    for (size_t i = r->at + 2; i < r->at + 6; i++) {
        int digit = hex_digit(r->text[i]);
        if (digit < 0) return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static void advance_ascii(reader *r, int n_chars)
{
    for (int i = 0; i < n_chars; i++) advance(r, 1);
}

/* A \uXXXX escape, or two that make a surrogate pair; r stands at the backslash. */
static ftdn_status walk_unicode_escape(reader *r)
{
    int unit = peek_code_unit(r);
    if (unit < 0) return FAIL_AT(r, r->line, r->column, "expected four hexadecimal digits behind \\u");
    if (unit == 0) return FAIL_AT(r, r->line, r->column, "a string cannot hold \\u0000");
    reader pair = *r;
    advance_ascii(&pair, 6);
    bool is_high = unit >= 0xd800 && unit <= 0xdbff, is_low = unit >= 0xdc00 && unit <= 0xdfff;
    if (is_high && pair.n_bytes - pair.at >= 2 && memcmp(pair.text + pair.at, "\\u", 2) == 0) {
        int low = peek_code_unit(&pair);
        is_high = !(low >= 0xdc00 && low <= 0xdfff);
        if (!is_high) advance_ascii(&pair, 6);
    }
    if (is_high || is_low) return FAIL_AT(r, r->line, r->column, "\\u%04x is half of a surrogate pair", (unsigned)unit);
    *r = pair;
    return FTDN_OK;
}

/* A backslash and what belongs to it. */
static ftdn_status walk_escape(reader *r)
{
    int escape = r->at + 1 < r->n_bytes ? (unsigned char)r->text[r->at + 1] : 0;
    if (escape == 'u') return walk_unicode_escape(r);
    if (!escape || !strchr("\"\\/bfnrt", escape))
        return FAIL_AT(r, r->line, r->column, "unknown escape; known are %s", KNOWN_ESCAPES);
    advance_ascii(r, 2);
    return FTDN_OK;
}

static ftdn_status walk_string(reader *r)
{
    int first_line = r->line, first_column = r->column;
    advance(r, 1);
    for (int c = peek(r); c != '"'; c = peek(r)) {
        if (c < 0 || c == '\n' || c == '\r')
            return FAIL_AT(r, first_line, first_column, "the string that begins here does not end on its line");
        if (c < 0x20)
            return FAIL_AT(r, r->line, r->column, "control character in a string; write it as \\u%04x", (unsigned)c);
        if (c == '\\') {
            FTDN_TRY(walk_escape(r));
            continue;
        }
        uint32_t code;
        size_t size = ftdn_utf8_decode(r->text + r->at, r->n_bytes - r->at, &code);
        if (size == 0) return FAIL_AT(r, r->line, r->column, "byte 0x%02x is not UTF-8 here", (unsigned)c);
        advance(r, size);
    }
    advance(r, 1);
    return FTDN_OK;
}

/* Step over one digit or more. */
static ftdn_status walk_digits(reader *r, const char *what)
{
    if (peek(r) < '0' || peek(r) > '9') return expected(r, what);
    while (peek(r) >= '0' && peek(r) <= '9') advance(r, 1);
    return FTDN_OK;
}

static ftdn_status walk_number(reader *r, ftdn_json *node)
{
    size_t first = r->at;
    if (peek(r) == '-') advance(r, 1);
    bool leading_zero = peek(r) == '0';
    size_t first_digit = r->at;
    FTDN_TRY(walk_digits(r, "a digit behind '-'"));
    if (leading_zero && r->at - first_digit > 1)
        return FAIL_AT(r, node->line, node->column, "a number cannot begin with a zero");
    if (peek(r) == '.') {
        advance(r, 1);
        FTDN_TRY(walk_digits(r, "a digit behind '.'"));
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        advance(r, 1);
        if (peek(r) == '+' || peek(r) == '-') advance(r, 1);
        FTDN_TRY(walk_digits(r, "a digit in the exponent"));
    }
    if (r->at - first > LONGEST_NUMBER)
        return FAIL_AT(r, node->line, node->column, "a number of %zu characters is longer than %d", r->at - first,
                       LONGEST_NUMBER);
    r->literals[r->at] = 0; /* a number's end is never the first character of another literal */
    node->literal = r->literals + first;
    return FTDN_OK;
}

static ftdn_status walk_word(reader *r, const char *word)
{
    size_t n_chars = strlen(word);
    if (r->n_bytes - r->at < n_chars || memcmp(r->text + r->at, word, n_chars) != 0) return expected(r, "a value");
    advance_ascii(r, (int)n_chars);
    return FTDN_OK;
}

static ftdn_status walk_value(reader *r, placed_node *node);

/* A member's key and colon. */
static ftdn_status walk_key(reader *r, ftdn_json *member, bool is_first)
{
    if (peek(r) != '"')
        return expected(r, is_first ? "a key in double quotes or '}'" : "a key in double quotes after ','");
    member->key_line = r->line;
    member->key_column = r->column;
    FTDN_TRY(walk_string(r));
    skip_space(r);
    if (peek(r) != ':') return expected(r, "':' after a key");
    advance(r, 1);
    skip_space(r);
    return FTDN_OK;
}

/* The items of an array or the members of an object, brackets included. */
static ftdn_status walk_children(reader *r, placed_node *parent)
{
    bool is_object = parent->json.kind == FTDN_JSON_OBJECT;
    int closing = is_object ? '}' : ']';
    if (++r->depth > DEEPEST_NESTING)
        return FAIL_AT(r, r->line, r->column, "nested deeper than %d levels", DEEPEST_NESTING);
    advance(r, 1);
    skip_space(r);
    placed_node **end = &parent->first_child;
    bool more = peek(r) != closing;
    while (more) {
        placed_node *child = FTDN_NEW(r->arena, 1, placed_node, r->err);
        if (!child) return FTDN_ERR_MEMORY;
        if (is_object) FTDN_TRY(walk_key(r, &child->json, parent->json.n_children == 0));
        FTDN_TRY(walk_value(r, child));
        *end = child;
        end = &child->next;
        parent->json.n_children++;
        skip_space(r);
        more = peek(r) == ',';
        if (!more && peek(r) != closing)
            return expected(r, is_object ? "',' or '}' after a member" : "',' or ']' after an item");
        if (more) advance(r, 1);
        if (more) skip_space(r);
    }
    advance(r, 1);
    r->depth--;
    return FTDN_OK;
}

static ftdn_status walk_value(reader *r, placed_node *node)
{
    ftdn_json *json = &node->json;
    json->file = r->file;
    json->line = r->line;
    json->column = r->column;
    int c = peek(r);
    switch (c) {
    case '{': json->kind = FTDN_JSON_OBJECT; return walk_children(r, node);
    case '[': json->kind = FTDN_JSON_ARRAY; return walk_children(r, node);
    case '"': json->kind = FTDN_JSON_STRING; return walk_string(r);
    case 't': json->kind = FTDN_JSON_BOOL; return walk_word(r, "true");
    case 'f': json->kind = FTDN_JSON_BOOL; return walk_word(r, "false");
    case 'n': json->kind = FTDN_JSON_NULL; return walk_word(r, "null");
    default: break;
    }
    if (c != '-' && (c < '0' || c > '9')) return expected(r, "a value");
    json->kind = FTDN_JSON_NUMBER;
    return walk_number(r, json);
}

/* By key, equal keys by their order in the file. */
static int compare_members(const void *a, const void *b)
{
    const ftdn_json *x = *(const ftdn_json *const *)a, *y = *(const ftdn_json *const *)b;
    int order = strcmp(x->key, y->key);
    if (order == 0) order = (x->key_line > y->key_line) - (x->key_line < y->key_line);
    if (order == 0) order = (x->key_column > y->key_column) - (x->key_column < y->key_column);
    return order;
}

static ftdn_status copy_text(reader *r, const char *text, const char **ret_copy)
{
    const char *copy = ftdn_arena_copy_text(r->arena, text, strlen(text), r->err);
    if (!copy) return FTDN_ERR_MEMORY;
    *ret_copy = copy;
    return FTDN_OK;
}

/* Mark every member of an object that repeats a key. Sorting keeps an object of many keys cheap. */
static ftdn_status mark_repeated_keys(reader *r, placed_node *object)
{
    size_t n_members = (size_t)object->json.n_children, i = 0;
    ftdn_arena_mark mark = ftdn_arena_get_mark(r->arena);
    ftdn_json **sorted = FTDN_NEW(r->arena, n_members, ftdn_json *, r->err);
    if (!sorted) return FTDN_ERR_MEMORY;
    for (placed_node *child = object->first_child; child; child = child->next) sorted[i++] = &child->json;
    qsort(sorted, n_members, sizeof *sorted, compare_members);
    for (i = 1; i < n_members; i++) sorted[i]->repeated_key = strcmp(sorted[i]->key, sorted[i - 1]->key) == 0;
    ftdn_arena_reset(r->arena, mark);
    return FTDN_OK;
}

/* Fill a walked tree with the values that cJSON read from the same text. */
static ftdn_status take_values(reader *r, placed_node *node, const cJSON *item)
{
    ftdn_json *json = &node->json;
    if (json->kind == FTDN_JSON_BOOL) json->boolean = cJSON_IsTrue(item);
    if (json->kind == FTDN_JSON_STRING) FTDN_TRY(copy_text(r, item->valuestring, &json->string));
    if (json->kind == FTDN_JSON_NUMBER) {
        json->number = item->valuedouble;
        if (!isfinite(json->number))
            return FAIL_AT(r, json->line, json->column, "number %s is too large for a double", json->literal);
    }
    if (json->kind != FTDN_JSON_ARRAY && json->kind != FTDN_JSON_OBJECT) return FTDN_OK;

    json->child = FTDN_NEW(r->arena, (size_t)json->n_children, const ftdn_json *, r->err);
    if (!json->child) return FTDN_ERR_MEMORY;
    placed_node *child = node->first_child;
    const cJSON *child_item = item->child;
    for (int i = 0; i < json->n_children; i++, child = child->next, child_item = child_item->next) {
        assert(child_item && "the walk and cJSON agree on the children");
        json->child[i] = &child->json;
        if (child->json.key_line > 0) FTDN_TRY(copy_text(r, child_item->string, &child->json.key));
        FTDN_TRY(take_values(r, child, child_item));
    }
    return json->kind == FTDN_JSON_OBJECT ? mark_repeated_keys(r, node) : FTDN_OK;
}

ftdn_status ftdn_json_parse(const char *text, size_t n_bytes, const char *file_name, ftdn_arena *arena,
                            const ftdn_json **ret_root, ftdn_error *err)
{
    if (n_bytes > INT_MAX) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %zu bytes are too many", file_name, n_bytes);
    reader r = {.text = text, .n_bytes = n_bytes, .line = 1, .column = 1, .arena = arena, .err = err};
    FTDN_TRY(copy_text(&r, file_name, &r.file));
    r.literals = ftdn_arena_copy_text(arena, text, n_bytes, err);
    placed_node *root = FTDN_NEW(arena, 1, placed_node, err);
    if (!r.literals || !root) return FTDN_ERR_MEMORY;
    if (n_bytes >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        return FAIL_AT(&r, 1, 1, "the text begins with a byte order mark");
    skip_space(&r);
    FTDN_TRY(walk_value(&r, root));
    skip_space(&r);
    if (peek(&r) >= 0) return FAIL_AT(&r, r.line, r.column, "unexpected text behind the value");

    cJSON *values = cJSON_ParseWithLength(text, n_bytes);
    if (!values) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%s: out of memory for its values", file_name);
    ftdn_status status = take_values(&r, root, values);
    cJSON_Delete(values);
    if (status == FTDN_OK) *ret_root = &root->json;
    return status;
}

const ftdn_json *ftdn_json_find(const ftdn_json *object, const char *key)
{
    if (!object || object->kind != FTDN_JSON_OBJECT) return NULL;
    for (int i = 0; i < object->n_children; i++)
        if (strcmp(object->child[i]->key, key) == 0) return object->child[i];
    return NULL;
}

const ftdn_json *ftdn_json_find_repeated(const ftdn_json *root)
{
    if (root->repeated_key) return root;
    for (int i = 0; i < root->n_children; i++) {
        const ftdn_json *repeated = ftdn_json_find_repeated(root->child[i]);
        if (repeated) return repeated;
    }
    return NULL;
}

const char *ftdn_json_kind_name(ftdn_json_kind kind)
{
    switch (kind) {
    case FTDN_JSON_NULL: return "null";
    case FTDN_JSON_BOOL: return "true or false";
    case FTDN_JSON_NUMBER: return "a number";
    case FTDN_JSON_STRING: return "a string";
    case FTDN_JSON_ARRAY: return "an array";
    case FTDN_JSON_OBJECT: return "an object";
    }
    return "no value";
}

bool ftdn_json_get_integer(const ftdn_json *node, long long *ret_value)
{
    if (node->kind != FTDN_JSON_NUMBER || strpbrk(node->literal, ".eE")) return false;
    errno = 0;
    long long value = strtoll(node->literal, NULL, 10);
    if (errno != 0) return false;
    *ret_value = value;
    return true;
}

static void write_number(ftdn_text *text, const ftdn_json *node)
{
    long long integer;
    bool is_integer = ftdn_json_get_integer(node, &integer);
    if (is_integer && (node->number >= 0x1p63 || (long long)node->number != integer))
        ftdn_text_append(text, "%lld", integer);
    else ftdn_text_append_json_number(text, node->number);
}

static void write_children(ftdn_text *text, const ftdn_json *parent, const ftdn_json *const *child, bool canonical)
{
    bool is_object = parent->kind == FTDN_JSON_OBJECT;
    ftdn_text_append_bytes(text, is_object ? "{" : "[", 1);
    for (int i = 0; i < parent->n_children; i++) {
        if (i > 0) ftdn_text_append_bytes(text, ",", 1);
        if (is_object) {
            ftdn_text_append_json_string(text, child[i]->key);
            ftdn_text_append_bytes(text, ":", 1);
        }
        ftdn_json_write(text, child[i], canonical);
    }
    ftdn_text_append_bytes(text, is_object ? "}" : "]", 1);
}

static void write_sorted(ftdn_text *text, const ftdn_json *object)
{
    size_t n_members = (size_t)object->n_children;
    const ftdn_json **sorted = malloc(n_members * sizeof *sorted);
    if (!sorted) {
        text->failed = true;
        return;
    }
    memcpy(sorted, object->child, n_members * sizeof *sorted);
    qsort(sorted, n_members, sizeof *sorted, compare_members);
    write_children(text, object, sorted, true);
    free(sorted);
}

void ftdn_json_write(ftdn_text *text, const ftdn_json *node, bool canonical)
{
    switch (node->kind) {
    case FTDN_JSON_NULL: ftdn_text_append_bytes(text, "null", 4); break;
    case FTDN_JSON_BOOL: ftdn_text_append(text, "%s", node->boolean ? "true" : "false"); break;
    case FTDN_JSON_NUMBER: write_number(text, node); break;
    case FTDN_JSON_STRING: ftdn_text_append_json_string(text, node->string); break;
    case FTDN_JSON_ARRAY: write_children(text, node, node->child, canonical); break;
    case FTDN_JSON_OBJECT:
        if (canonical && node->n_children > 1) write_sorted(text, node);
        else write_children(text, node, node->child, canonical);
        break;
    }
}
