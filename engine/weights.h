/* weights.h - the values of a graph's parameters: from a file or from the formula.
 *
 * Weights are read once, shared by all trials and never written: a fault injector or a protector
 * makes a ftdn_weights of its own whose untouched parameters still point at the clean values. */
#ifndef FTDN_ENGINE_WEIGHTS_H
#define FTDN_ENGINE_WEIGHTS_H

#include "base/arena.h"
#include "base/sha256.h"
#include "base/status.h"
#include "engine/graph.h"
#include "engine/tensor_file.h"

typedef struct ftdn_weights {
    int n_params;        /* of the graph */
    const float **value; /* [n_params]; value[i] has the elements of graph->param[i], row-major */
} ftdn_weights;

/* The tensors of a file in the order of the graph's parameters. Values are borrowed from the file.
 * FTDN_ERR_INPUT lists every missing parameter and every wrong shape (layer, both shapes), and names
 * tensors of the file that the graph does not know (num_batches_tracked excepted). */
FTDN_NODISCARD ftdn_status ftdn_weights_bind(const ftdn_graph *graph, const ftdn_tensor_file *file, ftdn_arena *arena,
                                             ftdn_weights *ret_weights, ftdn_error *err);

/* Formula weights: reproducible values for tests without any file. For element i of the parameter
 * `name`: u = splitmix64 finaliser of (fnv1a64(name) + seed * 0xD1342543DE82EF95 + (i + 1) * 0x9E3779B97F4A7C15),
 * its top 24 bits as a fraction in [0, 1). Convolution weight: (2u - 1) sqrt(6 / (C/groups R S)); biases
 * and running_mean: (2u - 1) 0.1; batch-norm weight and running_var: 0.5 + u. Constants cannot be made
 * up: FTDN_ERR_INPUT. */
FTDN_NODISCARD ftdn_status ftdn_weights_formula(const ftdn_graph *graph, uint64_t seed, ftdn_arena *arena,
                                                ftdn_weights *ret_weights, ftdn_error *err);

/* The u of the formula above for element i of stream `name`; in [0, 1). */
double ftdn_formula_uniform(const char *name, uint64_t seed, uint64_t i);

/* SHA-256 over every parameter's name, shape and values in graph order: equal for any file format. */
FTDN_NODISCARD ftdn_status ftdn_weights_digest(const ftdn_graph *graph, const ftdn_weights *weights,
                                               char ret_hex[FTDN_SHA256_HEX], ftdn_error *err);

#endif
