#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/results/changed_store.h"
#include "tests/results/sample.h"
#include "tests/support/folder_per_test.h"

#define NOBODY 65534 /* a user who owns nothing here */

/* Opening fails in both modes (or the given one) with the fragment, and leaves the file as it is, alone. */
static void assert_refused_in(const char *path, ftdn_store_mode mode, const char *fragment)
{
    size_t n_before, n_after;
    char journal[512];
    ftdn_store *store = NULL;
    const char *before = ftdn_test_load_file(&arena, path, &n_before);
    snprintf(journal, sizeof journal, "%s-journal", path);
    bool had_journal = ftdn_file_exists(journal);
    FTDN_ASSERT_FAILS(ftdn_store_open(path, mode, &store, &err), FTDN_ERR_STORE, fragment, err);
    if (!strstr(err.message, path)) fail_msg("'%s' does not name the file", err.message);
    assert_null(store);
    const char *after = ftdn_test_load_file(&arena, path, &n_after);
    assert_int_equal(n_before, n_after);
    assert_memory_equal(before, after, n_before);
    assert_int_equal(ftdn_file_exists(journal), had_journal);
}

static void assert_refused(const char *path, const char *fragment)
{
    assert_refused_in(path, FTDN_STORE_READ, fragment);
    assert_refused_in(path, FTDN_STORE_WRITE, fragment);
}

/* A store with one trial. */
static char *make_store(const char *name)
{
    char *path = path_of(name);
    ftdn_sample sample;
    ftdn_attempt_origin origin;
    ftdn_store *store = ftdn_sample_open(path, &origin);
    ftdn_sample_init(&sample, 1);
    ftdn_sample_append(store, &sample, &origin);
    ftdn_store_close(store);
    return path;
}

static void overwrite(const char *path, long offset, const void *bytes, size_t n_bytes)
{
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, n_bytes, offset), n_bytes);
    assert_int_equal(close(fd), 0);
}

static void a_new_store_is_one_file_with_our_mark_in_a_new_folder(void **state)
{
    (void)state;
    char *path = make_store("a/b/new.db");
    size_t n_bytes;
    const char *bytes = ftdn_test_load_file(&arena, path, &n_bytes);
    assert_memory_equal(bytes, "SQLite format 3", 16);
    assert_memory_equal(bytes + 68, "FTDN", 4);
    assert_memory_equal(bytes + 60, "\0\0\0\3", 4);
    assert_false(ftdn_file_exists(path_of("a/b/new.db-journal")));
    assert_false(ftdn_file_exists(path_of("a/b/new.db-wal")));
}

static void a_store_keeps_its_trials_and_reads_the_same_in_both_modes(void **state)
{
    (void)state;
    char *path = make_store("kept.db");
    for (int mode = FTDN_STORE_READ; mode <= FTDN_STORE_WRITE; mode++) {
        ftdn_store *store;
        FTDN_ASSERT_OK(ftdn_store_open(path, (ftdn_store_mode)mode, &store, &err), err);
        assert_string_equal(ftdn_sample_ask(store, "SELECT seed FROM v_trials", FTDN_FORMAT_CSV, &arena), "seed\n1\n");
        assert_string_equal(ftdn_sample_ask(store, "PRAGMA integrity_check", FTDN_FORMAT_CSV, &arena),
                            "integrity_check\nok\n");
        ftdn_store_close(store);
    }
    ftdn_store_close(NULL);
}

static void a_link_to_a_store_is_a_store(void **state)
{
    (void)state;
    make_store("kept.db");
    char *link = path_of("link.db");
    assert_int_equal(symlink("kept.db", link), 0);
    for (int mode = FTDN_STORE_READ; mode <= FTDN_STORE_WRITE; mode++) {
        ftdn_store *store;
        FTDN_ASSERT_OK(ftdn_store_open(link, (ftdn_store_mode)mode, &store, &err), err);
        assert_string_equal(ftdn_sample_ask(store, "SELECT seed FROM v_trials", FTDN_FORMAT_CSV, &arena), "seed\n1\n");
        ftdn_store_close(store);
    }
    assert_int_equal(symlink("none.db", path_of("loose.db")), 0);
    ftdn_store *store;
    FTDN_ASSERT_FAILS(ftdn_store_open(path_of("loose.db"), FTDN_STORE_READ, &store, &err), FTDN_ERR_STORE,
                      "does not exist", err);
}

