#include "datasets/missing_files.h"

#include <string.h>

#define MOST_NAMED 5
#define LINE_START "\n  "

void ftdn_missing_files_init(ftdn_missing_files *missing)
{
    missing->n_missing = 0;
    ftdn_text_init(&missing->named);
}

void ftdn_missing_files_done(ftdn_missing_files *missing)
{
    ftdn_text_done(&missing->named);
}

void ftdn_missing_files_add(ftdn_missing_files *missing, const char *where, const char *path)
{
    if (missing->n_missing++ < MOST_NAMED)
        ftdn_text_append(&missing->named, LINE_START "%s%.240s: No such file or directory", where, path);
}

ftdn_status ftdn_missing_files_check(const ftdn_missing_files *missing, int n_files, ftdn_error *err)
{
    if (missing->n_missing == 0) return FTDN_OK;
    FTDN_TRY(ftdn_text_check(&missing->named, err));
    const char *named = missing->named.chars;
    int n_more = missing->n_missing - MOST_NAMED;
    if (missing->n_missing == 1) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s", named + strlen(LINE_START));
    if (n_more <= 0)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%d of %d files are missing:%s", missing->n_missing, n_files, named);
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "%d of %d files are missing:%s" LINE_START "and %d more", missing->n_missing,
                     n_files, named, n_more);
}
