/* gpu.h - what tests of the CUDA module share: is there a device, and running a graph there.
 *
 * $FTDN_CUDA_MODULE names the module: the emulated one always, the real one where it was built. Each test runs with
 * both; with a real one it is skipped (77) where no device answers. The comparison is with the processor's code. */
#ifndef FTDN_TESTS_GPU_GPU_H
#define FTDN_TESTS_GPU_GPU_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/device.h"
#include "engine/engine.h"
#include "engine/gradients.h"
#include "tests/support/support.h"

/* First in main: end the program where no device answers. Touches none in this process. */
#define FTDN_TEST_REQUIRE_DEVICE()                                                                                     \
    do {                                                                                                               \
        if (!ftdn_test_has_device()) return 77;                                                                        \
    } while (0)

static inline const ftdn_device_module *ftdn_test_module(void)
{
    ftdn_error err;
    const ftdn_device_module *module;
    FTDN_ASSERT_OK(ftdn_device_module_open(&module, &err), err);
    return module;
}

/* A module that cannot be opened is no missing device. */
static inline bool ftdn_test_has_device(void)
{
    ftdn_error err;
    ftdn_device_info info;
    int n_devices;
    (void)ftdn_test_module();
    if (ftdn_device_probe(&info, 1, &n_devices, &err) == FTDN_OK) return true;
    printf("no device: %s\n", err.message);
    return false;
}

/* Run the body once under each order of the emulator (tests/emulator/emulator.h), or once where kernels are real. */
static inline void ftdn_test_in_every_order(void (*body)(const char *order))
{
    static const char *const orders[] = {"", "reverse", "shuffle", "lazy"};
    for (int i = 0; i < (ftdn_test_module()->is_emulated ? 4 : 1); i++) {
        setenv("FTDN_EMULATOR_ORDER", orders[i], 1);
        body(orders[i]);
    }
    unsetenv("FTDN_EMULATOR_ORDER");
}

/* n values in device memory; free with the device table. */
static inline float *ftdn_test_upload(const float *values, size_t n)
{
    ftdn_error err;
    const ftdn_device_table *device = ftdn_test_module()->device;
    void *memory;
    FTDN_ASSERT_OK(device->alloc(n * sizeof *values, &memory, &err), err);
    FTDN_ASSERT_OK(device->copy(memory, values, n * sizeof *values, &err), err);
    return memory;
}

/* A program of one backend with all that a forward needs. */
typedef struct ftdn_test_machine {
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
} ftdn_test_machine;

static inline ftdn_test_machine ftdn_test_start(const char *backend, const ftdn_graph *graph,
                                                const ftdn_compile_desc *desc, const ftdn_weights *weights)
{
    ftdn_error err;
    ftdn_test_machine made;
    const ftdn_backend *found = ftdn_backend_find(backend);
    if (!found) fail_msg("there is no backend '%s'", backend);
    FTDN_ASSERT_OK(ftdn_program_create(found, graph, desc, &made.program, &err), err);
    FTDN_ASSERT_OK(ftdn_packed_create(made.program, weights, 2, &made.packed, &err), err);
    FTDN_ASSERT_OK(ftdn_context_create(made.program, &made.context, &err), err);
    return made;
}

static inline void ftdn_test_stop(ftdn_test_machine *run)
{
    ftdn_context_free(run->context);
    ftdn_packed_free(run->packed);
    ftdn_program_free(run->program);
}

/* A node's map after the last forward; lives in the arena. */
static inline float *ftdn_test_read(const ftdn_test_machine *run, int node, ftdn_arena *arena)
{
    ftdn_error err;
    ftdn_map map = ftdn_context_map(run->context, node);
    float *values = FTDN_NEW(arena, ftdn_shape_elements(map.shape) * (size_t)map.n_images, float, &err);
    assert_non_null(values);
    FTDN_ASSERT_OK(ftdn_context_read(run->context, node, values, &err), err);
    return values;
}

/* The last node's map after one forward of n_images values x; hook may be NULL. */
static inline float *ftdn_test_forward(const ftdn_test_machine *run, const ftdn_graph *graph, const float *x,
                                       int n_images, const ftdn_map_hook *hook, ftdn_arena *arena)
{
    ftdn_error err;
    const ftdn_input input = {.n_images = n_images, .values = x};
    FTDN_ASSERT_OK(ftdn_forward(run->context, run->packed, &input, hook, &err), err);
    return ftdn_test_read(run, graph->n_nodes - 1, arena);
}

/* The same with a program of its own. */
static inline float *ftdn_test_run(const char *backend, const ftdn_graph *graph, const ftdn_compile_desc *desc,
                                   const ftdn_weights *weights, const float *x, int n_images, const ftdn_map_hook *hook,
                                   ftdn_arena *arena)
{
    ftdn_test_machine made = ftdn_test_start(backend, graph, desc, weights);
    float *y = ftdn_test_forward(&made, graph, x, n_images, hook, arena);
    ftdn_test_stop(&made);
    return y;
}

/* Every value within a tolerance, relative to the largest magnitude that is expected, or to 1. NaN for NaN. */
static inline void ftdn_test_assert_close(const char *what, const float *expected, const float *actual, size_t n,
                                          double tolerance)
{
    double largest = 1;
    for (size_t i = 0; i < n; i++) {
        if (isfinite(expected[i])) largest = fmax(largest, fabs((double)expected[i]));
    }
    for (size_t i = 0; i < n; i++) {
        double difference = fabs((double)expected[i] - (double)actual[i]);
        bool same = expected[i] == actual[i] || (isnan(expected[i]) && isnan(actual[i]));
        if (same || difference <= tolerance * largest) continue;
        fail_msg("%s: element %zu is %.9g, expected %.9g (largest %g)", what, i, (double)actual[i], (double)expected[i],
                 largest);
    }
}

#endif
