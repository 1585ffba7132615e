/* trial_check.h - is one trial what was written? */
#ifndef FTDN_RESULTS_TRIAL_CHECK_H
#define FTDN_RESULTS_TRIAL_CHECK_H

#include "results/digests.h"

typedef struct ftdn_trial_check {
    char id[FTDN_SHA256_HEX]; /* as it stands in the file; "" where it cannot be read */
    bool is_sound;            /* id and result */
    bool has_provenance;      /* and it is sound */
    char what[256];           /* of the damage; "" where there is none */
} ftdn_trial_check;

/* trial: its key. FTDN_ERR_MEMORY is the one failure: what cannot be read is damage. */
FTDN_NODISCARD ftdn_status ftdn_trial_check_run(ftdn_store *store, int64_t trial, ftdn_trial_check *ret_check,
                                                ftdn_error *err);

#endif
