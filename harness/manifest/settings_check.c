#include <stdio.h>
#include <string.h>

#include "harness/manifest/settings.h"

#define LONGEST_PATH 128

/* Where a missing key would stand: the nearest object around it that is given. */
static ftdn_position missing_position(const ftdn_document *document, ftdn_key_id key)
{
    do key = ftdn_key_parent(key);
    while (key != FTDN_KEY_ROOT && !document->value[key].node);
    return ftdn_position_of_value(document->value[key].node);
}

/* How messages call a key. dataset: the name of that object where it stands elsewhere; NULL: the paths of the table. */
static const char *path_of(ftdn_key_id key, const char *dataset, char text[LONGEST_PATH])
{
    const char *path = ftdn_manifest_keys[key].path;
    if (!dataset) return path;
    snprintf(text, LONGEST_PATH, "%s%s", dataset, path + strlen(ftdn_manifest_keys[FTDN_KEY_DATASET].path));
    return text;
}

static void add_missing(const ftdn_document *document, ftdn_key_id key, const char *dataset, const char *why,
                        ftdn_mistakes *mistakes)
{
    char path[LONGEST_PATH];
    ftdn_text allowed;
    ftdn_text_init(&allowed);
    ftdn_key_write_allowed(key, &allowed);
    if (allowed.failed) mistakes->failed = true;
    else
        ftdn_mistakes_add(mistakes, missing_position(document, key), path_of(key, dataset, path),
                          "missing%s; allowed: %s", why, allowed.chars);
    ftdn_text_done(&allowed);
}

/* Is the object there, given by the document or, where no trial goes without it, by the defaults? */
static bool is_there(const ftdn_lookup *lookup, ftdn_key_id object)
{
    if (ftdn_document_has(lookup->given, object)) return true;
    return ftdn_manifest_keys[object].required && ftdn_document_has(lookup->defaults, object);
}

/* A required key is missed only where the object around it is there; the object itself may be required too. What a
 * sweep requires is looked at where the sweep is read. */
static void check_required(const ftdn_lookup *lookup, int first, int end, const char *dataset, ftdn_mistakes *mistakes)
{
    for (int i = first; i < end; i++) {
        ftdn_key_id key = (ftdn_key_id)i;
        if (!ftdn_manifest_keys[key].required || ftdn_document_has(lookup->given, key)) continue;
        if (ftdn_document_has(lookup->defaults, key)) continue;
        ftdn_key_id parent = ftdn_key_parent(key);
        const ftdn_value *around = &lookup->given->value[parent];
        bool is_broken = around->node && !around->is_sound;
        if (!is_broken && is_there(lookup, parent)) add_missing(lookup->given, key, dataset, "", mistakes);
    }
}

static ftdn_position position_of(const ftdn_json *node)
{
    return node->key ? ftdn_position_of_key(node) : ftdn_position_of_value(node);
}

/* "root, split, images": what may stand beside this value of the chooser. */
static void write_keys_beside(ftdn_key_id chooser, const char *choice, ftdn_text *text)
{
    int n_rules;
    const ftdn_detail_rule *rule = ftdn_detail_rules(&n_rules);
    const char *separator = "";
    for (int i = 0; i < n_rules; i++) {
        if (rule[i].chooser != chooser || !rule[i].belongs(choice)) continue;
        ftdn_text_append(text, "%s%s", separator, ftdn_key_last_name(rule[i].key));
        separator = ", ";
    }
}

/* "with type bit_flip, stuck_at_0": values of the chooser beside which the key may stand. */
static void write_choices_beside(const ftdn_detail_rule *rule, ftdn_text *text)
{
    int n_choices;
    const char *const *choice = ftdn_manifest_keys[rule->chooser].choices(&n_choices);
    const char *separator = "";
    ftdn_text_append(text, "with %s ", ftdn_key_last_name(rule->chooser));
    for (int i = 0; i < n_choices; i++) {
        if (!rule->belongs(choice[i])) continue;
        ftdn_text_append(text, "%s%s", separator, choice[i]);
        separator = ", ";
    }
}

/* A key that is given and may not stand beside its chooser's value. */
static void check_belongs(const ftdn_lookup *lookup, ftdn_key_id key, const char *dataset, ftdn_mistakes *mistakes)
{
    char path[LONGEST_PATH];
    const ftdn_json *node = lookup->given->value[key].node;
    const ftdn_detail_rule *rule = node ? ftdn_lookup_find_obstacle(lookup, key) : NULL;
    if (!rule) return;
    const char *choice = ftdn_lookup_word(lookup, rule->chooser);
    ftdn_text allowed;
    ftdn_text_init(&allowed);
    if (ftdn_manifest_keys[rule->chooser].required) write_keys_beside(rule->chooser, choice, &allowed);
    else write_choices_beside(rule, &allowed);
    if (allowed.failed) mistakes->failed = true;
    else
        ftdn_mistakes_add(mistakes, position_of(node), path_of(key, dataset, path), "not a key of %s '%s'; allowed: %s",
                          ftdn_key_last_name(rule->chooser), choice, allowed.chars);
    ftdn_text_done(&allowed);
}

