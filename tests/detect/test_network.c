#include "detect/network.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/arena_per_test.h"
#include "tests/support/find_layer.h"

static void assert_close(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance)) fail_msg("%.17g is not within %g of %.17g", found, tolerance, expected);
}

static ftdn_network create(const char *name, double width)
{
    ftdn_network network;
    ftdn_network_desc desc = {.name = name, .n_classes = 20, .width = width};
    FTDN_ASSERT_OK(ftdn_network_create(&desc, &arena, &network, &err), err);
    assert_string_equal(network.name, name);
    assert_int_equal(network.n_classes, 20);
    return network;
}

/* The graph has the parameter with these dimensions. */
static void assert_param(const ftdn_graph *graph, const char *name, const ftdn_json *dims)
{
    int index = ftdn_graph_find_param(graph, name);
    if (index < 0) fail_msg("parameter '%s' is missing", name);
    assert_int_equal(graph->param[index].n_dims, dims->n_children);
    for (int i = 0; i < dims->n_children; i++) assert_int_equal(graph->param[index].dims[i], dims->child[i]->number);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n_text = strlen(text), n_end = strlen(end);
    return n_text >= n_end && !strcmp(text + n_text - n_end, end);
}

static const ftdn_json *load_golden(const char *name, const char *suffix)
{
    char relative[100];
    snprintf(relative, sizeof relative, "golden/nets/%s%s", name, suffix);
    return ftdn_test_load_json(&arena, ftdn_test_shared_path(&arena, relative));
}

static void parameter_counts_are_the_published_ones(void **state)
{
    (void)state;
    ftdn_network vgg16 = create("ssd_vgg16", 0), mobilenet = create("ssd_mobilenet_v1", 0);
    assert_int_equal(ftdn_graph_n_trained(&vgg16.graph), 26285998);
    assert_int_equal(ftdn_graph_n_trained(&mobilenet.graph), 9468996);
}

static void assert_matches_checkpoint(const char *name)
{
    ftdn_test_require_shared();
    ftdn_network network = create(name, 0);
    const ftdn_graph *graph = &network.graph;
    const ftdn_json *root = load_golden(name, ".json");
    const ftdn_json *keys = ftdn_json_find(root, "keys");
    int n_known = 0;
    for (int i = 0; i < keys->n_children; i++) {
        if (ends_with(keys->child[i]->key, "num_batches_tracked")) continue;
        assert_param(graph, keys->child[i]->key, keys->child[i]);
        n_known++;
    }
    assert_int_equal(n_known, graph->n_params);

    const ftdn_json *layers = ftdn_json_find(root, "layers");
    assert_true(layers->n_children > 0);
    for (int i = 0; i < layers->n_children; i++) {
        int layer = ftdn_test_find_layer(graph, ftdn_json_find(layers->child[i], "key")->string);
        ftdn_shape shape = graph->node[graph->layer[layer].conv].shape;
        const ftdn_json *dims = ftdn_json_find(layers->child[i], "shape");
        assert_int_equal(shape.c, dims->child[1]->number);
        assert_int_equal(shape.h, dims->child[2]->number);
        assert_int_equal(shape.w, dims->child[3]->number);
        assert_true(graph->layer[layer].roles & FTDN_ROLE_BLOCK_CONV);
    }
}

static void vgg16_has_the_parameters_of_its_checkpoint(void **state)
{
    (void)state;
    assert_matches_checkpoint("ssd_vgg16");
}

static void mobilenet_has_the_parameters_of_its_checkpoint(void **state)
{
    (void)state;
    assert_matches_checkpoint("ssd_mobilenet_v1");
}

