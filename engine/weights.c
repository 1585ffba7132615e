#include "engine/weights.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/fnv.h"
#include "base/text.h"
#include "engine/tensor_formats.h"

#define MAX_LISTED 12 /* mistakes told in full; all are counted */

/* What does not fit between a file and a graph, one line each. */
typedef struct mistakes {
    ftdn_text text;
    int n_mistakes;
} mistakes;

static bool is_same_shape(const ftdn_param *param, const ftdn_named_tensor *tensor)
{
    return param->n_dims == tensor->n_dims &&
           !memcmp(param->dims, tensor->dims, (size_t)param->n_dims * sizeof param->dims[0]);
}

/* A new line, or false where enough mistakes are listed already. */
static bool begin_mistake(mistakes *list)
{
    if (list->n_mistakes++ >= MAX_LISTED) return false;
    ftdn_text_append(&list->text, "\n  ");
    return true;
}

static void bind_param(const ftdn_param *param, const ftdn_tensor_file *file, const float **value, mistakes *list)
{
    const ftdn_named_tensor *tensor = ftdn_tensor_file_find(file, param->name);
    char wanted[FTDN_DIMS_CHARS], found[FTDN_DIMS_CHARS];
    ftdn_dims_text(param->dims, param->n_dims, wanted, sizeof wanted);
    if (!tensor) {
        if (begin_mistake(list)) ftdn_text_append(&list->text, "%.80s: missing, shape %s wanted", param->name, wanted);
    } else if (!is_same_shape(param, tensor)) {
        ftdn_dims_text(tensor->dims, tensor->n_dims, found, sizeof found);
        if (begin_mistake(list)) {
            ftdn_text_append(&list->text, "%.80s: shape %s in the file, %s in the network", param->name, found, wanted);
        }
    } else {
        *value = tensor->values;
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t n_text = strlen(text), n_end = strlen(end);
    return n_text >= n_end && !strcmp(text + n_text - n_end, end);
}

static void list_unknown(const ftdn_graph *graph, const ftdn_tensor_file *file, mistakes *list)
{
    for (int i = 0; i < file->n_tensors; i++) {
        const char *name = file->tensor[i].name;
        if (ftdn_graph_find_param(graph, name) >= 0 || ends_with(name, "num_batches_tracked")) continue;
        if (begin_mistake(list)) ftdn_text_append(&list->text, "%.80s: in the file, unknown to the network", name);
    }
}

static ftdn_status fail_bind(const ftdn_tensor_file *file, const mistakes *list, ftdn_error *err)
{
    FTDN_TRY(ftdn_text_check(&list->text, err));
    if (list->n_mistakes <= MAX_LISTED) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: does not fit the network, %d mistake%s:%s", file->path,
                         list->n_mistakes, list->n_mistakes == 1 ? "" : "s", list->text.chars);
    }
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: does not fit the network, %d mistakes:%s\n  and %d more", file->path,
                     list->n_mistakes, list->text.chars, list->n_mistakes - MAX_LISTED);
}

static const float **new_values(const ftdn_graph *graph, ftdn_arena *arena, ftdn_error *err)
{
    return FTDN_NEW(arena, (size_t)graph->n_params, const float *, err);
}

ftdn_status ftdn_weights_bind(const ftdn_graph *graph, const ftdn_tensor_file *file, ftdn_arena *arena,
                              ftdn_weights *ret_weights, ftdn_error *err)
{
    const float **value = new_values(graph, arena, err);
    if (!value) return FTDN_ERR_MEMORY;
    mistakes list = {0};
    ftdn_text_init(&list.text);
    for (int i = 0; i < graph->n_params; i++) bind_param(&graph->param[i], file, &value[i], &list);
    list_unknown(graph, file, &list);
    ftdn_status status = list.n_mistakes ? fail_bind(file, &list, err) : FTDN_OK;
    if (status == FTDN_OK) *ret_weights = (ftdn_weights){.n_params = graph->n_params, .value = value};
    ftdn_text_done(&list.text);
    return status;
}

