/* wrong_manifest.h - manifests that are wrong, and what tests share about them. */
#ifndef FTDN_TESTS_HARNESS_WRONG_MANIFEST_H
#define FTDN_TESTS_HARNESS_WRONG_MANIFEST_H

#include "harness/manifest.h"
#include "tests/support/support.h"

/* In the texts of tests ' stands for ". */
#define MODEL "'model': {'name': 'ssd_vgg16', 'weights': 'formula:0'},\n "
#define DATA "'dataset': {'kind': 'test_scenes', 'images': 4},\n "
#define HEAD "{'manifest_version': 1, 'name': 'x',\n " MODEL DATA

/* What messages say is allowed, in more than one test. */
#define FAULT_TYPES "zero, random, bit_flip, stuck_at_0, stuck_at_1"
#define PROTECTION_KEYS "method, ranking, direction, ratio, allocation, merge, merge_point, combine"
#define METHODS "none, kr, fmr, d2nn, clip"
/* A manifest and the messages about it, one below the other, without the file's name, "m.json:". */
typedef struct ftdn_wrong_case {
    const char *title, *text, *expected;
} ftdn_wrong_case;

/* The text with " for every '; lives in the arena. */
char *ftdn_wrong_copy(ftdn_arena *arena, const char *text);

/* Read a text as the manifest m.json. */
ftdn_status ftdn_wrong_parse(const char *text, ftdn_arena *arena, ftdn_mistakes *mistakes, ftdn_error *err);

/* The test fails unless exactly the expected messages come. */
void ftdn_wrong_check(const ftdn_wrong_case *c);

#endif
