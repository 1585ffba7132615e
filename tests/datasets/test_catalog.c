/* test_catalog.c - the built-in catalog says what is published; mistakes in one are told with their place. */
#include "datasets/catalog.h"

#include <stdlib.h>

#include "datasets/url.h"
#include "tests/support/arena_per_test.h"

static void the_built_in_catalog_has_the_published_files(void **state)
{
    (void)state;
    ftdn_catalog catalog;
    FTDN_ASSERT_OK(ftdn_catalog_load_built_in(&arena, &catalog, &err), err);
    assert_int_equal(catalog.n_entries, 4);
    const ftdn_catalog_entry *voc = ftdn_catalog_find(&catalog, "voc2007");
    assert_non_null(voc);
    assert_int_equal(voc->n_files, 2);
    assert_string_equal(voc->file[0].md5, "c52e279531787c972589f7e41ab4ae64");
    assert_string_equal(voc->file[1].md5, "b6e924de25625d8de591ea690078ad9f");
    assert_string_equal(voc->file[1].url[0], "http://host.robots.ox.ac.uk/pascal/VOC/voc2007/VOCtest_06-Nov-2007.tar");
    assert_true(voc->is_archive);
    assert_string_equal(voc->top, "VOCdevkit/VOC2007");
    assert_string_equal(ftdn_catalog_find(&catalog, "voc2012")->file[0].md5, "6cd6e144f989b92b3379bac3b3de84fd");
    const ftdn_catalog_entry *mobilenet = ftdn_catalog_find(&catalog, "ssd_mobilenet_v1");
    assert_string_equal(mobilenet->file[0].sha256, "58694cafa60456eeab4e81ae50ff49a01c46ab387bfea5200f047143ecd973a9");
    assert_false(mobilenet->is_archive);
    assert_string_equal(ftdn_catalog_find(&catalog, "ssd_vgg16")->file[0].sha256, "b1264e8beec69cbc");
    assert_null(ftdn_catalog_find(&catalog, "voc"));
}

/* No archive is larger unpacked than it may be: the files of a plain tar are smaller than the tar. */
static void every_entry_has_room_for_its_files(void **state)
{
    (void)state;
    ftdn_catalog catalog;
    FTDN_ASSERT_OK(ftdn_catalog_load_built_in(&arena, &catalog, &err), err);
    for (int i = 0; i < catalog.n_entries; i++) {
        const ftdn_catalog_entry *entry = &catalog.entry[i];
        uint64_t n_bytes = 0;
        for (int k = 0; k < entry->n_files; k++) {
            n_bytes += (uint64_t)entry->file[k].about_bytes;
            assert_true(entry->file[k].max_bytes >= (uint64_t)entry->file[k].about_bytes);
        }
        if (entry->is_archive) assert_true(entry->max_unpacked_bytes >= n_bytes);
        if (entry->needed_beside) assert_non_null(ftdn_catalog_find(&catalog, entry->needed_beside));
        assert_true(ftdn_is_file_name(entry->place));
    }
}

#define FILE_OK "{'name': 'f', 'bytes': 5, 'md5': '00000000000000000000000000000000', 'urls': ['http://h/f']}"
#define ENTRY(more)                                                                                                    \
    "{'catalog_version': 1, 'entries': [{'name': 'n', 'title': 't', 'licence': 'l', 'cite': 'c', 'place': 'f'" more    \
    "}]}"
#define WITH_FILE(file) ENTRY(", 'files': [" file "]")

