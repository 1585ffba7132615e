#include "harness/rankings/device_scorer.h"

#include <assert.h>
#include <string.h>

#include "rankers/ranking_device.h"

static ftdn_map map_of(const ftdn_device_scorer *s, int layer)
{
    return ftdn_context_map(s->context, ftdn_ranked_node(s->desc, layer));
}

static ftdn_shape shape_of(const ftdn_device_scorer *s, int layer)
{
    return s->desc->model->network.graph.node[ftdn_ranked_node(s->desc, layer)].shape;
}

/* Objects and matches of each image of a micro-batch. */
static ftdn_status make_loss(ftdn_device_scorer *s, const ftdn_program *program, ftdn_error *err)
{
    const ftdn_network *network = &s->desc->model->network;
    const float *priors = ftdn_network_priors(network, &s->desc->model->weights);
    FTDN_TRY(ftdn_gradients_create(program, &s->gradients, err));
    FTDN_TRY(s->device->loss->create(network, priors, s->context, s->gradients, &s->loss, err));
    FTDN_TRY(ftdn_image_loss_init(&s->matching, s->desc->model, s->desc->calibration, false, &s->arena, err));
    s->loss_image = FTDN_NEW(&s->arena, (size_t)s->micro_batch, ftdn_loss_image, err);
    return s->loss_image ? FTDN_OK : FTDN_ERR_MEMORY;
}

static ftdn_status make_buffers(ftdn_device_scorer *s, ftdn_error *err)
{
    size_t n_channels = 0, n_elements = 0, micro_batch = (size_t)s->micro_batch;
    bool reads_maps = false;
    for (int r = 0; r < s->desc->n_rankers; r++)
        reads_maps |= s->desc->ranker[r]->score_image && !s->device->ranking->knows(s->desc->ranker[r]);
    for (int l = 0; l < s->desc->layers.n_layers; l++) {
        size_t mine = ftdn_shape_elements(shape_of(s, l)), channels = (size_t)shape_of(s, l).c;
        if (mine > n_elements) n_elements = mine;
        if (channels > n_channels) n_channels = channels;
    }
    s->pixels = FTDN_NEW(&s->arena, micro_batch, const uint8_t *, err);
    s->contribution = FTDN_NEW(&s->arena, micro_batch * n_channels, double, err);
    if (!s->pixels || !s->contribution) return FTDN_ERR_MEMORY;
    if (!reads_maps) return FTDN_OK;
    s->values = FTDN_NEW(&s->arena, micro_batch * n_elements, float, err);
    s->gradient = FTDN_NEW(&s->arena, micro_batch * n_elements, float, err);
    return s->values && s->gradient ? FTDN_OK : FTDN_ERR_MEMORY;
}

ftdn_status ftdn_device_scorer_init(ftdn_device_scorer *scorer, const ftdn_ranking_desc *desc,
                                    const ftdn_program *program, const ftdn_packed *packed, bool needs_gradients,
                                    ftdn_error *err)
{
    *scorer = (ftdn_device_scorer){
        .device = ftdn_backend_device(desc->backend),
        .desc = desc,
        .packed = packed,
        .micro_batch = ftdn_program_micro_batch(program),
    };
    ftdn_arena_init(&scorer->arena);
    FTDN_TRY(ftdn_context_create(program, &scorer->context, err));
    if (needs_gradients) FTDN_TRY(make_loss(scorer, program, err));
    return make_buffers(scorer, err);
}

void ftdn_device_scorer_done(ftdn_device_scorer *scorer)
{
    if (!scorer->device) return;
    scorer->device->loss->free(scorer->loss);
    ftdn_gradients_free(scorer->gradients);
    ftdn_context_free(scorer->context);
    ftdn_arena_done(&scorer->arena);
}

static ftdn_status match(ftdn_device_scorer *s, const ftdn_image *image, ftdn_loss_image *ret_image, ftdn_error *err)
{
    size_t n_priors = (size_t)s->desc->model->network.n_priors, n_objects = (size_t)image->n_objects;
    ftdn_labelled_box *objects = FTDN_NEW(&s->arena, n_objects, ftdn_labelled_box, err);
    int *object = FTDN_NEW(&s->arena, n_priors, int, err), n_positives;
    if (!objects || !object) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_image_loss_match(&s->matching, image, &n_positives, err));
    memcpy(objects, s->matching.objects, n_objects * sizeof *objects);
    memcpy(object, s->matching.object, n_priors * sizeof *object);
    *ret_image = (ftdn_loss_image){.objects = objects, .object = object};
    return FTDN_OK;
}

