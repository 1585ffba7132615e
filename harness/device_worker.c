#include "harness/device_worker.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

static int count_lists(const ftdn_device_worker *worker)
{
    return worker->combines_boxes ? 2 : 1;
}

static ftdn_status init_detector(ftdn_device_worker *worker, const ftdn_device_worker_desc *desc, ftdn_error *err)
{
    const ftdn_device_detector_desc detector = {
        .network = desc->network,
        .n_networks = desc->n_networks,
        .averages = desc->n_networks == 2 && !desc->combines_boxes,
        .priors = desc->priors,
        .rule = desc->rule,
        .context = worker->context,
    };
    size_t n_answers = (size_t)count_lists(worker) * (size_t)worker->micro_batch;
    FTDN_TRY(worker->device->detector->create(&detector, &worker->detector, err));
    worker->received = FTDN_NEW(&worker->arena, n_answers, ftdn_device_detections, err);
    if (!worker->received) return FTDN_ERR_MEMORY;
    if (!worker->combines_boxes) return FTDN_OK;
    for (int n = 0; n < 2; n++)
        FTDN_TRY(ftdn_detector_init(&worker->list[n], &desc->network[n], &desc->rule, &worker->arena, err));
    return ftdn_box_combiner_init(&worker->combiner, &worker->list[0], &worker->arena, err);
}

ftdn_status ftdn_device_worker_init(ftdn_device_worker *worker, const ftdn_device_worker_desc *desc, ftdn_error *err)
{
    *worker = (ftdn_device_worker){
        .device = ftdn_backend_device(ftdn_program_backend(desc->program)),
        .network = desc->network,
        .n_networks = desc->n_networks,
        .combines_boxes = desc->combines_boxes,
        .micro_batch = ftdn_program_micro_batch(desc->program),
        .bank = desc->bank,
        .redraws_weights = desc->redraws_weights,
        .map_faults = desc->map_faults,
    };
    assert(worker->device && (!desc->redraws_weights || worker->micro_batch == 1));
    ftdn_arena_init(&worker->arena);
    ftdn_device_images_init(&worker->own_images, worker->device);
    worker->images = desc->images ? desc->images : &worker->own_images;
    FTDN_TRY(ftdn_context_create(desc->program, &worker->context, err));
    FTDN_TRY(worker->device->map_faults->create(desc->map_faults, worker->context, &worker->injector, err));
    FTDN_TRY(init_detector(worker, desc, err));
    worker->map_count = FTDN_NEW(&worker->arena, (size_t)desc->map_faults->n_targets, ftdn_fault_count, err);
    if (!worker->map_count) return FTDN_ERR_MEMORY;
    worker->empty = ftdn_arena_get_mark(&worker->arena);
    return FTDN_OK;
}

static void drop_recordings(ftdn_device_worker *worker, ftdn_device_sequence *sequence)
{
    for (int slot = 0; slot < FTDN_DEVICE_DETECTOR_SLOTS; slot++)
        worker->device->device->recording_free(sequence->recording[slot]);
    *sequence = (ftdn_device_sequence){0};
}

void ftdn_device_worker_done(ftdn_device_worker *worker)
{
    if (!worker->device) return;
    for (int i = 0; i < FTDN_DEVICE_SEQUENCES; i++) drop_recordings(worker, &worker->sequence[i]);
    worker->device->detector->free(worker->detector);
    worker->device->map_faults->free(worker->injector);
    ftdn_context_free(worker->context);
    ftdn_device_images_done(&worker->own_images);
    ftdn_arena_done(&worker->arena);
    *worker = (ftdn_device_worker){0};
}

ftdn_status ftdn_device_worker_reset(ftdn_device_worker *worker, const ftdn_fault_draw *redraw, ftdn_error *err)
{
    ftdn_arena_reset(&worker->arena, worker->empty);
    memset(worker->map_count, 0, (size_t)worker->map_faults->n_targets * sizeof *worker->map_count);
    worker->n_nonfinite = worker->weights_ns = 0;
    worker->redraw = *redraw;
    return worker->device->map_faults->set(worker->injector, err);
}

