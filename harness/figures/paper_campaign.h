/* paper_campaign.h - the trials behind a figure or table that is known by name: what is missing of them is run. */
#ifndef FTDN_HARNESS_FIGURES_PAPER_CAMPAIGN_H
#define FTDN_HARNESS_FIGURES_PAPER_CAMPAIGN_H

#include "analysis/lines.h"
#include "harness/campaign/campaign_files.h"
#include "harness/terminal/exit_code.h"

typedef struct ftdn_paper_campaign_desc {
    const char *name, *size; /* "fig6a", "road" */
    const char *db;          /* NULL: results/NAME-SIZE.db */
    bool asks_nothing;       /* run even what takes long without asking at the terminal */
} ftdn_paper_campaign_desc;

/* Open the manifest, plan, say on stderr how many trials are missing and how long they take, run them. At a terminal
 * the user is asked before more than a minute. files: initialised. *ret_exit becomes FTDN_EXIT_FAILED_TRIALS where
 * trials failed. FTDN_ERR_INTERRUPTED: stopped or refused by the user. */
FTDN_NODISCARD ftdn_status ftdn_paper_campaign_complete(const ftdn_paper_campaign_desc *desc,
                                                        ftdn_campaign_files *files, ftdn_exit_code *ret_exit,
                                                        ftdn_error *err);

/* What the store holds of the plan, and nothing else that may be in it: trials of other weights or of an earlier
 * manifest stay out. Lives in the files' arena. */
FTDN_NODISCARD ftdn_status ftdn_paper_campaign_load(ftdn_campaign_files *files, ftdn_lines *ret_lines, ftdn_error *err);

#endif
