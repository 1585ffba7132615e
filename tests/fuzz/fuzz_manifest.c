/* fuzz_manifest.c - manifests of experiments: all mistakes are named, and what is read stands for itself once
 * it is resolved. */
#include <string.h>

#include "harness/manifest/manifest.h"
#include "tests/fuzz/fuzz.h"

#define MOST_SETTINGS 200 /* trials of one manifest whose settings are worked out */

static void check_settings(const ftdn_manifest *manifest)
{
    size_t step = manifest->n_trials / MOST_SETTINGS + 1;
    for (size_t i = 0; i < manifest->n_trials; i += step) {
        ftdn_trial_settings settings;
        ftdn_manifest_get_settings(manifest, i, &settings);
        FTDN_FUZZ_CHECK(settings.faults.type && settings.protection.method && settings.engine.backend);
        FTDN_FUZZ_CHECK(settings.faults.weight_rate >= 0 && settings.faults.weight_rate <= 1);
        FTDN_FUZZ_CHECK(settings.seed == ftdn_manifest_get_seed(manifest, i));
    }
}

static void check_resolved(const ftdn_manifest *manifest)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_mistakes mistakes;
    ftdn_manifest again;
    ftdn_text once, twice;
    ftdn_arena_init(&arena);
    ftdn_mistakes_init(&mistakes, &arena);
    ftdn_text_init(&once);
    ftdn_text_init(&twice);
    ftdn_manifest_write_resolved(manifest, &once);
    if (ftdn_manifest_parse(once.chars, once.n_chars, "/resolved.json", &arena, &mistakes, &again, &err) != FTDN_OK)
        ftdn_fuzz_fail("what was resolved is refused: %s\n%s", err.message, once.chars);
    FTDN_FUZZ_CHECK(again.n_trials == manifest->n_trials && again.n_sweeps == manifest->n_sweeps);
    ftdn_manifest_write_resolved(&again, &twice);
    FTDN_FUZZ_CHECK(strcmp(once.chars, twice.chars) == 0);
    ftdn_text_done(&once);
    ftdn_text_done(&twice);
    ftdn_arena_done(&arena);
}

static void read_manifest(char *bytes, size_t n_bytes)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_mistakes mistakes;
    ftdn_manifest manifest;
    ftdn_arena_init(&arena);
    ftdn_mistakes_init(&mistakes, &arena);
    ftdn_status status = ftdn_manifest_parse(bytes, n_bytes, FTDN_SOURCE_ROOT "/tests/manifests/right/x.json", &arena,
                                             &mistakes, &manifest, &err);
    if (ftdn_fuzz_is_read(status, &err, ".json:")) {
        FTDN_FUZZ_CHECK(manifest.n_trials > 0 && mistakes.n_mistakes == 0);
        check_settings(&manifest);
        check_resolved(&manifest);
    }
    ftdn_fuzz_check_memory(&arena, n_bytes, (size_t)512 << 20, 4096);
    ftdn_arena_done(&arena);
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    ftdn_fuzz_add_files(corpus, FTDN_SOURCE_ROOT "/tests/manifests/right", ".json");
    ftdn_fuzz_add_files(corpus, FTDN_SOURCE_ROOT "/tests/manifests/wrong", ".json");
}

static const char *const words[] = {"\"manifest_version\": 1",
                                    "\"sweep\"",
                                    "\"sweeps\"",
                                    "\"grid\"",
                                    "\"zip\"",
                                    "\"sample\"",
                                    "\"seeds\"",
                                    "\"seed\"",
                                    "\"exclude\"",
                                    "\"include\"",
                                    "\"set\"",
                                    "\"faults\"",
                                    "\"faults.weight_rate\"",
                                    "\"protection\"",
                                    "\"protection.ratio\"",
                                    "\"dataset\"",
                                    "\"model\"",
                                    "\"calibration\"",
                                    "\"extends\"",
                                    "\"defaults\"",
                                    "\"engine\"",
                                    "\"evaluate\"",
                                    "\"from\"",
                                    "\"to\"",
                                    "\"step\"",
                                    "\"log\"",
                                    "\"points\"",
                                    "\"method\"",
                                    "\"until\"",
                                    "\"ci95\"",
                                    "\"weight_count\"",
                                    "\"scope\"",
                                    "\"range\"",
                                    "\"bits\"",
                                    "\"bit\"",
                                    "{}",
                                    "[]",
                                    "null",
                                    "${HOME}",
                                    "${",
                                    "\\u001b",
                                    "\"kr\"",
                                    "\"d2nn\"",
                                    "\"clip\"",
                                    "\"sobol\"",
                                    ",",
                                    ":",
                                    "{",
                                    "}",
                                    "[",
                                    "]",
                                    NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {
    .name = "manifest", .max_bytes = 8192, .read = read_manifest, .add_seeds = add_seeds, .word = words};
