/* emulated_convolution.c - cuda_convolution.h by plain loops, for the module that runs on the processor.
 *
 * Forward and gradient of the map are one loop: a vector of outputs is the sum, over the cells of the kernel and the
 * channels there in their order, of a number times a row of weights. They differ in which channels are rows, and in
 * where the numbers lie. Sums are in f32, in that order for any number of images; those of the filter's gradient are in
 * double. */
#include "engine/cuda/cuda_convolution.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cuda/cuda_status.h"
#include "tests/emulator/emulator.h"

enum {
    N_LANES = 16,     /* outputs that are computed together */
    N_NEIGHBOURS = 4, /* in a row of the map, so that a row of weights is read once for all */
};

/* Keeps nothing, and counts what was made with it and is not freed. */
struct ftdn_device_cache {
    int n_used;
};

struct ftdn_cuda_library {
    ftdn_device_cache *cache;
    cudaStream_t stream;
};

struct ftdn_cuda_convolution {
    ftdn_device_cache *cache;
    ftdn_cuda_convolution_desc desc; /* its name is gone */
    size_t n_packed, n_rounded;      /* floats of the workspace: weights by rows, and the first operand as TF32 */
    bool has_run, *tells_that;       /* the latter points at the former, also of one that is only read */
};

/* One run, as it waits in a stream. */
typedef struct convolution_run {
    ftdn_cuda_convolution_desc desc;
    const float *a, *b, *bias;
    float *out, *packed, *rounded;
} convolution_run;

ftdn_status ftdn_cuda_cache_create(ftdn_device_cache **ret_cache, ftdn_error *err)
{
    ftdn_device_cache *cache = calloc(1, sizeof *cache);
    if (!cache) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for the emulated convolutions");
    *ret_cache = cache;
    return FTDN_OK;
}

void ftdn_cuda_cache_free(ftdn_device_cache *cache)
{
    assert(!cache || cache->n_used == 0);
    free(cache);
}

ftdn_status ftdn_cuda_library_create(ftdn_device_cache *cache, cudaStream_t stream, ftdn_cuda_library **ret_library,
                                     ftdn_error *err)
{
    ftdn_cuda_library *library = calloc(1, sizeof *library);
    if (!library) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for the emulated convolutions");
    library->cache = cache;
    cache->n_used++;
    library->stream = stream;
    *ret_library = library;
    return FTDN_OK;
}

void ftdn_cuda_library_free(ftdn_cuda_library *library)
{
    if (library) library->cache->n_used--;
    free(library);
}

const char *ftdn_cuda_library_version(void)
{
    return "emulated convolutions";
}

static size_t round_up(int n)
{
    return ((size_t)n + N_LANES - 1) / N_LANES * N_LANES;
}

ftdn_status ftdn_cuda_convolution_create(ftdn_device_cache *cache, const ftdn_cuda_convolution_desc *desc,
                                         ftdn_cuda_convolution **ret_convolution, ftdn_error *err)
{
    assert(desc->n_images >= 1 && desc->stride >= 1 && desc->dilation >= 1);
    ftdn_cuda_convolution *convolution = calloc(1, sizeof *convolution);
    if (!convolution) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for convolution '%s'", desc->name);
    convolution->tells_that = &convolution->has_run;
    convolution->cache = cache;
    cache->n_used++;
    convolution->desc = *desc;
    convolution->desc.name = NULL;
    size_t n_cells = (size_t)desc->kernel_h * (size_t)desc->kernel_w;
    if (desc->kind == FTDN_CUDA_CONVOLUTION_FORWARD)
        convolution->n_packed = n_cells * (size_t)desc->in.c * round_up(desc->out.c);
    else if (desc->kind == FTDN_CUDA_CONVOLUTION_MAP_GRADIENT)
        convolution->n_packed = n_cells * (size_t)desc->out.c * round_up(desc->in.c);
    ftdn_shape first = desc->kind == FTDN_CUDA_CONVOLUTION_FORWARD ? desc->in : desc->out;
    if (desc->tf32) convolution->n_rounded = (size_t)desc->n_images * ftdn_shape_elements(first);
    *ret_convolution = convolution;
    return FTDN_OK;
}

void ftdn_cuda_convolution_free(ftdn_cuda_convolution *convolution)
{
    if (convolution) convolution->cache->n_used--;
    free(convolution);
}

