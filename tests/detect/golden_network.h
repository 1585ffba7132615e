/* golden_network.h - whole networks against PyTorch: both paper networks with formula weights, and the trained one on
 * real images. $FTDN_SHARED/golden says how the files were made. */
#ifndef FTDN_TESTS_DETECT_GOLDEN_NETWORK_H
#define FTDN_TESTS_DETECT_GOLDEN_NETWORK_H

#include <math.h>
#include <string.h>

#include "detect/detections.h"
#include "detect/network.h"
#include "engine/engine.h"
#include "tests/support/find_layer.h"
#include "tests/support/support.h"

/* Golden maps are float32 from another library; sums of up to 4,608 products in another order. */
#define FORMULA_TOLERANCE 2e-4 /* of the largest magnitude */
#define WINOGRAD_TOLERANCE 1e-3
#define REAL_TOLERANCE 1e-3
#define TF32_TOLERANCE 5e-3 /* factors of 11 bits in up to 35 layers */

/* Who computes. */
typedef struct golden_backend {
    const char *name;
    ftdn_conv_algorithm algorithm;
    int micro_batch; /* 0: the backend's own */
} golden_backend;

typedef struct answers {
    float *logits, *locations;
} answers;

/* [1,C,H,W] to [1,H,W,C] */
static inline float *to_nhwc(ftdn_arena *arena, const float *nchw, ftdn_shape shape)
{
    float *nhwc = FTDN_NEW(arena, ftdn_shape_elements(shape), float, NULL);
    size_t n_pixels = (size_t)shape.h * (size_t)shape.w, n_channels = (size_t)shape.c;
    for (size_t c = 0; c < n_channels; c++) {
        for (size_t i = 0; i < n_pixels; i++) nhwc[i * n_channels + c] = nchw[c * n_pixels + i];
    }
    return nhwc;
}

/* The stream `input` of the formula, 2u - 1, [1,3,300,300]. */
static inline float *formula_input(ftdn_arena *arena, ftdn_shape shape)
{
    size_t n = ftdn_shape_elements(shape);
    float *nchw = FTDN_NEW(arena, n, float, NULL);
    for (size_t i = 0; i < n; i++) nchw[i] = (float)(2 * ftdn_formula_uniform("input", 0, i) - 1);
    return to_nhwc(arena, nchw, shape);
}

/* The heads' maps of one image, one behind the other, out of either memory. */
static inline float *read_heads(ftdn_arena *arena, const ftdn_network *network, const ftdn_context *context,
                                const int *head, size_t n_values)
{
    ftdn_error err;
    float *values = FTDN_NEW(arena, (size_t)network->n_priors * n_values, float, &err), *next = values;
    assert_non_null(values);
    for (int i = 0; i < network->n_heads; i++) {
        FTDN_ASSERT_OK(ftdn_context_read(context, head[i], next, &err), err);
        next += ftdn_shape_elements(network->graph.node[head[i]].shape);
    }
    assert_true(next == values + (size_t)network->n_priors * n_values);
    return values;
}

/* Run one image; maps: [n_maps] outputs more, checked by the caller through `inspect`. */
static inline answers run_network(ftdn_arena *arena, const ftdn_network *network, const ftdn_weights *weights,
                                  const golden_backend *on, const float *x, const int *maps, int n_maps,
                                  void (*inspect)(const ftdn_map *map, int index, const void *user), const void *user)
{
    ftdn_error err;
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
    int outputs[64];
    ftdn_network_output_nodes(network, outputs);
    int n_outputs = 2 * network->n_heads;
    for (int i = 0; i < n_maps; i++) outputs[n_outputs++] = maps[i];
    assert_true(n_outputs <= 64);
    const ftdn_compile_desc desc = {
        .outputs = outputs,
        .n_outputs = n_outputs,
        .conv_algorithm = on->algorithm,
        .micro_batch = on->micro_batch,
    };
    FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find(on->name), &network->graph, &desc, &program, &err), err);
    FTDN_ASSERT_OK(ftdn_packed_create(program, weights, 2, &packed, &err), err);
    FTDN_ASSERT_OK(ftdn_context_create(program, &context, &err), err);
    const ftdn_input input = {.n_images = 1, .values = x};
    FTDN_ASSERT_OK(ftdn_forward(context, packed, &input, NULL, &err), err);
    answers result = {
        .logits = read_heads(arena, network, context, network->class_head, (size_t)network->n_classes + 1),
        .locations = read_heads(arena, network, context, network->box_head, 4),
    };
    for (int i = 0; i < n_maps; i++) {
        ftdn_map map = ftdn_context_map(context, maps[i]);
        map.values = FTDN_NEW(arena, ftdn_shape_elements(map.shape), float, &err);
        FTDN_ASSERT_OK(ftdn_context_read(context, maps[i], map.values, &err), err);
        inspect(&map, i, user);
    }
    ftdn_context_free(context);
    ftdn_packed_free(packed);
    ftdn_program_free(program);
    return result;
}

