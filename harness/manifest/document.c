#include "harness/manifest/document.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/suggest.h"
#include "harness/manifest/data_cache.h"

#define LONGEST_NAME 100
#define LONGEST_VARIABLE 100

/* What a read of one value, with its inside, shares. */
typedef struct reader {
    const ftdn_key_table *table;
    const ftdn_value_place *place;
    ftdn_arena *arena;
    ftdn_mistakes *mistakes;
    ftdn_value *values; /* of place->key and the keys inside it */
    ftdn_error *err;
} reader;

/* The place's pointer and what stands behind it in the path of `key`; then the suffix. */
static void write_pointer(const reader *r, int key, const char *suffix, ftdn_text *text)
{
    const ftdn_value_place *place = r->place;
    const char *own = r->table->key[place->key].path, *rest = r->table->key[key].path + strlen(own);
    ftdn_text_append(text, "%s", place->pointer ? place->pointer : own);
    if (place->item >= 0) ftdn_text_append(text, "[%d]", place->item);
    if (*rest && *rest != '.' && text->n_chars) ftdn_text_append(text, ".");
    ftdn_text_append(text, "%s", rest);
    ftdn_text_append(text, "%s", text->n_chars ? suffix : suffix + (suffix[0] == '.'));
}

/* Add `what` for the place "key" + suffix; `what` is given up. */
static void add_mistake(const reader *r, ftdn_position position, int key, const char *suffix, ftdn_text *what)
{
    ftdn_text pointer;
    ftdn_text_init(&pointer);
    write_pointer(r, key, suffix, &pointer);
    if (pointer.failed || what->failed) r->mistakes->failed = true;
    else ftdn_mistakes_add(r->mistakes, position, pointer.chars, "%s", what->chars);
    ftdn_text_done(&pointer);
    ftdn_text_done(what);
}

/* "'VALUE' is not allowed; allowed: WHAT; did you mean 'OTHER'?" A value of the wrong kind is called by its kind. */
static void add_wrong_value(const reader *r, int key, const ftdn_json *node, bool is_wrong_kind)
{
    const ftdn_key *row = &r->table->key[key];
    ftdn_text what;
    ftdn_text_init(&what);
    if (node->kind == FTDN_JSON_BOOL) ftdn_text_append(&what, node->boolean ? "true" : "false");
    else if (is_wrong_kind) ftdn_text_append(&what, "%s", ftdn_json_kind_name(node->kind));
    else if (node->kind == FTDN_JSON_STRING) ftdn_text_append(&what, "'%s'", node->string);
    else if (node->kind == FTDN_JSON_NUMBER) ftdn_text_append(&what, "%s", node->literal);
    else ftdn_text_append(&what, node->n_children ? "this list" : "an empty list");
    ftdn_text_append(&what, " is not allowed; allowed: ");
    ftdn_key_table_write_allowed(r->table, key, &what);
    if (row->choices && node->kind == FTDN_JSON_STRING) {
        int n_choices;
        const char *const *choices = row->choices(&n_choices);
        const char *nearest = ftdn_suggest(node->string, choices, n_choices);
        if (nearest) ftdn_text_append(&what, "; did you mean '%s'?", nearest);
    }
    add_mistake(r, ftdn_position_of_value(node), key, "", &what);
}

static void add_unknown_key(const reader *r, int parent, const ftdn_json *member)
{
    ftdn_text what, suffix;
    ftdn_text_init(&what);
    ftdn_text_init(&suffix);
    bool of_template = r->place->of_template && parent == 0;
    ftdn_text_append(&what, "unknown key; allowed: ");
    if (of_template) ftdn_key_table_write_template(r->table, &what);
    else ftdn_key_table_write_inside(r->table, parent, &what);
    const char *nearest = of_template ? ftdn_key_table_suggest_swept(r->table, member->key)
                                      : ftdn_key_table_suggest(r->table, parent, member->key);
    bool is_dotted = strchr(member->key, '.') && ftdn_key_table_find(r->table, member->key, strlen(member->key)) >= 0;
    if (is_dotted)
        ftdn_text_append(&what, "; %sobjects are nested here",
                         r->table->has_sweeps ? "dotted keys stand in sweeps only, " : "");
    else if (nearest) ftdn_text_append(&what, "; did you mean '%s'?", nearest);
    ftdn_text_append(&suffix, ".%s", member->key);
    if (suffix.failed) what.failed = true;
    add_mistake(r, ftdn_position_of_key(member), parent, suffix.failed ? "" : suffix.chars, &what);
    ftdn_text_done(&suffix);
}

