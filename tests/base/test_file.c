#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/support.h"

typedef struct fixture {
    ftdn_arena arena;
    char *folder;
} fixture;

static int set_up(void **state)
{
    static fixture test;
    ftdn_arena_init(&test.arena);
    test.folder = ftdn_test_create_folder(&test.arena);
    *state = &test;
    return 0;
}

static int tear_down(void **state)
{
    fixture *test = *state;
    ftdn_test_remove_folder(test->folder);
    ftdn_arena_done(&test->arena);
    return 0;
}

static char *path_of(fixture *test, const char *name)
{
    return ftdn_test_join(&test->arena, test->folder, name);
}

static void assert_file_holds(fixture *test, const char *path, const void *bytes, size_t n_bytes)
{
    ftdn_error err = {0};
    char *loaded;
    size_t n_loaded;
    FTDN_ASSERT_OK(ftdn_file_load(path, 1 << 20, &test->arena, &loaded, &n_loaded, &err), err);
    assert_int_equal(n_loaded, n_bytes);
    assert_memory_equal(loaded, bytes, n_bytes);
    assert_int_equal(loaded[n_loaded], 0);
}

static int count_entries(const char *path)
{
    DIR *folder = opendir(path);
    assert_non_null(folder);
    int n_entries = 0;
    while (readdir(folder)) n_entries++;
    closedir(folder);
    return n_entries - 2; /* "." and ".." */
}

static void what_is_written_is_loaded_again(void **state)
{
    fixture *test = *state;
    ftdn_error err = {0};
    char *path = path_of(test, "data.bin");
    FTDN_ASSERT_OK(ftdn_file_write_atomic(path, "a\0b\n", 4, &err), err);
    assert_file_holds(test, path, "a\0b\n", 4);
    FTDN_ASSERT_OK(ftdn_file_write_atomic(path, NULL, 0, &err), err);
    assert_file_holds(test, path, "", 0);
    assert_int_equal(count_entries(test->folder), 1);
}

static void a_new_file_has_the_mode_of_the_umask(void **state)
{
    fixture *test = *state;
    ftdn_error err = {0};
    char *path = path_of(test, "file");
    mode_t former = umask(027);
    ftdn_status status = ftdn_file_write_atomic(path, "x", 1, &err);
    umask(former);
    FTDN_ASSERT_OK(status, err);
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
}

static void a_file_is_written_into_the_current_folder(void **state)
{
    fixture *test = *state;
    ftdn_error err = {0};
    int former = open(".", O_RDONLY | O_DIRECTORY);
    assert_true(former >= 0);
    assert_int_equal(chdir(test->folder), 0);
    ftdn_status status = ftdn_file_write_atomic("plain", "x", 1, &err);
    assert_int_equal(fchdir(former), 0);
    close(former);
    FTDN_ASSERT_OK(status, err);
    assert_file_holds(test, path_of(test, "plain"), "x", 1);
}

