/* test_unpack.c - what comes out of a tar archive, and all that does not. */
#include "datasets/unpack.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "tests/datasets/tar_builder.h"
#include "tests/support/support.h"

typedef struct place {
    ftdn_arena arena;
    char *outer; /* holds the archive, the folder, and a file that no archive may touch */
    char *archive, *folder, *witness;
    ftdn_text tar;
    ftdn_unpack_desc desc;
    ftdn_unpack_summary summary;
    ftdn_error err;
} place;

static int set_up(void **state)
{
    place *p = calloc(1, sizeof *p);
    if (!p) return -1;
    ftdn_arena_init(&p->arena);
    ftdn_text_init(&p->tar);
    p->outer = ftdn_test_create_folder(&p->arena);
    p->archive = ftdn_path_join(&p->arena, p->outer, "a.tar", &p->err);
    p->folder = ftdn_path_join(&p->arena, p->outer, "folder", &p->err);
    p->witness = ftdn_path_join(&p->arena, p->outer, "witness", &p->err);
    ftdn_test_write_file(p->witness, "untouched", 9);
    if (ftdn_folder_create(p->folder, &p->err) != FTDN_OK) return -1;
    p->desc = (ftdn_unpack_desc){.archive = p->archive, .folder = p->folder, .max_bytes = 1 << 20};
    *state = p;
    return 0;
}

static int tear_down(void **state)
{
    place *p = *state;
    ftdn_text_done(&p->tar);
    ftdn_test_remove_folder(p->outer);
    ftdn_arena_done(&p->arena);
    free(p);
    return 0;
}

/* Unpack what is built, or its first n_bytes. */
static ftdn_status unpack_part(place *p, size_t n_bytes)
{
    ftdn_test_write_file(p->archive, p->tar.chars, n_bytes);
    return ftdn_unpack_tar(&p->desc, &p->summary, &p->err);
}

static ftdn_status unpack(place *p)
{
    ftdn_tar_end(&p->tar);
    ftdn_status status = unpack_part(p, p->tar.n_chars);
    p->tar.n_chars = 0;
    return status;
}

static const char *read_file(place *p, const char *folder, const char *name)
{
    char *text = NULL;
    size_t n_bytes;
    char *path = ftdn_path_join(&p->arena, folder, name, &p->err);
    FTDN_ASSERT_OK(ftdn_file_load(path, 1 << 20, &p->arena, &text, &n_bytes, &p->err), p->err);
    return text;
}

static bool has(place *p, const char *name)
{
    return ftdn_file_exists(ftdn_path_join(&p->arena, p->folder, name, &p->err));
}

static void files_and_folders_come_out(void **state)
{
    place *p = *state;
    struct stat info;
    ftdn_tar_add(&p->tar, FTDN_TAR_FOLDER, "./", NULL, "");
    ftdn_tar_add(&p->tar, FTDN_TAR_FOLDER, "a/", NULL, "");
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "a/one", NULL, "1");
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "./b//c/./two", NULL, "zwei");
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "sch\xC3\xB6n", NULL, "");
    FTDN_ASSERT_OK(unpack(p), p->err);
    assert_int_equal(p->summary.n_files, 3);
    assert_int_equal(p->summary.n_bytes, 5);
    assert_string_equal(read_file(p, p->folder, "a/one"), "1");
    assert_string_equal(read_file(p, p->folder, "b/c/two"), "zwei");
    assert_string_equal(read_file(p, p->folder, "sch\xC3\xB6n"), "");
    assert_int_equal(stat(ftdn_path_join(&p->arena, p->folder, "a/one", &p->err), &info), 0);
    assert_int_equal(info.st_mode & 07111, 0);
}

static void only_what_is_below_the_top_comes_out(void **state)
{
    place *p = *state;
    p->desc.top = "VOCdevkit/VOC2007";
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "VOCdevkit/VOC2007/x/1", NULL, "1");
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "VOCdevkit/readme", NULL, "2");
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "VOCdevkit/VOC2007b/3", NULL, "3");
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "4", NULL, "4");
    FTDN_ASSERT_OK(unpack(p), p->err);
    assert_int_equal(p->summary.n_files, 1);
    assert_string_equal(read_file(p, p->folder, "x/1"), "1");
    assert_false(has(p, "readme"));
    assert_false(has(p, "3"));
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "other/1", NULL, "1");
    FTDN_ASSERT_FAILS(unpack(p), FTDN_ERR_INPUT, "a.tar: it holds no file below 'VOCdevkit/VOC2007'", p->err);
    p->desc.top = NULL;
    FTDN_ASSERT_FAILS(unpack(p), FTDN_ERR_INPUT, "a.tar: it holds no file", p->err);
}