/* A safetensors file begins with the length of its JSON header, 8 bytes, little-endian. */
static void mobilenet_tf_has_the_parameters_of_its_file(void **state)
{
    (void)state;
    ftdn_test_require_shared();
    const char *path = ftdn_test_shared_path(&arena, "data/weights/ssd_mobilenet_v1_075_coco.safetensors");
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    unsigned char length[8];
    assert_int_equal(fread(length, 1, 8, file), 8);
    size_t n_header = length[0] | (size_t)length[1] << 8 | (size_t)length[2] << 16;
    char *header = ftdn_arena_alloc(&arena, n_header, 1, &err);
    assert_non_null(header);
    assert_int_equal(fread(header, 1, n_header, file), n_header);
    fclose(file);
    const ftdn_json *root;
    FTDN_ASSERT_OK(ftdn_json_parse(header, n_header, path, &arena, &root, &err), err);

    ftdn_network network = create("ssd_mobilenet_v1_tf", 0);
    assert_close(network.width, 0.75, 0);
    int n_tensors = 0;
    for (int i = 0; i < root->n_children; i++) {
        if (!strcmp(root->child[i]->key, "__metadata__")) continue;
        assert_param(&network.graph, root->child[i]->key, ftdn_json_find(root->child[i], "shape"));
        n_tensors++;
    }
    assert_int_equal(n_tensors, network.graph.n_params);
}

/* By hand, from the sizes and ratios of the published networks. */
static void priors_fill_the_cells_in_their_order(void **state)
{
    (void)state;
    ftdn_network vgg16 = create("ssd_vgg16", 0), mobilenet = create("ssd_mobilenet_v1", 0);
    const double root2 = sqrt(2), root3 = sqrt(3);
    const struct {
        const ftdn_network *network;
        int prior;
        double box[4]; /* cx, cy, w, h in pixels of 300 */
    } expected[] = {
        {&vgg16, 0, {4, 4, 30, 30}},
        {&vgg16, 1, {4, 4, sqrt(30 * 60), sqrt(30 * 60)}},
        {&vgg16, 2, {4, 4, 30 * root2, 30 / root2}},
        {&vgg16, 3, {4, 4, 30 / root2, 30 * root2}},
        {&vgg16, 4, {12, 4, 30, 30}},      /* the next column */
        {&vgg16, 4 * 38, {4, 12, 30, 30}}, /* the next row */
        {&vgg16, 4 * 38 * 38 + 4, {8, 8, 60 * root3, 60 / root3}},
        {&vgg16, 8731, {150, 150, 264 / root2, 300}}, /* 264 * root2 is clamped */
        {&mobilenet, 0, {8, 8, 60, 60}},
        {&mobilenet, 5, {8, 8, 60 / root3, 60 * root3}},
        {&mobilenet, 6 * 19 * 19 + 6 * 11, {48, 48, 105, 105}},
        {&mobilenet, 2995, {150, 150, 300, 300}}, /* sqrt(285 * 330) is clamped */
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        const float *prior = expected[i].network->priors + 4 * expected[i].prior;
        for (int k = 0; k < 4; k++) assert_close(300 * (double)prior[k], expected[i].box[k], 3e-5);
    }
}

static void assert_golden_priors(const char *name, int n_priors)
{
    ftdn_test_require_shared();
    ftdn_network network = create(name, 0);
    char relative[100];
    snprintf(relative, sizeof relative, "golden/nets/%s.priors.npy", name);
    ftdn_test_npy golden = ftdn_test_load_npy(&arena, ftdn_test_shared_path(&arena, relative));
    assert_int_equal(network.n_priors, n_priors);
    assert_int_equal(golden.n_elements, 4 * n_priors);
    const float *priors = ftdn_network_priors(&network, NULL);
    for (size_t i = 0; i < golden.n_elements; i++) assert_close(priors[i], golden.values[i], 1e-6);
}

static void vgg16_has_the_golden_priors(void **state)
{
    (void)state;
    assert_golden_priors("ssd_vgg16", 8732);
}

static void mobilenet_has_the_golden_priors(void **state)
{
    (void)state;
    assert_golden_priors("ssd_mobilenet_v1", 3000);
}

