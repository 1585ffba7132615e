#include "detect/network.h"

#include <assert.h>
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

void ftdn_network_output_nodes(const ftdn_network *network, int *ret_nodes)
{
    for (int i = 0; i < network->n_heads; i++) {
        ret_nodes[i] = network->class_head[i];
        ret_nodes[network->n_heads + i] = network->box_head[i];
    }
}

ftdn_input ftdn_network_input(const ftdn_network *network, int n_images, const uint8_t *const *pixels)
{
    ftdn_input input = {.n_images = n_images, .pixels = pixels};
    memcpy(input.mean, network->mean, sizeof input.mean);
    memcpy(input.scale, network->scale, sizeof input.scale);
    return input;
}

ftdn_input ftdn_network_resident_input(const ftdn_network *network, int micro_batch,
                                       const ftdn_resident_images *resident)
{
    ftdn_input input = ftdn_network_input(network, micro_batch, NULL);
    input.resident = resident;
    return input;
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
