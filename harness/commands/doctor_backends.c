/* doctor_backends.c - a network of two convolutions, computed by each backend and on each device, and compared. */
#include <math.h>
#include <stdio.h>

#include "base/child_answer.h"
#include "harness/commands/doctor.h"

#define SIDE 32
#define N_CHANNELS 32 /* of the output */
#define N_VALUES ((SIDE / 2) * (SIDE / 2) * N_CHANNELS)
#define TIMEOUT_MS 60000 /* of a device's first work: libraries load their kernels */

/* Two backends sum the 144 products of an output in different orders, the reference in double: a few roundings. */
#define TOLERANCE 1e-5

static ftdn_status build(ftdn_graph *graph, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_graph_init(graph, arena);
    int image = ftdn_graph_add_input(graph, (ftdn_shape){SIDE, SIDE, 3});
    int stem = ftdn_graph_add_conv_layer(graph, image,
                                         &(ftdn_conv_layer_desc){.name = "stem",
                                                                 .n_outputs = 16,
                                                                 .kernel = 3,
                                                                 .stride = 2,
                                                                 .pad = 1,
                                                                 .has_bias = true,
                                                                 .activation = FTDN_ACTIVATION_RELU});
    ftdn_graph_add_conv_layer(
        graph, stem,
        &(ftdn_conv_layer_desc){.name = "conv", .n_outputs = N_CHANNELS, .kernel = 3, .pad = 1, .has_bias = true});
    return ftdn_graph_finish(graph, err);
}

static ftdn_status run(const ftdn_backend *backend, const ftdn_graph *graph, ftdn_arena *arena, float *ret_values,
                       ftdn_error *err)
{
    const int output = graph->n_nodes - 1;
    const ftdn_compile_desc desc = {.outputs = &output, .n_outputs = 1};
    ftdn_weights weights;
    ftdn_program *program = NULL;
    ftdn_packed *packed = NULL;
    ftdn_context *context = NULL;
    FTDN_TRY(ftdn_weights_formula(graph, 0, arena, &weights, err));
    float *image = FTDN_NEW(arena, SIDE * SIDE * 3, float, err);
    if (!image) return FTDN_ERR_MEMORY;
    for (int i = 0; i < SIDE * SIDE * 3; i++) image[i] = (float)ftdn_formula_uniform("image", 0, (uint64_t)i);
    const ftdn_input input = {.n_images = 1, .values = image};
    ftdn_status status = ftdn_program_create(backend, graph, &desc, &program, err);
    if (status == FTDN_OK) status = ftdn_packed_create(program, &weights, 1, &packed, err);
    if (status == FTDN_OK) status = ftdn_context_create(program, &context, err);
    if (status == FTDN_OK) status = ftdn_forward(context, packed, &input, NULL, err);
    if (status == FTDN_OK) status = ftdn_context_read(context, output, ret_values, err);
    ftdn_context_free(context);
    ftdn_packed_free(packed);
    ftdn_program_free(program);
    return status;
}

/* ret_values: [N_VALUES]. */
static ftdn_status compute(const ftdn_backend *backend, float *ret_values, ftdn_error *err)
{
    ftdn_arena arena;
    ftdn_graph graph;
    ftdn_arena_init(&arena);
    ftdn_status status = build(&graph, &arena, err);
    if (status == FTDN_OK) status = run(backend, &graph, &arena, ret_values, err);
    ftdn_arena_done(&arena);
    return status;
}

/* The largest difference from the reference, as a fraction of its largest value; NaN is a difference. */
static ftdn_status compare(const float *values, double *ret_difference, ftdn_error *err)
{
    float expected[N_VALUES];
    double largest = 0, difference = 0;
    FTDN_TRY(compute(ftdn_backend_find("ref"), expected, err));
    for (int i = 0; i < N_VALUES; i++) {
        double distance = fabs((double)values[i] - (double)expected[i]);
        if (fabs((double)expected[i]) > largest) largest = fabs((double)expected[i]);
        if (!(distance <= difference)) difference = isnan(distance) ? HUGE_VAL : distance;
    }
    *ret_difference = difference / largest;
    return FTDN_OK;
}

static ftdn_status try_cpu(ftdn_doctor *doctor, ftdn_error *err)
{
    static const char advice[] = "the library of convolutions does not fit this processor: say so in a report";
    const ftdn_backend *backend = ftdn_backend_find("cpu");
    float values[N_VALUES];
    double difference;
    ftdn_error cause = {0};
    ftdn_status status = compute(backend, values, &cause);
    if (status == FTDN_OK) status = compare(values, &difference, &cause);
    if (status == FTDN_ERR_MEMORY) return FTDN_FAIL(err, status, "%s", cause.message);
    if (status != FTDN_OK)
        return ftdn_doctor_add(doctor, "backend cpu", FTDN_FINDING_BROKEN, advice, err, "%s", cause.message);
    doctor->cpu_works = difference <= TOLERANCE;
    return ftdn_doctor_add(doctor, "backend cpu", doctor->cpu_works ? FTDN_FINDING_OK : FTDN_FINDING_BROKEN,
                           doctor->cpu_works ? NULL : advice, err,
                           "%s, %s; two convolutions differ from the reference by %.1g", ftdn_backend_version(backend),
                           ftdn_backend_arithmetic(backend, FTDN_CONV_DIRECT), difference);
}

