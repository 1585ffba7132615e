/* sample.h - made-up trials and environments for the tests of the store. */
#ifndef FTDN_TESTS_RESULTS_SAMPLE_H
#define FTDN_TESTS_RESULTS_SAMPLE_H

#include "results/query.h"
#include "results/store.h"
#include "tests/support/support.h"

enum { FTDN_SAMPLE_CLASSES = 3, FTDN_SAMPLE_TIMINGS = 2, FTDN_SAMPLE_FAULTS = 3 };

/* A record and all that it points at; do not copy. */
typedef struct ftdn_sample {
    ftdn_trial_record record;
    ftdn_class_row class_row[FTDN_SAMPLE_CLASSES];
    ftdn_timing_row timing_row[FTDN_SAMPLE_TIMINGS];
    ftdn_fault_row fault_row[FTDN_SAMPLE_FAULTS];
    char spec[64];
} ftdn_sample;

/* Trial `number`: seed = number, spec = {"seed":number}, id = SHA-256 of the spec. */
void ftdn_sample_init(ftdn_sample *sample, int number);

extern const ftdn_environment ftdn_sample_environment;

/* Open for writing and record the sample environment; the test fails where that fails. */
ftdn_store *ftdn_sample_open(const char *path, int64_t *ret_environment);

/* What ftdn_query_print prints; the test fails where that fails. */
char *ftdn_sample_ask(ftdn_store *store, const char *question, ftdn_query_format format, ftdn_arena *arena);

#endif