static void a_second_archive_adds_to_the_first(void **state)
{
    place *p = *state;
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "d/1", NULL, "one");
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "d/same", NULL, "longer");
    FTDN_ASSERT_OK(unpack(p), p->err);
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "d/2", NULL, "two");
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "d/same", NULL, "new");
    FTDN_ASSERT_OK(unpack(p), p->err);
    assert_string_equal(read_file(p, p->folder, "d/1"), "one");
    assert_string_equal(read_file(p, p->folder, "d/2"), "two");
    assert_string_equal(read_file(p, p->folder, "d/same"), "new");
}

/* One entry, behind a good one. */
static void assert_refused(place *p, char kind, const char *name, const char *link, const char *fragment)
{
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "good", NULL, "good");
    ftdn_tar_add(&p->tar, kind, name, link, kind == FTDN_TAR_FILE ? "evil" : "");
    FTDN_ASSERT_FAILS(unpack(p), FTDN_ERR_INPUT, fragment, p->err);
    assert_string_equal(read_file(p, p->outer, "witness"), "untouched");
    assert_false(ftdn_file_exists(ftdn_path_join(&p->arena, p->outer, "evil", &p->err)));
}

static void paths_that_leave_the_folder_are_refused(void **state)
{
    place *p = *state;
    char *absolute = ftdn_arena_format(&p->arena, &p->err, "%.80s/evil", p->outer);
    assert_refused(p, FTDN_TAR_FILE, absolute, NULL, "its path is absolute");
    assert_refused(p, FTDN_TAR_FILE, "/etc/evil", NULL, "a.tar: entry '/etc/evil': its path is absolute");
    assert_refused(p, FTDN_TAR_FILE, "../evil", NULL, "its path leaves the folder by '..'");
    assert_refused(p, FTDN_TAR_FILE, "a/../../evil", NULL, "its path leaves the folder by '..'");
    assert_refused(p, FTDN_TAR_FILE, "a/..", NULL, "its path leaves the folder by '..'");
    assert_refused(p, FTDN_TAR_FOLDER, "../evil/", NULL, "its path leaves the folder by '..'");
    assert_refused(p, FTDN_TAR_FILE, "a\\..\\evil", NULL, "its path has a backslash");
    assert_refused(p, FTDN_TAR_FILE, "a\nb", NULL, "a.tar: an entry has no path that can be shown");
    assert_refused(p, FTDN_TAR_FILE, "\033[2Jb", NULL, "a.tar: an entry has no path that can be shown");
}

static void links_and_devices_are_refused(void **state)
{
    place *p = *state;
    assert_refused(p, FTDN_TAR_SYMBOLIC_LINK, "link", "..",
                   "entry 'link': a link; only files and folders are unpacked");
    assert_refused(p, FTDN_TAR_SYMBOLIC_LINK, "link", "good", "a link");
    assert_refused(p, FTDN_TAR_HARD_LINK, "link", "../witness", "a link");
    assert_refused(p, FTDN_TAR_HARD_LINK, "link", "good", "a link");
    assert_refused(p, FTDN_TAR_DEVICE, "null", NULL, "entry 'null': neither a file nor a folder");
    assert_refused(p, FTDN_TAR_FIFO, "pipe", NULL, "neither a file nor a folder");
}

/* A link that is there already, whoever made it, is not followed. */
static void links_in_the_folder_are_not_followed(void **state)
{
    place *p = *state;
    char *link = ftdn_path_join(&p->arena, p->folder, "out", &p->err);
    char *file_link = ftdn_path_join(&p->arena, p->folder, "file", &p->err);
    assert_int_equal(symlink(p->outer, link), 0);
    assert_int_equal(symlink(p->witness, file_link), 0);
    assert_refused(p, FTDN_TAR_FILE, "out/evil", NULL, "entry 'out/evil': ");
    assert_refused(p, FTDN_TAR_FOLDER, "out/evil/", NULL, "entry 'out/evil/': ");
    assert_refused(p, FTDN_TAR_FILE, "file", NULL, "entry 'file': ");
}

static void a_path_that_is_too_long_or_too_deep_is_refused(void **state)
{
    place *p = *state;
    char path[1300];
    memset(path, 'a', 256);
    path[256] = 0;
    ftdn_tar_add(&p->tar, FTDN_TAR_LONG_NAME, "././@LongLink", NULL, path);
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "cut", NULL, "x");
    FTDN_ASSERT_FAILS(unpack(p), FTDN_ERR_INPUT, "its path has a part that is too long", p->err);
    for (int i = 0; i < 1200; i++) path[i] = i % 100 == 99 ? '/' : 'a';
    path[1200] = 0;
    ftdn_tar_add(&p->tar, FTDN_TAR_LONG_NAME, "././@LongLink", NULL, path);
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "cut", NULL, "x");
    FTDN_ASSERT_FAILS(unpack(p), FTDN_ERR_INPUT, "its path is too long", p->err);
    for (int i = 0; i < 40; i++) memcpy(path + 2 * i, "d/", 3);
    assert_refused(p, FTDN_TAR_FOLDER, path, NULL, "its path goes too deep");
    path[2 * 32] = 0;
    ftdn_tar_add(&p->tar, FTDN_TAR_FOLDER, path, NULL, "");
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "x", NULL, "x");
    FTDN_ASSERT_OK(unpack(p), p->err);
}

