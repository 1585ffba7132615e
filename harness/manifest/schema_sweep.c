#include "harness/manifest/schema_parts.h"

/* What is defined about each key that a sweep may vary. */
#define AXIS "axis."   /* its values in a grid or a zip */
#define DRAW "draw."   /* what a sample draws it from */
#define MATCH "match." /* what an exclude rule compares it with */

/* Objects of dotted keys, each with ... */
#define OF_VALUES "keys.value"
#define OF_AXES "keys.axis"
#define OF_DRAWS "keys.draw"
#define OF_MATCHES "keys.match"

/* An object of dotted keys, or a list of such, without the seed. */
#define NO_SEED "keys.but_seed"

static void put_definition_ref(const char *name, ftdn_text *text)
{
    ftdn_text_append(text, "{\"$ref\": \"#/$defs/%s\"}", name);
}

static void put_defaults(ftdn_text *text)
{
    const char *separator = "";
    ftdn_schema_put(text, "'type': 'object', 'properties': {");
    for (int i = 1; i < FTDN_N_KEYS; i++) {
        ftdn_key_id key = (ftdn_key_id)i;
        if (!ftdn_manifest_keys[key].swept || ftdn_key_parent(key) != FTDN_KEY_ROOT) continue;
        ftdn_text_append(text, "%s\"%s\": ", separator, ftdn_manifest_keys[key].path);
        ftdn_schema_put_ref(text, "", key);
        separator = ", ";
    }
    ftdn_schema_put(text, "}, 'additionalProperties': false");
}

static void put_list(const char *items, ftdn_text *text)
{
    ftdn_schema_put(text, "'type': 'array', 'items': ");
    put_definition_ref(items, text);
    ftdn_schema_put(text, ", 'minItems': 1");
}

static void put_seeds(const ftdn_key *key, ftdn_text *text)
{
    ftdn_schema_put(text, "'anyOf': [{'type': 'array', 'items': ");
    ftdn_schema_put_ref(text, "", FTDN_KEY_SEED);
    ftdn_schema_put(text, ", 'minItems': 1}, {'type': 'integer', 'minimum': ");
    ftdn_text_append_json_number(text, key->min);
    ftdn_schema_put(text, ", 'maximum': ");
    ftdn_text_append_json_number(text, key->max);
    ftdn_schema_put(text, "}, {");
    ftdn_schema_put_object(FTDN_KEY_SWEEP_SEEDS, text);
    ftdn_schema_put(text, ", 'oneOf': [{'required': ['from', 'to', 'step'], 'properties': {'until': false}}, "
                          "{'required': ['until'], 'maxProperties': 1}]}]");
}

void ftdn_schema_put_part(ftdn_key_id id, ftdn_text *text)
{
    switch (ftdn_manifest_keys[id].type) {
    case FTDN_VALUE_DEFAULTS: put_defaults(text); break;
    case FTDN_VALUE_KEYS: ftdn_schema_put(text, "'$ref': '#/$defs/" OF_VALUES "'"); break;
    case FTDN_VALUE_GRID: ftdn_schema_put(text, "'$ref': '#/$defs/" OF_AXES "'"); break;
    case FTDN_VALUE_ZIP:
        ftdn_schema_put(text, "'if': {'type': 'array'}, 'then': {");
        put_list(OF_AXES, text);
        ftdn_schema_put(text, "}, 'else': ");
        put_definition_ref(OF_AXES, text);
        break;
    case FTDN_VALUE_SAMPLE_KEYS:
        ftdn_schema_put(text, "'$ref': '#/$defs/" OF_DRAWS "'");
        ftdn_text_append(text, ", \"maxProperties\": %d", FTDN_MAX_SAMPLE_KEYS);
        break;
    case FTDN_VALUE_EXCLUDE: put_list(OF_MATCHES, text); break;
    case FTDN_VALUE_INCLUDE: put_list(OF_VALUES, text); break;
    case FTDN_VALUE_SEEDS: put_seeds(&ftdn_manifest_keys[id], text); break;
    default:
        ftdn_schema_put(text, "'type': 'object', 'minProperties': 1, 'propertyNames': {" FTDN_SCHEMA_NAME
                              "}, 'additionalProperties': ");
        ftdn_schema_put_ref(text, "", FTDN_KEY_SWEEP);
        break;
    }
}

void ftdn_schema_put_seeds_rule(ftdn_text *text)
{
    ftdn_schema_put(text, "'if': {'required': ['seeds']}, 'then': {'properties': {");
    static const char *const members[] = {"set", "grid", "zip", "include", "exclude"};
    for (int i = 0; i < 5; i++) {
        ftdn_text_append(text, "\"%s\": ", members[i]);
        put_definition_ref(NO_SEED, text);
        ftdn_text_append(text, ", ");
    }
    ftdn_schema_put(text, "'sample': {'properties': {'keys': ");
    put_definition_ref(NO_SEED, text);
    ftdn_text_append(text, "}}}}");
}

static bool is_number(ftdn_key_id key)
{
    ftdn_value_type type = ftdn_manifest_keys[key].type;
    return type == FTDN_VALUE_NUMBER || type == FTDN_VALUE_INTEGER;
}

