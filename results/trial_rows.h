/* trial_rows.h - the rows of one trial or attempt, written inside a transaction that is open already. */
#ifndef FTDN_RESULTS_TRIAL_ROWS_H
#define FTDN_RESULTS_TRIAL_ROWS_H

#include "results/statement.h"

/* A row of table attempts. */
typedef struct ftdn_attempt_row {
    const char *trial_id;
    ftdn_attempt_origin origin;
    const char *outcome; /* "done", ... */
    bool is_confirmed;
    const char *finished_at;  /* UTC; NULL: now */
    double seconds;           /* NaN: not known */
    const char *cause, *spec; /* NULL where outcome is "done" */
} ftdn_attempt_row;

FTDN_NODISCARD ftdn_status ftdn_attempt_insert(ftdn_store *store, const ftdn_attempt_row *attempt, const char *doing,
                                               int64_t *ret_attempt, ftdn_error *err);

/* A finished trial: its attempt, all its rows, the digests of what was written. FTDN_ERR_STORE: the id is there. */
FTDN_NODISCARD ftdn_status ftdn_trial_insert(ftdn_store *store, const ftdn_trial_record *record,
                                             const ftdn_attempt_row *attempt, const char *doing, ftdn_error *err);

#endif
