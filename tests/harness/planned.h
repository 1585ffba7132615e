/* planned.h - a manifest out of a text, planned with all that it opens. */
#ifndef FTDN_TESTS_HARNESS_PLANNED_H
#define FTDN_TESTS_HARNESS_PLANNED_H

#include "harness/plan/plan.h"
#include "tests/support/support.h"

/* In the texts of tests ' stands for ". */
#define FTDN_PLANNED_HEAD                                                                                              \
    "{'manifest_version': 1, 'name': 'x',\n"                                                                           \
    " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0', 'width': 0.1},\n"                                  \
    " 'dataset': {'kind': 'test_scenes', 'images': 2},\n"

typedef struct ftdn_planned {
    ftdn_arena source, arena; /* of the manifest, of the plan */
    ftdn_inputs inputs;
    ftdn_manifest manifest;
    ftdn_plan plan;
    ftdn_error err;
} ftdn_planned;

/* The test fails where the manifest is wrong, and in the second where it cannot be planned. path: relative paths start
 * at its folder. */
void ftdn_planned_parse(ftdn_planned *p, const char *text, const char *path);
void ftdn_planned_make(ftdn_planned *p, const char *text, const char *path);
ftdn_status ftdn_planned_plan(ftdn_planned *p);
void ftdn_planned_done(ftdn_planned *p);

/* Plan again and again, each time with one allocation more of its arena, until it is there: before that, memory is all
 * that is lacking. The test fails where fewer than n_least were refused. */
void ftdn_planned_refuse(ftdn_planned *p, long n_least);

/* A spec as a store holds it. */
typedef struct ftdn_written_spec {
    const char *text;
    char id[FTDN_SHA256_HEX];
} ftdn_written_spec;

/* The spec of one trial. Its text lives in the arena. */
ftdn_status ftdn_written_spec_make(const ftdn_trial_settings *settings, const ftdn_trial_facts *facts,
                                   ftdn_arena *arena, ftdn_written_spec *ret_spec, ftdn_error *err);

#endif