static void add_plain(const reader *r, ftdn_position position, int key, const char *suffix, const char *words)
{
    ftdn_text what;
    ftdn_text_init(&what);
    ftdn_text_append(&what, "%s", words);
    add_mistake(r, position, key, suffix, &what);
}

static bool is_choice(const ftdn_key *row, const char *word)
{
    int n_choices;
    const char *const *choices = row->choices(&n_choices);
    for (int i = 0; i < n_choices; i++)
        if (strcmp(choices[i], word) == 0) return true;
    return false;
}

bool ftdn_is_name(const char *text)
{
    static const char letters_and_digits[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    size_t n_chars = strlen(text);
    return n_chars > 0 && n_chars <= LONGEST_NAME && strchr(letters_and_digits, text[0]) &&
           strspn(text, all) == n_chars;
}

static bool is_in_range(const ftdn_key *row, double number)
{
    return (row->min_excluded ? number > row->min : number >= row->min) &&
           (row->max_excluded ? number < row->max : number <= row->max);
}

/* 3, 3.0 and 3e0 are the integer 3. Digits beyond 2^53 are compared before a double rounds them. */
static bool is_integer_in_range(const ftdn_key *row, const ftdn_json *node)
{
    long long exact;
    if (ftdn_json_get_integer(node, &exact)) return exact >= (long long)row->min && exact <= (long long)row->max;
    return floor(node->number) == node->number && is_in_range(row, node->number);
}

static bool is_range(const ftdn_key *row, const ftdn_json *list)
{
    if (list->n_children != 2) return false;
    for (int i = 0; i < 2; i++)
        if (list->child[i]->kind != FTDN_JSON_NUMBER || !is_in_range(row, list->child[i]->number)) return false;
    return list->child[0]->number <= list->child[1]->number;
}

static bool is_formula(const char *text)
{
    return strncmp(text, FTDN_FORMULA_PREFIX, strlen(FTDN_FORMULA_PREFIX)) == 0;
}

/* "formula:N", N up to 2^53 without a sign or a leading zero. */
static bool is_good_formula(const char *text)
{
    const char *digits = text + strlen(FTDN_FORMULA_PREFIX);
    size_t n_digits = strlen(digits);
    if (n_digits == 0 || n_digits > 16 || strspn(digits, "0123456789") != n_digits) return false;
    if (digits[0] == '0' && n_digits > 1) return false;
    return strtoull(digits, NULL, 10) <= FTDN_LARGEST_INTEGER;
}

/* Append the value of the variable whose "${" stands at *at, and step behind its "}". */
static bool expand_variable(const reader *r, int key, const ftdn_json *node, const char **at, ftdn_text *text)
{
    const char *name = *at + 2, *end = strchr(name, '}');
    size_t n_chars = end ? (size_t)(end - name) : 0;
    bool is_good = n_chars > 0 && n_chars <= LONGEST_VARIABLE && !isdigit((unsigned char)name[0]);
    for (size_t i = 0; i < n_chars; i++) is_good = is_good && (isalnum((unsigned char)name[i]) || name[i] == '_');
    if (!is_good) {
        add_plain(r, ftdn_position_of_value(node), key, "",
                  "'${' without a variable; allowed: ${NAME}, of letters, digits and '_'");
        return false;
    }
    char variable[LONGEST_VARIABLE + 1];
    memcpy(variable, name, n_chars);
    variable[n_chars] = 0;
    const char *value = getenv(variable);
    if (!value || !value[0]) {
        ftdn_text what;
        ftdn_text_init(&what);
        ftdn_text_append(&what, "environment variable %s is %s", variable, value ? "empty" : "not set");
        add_mistake(r, ftdn_position_of_value(node), key, "", &what);
        return false;
    }
    ftdn_text_append(text, "%s", value);
    *at = end + 1;
    return true;
}

/* Join a path to the folder of the file that it stands in. Data that are not there are looked up in the cache too. */
static ftdn_status place_path(const reader *r, int key, const ftdn_json *node, const char *relative,
                              const char **ret_path)
{
    bool is_data = r->table->key[key].type != FTDN_VALUE_PATHS;
    const char *folder = ftdn_path_folder(r->arena, node->file, r->err), *cached = NULL;
    const char *path = folder ? ftdn_path_join(r->arena, folder, relative, r->err) : NULL;
    if (!path) return FTDN_ERR_MEMORY;
    if (is_data && !ftdn_file_exists(path)) FTDN_TRY(ftdn_data_cache_find(relative, r->arena, &cached, r->err));
    *ret_path = cached ? cached : path;
    return FTDN_OK;
}

/* Set *ret_path to the path that a string stands for: variables expanded, then place_path. NULL after a mistake. */
static ftdn_status read_path(const reader *r, int key, const ftdn_json *node, const char **ret_path)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_status status = FTDN_OK;
    bool is_good = true;
    const char *at = node->string;
    *ret_path = NULL;
    while (*at && is_good) {
        if (strncmp(at, "${", 2) == 0) is_good = expand_variable(r, key, node, &at, &text);
        else ftdn_text_append_bytes(&text, at++, 1);
    }
    if (is_good) {
        status = ftdn_text_check(&text, r->err);
        if (status == FTDN_OK) status = place_path(r, key, node, text.chars, ret_path);
    }
    ftdn_text_done(&text);
    return status;
}

