/* What protectors make of a graph. */
#include "protectors/protector.h"

#include "detect/network.h"
#include "tests/protectors/small_networks.h"
#include "tests/support/arena_per_test.h"

/* Does node n read parameter p? */
static bool reads_param(const ftdn_node *node, int p)
{
    if (node->op == FTDN_OP_CONV) return node->weight == p || node->bias == p;
    if (node->op != FTDN_OP_BATCH_NORM) return false;
    return node->bn_scale == p || node->bn_shift == p || node->bn_mean == p || node->bn_var == p;
}

static void assert_originals_come_first(const ftdn_protection *protection)
{
    const ftdn_graph *from = protection->desc.graph, *to = protection->graph;
    for (int p = 0; p < from->n_params; p++) {
        assert_string_equal(to->param[p].name, from->param[p].name);
        assert_int_equal(to->param[p].n_elements, from->param[p].n_elements);
        assert_ptr_equal(protection->clean.value[p], protection->desc.weights->value[p]);
    }
    for (int l = 0; l < from->n_layers; l++) {
        assert_string_equal(to->layer[l].name, from->layer[l].name);
        assert_int_equal(to->layer[l].original, l);
        assert_int_equal(to->layer[l].roles, from->layer[l].roles);
        assert_string_equal(to->node[to->layer[l].conv].name, from->node[from->layer[l].conv].name);
        assert_string_equal(to->node[to->layer[l].last].name, from->node[from->layer[l].last].name);
        assert_null(to->layer[l].channel);
        assert_null(to->layer[l].copy);
    }
}

/* Parameters have the shapes that their nodes want, names are unique, nodes read earlier nodes only. */
static void assert_graph_is_sound(const ftdn_graph *graph)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        const ftdn_node *node = &graph->node[i];
        for (int j = 0; j < i; j++) assert_string_not_equal(node->name, graph->node[j].name);
        assert_true(node->input < i && (node->input >= 0 || i == 0));
        for (int c = 0; c < node->n_copies; c++) assert_in_range(node->copy[c], 1, i - 1);
        assert_true(node->layer >= -1 && node->layer < graph->n_layers);
        if (node->op == FTDN_OP_CONV) {
            const ftdn_param *weight = &graph->param[node->weight];
            assert_int_equal(weight->dims[0], node->shape.c);
            assert_int_equal(weight->dims[1] * node->groups, graph->node[node->input].shape.c);
            assert_int_equal(weight->n_elements, weight->dims[0] * weight->dims[1] * weight->dims[2] * weight->dims[3]);
            if (node->bias >= 0) assert_int_equal(graph->param[node->bias].n_elements, node->shape.c);
        }
        if (node->op == FTDN_OP_BATCH_NORM) {
            assert_int_equal(graph->param[node->bn_mean].n_elements, node->shape.c);
            assert_int_equal(graph->node[node->input].shape.c, node->shape.c);
        }
    }
    for (int p = 0; p < graph->n_params; p++) {
        for (int q = 0; q < p; q++) assert_string_not_equal(graph->param[p].name, graph->param[q].name);
        int node = graph->param[p].node;
        if (node >= 0) assert_true(reads_param(&graph->node[node], p));
    }
    for (int l = 0; l < graph->n_layers; l++) {
        const ftdn_layer *layer = &graph->layer[l];
        for (int m = 0; m < l; m++) assert_string_not_equal(layer->name, graph->layer[m].name);
        assert_int_equal(graph->node[layer->conv].op, FTDN_OP_CONV);
        assert_int_equal(graph->node[layer->conv].layer, l);
        if (layer->last >= 0) assert_int_equal(graph->node[layer->last].layer, l);
    }
}