/* A key that the chooser's value makes necessary. */
static void check_needed(const ftdn_lookup *lookup, const ftdn_detail_rule *rule, const char *dataset,
                         ftdn_mistakes *mistakes)
{
    const char *choice = ftdn_lookup_word(lookup, rule->chooser);
    bool is_needed = choice && rule->needs && rule->needs(choice) && !ftdn_lookup_get(lookup, rule->key)->node;
    if (is_needed && ftdn_manifest_keys[rule->chooser].required)
        is_needed = is_there(lookup, ftdn_key_parent(rule->chooser));
    if (!is_needed) return;
    char why[64];
    snprintf(why, sizeof why, " for %s '%s'", ftdn_key_last_name(rule->chooser), choice);
    add_missing(lookup->given, rule->key, dataset, why, mistakes);
}

static bool is_above_0(const ftdn_value *value)
{
    return value->node && value->is_sound && ftdn_value_number(value) > 0;
}

/* Two keys that say the same in two ways. */
static void check_pair(const ftdn_lookup *lookup, const ftdn_pair_rule *pair, ftdn_mistakes *mistakes)
{
    const ftdn_value *value = ftdn_lookup_get(lookup, pair->key), *other = ftdn_lookup_get(lookup, pair->other);
    const ftdn_value *table = lookup->table->value;
    bool are_both = value->node != table[pair->key].node && other->node != table[pair->other].node &&
                    ftdn_lookup_uses(lookup, pair->key);
    if (pair->above_0) are_both = is_above_0(value) && is_above_0(other);
    if (!are_both) return;
    const char *path = ftdn_manifest_keys[pair->key].path, *other_path = ftdn_manifest_keys[pair->other].path;
    if (pair->above_0)
        ftdn_mistakes_add(mistakes, position_of(value->node), path, "above 0 beside %s; allowed: one of them above 0",
                          other_path);
    else
        ftdn_mistakes_add(mistakes, position_of(value->node), path, "given beside %s; allowed: one of them",
                          other_path);
}

/* A word that the chooser's value does not know. */
static void check_word(const ftdn_lookup *lookup, const ftdn_word_rule *rule, ftdn_mistakes *mistakes)
{
    const char *choice = ftdn_lookup_word(lookup, rule->chooser), *word = ftdn_lookup_word(lookup, rule->key);
    if (!choice || !word || rule->knows(choice, word)) return;
    int n_words;
    const char *const *known = ftdn_manifest_keys[rule->key].choices(&n_words), *separator = "";
    ftdn_text allowed;
    ftdn_text_init(&allowed);
    for (int i = 0; i < n_words; i++) {
        if (!rule->knows(choice, known[i])) continue;
        ftdn_text_append(&allowed, "%s%s", separator, known[i]);
        separator = ", ";
    }
    if (allowed.failed) mistakes->failed = true;
    else
        ftdn_mistakes_add(mistakes, ftdn_position_of_value(ftdn_lookup_get(lookup, rule->key)->node),
                          ftdn_manifest_keys[rule->key].path, "'%s' is not for %s '%s'; allowed: %s", word,
                          ftdn_key_last_name(rule->chooser), choice, allowed.chars);
    ftdn_text_done(&allowed);
}

void ftdn_settings_check(const ftdn_lookup *lookup, ftdn_mistakes *mistakes)
{
    int n_details, n_pairs, n_words;
    const ftdn_detail_rule *detail = ftdn_detail_rules(&n_details);
    const ftdn_pair_rule *pair = ftdn_pair_rules(&n_pairs);
    const ftdn_word_rule *word = ftdn_word_rules(&n_words);
    check_required(lookup, 1, FTDN_KEY_SWEEP, NULL, mistakes);
    for (int i = 0; i < n_details; i++) {
        check_belongs(lookup, detail[i].key, NULL, mistakes);
        check_needed(lookup, &detail[i], NULL, mistakes);
    }
    for (int i = 0; i < n_pairs; i++) check_pair(lookup, &pair[i], mistakes);
    for (int i = 0; i < n_words; i++) check_word(lookup, &word[i], mistakes);
}

void ftdn_settings_check_dataset(const ftdn_lookup *lookup, const char *name, ftdn_mistakes *mistakes)
{
    int n_details;
    const ftdn_detail_rule *detail = ftdn_detail_rules(&n_details);
    check_required(lookup, FTDN_KEY_DATASET, FTDN_KEY_DATASET + ftdn_key_n_rows(FTDN_KEY_DATASET), name, mistakes);
    for (int i = 0; i < n_details; i++) {
        if (ftdn_key_parent(detail[i].key) != FTDN_KEY_DATASET) continue;
        check_belongs(lookup, detail[i].key, name, mistakes);
        check_needed(lookup, &detail[i], name, mistakes);
    }
}
