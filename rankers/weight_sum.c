/* weight_sum.c - Eq. (2): the sum of absolute weights that read a channel.
 *
 * The readers of a channel are all convolutions that consume it, the heads among them. A depthwise
 * convolution hands each channel on as the same channel and is skipped through to what reads it, as are
 * pooling and batch norm: block k of MobileNet is scored by the pointwise weights of the next block. */
#include <math.h>

#include "rankers/ranker.h"

/* score[c] += sum_{k,r,s} |w[k,c,r,s]| of one convolution. */
static void add_reader(const ftdn_graph *graph, const ftdn_weights *weights, const ftdn_node *node, double *score)
{
    const float *w = weights->value[node->weight];
    int n_inputs = graph->node[node->input].shape.c, n_cells = node->kernel_h * node->kernel_w;
    for (int k = 0; k < node->shape.c; k++) {
        for (int c = 0; c < n_inputs; c++) {
            for (int i = 0; i < n_cells; i++) score[c] += fabs((double)*w++);
        }
    }
}

/* All convolutions that read `node`, directly or through operations that keep channels apart. */
static void add_readers(const ftdn_graph *graph, const ftdn_weights *weights, int node, double *score)
{
    for (int i = node + 1; i < graph->n_nodes; i++) {
        const ftdn_node *reader = &graph->node[i];
        if (reader->input != node) continue;
        if (reader->op == FTDN_OP_CONV && reader->groups == 1) add_reader(graph, weights, reader, score);
        else add_readers(graph, weights, i, score);
    }
}

static void add_own_filter(const ftdn_graph *graph, const ftdn_weights *weights, const ftdn_node *node, double *score)
{
    const float *w = weights->value[node->weight];
    size_t n_per_filter = graph->param[node->weight].n_elements / (size_t)node->shape.c;
    for (int k = 0; k < node->shape.c; k++) {
        for (size_t i = 0; i < n_per_filter; i++) score[k] += fabs((double)*w++);
    }
}

static ftdn_status score_weights(const ftdn_graph *graph, const ftdn_weights *weights, int layer,
                                 const ftdn_ranker_options *options, double *score, ftdn_error *err)
{
    (void)err;
    const ftdn_node *conv = &graph->node[graph->layer[layer].conv];
    for (int k = 0; k < conv->shape.c; k++) score[k] = 0;
    if (options->own_filter) add_own_filter(graph, weights, conv, score);
    else add_readers(graph, weights, graph->layer[layer].last, score);
    return FTDN_OK;
}

const ftdn_ranker ftdn_ranker_weight_sum = {
    .name = "weight_sum",
    .help = "sum of the absolute weights that read the channel, Eq. (2)",
    .score_weights = score_weights,
};