static void assert_all_kinds_are_sound(const small_network *network)
{
    for (int i = 0; i < N_KINDS; i++) {
        ftdn_protection_desc desc = fill_desc(&kinds[i], &network->graph, &arena);
        const ftdn_protection *protection = protect_with(desc, network, &arena);
        assert_originals_come_first(protection);
        assert_graph_is_sound(protection->graph);
        assert_int_equal(protection->clean.n_params, protection->graph->n_params);
        for (int n = 0; n < network->graph.n_nodes; n++) {
            ftdn_shape was = network->graph.node[n].shape, is = protection->graph->node[protection->node_of[n]].shape;
            assert_memory_equal(&was, &is, sizeof was);
        }
        for (int p = 0; p < protection->clean.n_params; p++) assert_non_null(protection->clean.value[p]);
    }
}

static void small_networks_stay_sound(void **state)
{
    (void)state;
    small_network plain, blocks;
    build_plain(&plain, &arena);
    build_blocks(&blocks, &arena);
    assert_all_kinds_are_sound(&plain);
    assert_all_kinds_are_sound(&blocks);
}

static void all_detectors_stay_sound(void **state)
{
    (void)state;
    int n_names;
    const char *const *names = ftdn_network_names(&n_names);
    for (int i = 0; i < n_names; i++) {
        ftdn_network detector;
        const ftdn_network_desc desc = {.name = names[i], .n_classes = 20};
        FTDN_ASSERT_OK(ftdn_network_create(&desc, &arena, &detector, &err), err);
        small_network network = {.graph = detector.graph};
        int n_params = detector.graph.n_params;
        float *zeros = FTDN_NEW(&arena, 3 * 3 * 1024 * 1024, float, &err);
        network.weights = (ftdn_weights){n_params, FTDN_NEW(&arena, (size_t)n_params, const float *, &err)};
        assert_true(zeros && network.weights.value);
        for (int p = 0; p < n_params; p++) network.weights.value[p] = zeros;
        assert_all_kinds_are_sound(&network);
    }
}

static void without_copies_or_ranges_the_graph_stays(void **state)
{
    (void)state;
    small_network network;
    build_blocks(&network, &arena);
    for (int i = 0; i < N_KINDS; i++) {
        ftdn_protection_desc desc = {.protector = kinds[i].protector, .merge = kinds[i].merge};
        const ftdn_protection *protection = protect_with(desc, &network, &arena);
        bool is_d2nn = desc.protector == &ftdn_protector_d2nn;
        assert_int_equal(protection->secondary_of != NULL, is_d2nn);
        for (int n = 0; n < network.graph.n_nodes; n++) assert_int_equal(protection->node_of[n], n);
        if (!is_d2nn) assert_ptr_equal(protection->graph, &network.graph);
        assert_int_equal(protection->graph->n_params, network.graph.n_params);
    }
}

static void kernel_recovery_keeps_the_graph(void **state)
{
    (void)state;
    small_network network;
    build_blocks(&network, &arena);
    const ftdn_protection *protection = protect_with(fill_desc(&kinds[KR], &network.graph, &arena), &network, &arena);
    assert_ptr_equal(protection->graph, &network.graph);
}

