/* manifest.h - an experiment manifest: a template of one trial and a sweep over its keys.
 *
 * Reading is strict: whatever the table of keys (manifest_keys.h) does not allow is a mistake, and all
 * mistakes of a file are found in one run. A manifest without mistakes stands for n_trials trials, whose
 * settings are worked out one by one, on demand; two of them may be equal. */
#ifndef FTDN_HARNESS_MANIFEST_H
#define FTDN_HARNESS_MANIFEST_H

#include <stddef.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "harness/document.h"
#include "harness/mistakes.h"
#include "harness/settings.h"
#include "harness/sweep.h"

typedef struct ftdn_manifest {
    const char *path;   /* as given */
    const char *folder; /* of the path: where relative paths in it start */
    const char *name;
    const char *description; /* "" where not given */
    const ftdn_json *root;
    ftdn_document base; /* the file without its sweep */
    ftdn_document defaults;
    ftdn_sweep sweep;
    size_t n_trials; /* 1 ... FTDN_MAX_TRIALS */
} ftdn_manifest;

/* Read a manifest file. mistakes: initialised by the caller; holds all that is wrong after FTDN_ERR_MANIFEST,
 * nothing where the text is no JSON (then err alone says where). FTDN_ERR_INPUT: no such file, unreadable,
 * over 64 MiB. Everything lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_manifest_load(const char *path, ftdn_arena *arena, ftdn_mistakes *mistakes,
                                              ftdn_manifest *ret_manifest, ftdn_error *err);

/* The same from a text; path stands in messages, and relative paths start at its folder. */
FTDN_NODISCARD ftdn_status ftdn_manifest_parse(const char *text, size_t n_bytes, const char *path, ftdn_arena *arena,
                                               ftdn_mistakes *mistakes, ftdn_manifest *ret_manifest, ftdn_error *err);

/* What a library calls a wrong argument is, seen from here, a mistake of the manifest: FTDN_ERR_ARG becomes
 * FTDN_ERR_MANIFEST, its message put behind the place where trial `index` has the value of `key`, or of the nearest
 * object around it where the key is not given. Other statuses are handed on. */
ftdn_status ftdn_manifest_blame(const ftdn_manifest *manifest, size_t index, ftdn_key_id key, ftdn_status status,
                                ftdn_error *err);

/* What trial `index` (0 ... n_trials-1, the last key of the grid changing fastest) is asked to do. */
void ftdn_manifest_get_settings(const ftdn_manifest *manifest, size_t index, ftdn_trial_settings *ret_settings);

#endif
