#include "results/latencies.h"

#include <assert.h>

#include "results/statement.h"

static const char doing[] = "writing latencies";

static const char insert_sql[] =
    "INSERT INTO latencies (measured_at, environment, model, width, weights, weights_digest, method, ranking, merge, "
    "ratio, backend, arithmetic, threads, images, warmup, repeats, median_s, q1_s, q3_s, min_s, slowdown, "
    "weight_bytes, feature_map_bytes, map_bytes, macs, allocated_weight_bytes, allocated_map_bytes, "
    "peak_map_bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

static void insert_latency(ftdn_statement *row, const char *measured_at, const ftdn_latency *latency,
                           int64_t environment)
{
    ftdn_statement_bind_text(row, measured_at);
    ftdn_statement_bind_integer(row, environment);
    ftdn_statement_bind_text(row, latency->model);
    ftdn_statement_bind_real(row, latency->width);
    ftdn_statement_bind_text(row, latency->weights);
    ftdn_statement_bind_text(row, latency->weights_digest);
    ftdn_statement_bind_text(row, latency->method);
    ftdn_statement_bind_text(row, latency->ranking);
    ftdn_statement_bind_text(row, latency->merge);
    ftdn_statement_bind_real(row, latency->ratio);
    ftdn_statement_bind_text(row, latency->backend);
    ftdn_statement_bind_text(row, latency->arithmetic);
    ftdn_statement_bind_integer(row, latency->n_threads);
    ftdn_statement_bind_integer(row, latency->n_images);
    ftdn_statement_bind_integer(row, latency->n_warmup);
    ftdn_statement_bind_integer(row, latency->n_repeats);
    ftdn_statement_bind_real(row, latency->median_s);
    ftdn_statement_bind_real(row, latency->q1_s);
    ftdn_statement_bind_real(row, latency->q3_s);
    ftdn_statement_bind_real(row, latency->min_s);
    ftdn_statement_bind_real(row, latency->slowdown);
    ftdn_statement_bind_integer(row, latency->weight_bytes);
    ftdn_statement_bind_integer(row, latency->feature_map_bytes);
    ftdn_statement_bind_integer(row, latency->map_bytes);
    ftdn_statement_bind_integer(row, latency->macs);
    ftdn_statement_bind_integer(row, latency->allocated_weight_bytes);
    ftdn_statement_bind_integer(row, latency->allocated_map_bytes);
    ftdn_statement_bind_integer(row, latency->peak_map_bytes);
    ftdn_statement_run(row);
}

static ftdn_status insert_rows(ftdn_store *store, const char *measured_at, const ftdn_latency *latency, int n_latencies,
                               int64_t environment, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_statement_prepare(&row, store, insert_sql);
    for (int i = 0; i < n_latencies; i++) insert_latency(&row, measured_at, &latency[i], environment);
    return ftdn_statement_finish(&row, doing, err);
}

ftdn_status ftdn_store_append_latencies(ftdn_store *store, const char *measured_at, const ftdn_latency *latency,
                                        int n_latencies, int64_t environment, ftdn_error *err)
{
    assert(store->mode == FTDN_STORE_WRITE);
    FTDN_TRY(ftdn_store_begin(store, doing, err));
    ftdn_status status = insert_rows(store, measured_at, latency, n_latencies, environment, err);
    return ftdn_store_end_transaction(store, status, doing, err);
}

static const char last_sql[] =
    "SELECT model, width, weights, weights_digest, method, ranking, merge, ratio, backend, arithmetic, threads, "
    "images, "
    "warmup, repeats, median_s, q1_s, q3_s, min_s, slowdown, weight_bytes, feature_map_bytes, map_bytes, macs, "
    "allocated_weight_bytes, allocated_map_bytes, peak_map_bytes, count(*) OVER () FROM latencies WHERE id IN "
    "(SELECT max(id) FROM latencies GROUP BY model, width, weights_digest, method, ratio) ORDER BY id";
enum { COUNT_COLUMN = 26 };

static ftdn_latency read_latency(ftdn_statement *row, ftdn_arena *arena)
{
    return (ftdn_latency){
        .model = ftdn_statement_text(row, 0, arena),
        .width = ftdn_statement_real(row, 1),
        .weights = ftdn_statement_text(row, 2, arena),
        .weights_digest = ftdn_statement_text(row, 3, arena),
        .method = ftdn_statement_text(row, 4, arena),
        .ranking = ftdn_statement_text(row, 5, arena),
        .merge = ftdn_statement_text(row, 6, arena),
        .ratio = ftdn_statement_real(row, 7),
        .backend = ftdn_statement_text(row, 8, arena),
        .arithmetic = ftdn_statement_text(row, 9, arena),
        .n_threads = (int)ftdn_statement_integer(row, 10),
        .n_images = (int)ftdn_statement_integer(row, 11),
        .n_warmup = (int)ftdn_statement_integer(row, 12),
        .n_repeats = (int)ftdn_statement_integer(row, 13),
        .median_s = ftdn_statement_real(row, 14),
        .q1_s = ftdn_statement_real(row, 15),
        .q3_s = ftdn_statement_real(row, 16),
        .min_s = ftdn_statement_real(row, 17),
        .slowdown = ftdn_statement_real(row, 18),
        .weight_bytes = ftdn_statement_integer(row, 19),
        .feature_map_bytes = ftdn_statement_integer(row, 20),
        .map_bytes = ftdn_statement_integer(row, 21),
        .macs = ftdn_statement_integer(row, 22),
        .allocated_weight_bytes = ftdn_statement_integer(row, 23),
        .allocated_map_bytes = ftdn_statement_integer(row, 24),
        .peak_map_bytes = ftdn_statement_integer(row, 25),
    };
}

ftdn_status ftdn_store_list_latencies(ftdn_store *store, ftdn_arena *arena, const ftdn_latency **ret_latency,
                                      int *ret_n_latencies, ftdn_error *err)
{
    ftdn_statement row;
    ftdn_latency *latency = NULL;
    int n_latencies = 0;
    ftdn_statement_prepare(&row, store, last_sql);
    bool is_refused = false;
    while (!is_refused && ftdn_statement_next(&row)) {
        if (!latency) latency = FTDN_NEW(arena, (size_t)ftdn_statement_integer(&row, COUNT_COLUMN), ftdn_latency, err);
        is_refused = !latency;
        if (latency) latency[n_latencies++] = read_latency(&row, arena);
    }
    ftdn_status status = ftdn_statement_finish(&row, "reading latencies", err);
    if (is_refused) return FTDN_ERR_MEMORY;
    FTDN_TRY(status);
    *ret_latency = latency;
    *ret_n_latencies = n_latencies;
    return FTDN_OK;
}