static void copies_of_plain_convolutions_meet_behind_the_activation(void **state)
{
    (void)state;
    small_network network;
    build_plain(&network, &arena);
    const ftdn_graph *from = &network.graph;
    const ftdn_protection *protection = protect_with(fill_desc(&kinds[FMR], from, &arena), &network, &arena);
    const ftdn_graph *to = protection->graph;
    assert_node_reads(to, "conv1:copy1", "input");
    assert_node_reads(to, "conv1:relu:copy1", "conv1:copy1");
    assert_node_reads(to, "conv1:merge", "conv1:relu");
    assert_node_reads(to, "pool", "conv1:merge");
    assert_node_reads(to, "conv2", "pool");
    assert_node_reads(to, "conv2:copy1", "pool");
    assert_node_reads(to, "norm", "conv2:merge");
    assert_node_reads(to, "conv3", "conv2:merge");
    assert_node_reads(to, "conv3:copy1", "conv2:merge");
    assert_node_reads(to, "head", "conv3:merge");

    const ftdn_node *merge = &to->node[find_node(to, "conv2:merge")];
    assert_int_equal(merge->op, FTDN_OP_MERGE);
    assert_int_equal(merge->merge, FTDN_MERGE_MEAN);
    assert_int_equal(merge->n_copies, 1);
    assert_int_equal(merge->copy[0], find_node(to, "conv2:relu:copy1"));
    assert_int_equal(merge->n_merged, 3);
    for (int j = 0; j < 3; j++) assert_int_equal(merge->merged[j], 2 * j + 1);
    assert_int_equal(to->node[merge->copy[0]].shape.c, 3);
    assert_int_equal(protection->node_of[find_node(from, "conv2:relu")], find_node(to, "conv2:merge"));
    assert_int_equal(protection->node_of[find_node(from, "conv2")], find_node(to, "conv2"));

    const ftdn_layer *original = &to->layer[ftdn_test_find_layer(to, "conv2")],
                     *copy = &to->layer[ftdn_test_find_layer(to, "conv2:copy1")];
    assert_string_equal(to->node[original->last].name, "conv2:relu");
    assert_int_equal(copy->original, ftdn_test_find_layer(from, "conv2"));
    assert_int_equal(copy->conv, find_node(to, "conv2:copy1"));
    assert_int_equal(copy->last, find_node(to, "conv2:relu:copy1"));
    assert_int_equal(copy->roles, FEATURE);
    for (int j = 0; j < 3; j++) {
        assert_int_equal(copy->channel[j], 2 * j + 1);
        assert_int_equal(copy->copy[j], 1);
    }
    assert_int_equal(to->n_layers, from->n_layers + 3);
    assert_int_equal(to->n_params, from->n_params + 6);
}

static void copies_of_plain_convolutions_meet_at_the_convolution(void **state)
{
    (void)state;
    small_network network;
    build_plain(&network, &arena);
    const ftdn_graph *from = &network.graph;
    const ftdn_protection *protection =
        protect_with(fill_desc(&kinds[FMR_OF_THREE_AT_CONV], from, &arena), &network, &arena);
    const ftdn_graph *to = protection->graph;
    assert_node_reads(to, "conv2:copy1", "pool");
    assert_node_reads(to, "conv2:copy2", "pool");
    assert_node_reads(to, "conv2:merge", "conv2");
    assert_node_reads(to, "conv2:relu", "conv2:merge");
    assert_node_reads(to, "norm", "conv2:relu");
    const ftdn_node *merge = &to->node[find_node(to, "conv2:merge")];
    assert_int_equal(merge->merge, FTDN_MERGE_MEDIAN);
    assert_int_equal(merge->n_copies, 2);
    assert_int_equal(merge->copy[0], find_node(to, "conv2:copy1"));
    assert_int_equal(merge->copy[1], find_node(to, "conv2:copy2"));
    assert_int_equal(protection->node_of[find_node(from, "conv2:relu")], find_node(to, "conv2:relu"));
    assert_int_equal(protection->node_of[find_node(from, "conv2")], find_node(to, "conv2:merge"));
    const ftdn_layer *original = &to->layer[ftdn_test_find_layer(to, "conv2")];
    assert_int_equal(original->conv, find_node(to, "conv2"));
    assert_int_equal(original->last, find_node(to, "conv2:relu"));
    for (int c = 1; c <= 2; c++) {
        const ftdn_layer *copy = &to->layer[ftdn_test_find_layer(to, c == 1 ? "conv2:copy1" : "conv2:copy2")];
        assert_int_equal(copy->last, -1);
        for (int j = 0; j < 3; j++) assert_int_equal(copy->copy[j], c);
    }
}

