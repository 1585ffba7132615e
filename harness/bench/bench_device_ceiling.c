/* bench_device_ceiling.c - what the device does at most: bytes of a copy, multiply-adds of a large convolution. */
#include "base/clock.h"
#include "harness/bench/bench_device_parts.h"
#include "harness/bench/bench_measure.h"

#define COPY_BYTES ((size_t)256 << 20) /* far beyond any cache of a device */
#define EMULATED_COPY_BYTES ((size_t)1 << 20)

/* A convolution with enough cells and channels for every multiprocessor. */
static const struct {
    int side, n_channels, micro_batch;
} convolution = {64, 256, 32}, emulated_convolution = {8, 8, 2};

static ftdn_status time_copies(const ftdn_device_table *table, void *to, const void *from, size_t n_bytes,
                               int n_repeats, double *sample, ftdn_error *err)
{
    FTDN_TRY(table->copy(to, from, n_bytes, err));
    for (int r = 0; r < n_repeats; r++) {
        int64_t start_ns = ftdn_clock_ns();
        FTDN_TRY(table->copy(to, from, n_bytes, err));
        sample[r] = 2 * (double)n_bytes / ftdn_bench_seconds_since(start_ns);
    }
    return FTDN_OK;
}

ftdn_status ftdn_device_measure_copy(ftdn_device_bench *bench, double *ret_bytes_per_s, ftdn_error *err)
{
    const ftdn_device_table *table = bench->module->device;
    size_t n_bytes = bench->module->is_emulated ? EMULATED_COPY_BYTES : COPY_BYTES;
    int n_repeats = bench->options->n_repeats;
    void *from = NULL, *to = NULL;
    double *sample = FTDN_NEW(bench->arena, (size_t)n_repeats, double, err);
    if (!sample) return FTDN_ERR_MEMORY;
    ftdn_status status = table->alloc(n_bytes, &from, err);
    if (status == FTDN_OK) status = table->alloc(n_bytes, &to, err);
    if (status == FTDN_OK) status = time_copies(table, to, from, n_bytes, n_repeats, sample, err);
    table->free(from);
    table->free(to);
    FTDN_TRY(status);
    ftdn_device_bench_add(bench, NULL, 0, "copy on the device, bytes read and written", FTDN_UNIT_BYTES_PER_SECOND, 0,
                          sample, n_repeats);
    *ret_bytes_per_s = sample[n_repeats - 1];
    return FTDN_OK;
}

typedef struct machine {
    ftdn_graph graph;
    ftdn_weights weights;
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
} machine;

static ftdn_status make_machine(const ftdn_device_bench *bench, ftdn_conv_algorithm algorithm, machine *m,
                                ftdn_error *err)
{
    bool emulated = bench->module->is_emulated;
    int side = emulated ? emulated_convolution.side : convolution.side;
    int n_channels = emulated ? emulated_convolution.n_channels : convolution.n_channels;
    const ftdn_conv_layer_desc layer = {.name = "large", .n_outputs = n_channels, .kernel = 3, .pad = 1,
                                        .has_bias = true};
    ftdn_graph_init(&m->graph, bench->arena);
    int input = ftdn_graph_add_input(&m->graph, (ftdn_shape){side, side, n_channels});
    ftdn_graph_add_conv_layer(&m->graph, input, &layer);
    FTDN_TRY(ftdn_graph_finish(&m->graph, err));
    FTDN_TRY(ftdn_weights_formula(&m->graph, 0, bench->arena, &m->weights, err));
    const ftdn_compile_desc compile = {
        .keep_all = true,
        .micro_batch = emulated ? emulated_convolution.micro_batch : convolution.micro_batch,
        .conv_algorithm = algorithm,
    };
    FTDN_TRY(ftdn_program_create(bench->module->backend, &m->graph, &compile, &m->program, err));
    FTDN_TRY(ftdn_packed_create(m->program, &m->weights, 1, &m->packed, err));
    return ftdn_context_create(m->program, &m->context, err);
}

/* Multiply-adds per second of device time. */
static ftdn_status time_convolution(const ftdn_device_bench *bench, machine *m, double *sample, ftdn_error *err)
{
    const ftdn_device_table *table = bench->module->device;
    int micro_batch = ftdn_program_micro_batch(m->program), last = m->graph.n_nodes - 1;
    size_t n_values = ftdn_shape_elements(m->graph.node[0].shape) * (size_t)micro_batch;
    float *values = FTDN_NEW(bench->arena, n_values, float, err);
    if (!values) return FTDN_ERR_MEMORY;
    for (size_t i = 0; i < n_values; i++) values[i] = (float)ftdn_formula_uniform("ceiling", 0, i);
    const ftdn_input input = {.n_images = micro_batch, .values = values};
    FTDN_TRY(ftdn_forward(m->context, m->packed, &input, NULL, err));
    for (int r = 0; r < bench->options->n_repeats; r++) {
        FTDN_TRY(table->mark(m->context, 0, err));
        FTDN_TRY(ftdn_forward_after(m->context, m->packed, 0, NULL, err));
        FTDN_TRY(table->mark(m->context, 1, err));
        FTDN_TRY(table->elapsed(m->context, 0, 1, &sample[r], err));
        sample[r] = (double)ftdn_node_macs(&m->graph, last) * micro_batch / sample[r];
    }
    return FTDN_OK;
}

ftdn_status ftdn_device_measure_convolution(ftdn_device_bench *bench, ftdn_conv_algorithm algorithm,
                                            const char *arithmetic, double *ret_macs_per_s, ftdn_error *err)
{
    int n_repeats = bench->options->n_repeats;
    const ftdn_device_subject subject = {.arithmetic = arithmetic};
    double *flops = FTDN_NEW(bench->arena, (size_t)n_repeats, double, err);
    machine m = {0};
    if (!flops) return FTDN_ERR_MEMORY;
    ftdn_status status = make_machine(bench, algorithm, &m, err);
    if (status == FTDN_OK) status = time_convolution(bench, &m, flops, err);
    ftdn_context_free(m.context);
    ftdn_packed_free(m.packed);
    ftdn_program_free(m.program);
    FTDN_TRY(status);
    for (int r = 0; r < n_repeats; r++) flops[r] *= 2;
    ftdn_device_bench_add(bench, &subject, 0, "a large convolution", FTDN_UNIT_FLOPS, 0, flops, n_repeats);
    *ret_macs_per_s = flops[n_repeats - 1] / 2;
    return FTDN_OK;
}
