#include "harness/training_step.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "harness/share.h"

static ftdn_augment_desc augmentation_for(const ftdn_training_manifest *manifest, const ftdn_network *network)
{
    ftdn_augment_desc desc = manifest->augmentation;
    for (int c = 0; c < 3; c++) {
        float mean = roundf(network->mean[c]);
        desc.fill[c] = (uint8_t)(mean < 0 ? 0 : mean > 255 ? 255 : mean);
    }
    return desc;
}

static ftdn_status make_losses(ftdn_trainer *trainer, const ftdn_dataset *dataset, ftdn_arena *arena, ftdn_error *err)
{
    size_t n = (size_t)trainer->batch.n_images;
    trainer->loss = FTDN_NEW(arena, n, ftdn_image_loss, err);
    trainer->value = FTDN_NEW(arena, n, ftdn_loss_value, err);
    trainer->n_positives = FTDN_NEW(arena, n, int, err);
    if (!trainer->loss || !trainer->value || !trainer->n_positives) return FTDN_ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        FTDN_TRY(ftdn_image_loss_init(&trainer->loss[i], &trainer->state->model, dataset, true, arena, err));
    return FTDN_OK;
}

ftdn_status ftdn_trainer_init(ftdn_trainer *trainer, ftdn_training_state *state, const ftdn_training_manifest *manifest,
                              const ftdn_dataset *dataset, int n_threads, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_network *network = &state->model.network;
    assert(dataset->size == network->input_size && dataset->n_classes == network->n_classes);
    *trainer = (ftdn_trainer){.state = state, .learning_rate = manifest->learning_rate, .n_threads = n_threads};
    const ftdn_augment_desc augmentation = augmentation_for(manifest, network);
    FTDN_TRY(ftdn_training_batch_init(&trainer->batch, dataset, &augmentation, manifest->batch, manifest->seed,
                                      n_threads, arena, err));
    FTDN_TRY(make_losses(trainer, dataset, arena, err));
    int outputs[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_network_output_nodes(network, outputs);
    const ftdn_training_desc desc = {
        .outputs = outputs, .n_outputs = 2 * network->n_heads, .n_images = manifest->batch, .n_threads = n_threads};
    const ftdn_backend *backend = ftdn_backend_find(manifest->validation.engine.backend);
    return ftdn_training_create(backend, &network->graph, &desc, &trainer->passes, err);
}

void ftdn_trainer_done(ftdn_trainer *trainer)
{
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
    return ftdn_training_forward(trainer->passes, &model->weights, &input, err);
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
    trainer->value[item] =
        ftdn_image_loss_compute(loss, ftdn_training_context(trainer->passes, item), trainer->n_batch_positives);
    ftdn_network_output_nodes(network, node);
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

static ftdn_status judge(ftdn_trainer *trainer, ftdn_loss_value *ret_loss, ftdn_error *err)
{
    FTDN_TRY(share_images(trainer, match_image, err));
    trainer->n_batch_positives = 0;
    for (int i = 0; i < trainer->batch.n_images; i++) trainer->n_batch_positives += trainer->n_positives[i];
    FTDN_TRY(share_images(trainer, judge_image, err));
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
    for (size_t i = 0; i < n; i++)
        running[i] = (1 - FTDN_STATISTICS_MOMENTUM) * running[i] + FTDN_STATISTICS_MOMENTUM * of_batch[i];
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

ftdn_status ftdn_trainer_step(ftdn_trainer *trainer, ftdn_step_result *ret_result, ftdn_error *err)
{
    ftdn_training_state *state = trainer->state;
    ftdn_step_result result = {.learning_rate = ftdn_learning_rate(&trainer->learning_rate, state->n_steps)};
    FTDN_TRY(ftdn_training_batch_make(&trainer->batch, state->n_steps, err));
    FTDN_TRY(go_forward(trainer, err));
    ftdn_status status = judge(trainer, &result.loss, err);
    if (status == FTDN_OK) status = ftdn_training_backward(trainer->passes, state->gradient, err);
    if (status == FTDN_OK) {
        status = ftdn_optimizer_step(&state->optimizer, result.learning_rate, state->value, state->gradient,
                                     trainer->n_threads, &result.gradient_norm, err);
    }
    if (status != FTDN_OK) {
        ftdn_error_context(err, "step %d", state->n_steps + 1);
        return status;
    }
    update_statistics(trainer);
    state->n_steps++;
    ftdn_training_state_average(state);
    *ret_result = result;
    return FTDN_OK;
}
