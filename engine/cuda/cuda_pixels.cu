#include "engine/cuda/cuda_pixels.h"

#include "engine/cuda/launch.h"

#define THREADS 256

struct normalisation {
    float mean[3], scale[3];
};

static __global__ void write_batch(ftdn_cuda_batch *batch, ftdn_cuda_batch value)
{
    *batch = value;
}

extern "C" void ftdn_cuda_batch_write(cudaStream_t stream, ftdn_cuda_batch *batch, ftdn_cuda_batch value)
{
    FTDN_LAUNCH(write_batch, 1, 1, 0, stream, batch, value);
}

/* Chosen, not indexed: an index that is not known in advance would move the numbers to slower memory. */
static __device__ float of_channel(const float number[3], unsigned channel)
{
    return channel == 0 ? number[0] : channel == 1 ? number[1] : number[2];
}

static __device__ float normalise(const struct normalisation *by, unsigned char byte, unsigned channel)
{
    return ((float)byte - of_channel(by->mean, channel)) / of_channel(by->scale, channel);
}

/* Each thread makes four neighbouring values of an image, read and written at once where both are aligned. */
static __global__ void normalise_pixels(const ftdn_cuda_batch *batch, unsigned n_elements, struct normalisation by,
                                        float *x)
{
    unsigned begin = 4 * (blockIdx.x * blockDim.x + threadIdx.x);
    if (begin >= n_elements) return;
    x += (size_t)blockIdx.y * n_elements + begin;
    unsigned n = n_elements - begin < 4 ? n_elements - begin : 4;
    if ((int)blockIdx.y >= batch->n_images) {
        for (unsigned i = 0; i < n; i++) x[i] = 0.0f;
        return;
    }
    const unsigned char *pixel = batch->pixels + (size_t)(batch->first + (int)blockIdx.y) * n_elements + begin;
    if (n_elements % 4 == 0 && (size_t)pixel % 4 == 0) {
        uchar4 bytes = *(const uchar4 *)pixel;
        float4 values = make_float4(normalise(&by, bytes.x, begin % 3), normalise(&by, bytes.y, (begin + 1) % 3),
                                    normalise(&by, bytes.z, (begin + 2) % 3), normalise(&by, bytes.w, begin % 3));
        *(float4 *)x = values;
        return;
    }
    for (unsigned i = 0; i < n; i++) x[i] = normalise(&by, pixel[i], (begin + i) % 3);
}

extern "C" void ftdn_cuda_pixels_normalise(cudaStream_t stream, const ftdn_cuda_batch *batch, int n_images,
                                           size_t n_elements, const float mean[3], const float scale[3], float *x)
{
    struct normalisation by;
    for (int c = 0; c < 3; c++) {
        by.mean[c] = mean[c];
        by.scale[c] = scale[c];
    }
    unsigned per_block = 4 * THREADS;
    dim3 blocks((unsigned)((n_elements + per_block - 1) / per_block), (unsigned)n_images);
    FTDN_LAUNCH(normalise_pixels, blocks, THREADS, 0, stream, batch, (unsigned)n_elements, by, x);
}
