#include "rankers/ranking_cuda.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"
#include "engine/cuda/cuda_context.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_status.h"
#include "rankers/channel_sums_cuda.h"

struct ftdn_device_ranking {
    const ftdn_context *context; /* borrowed */
    void *memory;                /* as much as the largest call so far needed */
    size_t n_bytes;
};

/* One call: what is added up, and device memory for each channel of each image. */
typedef struct scoring {
    ftdn_channel_sums sums;
    cudaStream_t stream;
    size_t n_scores;             /* n_images * n_channels */
    double *score, *z, *largest; /* [n_scores] */
} scoring;

static ftdn_status add(const scoring *s, ftdn_channel_term term, const double *largest, double *sum, ftdn_error *err)
{
    return ftdn_channel_sums_add(&s->sums, term, largest, sum, s->stream, err);
}

static ftdn_status score_second_order(const scoring *s, ftdn_error *err)
{
    return add(s, FTDN_TERM_SECOND_ORDER, NULL, s->score, err);
}

static ftdn_status score_taylor(const scoring *s, ftdn_error *err)
{
    return add(s, FTDN_TERM_TAYLOR, NULL, s->score, err);
}

static ftdn_status score_activation(const scoring *s, ftdn_error *err)
{
    return add(s, FTDN_TERM_MEAN_MAGNITUDE, NULL, s->score, err);
}

static ftdn_status score_entropy(const scoring *s, ftdn_error *err)
{
    FTDN_TRY(add(s, FTDN_TERM_LARGEST, NULL, s->largest, err));
    FTDN_TRY(add(s, FTDN_TERM_EXP, s->largest, s->z, err));
    FTDN_TRY(add(s, FTDN_TERM_EXP_WEIGHTED, s->largest, s->score, err));
    return ftdn_channel_sums_negate_entropy(s->z, s->score, (int)s->n_scores, s->score, s->stream, err);
}

static const struct {
    const char *name; /* of the ranker */
    ftdn_status (*score)(const scoring *s, ftdn_error *err);
} table[] = {
    {"second_order", score_second_order},
    {"entropy", score_entropy},
    {"taylor", score_taylor},
    {"activation", score_activation},
};
enum { N_KNOWN = sizeof table / sizeof *table };

/* By name: the program and the module have a row each of the same ranker. N_KNOWN: unknown. */
static int find(const ftdn_ranker *ranker)
{
    int row = 0;
    while (row < N_KNOWN && strcmp(table[row].name, ranker->name)) row++;
    return row;
}

static bool ranking_knows(const ftdn_ranker *ranker)
{
    return find(ranker) < N_KNOWN;
}

/* Of all arrays of doubles that a call needs: [n_partial] and three of [n_scores]. */
static ftdn_status count_bytes(const ftdn_channel_sums *sums, size_t *ret_n_partial, size_t *ret_n_bytes,
                               ftdn_error *err)
{
    size_t n_scores = (size_t)sums->n_images * (size_t)sums->n_channels, n_doubles;
    if (ftdn_size_mul(n_scores, (size_t)ftdn_channel_sums_segments(sums->n_cells), ret_n_partial) &&
        ftdn_size_add(*ret_n_partial, 3 * n_scores, &n_doubles) &&
        ftdn_size_mul(n_doubles, sizeof(double), ret_n_bytes))
        return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_MEMORY, "sums of %zu channels do not fit into memory", n_scores);
}

/* Enqueue the sums and wait for them. */
static ftdn_status score(const scoring *s, int row, double *ret_contribution, ftdn_error *err)
{
    FTDN_TRY(table[row].score(s, err));
    FTDN_CUDA(
        cudaMemcpyAsync(ret_contribution, s->score, s->n_scores * sizeof *s->score, cudaMemcpyDeviceToHost, s->stream),
        "scores of channels", err);
    FTDN_CUDA(cudaStreamSynchronize(s->stream), "scores of channels", err);
    return FTDN_OK;
}

static ftdn_status ranking_create(const ftdn_context *context, ftdn_device_ranking **ret_ranking, ftdn_error *err)
{
    ftdn_device_ranking *ranking = calloc(1, sizeof *ranking);
    if (!ranking) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "memory for the scores of channels is refused");
    ranking->context = context;
    *ret_ranking = ranking;
    return FTDN_OK;
}

static void ranking_free(ftdn_device_ranking *ranking)
{
    if (!ranking) return;
    ftdn_cuda_free(ranking->memory);
    free(ranking);
}

/* Every call waits, so that nobody reads what is given back here. */
static ftdn_status make_room(ftdn_device_ranking *ranking, size_t n_bytes, ftdn_error *err)
{
    if (n_bytes <= ranking->n_bytes) return FTDN_OK;
    ftdn_cuda_free(ranking->memory);
    ranking->memory = NULL;
    ranking->n_bytes = 0;
    FTDN_TRY(ftdn_cuda_alloc(n_bytes, "scores of channels", &ranking->memory, err));
    ranking->n_bytes = n_bytes;
    return FTDN_OK;
}

static ftdn_status ranking_score_images(ftdn_device_ranking *ranking, const ftdn_ranker *ranker, const ftdn_map *map,
                                        const float *gradient, double *ret_contribution, ftdn_error *err)
{
    int row = find(ranker);
    assert(row < N_KNOWN && !ranker->needs_gradients == !gradient);
    scoring s = {
        .sums =
            {
                .n_images = map->n_images,
                .n_cells = map->shape.h * map->shape.w,
                .n_channels = map->shape.c,
                .map = map->values,
                .gradient = gradient,
            },
        .stream = ftdn_cuda_context_stream(ranking->context),
        .n_scores = (size_t)map->n_images * (size_t)map->shape.c,
    };
    size_t n_partial = 0, n_bytes = 0;
    FTDN_TRY(count_bytes(&s.sums, &n_partial, &n_bytes, err));
    FTDN_TRY(make_room(ranking, n_bytes, err));
    s.sums.partial = ranking->memory;
    s.score = s.sums.partial + n_partial;
    s.z = s.score + s.n_scores;
    s.largest = s.z + s.n_scores;
    return score(&s, row, ret_contribution, err);
}

const ftdn_ranking_device_table ftdn_cuda_ranking_table = {
    .create = ranking_create,
    .free = ranking_free,
    .knows = ranking_knows,
    .score_images = ranking_score_images,
};
