/* spec.h - a trial's spec: everything that determines its result, and the id made from it.
 *
 * The spec is a canonical JSON text (keys sorted, no spaces, integers in digits, other numbers as the
 * shortest decimal of their double); the trial's id is its SHA-256. It says what is computed, with which
 * arithmetic, on which weights and images, these by their digests: never a path, a host, a position or a
 * number of threads. Two trials with one id are one trial. */
#ifndef FTDN_HARNESS_PLAN_SPEC_H
#define FTDN_HARNESS_PLAN_SPEC_H

#include "base/arena.h"
#include "base/sha256.h"
#include "base/status.h"
#include "base/text.h"
#include "harness/manifest/settings.h"

/* Raised whenever a bit of any result may change although its spec stays the same. */
#define FTDN_SEMANTICS 1

/* What is known once the model, its weights and the images are open. */
typedef struct ftdn_trial_facts {
    double width;               /* of the network as built */
    const char *weights_digest; /* 64 hexadecimal digits */
    const char *dataset_digest;
    int n_images;
    const char *calibration_digest; /* NULL where the protection reads no images */
    int n_calibration_images;
    const char *arithmetic; /* harness/plan/arithmetic.h */
    int micro_batch;        /* images per forward: oneDNN's bits depend on it */
} ftdn_trial_facts;

/* What the specs of trials have in common that differ in the seed alone. */
typedef struct ftdn_cell_spec {
    const char *head, *tail; /* what stands before and behind the seed, no texts of their own; in the caller's arena */
    size_t n_head, n_tail;
    char digest[FTDN_SHA256_HEX]; /* SHA-256 of the text without a seed */
} ftdn_cell_spec;

typedef struct ftdn_trial_spec {
    const ftdn_cell_spec *cell; /* borrowed */
    uint64_t seed;
    char id[FTDN_SHA256_HEX];
} ftdn_trial_spec;

/* settings: the seed is not read. Texts live in the arena. */
FTDN_NODISCARD ftdn_status ftdn_cell_spec_make(const ftdn_trial_settings *settings, const ftdn_trial_facts *facts,
                                               ftdn_sha256 *hash, ftdn_arena *arena, ftdn_cell_spec *ret_cell,
                                               ftdn_error *err);

/* The spec of the cell's trial with this seed. */
ftdn_trial_spec ftdn_cell_spec_with_seed(const ftdn_cell_spec *cell, uint64_t seed, ftdn_sha256 *hash);

/* Append the canonical JSON. */
void ftdn_trial_spec_write(const ftdn_trial_spec *spec, ftdn_text *text);

/* The same as a text that lives in the arena. NULL: FTDN_ERR_MEMORY. */
FTDN_NODISCARD const char *ftdn_trial_spec_text(const ftdn_trial_spec *spec, ftdn_arena *arena, ftdn_error *err);

/* A scope as the spec and the store's columns have it: its name, or a JSON list of its globs. Lives in
 * the arena; NULL: FTDN_ERR_MEMORY. */
FTDN_NODISCARD const char *ftdn_scope_text(const ftdn_scope_settings *scope, ftdn_arena *arena, ftdn_error *err);

#endif
