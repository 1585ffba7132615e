/* bench_train.c - forward and backward of one batch in training, without the loss and the optimizer. */
#include <string.h>

#include "base/clock.h"
#include "datasets/dataset.h"
#include "detect/network.h"
#include "engine/training.h"
#include "harness/bench/bench_measure.h"
#include "harness/bench/bench_parts.h"

#define WIDTH 0.25
#define N_CLASSES 8
#define N_IMAGES 32 /* of a batch */
#define LIMIT_S 25e-3
#define N_LIMIT_THREADS 2

typedef struct train_work {
    ftdn_network network;
    ftdn_weights weights;
    int output[2 * FTDN_NETWORK_MAX_HEADS], n_outputs;
    ftdn_training *training;
    ftdn_input batch;
    float **gradients; /* [n_params] */
} train_work;

static ftdn_status set_up(const ftdn_bench *bench, train_work *work, ftdn_error *err)
{
    const ftdn_network_desc desc = {.name = "ssd_mobilenet_v1", .n_classes = N_CLASSES, .width = WIDTH};
    ftdn_arena *arena = bench->arena;
    FTDN_TRY(ftdn_network_create(&desc, arena, &work->network, err));
    const ftdn_graph *graph = &work->network.graph;
    FTDN_TRY(ftdn_weights_formula(graph, 0, arena, &work->weights, err));
    work->gradients = FTDN_NEW(arena, (size_t)graph->n_params, float *, err);
    if (!work->gradients) return FTDN_ERR_MEMORY;
    for (int p = 0; p < graph->n_params; p++) {
        work->gradients[p] = FTDN_NEW(arena, graph->param[p].n_elements, float, err);
        if (!work->gradients[p]) return FTDN_ERR_MEMORY;
    }
    work->n_outputs = 2 * work->network.n_heads;
    ftdn_network_output_nodes(&work->network, work->output);
    const ftdn_training_desc training = {
        .outputs = work->output,
        .n_outputs = work->n_outputs,
        .n_images = N_IMAGES,
        .n_threads = bench->options->n_threads,
    };
    return ftdn_training_create(ftdn_backend_find("cpu"), graph, &training, &work->training, err);
}

static ftdn_status take_images(const ftdn_bench *bench, const ftdn_dataset *dataset, train_work *work, ftdn_error *err)
{
    const uint8_t **pixels = FTDN_NEW(bench->arena, N_IMAGES, const uint8_t *, err);
    if (!pixels) return FTDN_ERR_MEMORY;
    for (int i = 0; i < N_IMAGES; i++) pixels[i] = dataset->image[i].pixels;
    work->batch = (ftdn_input){.n_images = N_IMAGES, .pixels = pixels};
    memcpy(work->batch.mean, work->network.mean, sizeof work->batch.mean);
    memcpy(work->batch.scale, work->network.scale, sizeof work->batch.scale);
    return FTDN_OK;
}

/* What a loss might write: small, of either sign, different everywhere. */
static void write_gradients(const train_work *work)
{
    for (int i = 0; i < N_IMAGES; i++) {
        for (int o = 0; o < work->n_outputs; o++) {
            ftdn_map map = ftdn_training_gradient(work->training, i, work->output[o]);
            size_t n_elements = ftdn_shape_elements(map.shape);
            for (size_t e = 0; e < n_elements; e++) map.values[e] = ((float)((e * 7 + (size_t)i) % 13) - 6) * 1e-3f;
        }
    }
}

typedef enum sample_kind {
    PASSES,
    FORWARD_SHARE,
    PROCESSOR_TIME,
    N_SAMPLE_KINDS,
} sample_kind;

static const struct {
    const char *name;
    ftdn_bench_unit unit;
} kind_table[N_SAMPLE_KINDS] = {
    [PASSES] = {"training, width 0.25, batches of 32", FTDN_UNIT_SECONDS_PER_IMAGE},
    [FORWARD_SHARE] = {"  of it forward", FTDN_UNIT_FRACTION},
    [PROCESSOR_TIME] = {"  processor time of all threads", FTDN_UNIT_SECONDS_PER_IMAGE},
};

