#include "injectors/weight_faults_cuda.h"

#include <stdlib.h>

#include "engine/cuda/cuda_context.h"
#include "engine/cuda/cuda_layout.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_places.h"
#include "engine/cuda/cuda_status.h"

/* Buffers are those of the layers in scope, in their order, then for each copy those of the copied layers in scope. */
struct ftdn_device_weight_faults {
    ftdn_weight_faults *faults;           /* borrowed */
    ftdn_context *context;                /* borrowed */
    ftdn_arena arena;                     /* of host memory below */
    ftdn_cuda_weight_draw last;           /* the last draw, with the device's tables */
    ftdn_cuda_weight_buffer *buffer;      /* [n_buffers], as on the device */
    int *buffer_of_copy[FTDN_MAX_COPIES]; /* [copies.n_layers]; -1: out of scope */
    const float **copy[FTDN_MAX_COPIES];  /* [copies.n_layers] in device memory; NULL: out of scope */
    ftdn_weights original;
    ftdn_cuda_count *read; /* [n_buffers] counts on their way to the caller */
    void *memory;          /* on the device; what follows lies in it */
    ftdn_cuda_weight_buffer *device_buffer;
    ftdn_cuda_count *count; /* [n_buffers] */
};

static void device_free(ftdn_device_weight_faults *device)
{
    if (!device) return;
    ftdn_cuda_free(device->memory);
    ftdn_arena_done(&device->arena);
    free(device);
}

/* Filters of a layer. */
static int count_filters(const ftdn_weight_faults *faults, int layer)
{
    return (int)faults->graph->param[ftdn_layer_weight_param(faults->graph, layer)].dims[0];
}

static ftdn_status describe_layer(ftdn_device_weight_faults *device, int i, ftdn_error *err)
{
    const ftdn_weight_faults *faults = device->faults;
    int layer = faults->layers.layer[i], weight = ftdn_layer_weight_param(faults->graph, layer);
    const ftdn_param *param = &faults->graph->param[weight];
    if (param->n_elements > UINT32_MAX / 2) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "layer '%s': %zu weights are more than the device's kernels take",
                         faults->graph->layer[layer].name, param->n_elements);
    }
    const ftdn_fault_model random = {.type = FTDN_FAULT_RANDOM};
    const ftdn_fault_model model = ftdn_fault_model_for(&random, faults->clean->value[weight], param->n_elements);
    device->buffer[i] = (ftdn_cuda_weight_buffer){
        .n_elements = (uint32_t)param->n_elements,
        .filter_size = (uint32_t)(param->n_elements / (size_t)param->dims[0]),
        .layer_id = ftdn_layer_id(faults->graph->layer[layer].name),
        .base = faults->base[i],
        .low = model.low,
        .high = model.high,
    };
    if (device->last.max_elements < param->n_elements) device->last.max_elements = (uint32_t)param->n_elements;
    return FTDN_OK;
}

/* The buffers of all copies: the same elements as those of their layers, some of them. */
static void describe_copies(ftdn_device_weight_faults *device)
{
    const ftdn_weight_faults *faults = device->faults;
    for (int c = 0; c < faults->copies.n_copies; c++) {
        for (int i = 0; i < faults->copies.n_layers; i++) {
            int in_scope = faults->copied_in_scope[i];
            device->buffer_of_copy[c][i] = in_scope >= 0 ? device->last.n_buffers : -1;
            if (in_scope < 0) continue;
            ftdn_cuda_weight_buffer *buffer = &device->buffer[device->last.n_buffers++];
            *buffer = device->buffer[in_scope];
            buffer->copy = c + 1;
        }
    }
}

