#include "results/store.h"

#include <assert.h>

#include "results/trial_rows.h"

ftdn_status ftdn_store_append(ftdn_store *store, const ftdn_trial_record *record, const ftdn_attempt_origin *origin,
                              ftdn_error *err)
{
    assert(store->mode == FTDN_STORE_WRITE);
    const ftdn_attempt_row attempt = {
        .trial_id = record->id, .origin = *origin, .outcome = "done", .seconds = record->seconds};
    char doing[32];
    sqlite3_snprintf(sizeof doing, doing, "writing trial %.12s", record->id);
    FTDN_TRY(ftdn_store_begin(store, doing, err));
    ftdn_status status = ftdn_trial_insert(store, record, &attempt, doing, err);
    return ftdn_store_end_transaction(store, status, doing, err);
}

ftdn_status ftdn_store_append_failure(ftdn_store *store, const ftdn_failure_row *failure,
                                      const ftdn_attempt_origin *origin, ftdn_error *err)
{
    assert(store->mode == FTDN_STORE_WRITE && failure->cause);
    const ftdn_attempt_row attempt = {
        .trial_id = failure->id,
        .origin = *origin,
        .outcome = failure->outcome,
        .seconds = failure->seconds,
        .cause = failure->cause,
        .spec = failure->spec,
    };
    char doing[64];
    int64_t attempt_id;
    sqlite3_snprintf(sizeof doing, doing, "writing the failure of trial %.12s", failure->id);
    return ftdn_attempt_insert(store, &attempt, doing, &attempt_id, err);
}
