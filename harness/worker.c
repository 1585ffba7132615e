#include "harness/worker.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"

static ftdn_status make_buffers(ftdn_worker *worker, const ftdn_worker_desc *desc, ftdn_error *err)
{
    ftdn_arena *arena = &worker->arena;
    size_t n_priors = (size_t)worker->network->n_priors, n_columns = (size_t)(worker->network->n_classes + 1);
    for (int n = 0; n < worker->n_networks; n++) {
        worker->answer[n].logits = FTDN_NEW(arena, n_priors * n_columns, float, err);
        worker->answer[n].locations = FTDN_NEW(arena, n_priors * 4, float, err);
        if (!worker->answer[n].logits || !worker->answer[n].locations) return FTDN_ERR_MEMORY;
        if (n == 0 || worker->combines_boxes)
            FTDN_TRY(ftdn_detector_init(&worker->detector[n], &worker->network[n], &desc->rule, arena, err));
    }
    if (worker->combines_boxes) FTDN_TRY(ftdn_box_combiner_init(&worker->combiner, &worker->detector[0], arena, err));
    worker->pixels = FTDN_NEW(arena, (size_t)worker->micro_batch, const uint8_t *, err);
    worker->image_id = FTDN_NEW(arena, (size_t)worker->micro_batch, uint64_t, err);
    return worker->pixels && worker->image_id ? FTDN_OK : FTDN_ERR_MEMORY;
}

ftdn_status ftdn_worker_init(ftdn_worker *worker, const ftdn_worker_desc *desc, ftdn_error *err)
{
    *worker = (ftdn_worker){
        .n_networks = desc->n_networks,
        .network = desc->network,
        .priors = desc->priors,
        .combines_boxes = desc->combines_boxes,
        .micro_batch = ftdn_program_micro_batch(desc->program),
        .bank = desc->bank ? desc->bank : &worker->own_bank,
    };
    ftdn_arena_init(&worker->arena);
    FTDN_TRY(ftdn_context_create(desc->program, &worker->context, err));
    if (!desc->bank) FTDN_TRY(ftdn_weight_bank_init(&worker->own_bank, &desc->own_bank, &worker->arena, err));
    FTDN_TRY(ftdn_map_injector_init(&worker->injector, desc->map_faults, &worker->arena, err));
    FTDN_TRY(make_buffers(worker, desc, err));
    worker->injector.image_id = worker->image_id;
    worker->empty = ftdn_arena_get_mark(&worker->arena);
    return FTDN_OK;
}

void ftdn_worker_done(ftdn_worker *worker)
{
    ftdn_weight_bank_done(&worker->own_bank);
    ftdn_context_free(worker->context);
    ftdn_arena_done(&worker->arena);
}

/* Does it draw weights anew for each image? */
static bool redraws_weights(const ftdn_worker *worker)
{
    return worker->bank == &worker->own_bank;
}

int ftdn_worker_micro_batch(const ftdn_worker *worker)
{
    return redraws_weights(worker) ? 1 : worker->micro_batch;
}

void ftdn_worker_reset(ftdn_worker *worker)
{
    ftdn_arena_reset(&worker->arena, worker->empty);
    ftdn_map_injector_reset(&worker->injector);
    if (redraws_weights(worker)) ftdn_weight_bank_reset_counts(&worker->own_bank);
    worker->weights_ns = worker->forward_ns = worker->detection_ns = worker->n_nonfinite = 0;
}

ftdn_status ftdn_worker_forward(ftdn_worker *worker, const ftdn_dataset *dataset, int first, int n_images,
                                const ftdn_map_hook *hook, ftdn_error *err)
{
    assert(n_images <= ftdn_worker_micro_batch(worker));
    int64_t start_ns = ftdn_clock_ns();
    if (redraws_weights(worker))
        FTDN_TRY(ftdn_weight_bank_set(&worker->own_bank, &worker->redraw, dataset->image[first].id, 1, err));
    int64_t weights_end_ns = ftdn_clock_ns();
    for (int i = 0; i < n_images; i++) {
        worker->pixels[i] = dataset->image[first + i].pixels;
        worker->image_id[i] = dataset->image[first + i].id;
    }
    const ftdn_input input = ftdn_network_input(worker->network, n_images, worker->pixels);
    FTDN_TRY(ftdn_forward(worker->context, worker->bank->packed, &input, hook, err));
    worker->weights_ns += weights_end_ns - start_ns;
    worker->forward_ns += ftdn_clock_ns() - weights_end_ns;
    return FTDN_OK;
}

static void detect_with(ftdn_worker *worker, int network)
{
    ftdn_detector *detector = &worker->detector[network];
    ftdn_detect(detector, worker->answer[network].logits, worker->answer[network].locations, worker->priors);
    worker->n_nonfinite += detector->n_nonfinite;
}

/* From the answers for image `index` of the micro-batch to its boxes. */
static const ftdn_detection *detect_image(ftdn_worker *worker, int index, int *ret_n)
{
    for (int i = 0; i < worker->n_networks; i++) {
        const ftdn_network_answer *answer = &worker->answer[i];
        ftdn_network_gather(&worker->network[i], worker->context, index, answer->logits, answer->locations);
    }
    if (worker->n_networks == 2 && worker->combines_boxes) {
        detect_with(worker, 0);
        detect_with(worker, 1);
        ftdn_box_combiner *combiner = &worker->combiner;
        ftdn_combine_boxes(combiner, &worker->detector[0], &worker->detector[1]);
        *ret_n = combiner->n_detections;
        return combiner->detection;
    }
    if (worker->n_networks == 2) {
        const ftdn_network_answer *a = &worker->answer[0], *b = &worker->answer[1];
        size_t n_priors = (size_t)worker->network->n_priors, n_columns = (size_t)(worker->network->n_classes + 1);
        ftdn_combine_answers(a->logits, b->logits, n_priors * n_columns, a->logits);
        ftdn_combine_answers(a->locations, b->locations, n_priors * 4, a->locations);
    }
    detect_with(worker, 0);
    *ret_n = worker->detector[0].n_detections;
    return worker->detector[0].detection;
}

ftdn_status ftdn_worker_detect(ftdn_worker *worker, const ftdn_dataset *dataset, int first, int n_images,
                               bool hits_maps, ftdn_image_detections *found, ftdn_error *err)
{
    const ftdn_map_hook hook = {.call = ftdn_map_injector_hook, .user = &worker->injector};
    FTDN_TRY(ftdn_worker_forward(worker, dataset, first, n_images, hits_maps ? &hook : NULL, err));
    int64_t start_ns = ftdn_clock_ns();
    for (int i = 0; i < n_images; i++) {
        int n_detections;
        const ftdn_detection *detection = detect_image(worker, i, &n_detections);
        size_t n_bytes = (size_t)n_detections * sizeof *detection;
        ftdn_detection *copy = ftdn_arena_alloc(&worker->arena, n_bytes, 1, err);
        if (!copy) return FTDN_ERR_MEMORY;
        memcpy(copy, detection, n_bytes);
        found[i] = (ftdn_image_detections){copy, n_detections};
    }
    worker->detection_ns += ftdn_clock_ns() - start_ns;
    return FTDN_OK;
}
