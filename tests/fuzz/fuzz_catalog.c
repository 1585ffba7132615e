/* fuzz_catalog.c - catalogs of what can be fetched, and records of what was: nothing in them names a file elsewhere. */
#include <string.h>

#include "datasets/catalog.h"
#include "datasets/fetch_record.h"
#include "datasets/url.h"
#include "tests/fuzz/fuzz.h"

static void check_entry(const ftdn_catalog_entry *entry)
{
    FTDN_FUZZ_CHECK(entry->n_files > 0 && (entry->is_archive || entry->n_files == 1));
    FTDN_FUZZ_CHECK(ftdn_is_file_name(entry->place));
    for (int i = 0; i < entry->n_files; i++) {
        const ftdn_catalog_file *file = &entry->file[i];
        FTDN_FUZZ_CHECK(ftdn_is_file_name(file->name) && file->n_urls > 0);
        FTDN_FUZZ_CHECK(file->n_bytes >= -1 && (!file->sha256 || strlen(file->sha256) >= FTDN_LEAST_SHA256_DIGITS));
        for (int j = 0; j < file->n_urls; j++) {
            ftdn_url_scheme scheme;
            ftdn_error err = {0};
            if (ftdn_url_check(file->url[j], &scheme, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
        }
    }
}

static void read_record(const char *bytes, size_t n_bytes, const ftdn_catalog *catalog)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_fetch_record record;
    ftdn_arena_init(&arena);
    const char *path = ftdn_fuzz_write("a.fetch.json", bytes, n_bytes);
    if (ftdn_fetch_record_read(path, &arena, &record, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
    for (int i = 0; i < catalog->n_entries; i++) (void)ftdn_fetch_record_fits(&record, &catalog->entry[i]);
    ftdn_arena_done(&arena);
}

static void read_catalog(char *bytes, size_t n_bytes)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_catalog catalog = {0}, built_in;
    ftdn_arena_init(&arena);
    ftdn_status status = ftdn_catalog_parse(bytes, n_bytes, "a.json", &arena, &catalog, &err);
    if (ftdn_fuzz_is_read(status, &err, "a.json:"))
        for (int i = 0; i < catalog.n_entries; i++) check_entry(&catalog.entry[i]);
    if (ftdn_catalog_load_built_in(&arena, &built_in, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
    read_record(bytes, n_bytes, &built_in);
    ftdn_arena_done(&arena);
}

static void add_record(ftdn_fuzz_corpus *corpus)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_catalog catalog;
    ftdn_arena_init(&arena);
    if (ftdn_catalog_load_built_in(&arena, &catalog, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
    const ftdn_catalog_entry *entry = &catalog.entry[0];
    const ftdn_catalog_file *file = &entry->file[0];
    const ftdn_fetched_file fetched = {.name = file->name, .url = file->url[0]};
    const char *path = ftdn_fuzz_write("record.fetch.json", "", 0);
    if (ftdn_fetch_record_write(path, entry, &fetched, 1, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
    ftdn_fuzz_add_files(corpus, ftdn_fuzz_folder(), ".fetch.json");
    ftdn_arena_done(&arena);
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    ftdn_fuzz_add_files(corpus, FTDN_SOURCE_ROOT "/datasets", "catalog.json");
    add_record(corpus);
}

static const char *const words[] = {"\"urls\"",
                                    "\"sha256\"",
                                    "\"md5\"",
                                    "\"bytes\"",
                                    "\"place\"",
                                    "\"top\"",
                                    "\"files\"",
                                    "\"name\"",
                                    "\"licence\"",
                                    "\"../x\"",
                                    "\"/etc/x\"",
                                    "\"file:///x\"",
                                    "\"http://a/b\"",
                                    "\"\\u001b[2J\"",
                                    "null",
                                    "{}",
                                    "[]",
                                    "{",
                                    "}",
                                    NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {
    .name = "catalog", .max_bytes = 16384, .read = read_catalog, .add_seeds = add_seeds, .word = words};
