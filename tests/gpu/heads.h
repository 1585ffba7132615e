/* heads.h - networks of two pairs of heads whose answers a test makes up: one network, or two in one graph. */
#ifndef FTDN_TESTS_GPU_HEADS_H
#define FTDN_TESTS_GPU_HEADS_H

#include "detect/network_parts.h"
#include "tests/gpu/gpu.h"

#define MAX_NETWORKS 2

typedef struct heads_desc {
    ftdn_shape in;  /* of the first pair of heads; that of the second is half as large */
    int n_boxes[2]; /* of a cell of each */
    int n_classes, n_networks, micro_batch;
    ftdn_score_kind score_kind;
    bool for_gradients;
} heads_desc;

typedef struct heads {
    ftdn_arena arena;
    ftdn_network network[MAX_NETWORKS]; /* the last one's graph is that of all */
    int n_networks, micro_batch, n_priors, n_columns;
    ftdn_test_machine machine;
    float *priors;                                         /* [n_priors,4] */
    float *logits[MAX_NETWORKS], *locations[MAX_NETWORKS]; /* of all images, in the order of ftdn_network_gather */
} heads;

static inline float *heads_floats(heads *h, size_t n)
{
    ftdn_error err;
    float *values = FTDN_NEW(&h->arena, n, float, &err);
    assert_non_null(values);
    return values;
}

static inline void heads_init(heads *h, const heads_desc *desc)
{
    static const char *const name[MAX_NETWORKS][4] = {{"c0", "b0", "c1", "b1"}, {"d0", "e0", "d1", "e1"}};
    ftdn_error err;
    *h = (heads){.n_networks = desc->n_networks, .micro_batch = desc->micro_batch, .n_columns = desc->n_classes + 1};
    ftdn_arena_init(&h->arena);
    ftdn_network network = {
        .name = "small",
        .n_classes = desc->n_classes,
        .prior_param = -1,
        .centre_variance = 0.1f,
        .size_variance = 0.2f,
        .score_kind = desc->score_kind,
    };
    ftdn_graph_init(&network.graph, &h->arena);
    int source[2];
    source[0] = ftdn_graph_add_input(&network.graph, desc->in);
    const ftdn_conv_layer_desc half = {.name = "half", .n_outputs = 2, .kernel = 1, .stride = 2};
    source[1] = ftdn_graph_add_conv_layer(&network.graph, source[0], &half);
    int output[MAX_NETWORKS * 4];
    for (int i = 0; i < desc->n_networks; i++) {
        network.n_heads = 0;
        for (int s = 0; s < 2; s++) {
            const ftdn_head_desc pair = {name[i][2 * s], name[i][2 * s + 1], desc->n_boxes[s], 1};
            ftdn_network_add_heads(&network, source[s], &pair);
        }
        h->n_priors = network.n_priors = ftdn_network_count_priors(&network);
        ftdn_network_output_nodes(&network, output + 4 * i);
        h->network[i] = network;
    }
    const ftdn_graph *graph = &h->network[desc->n_networks - 1].graph;
    FTDN_ASSERT_OK(ftdn_graph_finish(&h->network[desc->n_networks - 1].graph, &err), err);
    ftdn_weights weights;
    FTDN_ASSERT_OK(ftdn_weights_formula(graph, 1, &h->arena, &weights, &err), err);
    const ftdn_compile_desc compile = {
        .outputs = output,
        .n_outputs = 4 * desc->n_networks,
        .micro_batch = desc->micro_batch,
        .for_gradients = desc->for_gradients,
    };
    h->machine = ftdn_test_start("cuda", graph, &compile, &weights);
    h->priors = heads_floats(h, (size_t)h->n_priors * 4);
    for (int k = 0; k < h->n_priors * 4; k++)
        h->priors[k] = k % 4 < 2 ? (float)(rand() % 9) / 8 : (float)(1 + rand() % 4) / 8;
    for (int i = 0; i < desc->n_networks; i++) {
        size_t n_rows = (size_t)desc->micro_batch * (size_t)h->n_priors;
        h->logits[i] = heads_floats(h, n_rows * (size_t)h->n_columns);
        h->locations[i] = heads_floats(h, n_rows * 4);
    }
}

/* The same network and maps with other answers, which are made from the arena of the first. */
static inline heads heads_with_other_answers(heads *h)
{
    heads other = *h;
    for (int i = 0; i < h->n_networks; i++) {
        size_t n_rows = (size_t)h->micro_batch * (size_t)h->n_priors;
        other.logits[i] = heads_floats(h, n_rows * (size_t)h->n_columns);
        other.locations[i] = heads_floats(h, n_rows * 4);
    }
    return other;
}

static inline void heads_done(heads *h)
{
    ftdn_test_stop(&h->machine);
    ftdn_arena_done(&h->arena);
}

static inline float *heads_logits(const heads *h, int network, int image)
{
    return h->logits[network] + (size_t)image * (size_t)h->n_priors * (size_t)h->n_columns;
}

static inline float *heads_locations(const heads *h, int network, int image)
{
    return h->locations[network] + (size_t)image * (size_t)h->n_priors * 4;
}

/* One image's rows of a head to its place in the map. Returns the rows behind them. */
static inline const float *heads_upload_rows(const heads *h, int node, int image, const float *rows)
{
    ftdn_error err;
    ftdn_map map = ftdn_context_map(h->machine.context, node);
    size_t n = ftdn_shape_elements(map.shape);
    FTDN_ASSERT_OK(ftdn_test_module()->device->copy_after(h->machine.context, map.values + (size_t)image * n, rows,
                                                          n * sizeof *rows, &err),
                   err);
    return rows + n;
}

/* Make the context's maps of the heads those answers. */
static inline void heads_upload(const heads *h)
{
    for (int i = 0; i < h->n_networks; i++) {
        for (int image = 0; image < h->micro_batch; image++) {
            const float *logits = heads_logits(h, i, image), *locations = heads_locations(h, i, image);
            for (int k = 0; k < h->network[i].n_heads; k++) {
                logits = heads_upload_rows(h, h->network[i].class_head[k], image, logits);
                locations = heads_upload_rows(h, h->network[i].box_head[k], image, locations);
            }
        }
    }
}

/* Few distinct values, so that scores tie and overlaps meet limits exactly; at times a broken one. */
static inline float heads_random_value(int n_steps, float step, bool may_break)
{
    static const float broken[] = {NAN, INFINITY, -INFINITY, 3e38f, -3e38f};
    if (may_break && rand() % 40 == 0) return broken[rand() % 5];
    return (float)(rand() % n_steps - n_steps / 2) * step;
}

/* Answers at random, and into the maps. */
static inline void heads_fill(const heads *h, int n_steps, bool may_break)
{
    size_t n_rows = (size_t)h->micro_batch * (size_t)h->n_priors;
    for (int i = 0; i < h->n_networks; i++) {
        for (size_t k = 0; k < n_rows * (size_t)h->n_columns; k++)
            h->logits[i][k] = heads_random_value(n_steps, 6.0f / (float)n_steps, may_break);
        for (size_t k = 0; k < n_rows * 4; k++) h->locations[i][k] = heads_random_value(3, 5, may_break);
        /* Means of two equal numbers, of the largest too. */
        for (size_t k = 0; k < n_rows * 4 && i > 0; k += 5) h->locations[i][k] = h->locations[0][k];
    }
    heads_upload(h);
}

#endif
