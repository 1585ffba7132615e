/* bench_sites.c - the site scan in each of its versions, and the whole search for sites, on one thread. */
#include "harness/bench/bench_measure.h"
#include "harness/bench/bench_parts.h"
#include "injectors/site_scan.h"

#define N_CHUNKS 64
#define N_ELEMENTS (N_CHUNKS * FTDN_SITE_CHUNK)

typedef struct sites_work {
    ftdn_site_scan scan;
    ftdn_site_stream stream;
    ftdn_site_threshold threshold;
    int64_t n_found; /* of all calls */
} sites_work;

static void scan_sites(void *user)
{
    sites_work *work = user;
    uint32_t below[FTDN_SITE_CHUNK / 32], equal[FTDN_SITE_CHUNK / 32];
    const int n_groups = FTDN_SITE_CHUNK / FTDN_SITE_GROUP;
    for (int chunk = 0; chunk < N_CHUNKS; chunk++) {
        work->scan(work->stream, (uint64_t)chunk * n_groups, n_groups, (uint32_t)(work->threshold.below >> 48), below,
                   equal);
    }
}

static void find_sites(void *user)
{
    sites_work *work = user;
    uint32_t offset[FTDN_SITE_CHUNK];
    for (uint64_t first = 0; first < N_ELEMENTS; first += FTDN_SITE_CHUNK) {
        work->n_found += ftdn_site_find(work->scan, work->stream, work->threshold, first, FTDN_SITE_CHUNK, offset);
    }
}

static void time_sites(ftdn_bench *bench, const char *name, void (*call)(void *user), ftdn_site_scan scan,
                       double *sample)
{
    int n_repeats = bench->options->n_repeats;
    sites_work work = {
        .scan = scan,
        .stream = ftdn_site_stream_make(0, 1, FTDN_LOCATION_FEATURE_MAP, 0, 1),
        .threshold = ftdn_site_threshold_of(FTDN_BENCH_RATE),
    };
    ftdn_bench_time(call, &work, n_repeats, sample);
    for (int r = 0; r < n_repeats; r++) sample[r] /= N_ELEMENTS;
    const ftdn_bench_label label = {.part = FTDN_BENCH_SITES, .name = name, .unit = FTDN_UNIT_SECONDS_PER_ELEMENT};
    ftdn_bench_add(bench, &label, sample, n_repeats);
}

ftdn_status ftdn_bench_sites(ftdn_bench *bench, ftdn_error *err)
{
    double *sample = FTDN_NEW(bench->arena, (size_t)bench->options->n_repeats, double, err);
    if (!sample) return FTDN_ERR_MEMORY;
    ftdn_bench_announce(bench, NULL, "sites");
    time_sites(bench, "site scan, portable", scan_sites, ftdn_site_scan_portable, sample);
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2")) time_sites(bench, "site scan, avx2", scan_sites, ftdn_site_scan_avx2, sample);
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw"))
        time_sites(bench, "site scan, avx512", scan_sites, ftdn_site_scan_avx512, sample);
#endif
    time_sites(bench, "sites at 1 %, fastest scan", find_sites, ftdn_site_scan_choose(), sample);
    return FTDN_OK;
}