static void loading_names_path_and_reason(void **state)
{
    fixture *test = *state;
    ftdn_error err = {0};
    char *bytes = NULL;
    size_t n_bytes = 77;
    char *pipe = path_of(test, "pipe"), *large = path_of(test, "large"), *missing = path_of(test, "missing");
    assert_int_equal(mkfifo(pipe, 0600), 0);
    ftdn_test_write_file(large, "12345", 5);
    struct {
        const char *path, *reason;
    } rows[] = {
        {missing, "missing: No such file or directory"},
        {path_of(test, "large/below"), "large/below: Not a directory"},
        {test->folder, ": is a folder"},
        {pipe, "pipe: no regular file"},
        {large, "large: 5 bytes are more than the 4 allowed"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        FTDN_ASSERT_FAILS(ftdn_file_load(rows[i].path, 4, &test->arena, &bytes, &n_bytes, &err), FTDN_ERR_INPUT,
                          rows[i].reason, err);
        assert_non_null(strstr(err.message, test->folder));
    }
    assert_null(bytes);
    assert_int_equal(n_bytes, 77);
    FTDN_ASSERT_OK(ftdn_file_load(large, 5, &test->arena, &bytes, &n_bytes, &err), err);
    assert_string_equal(bytes, "12345");
}

static void loading_without_memory_fails(void **state)
{
    fixture *test = *state;
    ftdn_error err = {0};
    char *bytes = NULL, *path = path_of(test, "file");
    size_t n_bytes = 0;
    ftdn_test_write_file(path, "12345", 5);
    ftdn_arena_fail_after(&test->arena, 0);
    assert_int_equal(ftdn_file_load(path, 5, &test->arena, &bytes, &n_bytes, &err), FTDN_ERR_MEMORY);
    assert_null(ftdn_path_join(&test->arena, "a", "b", &err));
    assert_null(ftdn_path_join(&test->arena, "a", "/b", &err));
    assert_null(ftdn_path_folder(&test->arena, "a/b", &err));
    assert_null(ftdn_path_folder(&test->arena, "b", &err));
    assert_null(ftdn_path_stem(&test->arena, "a/b", &err));
    ftdn_arena_fail_after(&test->arena, -1);
    assert_null(bytes);
}

static void writing_where_nothing_can_be_written_fails(void **state)
{
    fixture *test = *state;
    ftdn_error err = {0};
    char *file = path_of(test, "file"), *folder = path_of(test, "folder");
    ftdn_test_write_file(file, "old", 3);
    assert_int_equal(mkdir(folder, 0777), 0);
    char long_name[400];
    memset(long_name, 'n', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;
    struct {
        const char *path, *reason;
    } rows[] = {
        {path_of(test, "missing/file"), "missing/file: cannot be written: No such file or directory"},
        {path_of(test, "file/below"), "file/below: cannot be written: Not a directory"},
        {folder, "folder: cannot be written: Is a directory"},
        {path_of(test, long_name), "cannot be written: File name too long"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        FTDN_ASSERT_FAILS(ftdn_file_write_atomic(rows[i].path, "new", 3, &err), FTDN_ERR_INPUT, rows[i].reason, err);
    assert_file_holds(test, file, "old", 3);
    assert_int_equal(count_entries(folder), 0);
    assert_int_equal(count_entries(test->folder), 2); /* no temporary */
}

/* A file-size limit stands for a full disk: the write stops in the middle. */
static void a_write_that_stops_midway_keeps_the_former_file(void **state)
{
    fixture *test = *state;
    ftdn_error err = {0};
    char *path = path_of(test, "file");
    static const char bytes[100000] = {1};
    ftdn_test_write_file(path, "old", 3);
    struct rlimit former, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &former), 0);
    small = former;
    small.rlim_cur = 4096;
    struct sigaction ignore = {.sa_handler = SIG_IGN}, former_action;
    assert_int_equal(sigaction(SIGXFSZ, &ignore, &former_action), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    ftdn_status status = ftdn_file_write_atomic(path, bytes, sizeof bytes, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &former), 0);
    assert_int_equal(sigaction(SIGXFSZ, &former_action, NULL), 0);
    FTDN_ASSERT_FAILS(status, FTDN_ERR_INPUT, "file: cannot be written: File too large", err);
    assert_file_holds(test, path, "old", 3);
    assert_int_equal(count_entries(test->folder), 1);
    FTDN_ASSERT_OK(ftdn_file_write_atomic(path, bytes, sizeof bytes, &err), err);
    assert_file_holds(test, path, bytes, sizeof bytes);
}

/* A process that died may have left temporaries, even under the number of this one. */
static void left_over_temporaries_are_stepped_over(void **state)
{
    fixture *test = *state;
    ftdn_error err = {0};
    char *path = path_of(test, "file");
    char *left_over = ftdn_arena_format(&test->arena, &err, "%s.%ld-0.tmp", path, (long)getpid());
    ftdn_test_write_file(left_over, "dead", 4);
    FTDN_ASSERT_OK(ftdn_file_write_atomic(path, "new", 3, &err), err);
    assert_file_holds(test, path, "new", 3);
    assert_file_holds(test, left_over, "dead", 4);
    for (int i = 1; i < 100; i++) {
        left_over = ftdn_arena_format(&test->arena, &err, "%s.%ld-%d.tmp", path, (long)getpid(), i);
        ftdn_test_write_file(left_over, "dead", 4);
    }
    FTDN_ASSERT_FAILS(ftdn_file_write_atomic(path, "newer", 5, &err), FTDN_ERR_INPUT, "File exists", err);
    assert_file_holds(test, path, "new", 3);
}

static void folders_are_created_with_their_parents(void **state)
{
    fixture *test = *state;
    ftdn_error err = {0};
    char *deep = path_of(test, "a/b//c/");
    FTDN_ASSERT_OK(ftdn_folder_create(deep, &err), err);
    FTDN_ASSERT_OK(ftdn_folder_create(deep, &err), err);
    FTDN_ASSERT_OK(ftdn_folder_create(path_of(test, "a/b/d"), &err), err);
    FTDN_ASSERT_OK(ftdn_folder_create("/", &err), err);
    assert_true(ftdn_file_exists(path_of(test, "a/b/c")));
    assert_true(ftdn_file_exists(path_of(test, "a/b/d")));
    assert_false(ftdn_file_exists(path_of(test, "a/b/e")));

    ftdn_test_write_file(path_of(test, "file"), "x", 1);
    assert_true(ftdn_file_exists(path_of(test, "file")));
    FTDN_ASSERT_FAILS(ftdn_folder_create(path_of(test, "file"), &err), FTDN_ERR_INPUT,
                      "file: folder cannot be created: File exists", err);
    FTDN_ASSERT_FAILS(ftdn_folder_create(path_of(test, "file/below"), &err), FTDN_ERR_INPUT,
                      "file: folder cannot be created: File exists", err);
    FTDN_ASSERT_FAILS(ftdn_folder_create("", &err), FTDN_ERR_INPUT, "folder cannot be created", err);
}

static void paths_are_joined_and_taken_apart(void **state)
{
    fixture *test = *state;
    ftdn_error err = {0};
    ftdn_arena *arena = &test->arena;
    assert_string_equal(ftdn_path_join(arena, "a", "b", &err), "a/b");
    assert_string_equal(ftdn_path_join(arena, "a/", "b", &err), "a/b");
    assert_string_equal(ftdn_path_join(arena, "/", "b", &err), "/b");
    assert_string_equal(ftdn_path_join(arena, "a", "/b", &err), "/b");
    assert_string_equal(ftdn_path_join(arena, "", "b", &err), "b");
    assert_string_equal(ftdn_path_join(arena, ".", "b", &err), "b");
    assert_string_equal(ftdn_path_join(arena, "..", "b", &err), "../b");
    assert_string_equal(ftdn_path_folder(arena, "a/b/c.json", &err), "a/b");
    assert_string_equal(ftdn_path_folder(arena, "c.json", &err), ".");
    assert_string_equal(ftdn_path_folder(arena, "/c.json", &err), "/");
    assert_string_equal(ftdn_path_stem(arena, "a.b/fig6a.json", &err), "fig6a");
    assert_string_equal(ftdn_path_stem(arena, "a.b/fig6a", &err), "fig6a");
    assert_string_equal(ftdn_path_stem(arena, "model.tar.gz", &err), "model.tar");
    assert_string_equal(ftdn_path_stem(arena, "a/.hidden", &err), ".hidden");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_written_is_loaded_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_new_file_has_the_mode_of_the_umask, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_is_written_into_the_current_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(loading_names_path_and_reason, set_up, tear_down),
        cmocka_unit_test_setup_teardown(loading_without_memory_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(writing_where_nothing_can_be_written_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_write_that_stops_midway_keeps_the_former_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(left_over_temporaries_are_stepped_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(folders_are_created_with_their_parents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(paths_are_joined_and_taken_apart, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
