#include "results/trial_check.h"

#include <stdio.h>
#include <string.h>

#include "results/statement.h"

static const char doing[] = "checking a trial";

/* The id as it stands there, and whether the spec is the one that it is the digest of. */
static ftdn_status check_id(ftdn_store *store, int64_t trial, ftdn_trial_check *check, bool *ret_fits, ftdn_error *err)
{
    ftdn_statement row;
    char digest[FTDN_SHA256_HEX] = "";
    ftdn_status status = FTDN_OK;
    ftdn_statement_prepare(&row, store, "SELECT id, spec FROM trials WHERE key = ?");
    ftdn_statement_bind_integer(&row, trial);
    if (ftdn_statement_next(&row)) {
        const unsigned char *id = sqlite3_column_text(row.handle, 0), *spec = sqlite3_column_text(row.handle, 1);
        if (id) snprintf(check->id, sizeof check->id, "%s", (const char *)id);
        if (spec) status = ftdn_sha256_of(spec, (size_t)sqlite3_column_bytes(row.handle, 1), digest, err);
    }
    ftdn_status read_status = ftdn_statement_finish(&row, doing, err);
    *ret_fits = *digest && strcmp(digest, check->id) == 0;
    return status != FTDN_OK ? status : read_status;
}

static ftdn_status check(ftdn_store *store, int64_t trial, ftdn_trial_check *check, ftdn_error *err)
{
    bool fits;
    ftdn_trial_digests kept, computed;
    FTDN_TRY(check_id(store, trial, check, &fits, err));
    if (!fits) {
        snprintf(check->what, sizeof check->what, "its id is not the SHA-256 of its spec");
        return FTDN_OK;
    }
    FTDN_TRY(ftdn_trial_digests_read(store, trial, doing, &kept, err));
    FTDN_TRY(ftdn_trial_digests_compute(store, trial, doing, &computed, err));
    check->is_sound = strcmp(kept.result, computed.result) == 0;
    check->has_provenance = strcmp(kept.provenance, computed.provenance) == 0;
    if (!*kept.result) snprintf(check->what, sizeof check->what, "its digests are missing");
    else if (!check->is_sound) snprintf(check->what, sizeof check->what, "its result is not that of its digest");
    else if (!check->has_provenance)
        snprintf(check->what, sizeof check->what, "its provenance is not that of its digest");
    return FTDN_OK;
}

ftdn_status ftdn_trial_check_run(ftdn_store *store, int64_t trial, ftdn_trial_check *ret_check, ftdn_error *err)
{
    ftdn_trial_check answer = {0};
    ftdn_error cause = {0};
    ftdn_status status = check(store, trial, &answer, &cause);
    if (status == FTDN_ERR_MEMORY) {
        if (err) *err = cause;
        return status;
    }
    if (status != FTDN_OK) {
        answer.is_sound = answer.has_provenance = false;
        snprintf(answer.what, sizeof answer.what, "%.*s", (int)sizeof answer.what - 1, cause.message);
    }
    *ret_check = answer;
    return FTDN_OK;
}