/* At either merge point: the depthwise map is never merged. */
static void the_streams_of_a_block_meet_at_its_output_only(void **state)
{
    (void)state;
    for (int kind = FMR; kind <= FMR_AT_CONV; kind++) {
        small_network network;
        build_blocks(&network, &arena);
        const ftdn_graph *from = &network.graph;
        const ftdn_protection *protection = protect_with(fill_desc(&kinds[kind], from, &arena), &network, &arena);
        const ftdn_graph *to = protection->graph;
        const char *output = kind == FMR ? "b1.pw:merge" : "b1.pw:relu";
        assert_node_reads(to, "b1.dw:copy1", "stem:relu");
        assert_node_reads(to, "b1.dwbn:copy1", "b1.dw:copy1");
        assert_node_reads(to, "b1.dw:relu:copy1", "b1.dwbn:copy1");
        assert_node_reads(to, "b1.pw", "b1.dw:relu");
        assert_node_reads(to, "b1.pw:copy1", "b1.dw:relu:copy1");
        assert_node_reads(to, "b2.dw", output);
        assert_node_reads(to, "b2.dw:copy1", output);
        if (kind == FMR) assert_node_reads(to, "b1.pw:merge", "b1.pw:relu");
        else assert_node_reads(to, "b1.pwbn", "b1.pw:merge");
        int depthwise = find_node(from, "b1.dw:relu");
        assert_int_equal(protection->node_of[depthwise], find_node(to, "b1.dw:relu"));
        const ftdn_node *copy = &to->node[find_node(to, "b1.dw:copy1")];
        assert_int_equal(copy->groups, 6);
        assert_int_equal(copy->shape.c, 6);
        assert_int_equal(to->layer[ftdn_test_find_layer(to, "b1.dw:copy1")].last, find_node(to, "b1.dw:relu:copy1"));
        /* Batch norms of copies have the rows of the copied channels. */
        if (kind == FMR) {
            const float *all = network.weights.value[find_param(from, "b1.pwbn.running_mean")];
            const float *copied = protection->clean.value[find_param(to, "b1.pwbn:copy1.running_mean")];
            for (int j = 0; j < 4; j++) assert_true(copied[j] == all[2 * j + 1]);
        }
    }
}

static void a_merged_layer_without_activation_hands_on_the_merged_map(void **state)
{
    (void)state;
    small_network network;
    ftdn_graph *graph = &network.graph;
    ftdn_graph_init(graph, &arena);
    int x = ftdn_graph_add_input(graph, (ftdn_shape){4, 4, 3});
    x = ftdn_graph_add_conv_layer(graph, x,
                                  &(ftdn_conv_layer_desc){.name = "a", .n_outputs = 4, .kernel = 1, .roles = FEATURE});
    x = ftdn_graph_add_conv_layer(graph, x, &(ftdn_conv_layer_desc){.name = "b", .n_outputs = 2, .kernel = 1});
    finish_network(&network, x, &arena);
    const ftdn_protection *protection = protect_with(fill_desc(&kinds[FMR_AT_CONV], graph, &arena), &network, &arena);
    const ftdn_layer *layer = &protection->graph->layer[0];
    assert_int_equal(layer->conv, find_node(protection->graph, "a"));
    assert_int_equal(layer->last, find_node(protection->graph, "a:merge"));
    protection = protect_with(fill_desc(&kinds[FMR], graph, &arena), &network, &arena);
    assert_int_equal(protection->graph->layer[0].last, find_node(protection->graph, "a"));
    assert_int_equal(err.status, FTDN_OK);
}