static void files_in_the_place_of_folders_are_an_error(void **state)
{
    place *p = *state;
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "a", NULL, "x");
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "a/b", NULL, "x");
    FTDN_ASSERT_FAILS(unpack(p), FTDN_ERR_INPUT, "entry 'a/b': Not a directory", p->err);
    ftdn_tar_add(&p->tar, FTDN_TAR_FOLDER, "c", NULL, "");
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "c", NULL, "x");
    FTDN_ASSERT_FAILS(unpack(p), FTDN_ERR_INPUT, "entry 'c': Is a directory", p->err);
}

static void more_than_was_agreed_is_refused(void **state)
{
    place *p = *state;
    p->desc.max_bytes = 10;
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "a", NULL, "0123456");
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "b", NULL, "789");
    FTDN_ASSERT_OK(unpack(p), p->err);
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "a", NULL, "0123456");
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "b", NULL, "789X");
    FTDN_ASSERT_FAILS(unpack(p), FTDN_ERR_INPUT, "entry 'b': with its 4 bytes the files are larger than the 10 allowed",
                      p->err);
    ftdn_tar_add_raw(&p->tar, FTDN_TAR_FILE, "huge", NULL, 8589934591ULL, "x", 1);
    FTDN_ASSERT_FAILS(unpack(p), FTDN_ERR_INPUT, "larger than the 10 allowed", p->err);
}

/* Between entries, in a head, in a file's bytes, in the padding: everywhere. */
static void an_archive_that_is_cut_anywhere_is_an_error(void **state)
{
    place *p = *state;
    ftdn_tar_add(&p->tar, FTDN_TAR_FOLDER, "d/", NULL, "");
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "d/a", NULL, "some bytes");
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "d/b", NULL, "");
    size_t n_entries = p->tar.n_chars;
    ftdn_tar_end(&p->tar);
    for (size_t n_kept = 0; n_kept < n_entries + 512; n_kept += n_kept % 512 < 12 || n_kept % 512 > 500 ? 1 : 7)
        if (unpack_part(p, n_kept) == FTDN_OK) fail_msg("cut to %zu bytes it is unpacked", n_kept);
    FTDN_ASSERT_FAILS(unpack_part(p, n_entries), FTDN_ERR_INPUT, "it is cut: the end of the archive is missing",
                      p->err);
    FTDN_ASSERT_OK(unpack_part(p, p->tar.n_chars), p->err);
}

static void what_is_no_archive_is_an_error(void **state)
{
    place *p = *state;
    ftdn_text_append(&p->tar, "<!DOCTYPE html>");
    FTDN_ASSERT_FAILS(unpack_part(p, p->tar.n_chars), FTDN_ERR_INPUT, "Unrecognized archive format", p->err);
    p->desc.archive = "/nowhere/none.tar";
    FTDN_ASSERT_FAILS(ftdn_unpack_tar(&p->desc, &p->summary, &p->err), FTDN_ERR_INPUT,
                      "/nowhere/none.tar: archive_read_open_filename: ", p->err);
}

static void the_wish_to_stop_ends_it(void **state)
{
    place *p = *state;
    volatile sig_atomic_t stop = 1;
    p->desc.stop = &stop;
    ftdn_tar_add(&p->tar, FTDN_TAR_FILE, "a", NULL, "x");
    assert_int_equal(unpack(p), FTDN_ERR_INTERRUPTED);
    assert_false(has(p, "a"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_and_folders_come_out),
        TEST(only_what_is_below_the_top_comes_out),
        TEST(a_second_archive_adds_to_the_first),
        TEST(paths_that_leave_the_folder_are_refused),
        TEST(links_and_devices_are_refused),
        TEST(links_in_the_folder_are_not_followed),
        TEST(a_path_that_is_too_long_or_too_deep_is_refused),
        TEST(files_in_the_place_of_folders_are_an_error),
        TEST(more_than_was_agreed_is_refused),
        TEST(an_archive_that_is_cut_anywhere_is_an_error),
        TEST(what_is_no_archive_is_an_error),
        TEST(the_wish_to_stop_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