static void a_reader_rolls_back_what_a_killed_run_left(void **state)
{
    (void)state;
    sqlite3 *db;
    size_t n_file, n_journal;
    char *path = make_store("first.db"), *copy = path_of("copy.db");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; UPDATE timings SET seconds = 7; "
                     "UPDATE attempts SET seconds = 7; UPDATE runs SET threads = 7; "
                     "UPDATE environments SET machine = hex(zeroblob(20000))",
                     NULL, NULL, NULL),
        SQLITE_OK);
    const char *file = ftdn_test_load_file(&arena, path, &n_file),
               *journal = ftdn_test_load_file(&arena, path_of("first.db-journal"), &n_journal);
    assert_true(n_journal > 512);
    ftdn_test_write_file(copy, file, n_file);
    ftdn_test_write_file(path_of("copy.db-journal"), journal, n_journal);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    ftdn_store *store;
    FTDN_ASSERT_OK(ftdn_store_open(copy, FTDN_STORE_READ, &store, &err), err);
    assert_string_equal(ftdn_sample_ask(store, "SELECT seconds FROM v_trials", FTDN_FORMAT_CSV, &arena),
                        "seconds\n2.5\n");
    ftdn_store_close(store);
    assert_false(ftdn_file_exists(path_of("copy.db-journal")));
}

static void every_table_is_strict_and_every_reference_is_kept(void **state)
{
    (void)state;
    ftdn_attempt_origin origin;
    ftdn_store *store = ftdn_sample_open(path_of("strict.db"), &origin);
    assert_string_equal(ftdn_sample_ask(store,
                                        "SELECT count(*), min(strict) FROM pragma_table_list "
                                        "WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'",
                                        FTDN_FORMAT_CSV, &arena),
                        "count(*),min(strict)\n18,1\n");
    assert_string_equal(
        ftdn_sample_ask(store, "SELECT count(*) FROM pragma_foreign_key_check", FTDN_FORMAT_CSV, &arena),
        "count(*)\n0\n");
    ftdn_store_close(store);
}

static void an_empty_file_becomes_a_store_but_is_none_to_a_reader(void **state)
{
    (void)state;
    char *path = path_of("empty.db");
    ftdn_test_write_file(path, "", 0);
    assert_refused_in(path, FTDN_STORE_READ, "is empty");
    ftdn_attempt_origin origin;
    ftdn_store_close(ftdn_sample_open(path, &origin));
    size_t n_bytes;
    assert_memory_equal(ftdn_test_load_file(&arena, path, &n_bytes) + 68, "FTDN", 4);
}

static void a_missing_file_is_missing_to_a_reader(void **state)
{
    (void)state;
    char *path = path_of("none.db");
    ftdn_store *store = NULL;
    FTDN_ASSERT_FAILS(ftdn_store_open(path, FTDN_STORE_READ, &store, &err), FTDN_ERR_STORE, "does not exist", err);
    FTDN_ASSERT_FAILS(ftdn_store_open(path_of("no/none.db"), FTDN_STORE_READ, &store, &err), FTDN_ERR_STORE,
                      "does not exist", err);
    FTDN_ASSERT_FAILS(ftdn_store_open("", FTDN_STORE_WRITE, &store, &err), FTDN_ERR_STORE, "file name is empty", err);
    assert_false(ftdn_file_exists(path));
    assert_false(ftdn_file_exists(path_of("no")));
}

static void files_of_others_are_refused_and_not_touched(void **state)
{
    (void)state;
    char *path = path_of("text");
    ftdn_test_write_file(path, "id,map\n1,0.5\n", 13);
    assert_refused(path, "is not an SQLite file");

    char text[8192];
    memset(text, 'x', sizeof text);
    ftdn_test_write_file(path, text, sizeof text);
    assert_refused(path, "is not an SQLite file");
    ftdn_test_write_file(path, "SQLite format 3", 16);
    assert_refused(path, "is not an SQLite file");

    path = path_of("plain.db");
    ftdn_changed_store_run(path, "CREATE TABLE trials (id)");
    assert_refused(path, "another program (application id 0x00000000)");
    path = path_of("mail.db");
    ftdn_changed_store_run(path, "PRAGMA application_id = 19088743; PRAGMA user_version = 1; CREATE TABLE mail (id)");
    assert_refused(path, "another program (application id 0x01234567)");
}

