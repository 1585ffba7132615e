#include "detect/multibox_loss_cuda.h"

#include "detect/head_tile_cuda.h"
#include "detect/rank_pivot_cuda.h"
#include "engine/cuda/cuda_status.h"
#include "engine/cuda/launch.h"

extern "C" {
#include "detect/cross_entropy_hd.h"
}

__device__ static double cross_entropy(ftdn_score_kind kind, const float *logits, int n_columns, int label,
                                       double scale, float *dlogits)
{
    return kind == FTDN_SCORE_SOFTMAX ? ftdn_softmax_cross_entropy(logits, n_columns, label, scale, dlogits)
                                      : ftdn_sigmoid_cross_entropy(logits, n_columns, label, scale, dlogits);
}

/* A block for a tile of an image, a thread for a prior. */
__global__ static void hardness_kernel(ftdn_cuda_loss loss)
{
    FTDN_SHARED(float, logits);
    ftdn_head_tile at = ftdn_head_tile_find(loss.heads, blockIdx.x);
    int image = blockIdx.y;
    ftdn_head_tile_load(loss.heads, 1, at, image, logits);
    __syncthreads();
    if ((int)threadIdx.x >= at.n_priors) return;
    int prior = loss.heads->head[at.head].first_prior + at.first + threadIdx.x;
    double ce = cross_entropy(loss.score_kind, logits + threadIdx.x * at.row_floats, loss.heads->n_columns, 0, 0, NULL);
    loss.hardness[(size_t)image * loss.n_priors + prior] = ftdn_hardness(ce);
}

/* One prior's rows in the maps of the heads and in their gradients. */
typedef struct prior_rows {
    const float *logits, *location;
    float *dlogits, *dlocation;
} prior_rows;

__device__ static prior_rows rows_of(const ftdn_cuda_loss *loss, int image, int prior)
{
    int h = 0;
    while (h + 1 < loss->heads->n_heads && prior >= loss->heads->head[h + 1].first_prior) h++;
    const ftdn_cuda_head *head = &loss->heads->head[h], *gradient = &loss->gradients->head[h];
    size_t row = (size_t)image * head->n_priors + (prior - head->first_prior), n_columns = loss->heads->n_columns;
    prior_rows rows;
    rows.logits = head->logits + row * n_columns;
    rows.location = head->locations + row * 4;
    rows.dlogits = gradient->logits + row * n_columns;
    rows.dlocation = gradient->locations + row * 4;
    return rows;
}

/* The sum over the block's threads. */
__device__ static double add_up(double own)
{
    __shared__ double sum[FTDN_RANK_THREADS];
    sum[threadIdx.x] = own;
    __syncthreads();
    for (int half = FTDN_RANK_THREADS / 2; half > 0; half /= 2) {
        if ((int)threadIdx.x < half) sum[threadIdx.x] += sum[threadIdx.x + half];
        __syncthreads();
    }
    double total = sum[0];
    __syncthreads();
    return total;
}

/* A block for an image. scale: 1 / positives of the batch. */
__global__ static void loss_kernel(ftdn_cuda_loss loss, double n_batch_positives)
{
    int image = blockIdx.x, n_columns = loss.heads->n_columns;
    ftdn_cuda_loss_image of = loss.image[image];
    const ftdn_cuda_positive *positive = loss.positive + of.first_positive;
    float *hardness = loss.hardness + (size_t)image * loss.n_priors;
    double classification = 0, regression = 0, scale = 1 / n_batch_positives;
    for (int i = threadIdx.x; i < of.n_positives; i += FTDN_RANK_THREADS) {
        prior_rows rows = rows_of(&loss, image, positive[i].prior);
        classification +=
            cross_entropy(loss.score_kind, rows.logits, n_columns, positive[i].label, scale, rows.dlogits);
        regression += ftdn_smooth_l1(rows.location, positive[i].target, scale, rows.dlocation);
        hardness[positive[i].prior] = -INFINITY; /* not mined */
    }
    __syncthreads();
    if (of.n_negatives > 0) {
        const float every = -1;
        ftdn_rank_key pivot = ftdn_rank_pivot(hardness, loss.n_priors, every, of.n_negatives);
        for (int p = threadIdx.x; p < loss.n_priors; p += FTDN_RANK_THREADS) {
            if (!(hardness[p] > every) || ftdn_rank_key_make(hardness[p], p) < pivot) continue;
            prior_rows rows = rows_of(&loss, image, p);
            classification += cross_entropy(loss.score_kind, rows.logits, n_columns, 0, scale, rows.dlogits);
        }
    }
    classification = add_up(classification);
    regression = add_up(regression);
    if (threadIdx.x > 0) return;
    loss.value[image].classification = of.n_positives ? classification / n_batch_positives : 0;
    loss.value[image].regression = of.n_positives ? regression / n_batch_positives : 0;
}

ftdn_status ftdn_cuda_loss_compute(const ftdn_cuda_loss *loss, int n_images, int n_batch_positives, cudaStream_t stream,
                                   ftdn_error *err)
{
    FTDN_LAUNCH(hardness_kernel, dim3(loss->n_tiles, n_images), FTDN_TILE_THREADS, loss->tile_bytes, stream, *loss);
    FTDN_TRY(ftdn_cuda_check_launch("hardness of negatives", err));
    FTDN_LAUNCH(loss_kernel, n_images, FTDN_RANK_THREADS, 0, stream, *loss, (double)n_batch_positives);
    return ftdn_cuda_check_launch("multibox loss", err);
}
