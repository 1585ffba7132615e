/* rule_index.h - which rules of `exclude` match a trial, found without asking each of them.
 *
 * What a rule says about single keys is summed up in a number, one for each value of its longest list; a trial's
 * values of the same keys give the same number. Rules over the same keys are of one shape: a trial looks once at each
 * shape, and at the rules that its number leads to. */
#ifndef FTDN_HARNESS_MANIFEST_RULE_INDEX_H
#define FTDN_HARNESS_MANIFEST_RULE_INDEX_H

#include "harness/manifest/sweep.h"

/* A key and the values with which it matches. */
typedef struct ftdn_rule_term {
    ftdn_key_id key;
    int n_values; /* at least 1 */
    ftdn_column column;
} ftdn_rule_term;

/* It matches a trial where all terms do. */
typedef struct ftdn_rule {
    const ftdn_json *node;
    int n_terms;
    ftdn_rule_term *term; /* [n_terms], of different keys */
    int n_numbered;       /* of the terms, at the head: those that the number sums up (rule_index.c) */
    int spread;           /* of these the one with several values; -1: none */
    bool has_matched;     /* any trial so far */
} ftdn_rule;

typedef struct ftdn_rule_index {
    ftdn_rule *rule; /* borrowed */
    int n_shapes;
    const int *shape; /* [n_shapes] a rule of each */
    size_t n_slots;   /* a power of two */
    struct ftdn_rule_entry **slot;
} ftdn_rule_index;

/* Terms are put into another order. Lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_rule_index_make(ftdn_rule *rule, int n_rules, ftdn_arena *arena,
                                                ftdn_rule_index *ret_index, ftdn_error *err);

/* Does any rule match the trial? All that do are marked. */
bool ftdn_rule_index_match(const ftdn_rule_index *index, const ftdn_lookup *trial);

#endif
