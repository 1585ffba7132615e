#include "results/merge.h"

#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "results/copy_rows.h"
#include "results/digests.h"
#include "results/made_store.h"
#include "results/verify.h"

static const char doing[] = "merging";

typedef struct merger {
    const char *const *input; /* [n_inputs] */
    int n_inputs;
    ftdn_store *to;
    ftdn_arena *arena;
    ftdn_merge_summary summary;
} merger;

static bool is_same_file(const char *a, const char *b)
{
    struct stat info_a, info_b;
    return stat(a, &info_a) == 0 && stat(b, &info_b) == 0 && info_a.st_dev == info_b.st_dev &&
           info_a.st_ino == info_b.st_ino;
}

/* A file with a journal is one that a run writes, or has left in the middle: it could change under our hands. */
static ftdn_status check_quiet(const char *path, ftdn_arena *arena, ftdn_error *err)
{
    static const char *const suffixes[] = {"-wal", "-journal"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        struct stat info;
        const char *journal = ftdn_arena_format(arena, err, "%s%s", path, suffixes[i]);
        if (!journal) return FTDN_ERR_MEMORY;
        if (stat(journal, &info) == 0 && info.st_size > 0)
            return FTDN_FAIL(err, FTDN_ERR_STORE,
                             "store '%s' is being written, or its run was killed ('%s' is there): end its run, or "
                             "continue it, first",
                             path, journal);
    }
    return FTDN_OK;
}

static ftdn_status check_input(const char *path, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_verification verification;
    FTDN_TRY(ftdn_store_verify(path, arena, &verification, err));
    if (verification.n_damages == 0) return FTDN_OK;
    const ftdn_damage *first = &verification.damage[0];
    return FTDN_FAIL(
        err, FTDN_ERR_STORE,
        "store '%s' is damaged (%s%.12s%s%s; %d in all): see 'ftdn verify %s', and save what is sound with "
        "'ftdn repair %s OUT'",
        path, *first->id ? "trial " : "", first->id, *first->id ? ": " : "", first->what, verification.n_damages, path,
        path);
}

/* "'shard_1.db': code 0.1.0+g1a2b3c4, machine bench, device cpu, 2026-01-31T23:59:59.123Z, mAP 0.5". */
static ftdn_status describe(ftdn_store *store, const char *path, const char *id, ftdn_arena *arena,
                            const char **ret_text, ftdn_error *err)
{
    ftdn_statement row;
    const char *text = NULL;
    ftdn_statement_prepare(&row, store,
                           "SELECT printf('''%s'': code %s, machine %s, device %s, %s, mAP %!.17g', ?, e.code_version, "
                           "e.machine, e.device, a.finished_at, r.map_voc07) FROM trials t JOIN results r ON r.trial = "
                           "t.key JOIN attempts a ON a.id = r.attempt JOIN environments e ON e.id = a.environment "
                           "WHERE t.id = ?");
    ftdn_statement_bind_text(&row, path);
    ftdn_statement_bind_text(&row, id);
    if (ftdn_statement_next(&row)) text = ftdn_statement_text(&row, 0, arena);
    FTDN_TRY(ftdn_statement_finish(&row, doing, err));
    *ret_text = text ? text : "";
    return FTDN_OK;
}

/* The first input that has the trial. */
static ftdn_status find_source(const merger *m, const char *id, const char **ret_path, ftdn_error *err)
{
    for (int i = 0; i < m->n_inputs; i++) {
        ftdn_store *store;
        bool has = false;
        FTDN_TRY(ftdn_store_open(m->input[i], FTDN_STORE_READ, &store, err));
        ftdn_status status = ftdn_store_has_trial(store, id, &has, err);
        ftdn_store_close(store);
        FTDN_TRY(status);
        *ret_path = m->input[i];
        if (has) break;
    }
    return FTDN_OK;
}

