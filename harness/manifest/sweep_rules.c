#include <stdio.h>

#include "harness/manifest/rule_index.h"
#include "harness/manifest/sweep_reader.h"

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
                             bool has_seeds, ftdn_rule *rule)
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
    ftdn_rule_term *fresh = &rule->term[rule->n_terms++];
    *fresh = (ftdn_rule_term){.key = key, .n_values = values.n};
    return ftdn_column_read(r, key, at, &values, &fresh->column);
}

static ftdn_status read_rule(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *node, bool has_seeds,
                             ftdn_rule *ret_rule)
{
    *ret_rule = (ftdn_rule){.node = node};
    if (node->kind != FTDN_JSON_OBJECT || node->n_children == 0) {
        bool is_object = node->kind == FTDN_JSON_OBJECT;
        ftdn_sweep_mistake(
            r, ftdn_position_of_value(node), pointer, "",
            "%s is not allowed; allowed: an object of dotted keys, each with a value or a list of values",
            is_object ? "an empty object" : ftdn_json_kind_name(node->kind));
        return FTDN_OK;
    }
    ret_rule->term = FTDN_NEW(r->arena, (size_t)node->n_children, ftdn_rule_term, r->err);
    if (!ret_rule->term) return FTDN_ERR_MEMORY;
    for (int i = 0; i < node->n_children; i++) FTDN_TRY(read_term(r, pointer, &node->child[i], has_seeds, ret_rule));
    return FTDN_OK;
}

static ftdn_status apply(const ftdn_sweep_reader *r, ftdn_rule *rules, int n_rules, const ftdn_lookup *lookup,
                         ftdn_sweep *sweep)
{
    ftdn_rule_index index;
    FTDN_TRY(ftdn_rule_index_make(rules, n_rules, r->arena, &index, r->err));
    uint32_t *kept = FTDN_NEW(r->arena, sweep->n_product, uint32_t, r->err);
    if (!kept) return FTDN_ERR_MEMORY;
    size_t n_kept = 0;
    for (size_t c = 0; c < sweep->n_product; c++) {
        ftdn_document document;
        ftdn_sweep_get(sweep, c, &document);
        const ftdn_lookup trial = {&document, lookup->defaults, lookup->table};
        if (!ftdn_rule_index_match(&index, &trial)) kept[n_kept++] = (uint32_t)c;
    }
    sweep->kept = kept;
    sweep->n_kept = n_kept;
    return FTDN_OK;
}

ftdn_status ftdn_rules_apply(const ftdn_sweep_reader *r, const char *pointer, const ftdn_json *rules,
                             const ftdn_lookup *lookup, bool is_good, ftdn_sweep *sweep)
{
    int n_rules = rules->n_children, n_before = r->mistakes->n_mistakes;
    ftdn_rule *rule = FTDN_NEW(r->arena, (size_t)n_rules, ftdn_rule, r->err);
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
