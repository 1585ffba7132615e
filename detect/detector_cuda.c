#include "detect/detector_cuda.h"

#include <assert.h>
#include <stdlib.h>

#include "detect/array_cuda.h"
#include "detect/detections_cuda.h"
#include "engine/cuda/cuda_context.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_status.h"

#define MAX_NETWORKS 2
#define MAX_LISTS 2
#define SCORE_PADDING 32 /* rows of scores begin at cache lines */

/* The answers of one micro-batch: on the device, where `detect` writes them, and on the host, where `send` does. */
typedef struct detector_slot {
    ftdn_cuda_boxes boxes[MAX_LISTS];
    ftdn_cuda_packed_boxes packed[MAX_LISTS];
    cudaEvent_t sent;
} detector_slot;

struct ftdn_device_detector {
    const ftdn_context *context; /* borrowed */
    cudaStream_t stream;
    int n_images, n_networks, n_lists;
    size_t image_capacity;                      /* detections of an image's list */
    ftdn_cuda_heads host_heads[MAX_NETWORKS];   /* for read_answer */
    ftdn_cuda_detections detections[MAX_LISTS]; /* they share scores and scratch: their work is in sequence */
    ftdn_cuda_heads *heads;                     /* device memory, [n_networks] */
    float *priors;                              /* device memory */
    detector_slot slot[FTDN_DEVICE_DETECTOR_SLOTS];
};

static void detector_free(ftdn_device_detector *detector)
{
    if (!detector) return;
    ftdn_cuda_free(detector->heads);
    ftdn_cuda_free(detector->priors);
    ftdn_cuda_free(detector->detections[0].scores);
    ftdn_cuda_free(detector->detections[0].scratch);
    for (int s = 0; s < FTDN_DEVICE_DETECTOR_SLOTS; s++) {
        detector_slot *slot = &detector->slot[s];
        for (int l = 0; l < MAX_LISTS; l++) {
            ftdn_cuda_free(slot->boxes[l].detection);
            ftdn_cuda_free(slot->boxes[l].n_detections);
            ftdn_cuda_free(slot->boxes[l].n_nonfinite);
            cudaFreeHost(slot->packed[l].detection);
            cudaFreeHost(slot->packed[l].n_detections);
            cudaFreeHost(slot->packed[l].n_nonfinite);
        }
        if (slot->sent) cudaEventDestroy(slot->sent);
    }
    free(detector);
}

static ftdn_status make_lists(ftdn_device_detector *detector, ftdn_cuda_boxes *boxes, ftdn_cuda_packed_boxes *packed,
                              ftdn_error *err)
{
    const char *what = "boxes of a micro-batch";
    size_t n_images = (size_t)detector->n_images, n_classes = (size_t)detector->detections[0].n_classes;
    size_t list_bytes = detector->image_capacity * sizeof *boxes->detection, count_bytes = sizeof *boxes->n_nonfinite;
    FTDN_TRY(ftdn_device_array_create(n_images, list_bytes, what, (void **)&boxes->detection, err));
    FTDN_TRY(ftdn_device_array_create(n_images, n_classes * count_bytes, what, (void **)&boxes->n_detections, err));
    FTDN_TRY(ftdn_device_array_create(n_images, count_bytes, what, (void **)&boxes->n_nonfinite, err));
    FTDN_TRY(ftdn_pinned_array_create(n_images, list_bytes, what, (void **)&packed->detection, err));
    FTDN_TRY(ftdn_pinned_array_create(n_images, count_bytes, what, (void **)&packed->n_detections, err));
    return ftdn_pinned_array_create(n_images, count_bytes, what, (void **)&packed->n_nonfinite, err);
}

static ftdn_status make_slot(ftdn_device_detector *detector, detector_slot *slot, ftdn_error *err)
{
    for (int l = 0; l < detector->n_lists; l++) FTDN_TRY(make_lists(detector, &slot->boxes[l], &slot->packed[l], err));
    FTDN_CUDA(cudaEventCreateWithFlags(&slot->sent, cudaEventDisableTiming), "boxes of a micro-batch", err);
    return FTDN_OK;
}

/* Heads and priors in device memory, and what selection works in. */
static ftdn_status make_memory(ftdn_device_detector *detector, const float *priors, ftdn_cuda_detections *d,
                               ftdn_error *err)
{
    size_t image_bytes = (size_t)d->n_classes * (size_t)d->score_stride * sizeof *d->scores;
    FTDN_TRY(ftdn_device_array_create((size_t)d->n_images, image_bytes, "scores", (void **)&d->scores, err));
    size_t scratch_bytes = ftdn_cuda_detections_scratch_bytes(d->n_images, d->n_classes, d->n_best);
    if (scratch_bytes) FTDN_TRY(ftdn_device_array_create(scratch_bytes, 1, "candidates", (void **)&d->scratch, err));
    FTDN_TRY(ftdn_device_array_upload(detector->host_heads, (size_t)detector->n_networks, sizeof *detector->heads,
                                      "heads", (void **)&detector->heads, err));
    FTDN_TRY(ftdn_device_array_upload(priors, (size_t)d->n_priors * 4, sizeof *priors, "priors",
                                      (void **)&detector->priors, err));
    d->heads = detector->heads;
    d->priors = detector->priors;
    return FTDN_OK;
}

