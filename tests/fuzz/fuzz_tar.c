/* fuzz_tar.c - archives: whatever comes of them, nothing lies outside the folder, and nothing but files and folders
 * inside; neither more of them nor more bytes than was agreed. */
#define _XOPEN_SOURCE 700 /* nftw */
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/folder.h"
#include "datasets/unpack.h"
#include "tests/datasets/tar_builder.h"
#include "tests/fuzz/fuzz.h"

#define MAX_UNPACKED 65536
#define WITNESS "untouched"

static uint64_t n_unpacked;

static int check_inside(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)kind, (void)place;
    if (!S_ISREG(info->st_mode) && !S_ISDIR(info->st_mode)) ftdn_fuzz_fail("%s is neither a file nor a folder", path);
    if (S_ISREG(info->st_mode) && info->st_nlink != 1) ftdn_fuzz_fail("%s has a second name", path);
    if (S_ISREG(info->st_mode)) n_unpacked += (uint64_t)info->st_size;
    return 0;
}

static int check_outer(const char *path, const struct stat *info, int kind, struct FTW *place)
{
    (void)info, (void)kind;
    const char *name = path + place->base;
    bool is_known =
        place->level == 0 || strcmp(name, "a.tar") == 0 || strcmp(name, "folder") == 0 || strcmp(name, "witness") == 0;
    if (place->level <= 1 && !is_known) ftdn_fuzz_fail("%s was written outside the folder", path);
    return 0;
}

static void check_witness(const char *path, ftdn_arena *arena)
{
    ftdn_error err = {0};
    char *text;
    size_t n_bytes;
    if (ftdn_file_load(path, 100, arena, &text, &n_bytes, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
    FTDN_FUZZ_CHECK(strcmp(text, WITNESS) == 0);
}

static void unpack(const char *top, char *bytes, size_t n_bytes)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_unpack_summary summary;
    ftdn_arena_init(&arena);
    const char *outer = ftdn_fuzz_folder();
    const char *archive = ftdn_path_join(&arena, outer, "a.tar", &err);
    const char *folder = ftdn_path_join(&arena, outer, "folder", &err);
    const char *witness = ftdn_path_join(&arena, outer, "witness", &err);
    ftdn_fuzz_write("witness", WITNESS, strlen(WITNESS));
    ftdn_fuzz_write("a.tar", bytes, n_bytes);
    if (ftdn_folder_create(folder, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
    const ftdn_unpack_desc desc = {.archive = archive, .folder = folder, .top = top, .max_bytes = MAX_UNPACKED};
    bool is_read = ftdn_fuzz_is_read(ftdn_unpack_tar(&desc, &summary, &err), &err, "a.tar");
    n_unpacked = 0;
    FTDN_FUZZ_CHECK(nftw(folder, check_inside, 8, FTW_PHYS) == 0 && nftw(outer, check_outer, 8, FTW_PHYS) == 0);
    FTDN_FUZZ_CHECK(n_unpacked <= MAX_UNPACKED && (!is_read || summary.n_bytes >= n_unpacked));
    check_witness(witness, &arena);
    if (ftdn_folder_remove(folder, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
    ftdn_arena_done(&arena);
}

static void read_tar(char *bytes, size_t n_bytes)
{
    unpack(NULL, bytes, n_bytes);
    unpack("VOCdevkit", bytes, n_bytes);
}

/* The good entries, and where they end. */
static size_t build_good(ftdn_text *tar)
{
    ftdn_tar_add(tar, FTDN_TAR_FOLDER, "VOCdevkit/", NULL, "");
    ftdn_tar_add(tar, FTDN_TAR_FILE, "VOCdevkit/a", NULL, "bytes of a file");
    ftdn_tar_add(tar, FTDN_TAR_LONG_NAME, "././@LongLink", NULL, "VOCdevkit/a/path/by/another/entry");
    ftdn_tar_add(tar, FTDN_TAR_FILE, "cut", NULL, "more bytes");
    ftdn_tar_add(tar, 'x', "PaxHeaders/b", NULL, "31 path=VOCdevkit/pax/of/b.txt\n19 comment=nothing\n");
    ftdn_tar_add(tar, FTDN_TAR_FILE, "b", NULL, "");
    return tar->n_chars;
}

/* Entries of every kind, and by themselves those that end an archive. */
static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    ftdn_text tar;
    const char zeros[1024] = {0};
    ftdn_text_init(&tar);
    size_t n_good = build_good(&tar);
    ftdn_tar_add(&tar, FTDN_TAR_FILE, "./c..d/e", NULL, "0123456789");
    ftdn_tar_add(&tar, FTDN_TAR_FILE, "x../../../witness", NULL, "evil");
    ftdn_tar_add(&tar, FTDN_TAR_SYMBOLIC_LINK, "VOCdevkit/up", "..", "");
    ftdn_tar_add(&tar, FTDN_TAR_FILE, "VOCdevkit/up/witness", NULL, "evil");
    ftdn_tar_add(&tar, FTDN_TAR_HARD_LINK, "hard", "../witness", "");
    ftdn_tar_add(&tar, FTDN_TAR_DEVICE, "device", NULL, "");
    ftdn_tar_end(&tar);
    ftdn_fuzz_add_seed(corpus, tar.chars, tar.n_chars);
    ftdn_fuzz_add_seed(corpus, tar.chars + n_good, tar.n_chars - n_good);
    ftdn_text_drop(&tar, tar.n_chars);
    build_good(&tar);
    ftdn_text_append_bytes(&tar, zeros, sizeof zeros);
    ftdn_fuzz_add_seed(corpus, tar.chars, tar.n_chars);
    ftdn_text_done(&tar);
}

/* The checksums of the heads: whatever stands at a multiple of 512 and says that it is one. */
static void mend(char *bytes, size_t n_bytes)
{
    for (size_t at = 0; at + 512 <= n_bytes; at += 512) {
        char *head = bytes + at, digits[8];
        if (memcmp(head + 257, "ustar", 5) != 0) continue;
        unsigned sum = 0;
        memset(head + 148, ' ', 8);
        for (int i = 0; i < 512; i++) sum += (unsigned char)head[i];
        snprintf(digits, sizeof digits, "%06o", sum);
        memcpy(head + 148, digits, 7);
    }
}

static const char *const words[] = {"../",
                                    "/",
                                    "..",
                                    "./../",
                                    "\\",
                                    "7777777",
                                    "path=../x",
                                    "size=99",
                                    "//",
                                    "ustar",
                                    "VOCdevkit/up/",
                                    "linkpath=..",
                                    "GNU.sparse.major=1",
                                    "GNU.sparse.name=../x",
                                    "\x1f\x8b\x08",
                                    "BZh9",
                                    "\xfd\x37zXZ",
                                    "\x28\xb5\x2f\xfd",
                                    "././@LongLink",
                                    "\x1b[2J",
                                    NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {
    .name = "tar", .max_bytes = 16384, .read = read_tar, .add_seeds = add_seeds, .word = words, .mend = mend};
