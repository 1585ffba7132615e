#include "engine/cuda/cuda_step.h"

#include <math.h>

#include "engine/cuda/launch.h"

#define THREADS 256
#define NORM_THREADS 1024

/* Add the sums of a block's threads, by halves: the first thread gets the total, the others 0. */
template <int N> static __device__ double sum_of_block(double sum)
{
    __shared__ double of_thread[N];
    of_thread[threadIdx.x] = sum;
    for (unsigned n = N / 2; n > 0; n /= 2) {
        __syncthreads();
        if (threadIdx.x < n) of_thread[threadIdx.x] += of_thread[threadIdx.x + n];
    }
    return threadIdx.x == 0 ? of_thread[0] : 0.0;
}

static __global__ void sum_squares(ftdn_cuda_step_state state)
{
    const ftdn_cuda_param_piece *piece = &state.piece[blockIdx.x];
    const float *gradient = state.gradient + piece->begin;
    double sum = 0;
    for (int i = (int)threadIdx.x; i < piece->n_elements; i += THREADS) {
        double g = (double)gradient[i];
        sum += g * g;
    }
    sum = sum_of_block<THREADS>(sum);
    if (threadIdx.x == 0) state.sum_of_squares[blockIdx.x] = sum;
}

static __global__ void __launch_bounds__(NORM_THREADS) sum_pieces(ftdn_cuda_step_state state)
{
    double sum = 0;
    for (int i = (int)threadIdx.x; i < state.n_trained_pieces; i += NORM_THREADS) sum += state.sum_of_squares[i];
    sum = sum_of_block<NORM_THREADS>(sum);
    if (threadIdx.x == 0) *state.norm = sqrt(sum);
}

extern "C" void ftdn_cuda_gradient_norm(cudaStream_t stream, const ftdn_cuda_step_state *state)
{
    FTDN_LAUNCH(sum_squares, (unsigned)state->n_trained_pieces, THREADS, 0, stream, *state);
    FTDN_LAUNCH(sum_pieces, 1, NORM_THREADS, 0, stream, *state);
}

/* Neighbouring threads have neighbouring elements; each is read and written once. */
static __global__ void take_step(ftdn_cuda_step_state state, ftdn_step_factors by, float average_part)
{
    double norm = *state.norm;
    if (!(norm < INFINITY)) return;
    ftdn_cuda_param_piece piece = state.piece[blockIdx.x];
    bool is_trained = (int)blockIdx.x < state.n_trained_pieces;
    float scale = ftdn_gradient_scale(state.max_gradient_norm, norm);
    for (int i = (int)threadIdx.x; i < piece.n_elements; i += THREADS) {
        size_t at = piece.begin + (size_t)i;
        float value = state.value[at];
        if (is_trained && state.second) {
            ftdn_step_adam(&by, scale, piece.decays ? by.weights_kept : 1.0f, state.gradient[at], &state.first[at],
                           &state.second[at], &value);
        } else if (is_trained) {
            ftdn_step_sgd(&by, scale, piece.decays ? by.weight_decay : 0.0f, state.gradient[at], &state.first[at],
                          &value);
        } else if (piece.of_batch) {
            value = ftdn_running_statistic(state.statistics_part, value, piece.of_batch[i]);
        }
        state.value[at] = value;
        if (state.average) state.average[at] = ftdn_moving_average(average_part, state.average[at], value);
    }
}

extern "C" void ftdn_cuda_step_take(cudaStream_t stream, const ftdn_cuda_step_state *state,
                                    const ftdn_step_factors *factors, float average_part)
{
    FTDN_LAUNCH(take_step, (unsigned)state->n_pieces, THREADS, 0, stream, *state, *factors, average_part);
}
