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
extern const ftdn_campaign_row ftdn_sample_campaign; /* its name is "smoke" */

/* Open for writing and begin a run as ftdn_sample_begin does; the test fails where that fails. */
ftdn_store *ftdn_sample_open(const char *path, ftdn_attempt_origin *ret_origin);

/* Record the sample environment, campaign and a run in an open store. */
ftdn_status ftdn_sample_begin(ftdn_store *store, ftdn_attempt_origin *ret_origin, ftdn_error *err);

/* Record a campaign of this name; its key. The test fails where that fails. */
int64_t ftdn_sample_add_campaign(ftdn_store *store, const char *name);

/* Set the sample's cell to a digest of its parameters but the seed. */
void ftdn_sample_set_cell(ftdn_sample *sample);

/* Append the sample as it is now: its cell is set first. ftdn_sample_append: the test fails where that fails. */
ftdn_status ftdn_sample_try(ftdn_store *store, ftdn_sample *sample, const ftdn_attempt_origin *origin, ftdn_error *err);
void ftdn_sample_append(ftdn_store *store, ftdn_sample *sample, const ftdn_attempt_origin *origin);

/* Append a failed attempt at the sample's trial. */
ftdn_status ftdn_sample_fail(ftdn_store *store, const ftdn_sample *sample, const char *cause,
                             const ftdn_attempt_origin *origin, ftdn_error *err);

/* The answer to a question with one setting ("within=0.02", NULL: none) as CSV; the test fails where there is none. */
char *ftdn_sample_ask_with(ftdn_store *store, const char *question, const char *setting, ftdn_arena *arena);

/* The answer to a question without settings; the test fails where there is none. */
char *ftdn_sample_ask(ftdn_store *store, const char *question, ftdn_format format, ftdn_arena *arena);

#endif
