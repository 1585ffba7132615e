#include "detect/detections_cuda.h"

#include "detect/head_tile_cuda.h"
#include "detect/rank_pivot_cuda.h"
#include "engine/cuda/cuda_status.h"
#include "engine/cuda/launch.h"

extern "C" {
#include "detect/overlap_hd.h"
}

/* The scores of one prior, out of its logits in shared memory, which are overwritten; sums run in column order. */
__device__ static void write_softmax(float *logit, int n_columns, float *score, int score_stride)
{
    float largest = logit[0], sum = 0;
    for (int c = 1; c < n_columns; c++) largest = logit[c] > largest ? logit[c] : largest;
    for (int c = 0; c < n_columns; c++) {
        logit[c] = ftdn_exp(logit[c] - largest);
        sum += logit[c];
    }
    for (int c = 1; c < n_columns; c++) score[(size_t)(c - 1) * score_stride] = logit[c] / sum;
}

__device__ static void write_sigmoids(const float *logit, int n_columns, float *score, int score_stride)
{
    for (int c = 1; c < n_columns; c++) score[(size_t)(c - 1) * score_stride] = ftdn_sigmoid(logit[c]);
}

__device__ static int count_nonfinite_locations(const ftdn_cuda_heads *heads, int n_answers, ftdn_head_tile at,
                                                int image)
{
    size_t start = ((size_t)image * heads->head[at.head].n_priors + at.first) * 4;
    const float *first = heads[0].head[at.head].locations + start;
    const float *second = n_answers == 2 ? heads[1].head[at.head].locations + start : NULL;
    int n_nonfinite = 0;
    for (int i = threadIdx.x; i < at.n_priors * 4; i += blockDim.x)
        n_nonfinite += ftdn_is_nonfinite(ftdn_answer_value(first, second, i));
    return n_nonfinite;
}

/* A block for a tile of an image, a thread for a prior: logits are read, and scores written, in the order of
 * addresses. */
__global__ static void score_kernel(ftdn_cuda_detections d, int *n_nonfinite)
{
    FTDN_SHARED(float, logits);
    __shared__ int n_nonfinite_here;
    int image = blockIdx.y;
    ftdn_head_tile at = ftdn_head_tile_find(d.heads, blockIdx.x);
    if (threadIdx.x == 0) n_nonfinite_here = 0;
    __syncthreads();
    int n_seen = ftdn_head_tile_load(d.heads, d.n_answers, at, image, logits);
    n_seen += count_nonfinite_locations(d.heads, d.n_answers, at, image);
    if (n_seen) atomicAdd(&n_nonfinite_here, n_seen);
    __syncthreads();
    if (threadIdx.x == 0 && n_nonfinite_here) atomicAdd(&n_nonfinite[image], n_nonfinite_here);
    if ((int)threadIdx.x >= at.n_priors) return;
    float *logit = logits + threadIdx.x * at.row_floats;
    int prior = d.heads->head[at.head].first_prior + at.first + threadIdx.x;
    float *score = d.scores + (size_t)image * d.n_classes * d.score_stride + prior;
    if (d.score_kind == FTDN_SCORE_SOFTMAX) write_softmax(logit, d.n_classes + 1, score, d.score_stride);
    else write_sigmoids(logit, d.n_classes + 1, score, d.score_stride);
}

/* What a block of the selection works on, in shared memory or, of many candidates, in device memory. */
typedef struct candidates {
    ftdn_rank_key *key;              /* [n_best rounded up to a power of two] */
    float *x0, *y0, *x1, *y1, *area; /* [n_best] */
    int *stands;                     /* [n_best] */
} candidates;

enum {
    /* 33 KB: what any device gives to a block without being asked, less what selection takes. */
    MAX_SHARED_CANDIDATES = 1024,
    /* Two for each multiprocessor of the largest devices; each goes through several classes. */
    MAX_SCRATCH_BLOCKS = 264,
};

__host__ __device__ static int round_up_to_power(int n)
{
    int power = 1;
    while (power < n) power *= 2;
    return power;
}

__host__ __device__ static size_t candidate_words(int n_best)
{
    return (size_t)round_up_to_power(n_best) + 3 * (size_t)n_best;
}

__device__ static candidates candidates_in(unsigned long long *memory, int n_best)
{
    candidates c;
    c.key = memory;
    c.x0 = (float *)(memory + round_up_to_power(n_best));
    c.y0 = c.x0 + n_best;
    c.x1 = c.y0 + n_best;
    c.y1 = c.x1 + n_best;
    c.area = c.y1 + n_best;
    c.stands = (int *)(c.area + n_best);
    return c;
}

