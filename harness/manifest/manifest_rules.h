/* manifest_rules.h - which keys of one object go together.
 *
 * Beside the table of keys (manifest_keys.h), which says what each value may be, stand a few rules over two
 * keys of the same object: a key that has a meaning only beside some values of another, its chooser
 * (protection.ratio beside protection.method), a pair of which one is given, and a word that only some values of
 * another key know (engine.convolution "tf32" beside engine.backend "cuda"). */
#ifndef FTDN_HARNESS_MANIFEST_MANIFEST_RULES_H
#define FTDN_HARNESS_MANIFEST_MANIFEST_RULES_H

#include <stdbool.h>

#include "harness/manifest/manifest_keys.h"

typedef bool ftdn_choice_test(const char *choice);

/* Rows of one chooser stand together. A chooser is a CHOICE; where it is not given, its default chooses. */
typedef struct ftdn_detail_rule {
    ftdn_key_id chooser, key;
    ftdn_choice_test *belongs; /* may the key stand beside this value of the chooser? */
    ftdn_choice_test *needs;   /* must it? NULL: never */
} ftdn_detail_rule;

/* [*ret_n] */
const ftdn_detail_rule *ftdn_detail_rules(int *ret_n);

typedef struct ftdn_pair_rule {
    ftdn_key_id key, other; /* at most one of them */
    bool above_0;           /* ... is above 0; else is given */
} ftdn_pair_rule;

/* [*ret_n] */
const ftdn_pair_rule *ftdn_pair_rules(int *ret_n);

/* Both keys are a CHOICE with a default. */
typedef struct ftdn_word_rule {
    ftdn_key_id chooser, key;
    bool (*knows)(const char *choice, const char *word); /* may the word stand beside this value of the chooser? */
} ftdn_word_rule;

/* [*ret_n] */
const ftdn_word_rule *ftdn_word_rules(int *ret_n);

#endif
