/* mutation.h - damage to an input, drawn from a seed: the same for the same seed, everywhere. */
#ifndef FTDN_TESTS_FUZZ_MUTATION_H
#define FTDN_TESTS_FUZZ_MUTATION_H

#include "tests/fuzz/fuzz.h"

typedef struct ftdn_mutation {
    char *bytes; /* [capacity] */
    size_t n_bytes, capacity;
    uint64_t random; /* not 0 */
} ftdn_mutation;

uint64_t ftdn_mutation_draw(ftdn_mutation *mutation);

/* Take a seed of the corpus and damage it one to four times: bits, bytes, integers and decimals at their extremes,
 * parts that go, come twice or come from another seed, words of the grammar. */
void ftdn_mutation_make(ftdn_mutation *mutation, const ftdn_fuzz_corpus *corpus, const ftdn_fuzz_reader *reader);

#endif
