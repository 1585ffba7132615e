#include "harness/manifest/key_table.h"

#include <string.h>

#include "base/suggest.h"

bool ftdn_value_is_list(ftdn_value_type type)
{
    return type == FTDN_VALUE_RANGE || type == FTDN_VALUE_CLASSES;
}

int ftdn_key_table_find(const ftdn_key_table *table, const char *path, size_t n_chars)
{
    for (int key = 0; key < table->n_keys; key++) {
        const char *known = table->key[key].path;
        if (strlen(known) == n_chars && memcmp(known, path, n_chars) == 0) return key;
    }
    return -1;
}

int ftdn_key_table_parent(const ftdn_key_table *table, int key)
{
    const char *path = table->key[key].path, *last_dot = strrchr(path, '.');
    return last_dot ? ftdn_key_table_find(table, path, (size_t)(last_dot - path)) : 0;
}

static bool is_inside(const char *path, const char *object)
{
    size_t n_chars = strlen(object);
    return n_chars == 0 || (strncmp(path, object, n_chars) == 0 && path[n_chars] == '.');
}

int ftdn_key_table_n_rows(const ftdn_key_table *table, int key)
{
    int n_rows = 1;
    while (key + n_rows < table->n_keys && is_inside(table->key[key + n_rows].path, table->key[key].path)) n_rows++;
    return n_rows;
}

int ftdn_key_table_find_inside(const ftdn_key_table *table, int parent, const char *name)
{
    for (int key = parent + 1; key < parent + ftdn_key_table_n_rows(table, parent); key++)
        if (strcmp(ftdn_key_table_last_name(table, key), name) == 0 && ftdn_key_table_parent(table, key) == parent)
            return key;
    return 0;
}

const char *ftdn_key_table_last_name(const ftdn_key_table *table, int key)
{
    const char *path = table->key[key].path, *last_dot = strrchr(path, '.');
    return last_dot ? last_dot + 1 : path;
}

/* The path of the one key of this last name; NULL where there is none or more than one. */
static const char *find_elsewhere(const ftdn_key_table *table, const char *name, bool only_swept)
{
    const char *found = NULL;
    for (int key = 1; key < table->n_keys; key++) {
        if (only_swept && !table->key[key].swept) continue;
        if (strcmp(ftdn_key_table_last_name(table, key), name) != 0) continue;
        if (found) return NULL;
        found = table->key[key].path;
    }
    return found;
}

const char *ftdn_key_table_suggest(const ftdn_key_table *table, int parent, const char *name)
{
    const char *candidates[FTDN_MAX_KEYS];
    int n_candidates = 0;
    for (int key = parent + 1; key < parent + ftdn_key_table_n_rows(table, parent); key++)
        if (ftdn_key_table_parent(table, key) == parent)
            candidates[n_candidates++] = ftdn_key_table_last_name(table, key);
    const char *nearest = ftdn_suggest(name, candidates, n_candidates);
    return nearest ? nearest : find_elsewhere(table, name, false);
}

const char *ftdn_key_table_suggest_swept(const ftdn_key_table *table, const char *path)
{
    const char *candidates[FTDN_MAX_KEYS];
    int n_candidates = 0;
    for (int key = 0; key < table->n_keys; key++)
        if (table->key[key].swept) candidates[n_candidates++] = table->key[key].path;
    const char *elsewhere = find_elsewhere(table, path, true);
    return elsewhere ? elsewhere : ftdn_suggest(path, candidates, n_candidates);
}

void ftdn_key_table_write_inside(const ftdn_key_table *table, int parent, ftdn_text *text)
{
    const char *separator = "";
    for (int key = parent + 1; key < parent + ftdn_key_table_n_rows(table, parent); key++) {
        if (ftdn_key_table_parent(table, key) != parent) continue;
        ftdn_text_append(text, "%s%s", separator, ftdn_key_table_last_name(table, key));
        separator = ", ";
    }
}

void ftdn_key_table_write_template(const ftdn_key_table *table, ftdn_text *text)
{
    const char *separator = "";
    for (int key = 1; key < table->n_keys; key++) {
        if (!table->key[key].swept || ftdn_key_table_parent(table, key) != 0) continue;
        ftdn_text_append(text, "%s%s", separator, table->key[key].path);
        separator = ", ";
    }
}

