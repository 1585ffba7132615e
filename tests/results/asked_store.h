/* asked_store.h - a store of its own for each test, trials to fill it with, and answers to questions. */
#ifndef FTDN_TESTS_RESULTS_ASKED_STORE_H
#define FTDN_TESTS_RESULTS_ASKED_STORE_H

#include "tests/results/sample.h"

/* Made anew for each test. */
typedef struct ftdn_asked_store {
    ftdn_arena arena;
    char *folder, *path;
    ftdn_store *store;
    ftdn_attempt_origin origin; /* of what is appended */
} ftdn_asked_store;

/* Setup and teardown for cmocka; *state is the ftdn_asked_store. */
int ftdn_asked_set_up(void **state);
int ftdn_asked_tear_down(void **state);
#define FTDN_ASKED_TEST(function) cmocka_unit_test_setup_teardown(function, ftdn_asked_set_up, ftdn_asked_tear_down)

/* The answer as CSV; setting: "within=0.02", NULL: none. */
const char *ftdn_asked_csv(ftdn_asked_store *asked, const char *question, const char *setting);

/* The rows of the answer hold this one, in any place. */
void ftdn_asked_assert_row(ftdn_asked_store *asked, const char *question, const char *setting, const char *row);

/* A trial with weight faults. */
typedef struct ftdn_asked_trial {
    double rate;
    const char *method; /* NULL: none */
    double ratio;
    int64_t seed;
    double map;
} ftdn_asked_trial;

/* Trial `number`, which is not appended yet. */
void ftdn_asked_describe(const ftdn_asked_trial *trial, int number, ftdn_sample *ret_sample);

/* Append the trials first, first + 1, ...; numbers are those of samples, and differ. */
void ftdn_asked_append(ftdn_asked_store *asked, const ftdn_asked_trial *trial, int n_trials, int first);

/* Append a measurement of `seconds` for an image. ratio: NaN where the method has none. */
void ftdn_asked_append_latency(ftdn_asked_store *asked, const char *method, double ratio, double seconds);

#endif
