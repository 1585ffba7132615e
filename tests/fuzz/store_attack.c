#include "tests/fuzz/store_attack.h"

#include <string.h>

#include "analysis/report.h"
#include "base/file.h"
#include "results/query.h"
#include "results/repair.h"
#include "results/run_status.h"
#include "results/verify.h"
#include "tests/fuzz/fuzz.h"
#include "tests/results/sample.h"

#define LARGEST_STORE ((size_t)16 << 20)

static void ask(ftdn_store *store, const char *question)
{
    ftdn_text text;
    ftdn_error err = {0};
    const ftdn_question q = {.text = question};
    ftdn_text_init(&text);
    ftdn_status status = ftdn_query_answer(store, &q, FTDN_FORMAT_CSV, NULL, &text, &err);
    (void)ftdn_fuzz_is_read(status, &err, NULL);
    ftdn_text_done(&text);
}

/* A page has the elements that the program writes, whatever stands in the store. */
static void report(ftdn_store *store, ftdn_arena *arena)
{
    ftdn_text html;
    ftdn_error err = {0};
    const ftdn_report_desc desc = {.store_path = "a.db", .title = "t", .program = "ftdn"};
    ftdn_text_init(&html);
    if (ftdn_fuzz_is_read(ftdn_report_write(store, &desc, arena, &html, &err), &err, NULL))
        FTDN_FUZZ_CHECK(!strstr(html.chars, "<" FTDN_HOSTILE_ELEMENT) && !strstr(html.chars, "\x1b"));
    ftdn_text_done(&html);
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
            for (int i = 0; i < n && i < FTDN_ATTACKED_TRIALS + 1; i++) {
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
        report(store, &arena);
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
    ftdn_sample_init(&sample, FTDN_ATTACKED_TRIALS + 5);
    ftdn_status status = ftdn_store_open(path, FTDN_STORE_WRITE, &store, &err);
    if (status == FTDN_OK) status = ftdn_sample_begin(store, &origin, &err);
    if (status == FTDN_OK) status = ftdn_sample_try(store, &sample, &origin, &err);
    bool is_written = ftdn_fuzz_is_read(status, &err, path);
    if (store && ftdn_store_has_trial(store, sample.record.id, &has, &err) == FTDN_OK)
        FTDN_FUZZ_CHECK(has || !is_written);
    ftdn_store_close(store);
}

static char *load(const char *path, ftdn_arena *arena, size_t *ret_n_bytes)
{
    ftdn_error err = {0};
    char *bytes;
    if (ftdn_file_load(path, LARGEST_STORE, arena, &bytes, ret_n_bytes, &err) != FTDN_OK)
        ftdn_fuzz_fail("%s", err.message);
    return bytes;
}

void ftdn_fuzz_attack_store(const char *path)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_verification verification;
    size_t n_before, n_after;
    ftdn_arena_init(&arena);
    const char *before = load(path, &arena, &n_before);
    (void)ftdn_fuzz_is_read(ftdn_store_verify(path, &arena, &verification, &err), &err, path);
    look(path);
    repair(path);
    const char *after = load(path, &arena, &n_after);
    FTDN_FUZZ_CHECK(n_after == n_before && memcmp(after, before, n_before) == 0);
    append(path);
    ftdn_arena_done(&arena);
}

void ftdn_fuzz_make_store(const char *path)
{
    ftdn_error err = {0};
    ftdn_attempt_origin origin;
    ftdn_sample sample;
    ftdn_store *store = ftdn_sample_open(path, &origin);
    for (int i = 0; i < FTDN_ATTACKED_TRIALS; i++) {
        ftdn_sample_init(&sample, i);
        ftdn_sample_append(store, &sample, &origin);
    }
    ftdn_sample_init(&sample, FTDN_ATTACKED_TRIALS);
    if (ftdn_sample_fail(store, &sample, "cause", &origin, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
    ftdn_store_close(store);
}