static ftdn_status fail_conflict(const merger *m, ftdn_store *from, const char *path, const char *id, ftdn_error *err)
{
    const char *first_path = "", *first, *second;
    FTDN_TRY(find_source(m, id, &first_path, err));
    FTDN_TRY(describe(m->to, first_path, id, m->arena, &first, err));
    FTDN_TRY(describe(from, path, id, m->arena, &second, err));
    return FTDN_FAIL(err, FTDN_ERR_STORE,
                     "two results of trial %s differ, which should never be (see them: ftdn diff %s %s):\n  %s\n  %s",
                     id, first_path, path, first, second);
}

/* The key of a trial in the merged store; 0 where it has none. */
static ftdn_status find_merged(const merger *m, const char *id, int64_t *ret_key, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, m->to, "SELECT key FROM trials WHERE id = ?");
    ftdn_statement_bind_text(&row, id);
    return ftdn_statement_finish_integer(&row, doing, ret_key, err);
}

static ftdn_status merge_trial(merger *m, ftdn_row_copier *copier, const char *path, const char *id, int64_t trial,
                               ftdn_arena *arena, ftdn_error *err)
{
    int64_t there;
    ftdn_trial_digests ours, theirs;
    FTDN_TRY(find_merged(m, id, &there, err));
    if (there == 0) {
        m->summary.n_trials++;
        return ftdn_copy_trial(copier, trial, arena, err);
    }
    FTDN_TRY(ftdn_trial_digests_read(copier->from, trial, doing, &ours, err));
    FTDN_TRY(ftdn_trial_digests_read(m->to, there, doing, &theirs, err));
    if (strcmp(ours.result, theirs.result) != 0) return fail_conflict(m, copier->from, path, id, err);
    m->summary.n_repeated++;
    return FTDN_OK;
}

static ftdn_status merge_trials(merger *m, ftdn_row_copier *copier, const char *path, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_status status = FTDN_OK;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_statement_prepare(&row, copier->from, "SELECT key, id FROM trials ORDER BY key");
    while (status == FTDN_OK && ftdn_statement_next(&row)) {
        const char *id = ftdn_statement_text(&row, 1, &arena);
        if (id) status = merge_trial(m, copier, path, id, ftdn_statement_integer(&row, 0), &arena, err);
        ftdn_arena_done(&arena);
    }
    ftdn_status read_status = ftdn_statement_finish(&row, doing, status == FTDN_OK ? err : NULL);
    ftdn_arena_done(&arena);
    return status != FTDN_OK ? status : read_status;
}

static ftdn_status merge_input(merger *m, const char *path, ftdn_error *err)
{
    ftdn_row_copier copier = {.to = m->to, .arena = m->arena};
    FTDN_TRY(ftdn_store_open(path, FTDN_STORE_READ, &copier.from, err));
    ftdn_status status = ftdn_copy_rows(&copier, err);
    if (status == FTDN_OK) status = merge_trials(m, &copier, path, err);
    ftdn_store_close(copier.from);
    return status;
}

ftdn_status ftdn_store_merge(const char *out, const char *const *input, int n_inputs, ftdn_arena *arena,
                             ftdn_merge_summary *ret_summary, ftdn_error *err)
{
    merger m = {.arena = arena};
    const char **path = FTDN_NEW(arena, (size_t)n_inputs + 1, const char *, err);
    if (!path) return FTDN_ERR_MEMORY;
    if (ftdn_file_exists(out)) path[m.n_inputs++] = out;
    for (int i = 0; i < n_inputs; i++)
        if (!is_same_file(input[i], out)) path[m.n_inputs++] = input[i];
    m.input = path;
    for (int i = 0; i < m.n_inputs; i++) {
        FTDN_TRY(check_quiet(path[i], arena, err));
        FTDN_TRY(check_input(path[i], arena, err));
    }
    ftdn_made_store made;
    FTDN_TRY(ftdn_made_store_begin(&made, out, "merging", arena, err));
    m.to = made.store;
    ftdn_status status = FTDN_OK;
    for (int i = 0; i < m.n_inputs && status == FTDN_OK; i++) status = merge_input(&m, path[i], err);
    FTDN_TRY(ftdn_made_store_finish(&made, status, err));
    FTDN_TRY(ftdn_made_store_put(&made, err));
    *ret_summary = m.summary;
    return FTDN_OK;
}