/* Parse with double quotes in the place of single ones. */
static ftdn_status parse(const char *text, ftdn_catalog *catalog)
{
    char *copy = ftdn_arena_copy_text(&arena, text, strlen(text), &err);
    assert_non_null(copy);
    for (char *c = copy; *c; c++)
        if (*c == '\'') *c = '"';
    return ftdn_catalog_parse(copy, strlen(copy), "c.json", &arena, catalog, &err);
}

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"[]", "c.json:1:1: a catalog is an array; allowed: an object"},
        {"{}", "c.json:1:1: 'catalog_version': allowed: 1"},
        {"{'catalog_version': 2}", "c.json:1:21: 'catalog_version': allowed: 1"},
        {"{'catalog_version': 1}", "'entries': allowed: a list"},
        {"{'catalog_version': 1, 'entries': [5]}", "an entry is a number"},
        {"{'catalog_version': 1, 'entries': [{}]}", "c.json:1:36: 'name' is missing"},
        {"{'catalog_version': 1, 'entries': [{'name': '../x'}]}", "'../x' is no plain file name"},
        {"{'catalog_version': 1, 'catalog_version': 1}", "a catalog gives 'catalog_version' twice"},
        {ENTRY(""), "'files': allowed: a list of files"},
        {ENTRY(", 'files': []"), "'files': allowed: a list of files"},
        {ENTRY(", 'files': [" FILE_OK ", " FILE_OK "]"), "what is not unpacked is one file"},
        {ENTRY(", 'unpack': {}, 'files': [" FILE_OK "]"), "'max_bytes' is missing"},
        {ENTRY(", 'run': {}, 'files': [" FILE_OK "]"), "'manifest' is missing"},
        {WITH_FILE("{'name': 'g', 'bytes': 5, 'sha256': '0123456789abcdef', 'urls': ['http://h/f']}"), "called as 'place' says"},
        {WITH_FILE("{'name': 'f'}"), "either in 'bytes' or in 'about_bytes'"},
        {WITH_FILE("{'name': 'f', 'bytes': 5, 'about_bytes': 5}"), "either in 'bytes' or in 'about_bytes'"},
        {WITH_FILE("{'name': 'f', 'bytes': 0}"), "'bytes': allowed: an integer from 1"},
        {WITH_FILE("{'name': 'f', 'bytes': 5.5}"), "'bytes': allowed: an integer from 1"},
        {WITH_FILE("{'name': 'f', 'bytes': 5}"), "a file without a digest"},
        {WITH_FILE("{'name': 'f', 'bytes': 5, 'sha256': '0123456789abcde'}"), "'sha256': allowed: 16 to 64"},
        {WITH_FILE("{'name': 'f', 'bytes': 5, 'sha256': '0123456789ABCDEF'}"), "'sha256': allowed: 16 to 64"},
        {WITH_FILE("{'name': 'f', 'bytes': 5, 'md5': '0123456789abcdef'}"), "'md5': allowed: 32"},
        {WITH_FILE("{'name': 'f', 'bytes': 5, 'sha256': '0123456789abcdef', 'urls': []}"), "'urls': allowed: a list"},
        {WITH_FILE("{'name': 'f', 'bytes': 5, 'sha256': '0123456789abcdef', 'urls': [1]}"), "'urls': allowed: addresses"},
        {WITH_FILE("{'name': 'f', 'bytes': 5, 'sha256': '0123456789abcdef', 'urls': ['ftp://h/f']}"), "scheme 'ftp'"},
    };
    ftdn_catalog catalog;
    FTDN_ASSERT_OK(parse(WITH_FILE(FILE_OK), &catalog), err);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        FTDN_ASSERT_FAILS(parse(wrong[i][0], &catalog), FTDN_ERR_INPUT, wrong[i][1], err);
}

static void an_address_becomes_an_entry(void **state)
{
    (void)state;
    ftdn_catalog_entry entry;
    const char *digest = "0123456789ABCDEF0123456789abcdef";
    FTDN_ASSERT_OK(ftdn_catalog_entry_of_url("https://h/road.tar.gz", digest, true, 1000, &arena, &entry, &err), err);
    assert_true(entry.is_archive);
    assert_string_equal(entry.place, "road");
    assert_string_equal(entry.file[0].name, "road.tar.gz");
    assert_string_equal(entry.file[0].sha256, "0123456789abcdef0123456789abcdef");
    assert_int_equal(entry.max_unpacked_bytes, 1000);
    FTDN_ASSERT_OK(ftdn_catalog_entry_of_url("https://h/road.tar.gz", NULL, false, 1000, &arena, &entry, &err), err);
    assert_string_equal(entry.place, "road.tar.gz");
    FTDN_ASSERT_FAILS(ftdn_catalog_entry_of_url("https://h/.tar", digest, true, 1, &arena, &entry, &err), FTDN_ERR_ARG,
                      "names no file", err);
    FTDN_ASSERT_FAILS(ftdn_catalog_entry_of_url("https://h/a.tar", NULL, true, 1, &arena, &entry, &err), FTDN_ERR_ARG,
                      "without a digest nothing is unpacked", err);
    FTDN_ASSERT_FAILS(ftdn_catalog_entry_of_url("https://h/a.tar", "xyz", true, 1, &arena, &entry, &err), FTDN_ERR_ARG,
                      "'xyz' is no SHA-256", err);
}

static void a_failing_allocation_is_an_error(void **state)
{
    (void)state;
    for (long n_good = 0;; n_good++) {
        ftdn_arena failing;
        ftdn_catalog catalog;
        ftdn_catalog_entry entry;
        ftdn_arena_init(&failing);
        ftdn_arena_fail_after(&failing, n_good);
        ftdn_status status = ftdn_catalog_load_built_in(&failing, &catalog, &err);
        if (status == FTDN_OK)
            status = ftdn_catalog_entry_of_url("https://h/a.tar", "0123456789abcdef", true, 1, &failing, &entry, &err);
        ftdn_arena_done(&failing);
        if (status == FTDN_OK) break;
        assert_int_equal(status, FTDN_ERR_MEMORY);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(the_built_in_catalog_has_the_published_files),
        FTDN_ARENA_TEST(every_entry_has_room_for_its_files),
        FTDN_ARENA_TEST(mistakes_are_told_with_their_place),
        FTDN_ARENA_TEST(an_address_becomes_an_entry),
        FTDN_ARENA_TEST(a_failing_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