static bool is_text(const ftdn_json *node)
{
    return node->kind == FTDN_JSON_STRING && node->string[0];
}

/* The texts of a list: layer-name globs as they are, paths as read_path makes them. */
static ftdn_status read_list(const reader *r, int key, ftdn_value *value)
{
    const ftdn_json *list = value->node;
    bool of_paths = r->table->key[key].type == FTDN_VALUE_PATHS;
    value->is_sound = list->n_children > 0;
    if (!value->is_sound) add_wrong_value(r, key, list, false);
    const char **texts = FTDN_NEW(r->arena, (size_t)list->n_children, const char *, r->err);
    if (!texts) return FTDN_ERR_MEMORY;
    for (int i = 0; i < list->n_children; i++) {
        const ftdn_json *item = list->child[i];
        texts[i] = item->string;
        if (is_text(item) && of_paths) FTDN_TRY(read_path(r, key, item, &texts[i]));
        value->is_sound = value->is_sound && is_text(item) && texts[i];
        if (is_text(item)) continue;
        char suffix[16];
        snprintf(suffix, sizeof suffix, "[%d]", i);
        add_plain(r, ftdn_position_of_value(item), key, suffix,
                  of_paths ? "not a path; allowed: a path"
                           : "not a layer name; allowed: a name or a glob such as \"base_net.1.*\"");
    }
    value->list = texts;
    return FTDN_OK;
}

/* "'WORD' is not allowed; allowed: ...", for one name of several. */
static void add_wrong_name(const reader *r, int key, const ftdn_json *node, int item, const char *words)
{
    char suffix[16];
    snprintf(suffix, sizeof suffix, "[%d]", item);
    add_plain(r, node->key ? ftdn_position_of_key(node) : ftdn_position_of_value(node), key, node->key ? "" : suffix,
              words);
}

static ftdn_status read_classes(const reader *r, int key, ftdn_value *value)
{
    const ftdn_json *list = value->node;
    value->is_sound = list->n_children > 0 && list->n_children <= FTDN_MAX_CLASSES;
    if (!value->is_sound) {
        add_wrong_value(r, key, list, false);
        return FTDN_OK;
    }
    const char **names = FTDN_NEW(r->arena, (size_t)list->n_children, const char *, r->err);
    if (!names) return FTDN_ERR_MEMORY;
    for (int i = 0; i < list->n_children; i++) {
        const ftdn_json *item = list->child[i];
        bool is_repeated = false;
        names[i] = item->string;
        for (int k = 0; is_text(item) && k < i; k++)
            is_repeated = is_repeated || (is_text(list->child[k]) && !strcmp(names[k], names[i]));
        if (!is_text(item)) add_wrong_name(r, key, item, i, "not a name; allowed: the name of a class");
        else if (is_repeated) add_wrong_name(r, key, item, i, "a name given twice; allowed: different names");
        value->is_sound = value->is_sound && is_text(item) && !is_repeated;
    }
    value->list = names;
    return FTDN_OK;
}

