#include "harness/training/device_trainer.h"

/* Where the statistics of a batch lie that each running mean and variance takes in. */
static ftdn_status find_statistics(const ftdn_training *passes, const ftdn_graph *graph, ftdn_arena *arena,
                                   const float *const **ret_of_batch, ftdn_error *err)
{
    const float **of_batch = FTDN_NEW(arena, (size_t)graph->n_params, const float *, err);
    if (!of_batch) return FTDN_ERR_MEMORY;
    for (int i = 0; i < graph->n_nodes; i++) {
        const ftdn_node *node = &graph->node[i];
        if (node->op != FTDN_OP_BATCH_NORM) continue;
        ftdn_training_statistics(passes, i, &of_batch[node->bn_mean], &of_batch[node->bn_var]);
    }
    *ret_of_batch = of_batch;
    return FTDN_OK;
}

ftdn_status ftdn_device_trainer_init(ftdn_device_trainer *trainer, const ftdn_device_module *device,
                                     ftdn_training *passes, ftdn_training_state *state, const ftdn_image_loss *loss,
                                     int n_images, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_network *network = &state->model.network;
    *trainer = (ftdn_device_trainer){.device = device, .passes = passes, .n_images = n_images};
    trainer->image = FTDN_NEW(arena, (size_t)n_images, ftdn_loss_image, err);
    if (!trainer->image) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_images; i++)
        trainer->image[i] = (ftdn_loss_image){.objects = loss[i].objects, .object = loss[i].object};
    ftdn_device_optimizer_desc desc = {
        .optimizer = &state->optimizer,
        .value = state->value,
        .average = state->average,
        .statistics_part = FTDN_STATISTICS_PART,
        .context = ftdn_training_context(passes),
    };
    FTDN_TRY(find_statistics(passes, &network->graph, arena, &desc.of_batch, err));
    FTDN_TRY(device->optimizer->create(&desc, &trainer->optimizer, err));
    return device->loss->create(network, ftdn_network_priors(network, &state->model.weights), desc.context,
                                ftdn_training_gradients(passes), &trainer->loss, err);
}

void ftdn_device_trainer_done(ftdn_device_trainer *trainer)
{
    if (!trainer->device) return;
    trainer->device->optimizer->free(trainer->optimizer); /* waits for all work */
    trainer->device->loss->free(trainer->loss);
    *trainer = (ftdn_device_trainer){0};
}

ftdn_weights ftdn_device_trainer_weights(const ftdn_device_trainer *trainer)
{
    return trainer->device->optimizer->values(trainer->optimizer);
}

ftdn_status ftdn_device_trainer_send(ftdn_device_trainer *trainer, long n_batch_positives, double learning_rate,
                                     float average_part, ftdn_error *err)
{
    const ftdn_device_module *device = trainer->device;
    trainer->is_ahead = true;
    FTDN_TRY(
        device->loss->compute(trainer->loss, trainer->image, trainer->n_images, (int)n_batch_positives, NULL, err));
    FTDN_TRY(ftdn_training_backward(trainer->passes, device->optimizer->gradients(trainer->optimizer), err));
    return device->optimizer->step(trainer->optimizer, learning_rate, average_part, err);
}

ftdn_status ftdn_device_trainer_read_losses(ftdn_device_trainer *trainer, ftdn_loss_value *ret_value, ftdn_error *err)
{
    return trainer->device->loss->read(trainer->loss, trainer->n_images, ret_value, err);
}

ftdn_status ftdn_device_trainer_finish(ftdn_device_trainer *trainer, double *ret_norm, ftdn_error *err)
{
    return trainer->device->optimizer->finish(trainer->optimizer, ret_norm, err);
}

ftdn_status ftdn_device_trainer_fetch(ftdn_device_trainer *trainer, ftdn_error *err)
{
    if (!trainer->is_ahead) return FTDN_OK;
    FTDN_TRY(trainer->device->optimizer->fetch(trainer->optimizer, err));
    trainer->is_ahead = false;
    return FTDN_OK;
}
