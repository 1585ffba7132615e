/* read_record.h - one whole trial, read back by its key. */
#ifndef FTDN_RESULTS_READ_RECORD_H
#define FTDN_RESULTS_READ_RECORD_H

#include "results/statement.h"

/* trial: its key. Texts and rows live in the arena. FTDN_ERR_STORE: rows of it are missing. */
FTDN_NODISCARD ftdn_status ftdn_record_read(ftdn_store *store, int64_t trial, ftdn_arena *arena,
                                            ftdn_trial_record *ret_record, ftdn_error *err);

#endif
