#include "results/latencies.h"

#include <assert.h>

#include "results/inserter.h"

static const char doing[] = "writing latencies";

static const char insert_sql[] =
    "INSERT INTO latencies (measured_at, environment, model, width, weights, weights_digest, method, ranking, merge, "
    "ratio, backend, arithmetic, threads, images, warmup, repeats, median_s, q1_s, q3_s, min_s, slowdown, "
    "weight_bytes, feature_map_bytes, map_bytes, macs, allocated_weight_bytes, allocated_map_bytes, "
    "peak_map_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

static void insert_latency(inserter *row, const char *measured_at, const ftdn_latency *latency, int64_t environment)
{
    bind_text(row, measured_at);
    bind_integer(row, environment);
    bind_text(row, latency->model);
    bind_real(row, latency->width);
    bind_text(row, latency->weights);
    bind_text(row, latency->weights_digest);
    bind_text(row, latency->method);
    bind_text(row, latency->ranking);
    bind_text(row, latency->merge);
    bind_real(row, latency->ratio);
    bind_text(row, latency->backend);
    bind_text(row, latency->arithmetic);
    bind_integer(row, latency->n_threads);
    bind_integer(row, latency->n_images);
    bind_integer(row, latency->n_warmup);
    bind_integer(row, latency->n_repeats);
    bind_real(row, latency->median_s);
    bind_real(row, latency->q1_s);
    bind_real(row, latency->q3_s);
    bind_real(row, latency->min_s);
    bind_real(row, latency->slowdown);
    bind_integer(row, latency->weight_bytes);
    bind_integer(row, latency->feature_map_bytes);
    bind_integer(row, latency->map_bytes);
    bind_integer(row, latency->macs);
    bind_integer(row, latency->allocated_weight_bytes);
    bind_integer(row, latency->allocated_map_bytes);
    bind_integer(row, latency->peak_map_bytes);
    insert(row);
}

static ftdn_status insert_rows(ftdn_store *store, const char *measured_at, const ftdn_latency *latency, int n_latencies,
                               int64_t environment, ftdn_error *err)
{
    inserter row;
    prepare(&row, store, insert_sql);
    for (int i = 0; i < n_latencies; i++) insert_latency(&row, measured_at, &latency[i], environment);
    return finish(&row, doing, err);
}

ftdn_status ftdn_store_append_latencies(ftdn_store *store, const char *measured_at, const ftdn_latency *latency,
                                        int n_latencies, int64_t environment, ftdn_error *err)
{
    assert(store->mode == FTDN_STORE_WRITE);
    FTDN_TRY(ftdn_store_execute(store, "BEGIN IMMEDIATE", doing, err));
    ftdn_status status = insert_rows(store, measured_at, latency, n_latencies, environment, err);
    if (status == FTDN_OK) status = ftdn_store_execute(store, "COMMIT", doing, err);
    if (status != FTDN_OK) ftdn_store_roll_back(store);
    return status;
}