/* Set all pointers to device memory. */
static void take_memory(ftdn_device_weight_faults *device, ftdn_cuda_piece *piece)
{
    const ftdn_weight_faults *faults = device->faults;
    size_t n_buffers = (size_t)device->last.n_buffers;
    device->device_buffer = ftdn_cuda_take(piece, n_buffers, sizeof *device->device_buffer);
    device->count = ftdn_cuda_take(piece, n_buffers, sizeof *device->count);
    device->last.picks = ftdn_cuda_take(piece, 1, sizeof *device->last.picks);
    for (int i = 0; i < faults->layers.n_layers; i++) {
        ftdn_cuda_weight_buffer *buffer = &device->buffer[i];
        buffer->clean = ftdn_cuda_take(piece, buffer->n_elements, sizeof(float));
        buffer->values = ftdn_cuda_take(piece, buffer->n_elements, sizeof(float));
    }
    for (int c = 0; c < faults->copies.n_copies; c++) {
        for (int i = 0; i < faults->copies.n_layers; i++) {
            if (device->buffer_of_copy[c][i] < 0) continue;
            const ftdn_layer_copies *copied = &faults->copies.layer[i];
            ftdn_cuda_weight_buffer *buffer = &device->buffer[device->buffer_of_copy[c][i]];
            buffer->clean = device->buffer[faults->copied_in_scope[i]].clean;
            buffer->values = ftdn_cuda_take(piece, (size_t)copied->n_channels * buffer->filter_size, sizeof(float));
            buffer->place = ftdn_cuda_take(piece, (size_t)count_filters(faults, copied->layer), sizeof(int));
            device->copy[c][i] = buffer->values;
        }
    }
    for (size_t b = 0; b < n_buffers && piece->memory; b++) device->buffer[b].count = &device->count[b];
}

static ftdn_status upload_places(const ftdn_device_weight_faults *device, int c, int i, ftdn_error *err)
{
    const ftdn_layer_copies *copied = &device->faults->copies.layer[i];
    return ftdn_cuda_upload_places(copied->channel, copied->n_channels,
                                   (size_t)count_filters(device->faults, copied->layer),
                                   device->buffer[device->buffer_of_copy[c][i]].place, err);
}

static ftdn_status upload(ftdn_device_weight_faults *device, ftdn_error *err)
{
    const ftdn_weight_faults *faults = device->faults;
    for (int i = 0; i < faults->layers.n_layers; i++) {
        const ftdn_cuda_weight_buffer *buffer = &device->buffer[i];
        int weight = ftdn_layer_weight_param(faults->graph, faults->layers.layer[i]);
        FTDN_TRY(ftdn_cuda_copy(buffer->clean, faults->clean->value[weight], buffer->n_elements * sizeof(float), err));
        device->original.value[weight] = buffer->values;
    }
    for (int c = 0; c < faults->copies.n_copies; c++) {
        for (int i = 0; i < faults->copies.n_layers; i++) {
            if (device->buffer_of_copy[c][i] >= 0) FTDN_TRY(upload_places(device, c, i, err));
        }
    }
    size_t n_bytes = (size_t)device->last.n_buffers * sizeof *device->buffer;
    device->last.buffer = device->device_buffer;
    return n_bytes ? ftdn_cuda_copy(device->device_buffer, device->buffer, n_bytes, err) : FTDN_OK;
}

/* Arrays in host memory. */
static ftdn_status make_room(ftdn_device_weight_faults *device, ftdn_error *err)
{
    const ftdn_weight_faults *faults = device->faults;
    size_t n_params = (size_t)faults->clean->n_params, n_copied = (size_t)faults->copies.n_layers;
    size_t n_buffers = (size_t)faults->layers.n_layers + n_copied * (size_t)faults->copies.n_copies;
    device->buffer = FTDN_NEW(&device->arena, n_buffers, ftdn_cuda_weight_buffer, err);
    device->read = FTDN_NEW(&device->arena, n_buffers, ftdn_cuda_count, err);
    device->original = (ftdn_weights){(int)n_params, FTDN_NEW(&device->arena, n_params, const float *, err)};
    if (!device->buffer || !device->read || !device->original.value) return FTDN_ERR_MEMORY;
    for (size_t p = 0; p < n_params; p++) device->original.value[p] = faults->clean->value[p];
    for (int c = 0; c < faults->copies.n_copies; c++) {
        device->buffer_of_copy[c] = FTDN_NEW(&device->arena, n_copied, int, err);
        device->copy[c] = FTDN_NEW(&device->arena, n_copied, const float *, err);
        if (!device->buffer_of_copy[c] || !device->copy[c]) return FTDN_ERR_MEMORY;
    }
    return FTDN_OK;
}