/* The loss's gradient at the heads, and from there to all maps. */
static ftdn_status go_backward(ftdn_device_scorer *s, const ftdn_image *image, int n_images, long n_positives,
                               ftdn_error *err)
{
    ftdn_arena_mark mark = ftdn_arena_get_mark(&s->arena);
    ftdn_status status = FTDN_OK;
    for (int i = 0; i < n_images && status == FTDN_OK; i++) status = match(s, &image[i], &s->loss_image[i], err);
    if (status == FTDN_OK) {
        ftdn_gradients_clear(s->gradients);
        status = s->device->loss->compute(s->loss, s->loss_image, n_images, (int)n_positives, NULL, err);
    }
    ftdn_arena_reset(&s->arena, mark);
    FTDN_TRY(status);
    return ftdn_backward(s->gradients, s->context, s->packed, NULL, err);
}

/* Of a ranker that the device does not know: maps come to the host. */
static ftdn_status score_on_host(ftdn_device_scorer *s, const ftdn_ranker *ranker, const ftdn_map *map,
                                 const float *gradient, ftdn_error *err)
{
    size_t n_elements = ftdn_shape_elements(map->shape), n_bytes = (size_t)map->n_images * n_elements * sizeof(float);
    const ftdn_device_table *table = s->device->device;
    FTDN_TRY(table->copy_after(s->context, s->values, map->values, n_bytes, err));
    if (gradient) FTDN_TRY(table->copy_after(s->context, s->gradient, gradient, n_bytes, err));
    for (int i = 0; i < map->n_images; i++) {
        ftdn_map own = *map;
        own.n_images = 1;
        own.values = s->values + (size_t)i * n_elements;
        ranker->score_image(&own, gradient ? s->gradient + (size_t)i * n_elements : NULL,
                            s->contribution + i * map->shape.c);
    }
    return FTDN_OK;
}

/* contribution: of the first image at this layer. */
static ftdn_status score_layer(ftdn_device_scorer *s, const ftdn_ranker *ranker, int layer, size_t n_scores,
                               double *contribution, ftdn_error *err)
{
    const ftdn_map map = map_of(s, layer);
    const float *gradient =
        ranker->needs_gradients ? ftdn_gradients_map(s->gradients, s->context, map.node).values : NULL;
    FTDN_TRY(s->device->ranking->knows(ranker)
                 ? s->device->ranking->score_images(ranker, s->context, &map, gradient, s->contribution, err)
                 : score_on_host(s, ranker, &map, gradient, err));
    for (int i = 0; i < map.n_images; i++)
        memcpy(contribution + (size_t)i * n_scores, s->contribution + i * map.shape.c,
               (size_t)map.shape.c * sizeof *contribution);
    return FTDN_OK;
}

ftdn_status ftdn_device_scorer_score(ftdn_device_scorer *s, int first, int n_images, long n_positives, size_t n_scores,
                                     double *contribution, ftdn_error *err)
{
    const ftdn_ranking_desc *desc = s->desc;
    const ftdn_network *network = &desc->model->network;
    const ftdn_image *image = &desc->calibration->image[first];
    assert(n_images <= s->micro_batch);
    for (int i = 0; i < n_images; i++) s->pixels[i] = image[i].pixels;
    ftdn_input input = {.n_images = n_images, .pixels = s->pixels};
    memcpy(input.mean, network->mean, sizeof input.mean);
    memcpy(input.scale, network->scale, sizeof input.scale);
    FTDN_TRY(ftdn_forward(s->context, s->packed, &input, NULL, err));
    if (s->gradients) FTDN_TRY(go_backward(s, image, n_images, n_positives, err));
    for (int r = 0; r < desc->n_rankers; r++) {
        for (int l = 0; desc->ranker[r]->score_image && l < desc->layers.n_layers; l++) {
            FTDN_TRY(score_layer(s, desc->ranker[r], l, n_scores, contribution, err));
            contribution += shape_of(s, l).c;
        }
    }
    return FTDN_OK;
}
