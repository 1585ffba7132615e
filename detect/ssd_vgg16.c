/* SSD300 with VGG16 as published for PyTorch (vgg16-ssd): 26,285,998 parameters for the 20 classes of VOC.
 *
 * Names are those of its checkpoint. base_net counts every module, activations and pools too:
 *
 *     base_net.0 - .28    the 13 convolutions of VGG16, 3x3, each with ReLU; pools at 4, 9, 16 and 23
 *     base_net.30         a pool of stride 1
 *     base_net.31, .33    conv6 (dilated) and conv7, which stand for VGG's dense layers
 *     extras.N.0, .2      1x1 and 3x3 convolutions that shrink the map: 10, 5, 3, 1
 *
 * Heads read conv4_3 (38x38; through a batch norm of their own), conv7 (19x19) and every extra.
 * The width multiplies the channels of base and extras. With batch norms, as only a training has them, the base's
 * convolutions have no bias but base_net.N.norm behind them, which ftdn_batch_norms_fold turns into weight and bias. */
#include "detect/network_parts.h"

/* VGG's column "D": the module's number, and the channels of a convolution (of width 1) or 0 for a pool. */
typedef struct base_row {
    int module;
    int n_outputs;
    bool ceil_mode;
} base_row;

static const base_row base_table[] = {
    {0, 64, false},   {2, 64, false},   {4, 0, false},                    /* 300 -> 150 */
    {5, 128, false},  {7, 128, false},  {9, 0, false},                    /* -> 75 */
    {10, 256, false}, {12, 256, false}, {14, 256, false}, {16, 0, true},  /* -> 38 */
    {17, 512, false}, {19, 512, false}, {21, 512, false}, {23, 0, false}, /* -> 19 */
    {24, 512, false}, {26, 512, false}, {28, 512, false},
};
#define CONV4_3 21

static const ftdn_extra_row extra_table[] = {
    {256, 512, 2, 1}, /* 19 -> 10 */
    {128, 256, 2, 1}, /* -> 5 */
    {128, 256, 1, 0}, /* -> 3 */
    {128, 256, 1, 0}, /* -> 1 */
};

static const ftdn_prior_map prior_table[] = {
    {.shrinkage = 8, .box_min = 30, .box_max = 60, .n_ratios = 1, .ratio = {2}},
    {.shrinkage = 16, .box_min = 60, .box_max = 111, .n_ratios = 2, .ratio = {2, 3}},
    {.shrinkage = 32, .box_min = 111, .box_max = 162, .n_ratios = 2, .ratio = {2, 3}},
    {.shrinkage = 64, .box_min = 162, .box_max = 213, .n_ratios = 2, .ratio = {2, 3}},
    {.shrinkage = 100, .box_min = 213, .box_max = 264, .n_ratios = 1, .ratio = {2}},
    {.shrinkage = 300, .box_min = 264, .box_max = 315, .n_ratios = 1, .ratio = {2}},
};

/* A convolution of the base: K as published, parameters, activation and role are filled in. */
static int add_base_layer(ftdn_network *network, int x, ftdn_conv_layer_desc layer)
{
    layer.n_outputs = ftdn_network_scale_channels(network, layer.n_outputs);
    layer.activation = FTDN_ACTIVATION_RELU;
    layer.roles |= FTDN_ROLE_BASE;
    layer.has_bias = !network->batch_norms;
    if (network->batch_norms) layer.batch_norm = ftdn_graph_format_name(&network->graph, "%s.norm", layer.name);
    return ftdn_graph_add_conv_layer(&network->graph, x, &layer);
}

/* The 13 convolutions and their pools. Returns the last node. */
static int add_vgg16(ftdn_network *network, int x)
{
    ftdn_graph *graph = &network->graph;
    for (size_t i = 0; i < sizeof base_table / sizeof *base_table; i++) {
        const base_row *row = &base_table[i];
        const char *name = ftdn_graph_format_name(graph, "base_net.%d", row->module);
        if (row->n_outputs == 0) {
            x = ftdn_graph_add_max_pool(graph, x, name, 2, 2, 0, row->ceil_mode);
            continue;
        }
        bool is_source = row->module == CONV4_3;
        x = add_base_layer(network, x,
                           (ftdn_conv_layer_desc){
                               .name = name,
                               .n_outputs = row->n_outputs,
                               .kernel = 3,
                               .pad = 1,
                               .roles = FTDN_ROLE_FEATURE_WEIGHTS | FTDN_ROLE_FEATURE_MAP | FTDN_ROLE_BLOCK_CONV |
                                        (is_source ? FTDN_ROLE_SOURCE : 0),
                           });
        if (!is_source) continue;
        int normalised = ftdn_graph_add_batch_norm(graph, x, "source_layer_add_ons.0", 1e-5);
        ftdn_network_add_prior_heads(network, normalised, prior_table);
    }
    return x;
}

static int add_conv6_conv7(ftdn_network *network, int x)
{
    x = ftdn_graph_add_max_pool(&network->graph, x, "base_net.30", 3, 1, 1, false);
    x = add_base_layer(
        network, x,
        (ftdn_conv_layer_desc){.name = "base_net.31", .n_outputs = 1024, .kernel = 3, .pad = 6, .dilation = 6});
    x = add_base_layer(network, x,
                       (ftdn_conv_layer_desc){
                           .name = "base_net.33", .n_outputs = 1024, .kernel = 1, .roles = FTDN_ROLE_SOURCE});
    ftdn_network_add_prior_heads(network, x, prior_table);
    return x;
}

ftdn_status ftdn_ssd_vgg16_build(ftdn_network *network, ftdn_error *err)
{
    network->input_size = 300;
    for (int c = 0; c < 3; c++) network->scale[c] = 1;
    network->mean[0] = 123;
    network->mean[1] = 117;
    network->mean[2] = 104;
    network->centre_variance = 0.1f;
    network->size_variance = 0.2f;
    network->score_kind = FTDN_SCORE_SOFTMAX;

    int x = ftdn_graph_add_input(&network->graph, (ftdn_shape){300, 300, 3});
    x = add_vgg16(network, x);
    x = add_conv6_conv7(network, x);
    ftdn_network_add_extras(network, x, extra_table, sizeof extra_table / sizeof *extra_table, prior_table);
    return ftdn_network_finish_with_priors(network, prior_table, err);
}
