/* bench_scenes.c - painting test scenes with all threads. */
#include "base/clock.h"
#include "datasets/dataset.h"
#include "harness/bench/bench_measure.h"
#include "harness/bench/bench_parts.h"

#define SIDE 300 /* the networks' input, at which scenes are painted without resizing */

static ftdn_status paint(const ftdn_bench_options *options, uint64_t seed, double *ret_seconds, ftdn_error *err)
{
    ftdn_dataset *dataset;
    FTDN_TRY(ftdn_dataset_open_test_scenes(options->n_images, seed, &dataset, err));
    int64_t start_ns = ftdn_clock_ns();
    ftdn_status status = ftdn_dataset_decode(dataset, SIDE, options->n_threads, err);
    *ret_seconds = ftdn_bench_seconds_since(start_ns) / options->n_images;
    ftdn_dataset_close(dataset);
    return status;
}

ftdn_status ftdn_bench_scenes(ftdn_bench *bench, ftdn_error *err)
{
    int n_repeats = bench->options->n_repeats;
    double warm_up, *sample = FTDN_NEW(bench->arena, (size_t)n_repeats, double, err);
    if (!sample) return FTDN_ERR_MEMORY;
    ftdn_bench_announce(bench, NULL, "scenes");
    FTDN_TRY(paint(bench->options, 0, &warm_up, err));
    for (int r = 0; r < n_repeats; r++) FTDN_TRY(paint(bench->options, (uint64_t)r + 1, &sample[r], err));
    const ftdn_bench_label label = {
        .part = FTDN_BENCH_SCENES, .name = "painting a test scene", .unit = FTDN_UNIT_SECONDS_PER_IMAGE};
    ftdn_bench_add(bench, &label, sample, n_repeats);
    return FTDN_OK;
}
