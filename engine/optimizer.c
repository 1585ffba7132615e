#include "engine/optimizer.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>

#include "engine/optimizer_parts.h"

#define PIECE_ELEMENTS 16384

/* Some elements of one parameter. Sums over a piece are added up in the order of pieces, whoever made them. */
typedef struct ftdn_param_piece {
    int param;
    size_t begin, n_elements;
    double sum_of_squares; /* of its gradients, in the step that is being taken */
} ftdn_param_piece;

/* Written so that NaN is outside of every range. */
static ftdn_status check_desc(const ftdn_optimizer_desc *desc, ftdn_error *err)
{
    const struct {
        const char *name;
        double value, below; /* in [0, below) */
        bool is_read;
    } fractions[] = {
        {"momentum", desc->momentum, 1, desc->kind == FTDN_OPTIMIZER_SGD},
        {"beta1", desc->beta1, 1, desc->kind == FTDN_OPTIMIZER_ADAM},
        {"beta2", desc->beta2, 1, desc->kind == FTDN_OPTIMIZER_ADAM},
        {"weight_decay", desc->weight_decay, INFINITY, true},
        {"max_gradient_norm", desc->max_gradient_norm, INFINITY, true},
    };
    for (size_t i = 0; i < sizeof fractions / sizeof fractions[0]; i++) {
        if (!fractions[i].is_read || (fractions[i].value >= 0 && fractions[i].value < fractions[i].below)) continue;
        return FTDN_FAIL(err, FTDN_ERR_ARG, "optimizer: %s %g is outside [0, %g)", fractions[i].name,
                         fractions[i].value, fractions[i].below);
    }
    if (desc->kind == FTDN_OPTIMIZER_ADAM && !(desc->epsilon > 0 && isfinite(desc->epsilon)))
        return FTDN_FAIL(err, FTDN_ERR_ARG, "optimizer: epsilon %g is not above 0", desc->epsilon);
    return FTDN_OK;
}

static int n_pieces_of(const ftdn_param *param)
{
    if (!ftdn_param_is_trained(param)) return 0;
    return (int)((param->n_elements + PIECE_ELEMENTS - 1) / PIECE_ELEMENTS);
}

static ftdn_status make_pieces(ftdn_optimizer *optimizer, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_graph *graph = optimizer->graph;
    int n_pieces = 0;
    for (int i = 0; i < graph->n_params; i++) n_pieces += n_pieces_of(&graph->param[i]);
    optimizer->piece = FTDN_NEW(arena, (size_t)n_pieces, ftdn_param_piece, err);
    if (!optimizer->piece) return FTDN_ERR_MEMORY;
    for (int i = 0; i < graph->n_params; i++) {
        size_t n_elements = graph->param[i].n_elements;
        for (int k = 0; k < n_pieces_of(&graph->param[i]); k++) {
            size_t begin = (size_t)k * PIECE_ELEMENTS, left = n_elements - begin;
            optimizer->piece[optimizer->n_pieces++] = (ftdn_param_piece){
                .param = i, .begin = begin, .n_elements = left < PIECE_ELEMENTS ? left : PIECE_ELEMENTS};
        }
    }
    return FTDN_OK;
}

ftdn_status ftdn_optimizer_init(ftdn_optimizer *optimizer, const ftdn_graph *graph, const ftdn_optimizer_desc *desc,
                                ftdn_arena *arena, ftdn_error *err)
{
    FTDN_TRY(check_desc(desc, err));
    ftdn_optimizer made = {.graph = graph, .desc = *desc};
    made.first = FTDN_NEW(arena, (size_t)graph->n_params, float *, err);
    made.second = made.first ? FTDN_NEW(arena, (size_t)graph->n_params, float *, err) : NULL;
    if (!made.second) return FTDN_ERR_MEMORY;
    for (int i = 0; i < graph->n_params; i++) {
        const ftdn_param *param = &graph->param[i];
        if (!ftdn_param_is_trained(param)) continue;
        made.first[i] = FTDN_NEW(arena, param->n_elements, float, err);
        if (!made.first[i]) return FTDN_ERR_MEMORY;
        if (desc->kind != FTDN_OPTIMIZER_ADAM) continue;
        made.second[i] = FTDN_NEW(arena, param->n_elements, float, err);
        if (!made.second[i]) return FTDN_ERR_MEMORY;
    }
    FTDN_TRY(make_pieces(&made, arena, err));
    *optimizer = made;
    return FTDN_OK;
}

/* Squares of floats and their sums are finite in double, unless a float is not. */
static double sum_squares(const float *values, size_t n_elements)
{
    double sum = 0;
    for (size_t i = 0; i < n_elements; i++) sum += (double)values[i] * (double)values[i];
    return sum;
}