static void mobilenet_tf_reads_its_priors_from_the_weights(void **state)
{
    (void)state;
    ftdn_network network = create("ssd_mobilenet_v1_tf", 0);
    assert_int_equal(network.n_priors, 1917);
    assert_null(network.priors);
    const ftdn_param *param = &network.graph.param[network.prior_param];
    assert_string_equal(param->name, "priors");
    assert_int_equal(param->kind, FTDN_PARAM_CONSTANT);
    assert_int_equal(param->n_elements, 4 * 1917);
    const float mark = 0;
    const float *value[200] = {NULL};
    assert_true(network.graph.n_params <= 200);
    value[network.prior_param] = &mark;
    assert_ptr_equal(ftdn_network_priors(&network, &(ftdn_weights){network.graph.n_params, value}), &mark);
}

/* Layers with a role, their weights (without biases) and the elements of the maps that they hand on. */
typedef struct role_count {
    int n_layers;
    size_t n_weights, n_map_elements;
} role_count;

static role_count count_role(const ftdn_network *network, unsigned role)
{
    const ftdn_graph *graph = &network->graph;
    role_count count = {0};
    for (int i = 0; i < graph->n_layers; i++) {
        if (!(graph->layer[i].roles & role)) continue;
        count.n_layers++;
        count.n_weights += graph->param[graph->node[graph->layer[i].conv].weight].n_elements;
        count.n_map_elements += ftdn_shape_elements(graph->node[graph->layer[i].last].shape);
    }
    return count;
}

static void assert_roles(const ftdn_network *network, int n_features, int n_maps, int n_base)
{
    assert_int_equal(count_role(network, FTDN_ROLE_FEATURE_WEIGHTS).n_layers, n_features);
    assert_int_equal(count_role(network, FTDN_ROLE_FEATURE_MAP).n_layers, n_maps);
    assert_int_equal(count_role(network, FTDN_ROLE_BLOCK_CONV).n_layers, n_features);
    assert_int_equal(count_role(network, FTDN_ROLE_SOURCE).n_layers, 6);
    assert_int_equal(count_role(network, FTDN_ROLE_BASE).n_layers, n_base);
    assert_int_equal(count_role(network, FTDN_ROLE_EXTRA).n_layers, 8);
    assert_int_equal(count_role(network, FTDN_ROLE_HEAD).n_layers, 12);
    assert_int_equal(network->graph.n_layers, n_base + 8 + 12);
}

/* The layers with the role SOURCE are those that feed the heads (a batch norm between them is no layer). */
static void assert_sources(const ftdn_network *network)
{
    const ftdn_graph *graph = &network->graph;
    for (int i = 0; i < network->n_heads; i++) {
        int source = graph->node[network->class_head[i]].input;
        assert_int_equal(graph->node[network->box_head[i]].input, source);
        if (graph->node[source].layer < 0) source = graph->node[source].input;
        const ftdn_layer *layer = &graph->layer[graph->node[source].layer];
        assert_int_equal(layer->last, source);
        assert_true(layer->roles & FTDN_ROLE_SOURCE);
    }
}

static void vgg16_layers_have_their_roles(void **state)
{
    (void)state;
    ftdn_network network = create("ssd_vgg16", 0);
    assert_roles(&network, 13, 13, 15);
    assert_sources(&network);
    assert_int_equal(count_role(&network, FTDN_ROLE_FEATURE_WEIGHTS).n_weights, 14710464);
    assert_int_equal(count_role(&network, FTDN_ROLE_FEATURE_MAP).n_map_elements, 24372480);
    const ftdn_graph *graph = &network.graph;
    assert_true(graph->layer[ftdn_test_find_layer(graph, "base_net.21")].roles & FTDN_ROLE_SOURCE);
    assert_int_equal(graph->layer[ftdn_test_find_layer(graph, "base_net.33")].roles, FTDN_ROLE_BASE | FTDN_ROLE_SOURCE);
    assert_int_equal(graph->layer[ftdn_test_find_layer(graph, "base_net.31")].roles, FTDN_ROLE_BASE);
    assert_int_equal(graph->layer[ftdn_test_find_layer(graph, "extras.3.0")].roles, FTDN_ROLE_EXTRA);
}

