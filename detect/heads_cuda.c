#include "detect/heads_cuda.h"

#include <assert.h>

/* Shared memory that any device gives to a block without being asked. */
#define TILE_FLOATS ((48 << 10) / (int)sizeof(float) - FTDN_TILE_THREADS)

/* Rows of an odd number of floats: threads that read the same column of neighbouring rows meet different banks. */
static int row_floats(int n_columns)
{
    return n_columns | 1;
}

ftdn_cuda_heads ftdn_cuda_heads_make(const ftdn_network *network, const ftdn_map *map)
{
    int n_columns = network->n_classes + 1, n_fitting = TILE_FLOATS / row_floats(n_columns);
    assert(n_fitting > 0); /* a network has at most 1,000 classes */
    ftdn_cuda_heads heads = {
        .n_heads = network->n_heads,
        .n_columns = n_columns,
        .tile_priors = n_fitting < FTDN_TILE_THREADS ? n_fitting : FTDN_TILE_THREADS,
    };
    int first_prior = 0;
    for (int i = 0; i < network->n_heads; i++) {
        int n_priors = (int)(ftdn_shape_elements(map[network->n_heads + i].shape) / 4);
        heads.head[i] = (ftdn_cuda_head){
            .logits = map[i].values,
            .locations = map[network->n_heads + i].values,
            .first_prior = first_prior,
            .n_priors = n_priors,
            .first_tile = heads.n_tiles,
        };
        first_prior += n_priors;
        heads.n_tiles += (n_priors + heads.tile_priors - 1) / heads.tile_priors;
    }
    assert(first_prior == network->n_priors);
    return heads;
}

ftdn_cuda_heads ftdn_cuda_heads_of_context(const ftdn_network *network, const ftdn_context *context)
{
    int node[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_map map[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_network_output_nodes(network, node);
    for (int i = 0; i < 2 * network->n_heads; i++) map[i] = ftdn_context_map(context, node[i]);
    return ftdn_cuda_heads_make(network, map);
}

size_t ftdn_cuda_tile_bytes(const ftdn_cuda_heads *heads)
{
    return (size_t)heads->tile_priors * (size_t)row_floats(heads->n_columns) * sizeof(float);
}
