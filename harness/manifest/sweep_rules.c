#include <stdio.h>
#include <string.h>

#include "harness/manifest/sweep_reader.h"

/* A key of a rule and the values with which it matches. */
typedef struct exclude_term {
    ftdn_key_id key;
    int n_values;
    ftdn_column column;
} exclude_term;

typedef struct exclude_rule {
    const ftdn_json *node;
    int n_terms;
    exclude_term *term; /* [n_terms] */
    bool has_matched;
} exclude_rule;

/* The values of a term: the items of a list, unless the list is itself a value. */
static ftdn_values values_of(ftdn_key_id key, const ftdn_json *const *member)
{
    const ftdn_json *node = *member;
    bool is_list = node->kind == FTDN_JSON_ARRAY;
    if (is_list && ftdn_value_is_list(ftdn_manifest_keys[key].type) && node->n_children > 0)
        is_list = node->child[0]->kind == FTDN_JSON_ARRAY;
    if (is_list) return (ftdn_values){.n = node->n_children, .node = node->child};
    return (ftdn_values){.n = 1, .node = member, .is_single = true};
}

static ftdn_status read_term(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *const *member,
                             bool has_seeds, exclude_rule *rule)
{
    const char *at = ftdn_member_pointer(r, pointer, *member);
    if (!at) return FTDN_ERR_MEMORY;
    ftdn_key_id key = ftdn_dotted_find(r, at, *member);
    if (key == FTDN_KEY_ROOT) return FTDN_OK;
    if (key == FTDN_KEY_SEED && has_seeds) {
        ftdn_sweep_mistake(r, ftdn_position_of_key(*member), at, "",
                           "every combination has all 'seeds'; allowed: a rule over other keys");
        return FTDN_OK;
    }
    const ftdn_values values = values_of(key, member);
    if (values.n == 0) {
        ftdn_sweep_mistake(r, ftdn_position_of_value(*member), at, "",
                           "an empty list is not allowed; allowed: a value, or a list of values");
        return FTDN_OK;
    }
    exclude_term *fresh = &rule->term[rule->n_terms++];
    *fresh = (exclude_term){.key = key, .n_values = values.n};
    return ftdn_column_read(r, key, at, &values, &fresh->column);
}

static ftdn_status read_rule(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *node, bool has_seeds,
                             exclude_rule *ret_rule)
{
    *ret_rule = (exclude_rule){.node = node};
    if (node->kind != FTDN_JSON_OBJECT || node->n_children == 0) {
        bool is_object = node->kind == FTDN_JSON_OBJECT;
        ftdn_sweep_mistake(
            r, ftdn_position_of_value(node), pointer, "",
            "%s is not allowed; allowed: an object of dotted keys, each with a value or a list of values",
            is_object ? "an empty object" : ftdn_json_kind_name(node->kind));
        return FTDN_OK;
    }
    ret_rule->term = FTDN_NEW(r->arena, (size_t)node->n_children, exclude_term, r->err);
    if (!ret_rule->term) return FTDN_ERR_MEMORY;
    for (int i = 0; i < node->n_children; i++) FTDN_TRY(read_term(r, pointer, &node->child[i], has_seeds, ret_rule));
    return FTDN_OK;
}

static bool same_json(const ftdn_json *a, const ftdn_json *b)
{
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case FTDN_JSON_NULL: return true;
    case FTDN_JSON_BOOL: return a->boolean == b->boolean;
    case FTDN_JSON_NUMBER: return a->number == b->number;
    case FTDN_JSON_STRING: return !strcmp(a->string, b->string);
    case FTDN_JSON_ARRAY:
    case FTDN_JSON_OBJECT: break;
    }
    bool same = a->n_children == b->n_children;
    for (int i = 0; same && i < a->n_children; i++) same = same_json(a->child[i], b->child[i]);
    return same;
}

/* Two spellings of a number are one value, and so are two of a path. */
static bool same_value(const ftdn_value *a, const ftdn_value *b)
{
    if (!a->node || !b->node || !a->is_sound || !b->is_sound) return false;
    if (a->path && b->path) return !strcmp(a->path, b->path);
    return same_json(a->node, b->node);
}