static void mobilenet_layers_have_their_roles(void **state)
{
    (void)state;
    ftdn_network network = create("ssd_mobilenet_v1", 0);
    assert_roles(&network, 26, 13, 27);
    assert_sources(&network);
    assert_int_equal(count_role(&network, FTDN_ROLE_FEATURE_WEIGHTS).n_weights, 3184224);
    assert_int_equal(count_role(&network, FTDN_ROLE_FEATURE_MAP).n_map_elements, 4933120);
    const ftdn_graph *graph = &network.graph;
    assert_int_equal(graph->layer[ftdn_test_find_layer(graph, "base_net.0.0")].roles, FTDN_ROLE_BASE);
    assert_true(graph->layer[ftdn_test_find_layer(graph, "base_net.11.3")].roles & FTDN_ROLE_SOURCE);
    assert_false(graph->layer[ftdn_test_find_layer(graph, "base_net.12.0")].roles & FTDN_ROLE_FEATURE_MAP);
}

static void mobilenet_tf_layers_have_their_roles(void **state)
{
    (void)state;
    ftdn_network network = create("ssd_mobilenet_v1_tf", 0);
    assert_roles(&network, 26, 13, 27);
    assert_sources(&network);
    const ftdn_graph *graph = &network.graph;
    assert_true(graph->layer[ftdn_test_find_layer(graph, "block11.pointwise")].roles & FTDN_ROLE_SOURCE);
    assert_true(graph->layer[ftdn_test_find_layer(graph, "extra4.expand")].roles & FTDN_ROLE_SOURCE);
}

static void heads_stand_on_maps_of_falling_size(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int size[6], boxes[6];
    } expected[] = {
        {"ssd_vgg16", {38, 19, 10, 5, 3, 1}, {4, 6, 6, 6, 4, 4}},
        {"ssd_mobilenet_v1", {19, 10, 5, 3, 2, 1}, {6, 6, 6, 6, 6, 6}},
        {"ssd_mobilenet_v1_tf", {19, 10, 5, 3, 2, 1}, {3, 6, 6, 6, 6, 6}},
    };
    for (size_t i = 0; i < 3; i++) {
        ftdn_network network = create(expected[i].name, 0);
        int nodes[2 * FTDN_NETWORK_MAX_HEADS];
        ftdn_network_output_nodes(&network, nodes);
        assert_int_equal(network.n_heads, 6);
        for (int h = 0; h < 6; h++) {
            ftdn_shape classes = network.graph.node[nodes[h]].shape, boxes = network.graph.node[nodes[6 + h]].shape;
            assert_int_equal(classes.h, expected[i].size[h]);
            assert_int_equal(classes.w, expected[i].size[h]);
            assert_int_equal(classes.c, expected[i].boxes[h] * 21);
            assert_int_equal(boxes.h, expected[i].size[h]);
            assert_int_equal(boxes.w, expected[i].size[h]);
            assert_int_equal(boxes.c, expected[i].boxes[h] * 4);
        }
    }
}

