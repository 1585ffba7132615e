#include "harness/manifest/manifest_schema.h"

#include <stdbool.h>

#include "harness/manifest/schema_parts.h"

/* Text with variables: ${NAME} only, and no other "${". The same rule as document.c's. */
#define PATH_PATTERN "^([^$]|\\\\$(?!\\\\{)|\\\\$\\\\{[A-Za-z_][A-Za-z0-9_]{0,99}\\\\})+$"
#define PATH "'type': 'string', 'pattern': '" PATH_PATTERN "'"
#define WORD "'type': 'string', 'minLength': 1"
#define FORMULA_PATTERN "^formula:(0|[1-9][0-9]{0,15})$"

void ftdn_schema_put(ftdn_text *text, const char *words)
{
    for (const char *c = words; *c; c++) ftdn_text_append_bytes(text, *c == '\'' ? "\"" : c, 1);
}

void ftdn_schema_put_ref(ftdn_text *text, const char *prefix, ftdn_key_id key)
{
    ftdn_text_append(text, "{\"$ref\": \"#/$defs/%s%s\"}", prefix, ftdn_manifest_keys[key].path);
}

void ftdn_schema_begin_line(ftdn_text *text, int depth, bool *is_first, const char *prefix, const char *name)
{
    ftdn_text_append(text, "%s\n%*s\"%s%s\": ", *is_first ? "" : ",", 2 * depth, "", prefix, name);
    *is_first = false;
}

static void put_choices(const ftdn_key *key, ftdn_text *text)
{
    int n_choices;
    const char *const *choices = key->choices(&n_choices);
    ftdn_schema_put(text, "'enum': [");
    for (int i = 0; i < n_choices; i++) ftdn_text_append(text, "%s\"%s\"", i ? ", " : "", choices[i]);
    ftdn_text_append(text, "]");
}

/* type: "integer", "number" */
static void put_bounds(const ftdn_key *key, const char *type, ftdn_text *text)
{
    ftdn_text_append(text, "\"type\": \"%s\", \"%s\": ", type, key->min_excluded ? "exclusiveMinimum" : "minimum");
    ftdn_text_append_json_number(text, key->min);
    ftdn_schema_put(text, key->max_excluded ? ", 'exclusiveMaximum': " : ", 'maximum': ");
    ftdn_text_append_json_number(text, key->max);
}

/* The keys that an object of a sweep must have. What the template's objects must have may also come from elsewhere
 * (schema_rules.c). */
static void put_required(ftdn_key_id id, ftdn_text *text)
{
    bool is_first = true;
    for (int i = (int)id + 1; i < (int)id + ftdn_key_n_rows(id); i++) {
        const ftdn_key *key = &ftdn_manifest_keys[i];
        if (!key->required || key->swept || ftdn_key_parent((ftdn_key_id)i) != id) continue;
        ftdn_text_append(text, "%s\"%s\"", is_first ? ", \"required\": [" : ", ", ftdn_key_last_name((ftdn_key_id)i));
        is_first = false;
    }
    if (!is_first) ftdn_text_append(text, "]");
}

void ftdn_schema_put_object(ftdn_key_id id, ftdn_text *text)
{
    const char *separator = "";
    ftdn_schema_put(text, "'type': 'object', 'properties': {");
    for (int i = (int)id + 1; i < (int)id + ftdn_key_n_rows(id); i++) {
        ftdn_key_id inside = (ftdn_key_id)i;
        if (ftdn_key_parent(inside) != id) continue;
        ftdn_text_append(text, "%s\"%s\": ", separator, ftdn_key_last_name(inside));
        ftdn_schema_put_ref(text, "", inside);
        separator = ", ";
    }
    ftdn_schema_put(text, "}, 'additionalProperties': false");
    put_required(id, text);
}

static void put_scope(ftdn_key_id id, ftdn_text *text)
{
    ftdn_schema_put(text, "'anyOf': [{");
    put_choices(&ftdn_manifest_keys[id], text);
    ftdn_schema_put(text, "}, {'type': 'array', 'items': {'type': 'string', 'minLength': 1}, 'minItems': 1}");
    if (ftdn_key_n_rows(id) > 1) {
        ftdn_text_append(text, ", {");
        ftdn_schema_put_object(id, text);
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "]");
}