static void a_second_network_shares_what_is_not_copied(void **state)
{
    (void)state;
    small_network network;
    build_plain(&network, &arena);
    const ftdn_graph *from = &network.graph;
    const ftdn_protection *protection = protect_with(fill_desc(&kinds[D2NN], from, &arena), &network, &arena);
    const ftdn_graph *to = protection->graph;
    int n_nodes = from->n_nodes, n_layers = from->n_layers;
    assert_int_equal(to->n_nodes, 2 * n_nodes - 1);
    assert_int_equal(to->n_layers, 2 * n_layers);
    assert_int_equal(to->n_params, from->n_params + 3);
    assert_int_equal(protection->secondary_of[0], 0);
    assert_node_reads(to, "conv1:secondary", "input");
    assert_node_reads(to, "pool:secondary", "conv1:relu:secondary");
    assert_node_reads(to, "head:secondary", "conv3:relu:secondary");
    for (int n = 1; n < n_nodes; n++) {
        const ftdn_node *primary = &to->node[protection->node_of[n]], *second = &to->node[protection->secondary_of[n]];
        assert_string_equal(primary->name, from->node[n].name);
        assert_int_equal(second->op, primary->op);
        if (primary->layer >= 0) assert_int_equal(second->layer, primary->layer + n_layers);
        if (primary->op == FTDN_OP_BATCH_NORM) assert_int_equal(second->bn_mean, primary->bn_mean);
        if (primary->op == FTDN_OP_CONV) assert_int_equal(second->bias, primary->bias);
    }
    int conv2 = ftdn_test_find_layer(from, "conv2"), head = ftdn_test_find_layer(from, "head");
    assert_string_equal(to->param[to->node[to->layer[n_layers + conv2].conv].weight].name, "conv2:secondary.weight");
    assert_int_equal(to->node[to->layer[n_layers + head].conv].weight, find_param(from, "head.weight"));
    assert_string_equal(to->layer[n_layers + conv2].name, "conv2:secondary");
    assert_int_equal(to->layer[n_layers + conv2].original, conv2);
    assert_null(to->layer[n_layers + conv2].channel);
    for (int k = 0; k < 6; k++) assert_int_equal(to->layer[n_layers + conv2].copy[k], k % 2);
    assert_int_equal(to->layer[n_layers + head].original, head);
    assert_null(to->layer[n_layers + head].copy);
}

static void clips_stand_behind_the_layers_with_a_range(void **state)
{
    (void)state;
    small_network network;
    build_plain(&network, &arena);
    int conv2 = ftdn_test_find_layer(&network.graph, "conv2"), head = ftdn_test_find_layer(&network.graph, "head");
    const ftdn_layer_range range[] = {{head, -1, 1}, {conv2, 0, 2.5f}};
    ftdn_protection_desc desc = {.protector = &ftdn_protector_clip, .range = range, .n_ranges = 2};
    const ftdn_protection *protection = protect_with(desc, &network, &arena);
    const ftdn_graph *to = protection->graph;
    assert_node_reads(to, "conv2:clip", "conv2:relu");
    assert_node_reads(to, "norm", "conv2:clip");
    assert_node_reads(to, "conv3", "conv2:clip");
    assert_node_reads(to, "pool", "conv1:relu");
    const ftdn_node *clip = &to->node[find_node(to, "conv2:clip")];
    assert_int_equal(clip->op, FTDN_OP_CLIP);
    assert_true(clip->low == 0 && clip->high == 2.5f);
    assert_int_equal(to->layer[conv2].last, find_node(to, "conv2:relu"));
    assert_int_equal(protection->node_of[network.output], find_node(to, "head:clip"));
    assert_int_equal(to->n_nodes, network.graph.n_nodes + 2);
    assert_int_equal(to->n_params, network.graph.n_params);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(small_networks_stay_sound),
        FTDN_ARENA_TEST(all_detectors_stay_sound),
        FTDN_ARENA_TEST(without_copies_or_ranges_the_graph_stays),
        FTDN_ARENA_TEST(kernel_recovery_keeps_the_graph),
        FTDN_ARENA_TEST(copies_of_plain_convolutions_meet_behind_the_activation),
        FTDN_ARENA_TEST(copies_of_plain_convolutions_meet_at_the_convolution),
        FTDN_ARENA_TEST(the_streams_of_a_block_meet_at_its_output_only),
        FTDN_ARENA_TEST(a_merged_layer_without_activation_hands_on_the_merged_map),
        FTDN_ARENA_TEST(a_second_network_shares_what_is_not_copied),
        FTDN_ARENA_TEST(clips_stand_behind_the_layers_with_a_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
