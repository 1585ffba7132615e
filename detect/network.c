#include "detect/network.h"

#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/suggest.h"
#include "base/text.h"
#include "detect/network_parts.h"

#define MIN_WIDTH 0.1
#define MAX_WIDTH 4.0
#define MAX_CLASSES 1000

typedef struct table_row {
    double published_width;
    bool takes_batch_norms;
    ftdn_status (*build)(ftdn_network *network, ftdn_error *err);
} table_row;

static const char *const network_name[] = {"ssd_vgg16", "ssd_mobilenet_v1", "ssd_mobilenet_v1_tf"};
enum { N_NETWORKS = sizeof network_name / sizeof *network_name };

static const table_row network_table[N_NETWORKS] = {
    {1, true, ftdn_ssd_vgg16_build},
    {1, false, ftdn_ssd_mobilenet_v1_build},
    {0.75, false, ftdn_ssd_mobilenet_v1_tf_build},
};

const char *const *ftdn_network_names(int *ret_n)
{
    *ret_n = N_NETWORKS;
    return network_name;
}

static ftdn_status fail_unknown(const char *name, ftdn_error *err)
{
    const char *nearest = ftdn_suggest(name, network_name, N_NETWORKS);
    if (nearest) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "there is no network '%s'; did you mean '%s'?", name, nearest);
    }
    ftdn_text known;
    ftdn_text_init(&known);
    for (int i = 0; i < N_NETWORKS; i++)
        ftdn_text_append(&known, "%s'%s'", i == 0 ? "" : i + 1 < N_NETWORKS ? ", " : " and ", network_name[i]);
    ftdn_status status = ftdn_text_check(&known, err);
    if (status == FTDN_OK)
        status = FTDN_FAIL(err, FTDN_ERR_ARG, "there is no network '%s'; known are %s", name, known.chars);
    ftdn_text_done(&known);
    return status;
}

ftdn_status ftdn_network_create(const ftdn_network_desc *desc, ftdn_arena *arena, ftdn_network *ret_network,
                                ftdn_error *err)
{
    int index = 0;
    while (index < N_NETWORKS && strcmp(desc->name, network_name[index])) index++;
    if (index == N_NETWORKS) return fail_unknown(desc->name, err);

    const table_row *row = &network_table[index];
    ftdn_network network = {
        .name = network_name[index],
        .width = desc->width == 0 ? row->published_width : desc->width,
        .batch_norms = desc->batch_norms,
        .n_classes = desc->n_classes,
        .prior_param = -1,
    };
    if (!(network.width >= MIN_WIDTH && network.width <= MAX_WIDTH)) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "network '%s': width %g is outside [%g, %g]", network.name, network.width,
                         MIN_WIDTH, MAX_WIDTH);
    }
    if (network.batch_norms && !row->takes_batch_norms)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "network '%s' has batch norms of its own", network.name);
    if (network.n_classes < 1 || network.n_classes > MAX_CLASSES) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "network '%s': %d classes: the number is outside [1, %d]", network.name,
                         network.n_classes, MAX_CLASSES);
    }
    ftdn_graph_init(&network.graph, arena);
    FTDN_TRY(row->build(&network, err));
    *ret_network = network;
    return FTDN_OK;
}

const char *ftdn_network_format_name(ftdn_network *network, const char *format, ...)
{
    char name[128];
    va_list args;
    va_start(args, format);
    int n_chars = vsnprintf(name, sizeof name, format, args);
    va_end(args);
    assert(n_chars >= 0 && (size_t)n_chars < sizeof name);
    ftdn_graph *graph = &network->graph;
    if (graph->status != FTDN_OK) return NULL;
    const char *copy = ftdn_arena_copy_text(graph->arena, name, (size_t)n_chars, &graph->error);
    if (!copy) graph->status = FTDN_ERR_MEMORY;
    return copy;
}

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

ftdn_status ftdn_network_finish_with_priors(ftdn_network *network, ftdn_prior_map *maps, ftdn_error *err)
{
    FTDN_TRY(ftdn_graph_finish(&network->graph, err));
    for (int i = 0; i < network->n_heads; i++) {
        ftdn_shape shape = box_shape(network, i);
        assert(shape.h == shape.w && shape.c == 4 * ftdn_prior_map_boxes(&maps[i]));
        maps[i].size = shape.h;
    }
    FTDN_TRY(ftdn_priors_create(maps, network->n_heads, network->input_size, network->graph.arena, &network->n_priors,
                                &network->priors, err));
    assert(network->n_priors == ftdn_network_count_priors(network));
    return FTDN_OK;
}

void ftdn_network_output_nodes(const ftdn_network *network, int *ret_nodes)
{
    for (int i = 0; i < network->n_heads; i++) {
        ret_nodes[i] = network->class_head[i];
        ret_nodes[network->n_heads + i] = network->box_head[i];
    }
}

const float *ftdn_network_priors(const ftdn_network *network, const ftdn_weights *weights)
{
    return network->priors ? network->priors : weights->value[network->prior_param];
}

/* Append one image's map to a list. A map [P,Q,boxes*columns] is already a list of [columns] by cell and box. */
static float *append_map(float *at, const ftdn_map *map)
{
    size_t n_elements = ftdn_shape_elements(map->shape);
    memcpy(at, map->values, n_elements * sizeof *at);
    return at + n_elements;
}

void ftdn_network_gather_maps(const ftdn_network *network, const ftdn_map *map, float *logits, float *locations)
{
    for (int i = 0; i < network->n_heads; i++) {
        logits = append_map(logits, &map[i]);
        locations = append_map(locations, &map[network->n_heads + i]);
    }
}

void ftdn_network_gather(const ftdn_network *network, const ftdn_context *context, int index, float *logits,
                         float *locations)
{
    int node[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_map map[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_network_output_nodes(network, node);
    for (int i = 0; i < 2 * network->n_heads; i++) {
        map[i] = ftdn_context_map(context, node[i]);
        assert(map[i].values && index >= 0 && index < map[i].n_images);
        map[i].values += (size_t)index * ftdn_shape_elements(map[i].shape);
    }
    ftdn_network_gather_maps(network, map, logits, locations);
}

/* The opposite of append_map. */
static const float *take_map(const float *from, const ftdn_map *map)
{
    size_t n_elements = ftdn_shape_elements(map->shape);
    memcpy(map->values, from, n_elements * sizeof *from);
    return from + n_elements;
}

void ftdn_network_scatter(const ftdn_network *network, const float *dlogits, const float *dlocations,
                          const ftdn_map *map)
{
    for (int i = 0; i < network->n_heads; i++) {
        dlogits = take_map(dlogits, &map[i]);
        dlocations = take_map(dlocations, &map[network->n_heads + i]);
    }
}