/* Every value within tolerance of the largest golden magnitude. */
static inline void assert_near(const char *what, const float *actual, const ftdn_test_npy *golden, double tolerance)
{
    double largest = 0, worst = 0;
    for (size_t i = 0; i < golden->n_elements; i++) {
        double difference = fabs((double)actual[i] - (double)golden->values[i]);
        largest = fmax(largest, fabs((double)golden->values[i]));
        if (!(difference <= worst)) worst = difference;
    }
    print_message("%s: largest difference %.2e of the largest magnitude %.3g\n", what, worst / largest, largest);
    if (!(worst <= tolerance * largest)) fail_msg("%s: %g is over %g", what, worst / largest, tolerance);
}

static inline ftdn_test_npy golden(ftdn_arena *arena, const char *folder, const char *name, const char *what)
{
    char *relative = ftdn_arena_format(arena, NULL, "golden/%s/%s.%s.npy", folder, name, what);
    return ftdn_test_load_npy(arena, ftdn_test_shared_path(arena, relative));
}

typedef struct golden_layers {
    ftdn_arena *arena;
    const ftdn_json *layers;
} golden_layers;

/* A convolution's direct output: shape, first values in [C,H,W] order, and the Euclidean norm. */
static inline void check_layer(const ftdn_map *map, int index, const void *user)
{
    const golden_layers *expected = user;
    const ftdn_json *layer = expected->layers->child[index];
    const ftdn_json *shape = ftdn_json_find(layer, "shape"), *first = ftdn_json_find(layer, "first16");
    assert_int_equal(map->shape.c, (int)shape->child[1]->number);
    assert_int_equal(map->shape.h, (int)shape->child[2]->number);
    assert_int_equal(map->shape.w, (int)shape->child[3]->number);
    double sum = 0,
           largest = fmax(fabs(ftdn_json_find(layer, "min")->number), fabs(ftdn_json_find(layer, "max")->number));
    for (size_t i = 0; i < ftdn_shape_elements(map->shape); i++) sum += (double)map->values[i] * (double)map->values[i];
    double norm = ftdn_json_find(layer, "l2")->number;
    const char *key = ftdn_json_find(layer, "key")->string;
    if (!(fabs(sqrt(sum) - norm) <= FORMULA_TOLERANCE * norm)) fail_msg("%s: norm %g, not %g", key, sqrt(sum), norm);
    for (int i = 0; i < first->n_children; i++) { /* element i of [C,H,W] */
        int area = map->shape.h * map->shape.w;
        double value = (double)map->values[(i % area) * map->shape.c + i / area];
        if (!(fabs(value - first->child[i]->number) <= FORMULA_TOLERANCE * largest)) {
            fail_msg("%s: element %d is %g, not %g", key, i, value, first->child[i]->number);
        }
    }
}

