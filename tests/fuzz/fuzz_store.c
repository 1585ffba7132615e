/* fuzz_store.c - results databases with damaged pages: every command that looks at one answers or refuses, none changes
 * it, what is repaired is sound, and what is written into it is written whole or not at all. */
#include <string.h>

#include "base/file.h"
#include "results/query.h"
#include "results/repair.h"
#include "results/run_status.h"
#include "results/verify.h"
#include "tests/fuzz/fuzz.h"
#include "tests/results/sample.h"

#define N_TRIALS 3

static void ask(ftdn_store *store, const char *question)
{
    ftdn_text text;
    ftdn_error err = {0};
    const ftdn_question q = {.text = question};
    ftdn_text_init(&text);
    ftdn_status status = ftdn_query_answer(store, &q, FTDN_QUERY_CSV, NULL, &text, &err);
    (void)ftdn_fuzz_is_read(status, &err, NULL);
    ftdn_text_done(&text);
}

/* All that reads a store. */
static void look(const char *path)
{
    static const char *const questions[] = {"v_trials", "v_ap",    "v_faults",   "v_timings", "v_failures", "v_scores",
                                            "v_runs",   "v_cells", "v_attempts", "v_missing", "v_overheads"};
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_store *store = NULL;
    ftdn_arena_init(&arena);
    if (ftdn_fuzz_is_read(ftdn_store_open(path, FTDN_STORE_READ, &store, &err), &err, path)) {
        ftdn_held_trial *trial = NULL;
        ftdn_store_status state;
        int n = 0;
        if (ftdn_fuzz_is_read(ftdn_store_list_trials(store, &arena, &trial, &n, &err), &err, path)) {
            for (int i = 0; i < n && i < N_TRIALS + 1; i++) {
                ftdn_trial_record record;
                const char *manifest;
                ftdn_status status = ftdn_store_read_record(store, trial[i].id, &arena, &record, &err);
                (void)ftdn_fuzz_is_read(status, &err, path);
                status = ftdn_store_find_manifest(store, trial[i].id, &arena, &manifest, &err);
                (void)ftdn_fuzz_is_read(status, &err, path);
            }
        }
        (void)ftdn_fuzz_is_read(ftdn_store_read_status(store, 3, &arena, &state, &err), &err, path);
        for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) ask(store, questions[i]);
    }
    ftdn_store_close(store);
    ftdn_arena_done(&arena);
}

/* What a repair saves has no damage. */
static void repair(const char *path)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_repair_summary summary;
    ftdn_verification verification;
    ftdn_arena_init(&arena);
    const char *out = ftdn_path_join(&arena, ftdn_fuzz_folder(), "repaired.db", &err);
    (void)remove(out);
    if (ftdn_fuzz_is_read(ftdn_store_repair(path, out, &arena, &summary, &err), &err, path)) {
        if (ftdn_store_verify(out, &arena, &verification, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
        FTDN_FUZZ_CHECK(verification.n_trials == summary.n_saved);
        if (verification.n_damages > summary.n_without_provenance)
            ftdn_fuzz_fail("repaired, and damaged: %s", verification.damage[0].what);
    } else {
        FTDN_FUZZ_CHECK(!ftdn_file_exists(out));
    }
    ftdn_arena_done(&arena);
}

/* A new trial into the damaged store: it is there afterwards, or nothing is. */
static void append(const char *path)
{
    ftdn_error err = {0};
    ftdn_store *store = NULL;
    ftdn_attempt_origin origin;
    ftdn_sample sample;
    bool has = false;
    ftdn_sample_init(&sample, N_TRIALS + 5);
    ftdn_status status = ftdn_store_open(path, FTDN_STORE_WRITE, &store, &err);
    if (status == FTDN_OK) status = ftdn_sample_begin(store, &origin, &err);
    if (status == FTDN_OK) status = ftdn_sample_try(store, &sample, &origin, &err);
    bool is_written = ftdn_fuzz_is_read(status, &err, "damaged.db");
    if (store && ftdn_store_has_trial(store, sample.record.id, &has, &err) == FTDN_OK)
        FTDN_FUZZ_CHECK(has || !is_written);
    ftdn_store_close(store);
}

static void check_untouched(const char *path, const char *bytes, size_t n_bytes)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    char *now;
    size_t n_now;
    ftdn_arena_init(&arena);
    if (ftdn_file_load(path, (size_t)16 << 20, &arena, &now, &n_now, &err) != FTDN_OK)
        ftdn_fuzz_fail("%s", err.message);
    FTDN_FUZZ_CHECK(n_now == n_bytes && memcmp(now, bytes, n_bytes) == 0);
    ftdn_arena_done(&arena);
}

static void read_store(char *bytes, size_t n_bytes)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_verification verification;
    const char *path = ftdn_fuzz_write("damaged.db", bytes, n_bytes);
    char kept[512];
    snprintf(kept, sizeof kept, "%s", path);
    ftdn_arena_init(&arena);
    (void)ftdn_fuzz_is_read(ftdn_store_verify(kept, &arena, &verification, &err), &err, kept);
    look(kept);
    repair(kept);
    check_untouched(kept, bytes, n_bytes);
    append(kept);
    ftdn_arena_done(&arena);
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_attempt_origin origin;
    ftdn_sample sample;
    ftdn_arena_init(&arena);
    const char *path = ftdn_path_join(&arena, ftdn_fuzz_folder(), "seed.db", &err);
    ftdn_store *store = ftdn_sample_open(path, &origin);
    for (int i = 0; i < N_TRIALS; i++) {
        ftdn_sample_init(&sample, i);
        ftdn_sample_append(store, &sample, &origin);
    }
    ftdn_sample_init(&sample, N_TRIALS);
    if (ftdn_sample_fail(store, &sample, "cause", &origin, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
    ftdn_store_close(store);
    ftdn_fuzz_add_files(corpus, ftdn_fuzz_folder(), "seed.db");
    ftdn_arena_done(&arena);
}

static const char *const words[] = {
    "CREATE TABLE", "CREATE VIEW", "CREATE TRIGGER", "SELECT", "trials", "attempts", "v_trials", "STRICT",
    "\x0d\x00\x00\x00", "\x05\x00\x00\x00", "\x0a\x00\x00\x00", "\x02\x00\x00\x00", "\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {
    .name = "store", .max_bytes = 1 << 19, .read = read_store, .add_seeds = add_seeds, .word = words};
