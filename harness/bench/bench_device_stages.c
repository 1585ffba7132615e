/* bench_device_stages.c - where the time of a micro-batch goes, and how far its forward pass is from its floor.
 *
 * Injection and detection are differences of recorded sequences with them and without. Within the forward pass, marks
 * stand between steps: a program that keeps all maps and is tapped wherever one exists has the same steps, and the hook
 * sees each. There are fewer marks than steps, so that a pass is made for each window of them. */
#include <assert.h>
#include <math.h>

#include "harness/bench/bench_device_parts.h"
#include "harness/bench/bench_measure.h"

#define INJECTION_LIMIT 0.05 /* of the forward pass */

typedef enum step_kind { CONVOLUTION, DEPTHWISE, OTHER, N_KINDS } step_kind;

/* The steps of a graph, in the order of computation. */
typedef struct step {
    step_kind kind;
    double n_bytes, n_macs; /* of one image; weights are counted once for a micro-batch */
    double weight_bytes;
    double seconds; /* of a micro-batch, the least of the repeats */
} step;

typedef struct survey {
    const ftdn_device_bench *bench;
    const ftdn_graph *graph;
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
    ftdn_arena *arena;
    int n_steps;
    int *tap;   /* [n_steps] the node that each step makes */
    step *step; /* [n_steps] */
    double input_s;
    /* Of the pass under way. */
    int first, at; /* step of the window's first mark, of the next call of the hook */
    ftdn_status status;
    ftdn_error err;
} survey;

static ftdn_status create_program(survey *s, const ftdn_device_subject *subject, int n_taps, int micro_batch,
                                  ftdn_error *err)
{
    const ftdn_compile_desc desc = {
        .taps = s->tap,
        .n_taps = n_taps,
        .keep_all = true,
        .micro_batch = micro_batch,
        .conv_algorithm = subject->algorithm,
        .cache = subject->cache,
    };
    FTDN_TRY(ftdn_program_create(s->bench->module->backend, s->graph, &desc, &s->program, err));
    return ftdn_context_create(s->program, &s->context, err);
}

static void free_program(survey *s)
{
    ftdn_context_free(s->context);
    ftdn_packed_free(s->packed);
    ftdn_program_free(s->program);
    s->context = NULL;
    s->packed = NULL;
    s->program = NULL;
}

static double map_bytes(const ftdn_graph *graph, int node)
{
    return (double)ftdn_shape_elements(graph->node[node].shape) * sizeof(float);
}

/* What stands between a map and the one that it is made of. has_map: [n_nodes]. */
static step describe_step(const ftdn_graph *graph, int target, const bool *has_map)
{
    step made = {.kind = OTHER, .n_bytes = map_bytes(graph, target)};
    int node = target;
    do {
        const ftdn_node *own = &graph->node[node];
        made.n_macs += (double)ftdn_node_macs(graph, node);
        if (own->op == FTDN_OP_CONV) {
            made.kind = own->groups > 1 ? DEPTHWISE : CONVOLUTION;
            made.weight_bytes += (double)graph->param[own->weight].n_elements * sizeof(float);
        }
        node = own->input;
    } while (!has_map[node]);
    made.n_bytes += map_bytes(graph, node);
    return made;
}

/* Which maps exist where nobody asks for any: the fused steps. */
static ftdn_status find_steps(survey *s, const ftdn_device_subject *subject, ftdn_error *err)
{
    size_t n_nodes = (size_t)s->graph->n_nodes;
    bool *has_map = FTDN_NEW(s->arena, n_nodes, bool, err);
    s->tap = FTDN_NEW(s->arena, n_nodes, int, err);
    s->step = FTDN_NEW(s->arena, n_nodes, step, err);
    if (!has_map || !s->tap || !s->step) return FTDN_ERR_MEMORY;
    FTDN_TRY(create_program(s, subject, 0, 1, err));
    for (int i = 0; i < s->graph->n_nodes; i++) has_map[i] = ftdn_context_map(s->context, i).values != NULL;
    free_program(s);
    for (int i = 1; i < s->graph->n_nodes; i++) {
        if (!has_map[i]) continue;
        s->tap[s->n_steps] = i;
        s->step[s->n_steps++] = describe_step(s->graph, i, has_map);
    }
    return FTDN_OK;
}

/* Behind step `at`: the marks of a window stand before its first step and behind each. user: survey * */
static void mark_step(void *user, const ftdn_map *map)
{
    survey *s = user;
    assert(map->node == s->tap[s->at]);
    int mark = ++s->at - s->first;
    if (mark >= 0 && mark < FTDN_DEVICE_MARKS && s->status == FTDN_OK)
        s->status = s->bench->module->device->mark(s->context, mark, &s->err);
}

