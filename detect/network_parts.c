#include "detect/network_parts.h"

#include <assert.h>
#include <math.h>

int ftdn_network_scale_channels(const ftdn_network *network, int n_channels)
{
    long scaled = lround(network->width * n_channels);
    return scaled < 1 ? 1 : (int)scaled;
}

void ftdn_network_add_heads(ftdn_network *network, int source, const ftdn_head_desc *desc)
{
    assert(network->n_heads < FTDN_NETWORK_MAX_HEADS);
    ftdn_conv_layer_desc head = {
        .kernel = desc->kernel,
        .pad = desc->kernel / 2,
        .has_bias = true,
        .roles = FTDN_ROLE_HEAD,
    };
    head.name = desc->class_name;
    head.n_outputs = desc->n_boxes * (network->n_classes + 1);
    network->class_head[network->n_heads] = ftdn_graph_add_conv_layer(&network->graph, source, &head);
    head.name = desc->box_name;
    head.n_outputs = desc->n_boxes * 4;
    network->box_head[network->n_heads] = ftdn_graph_add_conv_layer(&network->graph, source, &head);
    network->n_heads++;
}

void ftdn_network_add_prior_heads(ftdn_network *network, int source, const ftdn_prior_map *priors)
{
    ftdn_graph *graph = &network->graph;
    int head = network->n_heads;
    ftdn_network_add_heads(network, source,
                           &(ftdn_head_desc){
                               .class_name = ftdn_graph_format_name(graph, "classification_headers.%d", head),
                               .box_name = ftdn_graph_format_name(graph, "regression_headers.%d", head),
                               .n_boxes = ftdn_prior_map_boxes(&priors[head]),
                               .kernel = 3,
                           });
}

static int add_extra(ftdn_network *network, int x, int index, const ftdn_extra_row *row)
{
    ftdn_graph *graph = &network->graph;
    x = ftdn_graph_add_conv_layer(graph, x,
                                  &(ftdn_conv_layer_desc){
                                      .name = ftdn_graph_format_name(graph, "extras.%d.0", index),
                                      .n_outputs = ftdn_network_scale_channels(network, row->n_reduced),
                                      .kernel = 1,
                                      .has_bias = true,
                                      .activation = FTDN_ACTIVATION_RELU,
                                      .roles = FTDN_ROLE_EXTRA,
                                  });
    return ftdn_graph_add_conv_layer(graph, x,
                                     &(ftdn_conv_layer_desc){
                                         .name = ftdn_graph_format_name(graph, "extras.%d.2", index),
                                         .n_outputs = ftdn_network_scale_channels(network, row->n_outputs),
                                         .kernel = 3,
                                         .stride = row->stride,
                                         .pad = row->pad,
                                         .has_bias = true,
                                         .activation = FTDN_ACTIVATION_RELU,
                                         .roles = FTDN_ROLE_EXTRA | FTDN_ROLE_SOURCE,
                                     });
}

void ftdn_network_add_extras(ftdn_network *network, int x, const ftdn_extra_row *row, int n_rows,
                             const ftdn_prior_map *priors)
{
    for (int i = 0; i < n_rows; i++) {
        x = add_extra(network, x, i, &row[i]);
        ftdn_network_add_prior_heads(network, x, priors);
    }
}

static ftdn_shape box_shape(const ftdn_network *network, int head)
{
    return network->graph.node[network->box_head[head]].shape;
}

int ftdn_network_count_priors(const ftdn_network *network)
{
    int n_priors = 0;
    for (int i = 0; i < network->n_heads; i++) n_priors += (int)(ftdn_shape_elements(box_shape(network, i)) / 4);
    return n_priors;
}

ftdn_status ftdn_network_finish_with_priors(ftdn_network *network, const ftdn_prior_map *map, ftdn_error *err)
{
    ftdn_prior_map sized[FTDN_NETWORK_MAX_HEADS];
    FTDN_TRY(ftdn_graph_finish(&network->graph, err));
    for (int i = 0; i < network->n_heads; i++) {
        ftdn_shape shape = box_shape(network, i);
        assert(shape.h == shape.w && shape.c == 4 * ftdn_prior_map_boxes(&map[i]));
        sized[i] = map[i];
        sized[i].size = shape.h;
    }
    FTDN_TRY(ftdn_priors_create(sized, network->n_heads, network->input_size, network->graph.arena, &network->n_priors,
                                &network->priors, err));
    assert(network->n_priors == ftdn_network_count_priors(network));
    return FTDN_OK;
}