/* The keys of the best n_best scores above the threshold, in no order; returns how many. All threads of the block. */
__device__ static int select_best(const float *scores, int n_scores, float threshold, int n_best,
                                  ftdn_rank_key *ret_key)
{
    __shared__ unsigned n_passing, n_taken;
    if (threadIdx.x == 0) n_passing = n_taken = 0;
    __syncthreads();
    unsigned n_own = 0;
    for (int i = threadIdx.x; i < n_scores; i += FTDN_RANK_THREADS) n_own += scores[i] > threshold;
    if (n_own) atomicAdd(&n_passing, n_own);
    __syncthreads();
    if (n_passing == 0) return 0;
    ftdn_rank_key pivot = 0;
    if (n_passing > (unsigned)n_best) pivot = ftdn_rank_pivot(scores, n_scores, threshold, n_best);
    for (int i = threadIdx.x; i < n_scores; i += FTDN_RANK_THREADS) {
        if (!(scores[i] > threshold)) continue;
        ftdn_rank_key key = ftdn_rank_key_make(scores[i], i);
        if (key >= pivot) ret_key[atomicAdd(&n_taken, 1u)] = key;
    }
    __syncthreads();
    return (int)n_taken;
}

/* Bitonic: the largest key first. Keys behind the n are overwritten, up to the next power of two. */
__device__ static void sort_keys(ftdn_rank_key *key, int n)
{
    int n_padded = round_up_to_power(n);
    for (int i = n + threadIdx.x; i < n_padded; i += FTDN_RANK_THREADS) key[i] = 0; /* less than any key */
    __syncthreads();
    for (int size = 2; size <= n_padded; size *= 2) {
        for (int step = size / 2; step > 0; step /= 2) {
            for (int i = threadIdx.x; i < n_padded / 2; i += FTDN_RANK_THREADS) {
                int low = 2 * i - (i & (step - 1)), high = low + step;
                bool descending = (low & size) == 0;
                ftdn_rank_key a = key[low], b = key[high];
                if ((a < b) != descending) continue;
                key[low] = b;
                key[high] = a;
            }
            __syncthreads();
        }
    }
}

/* The boxes of the candidates; one that is not finite does not stand. */
__device__ static void decode(const ftdn_cuda_detections *d, int image, candidates c, int n)
{
    for (int i = threadIdx.x; i < n; i += FTDN_RANK_THREADS) {
        int prior = ftdn_rank_key_index(c.key[i]), h = 0;
        while (h + 1 < d->heads->n_heads && prior >= d->heads->head[h + 1].first_prior) h++;
        const ftdn_cuda_head *head = &d->heads->head[h];
        size_t start = ((size_t)image * head->n_priors + (prior - head->first_prior)) * 4;
        const float *second = d->n_answers == 2 ? d->heads[1].head[h].locations + start : NULL;
        float location[4], corner[4];
        for (int k = 0; k < 4; k++) location[k] = ftdn_answer_value(head->locations + start, second, k);
        ftdn_box_corners(d->centre_variance, d->size_variance, location, d->priors + (size_t)prior * 4, corner);
        int n_nonfinite = 0;
        for (int k = 0; k < 4; k++) n_nonfinite += ftdn_is_nonfinite(corner[k]);
        c.x0[i] = ftdn_corner_clip(corner[0]);
        c.y0[i] = ftdn_corner_clip(corner[1]);
        c.x1[i] = ftdn_corner_clip(corner[2]);
        c.y1[i] = ftdn_corner_clip(corner[3]);
        c.area[i] = (c.x1[i] - c.x0[i]) * (c.y1[i] - c.y0[i]);
        c.stands[i] = n_nonfinite == 0;
    }
    __syncthreads();
}

__device__ static ftdn_overlap_box box_at(candidates c, int i)
{
    ftdn_overlap_box box = {c.x0[i], c.y0[i], c.x1[i], c.y1[i], c.area[i]};
    return box;
}

/* From the best to the worst: a box that stands is written, and the whole block drops what it suppresses; the block
 * meets once for each box that stands. Returns how many do. */
__device__ static int suppress(candidates c, int n, float limit, int class_index, ftdn_detection *ret_detection)
{
    int n_kept = 0;
    for (int i = 0; i < n; i++) {
        if (!c.stands[i]) continue;
        ftdn_overlap_box box = box_at(c, i);
        for (int j = i + 1 + threadIdx.x; j < n; j += FTDN_RANK_THREADS)
            if (c.stands[j] && ftdn_overlap_exceeds(box_at(c, j), box, limit)) c.stands[j] = 0;
        if ((int)threadIdx.x == n_kept % FTDN_RANK_THREADS) {
            ftdn_detection *kept = &ret_detection[n_kept];
            kept->class_index = class_index;
            kept->prior = ftdn_rank_key_index(c.key[i]);
            kept->score = ftdn_rank_key_score(c.key[i]);
            kept->x0 = box.x0;
            kept->y0 = box.y0;
            kept->x1 = box.x1;
            kept->y1 = box.y1;
        }
        n_kept++;
        __syncthreads();
    }
    return n_kept;
}

