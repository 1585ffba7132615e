#include "tests/results/large_store.h"

#include <sqlite3.h>

#include "tests/results/sample.h"

/* large_store.sql, with a 0 behind it; made by tools/embed-text. */
extern const unsigned char large_store_sql[];

void ftdn_large_store_make(const char *path)
{
    ftdn_attempt_origin origin;
    sqlite3 *db;
    char *message = NULL;
    ftdn_store_close(ftdn_sample_open(path, &origin)); /* makes the schema, and rows that go again */
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    const char *begin = "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN; DELETE FROM runs; "
                        "DELETE FROM campaigns; DELETE FROM environments";
    assert_int_equal(sqlite3_exec(db, begin, NULL, NULL, NULL), SQLITE_OK);
    if (sqlite3_exec(db, (const char *)large_store_sql, NULL, NULL, &message) != SQLITE_OK) fail_msg("%s", message);
    assert_int_equal(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}