size_t ftdn_cuda_convolution_workspace_bytes(const ftdn_cuda_convolution *convolution)
{
    return (convolution->n_packed + convolution->n_rounded) * sizeof(float);
}

const char *ftdn_cuda_convolution_plan(const ftdn_cuda_convolution *convolution)
{
    return convolution->desc.tf32 ? "plain loops, tf32" : "plain loops";
}

/* The nearest number with 10 bits of mantissa, ties to even. */
static float round_to_tf32(float x)
{
    uint32_t bits;
    if (!isfinite(x)) return x;
    memcpy(&bits, &x, sizeof bits);
    bits += 0xfff + (bits >> 13 & 1);
    bits &= ~(uint32_t)0x1fff;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Weights [K,R,S,C] to [R,S,depth,lanes]: lanes are K and depth C going forward, the other way round for gradients.
 * Lanes beyond the last channel are 0. */
static void pack_weights(const convolution_run *run)
{
    const ftdn_cuda_convolution_desc *desc = &run->desc;
    bool forward = desc->kind == FTDN_CUDA_CONVOLUTION_FORWARD;
    int n_cells = desc->kernel_h * desc->kernel_w, n_c = desc->in.c, n_k = desc->out.c;
    int depth = forward ? n_c : n_k, width = forward ? n_k : n_c;
    size_t n_lanes = round_up(width);
    for (int cell = 0; cell < n_cells; cell++) {
        for (int d = 0; d < depth; d++) {
            float *row = run->packed + ((size_t)cell * (size_t)depth + (size_t)d) * n_lanes;
            for (int i = 0; i < width; i++) {
                int k = forward ? i : d, c = forward ? d : i;
                float w = run->b[((size_t)k * (size_t)n_cells + (size_t)cell) * (size_t)n_c + (size_t)c];
                row[i] = desc->tf32 ? round_to_tf32(w) : w;
            }
            for (size_t i = (size_t)width; i < n_lanes; i++) row[i] = 0;
        }
    }
}

/* What the kernel's cell (r, s) multiplies for the output at (row, column); NULL: nothing. */
static const float *find_source(const convolution_run *run, const float *map, int row, int column, int r, int s)
{
    const ftdn_cuda_convolution_desc *desc = &run->desc;
    if (desc->kind == FTDN_CUDA_CONVOLUTION_FORWARD) {
        row = row * desc->stride + r * desc->dilation - desc->pad_top;
        column = column * desc->stride + s * desc->dilation - desc->pad_left;
        if (row < 0 || row >= desc->in.h || column < 0 || column >= desc->in.w) return NULL;
        return map + ((size_t)row * (size_t)desc->in.w + (size_t)column) * (size_t)desc->in.c;
    }
    row += desc->pad_top - r * desc->dilation;
    column += desc->pad_left - s * desc->dilation;
    if (row < 0 || row % desc->stride || column < 0 || column % desc->stride) return NULL;
    row /= desc->stride;
    column /= desc->stride;
    if (row >= desc->out.h || column >= desc->out.w) return NULL;
    return map + ((size_t)row * (size_t)desc->out.w + (size_t)column) * (size_t)desc->out.c;
}

/* Operands are checked as a whole: sanitizers would make these loops many times slower. */
#define UNCHECKED __attribute__((no_sanitize("address", "undefined")))

/* sum[i][lane] += source[i][d] weights[d][lane] in the order of d; a source that is NULL adds nothing. */
UNCHECKED static inline __attribute__((always_inline)) void add_products(const float *const source[N_NEIGHBOURS],
                                                                         const float *weights, int depth,
                                                                         size_t n_lanes,
                                                                         float sum[N_NEIGHBOURS][N_LANES])
{
    bool all = true;
    for (int i = 0; i < N_NEIGHBOURS; i++) all = all && source[i];
    if (all) {
        float total[N_NEIGHBOURS][N_LANES];
        memcpy(total, sum, sizeof total);
        for (int d = 0; d < depth; d++) {
            const float *row = weights + (size_t)d * n_lanes;
            for (int i = 0; i < N_NEIGHBOURS; i++) {
                for (int lane = 0; lane < N_LANES; lane++) total[i][lane] += source[i][d] * row[lane];
            }
        }
        memcpy(sum, total, sizeof total);
        return;
    }
    for (int i = 0; i < N_NEIGHBOURS; i++) {
        for (int d = 0; source[i] && d < depth; d++) {
            const float *row = weights + (size_t)d * n_lanes;
            for (int lane = 0; lane < N_LANES; lane++) sum[i][lane] += source[i][d] * row[lane];
        }
    }
}

/* The processor decides how wide; the sums are the same. */
UNCHECKED static void add_products_plain(const float *const source[N_NEIGHBOURS], const float *weights, int depth,
                                         size_t n_lanes, float sum[N_NEIGHBOURS][N_LANES])
{
    add_products(source, weights, depth, n_lanes, sum);
}

#ifdef __x86_64__
UNCHECKED __attribute__((target("avx2"))) static void add_products_avx2(const float *const source[N_NEIGHBOURS],
                                                                        const float *weights, int depth, size_t n_lanes,
                                                                        float sum[N_NEIGHBOURS][N_LANES])
{
    add_products(source, weights, depth, n_lanes, sum);
}
#endif

/* NaN becomes 0 in both rectifiers. */
static float activate(ftdn_activation activation, float x)
{
    if (activation == FTDN_ACTIVATION_NONE) return x;
    float raised = x > 0 ? x : 0;
    return activation == FTDN_ACTIVATION_RELU6 && raised > 6 ? 6 : raised;
}

static void compute_map(const convolution_run *run)
{
    const ftdn_cuda_convolution_desc *desc = &run->desc;
    bool forward = desc->kind == FTDN_CUDA_CONVOLUTION_FORWARD;
    ftdn_shape from = forward ? desc->in : desc->out, to = forward ? desc->out : desc->in;
    size_t n_lanes = round_up(to.c);
    void (*add)(const float *const *, const float *, int, size_t, float(*)[N_LANES]) = add_products_plain;
#ifdef __x86_64__
    if (__builtin_cpu_supports("avx2")) add = add_products_avx2;
#endif
    pack_weights(run);
    const float *a = run->rounded ? run->rounded : run->a;
    for (size_t e = 0; run->rounded && e < (size_t)desc->n_images * ftdn_shape_elements(from); e++)
        run->rounded[e] = round_to_tf32(run->a[e]);
    for (int row = 0; row < desc->n_images * to.h; row++) {
        const float *map = a + (size_t)(row / to.h) * ftdn_shape_elements(from);
        for (int column = 0; column < to.w; column += N_NEIGHBOURS) {
            for (int first = 0; first < to.c; first += N_LANES) {
                float sum[N_NEIGHBOURS][N_LANES] = {{0}};
                for (int cell = 0; cell < desc->kernel_h * desc->kernel_w; cell++) {
                    const float *source[N_NEIGHBOURS];
                    for (int i = 0; i < N_NEIGHBOURS; i++) {
                        source[i] = column + i >= to.w ? NULL
                                                       : find_source(run, map, row % to.h, column + i,
                                                                     cell / desc->kernel_w, cell % desc->kernel_w);
                    }
                    const float *weights = run->packed + (size_t)cell * (size_t)from.c * n_lanes + (size_t)first;
                    add(source, weights, from.c, n_lanes, sum);
                }
                for (int i = 0; i < N_NEIGHBOURS && column + i < to.w; i++) {
                    float *y = run->out + ((size_t)row * (size_t)to.w + (size_t)(column + i)) * (size_t)to.c;
                    for (int c = first; c < to.c && c < first + N_LANES; c++) {
                        float bias = run->bias ? run->bias[c] : 0;
                        y[c] = forward ? activate(desc->activation, sum[i][c - first] + bias) : sum[i][c - first];
                    }
                }
            }
        }
    }
}

/* dw[k,r,s,c] = sum_{n,p,q} dy[n,p,q,k] x[n,h,w,c]; a: dy, b: x. */
static void compute_filter_gradient(const convolution_run *run)
{
    const ftdn_cuda_convolution_desc *desc = &run->desc;
    const convolution_run forward = {.desc = {.kind = FTDN_CUDA_CONVOLUTION_FORWARD,
                                              .in = desc->in,
                                              .out = desc->out,
                                              .stride = desc->stride,
                                              .dilation = desc->dilation,
                                              .pad_top = desc->pad_top,
                                              .pad_left = desc->pad_left}};
    int n_cells = desc->kernel_h * desc->kernel_w, n_out = desc->out.h * desc->out.w;
    for (int k = 0; k < desc->out.c; k++) {
        for (int cell = 0; cell < n_cells; cell++) {
            float *dw = run->out + ((size_t)k * (size_t)n_cells + (size_t)cell) * (size_t)desc->in.c;
            for (int first = 0; first < desc->in.c; first += N_LANES) {
                double sum[N_LANES] = {0};
                int n = desc->in.c - first < N_LANES ? desc->in.c - first : N_LANES;
                for (int at = 0; at < desc->n_images * n_out; at++) {
                    const float *image = run->b + (size_t)(at / n_out) * ftdn_shape_elements(desc->in);
                    const float *x = find_source(&forward, image, at % n_out / desc->out.w, at % n_out % desc->out.w,
                                                 cell / desc->kernel_w, cell % desc->kernel_w);
                    float dy = run->a[(size_t)at * (size_t)desc->out.c + (size_t)k];
                    if (!x) continue;
                    for (int c = 0; c < n; c++) {
                        sum[c] += desc->tf32 ? (double)round_to_tf32(dy) * (double)round_to_tf32(x[first + c])
                                             : (double)dy * (double)x[first + c];
                    }
                }
                for (int c = 0; c < n; c++) dw[first + c] = (float)sum[c];
            }
        }
    }
}

static void run_convolution(const void *arguments)
{
    convolution_run run;
    memcpy(&run, arguments, sizeof run);
    if (run.desc.kind == FTDN_CUDA_CONVOLUTION_FILTER_GRADIENT) compute_filter_gradient(&run);
    else compute_map(&run);
}

/* Alignment and size of all that is read and written: the loops look at neither. */
static void check_operands(const ftdn_cuda_convolution *convolution, const float *a, const float *b, const float *bias,
                           const float *out, const void *workspace)
{
    const ftdn_cuda_convolution_desc *desc = &convolution->desc;
    const size_t n_images = (size_t)desc->n_images, n_x = n_images * ftdn_shape_elements(desc->in);
    const size_t n_y = n_images * ftdn_shape_elements(desc->out);
    const size_t n_w = (size_t)desc->kernel_h * (size_t)desc->kernel_w * (size_t)desc->in.c * (size_t)desc->out.c;
    bool forward = desc->kind == FTDN_CUDA_CONVOLUTION_FORWARD;
    bool of_filter = desc->kind == FTDN_CUDA_CONVOLUTION_FILTER_GRADIENT;
    const struct {
        const void *memory;
        size_t n_floats;
    } operands[] = {
        {a, forward ? n_x : n_y},
        {b, of_filter ? n_x : n_w},
        {out, forward     ? n_y
              : of_filter ? n_w
                          : n_x},
        {bias, (size_t)desc->out.c},
        {workspace, convolution->n_packed + convolution->n_rounded},
    };
    for (size_t i = 0; i < sizeof operands / sizeof *operands; i++) {
        assert((uintptr_t)operands[i].memory % 16 == 0);
        ftdn_emulator_require_device_memory("a convolution", operands[i].memory, operands[i].n_floats * sizeof(float));
    }
    assert(a && b && out && (forward || !bias));
    assert(workspace || !operands[4].n_floats);
}

ftdn_status ftdn_cuda_convolution_run(const ftdn_cuda_convolution *convolution, ftdn_cuda_library *library,
                                      const float *a, const float *b, const float *bias, float *out, void *workspace,
                                      ftdn_error *err)
{
    cudaStreamCaptureStatus capture;
    check_operands(convolution, a, b, bias, out, workspace);
    FTDN_CUDA(cudaStreamIsCapturing(library->stream, &capture), "convolution", err);
    assert(convolution->has_run || capture == cudaStreamCaptureStatusNone); /* libraries load what they run first */
    *convolution->tells_that = true;
    const convolution_run run = {
        .desc = convolution->desc,
        .a = a,
        .b = b,
        .bias = bias,
        .out = out,
        .packed = workspace,
        .rounded = convolution->n_rounded ? (float *)workspace + convolution->n_packed : NULL,
    };
    FTDN_CUDA(ftdn_emulator_enqueue(library->stream, run_convolution, &run, sizeof run), "convolution", err);
    return FTDN_OK;
}
