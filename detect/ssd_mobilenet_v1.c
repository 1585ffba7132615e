/* SSD300 with MobileNet v1 as published for PyTorch (mb1-ssd): 9,468,996 parameters for the 20 classes of VOC.
 *
 * Names are those of its checkpoint:
 *
 *     base_net.0.0           the stem, 3x3, stride 2; batch norm base_net.0.1
 *     base_net.B.0, .3       block B = 1 ... 13: depthwise 3x3 and pointwise 1x1; batch norms .1 and .4
 *     extras.N.0, .2         1x1 and 3x3 convolutions (no batch norm) that halve the map: 5, 3, 2, 1
 *
 * ReLU follows each of them. Heads read blocks 11 (19x19) and 13 (10x10) and every extra, six boxes per cell.
 * The width multiplies the channels of base and extras. */
#include "detect/network_parts.h"

#define N_BLOCKS 13
#define N_HEADS 6

/* Channels are those of width 1. */
typedef struct block_row {
    int stride, n_outputs;
} block_row;

static const block_row block_table[N_BLOCKS] = {
    {1, 64},                                                      /* 150x150 */
    {2, 128},  {1, 128},                                          /* 75x75 */
    {2, 256},  {1, 256},                                          /* 38x38 */
    {2, 512},  {1, 512},  {1, 512}, {1, 512}, {1, 512}, {1, 512}, /* 19x19 */
    {2, 1024}, {1, 1024},                                         /* 10x10 */
};

/* Two convolutions: 1x1 to n_reduced channels, then 3x3 with stride 2 to n_outputs. */
typedef struct extra_row {
    int n_reduced, n_outputs;
} extra_row;

static const extra_row extra_table[] = {{256, 512}, {128, 256}, {128, 256}, {128, 256}};

static const ftdn_prior_map prior_table[N_HEADS] = {
    {.shrinkage = 16, .box_min = 60, .box_max = 105, .n_ratios = 2, .ratio = {2, 3}},
    {.shrinkage = 32, .box_min = 105, .box_max = 150, .n_ratios = 2, .ratio = {2, 3}},
    {.shrinkage = 64, .box_min = 150, .box_max = 195, .n_ratios = 2, .ratio = {2, 3}},
    {.shrinkage = 100, .box_min = 195, .box_max = 240, .n_ratios = 2, .ratio = {2, 3}},
    {.shrinkage = 150, .box_min = 240, .box_max = 285, .n_ratios = 2, .ratio = {2, 3}},
    {.shrinkage = 300, .box_min = 285, .box_max = 330, .n_ratios = 2, .ratio = {2, 3}},
};

static void add_heads(ftdn_network *network, int source)
{
    int head = network->n_heads;
    ftdn_network_add_heads(network, source,
                           &(ftdn_head_desc){
                               .class_name = ftdn_network_format_name(network, "classification_headers.%d", head),
                               .box_name = ftdn_network_format_name(network, "regression_headers.%d", head),
                               .n_boxes = ftdn_prior_map_boxes(&prior_table[head]),
                               .kernel = 3,
                           });
}

/* Block 1 ... 13. Returns its last node. */
static int add_block(ftdn_network *network, int x, int block, unsigned source_role)
{
    ftdn_graph *graph = &network->graph;
    const block_row *row = &block_table[block - 1];
    int n_inputs = ftdn_network_scale_channels(network, block == 1 ? 32 : block_table[block - 2].n_outputs);
    unsigned roles = FTDN_ROLE_FEATURE_WEIGHTS | FTDN_ROLE_BLOCK_CONV | FTDN_ROLE_BASE;
    x = ftdn_graph_add_conv_layer(graph, x,
                                  &(ftdn_conv_layer_desc){
                                      .name = ftdn_network_format_name(network, "base_net.%d.0", block),
                                      .n_outputs = n_inputs,
                                      .depthwise = true,
                                      .kernel = 3,
                                      .stride = row->stride,
                                      .pad = 1,
                                      .batch_norm = ftdn_network_format_name(network, "base_net.%d.1", block),
                                      .activation = FTDN_ACTIVATION_RELU,
                                      .roles = roles,
                                  });
    return ftdn_graph_add_conv_layer(graph, x,
                                     &(ftdn_conv_layer_desc){
                                         .name = ftdn_network_format_name(network, "base_net.%d.3", block),
                                         .n_outputs = ftdn_network_scale_channels(network, row->n_outputs),
                                         .kernel = 1,
                                         .batch_norm = ftdn_network_format_name(network, "base_net.%d.4", block),
                                         .activation = FTDN_ACTIVATION_RELU,
                                         .roles = roles | FTDN_ROLE_FEATURE_MAP | source_role,
                                     });
}

static int add_base(ftdn_network *network, int x)
{
    x = ftdn_graph_add_conv_layer(&network->graph, x,
                                  &(ftdn_conv_layer_desc){
                                      .name = "base_net.0.0",
                                      .n_outputs = ftdn_network_scale_channels(network, 32),
                                      .kernel = 3,
                                      .stride = 2,
                                      .pad = 1,
                                      .batch_norm = "base_net.0.1",
                                      .activation = FTDN_ACTIVATION_RELU,
                                      .roles = FTDN_ROLE_BASE,
                                  });
    for (int block = 1; block <= N_BLOCKS; block++) {
        bool is_source = block == 11 || block == N_BLOCKS;
        x = add_block(network, x, block, is_source ? FTDN_ROLE_SOURCE : 0);
        if (is_source) add_heads(network, x);
    }
    return x;
}

static void add_extras(ftdn_network *network, int x)
{
    ftdn_graph *graph = &network->graph;
    for (size_t i = 0; i < sizeof extra_table / sizeof *extra_table; i++) {
        const extra_row *row = &extra_table[i];
        x = ftdn_graph_add_conv_layer(graph, x,
                                      &(ftdn_conv_layer_desc){
                                          .name = ftdn_network_format_name(network, "extras.%zu.0", i),
                                          .n_outputs = ftdn_network_scale_channels(network, row->n_reduced),
                                          .kernel = 1,
                                          .has_bias = true,
                                          .activation = FTDN_ACTIVATION_RELU,
                                          .roles = FTDN_ROLE_EXTRA,
                                      });
        x = ftdn_graph_add_conv_layer(graph, x,
                                      &(ftdn_conv_layer_desc){
                                          .name = ftdn_network_format_name(network, "extras.%zu.2", i),
                                          .n_outputs = ftdn_network_scale_channels(network, row->n_outputs),
                                          .kernel = 3,
                                          .stride = 2,
                                          .pad = 1,
                                          .has_bias = true,
                                          .activation = FTDN_ACTIVATION_RELU,
                                          .roles = FTDN_ROLE_EXTRA | FTDN_ROLE_SOURCE,
                                      });
        add_heads(network, x);
    }
}

ftdn_status ftdn_ssd_mobilenet_v1_build(ftdn_network *network, ftdn_error *err)
{
    network->input_size = 300;
    for (int c = 0; c < 3; c++) network->mean[c] = 127;
    for (int c = 0; c < 3; c++) network->scale[c] = 128;
    network->centre_variance = 0.1f;
    network->size_variance = 0.2f;
    network->score_kind = FTDN_SCORE_SOFTMAX;

    int x = ftdn_graph_add_input(&network->graph, (ftdn_shape){300, 300, 3});
    x = add_base(network, x);
    add_extras(network, x);

    ftdn_prior_map maps[N_HEADS];
    for (int i = 0; i < N_HEADS; i++) maps[i] = prior_table[i];
    return ftdn_network_finish_with_priors(network, maps, err);
}
