/* SSD300 with MobileNet v1 in TensorFlow's conventions: ReLU6, SAME padding, batch norms already folded, 1x1 heads,
 * sigmoid scores, priors in the weight file. Published here with width 0.75.
 *
 *     stem                             3x3, stride 2
 *     blockB.depthwise, .pointwise     B = 1 ... 13
 *     extraN.reduce, .expand           N = 1 ... 4: 1x1, then 3x3 with stride 2: 5x5, 3x3, 2x2, 1x1
 *     headH.class, .box                H = 0 ... 5, reading blocks 11 (19x19) and 13 (10x10) and every extra
 *     priors                           [n_priors,4] cx,cy,w,h
 *
 * The width multiplies the channels of base and extras. */
#include "detect/mobilenet_v1_blocks.h"
#include "detect/network_parts.h"

#define N_HEADS 6

/* Channels are those of width 1. */
typedef struct extra_row {
    int n_reduced, n_outputs;
} extra_row;

static const extra_row extra_table[] = {{256, 512}, {128, 256}, {128, 256}, {64, 128}};

static const int boxes_of_head[N_HEADS] = {3, 6, 6, 6, 6, 6};

static void add_heads(ftdn_network *network, int source)
{
    ftdn_graph *graph = &network->graph;
    int head = network->n_heads;
    ftdn_network_add_heads(network, source,
                           &(ftdn_head_desc){
                               .class_name = ftdn_graph_format_name(graph, "head%d.class", head),
                               .box_name = ftdn_graph_format_name(graph, "head%d.box", head),
                               .n_boxes = boxes_of_head[head],
                               .kernel = 1,
                           });
}

static const ftdn_mobilenet_v1_style style = {
    .stem = "stem",
    .block = "block",
    .depthwise = ".depthwise",
    .pointwise = ".pointwise",
    .same_padding = true,
    .activation = FTDN_ACTIVATION_RELU6,
    .add_heads = add_heads,
};

static void add_extras(ftdn_network *network, int x)
{
    ftdn_graph *graph = &network->graph;
    for (size_t i = 0; i < sizeof extra_table / sizeof *extra_table; i++) {
        const extra_row *row = &extra_table[i];
        x = ftdn_graph_add_conv_layer(graph, x,
                                      &(ftdn_conv_layer_desc){
                                          .name = ftdn_graph_format_name(graph, "extra%zu.reduce", i + 1),
                                          .n_outputs = ftdn_network_scale_channels(network, row->n_reduced),
                                          .kernel = 1,
                                          .has_bias = true,
                                          .activation = FTDN_ACTIVATION_RELU6,
                                          .roles = FTDN_ROLE_EXTRA,
                                      });
        x = ftdn_graph_add_conv_layer(graph, x,
                                      &(ftdn_conv_layer_desc){
                                          .name = ftdn_graph_format_name(graph, "extra%zu.expand", i + 1),
                                          .n_outputs = ftdn_network_scale_channels(network, row->n_outputs),
                                          .kernel = 3,
                                          .stride = 2,
                                          .same_padding = true,
                                          .has_bias = true,
                                          .activation = FTDN_ACTIVATION_RELU6,
                                          .roles = FTDN_ROLE_EXTRA | FTDN_ROLE_SOURCE,
                                      });
        add_heads(network, x);
    }
}

ftdn_status ftdn_ssd_mobilenet_v1_tf_build(ftdn_network *network, ftdn_error *err)
{
    network->input_size = 300;
    for (int c = 0; c < 3; c++) network->mean[c] = 128;
    for (int c = 0; c < 3; c++) network->scale[c] = 128;
    network->centre_variance = 0.1f;
    network->size_variance = 0.2f;
    network->score_kind = FTDN_SCORE_SIGMOID;

    int x = ftdn_graph_add_input(&network->graph, (ftdn_shape){300, 300, 3});
    x = ftdn_mobilenet_v1_add_base(network, x, &style);
    add_extras(network, x);
    FTDN_TRY(ftdn_graph_finish(&network->graph, err));

    network->n_priors = ftdn_network_count_priors(network);
    network->prior_param = ftdn_graph_add_constant(&network->graph, "priors", 2, (int64_t[]){network->n_priors, 4});
    return ftdn_graph_finish(&network->graph, err);
}