ftdn_status ftdn_device_worker_load(ftdn_device_worker *worker, const ftdn_dataset *dataset, int first, int n_images,
                                    ftdn_error *err)
{
    return ftdn_device_images_load(worker->images, dataset, first, n_images, err);
}

/* Which images the next forward pass is of; weights drawn for it where each image has its own. */
static ftdn_status choose_images(ftdn_device_worker *worker, const ftdn_dataset *dataset, int first, int n_images,
                                 ftdn_error *err)
{
    const ftdn_device_table *table = worker->device->device;
    assert(n_images >= 1 && n_images <= worker->micro_batch && first >= worker->images->first);
    if (worker->redraws_weights) {
        int64_t start_ns = ftdn_clock_ns();
        FTDN_TRY(ftdn_weight_bank_set(worker->bank, &worker->redraw, dataset->image[first].id, 1, err));
        worker->weights_ns += ftdn_clock_ns() - start_ns;
    }
    return table->set_batch(worker->context, &worker->images->resident, first - worker->images->first, n_images, err);
}

ftdn_map_hook ftdn_device_worker_hook(const ftdn_device_worker *worker)
{
    return (ftdn_map_hook){.call = worker->device->map_faults->hook, .user = worker->injector};
}

/* The forward pass of the images chosen, and their detections into a slot; slot -1: none. */
static ftdn_status enqueue(ftdn_device_worker *worker, const ftdn_map_hook *hook, int slot, ftdn_error *err)
{
    const ftdn_input input =
        ftdn_network_resident_input(worker->network, worker->micro_batch, &worker->images->resident);
    FTDN_TRY(ftdn_forward(worker->context, worker->bank->packed, &input, hook, err));
    return slot < 0 ? FTDN_OK : worker->device->detector->detect(worker->detector, slot, err);
}

ftdn_status ftdn_device_worker_record(ftdn_device_worker *worker, const ftdn_map_hook *hook, int slot,
                                      ftdn_device_recording **ret_recording, ftdn_error *err)
{
    const ftdn_device_table *table = worker->device->device;
    ftdn_device_recording *recording = NULL;
    ftdn_error ignored;
    FTDN_TRY(table->record_begin(worker->context, err));
    ftdn_status status = enqueue(worker, hook, slot, err);
    ftdn_status ended = table->record_end(worker->context, &recording, status == FTDN_OK ? err : &ignored);
    if (status == FTDN_OK) status = ended;
    if (status == FTDN_OK) *ret_recording = recording;
    else if (ended == FTDN_OK) table->recording_free(recording);
    return status;
}

static bool run_alike(const ftdn_fault_draw *a, const ftdn_fault_draw *b)
{
    if (!ftdn_fault_draw_hits(a) || !ftdn_fault_draw_hits(b)) return ftdn_fault_draw_hits(a) == ftdn_fault_draw_hits(b);
    return ftdn_map_draws_run_alike(a, b);
}

/* That of the trial's map faults. */
static ftdn_device_sequence *find_sequence(ftdn_device_worker *worker)
{
    const ftdn_fault_draw *draw = &worker->map_faults->draw;
    for (int i = 0; i < FTDN_DEVICE_SEQUENCES; i++)
        if (worker->sequence[i].has_run && run_alike(&worker->sequence[i].draw, draw)) return &worker->sequence[i];
    ftdn_device_sequence *sequence = &worker->sequence[worker->next_sequence];
    worker->next_sequence = (worker->next_sequence + 1) % FTDN_DEVICE_SEQUENCES;
    drop_recordings(worker, sequence);
    sequence->draw = *draw;
    return sequence;
}