static void every_width_builds(void **state)
{
    (void)state;
    static const double widths[] = {0.1, 0.25, 0.3, 0.5, 0.75, 1, 2, 4};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        ftdn_network network = create("ssd_mobilenet_v1", widths[i]);
        const ftdn_graph *graph = &network.graph;
        assert_int_equal(network.n_priors, 3000);
        int stem = graph->layer[ftdn_test_find_layer(graph, "base_net.0.0")].last;
        int block13 = graph->layer[ftdn_test_find_layer(graph, "base_net.13.3")].last;
        int extra = graph->layer[ftdn_test_find_layer(graph, "extras.0.2")].last;
        assert_int_equal(graph->node[stem].shape.c, lround(32 * widths[i]));
        assert_int_equal(graph->node[block13].shape.c, lround(1024 * widths[i]));
        assert_int_equal(graph->node[extra].shape.c, lround(512 * widths[i]));

        ftdn_network tf = create("ssd_mobilenet_v1_tf", widths[i]);
        assert_int_equal(tf.n_priors, 1917);
        int last_extra = tf.graph.layer[ftdn_test_find_layer(&tf.graph, "extra4.expand")].last;
        assert_int_equal(tf.graph.node[last_extra].shape.c, lround(128 * widths[i]));

        ftdn_network vgg16 = create("ssd_vgg16", widths[i]);
        assert_int_equal(vgg16.n_priors, 8732);
        static const struct {
            const char *layer;
            int n_channels;
        } layers[] = {{"base_net.0", 64},    {"base_net.28", 512}, {"base_net.31", 1024},
                      {"base_net.33", 1024}, {"extras.0.0", 256},  {"extras.3.2", 256}};
        for (size_t l = 0; l < sizeof layers / sizeof *layers; l++) {
            int last = vgg16.graph.layer[ftdn_test_find_layer(&vgg16.graph, layers[l].layer)].last;
            assert_int_equal(vgg16.graph.node[last].shape.c, lround(layers[l].n_channels * widths[i]));
        }
    }
}

/* Each convolution of the base, and no other, has a batch norm in the place of its bias; all else is as without. */
static void batch_norms_take_the_place_of_biases_in_the_base(void **state)
{
    (void)state;
    ftdn_network network;
    const ftdn_network_desc desc = {.name = "ssd_vgg16", .n_classes = 20, .width = 0.25, .batch_norms = true};
    FTDN_ASSERT_OK(ftdn_network_create(&desc, &arena, &network, &err), err);
    ftdn_network plain = create("ssd_vgg16", 0.25);
    assert_roles(&network, 13, 13, 15);
    assert_sources(&network);
    assert_int_equal(network.graph.n_nodes, plain.graph.n_nodes + 15);
    assert_int_equal(network.graph.n_params, plain.graph.n_params + 15 * (4 - 1));
    for (int i = 0; i < network.graph.n_layers; i++) {
        const ftdn_layer *layer = &network.graph.layer[i], *other = &plain.graph.layer[i];
        const ftdn_node *conv = &network.graph.node[layer->conv], *behind = conv + 1;
        bool is_base = layer->roles & FTDN_ROLE_BASE;
        assert_string_equal(layer->name, other->name);
        assert_int_equal(layer->roles, other->roles);
        assert_memory_equal(&conv->shape, &plain.graph.node[other->conv].shape, sizeof conv->shape);
        assert_int_equal(conv->bias < 0, is_base);
        assert_int_equal(behind->op == FTDN_OP_BATCH_NORM && behind->layer == i, is_base);
    }
    assert_true(ftdn_graph_find_param(&network.graph, "base_net.33.norm.running_var") >= 0);
}

static void inputs_are_normalised_as_published(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        float mean[3], scale;
        ftdn_score_kind score_kind;
    } expected[] = {
        {"ssd_vgg16", {123, 117, 104}, 1, FTDN_SCORE_SOFTMAX},
        {"ssd_mobilenet_v1", {127, 127, 127}, 128, FTDN_SCORE_SOFTMAX},
        {"ssd_mobilenet_v1_tf", {128, 128, 128}, 128, FTDN_SCORE_SIGMOID},
    };
    int n_names;
    const char *const *names = ftdn_network_names(&n_names);
    assert_int_equal(n_names, 3);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(names[i], expected[i].name);
        ftdn_network network = create(names[i], 0);
        assert_int_equal(network.input_size, 300);
        assert_int_equal(network.score_kind, expected[i].score_kind);
        assert_close(network.centre_variance, 0.1f, 0);
        assert_close(network.size_variance, 0.2f, 0);
        for (int c = 0; c < 3; c++) {
            assert_close(network.mean[c], expected[i].mean[c], 0);
            assert_close(network.scale[c], expected[i].scale, 0);
        }
    }
}