static inline void assert_paper_network(const char *name, const golden_backend *on)
{
    ftdn_test_require_shared();
    ftdn_arena arena;
    ftdn_network network;
    ftdn_weights weights;
    ftdn_error err;
    ftdn_arena_init(&arena);
    const ftdn_network_desc desc = {.name = name, .n_classes = 20};
    FTDN_ASSERT_OK(ftdn_network_create(&desc, &arena, &network, &err), err);
    FTDN_ASSERT_OK(ftdn_weights_formula(&network.graph, 0, &arena, &weights, &err), err);

    char *json_path = ftdn_test_shared_path(&arena, ftdn_arena_format(&arena, &err, "golden/nets/%s.json", name));
    golden_layers layers = {&arena, ftdn_json_find(ftdn_test_load_json(&arena, json_path), "layers")};
    int maps[32];
    assert_true(layers.layers->n_children >= 13 && layers.layers->n_children <= 32);
    for (int i = 0; i < layers.layers->n_children; i++) {
        int layer = ftdn_test_find_layer(&network.graph, ftdn_json_find(layers.layers->child[i], "key")->string);
        maps[i] = network.graph.layer[layer].conv;
    }
    bool is_direct = on->algorithm == FTDN_CONV_DIRECT;
    const float *x = formula_input(&arena, network.graph.node[0].shape);
    /* With the convolutions' outputs visible nothing is folded; without, as a trial runs it. */
    for (int unfolded = 0; unfolded <= is_direct; unfolded++) {
        answers found = run_network(&arena, &network, &weights, on, x, maps, unfolded ? layers.layers->n_children : 0,
                                    check_layer, &layers);
        ftdn_test_npy logits = golden(&arena, "nets", name, "logits"),
                      locations = golden(&arena, "nets", name, "locations");
        assert_int_equal(logits.n_elements, network.n_priors * 21);
        double tolerance = is_direct                             ? FORMULA_TOLERANCE
                           : on->algorithm == FTDN_CONV_TF32 ? TF32_TOLERANCE
                                                             : WINOGRAD_TOLERANCE;
        assert_near("logits", found.logits, &logits, tolerance);
        assert_near("locations", found.locations, &locations, tolerance);

        ftdn_test_npy boxes = golden(&arena, "nets", name, "boxes");
        const float *priors = ftdn_network_priors(&network, &weights);
        for (int p = 0; p < network.n_priors && is_direct; p++) {
            float corners[4];
            ftdn_box_decode(&network, found.locations + 4 * p, priors + 4 * p, corners);
            for (int i = 0; i < 4; i++) assert_true(fabsf(corners[i] - boxes.values[4 * p + i]) <= 1e-4f);
        }
        if (!strcmp(on->name, "ref")) break; /* the plain loops fold nothing: once is enough */
    }
    ftdn_arena_done(&arena);
}

static inline void assert_trained_network(const golden_backend *on)
{
    ftdn_test_require_shared();
    ftdn_arena arena;
    ftdn_network network;
    ftdn_tensor_file file;
    ftdn_weights weights;
    ftdn_error err;
    ftdn_arena_init(&arena);
    const ftdn_network_desc desc = {.name = "ssd_mobilenet_v1_tf", .n_classes = 20};
    char *path = ftdn_test_shared_path(&arena, "data/weights/ssd_mobilenet_v1_075_coco.safetensors");
    FTDN_ASSERT_OK(ftdn_network_create(&desc, &arena, &network, &err), err);
    FTDN_ASSERT_OK(ftdn_tensor_file_load(path, &arena, &file, &err), err);
    FTDN_ASSERT_OK(ftdn_weights_bind(&network.graph, &file, &arena, &weights, &err), err);
    static const char *const images[] = {"000021", "000023"};
    for (int i = 0; i < 2; i++) {
        const char *image = images[i];
        ftdn_test_npy input = golden(&arena, "real", image, "input");
        ftdn_test_npy logits = golden(&arena, "real", image, "logits"),
                      locations = golden(&arena, "real", image, "locations");
        const float *x = to_nhwc(&arena, input.values, network.graph.node[0].shape);
        answers found = run_network(&arena, &network, &weights, on, x, NULL, 0, NULL, NULL);
        for (size_t e = 0; e < logits.n_elements; e++)
            assert_true(fabs((double)found.logits[e] - (double)logits.values[e]) <= REAL_TOLERANCE);
        assert_near("logits", found.logits, &logits, REAL_TOLERANCE);
        assert_near("locations", found.locations, &locations, REAL_TOLERANCE);
    }
    ftdn_arena_done(&arena);
}

#endif
