#include "harness/bench/bench_overhead.h"

#include <math.h>
#include <string.h>

#include "datasets/dataset.h"
#include "harness/bench/bench_measure.h"
#include "harness/plan/model.h"
#include "injectors/weight_faults.h"
#include "protectors/duplication.h"
#include "rankers/ranker.h"
#include "rankers/select.h"

#define BACKEND "cpu"
#define N_THREADS 1

static const char *const paper_networks[] = {"ssd_mobilenet_v1", "ssd_vgg16"};
static const ftdn_protector *const methods[] = {&ftdn_protector_none, &ftdn_protector_kr, &ftdn_protector_fmr};
enum {
    N_PAPER_NETWORKS = sizeof paper_networks / sizeof *paper_networks,
    N_METHODS = sizeof methods / sizeof *methods
};

/* One method, ready to take images. */
typedef struct contender {
    ftdn_protection protection;
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
    bool merges_weights; /* for each image: from stored by assembly to packed */
    ftdn_assembly assembly;
    bool *changed;    /* [n_params of protection.graph] made anew for each image */
    double *sample_s; /* [n_repeats] */
} contender;

/* One network with all methods. */
typedef struct subject {
    const ftdn_overhead_options *options; /* borrowed */
    ftdn_arena arena;
    ftdn_model_settings settings;
    ftdn_model model;
    ftdn_dataset *dataset;
    ftdn_copies copies;
    ftdn_weight_faults memory; /* originals and copies of copied filters as they are stored; without a fault */
    contender contender[N_METHODS];
} subject;

static void subject_done(subject *s)
{
    for (int m = 0; m < N_METHODS; m++) {
        ftdn_context_free(s->contender[m].context);
        ftdn_packed_free(s->contender[m].packed);
        ftdn_program_free(s->contender[m].program);
    }
    ftdn_dataset_close(s->dataset);
    ftdn_arena_done(&s->arena);
}

/* The channels of each unit with the largest weight sums. */
static ftdn_status choose_copies(subject *s, ftdn_error *err)
{
    const ftdn_ranker_options options = {0};
    const ftdn_graph *graph = &s->model.network.graph;
    const ftdn_unit *unit;
    int n_units;
    FTDN_TRY(ftdn_units_find(graph, &s->arena, &unit, &n_units, err));
    const int **channel = FTDN_NEW(&s->arena, (size_t)n_units, const int *, err);
    int *n_kept = FTDN_NEW(&s->arena, (size_t)n_units, int, err);
    if (!channel || !n_kept) return FTDN_ERR_MEMORY;
    for (int u = 0; u < n_units; u++) {
        ftdn_selection selection;
        double *score = FTDN_NEW(&s->arena, (size_t)unit[u].n_channels, double, err);
        if (!score) return FTDN_ERR_MEMORY;
        FTDN_TRY(ftdn_ranker_weight_sum.score_weights(graph, &s->model.weights, unit[u].layer, &options, score, err));
        FTDN_TRY(ftdn_select_top(score, unit[u].n_channels, s->options->ratio, &s->arena, &selection, err));
        channel[u] = selection.channel;
        n_kept[u] = selection.n_kept;
    }
    return ftdn_copies_make(unit, n_units, channel, n_kept, 1, &s->arena, &s->copies, err);
}

/* What kernel recovery reads for each image: filters and their copies, each in memory of its own. */
static ftdn_status fill_memory(subject *s, ftdn_error *err)
{
    int *layer = FTDN_NEW(&s->arena, (size_t)s->copies.n_layers, int, err);
    if (!layer) return FTDN_ERR_MEMORY;
    for (int i = 0; i < s->copies.n_layers; i++) layer[i] = s->copies.layer[i].layer;
    const ftdn_layer_set layers = {.n_layers = s->copies.n_layers, .layer = layer};
    const ftdn_fault_draw no_fault = {.model = {.type = FTDN_FAULT_ZERO}};
    FTDN_TRY(ftdn_weight_faults_init(&s->memory, &s->model.network.graph, layers, &s->copies, &s->model.weights,
                                     &s->arena, err));
    ftdn_weight_faults_draw(&s->memory, &no_fault, 0, N_THREADS);
    return FTDN_OK;
}

static ftdn_status create_program(const subject *s, const contender *c, bool keep_all, ftdn_program **ret_program,
                                  ftdn_error *err)
{
    int outputs[2 * FTDN_NETWORK_MAX_HEADS], n_outputs = 2 * s->model.network.n_heads;
    ftdn_network_output_nodes(&s->model.network, outputs);
    for (int i = 0; i < n_outputs; i++) outputs[i] = c->protection.node_of[outputs[i]];
    const ftdn_compile_desc desc = {
        .outputs = outputs,
        .n_outputs = n_outputs,
        .keep_all = keep_all,
        .micro_batch = 1,
        .conv_algorithm = s->options->conv_algorithm,
    };
    return ftdn_program_create(ftdn_backend_find(BACKEND), c->protection.graph, &desc, ret_program, err);
}

