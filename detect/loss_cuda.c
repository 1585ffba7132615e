#include "detect/loss_cuda.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "detect/array_cuda.h"
#include "detect/multibox_loss_cuda.h"
#include "engine/cuda/cuda_context.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_status.h"

struct ftdn_device_loss {
    const ftdn_network *network; /* borrowed */
    cudaStream_t stream;
    int n_images;             /* of a micro-batch */
    float *priors;            /* [n_priors,4], host memory */
    ftdn_cuda_heads heads[2]; /* of the maps, of their gradients */
    ftdn_cuda_heads *device_heads;
    ftdn_cuda_loss loss;            /* its lists are device memory of the same sizes as these: */
    ftdn_cuda_loss_image *image;    /* page-locked, [n_images] */
    ftdn_cuda_positive *positive;   /* page-locked, [n_images * n_priors] */
    ftdn_loss_value *value;         /* page-locked, [n_images] */
    cudaEvent_t uploaded;           /* until then the lists may not be written */
    ftdn_cuda_loss_image *to_image; /* device memory */
    ftdn_cuda_positive *to_positive;
};

static void loss_free(ftdn_device_loss *loss)
{
    if (!loss) return;
    free(loss->priors);
    ftdn_cuda_free(loss->device_heads);
    ftdn_cuda_free(loss->loss.hardness);
    ftdn_cuda_free(loss->loss.value);
    ftdn_cuda_free(loss->to_image);
    ftdn_cuda_free(loss->to_positive);
    cudaFreeHost(loss->image);
    cudaFreeHost(loss->positive);
    cudaFreeHost(loss->value);
    if (loss->uploaded) cudaEventDestroy(loss->uploaded);
    free(loss);
}

static ftdn_cuda_heads heads_of_gradients(const ftdn_network *network, const ftdn_context *context,
                                          const ftdn_gradients *gradients)
{
    int node[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_map map[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_network_output_nodes(network, node);
    for (int i = 0; i < 2 * network->n_heads; i++) map[i] = ftdn_gradients_map(gradients, context, node[i]);
    return ftdn_cuda_heads_make(network, map);
}

/* Lists on both sides, as long as every prior of every image may be a positive. */
static ftdn_status make_lists(ftdn_device_loss *loss, ftdn_error *err)
{
    const char *what = "positives of a micro-batch";
    size_t n_images = (size_t)loss->n_images, n_priors = (size_t)loss->network->n_priors;
    ftdn_cuda_loss *l = &loss->loss;
    size_t image_bytes = sizeof *loss->image, list_bytes = n_priors * sizeof *loss->positive;
    FTDN_TRY(ftdn_device_array_create(n_images, n_priors * sizeof *l->hardness, what, (void **)&l->hardness, err));
    FTDN_TRY(ftdn_device_array_create(n_images, sizeof *l->value, what, (void **)&l->value, err));
    FTDN_TRY(ftdn_device_array_create(n_images, image_bytes, what, (void **)&loss->to_image, err));
    FTDN_TRY(ftdn_device_array_create(n_images, list_bytes, what, (void **)&loss->to_positive, err));
    FTDN_TRY(ftdn_pinned_array_create(n_images, image_bytes, what, (void **)&loss->image, err));
    FTDN_TRY(ftdn_pinned_array_create(n_images, list_bytes, what, (void **)&loss->positive, err));
    FTDN_TRY(ftdn_pinned_array_create(n_images, sizeof *loss->value, what, (void **)&loss->value, err));
    l->image = loss->to_image;
    l->positive = loss->to_positive;
    FTDN_CUDA(cudaEventCreateWithFlags(&loss->uploaded, cudaEventDisableTiming), what, err);
    return FTDN_OK;
}

static ftdn_status make_loss(ftdn_device_loss *loss, const float *priors, ftdn_error *err)
{
    const ftdn_network *network = loss->network;
    size_t n_bytes = (size_t)network->n_priors * 4 * sizeof *priors;
    loss->priors = malloc(n_bytes);
    if (!loss->priors) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "priors: %zu bytes were refused", n_bytes);
    memcpy(loss->priors, priors, n_bytes);
    FTDN_TRY(ftdn_device_array_upload(loss->heads, 2, sizeof *loss->heads, "heads", (void **)&loss->device_heads, err));
    loss->loss = (ftdn_cuda_loss){
        .n_priors = network->n_priors,
        .n_tiles = loss->heads[0].n_tiles,
        .tile_bytes = ftdn_cuda_tile_bytes(&loss->heads[0]),
        .score_kind = network->score_kind,
        .heads = loss->device_heads,
        .gradients = loss->device_heads + 1,
    };
    return make_lists(loss, err);
}

static ftdn_status loss_create(const ftdn_network *network, const float *priors, ftdn_context *context,
                               ftdn_gradients *gradients, ftdn_device_loss **ret_loss, ftdn_error *err)
{
    ftdn_device_loss *loss = calloc(1, sizeof *loss);
    if (!loss) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "a loss: %zu bytes were refused", sizeof *loss);
    loss->network = network;
    loss->stream = ftdn_cuda_context_stream(context);
    loss->n_images = ftdn_program_micro_batch(ftdn_context_program(context));
    loss->heads[0] = ftdn_cuda_heads_of_context(network, context);
    loss->heads[1] = heads_of_gradients(network, context, gradients);
    ftdn_status status = make_loss(loss, priors, err);
    if (status != FTDN_OK) {
        loss_free(loss);
        return status;
    }
    *ret_loss = loss;
    return FTDN_OK;
}

