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
#include "detect/mobilenet_v1_blocks.h"
#include "detect/network_parts.h"

static const ftdn_extra_row extra_table[] = {{256, 512, 2, 1}, {128, 256, 2, 1}, {128, 256, 2, 1}, {128, 256, 2, 1}};

static const ftdn_prior_map prior_table[] = {
    {.shrinkage = 16, .box_min = 60, .box_max = 105, .n_ratios = 2, .ratio = {2, 3}},
    {.shrinkage = 32, .box_min = 105, .box_max = 150, .n_ratios = 2, .ratio = {2, 3}},
    {.shrinkage = 64, .box_min = 150, .box_max = 195, .n_ratios = 2, .ratio = {2, 3}},
    {.shrinkage = 100, .box_min = 195, .box_max = 240, .n_ratios = 2, .ratio = {2, 3}},
    {.shrinkage = 150, .box_min = 240, .box_max = 285, .n_ratios = 2, .ratio = {2, 3}},
    {.shrinkage = 300, .box_min = 285, .box_max = 330, .n_ratios = 2, .ratio = {2, 3}},
};

/* Block 1 ... 13. Returns its last node. */
static int add_block(ftdn_network *network, int x, int block)
{
    ftdn_graph *graph = &network->graph;
    const ftdn_mobilenet_v1_block *row = &ftdn_mobilenet_v1_blocks[block];
    unsigned roles = FTDN_ROLE_FEATURE_WEIGHTS | FTDN_ROLE_BLOCK_CONV | FTDN_ROLE_BASE;
    unsigned source_role = ftdn_mobilenet_v1_is_source(block) ? FTDN_ROLE_SOURCE : 0;
    x = ftdn_graph_add_conv_layer(graph, x,
                                  &(ftdn_conv_layer_desc){
                                      .name = ftdn_graph_format_name(graph, "base_net.%d.0", block),
                                      .n_outputs = ftdn_network_scale_channels(network, row[-1].n_outputs),
                                      .depthwise = true,
                                      .kernel = 3,
                                      .stride = row->stride,
                                      .pad = 1,
                                      .batch_norm = ftdn_graph_format_name(graph, "base_net.%d.1", block),
                                      .activation = FTDN_ACTIVATION_RELU,
                                      .roles = roles,
                                  });
    return ftdn_graph_add_conv_layer(graph, x,
                                     &(ftdn_conv_layer_desc){
                                         .name = ftdn_graph_format_name(graph, "base_net.%d.3", block),
                                         .n_outputs = ftdn_network_scale_channels(network, row->n_outputs),
                                         .kernel = 1,
                                         .batch_norm = ftdn_graph_format_name(graph, "base_net.%d.4", block),
                                         .activation = FTDN_ACTIVATION_RELU,
                                         .roles = roles | FTDN_ROLE_FEATURE_MAP | source_role,
                                     });
}

static int add_base(ftdn_network *network, int x)
{
    const ftdn_mobilenet_v1_block *stem = &ftdn_mobilenet_v1_blocks[0];
    x = ftdn_graph_add_conv_layer(&network->graph, x,
                                  &(ftdn_conv_layer_desc){
                                      .name = "base_net.0.0",
                                      .n_outputs = ftdn_network_scale_channels(network, stem->n_outputs),
                                      .kernel = 3,
                                      .stride = stem->stride,
                                      .pad = 1,
                                      .batch_norm = "base_net.0.1",
                                      .activation = FTDN_ACTIVATION_RELU,
                                      .roles = FTDN_ROLE_BASE,
                                  });
    for (int block = 1; block <= FTDN_MOBILENET_V1_BLOCKS; block++) {
        x = add_block(network, x, block);
        if (ftdn_mobilenet_v1_is_source(block)) ftdn_network_add_prior_heads(network, x, prior_table);
    }
    return x;
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
    ftdn_network_add_extras(network, x, extra_table, sizeof extra_table / sizeof *extra_table, prior_table);
    return ftdn_network_finish_with_priors(network, prior_table, err);
}