/* A block for a class of an image, or for several of them, one after the other. */
__global__ static void select_kernel(ftdn_cuda_detections d, ftdn_cuda_boxes boxes)
{
    FTDN_SHARED(unsigned long long, memory);
    candidates c = candidates_in(d.scratch ? d.scratch + blockIdx.x * candidate_words(d.n_best) : memory, d.n_best);
    for (int job = blockIdx.x; job < d.n_images * d.n_classes; job += gridDim.x) {
        int n = select_best(d.scores + (size_t)job * d.score_stride, d.n_priors, d.threshold, d.n_best, c.key);
        sort_keys(c.key, n);
        decode(&d, job / d.n_classes, c, n);
        int n_kept = suppress(c, n, d.limit, job % d.n_classes, boxes.detection + (size_t)job * d.n_best);
        if (threadIdx.x == 0) boxes.n_detections[job] = n_kept;
        __syncthreads();
    }
}

/* Detections travel as words, so that the threads of a warp write to neighbouring addresses. */
typedef int __attribute__((may_alias)) detection_word;
enum { DETECTION_WORDS = sizeof(ftdn_detection) / sizeof(detection_word), WARP = 32, PACK_THREADS = 256 };

/* A block for an image, a warp for a class. start: where the class's list begins among the image's. */
__global__ static void pack_kernel(ftdn_cuda_detections d, ftdn_cuda_boxes boxes, ftdn_cuda_packed_boxes packed)
{
    FTDN_SHARED(int, start);
    int image = blockIdx.x;
    const int *n_detections = boxes.n_detections + (size_t)image * d.n_classes;
    for (int c = threadIdx.x; c < d.n_classes; c += PACK_THREADS) start[c] = n_detections[c];
    __syncthreads();
    if (threadIdx.x == 0) {
        int n_before = 0;
        for (int c = 0; c < d.n_classes; c++) {
            int n_here = start[c];
            start[c] = n_before;
            n_before += n_here;
        }
        packed.n_detections[image] = n_before;
        packed.n_nonfinite[image] = boxes.n_nonfinite[image];
    }
    __syncthreads();
    size_t capacity = (size_t)d.n_classes * d.n_best;
    const ftdn_detection *from = boxes.detection + image * capacity;
    ftdn_detection *to = packed.detection + image * capacity;
    for (int c = threadIdx.x / WARP; c < d.n_classes; c += PACK_THREADS / WARP) {
        const detection_word *source = (const detection_word *)(from + (size_t)c * d.n_best);
        detection_word *target = (detection_word *)(to + start[c]);
        for (int i = threadIdx.x % WARP; i < n_detections[c] * DETECTION_WORDS; i += WARP) target[i] = source[i];
    }
}

static int n_selection_blocks(int n_images, int n_classes, int n_best)
{
    int n_jobs = n_images * n_classes;
    return n_best <= MAX_SHARED_CANDIDATES || n_jobs < MAX_SCRATCH_BLOCKS ? n_jobs : MAX_SCRATCH_BLOCKS;
}

size_t ftdn_cuda_detections_scratch_bytes(int n_images, int n_classes, int n_best)
{
    if (n_best <= MAX_SHARED_CANDIDATES) return 0;
    return n_selection_blocks(n_images, n_classes, n_best) * candidate_words(n_best) * sizeof(ftdn_rank_key);
}

ftdn_status ftdn_cuda_detections_find(const ftdn_cuda_detections *detections, const ftdn_cuda_boxes *boxes,
                                      cudaStream_t stream, ftdn_error *err)
{
    ftdn_cuda_detections d = *detections;
    FTDN_CUDA(cudaMemsetAsync(boxes->n_nonfinite, 0, d.n_images * sizeof *boxes->n_nonfinite, stream),
              "numbers that are not finite", err);
    FTDN_LAUNCH(score_kernel, dim3(d.n_tiles, d.n_images), FTDN_TILE_THREADS, d.tile_bytes, stream, d,
                boxes->n_nonfinite);
    FTDN_TRY(ftdn_cuda_check_launch("scores", err));
    size_t shared_bytes = d.scratch ? 0 : candidate_words(d.n_best) * sizeof(ftdn_rank_key);
    FTDN_LAUNCH(select_kernel, n_selection_blocks(d.n_images, d.n_classes, d.n_best), FTDN_RANK_THREADS, shared_bytes,
                stream, d, *boxes);
    return ftdn_cuda_check_launch("selection of boxes", err);
}

ftdn_status ftdn_cuda_detections_pack(const ftdn_cuda_detections *detections, const ftdn_cuda_boxes *boxes,
                                      const ftdn_cuda_packed_boxes *packed, cudaStream_t stream, ftdn_error *err)
{
    FTDN_LAUNCH(pack_kernel, detections->n_images, PACK_THREADS, detections->n_classes * sizeof(int), stream,
                *detections, *boxes, *packed);
    return ftdn_cuda_check_launch("packing of boxes", err);
}
