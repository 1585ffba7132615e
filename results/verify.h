/* verify.h - is all that a store holds what was written into it?
 *
 * Looked at: the structure of the file (SQLite's own checks), references, the schema's text, ids against specs,
 * campaigns
 * against their manifests, and the digests of all trials, channel scores and golden canaries, computed anew. A single
 * flipped bit of a result, its parameters or its provenance is found. */
#ifndef FTDN_RESULTS_VERIFY_H
#define FTDN_RESULTS_VERIFY_H

#include "base/arena.h"
#include "results/store.h"

typedef struct ftdn_damage {
    char id[FTDN_SHA256_HEX]; /* of the damaged trial; "" where the damage is not one trial's */
    const char *what;
} ftdn_damage;

typedef struct ftdn_verification {
    int n_trials;         /* looked at */
    int n_damaged_trials; /* with at least one damage of their own */
    int n_layers;         /* whose channel scores were looked at */
    int n_damages;
    const ftdn_damage *damage; /* [n_damages]; of the structure first, then trial by trial */
} ftdn_verification;

/* Damage is no failure of the call. FTDN_ERR_STORE: the file cannot be opened as a store at all. All lives in the
 * arena. */
FTDN_NODISCARD ftdn_status ftdn_store_verify(const char *path, ftdn_arena *arena, ftdn_verification *ret_verification,
                                             ftdn_error *err);

#endif