static void bad_descriptions_are_refused(void **state)
{
    (void)state;
    static const struct {
        ftdn_network_desc desc;
        const char *message;
    } bad[] = {
        {{"ssd_vg16", 20, 0, false}, "there is no network 'ssd_vg16'; did you mean 'ssd_vgg16'?"},
        {{"ssd_mobilnet_v1", 20, 0, false}, "there is no network 'ssd_mobilnet_v1'; did you mean 'ssd_mobilenet_v1'?"},
        {{"yolo", 20, 0, false},
         "there is no network 'yolo'; known are 'ssd_vgg16', 'ssd_mobilenet_v1' and 'ssd_mobilenet_v1_tf'"},
        {{"", 20, 0, false}, "there is no network ''"},
        {{"ssd_vgg16", 20, 0.05, false}, "network 'ssd_vgg16': width 0.05 is outside [0.1, 4]"},
        {{"ssd_mobilenet_v1", 20, 1, true}, "network 'ssd_mobilenet_v1' has batch norms of its own"},
        {{"ssd_mobilenet_v1", 20, 0.05, false}, "network 'ssd_mobilenet_v1': width 0.05 is outside [0.1, 4]"},
        {{"ssd_mobilenet_v1", 20, -1, false}, "width -1 is outside [0.1, 4]"},
        {{"ssd_mobilenet_v1_tf", 20, 4.5, false}, "width 4.5 is outside [0.1, 4]"},
        {{"ssd_mobilenet_v1", 20, (double)NAN, false}, "nan is outside [0.1, 4]"},
        {{"ssd_vgg16", 0, 0, false}, "network 'ssd_vgg16': 0 classes: the number is outside [1, 1000]"},
        {{"ssd_vgg16", 1001, 1, false}, "network 'ssd_vgg16': 1001 classes: the number is outside [1, 1000]"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ftdn_network network = {.n_heads = -1};
        FTDN_ASSERT_FAILS(ftdn_network_create(&bad[i].desc, &arena, &network, &err), FTDN_ERR_ARG, bad[i].message, err);
        assert_int_equal(network.n_heads, -1);
    }
}

static void the_number_of_classes_sets_the_columns(void **state)
{
    (void)state;
    static const int counts[] = {1, 2, 1000};
    for (size_t i = 0; i < 3; i++) {
        ftdn_network network;
        ftdn_network_desc desc = {.name = "ssd_mobilenet_v1", .n_classes = counts[i], .width = 0.25};
        FTDN_ASSERT_OK(ftdn_network_create(&desc, &arena, &network, &err), err);
        assert_int_equal(network.graph.node[network.class_head[0]].shape.c, 6 * (counts[i] + 1));
    }
}

static void every_refused_allocation_is_an_error(void **state)
{
    (void)state;
    int n_names;
    const char *const *names = ftdn_network_names(&n_names);
    for (int i = 0; i < n_names; i++) {
        ftdn_status status = FTDN_ERR_MEMORY;
        long k = 0;
        for (; status != FTDN_OK; k++) {
            err = (ftdn_error){0};
            ftdn_arena_fail_after(&arena, k);
            ftdn_network network = {.n_heads = -1};
            ftdn_network_desc desc = {.name = names[i], .n_classes = 20};
            status = ftdn_network_create(&desc, &arena, &network, &err);
            if (status != FTDN_OK) {
                assert_int_equal(status, FTDN_ERR_MEMORY);
                assert_int_equal(err.status, FTDN_ERR_MEMORY);
                assert_int_equal(network.n_heads, -1);
            }
        }
        assert_true(k > 100);
    }
}

/* Run a network, take its answer out of the maps and put it into others: they hold the same. */
static void what_is_gathered_is_scattered_to_where_it_was(void **state)
{
    (void)state;
    ftdn_weights weights;
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
    int node[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_map map[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_network network = create("ssd_mobilenet_v1", 0.1);
    ftdn_network_output_nodes(&network, node);
    const ftdn_compile_desc desc = {.outputs = node, .n_outputs = 2 * network.n_heads, .micro_batch = 1};
    float *pixels = FTDN_NEW(&arena, (size_t)300 * 300 * 3, float, &err);
    float *logits = FTDN_NEW(&arena, (size_t)network.n_priors * 21, float, &err);
    float *locations = FTDN_NEW(&arena, (size_t)network.n_priors * 4, float, &err);
    assert_true(pixels && logits && locations);
    for (int i = 0; i < 300 * 300 * 3; i++) pixels[i] = (float)(i % 251) / 251;
    FTDN_ASSERT_OK(ftdn_weights_formula(&network.graph, 0, &arena, &weights, &err), err);
    FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find("cpu"), &network.graph, &desc, &program, &err), err);
    FTDN_ASSERT_OK(ftdn_packed_create(program, &weights, 1, &packed, &err), err);
    FTDN_ASSERT_OK(ftdn_context_create(program, &context, &err), err);
    FTDN_ASSERT_OK(ftdn_forward(context, packed, &(ftdn_input){.n_images = 1, .values = pixels}, NULL, &err), err);
    ftdn_network_gather(&network, context, 0, logits, locations);
    for (int i = 0; i < 2 * network.n_heads; i++) {
        map[i] = ftdn_context_map(context, node[i]);
        map[i].values = FTDN_NEW(&arena, ftdn_shape_elements(map[i].shape), float, &err);
        assert_non_null(map[i].values);
    }
    ftdn_network_scatter(&network, logits, locations, map);
    for (int i = 0; i < 2 * network.n_heads; i++) {
        const ftdn_map answer = ftdn_context_map(context, node[i]);
        assert_memory_equal(map[i].values, answer.values, ftdn_shape_elements(answer.shape) * sizeof(float));
    }
    ftdn_context_free(context);
    ftdn_packed_free(packed);
    ftdn_program_free(program);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(parameter_counts_are_the_published_ones),
        FTDN_ARENA_TEST(vgg16_has_the_parameters_of_its_checkpoint),
        FTDN_ARENA_TEST(mobilenet_has_the_parameters_of_its_checkpoint),
        FTDN_ARENA_TEST(mobilenet_tf_has_the_parameters_of_its_file),
        FTDN_ARENA_TEST(priors_fill_the_cells_in_their_order),
        FTDN_ARENA_TEST(vgg16_has_the_golden_priors),
        FTDN_ARENA_TEST(mobilenet_has_the_golden_priors),
        FTDN_ARENA_TEST(mobilenet_tf_reads_its_priors_from_the_weights),
        FTDN_ARENA_TEST(vgg16_layers_have_their_roles),
        FTDN_ARENA_TEST(mobilenet_layers_have_their_roles),
        FTDN_ARENA_TEST(mobilenet_tf_layers_have_their_roles),
        FTDN_ARENA_TEST(heads_stand_on_maps_of_falling_size),
        FTDN_ARENA_TEST(every_width_builds),
        FTDN_ARENA_TEST(batch_norms_take_the_place_of_biases_in_the_base),
        FTDN_ARENA_TEST(inputs_are_normalised_as_published),
        FTDN_ARENA_TEST(bad_descriptions_are_refused),
        FTDN_ARENA_TEST(the_number_of_classes_sets_the_columns),
        FTDN_ARENA_TEST(every_refused_allocation_is_an_error),
        FTDN_ARENA_TEST(what_is_gathered_is_scattered_to_where_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