ftdn_status ftdn_doctor_try_backends(ftdn_doctor *doctor, ftdn_error *err)
{
    const ftdn_backend *ref = ftdn_backend_find("ref");
    FTDN_TRY(try_cpu(doctor, err));
    return ftdn_doctor_add(doctor, "backend ref", FTDN_FINDING_OK, NULL, err, "%s, %s", ftdn_backend_version(ref),
                           ftdn_backend_arithmetic(ref, FTDN_CONV_DIRECT));
}

/* In a child process: user is the device's number. */
static ftdn_status compute_on_device(void *user, void *ret_answer, ftdn_error *err)
{
    const ftdn_device_module *module;
    FTDN_TRY(ftdn_device_module_open(&module, err));
    FTDN_TRY(module->device->select(*(const int *)user, err));
    return compute(module->backend, ret_answer, err);
}

static ftdn_status try_device(ftdn_doctor *doctor, int device, ftdn_error *err)
{
    static const char advice[] = "'nvidia-smi -q' says more about it; trials of the backend cuda would fail there";
    const ftdn_device_info *info = &doctor->device[device];
    char what[32];
    float values[N_VALUES];
    double difference = HUGE_VAL;
    ftdn_error cause = {0};
    snprintf(what, sizeof what, "device %d", device);
    ftdn_status status = ftdn_child_ask(compute_on_device, &device, TIMEOUT_MS, values, sizeof values, &cause);
    if (status == FTDN_OK) FTDN_TRY(compare(values, &difference, err));
    bool is_sound = status == FTDN_OK && difference <= TOLERANCE;
    doctor->n_sound_devices += is_sound;
    if (status != FTDN_OK)
        return ftdn_doctor_add(doctor, what, FTDN_FINDING_BROKEN, advice, err, "%s, sm_%d%d: %s", info->name,
                               info->major, info->minor, cause.message);
    return ftdn_doctor_add(doctor, what, is_sound ? FTDN_FINDING_OK : FTDN_FINDING_BROKEN, is_sound ? NULL : advice,
                           err,
                           "%s, sm_%d%d, %.1f GiB of memory, %.1f free; two convolutions differ from the reference by "
                           "%.1g",
                           info->name, info->major, info->minor, (double)info->total_bytes / FTDN_GIB,
                           (double)info->free_bytes / FTDN_GIB, difference);
}

static ftdn_status try_all(ftdn_doctor *doctor, ftdn_error *err)
{
    for (int i = 0; i < doctor->n_devices && i < FTDN_DOCTOR_MAX_DEVICES; i++) FTDN_TRY(try_device(doctor, i, err));
    if (doctor->n_devices <= FTDN_DOCTOR_MAX_DEVICES) return FTDN_OK;
    return ftdn_doctor_add(doctor, "devices", FTDN_FINDING_OK, NULL, err,
                           "%d; those behind the first %d were not tried", doctor->n_devices, FTDN_DOCTOR_MAX_DEVICES);
}

ftdn_status ftdn_doctor_try_devices(ftdn_doctor *doctor, ftdn_error *err)
{
    const ftdn_device_module *module;
    const char *path;
    ftdn_error cause = {0};
    ftdn_status status = ftdn_device_module_find(doctor->arena, &path, &cause);
    if (status == FTDN_OK) status = ftdn_device_module_open(&module, &cause);
    if (status != FTDN_OK)
        return ftdn_doctor_add(doctor, "CUDA module", FTDN_FINDING_MISSING, NULL, err, "%s", cause.message);
    FTDN_TRY(ftdn_doctor_add(doctor, "CUDA module", FTDN_FINDING_OK, NULL, err, "%s, %s%s", path,
                             ftdn_backend_version(module->backend), module->is_emulated ? ", emulated for tests" : ""));
    status = ftdn_device_probe(doctor->device, FTDN_DOCTOR_MAX_DEVICES, &doctor->n_devices, &cause);
    if (status != FTDN_OK)
        return ftdn_doctor_add(doctor, "device", FTDN_FINDING_MISSING,
                               "'nvidia-smi' shows what the driver sees; a container needs its devices handed in", err,
                               "%s", cause.message);
    FTDN_TRY(ftdn_doctor_add(doctor, "driver", FTDN_FINDING_OK, NULL, err, "%s; the module has %s",
                             doctor->device[0].driver, doctor->device[0].libraries));
    return try_all(doctor, err);
}