/* One pass over all steps, of which a window is timed. */
static ftdn_status time_window(survey *s, int first, ftdn_error *err)
{
    const ftdn_device_table *table = s->bench->module->device;
    const ftdn_map_hook hook = {.call = mark_step, .user = s};
    s->first = first;
    s->at = 0;
    s->status = FTDN_OK;
    if (first == 0) FTDN_TRY(table->mark(s->context, 0, err));
    FTDN_TRY(ftdn_forward_after(s->context, s->packed, 0, &hook, err));
    if (s->status != FTDN_OK && err) *err = s->err;
    FTDN_TRY(s->status);
    for (int i = 0; i + 1 < FTDN_DEVICE_MARKS && first + i < s->n_steps; i++) {
        double seconds;
        step *own = &s->step[first + i];
        FTDN_TRY(table->elapsed(s->context, i, i + 1, &seconds, err));
        if (own->seconds == 0 || seconds < own->seconds) own->seconds = seconds;
    }
    return FTDN_OK;
}

/* A whole pass with the way of the images into the first map, less one without. */
static ftdn_status time_input(survey *s, const ftdn_input *input, double *ret_seconds, ftdn_error *err)
{
    const ftdn_device_table *table = s->bench->module->device;
    double with_input, without;
    FTDN_TRY(table->mark(s->context, 0, err));
    FTDN_TRY(ftdn_forward(s->context, s->packed, input, NULL, err));
    FTDN_TRY(table->mark(s->context, 1, err));
    FTDN_TRY(ftdn_forward_after(s->context, s->packed, 0, NULL, err));
    FTDN_TRY(table->mark(s->context, 2, err));
    FTDN_TRY(table->elapsed(s->context, 0, 1, &with_input, err));
    FTDN_TRY(table->elapsed(s->context, 1, 2, &without, err));
    *ret_seconds = fmax(0, with_input - without);
    return FTDN_OK;
}

static ftdn_status time_steps(survey *s, const ftdn_device_subject *subject, const ftdn_rig *rig, ftdn_error *err)
{
    const ftdn_resident_images *images = &rig->device->images->resident;
    const ftdn_network *network = &subject->model->network;
    int n_repeats = s->bench->options->n_repeats, micro_batch = rig->device->micro_batch;
    FTDN_TRY(create_program(s, subject, s->n_steps, micro_batch, err));
    FTDN_TRY(ftdn_packed_create(s->program, &subject->model->weights, 1, &s->packed, err));
    const ftdn_input input = ftdn_network_resident_input(network, micro_batch, images);
    int n_images = images->n_images < micro_batch ? images->n_images : micro_batch;
    FTDN_TRY(s->bench->module->device->set_batch(s->context, images, 0, n_images, err));
    FTDN_TRY(ftdn_forward(s->context, s->packed, &input, NULL, err));
    for (int r = 0; r < n_repeats; r++) {
        double input_s;
        FTDN_TRY(time_input(s, &input, &input_s, err));
        if (r == 0 || input_s < s->input_s) s->input_s = input_s;
        for (int first = 0; first < s->n_steps; first += FTDN_DEVICE_MARKS - 1) FTDN_TRY(time_window(s, first, err));
    }
    return FTDN_OK;
}

static void add_one(ftdn_device_bench *bench, const ftdn_device_subject *subject, int micro_batch, const char *name,
                    ftdn_bench_unit unit, double limit, double value)
{
    ftdn_device_bench_add(bench, subject, micro_batch, name, unit, limit, &value, 1);
}

/* forward_s: of a micro-batch. */
static void report_steps(ftdn_device_bench *bench, const ftdn_device_subject *subject, const survey *s, int micro_batch,
                         double forward_s)
{
    static const char *const names[N_KINDS] = {"  of it convolutions of all channels", "  of it depthwise convolutions",
                                               "  of it other steps"};
    double of_kind[N_KINDS] = {0}, all_s = s->input_s, floor_s = 0;
    for (int i = 0; i < s->n_steps; i++) {
        const step *own = &s->step[i];
        double n_bytes = own->n_bytes * micro_batch + own->weight_bytes, n_macs = own->n_macs * micro_batch;
        of_kind[own->kind] += own->seconds;
        all_s += own->seconds;
        floor_s += fmax(n_bytes / subject->ceiling.bytes_per_s, n_macs / subject->ceiling.macs_per_s);
    }
    add_one(bench, subject, micro_batch, "  of it images to numbers", FTDN_UNIT_FRACTION, 0, s->input_s / all_s);
    for (int k = 0; k < N_KINDS; k++)
        add_one(bench, subject, micro_batch, names[k], FTDN_UNIT_FRACTION, 0, of_kind[k] / all_s);
    add_one(bench, subject, micro_batch, "floor of the forward pass", FTDN_UNIT_SECONDS_PER_IMAGE, 0,
            floor_s / micro_batch);
    add_one(bench, subject, micro_batch, "forward / floor", FTDN_UNIT_QUOTIENT, 0, forward_s / floor_s);
}

