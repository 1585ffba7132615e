#include "tests/injectors/small_net.h"

#include "tests/support/support.h"

const ftdn_fault_model small_net_model[NET_N_MODELS] = {
    {.type = FTDN_FAULT_ZERO},
    {.type = FTDN_FAULT_RANDOM, .has_range = 1, .low = -0.25f, .high = 3},
    {.type = FTDN_FAULT_BIT_FLIP, .first_bit = 0, .n_bits = 32},
    {.type = FTDN_FAULT_BIT_FLIP, .first_bit = 23, .n_bits = 8},
    {.type = FTDN_FAULT_BIT_FLIP, .first_bit = 30, .n_bits = 1},
    {.type = FTDN_FAULT_STUCK_AT_0, .first_bit = 0, .n_bits = 23},
    {.type = FTDN_FAULT_STUCK_AT_1, .first_bit = 0, .n_bits = 32},
};

void small_net_init(small_net *net)
{
    static const ftdn_conv_layer_desc layers[NET_N_LAYERS] = {
        {.name = "first",
         .n_outputs = 16,
         .kernel = 3,
         .pad = 1,
         .batch_norm = "first_bn",
         .activation = FTDN_ACTIVATION_RELU},
        {.name = "depth",
         .n_outputs = 16,
         .kernel = 3,
         .pad = 1,
         .depthwise = true,
         .activation = FTDN_ACTIVATION_RELU},
        {.name = "point", .n_outputs = 70, .kernel = 1, .has_bias = true},
        {.name = "large", .n_outputs = 37, .kernel = 3, .has_bias = true},
    };
    static const int scope[] = {NET_FIRST, NET_DEPTH, NET_LARGE};
    ftdn_error err;
    ftdn_arena_init(&net->arena);
    ftdn_graph_init(&net->graph, &net->arena);
    int node = ftdn_graph_add_input(&net->graph, (ftdn_shape){20, 21, 3});
    for (int i = 0; i < NET_N_LAYERS; i++) node = ftdn_graph_add_conv_layer(&net->graph, node, &layers[i]);
    FTDN_ASSERT_OK(ftdn_graph_finish(&net->graph, &err), err);
    FTDN_ASSERT_OK(ftdn_weights_formula(&net->graph, 0, &net->arena, &net->weights, &err), err);
    net->scope = (ftdn_layer_set){.n_layers = sizeof scope / sizeof *scope, .layer = scope};
}

void small_net_done(small_net *net)
{
    ftdn_arena_done(&net->arena);
}

void small_net_add_copies(small_net *net)
{
    static const int some[] = {1, 2, 5, 15}, mixed[] = {36, 0, 0, 17, 5}, swapped[] = {1, 0, 2};
    static const uint8_t ones[] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, twos[] = {2, 2, 2, 2};
    static const uint8_t second[37] = {[0] = 1, [3] = 1, [4] = 1, [35] = 1, [36] = 1}, mix[] = {1, 1, 2, 2, 0};
    static const struct {
        const char *name;
        int original, n_channels;
        const int *channel;
        const uint8_t *copy;
    } copies[NET_N_ALL_LAYERS - NET_N_LAYERS] = {
        {"first:1", NET_FIRST, 4, some, ones},      {"first:2", NET_FIRST, 4, some, twos},
        {"first:merged", NET_FIRST, 3, some, ones}, {"depth:1", NET_DEPTH, 16, NULL, ones},
        {"point:1", NET_POINT, 3, swapped, ones},   {"large:second", NET_LARGE, 37, NULL, second},
        {"large:shared", NET_LARGE, 37, NULL, NULL}, {"large:mixed", NET_LARGE, 5, mixed, mix},
    };
    ftdn_error err;
    for (int i = 0; i < NET_N_ALL_LAYERS - NET_N_LAYERS; i++) {
        const ftdn_node conv = net->graph.node[net->graph.layer[copies[i].original].conv];
        const ftdn_conv_layer_desc desc = {
            .name = copies[i].name,
            .n_outputs = copies[i].n_channels,
            .kernel = conv.kernel_h,
            .pad = conv.pad_top,
            .activation = FTDN_ACTIVATION_RELU,
        };
        ftdn_graph_add_conv_layer(&net->graph, conv.input, &desc);
        FTDN_ASSERT_OK(ftdn_graph_finish(&net->graph, &err), err);
        ftdn_layer *layer = &net->graph.layer[NET_N_LAYERS + i];
        layer->original = copies[i].original;
        layer->channel = copies[i].channel;
        layer->copy = copies[i].copy;
    }
    net->graph.layer[NET_FIRST_MERGED].last = -1;
}

float small_net_hit_value(const ftdn_fault_model *model, ftdn_site_stream stream, uint64_t element, float clean)
{
    uint32_t bits = ftdn_fault_value(model, ftdn_float_bits(clean), ftdn_fault_random(stream, element));
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

int small_net_set_up(void **state)
{
    static small_net net;
    small_net_init(&net);
    *state = &net;
    return 0;
}

int small_net_set_up_with_copies(void **state)
{
    small_net_set_up(state);
    small_net_add_copies(*state);
    return 0;
}

int small_net_tear_down(void **state)
{
    small_net_done(*state);
    return 0;
}
