/* test_unpack_fuzz.c - damaged archives: whatever comes of them, nothing lies outside the folder, and nothing but files
 * and folders inside. */
#define _XOPEN_SOURCE 700 /* nftw */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/folder.h"
#include "datasets/unpack.h"
#include "tests/datasets/tar_builder.h"
#include "tests/support/support.h"

#define N_MUTATIONS 5000
#define WITNESS "untouched"

static const char *outer;

/* xorshift64: any fixed sequence will do. */
static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

/* Entries of every kind; behind the good ones those that end an archive when they are read as they stand. */
static void build(ftdn_text *tar)
{
    ftdn_tar_add(tar, FTDN_TAR_FOLDER, "VOCdevkit/", NULL, "");
    ftdn_tar_add(tar, FTDN_TAR_FILE, "VOCdevkit/a", NULL, "bytes of a file");
    ftdn_tar_add(tar, FTDN_TAR_LONG_NAME, "././@LongLink", NULL, "VOCdevkit/a/path/by/another/entry");
    ftdn_tar_add(tar, FTDN_TAR_FILE, "cut", NULL, "more bytes");
    ftdn_tar_add(tar, 'x', "PaxHeaders/b", NULL, "31 path=VOCdevkit/pax/of/b.txt\n19 comment=nothing\n");
    ftdn_tar_add(tar, FTDN_TAR_FILE, "b", NULL, "");
    ftdn_tar_add(tar, FTDN_TAR_FILE, "./c..d/e", NULL, "0123456789");
    ftdn_tar_add(tar, FTDN_TAR_FILE, "x../../../witness", NULL, "evil");
    ftdn_tar_add(tar, FTDN_TAR_SYMBOLIC_LINK, "VOCdevkit/up", "..", "");
    ftdn_tar_add(tar, FTDN_TAR_FILE, "VOCdevkit/up/witness", NULL, "evil");
    ftdn_tar_add(tar, FTDN_TAR_HARD_LINK, "hard", "../witness", "");
    ftdn_tar_add(tar, FTDN_TAR_DEVICE, "device", NULL, "");
    ftdn_tar_end(tar);
}

/* Make the checksum of the head at `at` right again, so that the damage is read. */
static void mend_checksum(char *head)
{
    unsigned sum = 0;
    char digits[8];
    memset(head + 148, ' ', 8);
    for (int i = 0; i < 512; i++) sum += (unsigned char)head[i];
    snprintf(digits, sizeof digits, "%06o", sum);
    memcpy(head + 148, digits, 7);
}

static void mutate(char *tar, size_t n_bytes, uint64_t *random)
{
    static const char *const snippets[] = {"../", "/",       "..",        "./../",   "\0",
                                           "\\",  "7777777", "path=../x", "size=99", "//"};
    for (uint64_t n = 1 + next_random(random) % 4; n > 0; n--) {
        size_t at = next_random(random) % n_bytes;
        uint64_t choice = next_random(random), kind = choice % 4;
        const char *snippet = snippets[choice / 4 % (sizeof snippets / sizeof *snippets)];
        size_t n_snippet = strlen(snippet) + 1;
        size_t from = choice / 64 % (n_bytes / 512) * 512, to = at / 512 * 512;
        if (kind == 0) tar[at] = (char)(tar[at] ^ (1 << (choice >> 4 & 7)));
        if (kind == 1) tar[at] = (char)(choice >> 4);
        if (kind == 2 && at + n_snippet <= n_bytes) memcpy(tar + at, snippet, n_snippet - 1);
        if (kind == 3) memmove(tar + to, tar + from, 512);
        if (choice >> 60) mend_checksum(tar + to);
    }
}

static int check_inside(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)kind, (void)place;
    if (!S_ISREG(info->st_mode) && !S_ISDIR(info->st_mode)) fail_msg("%s is neither a file nor a folder", path);
    if (S_ISREG(info->st_mode) && info->st_nlink != 1) fail_msg("%s has a second name", path);
    return 0;
}

static int check_outer(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)kind;
    const char *name = path + place->base;
    bool is_known =
        place->level == 0 || strcmp(name, "a.tar") == 0 || strcmp(name, "folder") == 0 || strcmp(name, "witness") == 0;
    if (place->level <= 1 && !is_known) fail_msg("%s was written outside the folder", path);
    return 0;
}

static void check_all(ftdn_arena *arena, const char *folder, const char *witness)
{
    ftdn_error err = {0};
    char *text;
    size_t n_bytes;
    assert_int_equal(nftw(folder, check_inside, 8, FTW_PHYS), 0);
    assert_int_equal(nftw(outer, check_outer, 8, FTW_PHYS), 0);
    FTDN_ASSERT_OK(ftdn_file_load(witness, 100, arena, &text, &n_bytes, &err), err);
    assert_string_equal(text, WITNESS);
}

static void damaged_archives_write_nothing_outside(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_text tar;
    ftdn_error err = {0};
    int n_unpacked = 0, n_refused = 0;
    uint64_t random = 0x9E3779B97F4A7C15;
    ftdn_arena_init(&arena);
    ftdn_text_init(&tar);
    build(&tar);
    outer = ftdn_test_create_folder(&arena);
    char *archive = ftdn_path_join(&arena, outer, "a.tar", &err);
    char *folder = ftdn_path_join(&arena, outer, "folder", &err);
    char *witness = ftdn_path_join(&arena, outer, "witness", &err);
    ftdn_test_write_file(witness, WITNESS, strlen(WITNESS));
    size_t n_good = 512 * 12; /* the entries before those that are refused */
    char *damaged = malloc(tar.n_chars);
    assert_non_null(damaged);
    for (int i = 0; i < N_MUTATIONS; i++) {
        ftdn_arena_mark mark = ftdn_arena_get_mark(&arena);
        ftdn_unpack_summary summary;
        const ftdn_unpack_desc desc = {.archive = archive, .folder = folder, .max_bytes = 1 << 16};
        FTDN_ASSERT_OK(ftdn_folder_create(folder, &err), err);
        memcpy(damaged, tar.chars, tar.n_chars);
        if (i % 2) memset(damaged + n_good, 0, tar.n_chars - n_good);
        mutate(damaged, i % 2 ? n_good : tar.n_chars, &random);
        ftdn_test_write_file(archive, damaged, tar.n_chars - (i % 5 ? 0 : next_random(&random) % tar.n_chars));
        ftdn_status status = ftdn_unpack_tar(&desc, &summary, &err);
        if (status != FTDN_OK) assert_int_equal(status, FTDN_ERR_INPUT);
        n_unpacked += status == FTDN_OK;
        n_refused += status != FTDN_OK;
        check_all(&arena, folder, witness);
        FTDN_ASSERT_OK(ftdn_folder_remove(folder, &err), err);
        ftdn_arena_reset(&arena, mark);
    }
    /* Both ways are gone often: damage that no one sees, and damage that is seen. */
    if (n_unpacked < N_MUTATIONS / 50 || n_refused < N_MUTATIONS / 2)
        fail_msg("%d unpacked, %d refused", n_unpacked, n_refused);
    free(damaged);
    ftdn_text_done(&tar);
    ftdn_test_remove_folder(outer);
    ftdn_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_archives_write_nothing_outside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
