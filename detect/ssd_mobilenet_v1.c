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

static void add_heads(ftdn_network *network, int source)
{
    ftdn_network_add_prior_heads(network, source, prior_table);
}

static const ftdn_mobilenet_v1_style style = {
    .stem = "base_net.0.0",
    .stem_norm = "base_net.0.1",
    .block = "base_net.",
    .depthwise = ".0",
    .depthwise_norm = ".1",
    .pointwise = ".3",
    .pointwise_norm = ".4",
    .activation = FTDN_ACTIVATION_RELU,
    .add_heads = add_heads,
};

ftdn_status ftdn_ssd_mobilenet_v1_build(ftdn_network *network, ftdn_error *err)
{
    network->input_size = 300;
    for (int c = 0; c < 3; c++) network->mean[c] = 127;
    for (int c = 0; c < 3; c++) network->scale[c] = 128;
    network->centre_variance = 0.1f;
    network->size_variance = 0.2f;
    network->score_kind = FTDN_SCORE_SOFTMAX;

    int x = ftdn_graph_add_input(&network->graph, (ftdn_shape){300, 300, 3});
    x = ftdn_mobilenet_v1_add_base(network, x, &style);
    ftdn_network_add_extras(network, x, extra_table, sizeof extra_table / sizeof *extra_table, prior_table);
    return ftdn_network_finish_with_priors(network, prior_table, err);
}
