#include "harness/rankings/image_loss.h"

static int most_objects(const ftdn_dataset *dataset)
{
    int n_most = 0;
    for (int i = 0; i < dataset->n_images; i++) {
        if (dataset->image[i].n_objects > n_most) n_most = dataset->image[i].n_objects;
    }
    return n_most;
}

ftdn_status ftdn_image_loss_init(ftdn_image_loss *loss, const ftdn_model *model, const ftdn_dataset *dataset,
                                 bool wants_gradients, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_network *network = &model->network;
    const float *priors = ftdn_network_priors(network, &model->weights);
    size_t n_priors = (size_t)network->n_priors, n_columns = (size_t)(network->n_classes + 1);
    *loss = (ftdn_image_loss){.network = network};
    FTDN_TRY(ftdn_matcher_init(&loss->matcher, network, priors, arena, err));
    FTDN_TRY(ftdn_multibox_loss_init(&loss->loss, network, priors, arena, err));
    loss->logits = FTDN_NEW(arena, n_priors * n_columns, float, err);
    loss->locations = FTDN_NEW(arena, n_priors * 4, float, err);
    loss->objects = FTDN_NEW(arena, (size_t)most_objects(dataset), ftdn_labelled_box, err);
    loss->object = FTDN_NEW(arena, n_priors, int, err);
    if (!loss->logits || !loss->locations || !loss->objects || !loss->object) return FTDN_ERR_MEMORY;
    if (!wants_gradients) return FTDN_OK;
    loss->dlogits = FTDN_NEW(arena, n_priors * n_columns, float, err);
    loss->dlocations = FTDN_NEW(arena, n_priors * 4, float, err);
    return loss->dlogits && loss->dlocations ? FTDN_OK : FTDN_ERR_MEMORY;
}

ftdn_status ftdn_image_loss_match(ftdn_image_loss *loss, const ftdn_image *image, int *ret_n_positives, ftdn_error *err)
{
    int n_objects = ftdn_labelled_boxes_from_image(image, loss->objects);
    ftdn_status status =
        ftdn_matcher_assign(&loss->matcher, loss->objects, n_objects, loss->object, ret_n_positives, err);
    if (status != FTDN_OK && status != FTDN_ERR_MEMORY) ftdn_error_context(err, "image '%s'", image->name);
    return status;
}

ftdn_status ftdn_image_loss_count_positives(ftdn_image_loss *loss, const ftdn_dataset *dataset, int n_images,
                                            long *ret_n_positives, ftdn_error *err)
{
    long n_positives = 0;
    for (int i = 0; i < n_images; i++) {
        int n_mine;
        FTDN_TRY(ftdn_image_loss_match(loss, &dataset->image[i], &n_mine, err));
        n_positives += n_mine;
    }
    if (n_positives == 0) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT,
                         "calibration (%s): no image has an object, which rankings by the loss need",
                         dataset->description);
    }
    *ret_n_positives = n_positives;
    return FTDN_OK;
}

ftdn_loss_value ftdn_image_loss_of_answer(ftdn_image_loss *loss, long n_batch_positives)
{
    const ftdn_loss_image answer = {loss->logits, loss->locations, loss->objects, loss->object};
    return ftdn_multibox_loss_compute(&loss->loss, &answer, n_batch_positives, loss->dlogits, loss->dlocations);
}

ftdn_loss_value ftdn_image_loss_compute(ftdn_image_loss *loss, const ftdn_context *context, long n_batch_positives)
{
    ftdn_network_gather(loss->network, context, 0, loss->logits, loss->locations);
    return ftdn_image_loss_of_answer(loss, n_batch_positives);
}

ftdn_loss_value ftdn_image_loss_compute_maps(ftdn_image_loss *loss, const ftdn_map *map, long n_batch_positives)
{
    ftdn_network_gather_maps(loss->network, map, loss->logits, loss->locations);
    return ftdn_image_loss_of_answer(loss, n_batch_positives);
}
