#include "harness/training/training_step.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/share.h"
#include "engine/optimizer_hd.h"

static ftdn_augment_desc augmentation_for(const ftdn_training_manifest *manifest, const ftdn_network *network)
{
    ftdn_augment_desc desc = manifest->augmentation;
    for (int c = 0; c < 3; c++) {
        float mean = roundf(network->mean[c]);
        desc.fill[c] = (uint8_t)(mean < 0 ? 0 : mean > 255 ? 255 : mean);
    }
    return desc;
}

static ftdn_status make_losses(ftdn_trainer *trainer, const ftdn_dataset *dataset, bool on_host, ftdn_arena *arena,
                               ftdn_error *err)
{
    size_t n = (size_t)trainer->batch.n_images;
    trainer->loss = FTDN_NEW(arena, n, ftdn_image_loss, err);
    trainer->value = FTDN_NEW(arena, n, ftdn_loss_value, err);
    trainer->n_positives = FTDN_NEW(arena, n, int, err);
    if (!trainer->loss || !trainer->value || !trainer->n_positives) return FTDN_ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        FTDN_TRY(ftdn_image_loss_init(&trainer->loss[i], &trainer->state->model, dataset, on_host, arena, err));
    return FTDN_OK;
}

static ftdn_status make_passes(ftdn_trainer *trainer, const ftdn_backend *backend, ftdn_error *err)
{
    const ftdn_network *network = &trainer->state->model.network;
    int outputs[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_network_output_nodes(network, outputs);
    const ftdn_training_desc desc = {
        .outputs = outputs,
        .n_outputs = 2 * network->n_heads,
        .n_images = trainer->batch.n_images,
        .n_threads = trainer->n_threads,
    };
    return ftdn_training_create(backend, &network->graph, &desc, &trainer->passes, err);
}

ftdn_status ftdn_trainer_init(ftdn_trainer *trainer, ftdn_training_state *state, const ftdn_training_manifest *manifest,
                              const ftdn_dataset *dataset, int n_threads, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_network *network = &state->model.network;
    const ftdn_backend *backend;
    assert(dataset->size == network->input_size && dataset->n_classes == network->n_classes);
    *trainer = (ftdn_trainer){.state = state, .learning_rate = manifest->learning_rate, .n_threads = n_threads};
    FTDN_TRY(ftdn_backend_open(manifest->validation.engine.backend, &backend, err));
    const ftdn_device_module *device = ftdn_backend_device(backend);
    const ftdn_augment_desc augmentation = augmentation_for(manifest, network);
    FTDN_TRY(ftdn_training_batch_init(&trainer->batch, dataset, &augmentation, manifest->batch, manifest->seed,
                                      n_threads, arena, err));
    FTDN_TRY(make_losses(trainer, dataset, !device, arena, err));
    FTDN_TRY(make_passes(trainer, backend, err));
    if (!device) return FTDN_OK;
    return ftdn_device_trainer_init(&trainer->device, device, trainer->passes, state, trainer->loss, manifest->batch,
                                    arena, err);
}

void ftdn_trainer_done(ftdn_trainer *trainer)
{
    ftdn_device_trainer_done(&trainer->device);
    ftdn_training_free(trainer->passes);
    ftdn_training_batch_done(&trainer->batch);
    *trainer = (ftdn_trainer){0};
}

static ftdn_status go_forward(ftdn_trainer *trainer, ftdn_error *err)
{
    const ftdn_model *model = &trainer->state->model;
    ftdn_input input = {.n_images = trainer->batch.n_images, .pixels = (const uint8_t *const *)trainer->batch.pixels};
    memcpy(input.mean, model->network.mean, sizeof input.mean);
    memcpy(input.scale, model->network.scale, sizeof input.scale);
    const ftdn_weights weights =
        trainer->device.device ? ftdn_device_trainer_weights(&trainer->device) : model->weights;
    return ftdn_training_forward(trainer->passes, &weights, &input, err);
}

/* user: ftdn_trainer * */
static ftdn_status match_image(void *user, int item, int thread, ftdn_error *err)
{
    (void)thread;
    ftdn_trainer *trainer = user;
    return ftdn_image_loss_match(&trainer->loss[item], &trainer->batch.view[item], &trainer->n_positives[item], err);
}

/* The loss of one image and its gradient at the heads. user: ftdn_trainer * */
static ftdn_status judge_image(void *user, int item, int thread, ftdn_error *err)
{
    (void)thread;
    (void)err;
    ftdn_trainer *trainer = user;
    const ftdn_network *network = &trainer->state->model.network;
    ftdn_image_loss *loss = &trainer->loss[item];
    int node[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_map map[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_network_output_nodes(network, node);
    for (int i = 0; i < 2 * network->n_heads; i++) map[i] = ftdn_training_map(trainer->passes, item, node[i]);
    trainer->value[item] = ftdn_image_loss_compute_maps(loss, map, trainer->n_batch_positives);
    for (int i = 0; i < 2 * network->n_heads; i++) map[i] = ftdn_training_gradient(trainer->passes, item, node[i]);
    ftdn_network_scatter(network, loss->dlogits, loss->dlocations, map);
    return FTDN_OK;
}

static ftdn_status share_images(ftdn_trainer *trainer, ftdn_status (*run)(void *, int, int, ftdn_error *),
                                ftdn_error *err)
{
    const ftdn_shared_work work = {
        .n_items = trainer->batch.n_images, .n_threads = trainer->n_threads, .run = run, .user = trainer};
    return ftdn_share(&work, err);
}

/* Objects and priors; on a device while it computes the forward pass. */
static ftdn_status match(ftdn_trainer *trainer, ftdn_error *err)
{
    FTDN_TRY(share_images(trainer, match_image, err));
    trainer->n_batch_positives = 0;
    for (int i = 0; i < trainer->batch.n_images; i++) trainer->n_batch_positives += trainer->n_positives[i];
    return FTDN_OK;
}

/* The batch's loss of those of its images. */
static ftdn_status add_losses(const ftdn_trainer *trainer, ftdn_loss_value *ret_loss, ftdn_error *err)
{
    ftdn_loss_value loss = {0};
    for (int i = 0; i < trainer->batch.n_images; i++) {
        loss.classification += trainer->value[i].classification;
        loss.regression += trainer->value[i].regression;
    }
    if (!isfinite(loss.classification + loss.regression))
        return FTDN_FAIL(err, FTDN_ERR_INPUT,
                         "the loss is not finite; lower training.learning_rate, or set training.max_gradient_norm");
    *ret_loss = loss;
    return FTDN_OK;
}

static void mix(const float *of_batch, size_t n, float *running)
{
    for (size_t i = 0; i < n; i++) running[i] = ftdn_running_statistic(FTDN_STATISTICS_PART, running[i], of_batch[i]);
}

static void update_statistics(ftdn_trainer *trainer)
{
    const ftdn_graph *graph = &trainer->state->model.network.graph;
    float **value = trainer->state->value;
    for (int i = 0; i < graph->n_nodes; i++) {
        const ftdn_node *node = &graph->node[i];
        if (node->op != FTDN_OP_BATCH_NORM) continue;
        const float *mean, *var;
        ftdn_training_statistics(trainer->passes, i, &mean, &var);
        mix(mean, (size_t)node->shape.c, value[node->bn_mean]);
        mix(var, (size_t)node->shape.c, value[node->bn_var]);
    }
}

/* What follows the forward pass. */
static ftdn_status go_on_on_host(ftdn_trainer *trainer, ftdn_step_result *result, ftdn_error *err)
{
    ftdn_training_state *state = trainer->state;
    FTDN_TRY(share_images(trainer, judge_image, err));
    FTDN_TRY(add_losses(trainer, &result->loss, err));
    FTDN_TRY(ftdn_training_backward(trainer->passes, state->gradient, err));
    FTDN_TRY(ftdn_optimizer_step(&state->optimizer, result->learning_rate, state->value, state->gradient,
                                 trainer->n_threads, &result->gradient_norm, err));
    update_statistics(trainer);
    state->n_steps++;
    ftdn_training_state_average(state);
    return FTDN_OK;
}

/* The same; the weights may have been changed by a step whose loss is not finite. */
static ftdn_status go_on_on_device(ftdn_trainer *trainer, ftdn_step_result *result, ftdn_error *err)
{
    ftdn_training_state *state = trainer->state;
    float average_part = ftdn_training_state_average_part(state, state->n_steps + 1);
    FTDN_TRY(ftdn_device_trainer_send(&trainer->device, trainer->n_batch_positives, result->learning_rate, average_part,
                                      err));
    FTDN_TRY(ftdn_device_trainer_read_losses(&trainer->device, trainer->value, err));
    FTDN_TRY(add_losses(trainer, &result->loss, err));
    FTDN_TRY(ftdn_device_trainer_finish(&trainer->device, &result->gradient_norm, err));
    state->n_steps++;
    return FTDN_OK;
}

ftdn_status ftdn_trainer_step(ftdn_trainer *trainer, ftdn_step_result *ret_result, ftdn_error *err)
{
    ftdn_training_state *state = trainer->state;
    ftdn_step_result result = {.learning_rate = ftdn_learning_rate(&trainer->learning_rate, state->n_steps)};
    FTDN_TRY(ftdn_training_batch_make(&trainer->batch, state->n_steps, err));
    FTDN_TRY(go_forward(trainer, err));
    ftdn_status status = match(trainer, err);
    if (status == FTDN_OK) {
        status = trainer->device.device ? go_on_on_device(trainer, &result, err) : go_on_on_host(trainer, &result, err);
    }
    if (status != FTDN_OK) {
        ftdn_error_context(err, "step %d", state->n_steps + 1);
        return status;
    }
    *ret_result = result;
    return FTDN_OK;
}

ftdn_status ftdn_trainer_fetch(ftdn_trainer *trainer, ftdn_error *err)
{
    return trainer->device.device ? ftdn_device_trainer_fetch(&trainer->device, err) : FTDN_OK;
}