/* Append an image's positives to the list; returns how many. */
static int list_positives(const ftdn_device_loss *loss, const ftdn_loss_image *image, ftdn_cuda_positive *to)
{
    int n_positives = 0;
    for (int p = 0; p < loss->network->n_priors; p++) {
        if (image->object[p] == FTDN_MATCH_BACKGROUND) continue;
        const ftdn_labelled_box *object = &image->objects[image->object[p]];
        ftdn_cuda_positive *positive = &to[n_positives++];
        positive->prior = p;
        positive->label = object->class_index + 1;
        ftdn_box_encode(loss->network, object->box, loss->priors + 4 * (size_t)p, positive->target);
    }
    return n_positives;
}

static ftdn_status upload_lists(ftdn_device_loss *loss, const ftdn_loss_image *image, int n_images,
                                int n_batch_positives, ftdn_error *err)
{
    const char *what = "positives of a micro-batch";
    FTDN_CUDA(cudaEventSynchronize(loss->uploaded), what, err); /* of the list before; none: it is over */
    int n_listed = 0;
    for (int i = 0; i < n_images; i++) {
        int n_positives = list_positives(loss, &image[i], loss->positive + n_listed);
        loss->image[i] = (ftdn_cuda_loss_image){
            .first_positive = n_listed,
            .n_positives = n_positives,
            .n_negatives = ftdn_multibox_n_negatives(loss->network->n_priors, n_positives),
        };
        n_listed += n_positives;
    }
    assert(n_batch_positives >= n_listed);
    FTDN_CUDA(cudaMemcpyAsync(loss->to_image, loss->image, (size_t)n_images * sizeof *loss->image,
                              cudaMemcpyHostToDevice, loss->stream),
              what, err);
    if (n_listed > 0) {
        FTDN_CUDA(cudaMemcpyAsync(loss->to_positive, loss->positive, (size_t)n_listed * sizeof *loss->positive,
                                  cudaMemcpyHostToDevice, loss->stream),
                  what, err);
    }
    FTDN_CUDA(cudaEventRecord(loss->uploaded, loss->stream), what, err);
    return FTDN_OK;
}

static ftdn_status clear_gradients(const ftdn_device_loss *loss, ftdn_error *err)
{
    const ftdn_cuda_heads *heads = &loss->heads[1];
    for (int h = 0; h < heads->n_heads; h++) {
        const ftdn_cuda_head *head = &heads->head[h];
        size_t n_rows = (size_t)loss->n_images * (size_t)head->n_priors;
        size_t column_bytes = n_rows * sizeof(float), logit_bytes = column_bytes * (size_t)heads->n_columns;
        FTDN_CUDA(cudaMemsetAsync(head->logits, 0, logit_bytes, loss->stream), "gradients of the heads", err);
        FTDN_CUDA(cudaMemsetAsync(head->locations, 0, 4 * column_bytes, loss->stream), "gradients of the heads", err);
    }
    return FTDN_OK;
}

static ftdn_status loss_read(ftdn_device_loss *loss, int n_images, ftdn_loss_value *ret_value, ftdn_error *err)
{
    assert(n_images >= 1 && n_images <= loss->n_images);
    size_t n_bytes = (size_t)n_images * sizeof *ret_value;
    FTDN_CUDA(cudaMemcpyAsync(loss->value, loss->loss.value, n_bytes, cudaMemcpyDeviceToHost, loss->stream),
              "losses of a micro-batch", err);
    FTDN_CUDA(cudaStreamSynchronize(loss->stream), "losses of a micro-batch", err);
    memcpy(ret_value, loss->value, n_bytes);
    return FTDN_OK;
}

static ftdn_status loss_compute(ftdn_device_loss *loss, const ftdn_loss_image *image, int n_images,
                                int n_batch_positives, ftdn_loss_value *ret_value, ftdn_error *err)
{
    assert(n_images >= 1 && n_images <= loss->n_images);
    FTDN_TRY(upload_lists(loss, image, n_images, n_batch_positives, err));
    FTDN_TRY(clear_gradients(loss, err));
    FTDN_TRY(ftdn_cuda_loss_compute(&loss->loss, n_images, n_batch_positives, loss->stream, err));
    return ret_value ? loss_read(loss, n_images, ret_value, err) : FTDN_OK;
}

const ftdn_loss_device_table ftdn_cuda_loss_table = {
    .create = loss_create,
    .free = loss_free,
    .compute = loss_compute,
    .read = loss_read,
};
