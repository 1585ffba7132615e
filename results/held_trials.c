#include "results/store.h"

#include <stdlib.h>
#include <string.h>

#include "results/statement.h"

#define SHORTEST_PREFIX 4 /* hex digits of an id that ftdn_store_find_trial takes */

static const char looking[] = "looking for a trial", listing[] = "listing trials";

ftdn_status ftdn_store_has_trial(ftdn_store *store, const char *id, bool *ret_has, ftdn_error *err)
{
    ftdn_statement row;
    int64_t has;
    ftdn_statement_prepare(&row, store, "SELECT 1 FROM trials WHERE id = ?");
    ftdn_statement_bind_text(&row, id);
    FTDN_TRY(ftdn_statement_finish_integer(&row, looking, &has, err));
    *ret_has = has == 1;
    return FTDN_OK;
}

/* At least SHORTEST_PREFIX and at most 64 hexadecimal digits, copied in lower case. */
static ftdn_status normalise_prefix(const char *prefix, char ret_digits[FTDN_SHA256_HEX], ftdn_error *err)
{
    size_t n_digits = strspn(prefix, "0123456789abcdefABCDEF");
    if (prefix[n_digits] || n_digits < SHORTEST_PREFIX || n_digits >= FTDN_SHA256_HEX)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "'%s' is no beginning of a trial id: %d to %d hexadecimal digits are",
                         prefix, SHORTEST_PREFIX, FTDN_SHA256_HEX - 1);
    for (size_t i = 0; i <= n_digits; i++)
        ret_digits[i] = (char)(prefix[i] >= 'A' && prefix[i] <= 'F' ? prefix[i] - 'A' + 'a' : prefix[i]);
    return FTDN_OK;
}

/* How many ids begin with the digits (2: two or more), and the first of them. */
static ftdn_status find_first(ftdn_store *store, const char *digits, int64_t *ret_n, char ret_id[FTDN_SHA256_HEX],
                              ftdn_error *err)
{
    ftdn_statement row;
    int64_t n = 0;
    ftdn_statement_prepare(&row, store,
                           "SELECT id, count(*) OVER () FROM trials WHERE id >= ?1 AND id < ?1 || 'g' "
                           "ORDER BY id LIMIT 1");
    ftdn_statement_bind_text(&row, digits);
    if (ftdn_statement_next(&row)) {
        const unsigned char *id = sqlite3_column_text(row.handle, 0);
        n = ftdn_statement_integer(&row, 1);
        if (!id) row.code = SQLITE_NOMEM;
        else snprintf(ret_id, FTDN_SHA256_HEX, "%s", (const char *)id);
    }
    FTDN_TRY(ftdn_statement_finish(&row, looking, err));
    *ret_n = n;
    return FTDN_OK;
}

ftdn_status ftdn_store_find_trial(ftdn_store *store, const char *prefix, char ret_id[FTDN_SHA256_HEX], ftdn_error *err)
{
    char digits[FTDN_SHA256_HEX], id[FTDN_SHA256_HEX] = "";
    int64_t n;
    FTDN_TRY(normalise_prefix(prefix, digits, err));
    FTDN_TRY(find_first(store, digits, &n, id, err));
    if (n == 0)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "store '%s' has no trial whose id begins with '%s'", store->name, digits);
    if (n > 1)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "store '%s' has %lld trials whose ids begin with '%s': give more digits",
                         store->name, (long long)n, digits);
    if (strlen(id) != FTDN_SHA256_HEX - 1)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "store '%s' is damaged (a trial id is '%s')", store->name, id);
    memcpy(ret_id, id, FTDN_SHA256_HEX);
    return FTDN_OK;
}

static ftdn_status count_trials(ftdn_store *store, int64_t *ret_n, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store, "SELECT count(*) FROM trials");
    return ftdn_statement_finish_integer(&row, listing, ret_n, err);
}

ftdn_status ftdn_store_list_trials(ftdn_store *store, ftdn_arena *arena, ftdn_held_trial **ret_trial, int *ret_n,
                                   ftdn_error *err)
{
    int64_t n_expected;
    int n = 0;
    ftdn_statement row;
    FTDN_TRY(count_trials(store, &n_expected, err));
    ftdn_held_trial *trial = FTDN_NEW(arena, (size_t)n_expected, ftdn_held_trial, err);
    if (!trial) return FTDN_ERR_MEMORY;
    /* A writer may add trials between the two questions: what it adds is not listed. */
    ftdn_statement_prepare(&row, store,
                           "SELECT t.id, r.map_voc07 FROM trials t JOIN results r ON r.trial = t.key ORDER BY t.id");
    while (n < n_expected && ftdn_statement_next(&row)) {
        const unsigned char *id = sqlite3_column_text(row.handle, 0);
        if (!id) row.code = SQLITE_NOMEM;
        else snprintf(trial[n].id, sizeof trial[n].id, "%s", (const char *)id);
        trial[n++].map_voc07 = ftdn_statement_real(&row, 1);
    }
    FTDN_TRY(ftdn_statement_finish(&row, listing, err));
    *ret_trial = trial;
    *ret_n = n;
    return FTDN_OK;
}

static int compare_ids(const void *id, const void *trial)
{
    return strcmp(id, ((const ftdn_held_trial *)trial)->id);
}

const ftdn_held_trial *ftdn_held_trial_find(const ftdn_held_trial *trial, int n, const char *id)
{
    return n > 0 ? bsearch(id, trial, (size_t)n, sizeof *trial, compare_ids) : NULL;
}
