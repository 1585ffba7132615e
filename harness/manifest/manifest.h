/* manifest.h - an experiment manifest: a template of one trial and sweeps over its keys.
 *
 * Reading is strict: whatever the table of keys (manifest_keys.h) does not allow is a mistake, and all
 * mistakes of a file, and of the files that it extends, are found in one run. A manifest without mistakes stands for
 * n_trials trials, whose settings are worked out one by one, on demand; two of them may be equal. */
#ifndef FTDN_HARNESS_MANIFEST_MANIFEST_H
#define FTDN_HARNESS_MANIFEST_MANIFEST_H

#include <stddef.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "harness/manifest/document.h"
#include "harness/manifest/mistakes.h"
#include "harness/manifest/settings.h"
#include "harness/manifest/sweep.h"

typedef struct ftdn_manifest {
    const char *path;   /* as given */
    const char *folder; /* of the path: where relative paths in it start */
    const char *name;
    const char *description; /* "" where not given */
    const ftdn_json *root;     /* with all that it extends */
    const ftdn_json *resolved; /* the same with absolute paths (ftdn_manifest_write_resolved) */
    ftdn_document given;       /* the template */
    ftdn_document defaults;    /* of the manifest */
    ftdn_document table;       /* the defaults of the table */
    int n_sweeps;              /* at least 1 */
    const ftdn_sweep *sweep;   /* [n_sweeps] */
    size_t n_trials;           /* of all sweeps, 1 ... FTDN_MAX_TRIALS */
} ftdn_manifest;

/* Read a manifest file. mistakes: initialised by the caller; holds all that is wrong after FTDN_ERR_MANIFEST,
 * nothing where the text is no JSON (then err alone says where). FTDN_ERR_INPUT: no such file, unreadable,
 * over 64 MiB. Everything lives in the arena. */
FTDN_NODISCARD ftdn_status ftdn_manifest_load(const char *path, ftdn_arena *arena, ftdn_mistakes *mistakes,
                                              ftdn_manifest *ret_manifest, ftdn_error *err);

/* The same from a text; path stands in messages, and relative paths start at its folder. */
FTDN_NODISCARD ftdn_status ftdn_manifest_parse(const char *text, size_t n_bytes, const char *path, ftdn_arena *arena,
                                               ftdn_mistakes *mistakes, ftdn_manifest *ret_manifest, ftdn_error *err);

/* Where trial `index` has the value of `key`, or of the nearest object around it where the key is not given. *ret_path:
 * what stands there, as messages call it. */
ftdn_position ftdn_manifest_locate(const ftdn_manifest *manifest, size_t index, ftdn_key_id key, const char **ret_path);

/* What a library calls a wrong argument is, seen from here, a mistake of the manifest: FTDN_ERR_ARG becomes
 * FTDN_ERR_MANIFEST, its message put behind the place that ftdn_manifest_locate finds. FTDN_ERR_BACKEND, what this
 * machine lacks, and FTDN_ERR_INPUT, what cannot be read, get the place and stay what they are. Other statuses are
 * handed on. */
ftdn_status ftdn_manifest_blame(const ftdn_manifest *manifest, size_t index, ftdn_key_id key, ftdn_status status,
                                ftdn_error *err);

/* What trial `index` (0 ... n_trials-1) is asked to do: sweep by sweep, in each combination by combination, in each of
 * these seed by seed. */
void ftdn_manifest_get_settings(const ftdn_manifest *manifest, size_t index, ftdn_trial_settings *ret_settings);

/* The seed among these settings. */
uint64_t ftdn_manifest_get_seed(const ftdn_manifest *manifest, size_t index);

/* Append the manifest as it stands for itself, as JSON: what it extends is in it, paths are absolute and variables
 * replaced, keys are sorted where their order means nothing. A manifest of this text has the same trials. */
void ftdn_manifest_write_resolved(const ftdn_manifest *manifest, ftdn_text *text);

#endif
