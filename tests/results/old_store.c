#include "tests/results/old_store.h"

#include <stdio.h>

#include "base/text.h"

extern const unsigned char ftdn_old_schema[]; /* schema_2.sql, with a 0 behind it; made by tools/embed-text */

static const char head[] =
    "INSERT INTO environments VALUES (1, '0.1.0+g1a2b3c4', 'gcc 12.2.0', 'bench', 'Linux 6.1.0', '2 cores', 'cpu', "
    "'{\"oneDNN\":\"2.6.3\"}'), (4, '0.1.0+g5d6e7f8+dirty', 'gcc 13.1.0', 'night', 'Linux 6.6.0', '64 cores', 'cpu', "
    "'{}');";

/* Rows that no trial has: rankings with their scores, latencies. */
static const char tail[] =
    "INSERT INTO rankings VALUES (1, 'ssd_vgg16', 1, 'abc', NULL, 'weight_sum', '{}', NULL, NULL, 2, '0.1.0', 0.5, "
    "'2026-01-31T22:00:00.000Z'), (3, 'ssd_mobilenet_v1_tf', 0.75, 'abc', 'cal', 'entropy', '{\"images\":64}', 'cpu', "
    "'f32 direct', 2, '0.1.0', 2.25, '2026-01-31T22:00:01.000Z');"
    "INSERT INTO channel_scores VALUES (1, 'conv1_1', 0, 0.1), (1, 'conv1_1', 1, -2.5), (1, 'conv1_2', 0, 1e300), "
    "(3, 'base_net.1.3', 0, 0.30000000000000004), (3, 'base_net.1.3', 1, 0);"
    "INSERT INTO latencies VALUES (1, '2026-01-31T21:00:00Z', 1, 'ssd_vgg16', 1, 'formula:0', 'abc', 'none', NULL, "
    "NULL, NULL, 'cpu', 'f32 direct', 1, 4, 2, 25, 0.25, 0.2, 0.3, 0.1, 1, 0, 0, 0, 0, 1000, 2000, 500), "
    "(7, '2026-01-31T21:00:00Z', 4, 'ssd_vgg16', 1, 'formula:0', 'abc', 'kr', 'random', 'mean', 0.5, 'cpu', "
    "'f32 direct', 1, 4, 2, 25, 0.5, 0.4, 0.6, 0.3, 2, 10, 20, 30, 40, 1000, 2000, 500);";

void ftdn_old_store_spec(int i, char ret_spec[128], char ret_id[FTDN_SHA256_HEX])
{
    ftdn_error err;
    snprintf(ret_spec, 128, "{\"faults\":{\"type\":\"zero\",\"weight_rate\":0.%d},\"seed\":%d,\"semantics\":2}",
             i % FTDN_OLD_CELLS + 1, i / FTDN_OLD_CELLS);
    FTDN_ASSERT_OK(ftdn_sha256_of(ret_spec, strlen(ret_spec), ret_id, &err), err);
}

static void append(ftdn_text *sql, char *piece)
{
    assert_non_null(piece);
    ftdn_text_append(sql, "%s", piece);
    sqlite3_free(piece);
}

/* Manifests and environments alternate; attempts of failures lie in between, so that ids of attempts have gaps. */
static void append_trial(ftdn_text *sql, int i)
{
    char spec[128], id[FTDN_SHA256_HEX];
    int key = 10 + 2 * i, attempt = 100 + 3 * i, cell = i % FTDN_OLD_CELLS;
    const char *manifest = i % 4 == 3 ? "night's \"run\"" : "smoke", *protection = cell ? "'kr'" : "'none'";
    ftdn_old_store_spec(i, spec, id);
    append(sql,
           sqlite3_mprintf("INSERT INTO trials VALUES (%d, %Q, %Q, 'ssd_mobilenet_v1_tf', 0.75, 'formula:0', 'abc', "
                           "'VOC2007-mini test', 'def', 'cpu', 'f32 direct', 0.01, 0.45, 200, 0.5, 'zero', %s, "
                           "'any', %s, 2.5, 0.%d, 1e-5, 0, 0, 'features', '[\"base_net.*\"]', 'activation', "
                           "'trial', 'independent', %s, %s, NULL, NULL, %s, NULL, NULL, %s, %s, NULL, %d);",
                           key, id, spec, cell ? "NULL" : "30", cell ? "NULL" : "-1.5", cell + 1, protection,
                           cell ? "'entropy'" : "NULL", cell ? "'mean'" : "NULL", cell ? "0.5" : "NULL",
                           cell ? "'images', 'cal'" : "NULL, NULL", i / FTDN_OLD_CELLS));
    append(sql, sqlite3_mprintf("INSERT INTO attempts VALUES (%d, %Q, %Q, %d, 'done', '2026-01-31T23:%02d:%02d.123Z', "
                                "%s, NULL, NULL);",
                                attempt, id, manifest, i % 2 ? 4 : 1, i / 60 % 60, i % 60, i % 5 ? "2.5" : "NULL"));
    append(sql, sqlite3_mprintf("INSERT INTO results VALUES (%d, %d, %s, %.17g, 300, %d, 6);"
                                "INSERT INTO overheads VALUES (%d, %d, 2, 3, 4, 5, 1099511627776);",
                                key, attempt, i % 7 == 6 ? "NULL" : "0.30000000000000004", i / 1000.0, i, key, i));
    append(sql, sqlite3_mprintf("INSERT INTO class_ap VALUES (%d, 'boat', 0.1, %.17g, 7), (%d, 'cat', NULL, NULL, 0), "
                                "(%d, 'dog', 1, 0, 12);",
                                key, i / 3000.0, key, key));
    append(sql,
           sqlite3_mprintf("INSERT INTO layer_faults VALUES (%d, 'base_net.2.0', 'weights', 0, 0, 1000, 0.01, 9, 8), "
                           "(%d, 'base_net.10.3', 'weights', 1, 1, 0, 0, 0, 0), "
                           "(%d, 'base_net.10.3', 'feature_map', 0, 2, 1099511627776, 1e-5, 12345678, %d);",
                           key, key, key, i));
    append(sql, sqlite3_mprintf("INSERT INTO timings VALUES (%d, 'forward', 1.25), (%d, 'total', %d);", attempt,
                                attempt, i));
}