ftdn_status ftdn_optimizer_fail_not_finite(const ftdn_param *param, const float *gradient, ftdn_error *err)
{
    size_t i = 0;
    while (isfinite(gradient[i])) i++;
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "the gradient of '%s' is not finite: element %zu is %g", param->name, i,
                     (double)gradient[i]);
}

static ftdn_status measure_norm(ftdn_optimizer *optimizer, float *const *gradients, int n_threads, double *ret_norm,
                                ftdn_error *err)
{
#pragma omp parallel for num_threads(n_threads) schedule(dynamic, 4)
    for (int i = 0; i < optimizer->n_pieces; i++) {
        ftdn_param_piece *piece = &optimizer->piece[i];
        const float *gradient = gradients[piece->param];
        piece->sum_of_squares = gradient ? sum_squares(gradient + piece->begin, piece->n_elements) : 0;
    }
    double sum = 0;
    for (int i = 0; i < optimizer->n_pieces; i++) {
        const ftdn_param_piece *piece = &optimizer->piece[i];
        if (!isfinite(piece->sum_of_squares))
            return ftdn_optimizer_fail_not_finite(&optimizer->graph->param[piece->param], gradients[piece->param], err);
        sum += piece->sum_of_squares;
    }
    *ret_norm = sqrt(sum);
    return FTDN_OK;
}

ftdn_step_factors ftdn_optimizer_make_factors(const ftdn_optimizer *optimizer, double learning_rate)
{
    const ftdn_optimizer_desc *desc = &optimizer->desc;
    ftdn_step_factors factors = {
        .momentum = (float)desc->momentum,
        .rate = (float)learning_rate,
        .weight_decay = (float)desc->weight_decay,
    };
    if (desc->kind == FTDN_OPTIMIZER_ADAM) {
        double t = (double)(optimizer->n_steps + 1);
        factors.beta1 = (float)desc->beta1;
        factors.beta2 = (float)desc->beta2;
        factors.one_less_beta1 = (float)(1 - desc->beta1);
        factors.one_less_beta2 = (float)(1 - desc->beta2);
        factors.epsilon = (float)desc->epsilon;
        factors.rate = (float)(learning_rate / (1 - pow(desc->beta1, t)));
        factors.second_scale = (float)(1 / sqrt(1 - pow(desc->beta2, t)));
        factors.weights_kept = (float)(1 - learning_rate * desc->weight_decay);
    }
    return factors;
}

static void step_sgd(const ftdn_step_factors *by, float scale, bool decays, const float *restrict g, size_t n_elements,
                     float *restrict v, float *restrict w)
{
    float decay = decays ? by->weight_decay : 0;
    for (size_t i = 0; i < n_elements; i++) ftdn_step_sgd(by, scale, decay, g[i], &v[i], &w[i]);
}

static void step_adam(const ftdn_step_factors *by, float scale, bool decays, const float *restrict g, size_t n_elements,
                      float *restrict m, float *restrict s, float *restrict w)
{
    float kept = decays ? by->weights_kept : 1;
    for (size_t i = 0; i < n_elements; i++) ftdn_step_adam(by, scale, kept, g[i], &m[i], &s[i], &w[i]);
}

ftdn_status ftdn_optimizer_step(ftdn_optimizer *optimizer, double learning_rate, float *const *values,
                                float *const *gradients, int n_threads, double *ret_norm, ftdn_error *err)
{
    assert(learning_rate >= 0 && isfinite(learning_rate) && n_threads > 0);
    double norm = 0;
    FTDN_TRY(measure_norm(optimizer, gradients, n_threads, &norm, err));
    const ftdn_step_factors factors = ftdn_optimizer_make_factors(optimizer, learning_rate);
    float scale = ftdn_gradient_scale(optimizer->desc.max_gradient_norm, norm);
#pragma omp parallel for num_threads(n_threads) schedule(dynamic, 4)
    for (int i = 0; i < optimizer->n_pieces; i++) {
        const ftdn_param_piece *piece = &optimizer->piece[i];
        int p = piece->param;
        if (!gradients[p]) continue;
        bool decays = optimizer->graph->param[p].kind == FTDN_PARAM_CONV_WEIGHT;
        const float *gradient = gradients[p] + piece->begin;
        float *value = values[p] + piece->begin, *first = optimizer->first[p] + piece->begin;
        if (optimizer->desc.kind == FTDN_OPTIMIZER_SGD)
            step_sgd(&factors, scale, decays, gradient, piece->n_elements, first, value);
        else
            step_adam(&factors, scale, decays, gradient, piece->n_elements, first, optimizer->second[p] + piece->begin,
                      value);
    }
    optimizer->n_steps++;
    if (ret_norm) *ret_norm = norm;
    return FTDN_OK;
}
