/* campaign_files.h - what `ftdn run` and `ftdn plan` open: a manifest, all it names, and the store's path. */
#ifndef FTDN_HARNESS_CAMPAIGN_CAMPAIGN_FILES_H
#define FTDN_HARNESS_CAMPAIGN_CAMPAIGN_FILES_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/manifest/manifest.h"
#include "harness/plan/inputs.h"
#include "harness/plan/plan.h"
#include "results/store.h"

typedef struct ftdn_campaign_files {
    ftdn_arena arena;
    ftdn_manifest manifest;
    ftdn_inputs inputs;
    ftdn_plan plan;
    const char *db_path;
} ftdn_campaign_files;

void ftdn_campaign_files_init(ftdn_campaign_files *files);
void ftdn_campaign_files_done(ftdn_campaign_files *files);

/* Read the manifest alone. All its mistakes are printed on stderr, one line each; err then says how many. */
FTDN_NODISCARD ftdn_status ftdn_campaign_files_load_manifest(ftdn_campaign_files *files, const char *path,
                                                             ftdn_error *err);

/* Read the manifest and plan its trials. db: NULL for results/NAME.db. The store itself is not opened. */
FTDN_NODISCARD ftdn_status ftdn_campaign_files_open(ftdn_campaign_files *files, const char *manifest_path,
                                                    const char *db, ftdn_error *err);

/* Plan the trials of a resolved manifest that the store db keeps; all its paths are absolute. */
FTDN_NODISCARD ftdn_status ftdn_campaign_files_open_stored(ftdn_campaign_files *files, const char *manifest,
                                                           const char *db, ftdn_error *err);

/* The store, open for writing, where it exists and the trial's protection needs scores, which may be kept there; else
 * *ret_store is NULL. */
FTDN_NODISCARD ftdn_status ftdn_campaign_files_open_scores(const ftdn_campaign_files *files,
                                                           const ftdn_planned_trial *trial, ftdn_store **ret_store,
                                                           ftdn_error *err);

/* The campaign's name and, where there is one, its description: one line on stdout. */
void ftdn_campaign_files_print_title(const ftdn_campaign_files *files);

#endif