static ftdn_status make_detector(ftdn_device_detector *detector, const ftdn_device_detector_desc *desc, ftdn_error *err)
{
    const ftdn_network *network = desc->network;
    int n_best, capacity;
    FTDN_TRY(ftdn_detect_rule_check(&desc->rule, network, &n_best, &capacity, err));
    detector->image_capacity = (size_t)capacity;
    for (int i = 0; i < detector->n_networks; i++)
        detector->host_heads[i] = ftdn_cuda_heads_of_context(&network[i], desc->context);
    ftdn_cuda_detections *d = &detector->detections[0];
    *d = (ftdn_cuda_detections){
        .n_images = detector->n_images,
        .n_classes = network->n_classes,
        .n_priors = network->n_priors,
        .n_best = n_best,
        .threshold = ftdn_detect_rule_threshold(&desc->rule),
        .limit = (float)desc->rule.nms_iou,
        .centre_variance = network->centre_variance,
        .size_variance = network->size_variance,
        .score_kind = network->score_kind,
        .n_answers = detector->n_networks / detector->n_lists,
        .n_tiles = detector->host_heads[0].n_tiles,
        .tile_bytes = ftdn_cuda_tile_bytes(&detector->host_heads[0]),
        .score_stride = (network->n_priors + SCORE_PADDING - 1) / SCORE_PADDING * SCORE_PADDING,
    };
    FTDN_TRY(make_memory(detector, desc->priors, d, err));
    if (detector->n_lists == 2) {
        detector->detections[1] = *d;
        detector->detections[1].heads = detector->heads + 1;
    }
    for (int s = 0; s < FTDN_DEVICE_DETECTOR_SLOTS; s++) FTDN_TRY(make_slot(detector, &detector->slot[s], err));
    return FTDN_OK;
}

static ftdn_status detector_create(const ftdn_device_detector_desc *desc, ftdn_device_detector **ret_detector,
                                   ftdn_error *err)
{
    assert(desc->n_networks >= 1 && desc->n_networks <= MAX_NETWORKS);
    ftdn_device_detector *detector = calloc(1, sizeof *detector);
    if (!detector) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "a detector: %zu bytes were refused", sizeof *detector);
    detector->context = desc->context;
    detector->stream = ftdn_cuda_context_stream(desc->context);
    detector->n_images = ftdn_program_micro_batch(ftdn_context_program(desc->context));
    detector->n_networks = desc->n_networks;
    detector->n_lists = desc->n_networks == 2 && !desc->averages ? 2 : 1;
    ftdn_status status = make_detector(detector, desc, err);
    if (status != FTDN_OK) {
        detector_free(detector);
        return status;
    }
    *ret_detector = detector;
    return FTDN_OK;
}

static ftdn_status detector_detect(ftdn_device_detector *detector, int slot, ftdn_error *err)
{
    for (int l = 0; l < detector->n_lists; l++) {
        FTDN_TRY(
            ftdn_cuda_detections_find(&detector->detections[l], &detector->slot[slot].boxes[l], detector->stream, err));
    }
    return FTDN_OK;
}

static ftdn_status detector_send(ftdn_device_detector *detector, int slot, ftdn_error *err)
{
    detector_slot *s = &detector->slot[slot];
    for (int l = 0; l < detector->n_lists; l++) {
        FTDN_TRY(
            ftdn_cuda_detections_pack(&detector->detections[l], &s->boxes[l], &s->packed[l], detector->stream, err));
    }
    FTDN_CUDA(cudaEventRecord(s->sent, detector->stream), "boxes of a micro-batch", err);
    return FTDN_OK;
}

static ftdn_status detector_receive(ftdn_device_detector *detector, int slot, int n_images,
                                    ftdn_device_detections *ret_detections, ftdn_error *err)
{
    assert(n_images >= 0 && n_images <= detector->n_images);
    const detector_slot *s = &detector->slot[slot];
    FTDN_CUDA(cudaEventSynchronize(s->sent), "boxes of a micro-batch", err);
    for (int l = 0; l < detector->n_lists; l++) {
        const ftdn_cuda_packed_boxes *packed = &s->packed[l];
        for (int i = 0; i < n_images; i++) {
            *ret_detections++ = (ftdn_device_detections){
                .detection = packed->detection + (size_t)i * detector->image_capacity,
                .n_detections = packed->n_detections[i],
                .n_nonfinite = packed->n_nonfinite[i],
            };
        }
    }
    return FTDN_OK;
}

static ftdn_status read_map(const ftdn_device_detector *detector, const float *map, int image, size_t n_values,
                            float *ret_values, ftdn_error *err)
{
    FTDN_CUDA(cudaMemcpyAsync(ret_values, map + (size_t)image * n_values, n_values * sizeof *map,
                              cudaMemcpyDeviceToHost, detector->stream),
              "answers of an image", err);
    return FTDN_OK;
}

static ftdn_status detector_read_answer(ftdn_device_detector *detector, int network, int image, float *logits,
                                        float *locations, ftdn_error *err)
{
    assert(network < detector->n_networks && image < detector->n_images);
    const ftdn_cuda_heads *heads = &detector->host_heads[network];
    for (int h = 0; h < heads->n_heads; h++) {
        const ftdn_cuda_head *head = &heads->head[h];
        size_t n_logits = (size_t)head->n_priors * (size_t)heads->n_columns, n_locations = (size_t)head->n_priors * 4;
        FTDN_TRY(read_map(detector, head->logits, image, n_logits, logits, err));
        FTDN_TRY(read_map(detector, head->locations, image, n_locations, locations, err));
        logits += n_logits;
        locations += n_locations;
    }
    FTDN_CUDA(cudaStreamSynchronize(detector->stream), "answers of an image", err);
    return FTDN_OK;
}

const ftdn_detector_device_table ftdn_cuda_detector_table = {
    .create = detector_create,
    .free = detector_free,
    .detect = detector_detect,
    .send = detector_send,
    .receive = detector_receive,
    .read_answer = detector_read_answer,
};