static ftdn_status survey_steps(ftdn_device_bench *bench, const ftdn_device_subject *subject, const ftdn_rig *rig,
                                double forward_s, ftdn_error *err)
{
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    survey s = {.bench = bench, .graph = &subject->model->network.graph, .arena = &arena, .status = FTDN_OK};
    ftdn_status status = find_steps(&s, subject, err);
    if (status == FTDN_OK) status = time_steps(&s, subject, rig, err);
    if (status == FTDN_OK) report_steps(bench, subject, &s, rig->device->micro_batch, forward_s);
    free_program(&s);
    ftdn_arena_done(&arena);
    return status;
}

static ftdn_status replay(ftdn_rig *rig, const ftdn_device_recording *recording, int n_samples, double *ret_s,
                          ftdn_error *err)
{
    const ftdn_device_table *table = rig->device->device->device;
    ftdn_context *context = rig->device->context;
    for (int i = -1; i < n_samples; i++) {
        double seconds;
        FTDN_TRY(table->mark(context, 0, err));
        FTDN_TRY(table->replay(recording, context, err));
        FTDN_TRY(table->mark(context, 1, err));
        FTDN_TRY(table->elapsed(context, 0, 1, &seconds, err));
        if (i >= 0) ret_s[i] = seconds;
    }
    return FTDN_OK;
}

ftdn_status ftdn_device_time_sequence(ftdn_rig *rig, const ftdn_map_hook *hook, bool detects, int n_samples,
                                      double *ret_s, ftdn_error *err)
{
    ftdn_device_recording *recording;
    FTDN_TRY(ftdn_device_worker_record(rig->device, hook, detects ? 0 : -1, &recording, err));
    ftdn_status status = replay(rig, recording, n_samples, ret_s, err);
    rig->device->device->device->recording_free(recording);
    return status;
}

ftdn_status ftdn_device_measure_stages(ftdn_device_bench *bench, const ftdn_device_subject *subject, ftdn_rig *rig,
                                       double evaluation_s, ftdn_error *err)
{
    enum { FORWARD, WITH_FAULTS, WITH_DETECTIONS, N_SEQUENCES };
    int n_samples = bench->options->n_repeats, micro_batch = rig->device->micro_batch;
    const ftdn_map_hook hook = ftdn_rig_map_hook(rig);
    double *sample[N_SEQUENCES], median[N_SEQUENCES];
    FTDN_TRY(ftdn_rig_prepare(rig, subject->settings, err));
    for (int k = 0; k < N_SEQUENCES; k++) {
        sample[k] = FTDN_NEW(bench->arena, (size_t)n_samples, double, err);
        if (!sample[k]) return FTDN_ERR_MEMORY;
        FTDN_TRY(ftdn_device_time_sequence(rig, k == FORWARD ? NULL : &hook, k == WITH_DETECTIONS, n_samples, sample[k],
                                           err));
        const ftdn_bench_label label = {.network = subject->network};
        median[k] = ftdn_bench_summarise(&label, sample[k], n_samples).median;
    }
    for (int i = 0; i < n_samples; i++) sample[FORWARD][i] /= micro_batch;
    ftdn_device_bench_add(bench, subject, micro_batch, "forward", FTDN_UNIT_SECONDS_PER_IMAGE, 0, sample[FORWARD],
                          n_samples);
    FTDN_TRY(survey_steps(bench, subject, rig, median[FORWARD], err));
    double faults_s = fmax(0, median[WITH_FAULTS] - median[FORWARD]);
    double detections_s = fmax(0, median[WITH_DETECTIONS] - median[WITH_FAULTS]);
    add_one(bench, subject, micro_batch, "injection", FTDN_UNIT_SECONDS_PER_IMAGE, 0, faults_s / micro_batch);
    add_one(bench, subject, micro_batch, "injection / forward", FTDN_UNIT_FRACTION, INJECTION_LIMIT,
            faults_s / median[FORWARD]);
    add_one(bench, subject, micro_batch, "detection", FTDN_UNIT_SECONDS_PER_IMAGE, 0, detections_s / micro_batch);
    add_one(bench, subject, micro_batch, "evaluation beyond the device's work", FTDN_UNIT_SECONDS_PER_IMAGE, 0,
            fmax(0, evaluation_s - median[WITH_DETECTIONS] / micro_batch));
    return FTDN_OK;
}
