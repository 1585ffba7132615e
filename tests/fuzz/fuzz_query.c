/* fuzz_query.c - questions to a store, in SQL or by name: nothing that is asked changes the file, or any other. */
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "results/query.h"
#include "tests/fuzz/fuzz.h"
#include "tests/results/sample.h"

static const char *sample_store(void)
{
    static char path[512];
    ftdn_attempt_origin origin;
    ftdn_sample sample;
    if (path[0]) return path;
    snprintf(path, sizeof path, "%s/asked.db", ftdn_fuzz_folder());
    ftdn_store *store = ftdn_sample_open(path, &origin);
    for (int i = 0; i < 3; i++) {
        ftdn_sample_init(&sample, i);
        ftdn_sample_append(store, &sample, &origin);
    }
    ftdn_store_close(store);
    return path;
}

static void read_question(char *bytes, size_t n_bytes)
{
    ftdn_text text;
    ftdn_error err = {0};
    ftdn_store *store = NULL;
    struct stat before, after, folder_before, folder_after;
    const char *path = sample_store();
    const ftdn_question question = {.text = bytes};
    FTDN_FUZZ_CHECK(stat(path, &before) == 0 && stat(ftdn_fuzz_folder(), &folder_before) == 0);
    if (ftdn_store_open(path, FTDN_STORE_READ, &store, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
    ftdn_text_init(&text);
    ftdn_format format = (ftdn_format)(n_bytes % (FTDN_FORMAT_JSON + 1));
    (void)ftdn_fuzz_is_read(ftdn_query_answer(store, &question, format, NULL, &text, &err), &err, NULL);
    ftdn_text_done(&text);
    (void)ftdn_fuzz_is_read(ftdn_query_check_condition(store, bytes, &err), &err, NULL);
    ftdn_store_close(store);
    FTDN_FUZZ_CHECK(stat(path, &after) == 0 && stat(ftdn_fuzz_folder(), &folder_after) == 0);
    FTDN_FUZZ_CHECK(after.st_mtim.tv_sec == before.st_mtim.tv_sec && after.st_mtim.tv_nsec == before.st_mtim.tv_nsec);
    FTDN_FUZZ_CHECK(after.st_size == before.st_size);
    FTDN_FUZZ_CHECK(folder_after.st_mtim.tv_sec == folder_before.st_mtim.tv_sec &&
                    folder_after.st_mtim.tv_nsec == folder_before.st_mtim.tv_nsec);
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    (void)sample_store();
    ftdn_fuzz_add_text(corpus, "SELECT model, seed, map_voc07 FROM v_trials WHERE weight_rate > 0 ORDER BY seed");
    ftdn_fuzz_add_text(corpus, "SELECT method, avg(map_voc07), stddev(map_voc07) FROM v_trials GROUP BY method");
    ftdn_fuzz_add_text(corpus, "weight_rate = 0.01 AND method = 'kr'");
    ftdn_fuzz_add_text(corpus, "v_ap");
    ftdn_fuzz_add_text(corpus, "accuracy");
    ftdn_fuzz_add_text(corpus, "DELETE FROM trials; SELECT 1");
    ftdn_fuzz_add_text(corpus, "ATTACH 'x.db' AS x");
    ftdn_fuzz_add_text(corpus, "PRAGMA writable_schema = ON");
    ftdn_fuzz_add_text(corpus, "SELECT printf('%s', x'00ff1b5b'), char(27, 0x9b), 9e999, -0.0, NULL, '\xff'");
}

static const char *const words[] = {"SELECT",
                                    "FROM",
                                    "WHERE",
                                    "v_trials",
                                    "v_ap",
                                    "v_faults",
                                    "trials",
                                    "sqlite_schema",
                                    "PRAGMA",
                                    "ATTACH",
                                    "VACUUM",
                                    "VACUUM INTO 'y.db'",
                                    "INSERT",
                                    "UPDATE",
                                    "DELETE",
                                    "BEGIN",
                                    "COMMIT",
                                    ";",
                                    "--",
                                    "/*",
                                    "*/",
                                    ":name",
                                    "?1",
                                    "'",
                                    "\"",
                                    "(",
                                    ")",
                                    ",",
                                    "*",
                                    "load_extension('x')",
                                    "zeroblob(1000)",
                                    "printf(",
                                    "median(",
                                    "stddev(",
                                    "NULL",
                                    "x'00'",
                                    "char(27)",
                                    "EXPLAIN",
                                    "WITH a AS (SELECT 1)",
                                    "UNION ALL",
                                    "json_extract(",
                                    "fts3_tokenizer(",
                                    NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {.name = "query",
                                                        .max_bytes = 512,
                                                        .read = read_question,
                                                        .add_seeds = add_seeds,
                                                        .word = words,
                                                        .ends_in_zero = true};