static bool matches_leaf(const ftdn_lookup *trial, ftdn_key_id key, const ftdn_value *value)
{
    if (key == FTDN_KEY_FAULTS_SCOPE)
        return matches_leaf(trial, FTDN_KEY_FAULTS_SCOPE_WEIGHTS, value) &&
               matches_leaf(trial, FTDN_KEY_FAULTS_SCOPE_FEATURE_MAPS, value);
    return ftdn_lookup_uses(trial, key) && same_value(ftdn_lookup_get(trial, key), value);
}

/* An object matches where all that it gives matches. value: of the key and what is inside it. */
static bool matches(const ftdn_lookup *trial, const ftdn_column *column, const ftdn_value *value)
{
    if (value->node->kind != FTDN_JSON_OBJECT) return matches_leaf(trial, column->key, value);
    for (int i = 1; i < column->n_rows; i++) {
        bool is_leaf = value[i].node && value[i].node->kind != FTDN_JSON_OBJECT;
        if (is_leaf && !matches_leaf(trial, (ftdn_key_id)((int)column->key + i), &value[i])) return false;
    }
    return true;
}

static bool drops(const exclude_rule *rule, const ftdn_lookup *trial)
{
    for (int i = 0; i < rule->n_terms; i++) {
        const exclude_term *term = &rule->term[i];
        int v = 0;
        while (v < term->n_values &&
               !matches(trial, &term->column, term->column.value + (size_t)v * (size_t)term->column.n_rows))
            v++;
        if (v == term->n_values) return false;
    }
    return true;
}

static ftdn_status apply(const ftdn_sweep_reader *r, exclude_rule *rules, int n_rules, const ftdn_lookup *lookup,
                         ftdn_sweep *sweep)
{
    uint32_t *kept = FTDN_NEW(r->arena, sweep->n_product, uint32_t, r->err);
    if (!kept) return FTDN_ERR_MEMORY;
    size_t n_kept = 0;
    for (size_t c = 0; c < sweep->n_product; c++) {
        ftdn_document document;
        ftdn_sweep_get(sweep, c, &document);
        const ftdn_lookup trial = {&document, lookup->defaults, lookup->table};
        bool is_dropped = false;
        for (int i = 0; i < n_rules; i++) {
            if (!drops(&rules[i], &trial)) continue;
            rules[i].has_matched = true;
            is_dropped = true;
        }
        if (!is_dropped) kept[n_kept++] = (uint32_t)c;
    }
    sweep->kept = kept;
    sweep->n_kept = n_kept;
    return FTDN_OK;
}

ftdn_status ftdn_rules_apply(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *rules,
                             const ftdn_lookup *lookup, bool is_good, ftdn_sweep *sweep)
{
    int n_rules = rules->n_children, n_before = r->mistakes->n_mistakes;
    exclude_rule *rule = FTDN_NEW(r->arena, (size_t)n_rules, exclude_rule, r->err);
    if (!rule) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_rules; i++) {
        const char *at = ftdn_arena_format(r->arena, r->err, "%s[%d]", pointer, i);
        if (!at) return FTDN_ERR_MEMORY;
        FTDN_TRY(read_rule(r, at, rules->child[i], sweep->seeds.n > 0, &rule[i]));
    }
    if (!is_good || r->mistakes->n_mistakes > n_before || r->mistakes->has_more) return FTDN_OK;
    FTDN_TRY(apply(r, rule, n_rules, lookup, sweep));
    for (int i = 0; i < n_rules; i++) {
        char suffix[24];
        snprintf(suffix, sizeof suffix, "[%d]", i);
        if (!rule[i].has_matched)
            ftdn_sweep_mistake(r, ftdn_position_of_value(rule[i].node), pointer, suffix,
                               "drops no combination; allowed: a rule that matches one");
    }
    if (sweep->n_kept == 0 && sweep->n_included == 0)
        ftdn_sweep_mistake(r, ftdn_position_of_value(rules), pointer, "",
                           "drops all combinations; allowed: rules that leave one");
    return FTDN_OK;
}
