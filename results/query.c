#include "results/query.h"

#include <string.h>

#include "results/query_format.h"
#include "results/query_settings.h"
#include "results/store_internal.h"

static bool is_in(const char *word, const char *const *list, size_t n_words)
{
    for (size_t i = 0; i < n_words; i++)
        if (sqlite3_stricmp(word, list[i]) == 0) return true;
    return false;
}

/* Pragmas that tell something: with an argument or without, and those that set something if they are given one. */
static bool pragma_only_reads(const char *name, const char *argument)
{
    static const char *const always[] = {"table_info",      "table_xinfo", "table_list",       "index_list",
                                         "index_info",      "index_xinfo", "foreign_key_list", "foreign_key_check",
                                         "integrity_check", "quick_check", "database_list"};
    static const char *const without_argument[] = {
        "application_id", "user_version", "schema_version",  "page_count",     "page_size",    "freelist_count",
        "encoding",       "journal_mode", "compile_options", "collation_list", "function_list"};
    if (is_in(name, always, sizeof always / sizeof *always)) return true;
    return !argument && is_in(name, without_argument, sizeof without_argument / sizeof *without_argument);
}

/* SQLite asks this for each thing that a statement is going to do. What a question may not do is kept in
 * `refused` (a char[REFUSED_CHARS]) for the message. */
#define REFUSED_CHARS 96
static int authorize(void *refused, int action, const char *first, const char *second, const char *database,
                     const char *trigger)
{
    (void)database;
    (void)trigger;
    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_RECURSIVE: return SQLITE_OK;
    case SQLITE_FUNCTION: /* second: its name */
        if (sqlite3_stricmp(second, "load_extension") != 0 && sqlite3_stricmp(second, "fts3_tokenizer") != 0)
            return SQLITE_OK;
        sqlite3_snprintf(REFUSED_CHARS, refused, "the function %s", second);
        return SQLITE_DENY;
    case SQLITE_PRAGMA: /* first: its name, second: its argument or NULL */
        if (pragma_only_reads(first, second)) return SQLITE_OK;
        sqlite3_snprintf(REFUSED_CHARS, refused, "PRAGMA %s", first);
        return SQLITE_DENY;
    case SQLITE_ATTACH: sqlite3_snprintf(REFUSED_CHARS, refused, "ATTACH (or VACUUM)"); return SQLITE_DENY;
    case SQLITE_DETACH: sqlite3_snprintf(REFUSED_CHARS, refused, "DETACH"); return SQLITE_DENY;
    case SQLITE_TRANSACTION: sqlite3_snprintf(REFUSED_CHARS, refused, "%s", first); return SQLITE_DENY;
    case SQLITE_SAVEPOINT: sqlite3_snprintf(REFUSED_CHARS, refused, "SAVEPOINT"); return SQLITE_DENY;
    case SQLITE_UPDATE:
        /* Table functions (pragma_table_info, json_each) ask for this when they first declare their columns. A true
         * UPDATE of the schema does not pass sqlite3_stmt_readonly. */
        if (strcmp(first, "sqlite_master") == 0) return SQLITE_OK;
        break;
    default: break;
    }
    sqlite3_snprintf(REFUSED_CHARS, refused, "a statement that writes");
    return SQLITE_DENY;
}

static ftdn_status fail_refused(const char *what, ftdn_error *err)
{
    return FTDN_FAIL(err, FTDN_ERR_ARG,
                     "%s is refused: a question only reads (one SELECT, WITH, VALUES, EXPLAIN, or a "
                     "PRAGMA that tells something)",
                     what);
}