/* SQLite would play such a journal back when it opens the file. */
static void the_journal_of_another_program_is_not_played_back(void **state)
{
    (void)state;
    char *path = path_of("mail.db"), *copy = path_of("copy.db");
    ftdn_changed_store_run(path,
                           "PRAGMA application_id = 19088743; CREATE TABLE mail (id); INSERT INTO mail VALUES (1)");
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN; "
                                  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
                                  "INSERT INTO mail SELECT hex(zeroblob(100)) FROM n",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    size_t n_file, n_journal;
    const char *file = ftdn_test_load_file(&arena, path, &n_file),
               *journal = ftdn_test_load_file(&arena, path_of("mail.db-journal"), &n_journal);
    assert_true(n_journal > 512);
    ftdn_test_write_file(copy, file, n_file);
    ftdn_test_write_file(path_of("copy.db-journal"), journal, n_journal);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_refused(copy, "another program");
}

static void a_store_of_another_version_is_refused_and_not_touched(void **state)
{
    (void)state;
    char *path = make_store("newer.db");
    overwrite(path, 60, "\0\0\0\4", 4);
    assert_refused(path, "newer program: its schema is 4, the last one known here is 3");
    overwrite(path, 60, "\0\0\0\2", 4);
    assert_refused_in(path, FTDN_STORE_READ,
                      "older program: its schema is 2, this program's is 3; make it one of this "
                      "program with: ftdn migrate ");
    overwrite(path, 60, "\0\0\0\1", 4);
    assert_refused(path, "older program: its schema is 1, this program's is 3; run its manifests anew into another "
                         "file (--db FILE), or read it with the program that wrote it");
    overwrite(path, 60, "\0\0\0\0", 4);
    assert_refused(path, "has no version");
}

static void damage_of_the_schema_is_seen_when_a_store_is_opened(void **state)
{
    (void)state;
    char *path = make_store("cut.db");
    size_t n_bytes;
    const char *bytes = ftdn_test_load_file(&arena, path, &n_bytes);
    ftdn_test_write_file(path, bytes, n_bytes - 4096);
    assert_refused(path, "is damaged");
    ftdn_test_write_file(path, bytes, 4096);
    assert_refused(path, "is damaged");
    ftdn_test_write_file(path, bytes, 150);
    assert_refused(path, "is damaged");

    char zeros[3996] = {0};
    path = make_store("blank.db");
    overwrite(path, 100, zeros, sizeof zeros);
    assert_refused(path, "is damaged");

    path = make_store("dropped.db");
    ftdn_changed_store_run(path, "PRAGMA foreign_keys = OFF; DROP TABLE layer_faults");
    assert_refused(path, "is damaged");
}

static void damage_of_the_data_is_an_error_of_the_question(void **state)
{
    (void)state;
    char *path = path_of("holes.db");
    ftdn_sample sample;
    ftdn_attempt_origin origin;
    ftdn_store *store = ftdn_sample_open(path, &origin);
    for (int i = 0; i < 200; i++) {
        ftdn_sample_init(&sample, i);
        ftdn_sample_append(store, &sample, &origin);
    }
    ftdn_store_close(store);
    size_t n_bytes;
    ftdn_test_load_file(&arena, path, &n_bytes);
    char garbage[4096];
    memset(garbage, 0x5A, sizeof garbage);
    for (size_t at = n_bytes / 2; at < n_bytes; at += sizeof garbage)
        overwrite(path, (long)at, garbage, sizeof garbage);

    FTDN_ASSERT_OK(ftdn_store_open(path, FTDN_STORE_READ, &store, &err), err);
    ftdn_text text;
    ftdn_text_init(&text);
    FTDN_ASSERT_FAILS(
        ftdn_query_answer(store, &(ftdn_question){.text = "v_ap"}, FTDN_FORMAT_CSV, NULL, &text, &err), FTDN_ERR_STORE,
        "is damaged", err);
    ftdn_text_done(&text);
    ftdn_store_close(store);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    ftdn_store *store = NULL;
    for (int mode = FTDN_STORE_READ; mode <= FTDN_STORE_WRITE; mode++) {
        FTDN_ASSERT_FAILS(ftdn_store_open(folder, (ftdn_store_mode)mode, &store, &err), FTDN_ERR_STORE, "is a folder",
                          err);
        FTDN_ASSERT_FAILS(ftdn_store_open("/dev/null", (ftdn_store_mode)mode, &store, &err), FTDN_ERR_STORE,
                          "'/dev/null' is no regular file", err);
        ftdn_test_write_file(path_of("file"), "x", 1);
        FTDN_ASSERT_FAILS(ftdn_store_open(path_of("file/x.db"), (ftdn_store_mode)mode, &store, &err), FTDN_ERR_STORE,
                          "Not a directory", err);
    }
    size_t n_bytes;
    ftdn_test_load_file(&arena, path_of("file"), &n_bytes);
    assert_int_equal(n_bytes, 1);
}