static ftdn_status init(ftdn_device_weight_faults *device, ftdn_error *err)
{
    ftdn_cuda_piece measured = {NULL, 0}, piece = {NULL, 0};
    FTDN_TRY(make_room(device, err));
    device->last.n_buffers = device->faults->layers.n_layers;
    device->last.n_elements = device->faults->n_elements;
    for (int i = 0; i < device->faults->layers.n_layers; i++) FTDN_TRY(describe_layer(device, i, err));
    describe_copies(device);
    take_memory(device, &measured);
    FTDN_TRY(ftdn_cuda_alloc(measured.n_bytes, "faults in weights", &device->memory, err));
    piece.memory = device->memory;
    take_memory(device, &piece);
    return upload(device, err);
}

static ftdn_status device_create(ftdn_weight_faults *faults, ftdn_context *context,
                                 ftdn_device_weight_faults **ret_device, ftdn_error *err)
{
    ftdn_device_weight_faults *device = calloc(1, sizeof *device);
    if (!device) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "memory for the faults in weights is refused");
    ftdn_arena_init(&device->arena);
    device->faults = faults;
    device->context = context;
    ftdn_status status = init(device, err);
    if (status == FTDN_OK) *ret_device = device;
    else device_free(device);
    return status;
}

static ftdn_status device_draw(ftdn_device_weight_faults *device, const ftdn_fault_draw *draw, uint64_t image,
                               ftdn_error *err)
{
    cudaStream_t stream = ftdn_cuda_context_stream(device->context);
    ftdn_cuda_weight_draw *last = &device->last;
    last->draw = *draw;
    last->threshold = ftdn_site_threshold_of(draw->rate);
    last->image = image;
    if (last->n_buffers == 0) return FTDN_OK;
    size_t n_bytes = (size_t)last->n_buffers * sizeof *device->count;
    FTDN_CUDA(cudaMemsetAsync(device->count, 0, n_bytes, stream), "faults in weights", err);
    ftdn_cuda_draw_weights(last, stream);
    return ftdn_cuda_check_launch("faults in weights", err);
}

static ftdn_stored_weights device_stored(const ftdn_device_weight_faults *device)
{
    ftdn_stored_weights stored = {.original = &device->original};
    for (int c = 0; c < device->faults->copies.n_copies; c++) stored.copy[c] = device->copy[c];
    return stored;
}

static ftdn_fault_count count_of(const ftdn_cuda_count *count, uint64_t n_elements)
{
    return (ftdn_fault_count){
        .n_elements = (int64_t)n_elements,
        .n_faults = (int64_t)count->n_faults,
        .n_changed = (int64_t)count->n_changed,
        .n_nonfinite = (int64_t)count->n_nonfinite,
    };
}

static ftdn_status device_read_counts(ftdn_device_weight_faults *device, ftdn_error *err)
{
    cudaStream_t stream = ftdn_cuda_context_stream(device->context);
    ftdn_weight_faults *faults = device->faults;
    size_t n_bytes = (size_t)device->last.n_buffers * sizeof *device->count;
    FTDN_CUDA(cudaMemcpyAsync(device->read, device->count, n_bytes, cudaMemcpyDeviceToHost, stream), NULL, err);
    FTDN_CUDA(cudaStreamSynchronize(stream), "faults in weights", err);
    for (int i = 0; i < faults->layers.n_layers; i++) {
        faults->count[i] = count_of(&device->read[i], device->buffer[i].n_elements);
    }
    for (int c = 0; c < faults->copies.n_copies; c++) {
        for (int i = 0; i < faults->copies.n_layers; i++) {
            int b = device->buffer_of_copy[c][i];
            faults->copy_count[c][i] = (ftdn_fault_count){0};
            if (b < 0 || ftdn_fault_draw_sites_of(&device->last.draw, c + 1) < 0) continue;
            uint64_t n_filters = (uint64_t)faults->copies.layer[i].n_channels;
            faults->copy_count[c][i] = count_of(&device->read[b], n_filters * device->buffer[b].filter_size);
        }
    }
    return FTDN_OK;
}

const ftdn_weight_faults_device_table ftdn_weight_faults_cuda = {
    .create = device_create,
    .free = device_free,
    .draw = device_draw,
    .stored = device_stored,
    .read_counts = device_read_counts,
};