/* Where the stream of a parameter begins. */
static uint64_t stream_base(const char *name, uint64_t seed)
{
    return ftdn_fnv1a64(name) + seed * 0xD1342543DE82EF95;
}

/* The splitmix64 finaliser; its top 24 bits as a fraction in [0, 1). */
static double stream_uniform(uint64_t base, uint64_t i)
{
    uint64_t z = base + (i + 1) * 0x9E3779B97F4A7C15;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    z ^= z >> 31;
    return (double)(z >> 40) * 0x1p-24;
}

double ftdn_formula_uniform(const char *name, uint64_t seed, uint64_t i)
{
    return stream_uniform(stream_base(name, seed), i);
}

/* The largest magnitude of a symmetric parameter; 0 for those around 1. */
static double formula_bound(const ftdn_param *param)
{
    switch (param->kind) {
    case FTDN_PARAM_CONV_WEIGHT: return sqrt(6.0 / (double)(param->dims[1] * param->dims[2] * param->dims[3]));
    case FTDN_PARAM_CONV_BIAS:
    case FTDN_PARAM_BN_SHIFT:
    case FTDN_PARAM_BN_MEAN: return 0.1;
    case FTDN_PARAM_BN_SCALE:
    case FTDN_PARAM_BN_VAR:
    case FTDN_PARAM_CONSTANT: break;
    }
    return 0;
}

static void fill_formula(const ftdn_param *param, uint64_t seed, float *values)
{
    uint64_t base = stream_base(param->name, seed);
    double bound = formula_bound(param);
    for (size_t i = 0; i < param->n_elements; i++) {
        double u = stream_uniform(base, i);
        values[i] = (float)(bound > 0 ? (2 * u - 1) * bound : 0.5 + u);
    }
}

ftdn_status ftdn_weights_formula(const ftdn_graph *graph, uint64_t seed, ftdn_arena *arena, ftdn_weights *ret_weights,
                                 ftdn_error *err)
{
    const float **value = new_values(graph, arena, err);
    if (!value) return FTDN_ERR_MEMORY;
    for (int i = 0; i < graph->n_params; i++) {
        const ftdn_param *param = &graph->param[i];
        if (param->kind == FTDN_PARAM_CONSTANT) {
            return FTDN_FAIL(err, FTDN_ERR_INPUT,
                             "'%s' is a constant of the network and must come from a file, not a formula", param->name);
        }
        float *values = FTDN_NEW(arena, param->n_elements, float, err);
        if (!values) return FTDN_ERR_MEMORY;
        fill_formula(param, seed, values);
        value[i] = values;
    }
    *ret_weights = (ftdn_weights){.n_params = graph->n_params, .value = value};
    return FTDN_OK;
}

/* 8 bytes, little-endian on any machine. */
static void add_number(ftdn_sha256 *hash, uint64_t number)
{
    unsigned char bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (unsigned char)(number >> (8 * i));
    ftdn_sha256_add(hash, bytes, sizeof bytes);
}

ftdn_status ftdn_weights_digest(const ftdn_graph *graph, const ftdn_weights *weights, char ret_hex[FTDN_SHA256_HEX],
                                ftdn_error *err)
{
    ftdn_sha256 *hash;
    FTDN_TRY(ftdn_sha256_create(&hash, err));
    for (int i = 0; i < graph->n_params; i++) {
        const ftdn_param *param = &graph->param[i];
        ftdn_sha256_add_text(hash, param->name);
        add_number(hash, (uint64_t)param->n_dims);
        for (int d = 0; d < param->n_dims; d++) add_number(hash, (uint64_t)param->dims[d]);
        ftdn_sha256_add(hash, weights->value[i], param->n_elements * sizeof *weights->value[i]);
    }
    ftdn_sha256_finish(hash, ret_hex);
    ftdn_sha256_free(hash);
    return FTDN_OK;
}
