#include "harness/manifest/rule_index.h"

#include <string.h>

#include "base/fnv.h"

/* A rule with one value of its spread term. */
typedef struct ftdn_rule_entry {
    struct ftdn_rule_entry *next; /* of the same slot */
    uint64_t number;
    int rule;
    int item;
} rule_entry;

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

static const ftdn_value *value_of(const ftdn_rule_term *term, int item)
{
    return term->column.value + (size_t)item * (size_t)term->column.n_rows;
}

/* An object matches where all that it gives matches. */
static bool matches_item(const ftdn_lookup *trial, const ftdn_rule_term *term, int item)
{
    const ftdn_value *value = value_of(term, item);
    if (value->node->kind != FTDN_JSON_OBJECT) return matches_leaf(trial, term->key, value);
    for (int i = 1; i < term->column.n_rows; i++) {
        bool is_leaf = value[i].node && value[i].node->kind != FTDN_JSON_OBJECT;
        if (is_leaf && !matches_leaf(trial, (ftdn_key_id)((int)term->key + i), &value[i])) return false;
    }
    return true;
}

static bool matches_any(const ftdn_lookup *trial, const ftdn_rule_term *term)
{
    for (int i = 0; i < term->n_values; i++)
        if (matches_item(trial, term, i)) return true;
    return false;
}

/* With this item of the spread term. */
static bool matches(const ftdn_lookup *trial, const ftdn_rule *rule, int item)
{
    for (int i = 0; i < rule->n_terms; i++) {
        const ftdn_rule_term *term = &rule->term[i];
        if (!(i == rule->spread ? matches_item(trial, term, item) : matches_any(trial, term))) return false;
    }
    return true;
}

static uint64_t mix(uint64_t number, uint64_t word)
{
    number = (number ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    return number ^ number >> 32;
}

static uint64_t number_of_json(const ftdn_json *node)
{
    uint64_t number = mix(0, (uint64_t)node->kind), bits;
    double value = node->number + 0.0; /* -0 is 0 */
    switch (node->kind) {
    case FTDN_JSON_NULL: break;
    case FTDN_JSON_BOOL: return mix(number, node->boolean);
    case FTDN_JSON_NUMBER: memcpy(&bits, &value, sizeof bits); return mix(number, bits);
    case FTDN_JSON_STRING: return mix(number, ftdn_fnv1a64(node->string));
    case FTDN_JSON_ARRAY:
    case FTDN_JSON_OBJECT:
        for (int i = 0; i < node->n_children; i++) number = mix(number, number_of_json(node->child[i]));
    }
    return number;
}

/* The same values (same_value) have the same number. The number of several keys is the sum of theirs. */
static uint64_t number_of(ftdn_key_id key, const ftdn_value *value)
{
    return mix((uint64_t)key, value->path ? ftdn_fnv1a64(value->path) : number_of_json(value->node));
}

/* Values of keys that stand for others have no number. */
static bool has_numbers(const ftdn_rule_term *term)
{
    bool all = term->key != FTDN_KEY_FAULTS_SCOPE;
    for (int i = 0; all && i < term->n_values; i++) all = value_of(term, i)->node->kind != FTDN_JSON_OBJECT;
    return all;
}

/* Numbered terms at the head, in the order of keys: all with one value, and of the others the longest. */
static void sort_terms(ftdn_rule *rule)
{
    rule->n_numbered = 0;
    rule->spread = -1;
    int longest = 1;
    for (int i = 0; i < rule->n_terms; i++)
        if (rule->term[i].n_values > longest && has_numbers(&rule->term[i])) longest = rule->term[i].n_values;
    for (int i = 0; i < rule->n_terms; i++) {
        const ftdn_rule_term term = rule->term[i];
        bool is_long = term.n_values > 1;
        if ((is_long && (rule->spread >= 0 || term.n_values < longest)) || !has_numbers(&term)) continue;
        int at = rule->n_numbered++;
        rule->term[i] = rule->term[at];
        for (; at > 0 && rule->term[at - 1].key > term.key; at--) rule->term[at] = rule->term[at - 1];
        rule->term[at] = term;
        if (is_long) rule->spread = at;
        else if (rule->spread >= at) rule->spread++;
    }
}

static bool same_shape(const ftdn_rule *a, const ftdn_rule *b)
{
    bool same = a->n_numbered == b->n_numbered;
    for (int i = 0; same && i < a->n_numbered; i++) same = a->term[i].key == b->term[i].key;
    return same;
}

static int n_items(const ftdn_rule *rule)
{
    return rule->spread < 0 ? 1 : rule->term[rule->spread].n_values;
}

static void add_entries(ftdn_rule_index *index, int r, rule_entry *entry)
{
    const ftdn_rule *rule = &index->rule[r];
    for (int item = 0; item < n_items(rule); item++, entry++) {
        *entry = (rule_entry){.rule = r, .item = item};
        for (int i = 0; i < rule->n_numbered; i++)
            entry->number += number_of(rule->term[i].key, value_of(&rule->term[i], i == rule->spread ? item : 0));
        rule_entry **slot = &index->slot[entry->number & (index->n_slots - 1)];
        entry->next = *slot;
        *slot = entry;
    }
}

ftdn_status ftdn_rule_index_make(ftdn_rule *rule, int n_rules, ftdn_arena *arena, ftdn_rule_index *ret_index,
                                 ftdn_error *err)
{
    ftdn_rule_index index = {.rule = rule, .n_slots = 1};
    int *shape = FTDN_NEW(arena, (size_t)n_rules, int, err);
    if (!shape) return FTDN_ERR_MEMORY;
    size_t n_entries = 0;
    for (int r = 0; r < n_rules; r++) {
        sort_terms(&rule[r]);
        n_entries += (size_t)n_items(&rule[r]);
        int s = 0;
        while (s < index.n_shapes && !same_shape(&rule[shape[s]], &rule[r])) s++;
        if (s == index.n_shapes) shape[index.n_shapes++] = r;
    }
    while (index.n_slots < n_entries) index.n_slots *= 2;
    rule_entry *entry = FTDN_NEW(arena, n_entries, rule_entry, err);
    index.slot = FTDN_NEW(arena, index.n_slots, rule_entry *, err);
    if (!entry || !index.slot) return FTDN_ERR_MEMORY;
    for (int r = 0; r < n_rules; entry += n_items(&rule[r]), r++) add_entries(&index, r, entry);
    index.shape = shape;
    *ret_index = index;
    return FTDN_OK;
}

/* The trial's number of the keys of a rule. Answers false where the trial lacks one. */
static bool find_number(const ftdn_lookup *trial, const ftdn_rule *rule, uint64_t *ret_number)
{
    uint64_t number = 0;
    for (int i = 0; i < rule->n_numbered; i++) {
        ftdn_key_id key = rule->term[i].key;
        const ftdn_value *value = ftdn_lookup_get(trial, key);
        if (!value->node || !value->is_sound || !ftdn_lookup_uses(trial, key)) return false;
        number += number_of(key, value);
    }
    *ret_number = number;
    return true;
}

bool ftdn_rule_index_match(const ftdn_rule_index *index, const ftdn_lookup *trial)
{
    bool any = false;
    for (int s = 0; s < index->n_shapes; s++) {
        uint64_t number;
        if (!find_number(trial, &index->rule[index->shape[s]], &number)) continue;
        for (const rule_entry *e = index->slot[number & (index->n_slots - 1)]; e; e = e->next) {
            if (e->number != number || !matches(trial, &index->rule[e->rule], e->item)) continue;
            index->rule[e->rule].has_matched = true;
            any = true;
        }
    }
    return any;
}
