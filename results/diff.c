#include "results/diff.h"

#include <stdio.h>
#include <string.h>

#include "results/digests.h"
#include "results/statement.h"

static const char doing[] = "comparing", no_row[] = "(no row)";

typedef struct comparer {
    ftdn_store *store[2];
    ftdn_arena *arena;
    ftdn_store_diff diff;
    ftdn_difference *difference; /* [capacity] */
    int capacity;
} comparer;

static ftdn_status note(comparer *c, const char *id, const char *where, const char *a, const char *b, ftdn_error *err)
{
    ftdn_difference *list =
        ftdn_arena_grow(c->arena, c->difference, c->diff.n_differences, &c->capacity, sizeof *list, err);
    if (!list) return FTDN_ERR_MEMORY;
    c->difference = list;
    ftdn_difference *d = &list[c->diff.n_differences++];
    snprintf(d->id, sizeof d->id, "%s", id);
    d->where = where;
    d->a = a;
    d->b = b;
    return FTDN_OK;
}

/* A column's value with all its bits. */
static const char *value_text(ftdn_statement *row, int column, ftdn_arena *arena, ftdn_error *err)
{
    switch (sqlite3_column_type(row->handle, column)) {
    case SQLITE_NULL: return ftdn_arena_copy_text(arena, "NULL", 4, err);
    case SQLITE_FLOAT: return ftdn_arena_format(arena, err, "%.17g", sqlite3_column_double(row->handle, column));
    default: break;
    }
    const char *text = ftdn_statement_text(row, column, arena);
    return text ? text : ftdn_arena_copy_text(arena, "", 0, err);
}

/* Compare the current rows of two statements, of which one may have come to its end. */
static ftdn_status compare_rows(comparer *c, const char *id, const char *table, int index, ftdn_statement row[2],
                                const bool has[2], ftdn_error *err)
{
    const ftdn_statement *first = has[0] ? &row[0] : &row[1];
    int n_columns = has[0] && has[1] ? sqlite3_column_count(first->handle) : 1;
    for (int i = 0; i < n_columns; i++) {
        const char *value[2], *where;
        for (int s = 0; s < 2; s++) {
            value[s] = has[s] ? value_text(&row[s], i, c->arena, err) : no_row;
            if (!value[s]) return FTDN_ERR_MEMORY;
        }
        if (strcmp(value[0], value[1]) == 0) continue;
        where = ftdn_arena_format(c->arena, err, "%s[%d].%s", table, index, sqlite3_column_name(first->handle, i));
        if (!where) return FTDN_ERR_MEMORY;
        FTDN_TRY(note(c, id, where, value[0], value[1], err));
    }
    return FTDN_OK;
}

static ftdn_status compare_part(comparer *c, const char *id, const ftdn_trial_part *part, const int64_t key[2],
                                ftdn_error *err)
{
    ftdn_statement row[2];
    bool has[2];
    ftdn_status status = FTDN_OK;
    for (int s = 0; s < 2; s++) {
        ftdn_statement_prepare(&row[s], c->store[s], part->sql);
        ftdn_statement_bind_integer(&row[s], key[s]);
        has[s] = ftdn_statement_next(&row[s]);
    }
    for (int index = 0; status == FTDN_OK && (has[0] || has[1]); index++) {
        status = compare_rows(c, id, part->table, index, row, has, err);
        for (int s = 0; s < 2; s++) has[s] = has[s] && ftdn_statement_next(&row[s]);
    }
    for (int s = 0; s < 2; s++) {
        ftdn_status end = ftdn_statement_finish(&row[s], doing, status == FTDN_OK ? err : NULL);
        if (status == FTDN_OK) status = end;
    }
    return status;
}

/* The trial's key and code version. */
static ftdn_status find_trial(ftdn_store *store, const char *id, ftdn_arena *arena, int64_t *ret_key,
                              const char **ret_code, ftdn_error *err)
{
    ftdn_statement row;
    const char *code = NULL;
    ftdn_statement_prepare(&row, store,
                           "SELECT t.key, e.code_version FROM trials t JOIN results r ON r.trial = t.key "
                           "JOIN attempts a ON a.id = r.attempt JOIN environments e ON e.id = a.environment "
                           "WHERE t.id = ?");
    ftdn_statement_bind_text(&row, id);
    if (ftdn_statement_next(&row)) {
        *ret_key = ftdn_statement_integer(&row, 0);
        code = ftdn_statement_text(&row, 1, arena);
    }
    FTDN_TRY(ftdn_statement_finish(&row, doing, err));
    *ret_code = code ? code : "";
    return FTDN_OK;
}

static ftdn_status compare_trial(comparer *c, const char *id, ftdn_arena *scratch, ftdn_error *err)
{
    int64_t key[2] = {0};
    const char *code[2];
    ftdn_trial_digests digests[2];
    for (int s = 0; s < 2; s++) {
        FTDN_TRY(find_trial(c->store[s], id, scratch, &key[s], &code[s], err));
        FTDN_TRY(ftdn_trial_digests_compute(c->store[s], key[s], doing, &digests[s], err));
    }
    if (strcmp(digests[0].result, digests[1].result) == 0) {
        c->diff.n_equal++;
        c->diff.n_other_code += strcmp(code[0], code[1]) != 0;
        return FTDN_OK;
    }
    int n_parts;
    const ftdn_trial_part *part = ftdn_result_parts(&n_parts);
    c->diff.n_different++;
    for (int i = 0; i < n_parts; i++) FTDN_TRY(compare_part(c, id, &part[i], key, err));
    return FTDN_OK;
}

ftdn_status ftdn_store_compare(ftdn_store *a, ftdn_store *b, ftdn_arena *arena, ftdn_store_diff *ret_diff,
                               ftdn_error *err)
{
    comparer c = {.store = {a, b}, .arena = arena};
    ftdn_held_trial *list[2];
    int n[2];
    for (int s = 0; s < 2; s++) FTDN_TRY(ftdn_store_list_trials(c.store[s], arena, &list[s], &n[s], err));
    ftdn_held_trial *only_a = FTDN_NEW(arena, (size_t)n[0], ftdn_held_trial, err),
                    *only_b = FTDN_NEW(arena, (size_t)n[1], ftdn_held_trial, err);
    if (!only_a || !only_b) return FTDN_ERR_MEMORY;
    for (int i = 0, k = 0; i < n[0] || k < n[1];) {
        int order = i == n[0] ? 1 : k == n[1] ? -1 : strcmp(list[0][i].id, list[1][k].id);
        if (order < 0) only_a[c.diff.n_only_a++] = list[0][i++];
        else if (order > 0) only_b[c.diff.n_only_b++] = list[1][k++];
        else {
            ftdn_arena scratch;
            ftdn_arena_init(&scratch);
            ftdn_status status = compare_trial(&c, list[0][i].id, &scratch, err);
            ftdn_arena_done(&scratch);
            FTDN_TRY(status);
            i++;
            k++;
        }
    }
    c.diff.only_a = only_a;
    c.diff.only_b = only_b;
    c.diff.difference = c.difference;
    *ret_diff = c.diff;
    return FTDN_OK;
}