static void put_value(ftdn_key_id id, ftdn_text *text)
{
    const ftdn_key *key = &ftdn_manifest_keys[id];
    switch (key->type) {
    case FTDN_VALUE_OBJECT: ftdn_schema_put_object(id, text); break;
    case FTDN_VALUE_TEXT: ftdn_schema_put(text, "'type': 'string'"); break;
    case FTDN_VALUE_NAME: ftdn_schema_put(text, FTDN_SCHEMA_NAME); break;
    case FTDN_VALUE_CHOICE: put_choices(key, text); break;
    case FTDN_VALUE_INTEGER: put_bounds(key, "integer", text); break;
    case FTDN_VALUE_NUMBER: put_bounds(key, "number", text); break;
    case FTDN_VALUE_RANGE:
        ftdn_schema_put(text, "'type': 'array', 'items': {");
        put_bounds(key, "number", text);
        ftdn_schema_put(text, "}, 'minItems': 2, 'maxItems': 2");
        break;
    case FTDN_VALUE_FLAG: ftdn_schema_put(text, "'type': 'boolean'"); break;
    case FTDN_VALUE_PATH: ftdn_schema_put(text, PATH); break;
    case FTDN_VALUE_WEIGHTS:
        ftdn_schema_put(text, "'type': 'string', 'if': {'pattern': '^formula:'}, 'then': {'pattern': '" FORMULA_PATTERN
                              "'}, 'else': {'pattern': '" PATH_PATTERN "'}");
        break;
    case FTDN_VALUE_SCOPE: put_scope(id, text); break;
    case FTDN_VALUE_CLASSES:
        ftdn_schema_put(text, "'type': 'array', 'items': {" WORD "}, 'minItems': 1, 'uniqueItems': true");
        ftdn_text_append(text, ", \"maxItems\": %d", FTDN_MAX_CLASSES);
        break;
    case FTDN_VALUE_RENAME:
        ftdn_schema_put(text, "'type': 'object', 'propertyNames': {" WORD "}, 'additionalProperties': {" WORD "}");
        break;
    case FTDN_VALUE_PATHS:
        ftdn_schema_put(text, "'anyOf': [{" PATH "}, {'type': 'array', 'items': {" PATH "}, 'minItems': 1}]");
        break;
    case FTDN_VALUE_DEFAULTS:
    case FTDN_VALUE_KEYS:
    case FTDN_VALUE_GRID:
    case FTDN_VALUE_ZIP:
    case FTDN_VALUE_SAMPLE_KEYS:
    case FTDN_VALUE_EXCLUDE:
    case FTDN_VALUE_INCLUDE:
    case FTDN_VALUE_SEEDS:
    case FTDN_VALUE_SWEEPS: ftdn_schema_put_part(id, text); break;
    }
}

/* A value of the key, with what an editor shows beside it. */
static void put_described(ftdn_key_id id, ftdn_text *text)
{
    const ftdn_key *key = &ftdn_manifest_keys[id];
    ftdn_schema_put(text, "{'description': ");
    ftdn_text_append_json_string(text, key->help);
    ftdn_text_append(text, ", ");
    put_value(id, text);
    if (id == FTDN_KEY_SWEEP) {
        ftdn_text_append(text, ", ");
        ftdn_schema_put_seeds_rule(text);
    }
    if (key->default_json) ftdn_text_append(text, ", \"default\": %s", key->default_json);
    ftdn_text_append(text, "}");
}

static void put_outermost_keys(ftdn_text *text)
{
    bool is_first = true;
    for (int i = 1; i < FTDN_N_KEYS; i++) {
        ftdn_key_id key = (ftdn_key_id)i;
        if (ftdn_key_parent(key) != FTDN_KEY_ROOT) continue;
        ftdn_schema_begin_line(text, 2, &is_first, "", ftdn_manifest_keys[key].path);
        ftdn_schema_put_ref(text, "", key);
    }
}

static void put_definitions(ftdn_text *text)
{
    bool is_first = true;
    for (int i = 1; i < FTDN_N_KEYS; i++) {
        ftdn_schema_begin_line(text, 2, &is_first, "", ftdn_manifest_keys[i].path);
        put_described((ftdn_key_id)i, text);
    }
    ftdn_schema_put_sweep_definitions(text);
    ftdn_schema_put_rule_definitions(text);
}

void ftdn_manifest_schema_write(ftdn_text *text)
{
    ftdn_schema_put(text, "{\n"
                          "  '$schema': 'https://json-schema.org/draft/2020-12/schema',\n"
                          "  'title': 'FT-DeepNets manifest',\n"
                          "  'type': 'object',\n"
                          "  'properties': {");
    put_outermost_keys(text);
    ftdn_schema_put(text, "\n  },\n  'additionalProperties': false,\n  'allOf': [");
    ftdn_schema_put_rules(text);
    ftdn_schema_put(text, "\n  ],\n  '$defs': {");
    put_definitions(text);
    ftdn_schema_put(text, "\n  }\n}\n");
}
