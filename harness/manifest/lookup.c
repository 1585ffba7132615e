#include "harness/manifest/lookup.h"

#include <stddef.h>

/* The key that says the same in another way; FTDN_KEY_ROOT where there is none. */
static ftdn_key_id find_rival(ftdn_key_id key)
{
    int n_rules;
    const ftdn_pair_rule *rule = ftdn_pair_rules(&n_rules);
    for (int i = 0; i < n_rules; i++) {
        if (rule[i].key == key) return rule[i].other;
        if (rule[i].other == key) return rule[i].key;
    }
    return FTDN_KEY_ROOT;
}

/* As given apart, else as given for both; in the nearest of the three documents that gives either. */
static const ftdn_value *get_scope(const ftdn_lookup *lookup, ftdn_key_id apart)
{
    const ftdn_document *documents[] = {lookup->given, lookup->defaults, lookup->table};
    for (int i = 0; i < 3; i++) {
        const ftdn_value *value = &documents[i]->value[apart], *both = &documents[i]->value[FTDN_KEY_FAULTS_SCOPE];
        if (value->node) return value;
        if (both->node && both->node->kind != FTDN_JSON_OBJECT) return both;
    }
    return &lookup->table->value[apart];
}

const ftdn_value *ftdn_lookup_get(const ftdn_lookup *lookup, ftdn_key_id key)
{
    if (key == FTDN_KEY_FAULTS_SCOPE_WEIGHTS || key == FTDN_KEY_FAULTS_SCOPE_FEATURE_MAPS)
        return get_scope(lookup, key);
    const ftdn_value *given = &lookup->given->value[key], *by_default = &lookup->defaults->value[key];
    if (given->node) return given;
    ftdn_key_id rival = find_rival(key);
    bool gives_way = rival != FTDN_KEY_ROOT && lookup->given->value[rival].node;
    return by_default->node && !gives_way ? by_default : &lookup->table->value[key];
}

const char *ftdn_lookup_word(const ftdn_lookup *lookup, ftdn_key_id key)
{
    const ftdn_value *value = ftdn_lookup_get(lookup, key);
    return value->node && value->is_sound ? value->node->string : NULL;
}

const ftdn_detail_rule *ftdn_lookup_find_obstacle(const ftdn_lookup *lookup, ftdn_key_id key)
{
    int n_rules;
    const ftdn_detail_rule *rule = ftdn_detail_rules(&n_rules);
    for (int i = 0; i < n_rules; i++) {
        if (rule[i].key != key) continue;
        const char *choice = ftdn_lookup_word(lookup, rule[i].chooser);
        if (choice && !rule[i].belongs(choice)) return &rule[i];
    }
    return NULL;
}

bool ftdn_lookup_uses(const ftdn_lookup *lookup, ftdn_key_id key)
{
    return !ftdn_lookup_find_obstacle(lookup, key);
}