static ftdn_status read_rename(const reader *r, int key, ftdn_value *value)
{
    const ftdn_json *object = value->node;
    const char **pairs = FTDN_NEW(r->arena, 2 * (size_t)object->n_children, const char *, r->err);
    if (!pairs) return FTDN_ERR_MEMORY;
    value->is_sound = true;
    for (int i = 0; i < object->n_children; i++) {
        const ftdn_json *member = object->child[i];
        bool is_good = is_text(member) && member->key[0];
        pairs[2 * i] = member->key;
        pairs[2 * i + 1] = member->string;
        if (member->repeated_key) add_wrong_name(r, key, member, i, "a name given twice in one object; allowed: once");
        else if (!is_good) add_wrong_name(r, key, member, i, "not a name for a name; allowed: {\"from\": \"to\"}");
        value->is_sound = value->is_sound && is_good && !member->repeated_key;
    }
    value->list = pairs;
    return FTDN_OK;
}

/* Is it one of the kinds of JSON that a value of this type may be? Lists of texts are read before. */
static bool is_wanted_kind(ftdn_value_type type, ftdn_json_kind kind)
{
    switch (type) {
    case FTDN_VALUE_OBJECT:
    case FTDN_VALUE_DEFAULTS:
    case FTDN_VALUE_KEYS:
    case FTDN_VALUE_GRID:
    case FTDN_VALUE_SAMPLE_KEYS:
    case FTDN_VALUE_RENAME:
    case FTDN_VALUE_SWEEPS: return kind == FTDN_JSON_OBJECT;
    case FTDN_VALUE_ZIP: return kind == FTDN_JSON_OBJECT || kind == FTDN_JSON_ARRAY;
    case FTDN_VALUE_SEEDS: return kind == FTDN_JSON_NUMBER || kind == FTDN_JSON_ARRAY;
    case FTDN_VALUE_INTEGER:
    case FTDN_VALUE_NUMBER: return kind == FTDN_JSON_NUMBER;
    case FTDN_VALUE_RANGE:
    case FTDN_VALUE_CLASSES:
    case FTDN_VALUE_EXCLUDE:
    case FTDN_VALUE_INCLUDE: return kind == FTDN_JSON_ARRAY;
    case FTDN_VALUE_FLAG: return kind == FTDN_JSON_BOOL;
    case FTDN_VALUE_TEXT:
    case FTDN_VALUE_NAME:
    case FTDN_VALUE_CHOICE:
    case FTDN_VALUE_PATH:
    case FTDN_VALUE_PATHS:
    case FTDN_VALUE_WEIGHTS:
    case FTDN_VALUE_SCOPE: break;
    }
    return kind == FTDN_JSON_STRING;
}

/* Is a value of the wanted kind within its row's rule? Paths and lists of names are looked at elsewhere. */
static bool obeys(const ftdn_key *row, const ftdn_json *node)
{
    switch (row->type) {
    case FTDN_VALUE_OBJECT:
    case FTDN_VALUE_DEFAULTS:
    case FTDN_VALUE_KEYS:
    case FTDN_VALUE_GRID:
    case FTDN_VALUE_SAMPLE_KEYS:
    case FTDN_VALUE_SWEEPS:
    case FTDN_VALUE_CLASSES:
    case FTDN_VALUE_RENAME:
    case FTDN_VALUE_FLAG:
    case FTDN_VALUE_TEXT: return true;
    case FTDN_VALUE_NAME: return ftdn_is_name(node->string);
    case FTDN_VALUE_CHOICE:
    case FTDN_VALUE_SCOPE: return is_choice(row, node->string);
    case FTDN_VALUE_INTEGER: return is_integer_in_range(row, node);
    case FTDN_VALUE_SEEDS: return node->kind == FTDN_JSON_ARRAY ? node->n_children > 0 : is_integer_in_range(row, node);
    case FTDN_VALUE_ZIP:
    case FTDN_VALUE_EXCLUDE:
    case FTDN_VALUE_INCLUDE: return node->kind == FTDN_JSON_OBJECT || node->n_children > 0;
    case FTDN_VALUE_NUMBER: return is_in_range(row, node->number);
    case FTDN_VALUE_RANGE: return is_range(row, node);
    case FTDN_VALUE_PATH:
    case FTDN_VALUE_PATHS: return node->string[0] != 0;
    case FTDN_VALUE_WEIGHTS: return is_formula(node->string) ? is_good_formula(node->string) : node->string[0] != 0;
    }
    return false;
}