static void names_that_sqlite_takes_for_something_else_are_files(void **state)
{
    (void)state;
    char before[512];
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    static const char *const names[] = {":memory:", "file:x.db?mode=memory", "%41 #1?.db"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ftdn_attempt_origin origin;
        ftdn_store_close(ftdn_sample_open(names[i], &origin));
    }
    assert_int_equal(chdir(before), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) assert_true(ftdn_file_exists(path_of(names[i])));
}

/* Open in a child process that has no rights of root, and hand back its status and message. */
static ftdn_status open_as_nobody(const char *path, ftdn_store_mode mode, ftdn_error *ret_err)
{
    int channel[2];
    assert_int_equal(pipe(channel), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        ftdn_store *store = NULL;
        if (setgid(NOBODY) != 0 || setuid(NOBODY) != 0) _exit(77);
        err.status = ftdn_store_open(path, mode, &store, &err);
        if (err.status == FTDN_OK) ftdn_store_close(store);
        _exit(write(channel[1], &err, sizeof err) == sizeof err ? 0 : 1);
    }
    close(channel[1]);
    ssize_t n_bytes = read(channel[0], ret_err, sizeof *ret_err);
    close(channel[0]);
    int how;
    assert_int_equal(waitpid(child, &how, 0), child);
    if (WIFEXITED(how) && WEXITSTATUS(how) == 77) skip();
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    assert_int_equal(n_bytes, sizeof *ret_err);
    return ret_err->status;
}

static void what_may_not_be_written_is_read_but_not_opened_for_writing(void **state)
{
    (void)state;
    if (geteuid() != 0) skip();
    char *path = make_store("locked.db");
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(path, 0644), 0);
    size_t n_before, n_after;
    const char *before = ftdn_test_load_file(&arena, path, &n_before);
    FTDN_ASSERT_OK(open_as_nobody(path, FTDN_STORE_READ, &err), err);
    FTDN_ASSERT_FAILS(open_as_nobody(path, FTDN_STORE_WRITE, &err), FTDN_ERR_STORE, "cannot be written: Permission",
                      err);
    FTDN_ASSERT_FAILS(open_as_nobody(path_of("new.db"), FTDN_STORE_WRITE, &err), FTDN_ERR_STORE, "cannot be written",
                      err);
    FTDN_ASSERT_FAILS(open_as_nobody(path_of("x/new.db"), FTDN_STORE_WRITE, &err), FTDN_ERR_STORE, "Permission", err);
    /* A file that may be written in a folder that may not: the journal would find no place. */
    assert_int_equal(chmod(path, 0666), 0);
    FTDN_ASSERT_FAILS(open_as_nobody(path, FTDN_STORE_WRITE, &err), FTDN_ERR_STORE, "' cannot be written: Permission",
                      err);
    assert_int_equal(chmod(path, 0600), 0);
    FTDN_ASSERT_FAILS(open_as_nobody(path, FTDN_STORE_READ, &err), FTDN_ERR_STORE, "cannot be read: Permission", err);
    const char *after = ftdn_test_load_file(&arena, path, &n_after);
    assert_int_equal(n_before, n_after);
    assert_memory_equal(before, after, n_before);
    assert_false(ftdn_file_exists(path_of("new.db")));
    assert_false(ftdn_file_exists(path_of("x")));
}