static ftdn_status set_up_merging(subject *s, contender *c, ftdn_error *err)
{
    const ftdn_stored_weights stored = ftdn_weight_faults_stored(&s->memory);
    int n_params = c->protection.graph->n_params;
    FTDN_TRY(ftdn_assembly_init(&c->assembly, &c->protection, &s->arena, err));
    c->changed = FTDN_NEW(&s->arena, (size_t)n_params, bool, err);
    if (!c->changed) return FTDN_ERR_MEMORY;
    ftdn_assembly_make(&c->assembly, &stored, N_THREADS);
    for (int i = 0; i < n_params; i++) c->changed[i] = c->assembly.weights.value[i] != c->protection.clean.value[i];
    c->merges_weights = true;
    return FTDN_OK;
}

static ftdn_status set_up_contender(subject *s, const ftdn_protector *protector, contender *c, ftdn_error *err)
{
    const ftdn_protection_desc desc = {
        .protector = protector,
        .graph = &s->model.network.graph,
        .weights = &s->model.weights,
        .copies = protector->duplicates ? s->copies : (ftdn_copies){0},
        .merge = FTDN_MERGE_MEAN,
        .merge_point = FTDN_MERGE_POINT_ACTIVATION,
    };
    FTDN_TRY(ftdn_protection_init(&c->protection, &desc, &s->arena, err));
    FTDN_TRY(create_program(s, c, false, &c->program, err));
    FTDN_TRY(ftdn_packed_create(c->program, &c->protection.clean, N_THREADS, &c->packed, err));
    FTDN_TRY(ftdn_context_create(c->program, &c->context, err));
    if (protector->merges && !protector->merges_maps) FTDN_TRY(set_up_merging(s, c, err));
    c->sample_s = FTDN_NEW(&s->arena, (size_t)s->options->n_repeats, double, err);
    return c->sample_s ? FTDN_OK : FTDN_ERR_MEMORY;
}

static void announce(const subject *s, const char *what)
{
    ftdn_bench_tell(s->options->progress, s->settings.name, what);
}

/* No more than are measured. */
static int count_images(const ftdn_overhead_options *options)
{
    return options->n_images < options->n_repeats ? options->n_images : options->n_repeats;
}

static ftdn_status set_up(subject *s, const char *name, ftdn_error *err)
{
    const ftdn_overhead_options *options = s->options;
    const char *path = options->weights_path, *slash = path ? strrchr(path, '/') : NULL;
    s->settings = (ftdn_model_settings){
        .name = name,
        .width = options->width,
        .n_classes = 20,
        .weights = slash ? slash + 1 : path ? path : "formula:0",
        .weights_path = path,
    };
    announce(s, "setting up");
    FTDN_TRY(ftdn_model_open(&s->settings, &s->arena, &s->model, err));
    FTDN_TRY(ftdn_dataset_open_test_scenes(count_images(options), 0, &s->dataset, err));
    FTDN_TRY(ftdn_dataset_decode(s->dataset, s->model.network.input_size, N_THREADS, err));
    FTDN_TRY(choose_copies(s, err));
    FTDN_TRY(fill_memory(s, err));
    for (int m = 0; m < N_METHODS; m++) FTDN_TRY(set_up_contender(s, methods[m], &s->contender[m], err));
    return FTDN_OK;
}

/* One image through the network, with all that the method does for each image. */
static ftdn_status pass(subject *s, contender *c, int image, double *ret_seconds, ftdn_error *err)
{
    const ftdn_network *network = &s->model.network;
    const ftdn_stored_weights stored = ftdn_weight_faults_stored(&s->memory);
    const uint8_t *pixels = s->dataset->image[image].pixels;
    ftdn_input input = {.n_images = 1, .pixels = &pixels};
    memcpy(input.mean, network->mean, sizeof input.mean);
    memcpy(input.scale, network->scale, sizeof input.scale);
    int64_t start_ns = ftdn_bench_thread_ns();
    if (c->merges_weights) {
        ftdn_assembly_make(&c->assembly, &stored, N_THREADS);
        FTDN_TRY(ftdn_packed_update(c->packed, &c->assembly.weights, c->changed, N_THREADS, err));
    }
    FTDN_TRY(ftdn_forward(c->context, c->packed, &input, NULL, err));
    *ret_seconds = (double)(ftdn_bench_thread_ns() - start_ns) * 1e-9;
    return FTDN_OK;
}

/* Who goes first changes with every turn. */
static ftdn_status measure(subject *s, ftdn_error *err)
{
    announce(s, "warm-up");
    double unused;
    for (int turn = 0; turn < s->options->n_warmup; turn++)
        for (int m = 0; m < N_METHODS; m++) FTDN_TRY(pass(s, &s->contender[m], 0, &unused, err));
    for (int turn = 0; turn < s->options->n_repeats; turn++) {
        char what[64];
        snprintf(what, sizeof what, "%d of %d", turn + 1, s->options->n_repeats);
        announce(s, what);
        for (int i = 0; i < N_METHODS; i++) {
            contender *c = &s->contender[(turn + i) % N_METHODS];
            FTDN_TRY(pass(s, c, turn % s->dataset->n_images, &c->sample_s[turn], err));
        }
    }
    return FTDN_OK;
}