static ftdn_status read_value(const reader *r, int key, const ftdn_json *node);

static ftdn_status read_members(const reader *r, int object, const ftdn_json *node)
{
    for (int i = 0; i < node->n_children; i++) {
        const ftdn_json *member = node->child[i];
        int key = ftdn_key_table_find_inside(r->table, object, member->key);
        bool is_foreign = r->place->of_template && !r->table->key[key].swept;
        if (key == 0 || is_foreign) add_unknown_key(r, object, member);
        else if (member->repeated_key)
            add_plain(r, ftdn_position_of_key(member), key, "", "key given twice in one object; allowed: once");
        else FTDN_TRY(read_value(r, key, member));
    }
    return FTDN_OK;
}

static ftdn_status read_value(const reader *r, int key, const ftdn_json *node)
{
    const ftdn_key *row = &r->table->key[key];
    ftdn_value *value = &r->values[key - r->place->key];
    *value = (ftdn_value){.node = node};
    bool has_inside = ftdn_key_table_n_rows(r->table, key) > 1;
    bool may_be_texts = row->type == FTDN_VALUE_SCOPE || row->type == FTDN_VALUE_PATHS;
    if (may_be_texts && node->kind == FTDN_JSON_ARRAY) return read_list(r, key, value);
    if (node->kind == FTDN_JSON_OBJECT && has_inside) {
        value->is_sound = true;
        return read_members(r, key, node);
    }
    bool is_wrong_kind = !is_wanted_kind(row->type, node->kind);
    if (is_wrong_kind || !obeys(row, node)) {
        add_wrong_value(r, key, node, is_wrong_kind);
        return FTDN_OK;
    }
    if (row->type == FTDN_VALUE_CLASSES) return read_classes(r, key, value);
    if (row->type == FTDN_VALUE_RENAME) return read_rename(r, key, value);
    bool is_path = row->type == FTDN_VALUE_PATH || row->type == FTDN_VALUE_PATHS;
    if (row->type == FTDN_VALUE_WEIGHTS) is_path = !is_formula(node->string);
    if (is_path) FTDN_TRY(read_path(r, key, node, &value->path));
    value->is_sound = !is_path || value->path;
    return FTDN_OK;
}

ftdn_value_place ftdn_place_of_key(ftdn_key_id key)
{
    return (ftdn_value_place){.key = key, .item = -1};
}

ftdn_status ftdn_value_read(const ftdn_value_place *place, const ftdn_json *node, ftdn_arena *arena,
                            ftdn_mistakes *mistakes, ftdn_value *ret_values, ftdn_error *err)
{
    const ftdn_key_table *table = place->table ? place->table : &ftdn_manifest_key_table;
    reader r = {
        .table = table, .place = place, .arena = arena, .mistakes = mistakes, .values = ret_values, .err = err};
    memset(ret_values, 0, (size_t)ftdn_key_table_n_rows(table, place->key) * sizeof *ret_values);
    return read_value(&r, place->key, node);
}

ftdn_status ftdn_values_read_defaults(const ftdn_key_table *table, ftdn_arena *arena, ftdn_value *ret_values,
                                      ftdn_error *err)
{
    memset(ret_values, 0, (size_t)table->n_keys * sizeof *ret_values);
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, arena);
    for (int key = 0; key < table->n_keys; key++) {
        const char *text = table->key[key].default_json;
        if (!text) continue;
        const ftdn_json *node = NULL;
        FTDN_TRY(ftdn_json_parse(text, strlen(text), "default", arena, &node, err));
        ftdn_value values[FTDN_MAX_KEYS];
        const ftdn_value_place place = {.table = table, .key = key, .item = -1};
        FTDN_TRY(ftdn_value_read(&place, node, arena, &mistakes, values, err));
        assert(values[0].is_sound && "a default breaks the rule of its own key");
        ret_values[key] = values[0];
    }
    return FTDN_OK;
}

bool ftdn_document_has(const ftdn_document *document, ftdn_key_id key)
{
    int n_rows = ftdn_key_n_rows(key);
    for (int i = 0; i < n_rows; i++)
        if (document->value[(int)key + i].node) return true;
    return false;
}

double ftdn_value_number(const ftdn_value *value)
{
    return value->node->number + 0.0; /* -0 + 0 = 0 */
}