/* "an object with the keys type, rate" */
static void write_object(const ftdn_key_table *table, int key, ftdn_text *text)
{
    int n_inside = 0;
    for (int i = key + 1; i < key + ftdn_key_table_n_rows(table, key); i++)
        n_inside += ftdn_key_table_parent(table, i) == key;
    ftdn_text_append(text, "an object with the key%s ", n_inside > 1 ? "s" : "");
    ftdn_key_table_write_inside(table, key, text);
}

static void write_choices(const ftdn_key *key, ftdn_text *text)
{
    int n_choices;
    const char *const *choices = key->choices(&n_choices);
    for (int i = 0; i < n_choices; i++) ftdn_text_append(text, "%s%s", i ? ", " : "", choices[i]);
}

/* "a number in (0, 4]" */
static void write_range(const ftdn_key *key, const char *kind, ftdn_text *text)
{
    if (key->min == key->max) {
        ftdn_text_append(text, "%.17g", key->min);
        return;
    }
    ftdn_text_append(text, "%s in %c%.17g, %.17g%c", kind, key->min_excluded ? '(' : '[', key->min, key->max,
                     key->max_excluded ? ')' : ']');
}

void ftdn_key_table_write_allowed(const ftdn_key_table *table, int id, ftdn_text *text)
{
    const ftdn_key *key = &table->key[id];
    switch (key->type) {
    case FTDN_VALUE_OBJECT: write_object(key->like ? key->like : table, key->like ? key->like_key : id, text); break;
    case FTDN_VALUE_TEXT: ftdn_text_append(text, "a string"); break;
    case FTDN_VALUE_NAME:
        ftdn_text_append(
            text, "a name of at most 100 letters, digits, '-', '_' and '.' that begins with a letter or a digit");
        break;
    case FTDN_VALUE_CHOICE: write_choices(key, text); break;
    case FTDN_VALUE_INTEGER: write_range(key, "an integer", text); break;
    case FTDN_VALUE_NUMBER: write_range(key, "a number", text); break;
    case FTDN_VALUE_RANGE: ftdn_text_append(text, "a list [least, greatest] of two single-precision numbers"); break;
    case FTDN_VALUE_FLAG: ftdn_text_append(text, "true, false"); break;
    case FTDN_VALUE_PATH: ftdn_text_append(text, "a path"); break;
    case FTDN_VALUE_WEIGHTS: ftdn_text_append(text, "the path of a weight file, or formula:N with an integer N"); break;
    case FTDN_VALUE_SCOPE:
        write_choices(key, text);
        ftdn_text_append(text, ", or a list of layer-name globs");
        if (ftdn_key_table_n_rows(table, id) == 1) break;
        ftdn_text_append(text, ", or ");
        write_object(table, id, text);
        break;
    case FTDN_VALUE_PATHS: ftdn_text_append(text, "a path, or a list of paths"); break;
    case FTDN_VALUE_CLASSES: ftdn_text_append(text, "a list of 1 to %d different names", FTDN_MAX_CLASSES); break;
    case FTDN_VALUE_RENAME: ftdn_text_append(text, "an object of names, each with a name"); break;
    case FTDN_VALUE_DEFAULTS:
        ftdn_text_append(text, "an object with the keys ");
        ftdn_key_table_write_template(table, text);
        break;
    case FTDN_VALUE_KEYS: ftdn_text_append(text, "an object of dotted keys, each with a value"); break;
    case FTDN_VALUE_GRID:
        ftdn_text_append(text, "an object of dotted keys, each with a list of values or a range");
        break;
    case FTDN_VALUE_ZIP:
        ftdn_text_append(text, "an object of dotted keys, each with a list of values or a range, or a list of such "
                               "objects");
        break;
    case FTDN_VALUE_SAMPLE_KEYS:
        ftdn_text_append(text, "an object of dotted keys, each with a range without step or a list of values");
        break;
    case FTDN_VALUE_EXCLUDE:
        ftdn_text_append(text, "a list of objects of dotted keys, each with a value or a list of values");
        break;
    case FTDN_VALUE_INCLUDE: ftdn_text_append(text, "a list of objects of dotted keys, each with a value"); break;
    case FTDN_VALUE_SEEDS:
        ftdn_text_append(text, "a list of seeds, a number of seeds in [%.17g, %.17g], or ", key->min, key->max);
        write_object(table, id, text);
        break;
    case FTDN_VALUE_SWEEPS: ftdn_text_append(text, "an object of named sweeps, each with the keys of sweep"); break;
    }
}
