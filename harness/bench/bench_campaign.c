/* bench_campaign.c - what a campaign costs beside its trials: null trials through scheduler, workers and store, a
 * sync to disk each; beside them the bare sync of as many bytes. Stores and files lie in a folder below the current
 * one. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "harness/bench/bench_measure.h"
#include "harness/bench/bench_parts.h"
#include "harness/campaign/campaign.h"

#define N_TRIALS 2000
#define N_SYNCS 200
#define SYNC_BYTES 16384 /* about what a null trial adds to the write-ahead log */
#define MOST_TRIAL_S (1.0 / 900)

static const char manifest_text[] = "{\"manifest_version\":1,\"name\":\"bench\",\"engine\":{\"backend\":\"null\"},"
                                    "\"model\":{\"name\":\"ssd_mobilenet_v1\",\"weights\":\"formula:0\",\"width\":0.1},"
                                    "\"dataset\":{\"kind\":\"test_scenes\",\"images\":1},\"sweep\":{\"seeds\":2000}}";

typedef struct bench_campaign {
    ftdn_arena arena;
    ftdn_manifest manifest;
    ftdn_inputs inputs;
    ftdn_plan plan;
    char folder[32], db[48], file[48];
} bench_campaign;

static ftdn_status plan_campaign(bench_campaign *c, ftdn_error *err)
{
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &c->arena);
    FTDN_TRY(ftdn_manifest_parse(manifest_text, sizeof manifest_text - 1, "bench.json", &c->arena, &mistakes,
                                 &c->manifest, err));
    return ftdn_plan_make(&c->manifest, &c->inputs, &c->arena, &c->plan, err);
}

/* Seconds of a trial of a campaign into a fresh store. */
static ftdn_status run_campaign(const ftdn_bench *bench, const bench_campaign *c, double *ret_seconds, ftdn_error *err)
{
    const ftdn_campaign_options options = {
        .n_cores = bench->options->n_threads, .batch = 1, .canary_every = FTDN_DEFAULT_CANARY_EVERY};
    ftdn_store *store;
    ftdn_campaign_summary summary;
    FTDN_TRY(ftdn_store_open(c->db, FTDN_STORE_WRITE, &store, err));
    ftdn_status status = ftdn_campaign_run(&c->plan, store, &options, &summary, err);
    ftdn_store_close(store);
    unlink(c->db);
    if (status == FTDN_OK && summary.n_run != N_TRIALS)
        return FTDN_FAIL(err, FTDN_ERR_BACKEND, "%d of %d null trials were run", summary.n_run, N_TRIALS);
    *ret_seconds = summary.seconds / N_TRIALS;
    return status;
}

/* Seconds of a write at a file's end that is on the disk afterwards. */
static ftdn_status sync_file(const bench_campaign *c, double *ret_seconds, ftdn_error *err)
{
    static const char bytes[SYNC_BYTES];
    int fd = open(c->file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    bool is_good = fd >= 0;
    int64_t start_ns = ftdn_clock_ns();
    for (int i = 0; i < N_SYNCS && is_good; i++)
        is_good = write(fd, bytes, sizeof bytes) == (ssize_t)sizeof bytes && fdatasync(fd) == 0;
    *ret_seconds = ftdn_bench_seconds_since(start_ns) / N_SYNCS;
    int number = errno;
    if (fd >= 0) close(fd);
    unlink(c->file);
    return is_good ? FTDN_OK : FTDN_FAIL(err, FTDN_ERR_INPUT, "'%s': %s", c->file, strerror(number));
}

static ftdn_status measure(ftdn_bench *bench, const bench_campaign *c, ftdn_error *err)
{
    int n_repeats = bench->options->n_repeats;
    double warm_up, *trial = FTDN_NEW(bench->arena, (size_t)n_repeats, double, err);
    double *bare = FTDN_NEW(bench->arena, (size_t)n_repeats, double, err);
    if (!trial || !bare) return FTDN_ERR_MEMORY;
    FTDN_TRY(run_campaign(bench, c, &warm_up, err));
    for (int r = 0; r < n_repeats; r++) {
        ftdn_bench_announce(bench, NULL, "campaign");
        FTDN_TRY(sync_file(c, &bare[r], err));
        FTDN_TRY(run_campaign(bench, c, &trial[r], err));
    }
    ftdn_bench_label label = {.part = FTDN_BENCH_CAMPAIGN,
                              .name = "a null trial, from the queue to the synced store",
                              .unit = FTDN_UNIT_SECONDS,
                              .limit = MOST_TRIAL_S};
    ftdn_bench_add(bench, &label, trial, n_repeats);
    for (int r = 0; r < n_repeats; r++) trial[r] /= bare[r];
    label = (ftdn_bench_label){
        .part = FTDN_BENCH_CAMPAIGN, .name = "writing and syncing 16 KiB alone", .unit = FTDN_UNIT_SECONDS};
    ftdn_bench_add(bench, &label, bare, n_repeats);
    label = (ftdn_bench_label){
        .part = FTDN_BENCH_CAMPAIGN, .name = "null trial / sync alone", .unit = FTDN_UNIT_QUOTIENT};
    ftdn_bench_add(bench, &label, trial, n_repeats);
    return FTDN_OK;
}

ftdn_status ftdn_bench_campaign(ftdn_bench *bench, ftdn_error *err)
{
    bench_campaign c = {.folder = "ftdn-bench-XXXXXX"};
    if (!mkdtemp(c.folder))
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "no folder can be made here for a campaign's store: %s", strerror(errno));
    snprintf(c.db, sizeof c.db, "%s/bench.db", c.folder);
    snprintf(c.file, sizeof c.file, "%s/file", c.folder);
    ftdn_arena_init(&c.arena);
    ftdn_inputs_init(&c.inputs);
    ftdn_status status = plan_campaign(&c, err);
    if (status == FTDN_OK) status = measure(bench, &c, err);
    ftdn_inputs_done(&c.inputs);
    ftdn_arena_done(&c.arena);
    rmdir(c.folder);
    return status;
}