/* One word is the name of a query; anything else is SQL: *ret_query is NULL then. */
static ftdn_status find_query(const char *question, const ftdn_named_query **ret_query, ftdn_error *err)
{
    size_t n_word = strspn(question, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    *ret_query = NULL;
    return n_word > 0 && !question[n_word] ? ftdn_named_query_find(question, ret_query, err) : FTDN_OK;
}

/* Behind the question's statement nothing may follow but white space, comments and semicolons. */
static ftdn_status check_tail(ftdn_store *store, const char *tail, ftdn_error *err)
{
    while (*tail) {
        sqlite3_stmt *next = NULL;
        int code = sqlite3_prepare_v2(store->db, tail, -1, &next, &tail);
        bool is_statement = next != NULL;
        sqlite3_finalize(next);
        if (code == SQLITE_NOMEM) return ftdn_store_fail(store, "reading the question", err);
        if (code != SQLITE_OK || is_statement)
            return FTDN_FAIL(err, FTDN_ERR_ARG, "a question is one statement: there is another one behind the first");
    }
    return FTDN_OK;
}

static ftdn_status prepare_question(ftdn_store *store, const char *sql, const char *refused,
                                    sqlite3_stmt **ret_statement, ftdn_error *err)
{
    const char *tail = NULL;
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, &tail);
    if ((code == SQLITE_AUTH || code == SQLITE_ERROR) && *refused) return fail_refused(refused, err);
    if (code == SQLITE_ERROR)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "%s (a question is one SELECT, or the name of a query such as map_by_rate)",
                         sqlite3_errmsg(store->db));
    if (code != SQLITE_OK) return ftdn_store_fail(store, "reading the question", err);
    ftdn_status status = FTDN_OK;
    if (!statement) status = FTDN_FAIL(err, FTDN_ERR_ARG, "the question is empty");
    else if (!sqlite3_stmt_readonly(statement)) status = fail_refused("a statement that writes", err);
    else if (sqlite3_column_count(statement) == 0) status = fail_refused("a statement without rows", err);
    else status = check_tail(store, tail, err);
    if (status == FTDN_OK) *ret_statement = statement;
    else sqlite3_finalize(statement);
    return status;
}

/* Who takes the rows of a statement: *ret_code is SQLITE_DONE, or what it stopped with. */
typedef ftdn_status row_taker(void *user, sqlite3_stmt *statement, const ftdn_query_columns *columns, int *ret_code,
                              ftdn_error *err);

static ftdn_status answer(ftdn_store *store, const ftdn_question *question, row_taker *take, void *user,
                          ftdn_error *err)
{
    char refused[REFUSED_CHARS] = "";
    const ftdn_named_query *query;
    sqlite3_stmt *statement = NULL;
    ftdn_query_columns columns = {0};
    int code = SQLITE_DONE;
    FTDN_TRY(find_query(question->text, &query, err));
    sqlite3_set_authorizer(store->db, authorize, refused);
    ftdn_status status = prepare_question(store, query ? query->sql : question->text, refused, &statement, err);
    if (status == FTDN_OK) status = ftdn_query_bind(statement, query, question, err);
    if (status == FTDN_OK) status = ftdn_query_columns_choose(statement, question->columns, &columns, err);
    columns.most_width = question->most_width;
    if (status == FTDN_OK) status = take(user, statement, &columns, &code, err);
    if (status == FTDN_OK && code == SQLITE_AUTH && *refused) status = fail_refused(refused, err);
    else if (status == FTDN_OK && code == SQLITE_ERROR)
        status = FTDN_FAIL(err, FTDN_ERR_ARG, "answering the question: %s", sqlite3_errmsg(store->db));
    else if (status == FTDN_OK && code != SQLITE_DONE) status = ftdn_store_fail(store, "answering the question", err);
    sqlite3_finalize(statement);
    sqlite3_set_authorizer(store->db, NULL, NULL);
    return status;
}

typedef struct text_wish {
    ftdn_format format;
    const ftdn_query_listener *listener;
    ftdn_text *text;
} text_wish;

static ftdn_status take_text(void *user, sqlite3_stmt *statement, const ftdn_query_columns *columns, int *ret_code,
                             ftdn_error *err)
{
    const text_wish *wish = user;
    return ftdn_query_format_rows(statement, columns, wish->format, wish->listener, wish->text, ret_code, err);
}

ftdn_status ftdn_query_answer(ftdn_store *store, const ftdn_question *question, ftdn_format format,
                              const ftdn_query_listener *listener, ftdn_text *text, ftdn_error *err)
{
    text_wish wish = {format, listener, text};
    return answer(store, question, take_text, &wish, err);
}

typedef struct rows_wish {
    int most_rows;
    ftdn_arena *arena;
    ftdn_rows *rows;
} rows_wish;

static ftdn_status take_rows(void *user, sqlite3_stmt *statement, const ftdn_query_columns *columns, int *ret_code,
                             ftdn_error *err)
{
    const rows_wish *wish = user;
    return ftdn_query_read_rows(statement, columns, wish->most_rows, wish->arena, wish->rows, ret_code, err);
}

ftdn_status ftdn_query_load(ftdn_store *store, const ftdn_question *question, int most_rows, ftdn_arena *arena,
                            ftdn_rows *ret_rows, ftdn_error *err)
{
    const ftdn_named_query *query;
    ftdn_rows rows = {0};
    rows_wish wish = {most_rows, arena, &rows};
    FTDN_TRY(find_query(question->text, &query, err));
    FTDN_TRY(answer(store, question, take_rows, &wish, err));
    rows.query = query ? query->name : NULL;
    *ret_rows = rows;
    return FTDN_OK;
}