static void a_log_in_a_folder_that_cannot_be_written_is_named(void **state)
{
    (void)state;
    if (geteuid() != 0) skip();
    sqlite3 *db;
    size_t n_file, n_log;
    char *path = make_store("first.db"), *copy = path_of("copy.db");
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA journal_mode = WAL; UPDATE attempts SET seconds = 7", NULL, NULL, NULL),
                     SQLITE_OK);
    const char *file = ftdn_test_load_file(&arena, path, &n_file),
               *log = ftdn_test_load_file(&arena, path_of("first.db-wal"), &n_log);
    assert_true(n_log > 512);
    ftdn_test_write_file(copy, file, n_file);
    ftdn_test_write_file(path_of("copy.db-wal"), log, n_log);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(chmod(folder, 0755), 0);
    FTDN_ASSERT_FAILS(open_as_nobody(copy, FTDN_STORE_READ, &err), FTDN_ERR_STORE,
                      "copy.db-wal', that is read in a folder which can be written: copy both files into one", err);
    ftdn_store *store;
    FTDN_ASSERT_OK(ftdn_store_open(copy, FTDN_STORE_READ, &store, &err), err);
    assert_string_equal(ftdn_sample_ask(store, "SELECT seconds FROM v_trials", FTDN_FORMAT_CSV, &arena),
                        "seconds\n7\n");
    ftdn_store_close(store);
}

static void processes_that_create_a_store_at_once_share_it(void **state)
{
    (void)state;
    enum { PROCESSES = 4, TRIALS = 10 };
    char *path = path_of("shared.db");
    pid_t child[PROCESSES];
    for (int p = 0; p < PROCESSES; p++) {
        child[p] = fork();
        assert_true(child[p] >= 0);
        if (child[p] != 0) continue;
        ftdn_store *store = NULL;
        ftdn_sample sample;
        ftdn_attempt_origin origin;
        bool is_good = ftdn_store_open(path, FTDN_STORE_WRITE, &store, NULL) == FTDN_OK &&
                       ftdn_sample_begin(store, &origin, NULL) == FTDN_OK;
        for (int i = 0; i < TRIALS && is_good; i++) {
            ftdn_sample_init(&sample, p * TRIALS + i);
            is_good = ftdn_sample_try(store, &sample, &origin, NULL) == FTDN_OK;
        }
        ftdn_store_close(store);
        _exit(is_good ? 0 : 1);
    }
    for (int p = 0; p < PROCESSES; p++) {
        int how;
        assert_int_equal(waitpid(child[p], &how, 0), child[p]);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    }
    ftdn_attempt_origin origin;
    ftdn_store *store = ftdn_sample_open(path, &origin);
    assert_string_equal(ftdn_sample_ask(store, "SELECT count(*) AS n, count(DISTINCT code_version) AS e FROM v_trials",
                                        FTDN_FORMAT_CSV, &arena),
                        "n,e\n40,1\n");
    ftdn_store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_FOLDER_TEST(a_new_store_is_one_file_with_our_mark_in_a_new_folder),
        FTDN_FOLDER_TEST(a_store_keeps_its_trials_and_reads_the_same_in_both_modes),
        FTDN_FOLDER_TEST(a_link_to_a_store_is_a_store),
        FTDN_FOLDER_TEST(a_reader_rolls_back_what_a_killed_run_left),
        FTDN_FOLDER_TEST(every_table_is_strict_and_every_reference_is_kept),
        FTDN_FOLDER_TEST(an_empty_file_becomes_a_store_but_is_none_to_a_reader),
        FTDN_FOLDER_TEST(a_missing_file_is_missing_to_a_reader),
        FTDN_FOLDER_TEST(files_of_others_are_refused_and_not_touched),
        FTDN_FOLDER_TEST(the_journal_of_another_program_is_not_played_back),
        FTDN_FOLDER_TEST(a_store_of_another_version_is_refused_and_not_touched),
        FTDN_FOLDER_TEST(damage_of_the_schema_is_seen_when_a_store_is_opened),
        FTDN_FOLDER_TEST(damage_of_the_data_is_an_error_of_the_question),
        FTDN_FOLDER_TEST(what_is_no_file_is_refused),
        FTDN_FOLDER_TEST(names_that_sqlite_takes_for_something_else_are_files),
        FTDN_FOLDER_TEST(what_may_not_be_written_is_read_but_not_opened_for_writing),
        FTDN_FOLDER_TEST(a_log_in_a_folder_that_cannot_be_written_is_named),
        FTDN_FOLDER_TEST(processes_that_create_a_store_at_once_share_it),
    };
    return cmocka_run_group_tests_name("results/store_open", tests, NULL, NULL);
}