/* A value of the key that is above 0, as the ends of a range in the logarithm are. */
static void put_positive(ftdn_key_id key, ftdn_text *text)
{
    ftdn_text_append(text, "{\"$ref\": \"#/$defs/%s\", \"exclusiveMinimum\": 0}", ftdn_manifest_keys[key].path);
}

/* `{"type": "array", "items": VALUE, "minItems": 1}` */
static void put_values(ftdn_key_id key, ftdn_text *text)
{
    ftdn_schema_put(text, "{'type': 'array', 'items': ");
    ftdn_schema_put_ref(text, "", key);
    ftdn_schema_put(text, ", 'minItems': 1}");
}

/* {"from", "to"}, and "step" where the values are counted. */
static void put_range(ftdn_key_id key, bool has_step, ftdn_text *text)
{
    ftdn_schema_put(text, "{'type': 'object', 'properties': {'from': ");
    ftdn_schema_put_ref(text, "", key);
    ftdn_schema_put(text, ", 'to': ");
    ftdn_schema_put_ref(text, "", key);
    if (has_step) ftdn_schema_put(text, ", 'step': {'type': 'number', 'not': {'const': 0}}");
    ftdn_schema_put(text, "}, 'required': ['from', 'to'");
    ftdn_schema_put(text, has_step ? ", 'step'], " : "], ");
    ftdn_schema_put(text, "'additionalProperties': false}");
}

/* {"log": [a, b]}, and their number where the values are counted. */
static void put_logarithmic(ftdn_key_id key, bool has_number, ftdn_text *text)
{
    ftdn_schema_put(text, "{'type': 'object', 'properties': {'log': {'type': 'array', 'prefixItems': [");
    put_positive(key, text);
    ftdn_text_append(text, ", ");
    put_positive(key, text);
    if (has_number)
        ftdn_text_append(text, ", {\"type\": \"integer\", \"minimum\": 2, \"maximum\": %d}", FTDN_MAX_RANGE_VALUES);
    ftdn_text_append(text, "], \"minItems\": %d, \"maxItems\": %d}}, ", has_number ? 3 : 2, has_number ? 3 : 2);
    ftdn_schema_put(text, "'required': ['log'], 'additionalProperties': false}");
}

static void put_axis(ftdn_key_id key, bool is_counted, ftdn_text *text)
{
    if (!is_number(key)) {
        put_values(key, text);
        return;
    }
    ftdn_schema_put(text, "{'anyOf': [");
    put_values(key, text);
    ftdn_text_append(text, ", ");
    put_range(key, is_counted, text);
    ftdn_text_append(text, ", ");
    put_logarithmic(key, is_counted, text);
    ftdn_text_append(text, "]}");
}

/* A value or a list of values. A list is taken for the latter, but for a value that is a list itself. */
static void put_match(ftdn_key_id key, ftdn_text *text)
{
    bool is_list = ftdn_value_is_list(ftdn_manifest_keys[key].type);
    ftdn_schema_put(text,
                    is_list ? "{'if': {'items': {'type': 'array'}}, 'then': " : "{'if': {'type': 'array'}, 'then': ");
    put_values(key, text);
    ftdn_schema_put(text, ", 'else': ");
    ftdn_schema_put_ref(text, "", key);
    ftdn_text_append(text, "}");
}

/* An object of dotted keys, each as the definition `prefix` says. */
static void put_dotted_keys(const char *name, const char *prefix, int n_least, ftdn_text *text)
{
    bool is_first = false;
    ftdn_schema_begin_line(text, 2, &is_first, "", name);
    ftdn_text_append(text, "{\"type\": \"object\", \"minProperties\": %d, \"properties\": {", n_least);
    is_first = true;
    for (int key = 1; key < FTDN_N_KEYS; key++) {
        if (!ftdn_manifest_keys[key].swept) continue;
        ftdn_schema_begin_line(text, 3, &is_first, "", ftdn_manifest_keys[key].path);
        ftdn_schema_put_ref(text, prefix, (ftdn_key_id)key);
    }
    ftdn_schema_put(text, "\n    }, 'additionalProperties': false}");
}

void ftdn_schema_put_sweep_definitions(ftdn_text *text)
{
    put_dotted_keys(OF_VALUES, "", 0, text);
    put_dotted_keys(OF_AXES, AXIS, 0, text);
    put_dotted_keys(OF_DRAWS, DRAW, 1, text);
    put_dotted_keys(OF_MATCHES, MATCH, 1, text);
    bool is_first = false;
    ftdn_schema_begin_line(text, 2, &is_first, "", NO_SEED);
    ftdn_schema_put(text, "{'properties': {'seed': false}, 'items': {'properties': {'seed': false}}}");
    for (int key = 1; key < FTDN_N_KEYS; key++) {
        if (!ftdn_manifest_keys[key].swept) continue;
        const char *path = ftdn_manifest_keys[key].path;
        ftdn_schema_begin_line(text, 2, &is_first, AXIS, path);
        put_axis((ftdn_key_id)key, true, text);
        ftdn_schema_begin_line(text, 2, &is_first, DRAW, path);
        put_axis((ftdn_key_id)key, false, text);
        ftdn_schema_begin_line(text, 2, &is_first, MATCH, path);
        put_match((ftdn_key_id)key, text);
    }
}