/* Two failed attempts at a trial that is not there, one at the first one. */
static void append_failures(ftdn_text *sql, int n_trials)
{
    for (int i = 0; i < FTDN_OLD_FAILURES; i++) {
        char spec[128], id[FTDN_SHA256_HEX];
        ftdn_old_store_spec(i < 2 ? n_trials : 0, spec, id);
        append(sql, sqlite3_mprintf("INSERT INTO attempts VALUES (%d, %Q, 'smoke', 4, 'failed', "
                                    "'2026-01-31T20:00:0%d.000Z', %s, 'lightning %d', %Q);",
                                    101 + 3 * i, id, i, i ? "1.5" : "NULL", i, spec));
    }
}

/* "SELECT quote(id) || '|' || quote(manifest) ... FROM v_trials ORDER BY 1", from the view's columns in the old schema. */
static char *write_question(sqlite3 *old, const char *view)
{
    sqlite3_stmt *row;
    char *question = NULL;
    assert_int_equal(
        sqlite3_prepare_v2(old,
                           "SELECT 'SELECT ' || group_concat('quote(\"' || name || '\")', ' || ''|'' || ') "
                           "|| ' FROM ' || ?1 || ' ORDER BY 1' FROM pragma_table_info(?1)",
                           -1, &row, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_bind_text(row, 1, view, -1, SQLITE_STATIC), SQLITE_OK);
    assert_int_equal(sqlite3_step(row), SQLITE_ROW);
    question = sqlite3_mprintf("%s", sqlite3_column_text(row, 0));
    assert_non_null(question);
    sqlite3_finalize(row);
    return question;
}

static void append_rows(ftdn_text *text, sqlite3 *db, const char *question)
{
    sqlite3_stmt *row;
    int code = sqlite3_prepare_v2(db, question, -1, &row, NULL);
    if (code != SQLITE_OK) fail_msg("%s: %s", question, sqlite3_errmsg(db));
    while ((code = sqlite3_step(row)) == SQLITE_ROW)
        ftdn_text_append(text, "%s\n", (const char *)sqlite3_column_text(row, 0));
    assert_int_equal(code, SQLITE_DONE);
    sqlite3_finalize(row);
}

char *ftdn_old_store_read(const char *path, ftdn_arena *arena)
{
    static const char *const views[] = {"v_trials",   "v_ap",     "v_faults",   "v_timings",
                                        "v_failures", "v_scores", "v_overheads"};
    sqlite3 *old, *db;
    ftdn_text text;
    ftdn_text_init(&text);
    assert_int_equal(sqlite3_open(":memory:", &old), SQLITE_OK);
    assert_int_equal(sqlite3_exec(old, (const char *)ftdn_old_schema, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        char *question = write_question(old, views[i]);
        ftdn_text_append(&text, "%s\n", question);
        append_rows(&text, db, question);
        sqlite3_free(question);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(sqlite3_close(old), SQLITE_OK);
    assert_false(text.failed);
    char *answer = ftdn_arena_copy_text(arena, text.chars, text.n_chars, NULL);
    assert_non_null(answer);
    ftdn_text_done(&text);
    return answer;
}

void ftdn_old_store_run(const char *path, const char *sql)
{
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s: %s", path, message);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

void ftdn_old_store_make(const char *path, int n_trials)
{
    ftdn_text sql;
    ftdn_text_init(&sql);
    ftdn_text_append(&sql,
                     "PRAGMA foreign_keys = ON; BEGIN; %s; PRAGMA application_id = 0x4654444E; "
                     "PRAGMA user_version = 2; %s",
                     (const char *)ftdn_old_schema, head);
    for (int i = 0; i < n_trials; i++) append_trial(&sql, i);
    append_failures(&sql, n_trials);
    ftdn_text_append(&sql, "%s COMMIT", tail);
    assert_false(sql.failed);
    ftdn_old_store_run(path, sql.chars);
    ftdn_text_done(&sql);
}