/* The first time call by call: libraries load what they need when it is first used, which a recording must not meet. */
static ftdn_status run_sequence(ftdn_device_worker *worker, int slot, ftdn_error *err)
{
    ftdn_device_sequence *sequence = find_sequence(worker);
    const ftdn_map_hook hook = ftdn_device_worker_hook(worker);
    const ftdn_map_hook *wanted = ftdn_fault_draw_hits(&worker->map_faults->draw) ? &hook : NULL;
    if (!sequence->has_run) {
        FTDN_TRY(enqueue(worker, wanted, slot, err));
        sequence->has_run = true;
        return FTDN_OK;
    }
    ftdn_device_recording **recording = &sequence->recording[slot];
    if (!*recording) FTDN_TRY(ftdn_device_worker_record(worker, wanted, slot, recording, err));
    return worker->device->device->replay(*recording, worker->context, err);
}

ftdn_status ftdn_device_worker_send(ftdn_device_worker *worker, const ftdn_dataset *dataset, int first, int n_images,
                                    int slot, ftdn_error *err)
{
    FTDN_TRY(choose_images(worker, dataset, first, n_images, err));
    FTDN_TRY(run_sequence(worker, slot, err));
    return worker->device->detector->send(worker->detector, slot, err);
}

/* The lists of both networks become one. */
static ftdn_image_detections combine(ftdn_device_worker *worker, const ftdn_device_detections *first,
                                     const ftdn_device_detections *second)
{
    const ftdn_device_detections *answer[2] = {first, second};
    for (int n = 0; n < 2; n++) {
        ftdn_detector *list = &worker->list[n];
        assert(answer[n]->n_detections <= list->capacity);
        memcpy(list->detection, answer[n]->detection, (size_t)answer[n]->n_detections * sizeof *list->detection);
        list->n_detections = answer[n]->n_detections;
    }
    ftdn_combine_boxes(&worker->combiner, &worker->list[0], &worker->list[1]);
    return (ftdn_image_detections){worker->combiner.detection, worker->combiner.n_detections};
}

ftdn_status ftdn_device_worker_receive(ftdn_device_worker *worker, int slot, int n_images, ftdn_image_detections *found,
                                       ftdn_error *err)
{
    ftdn_device_detections *received = worker->received;
    FTDN_TRY(worker->device->detector->receive(worker->detector, slot, n_images, received, err));
    for (int i = 0; i < count_lists(worker) * n_images; i++) worker->n_nonfinite += received[i].n_nonfinite;
    for (int i = 0; i < n_images; i++) {
        ftdn_image_detections own = {received[i].detection, received[i].n_detections};
        if (worker->combines_boxes) own = combine(worker, &received[i], &received[n_images + i]);
        size_t n_bytes = (size_t)own.n_detections * sizeof *own.detection;
        ftdn_detection *copy = ftdn_arena_alloc(&worker->arena, n_bytes, 1, err);
        if (!copy) return FTDN_ERR_MEMORY;
        if (n_bytes > 0) memcpy(copy, own.detection, n_bytes);
        found[i] = (ftdn_image_detections){copy, own.n_detections};
    }
    return FTDN_OK;
}

ftdn_status ftdn_device_worker_finish(ftdn_device_worker *worker, ftdn_error *err)
{
    FTDN_TRY(ftdn_weight_bank_collect(worker->bank, err));
    if (!ftdn_fault_draw_hits(&worker->map_faults->draw)) return FTDN_OK;
    return worker->device->map_faults->read_counts(worker->injector, worker->map_count, err);
}

ftdn_status ftdn_device_worker_forward(ftdn_device_worker *worker, const ftdn_dataset *dataset, int first, int n_images,
                                       const ftdn_map_hook *hook, ftdn_error *err)
{
    FTDN_TRY(ftdn_device_worker_load(worker, dataset, first, n_images, err));
    FTDN_TRY(choose_images(worker, dataset, first, n_images, err));
    FTDN_TRY(enqueue(worker, hook, -1, err));
    return worker->device->device->synchronize(worker->context, err);
}

size_t ftdn_device_worker_bytes(const ftdn_device_worker *worker)
{
    return ftdn_packed_bytes(worker->bank->packed) + ftdn_device_images_bytes(worker->images);
}
