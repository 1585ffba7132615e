#include "detect/mobilenet_v1_blocks.h"

#include "detect/network_parts.h"

#define LAST_BLOCK 13

/* By number; 0 is the stem. Channels are those of width 1; the comments say how large the maps of a picture of 300x300
 * are. */
static const struct {
    int stride, n_outputs;
} blocks[1 + LAST_BLOCK] = {
    {2, 32},   {1, 64},                                           /* 150x150 */
    {2, 128},  {1, 128},                                          /* 75x75 */
    {2, 256},  {1, 256},                                          /* 38x38 */
    {2, 512},  {1, 512},  {1, 512}, {1, 512}, {1, 512}, {1, 512}, /* 19x19 */
    {2, 1024}, {1, 1024},                                         /* 10x10 */
};

static bool is_source(int block)
{
    return block == 11 || block == LAST_BLOCK;
}

/* "base_net.7.3"; NULL where there is no such layer. */
static const char *name_in_block(ftdn_graph *graph, const ftdn_mobilenet_v1_style *style, int block, const char *layer)
{
    return layer ? ftdn_graph_format_name(graph, "%s%d%s", style->block, block, layer) : NULL;
}

/* A convolution of as many channels as block `width_of` has; name, batch norm, kernel and stride are given. */
static int add_layer(ftdn_network *network, int x, const ftdn_mobilenet_v1_style *style, int width_of,
                     ftdn_conv_layer_desc layer)
{
    layer.n_outputs = ftdn_network_scale_channels(network, blocks[width_of].n_outputs);
    layer.pad = layer.kernel / 2;
    layer.same_padding = style->same_padding;
    layer.has_bias = !layer.batch_norm;
    layer.activation = style->activation;
    layer.roles |= FTDN_ROLE_BASE;
    return ftdn_graph_add_conv_layer(&network->graph, x, &layer);
}

static int add_block(ftdn_network *network, int x, const ftdn_mobilenet_v1_style *style, int block)
{
    ftdn_graph *graph = &network->graph;
    unsigned roles = FTDN_ROLE_FEATURE_WEIGHTS | FTDN_ROLE_BLOCK_CONV;
    x = add_layer(network, x, style, block - 1,
                  (ftdn_conv_layer_desc){
                      .name = name_in_block(graph, style, block, style->depthwise),
                      .batch_norm = name_in_block(graph, style, block, style->depthwise_norm),
                      .depthwise = true,
                      .kernel = 3,
                      .stride = blocks[block].stride,
                      .roles = roles,
                  });
    return add_layer(network, x, style, block,
                     (ftdn_conv_layer_desc){
                         .name = name_in_block(graph, style, block, style->pointwise),
                         .batch_norm = name_in_block(graph, style, block, style->pointwise_norm),
                         .kernel = 1,
                         .roles = roles | FTDN_ROLE_FEATURE_MAP | (is_source(block) ? FTDN_ROLE_SOURCE : 0),
                     });
}

int ftdn_mobilenet_v1_add_base(ftdn_network *network, int x, const ftdn_mobilenet_v1_style *style)
{
    x = add_layer(network, x, style, 0,
                  (ftdn_conv_layer_desc){
                      .name = style->stem,
                      .batch_norm = style->stem_norm,
                      .kernel = 3,
                      .stride = blocks[0].stride,
                  });
    for (int block = 1; block <= LAST_BLOCK; block++) {
        x = add_block(network, x, style, block);
        if (is_source(block)) style->add_heads(network, x);
    }
    return x;
}