/* Of copies that stand in memory beside the packed weights. */
static int64_t stored_copy_bytes(const subject *s, const contender *c)
{
    int64_t n_bytes = 0;
    for (int i = 0; c->merges_weights && i < s->copies.n_layers; i++)
        n_bytes += s->memory.copy_count[0][i].n_elements * (int64_t)sizeof(float);
    return n_bytes;
}

/* Sorts the samples; the original's last, as the others are compared with it. */
static ftdn_status report(subject *s, int method, ftdn_arena *arena, ftdn_latency *ret_latency, ftdn_error *err)
{
    contender *c = &s->contender[method];
    int n_repeats = s->options->n_repeats;
    double *slowdown = FTDN_NEW(&s->arena, (size_t)n_repeats, double, err);
    char *digest = ftdn_arena_copy_text(arena, s->model.weights_digest, strlen(s->model.weights_digest), err);
    if (!slowdown || !digest) return FTDN_ERR_MEMORY;
    for (int r = 0; r < n_repeats; r++) slowdown[r] = c->sample_s[r] / s->contender[0].sample_s[r];
    const ftdn_bench_label label = {.network = s->settings.name};
    const ftdn_bench_measure quotient = ftdn_bench_summarise(&label, slowdown, n_repeats);
    const ftdn_bench_measure time = ftdn_bench_summarise(&label, c->sample_s, n_repeats);
    const ftdn_account account = ftdn_protection_account(&c->protection);
    ftdn_program *keeping;
    FTDN_TRY(create_program(s, c, true, &keeping, err));
    size_t all_map_bytes = ftdn_program_slab_bytes(keeping);
    ftdn_program_free(keeping);
    bool duplicates = methods[method]->duplicates;
    *ret_latency = (ftdn_latency){
        .model = s->settings.name,
        .width = s->model.network.width,
        .weights = s->settings.weights,
        .weights_digest = digest,
        .method = methods[method]->name,
        .ranking = duplicates ? ftdn_ranker_weight_sum.name : NULL,
        .merge = duplicates ? "mean" : NULL,
        .ratio = duplicates ? s->options->ratio : (double)NAN,
        .backend = BACKEND,
        .arithmetic = ftdn_backend_arithmetic(ftdn_backend_find(BACKEND), s->options->conv_algorithm),
        .n_threads = N_THREADS,
        .n_images = s->dataset->n_images,
        .n_warmup = s->options->n_warmup,
        .n_repeats = n_repeats,
        .median_s = time.median,
        .q1_s = time.lower_quartile,
        .q3_s = time.upper_quartile,
        .min_s = time.lowest,
        .slowdown = quotient.median,
        .weight_bytes = (int64_t)account.weight_bytes,
        .feature_map_bytes = (int64_t)account.feature_map_bytes,
        .map_bytes = (int64_t)account.map_bytes,
        .macs = (int64_t)account.macs,
        .allocated_weight_bytes = (int64_t)ftdn_packed_bytes(c->packed) + stored_copy_bytes(s, c),
        .allocated_map_bytes = (int64_t)all_map_bytes,
        .peak_map_bytes = (int64_t)ftdn_program_slab_bytes(c->program),
    };
    return FTDN_OK;
}

static ftdn_status measure_network(const ftdn_overhead_options *options, const char *name, ftdn_arena *arena,
                                   ftdn_latency *ret_latency, ftdn_error *err)
{
    subject s = {.options = options};
    ftdn_arena_init(&s.arena);
    ftdn_status status = set_up(&s, name, err);
    if (status == FTDN_OK) status = measure(&s, err);
    for (int m = N_METHODS - 1; m >= 0 && status == FTDN_OK; m--) status = report(&s, m, arena, &ret_latency[m], err);
    subject_done(&s);
    return status;
}

ftdn_status ftdn_bench_overhead(const ftdn_overhead_options *options, ftdn_arena *arena,
                                const ftdn_latency **ret_latency, int *ret_n, ftdn_error *err)
{
    const char *const *name = options->model ? &options->model : paper_networks;
    int n_networks = options->model ? 1 : N_PAPER_NETWORKS;
    ftdn_latency *latency = FTDN_NEW(arena, (size_t)(n_networks * N_METHODS), ftdn_latency, err);
    if (!latency) return FTDN_ERR_MEMORY;
    ftdn_status status = FTDN_OK;
    for (int i = 0; i < n_networks && status == FTDN_OK; i++)
        status = measure_network(options, name[i], arena, latency + i * N_METHODS, err);
    ftdn_bench_tell(options->progress, NULL, "");
    FTDN_TRY(status);
    *ret_latency = latency;
    *ret_n = n_networks * N_METHODS;
    return FTDN_OK;
}