static ftdn_status run_batch(const train_work *work, double sample[N_SAMPLE_KINDS], ftdn_error *err)
{
    int64_t start_ns = ftdn_clock_ns();
    double start_s = ftdn_bench_processor_s();
    FTDN_TRY(ftdn_training_forward(work->training, &work->weights, &work->batch, err));
    double forward_s = ftdn_bench_seconds_since(start_ns), processor_s = ftdn_bench_processor_s() - start_s;
    write_gradients(work);
    start_ns = ftdn_clock_ns();
    start_s = ftdn_bench_processor_s();
    FTDN_TRY(ftdn_training_backward(work->training, work->gradients, err));
    double total_s = forward_s + ftdn_bench_seconds_since(start_ns);
    processor_s += ftdn_bench_processor_s() - start_s;
    sample[PASSES] = total_s / N_IMAGES;
    sample[FORWARD_SHARE] = forward_s / total_s;
    sample[PROCESSOR_TIME] = processor_s / N_IMAGES;
    return FTDN_OK;
}

static ftdn_status measure(ftdn_bench *bench, const train_work *work, ftdn_error *err)
{
    int n_repeats = bench->options->n_repeats;
    double once[N_SAMPLE_KINDS], *sample[N_SAMPLE_KINDS], n_bytes = (double)ftdn_training_bytes(work->training);
    for (int k = 0; k < N_SAMPLE_KINDS; k++) {
        sample[k] = FTDN_NEW(bench->arena, (size_t)n_repeats, double, err);
        if (!sample[k]) return FTDN_ERR_MEMORY;
    }
    FTDN_TRY(run_batch(work, once, err)); /* a warm-up */
    for (int r = 0; r < n_repeats; r++) {
        FTDN_TRY(run_batch(work, once, err));
        for (int k = 0; k < N_SAMPLE_KINDS; k++) sample[k][r] = once[k];
    }
    for (int k = 0; k < N_SAMPLE_KINDS; k++) {
        const ftdn_bench_label label = {
            .part = FTDN_BENCH_TRAIN,
            .network = work->network.name,
            .name = kind_table[k].name,
            .unit = kind_table[k].unit,
            .limit = k == PASSES && bench->options->n_threads == N_LIMIT_THREADS ? LIMIT_S : 0,
        };
        ftdn_bench_add(bench, &label, sample[k], n_repeats);
    }
    const ftdn_bench_label memory = {.part = FTDN_BENCH_TRAIN,
                                     .network = work->network.name,
                                     .name = "memory of such a batch",
                                     .unit = FTDN_UNIT_BYTES};
    ftdn_bench_add(bench, &memory, &n_bytes, 1);
    return FTDN_OK;
}

ftdn_status ftdn_bench_train(ftdn_bench *bench, ftdn_error *err)
{
    ftdn_arena_mark mark = ftdn_arena_get_mark(bench->arena);
    ftdn_dataset *dataset = NULL;
    train_work work = {0};
    ftdn_status status = set_up(bench, &work, err);
    if (status != FTDN_OK) goto done;
    ftdn_bench_announce(bench, work.network.name, "train");
    status = ftdn_dataset_open_test_scenes(N_IMAGES, 0, &dataset, err);
    if (status == FTDN_OK)
        status = ftdn_dataset_decode(dataset, work.network.input_size, bench->options->n_threads, err);
    if (status == FTDN_OK) status = take_images(bench, dataset, &work, err);
    if (status == FTDN_OK) status = measure(bench, &work, err);
done:
    ftdn_training_free(work.training);
    ftdn_dataset_close(dataset);
    ftdn_arena_reset(bench->arena, mark);
    return status;
}
