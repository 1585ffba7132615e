/* ranking.c - the procedure:
 *
 *     positives   of all calibration images, from matching
 *     images      each forward and, where a ranker asks for it, backward; every ranker scores every layer's map
 *     sum         the images' contributions, each kept in a place of its own, in the order of the dataset
 *
 * Images are shared among threads in any order, a window of them at a time, so that memory does not grow with
 * the number of images. Every program is compiled for gradients, whether a ranker asks for them or not: fused
 * steps have other last bits, and the scores of one ranker may not depend on which others run beside it. */
#include "harness/ranking.h"

#include <assert.h>
#include <math.h>
#include <omp.h>
#include <string.h>

#include "base/size.h"
#include "detect/matching.h"
#include "detect/multibox_loss.h"
#include "engine/gradients.h"

enum { WINDOW = 64 }; /* images whose contributions are kept at a time */

/* What one thread needs to take an image from bytes to contributions. */
typedef struct scorer {
    ftdn_arena arena;
    ftdn_context *context;
    ftdn_gradients *gradients; /* NULL where no ranker needs them, as all below */
    ftdn_matcher matcher;
    ftdn_multibox_loss loss;
    float *logits, *dlogits;       /* [n_priors, n_classes+1] */
    float *locations, *dlocations; /* [n_priors, 4] */
    ftdn_labelled_box *objects;    /* [most objects of an image] */
    int *object;                   /* [n_priors] */
} scorer;

typedef struct ranking_run {
    const ftdn_ranking_desc *desc;
    const ftdn_ranking *ranking;
    const float *priors;
    bool needs_gradients;
    long n_positives;
    ftdn_program *program;
    ftdn_packed *packed;
    int n_scorers;
    scorer *scorer;       /* [n_scorers] */
    size_t n_scores;      /* contributions of one image: of all rankers that read images, of all layers */
    double *contribution; /* [WINDOW, n_scores] */
    int n_images_done;
} ranking_run;

bool ftdn_ranking_needs_images(const ftdn_ranker *const *ranker, int n_rankers)
{
    bool needs_images = false;
    for (int r = 0; r < n_rankers; r++) needs_images |= ranker[r]->needs_images;
    return needs_images;
}

static int most_objects(const ftdn_dataset *dataset)
{
    int n_most = 0;
    for (int i = 0; i < dataset->n_images; i++) {
        if (dataset->image[i].n_objects > n_most) n_most = dataset->image[i].n_objects;
    }
    return n_most;
}

static ftdn_status make_scorer(const ranking_run *run, scorer *s, ftdn_error *err)
{
    const ftdn_network *network = &run->desc->model->network;
    size_t n_priors = (size_t)network->n_priors, n_columns = (size_t)(network->n_classes + 1);
    ftdn_arena_init(&s->arena);
    FTDN_TRY(ftdn_context_create(run->program, &s->context, err));
    if (!run->needs_gradients) return FTDN_OK;
    FTDN_TRY(ftdn_gradients_create(run->program, &run->desc->model->weights, &s->gradients, err));
    FTDN_TRY(ftdn_matcher_init(&s->matcher, network, run->priors, &s->arena, err));
    FTDN_TRY(ftdn_multibox_loss_init(&s->loss, network, run->priors, &s->arena, err));
    s->logits = FTDN_NEW(&s->arena, n_priors * n_columns, float, err);
    s->dlogits = FTDN_NEW(&s->arena, n_priors * n_columns, float, err);
    s->locations = FTDN_NEW(&s->arena, n_priors * 4, float, err);
    s->dlocations = FTDN_NEW(&s->arena, n_priors * 4, float, err);
    s->objects = FTDN_NEW(&s->arena, (size_t)most_objects(run->desc->calibration), ftdn_labelled_box, err);
    s->object = FTDN_NEW(&s->arena, n_priors, int, err);
    bool complete = s->logits && s->dlogits && s->locations && s->dlocations && s->objects && s->object;
    return complete ? FTDN_OK : FTDN_ERR_MEMORY;
}

static ftdn_status set_up(ranking_run *run, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_ranking_desc *desc = run->desc;
    const ftdn_graph *graph = &desc->model->network.graph;
    const ftdn_compile_desc compile = {.for_gradients = true, .micro_batch = 1, .conv_algorithm = desc->conv_algorithm};
    FTDN_TRY(ftdn_program_create(desc->backend, graph, &compile, &run->program, err));
    FTDN_TRY(ftdn_packed_create(run->program, &desc->model->weights, desc->n_threads, &run->packed, err));
    size_t n_contributions;
    if (!ftdn_size_mul(run->n_scores, WINDOW, &n_contributions))
        return FTDN_FAIL(err, FTDN_ERR_MEMORY, "the scores of %d images do not fit into memory", WINDOW);
    run->contribution = FTDN_NEW(arena, n_contributions, double, err);
    run->scorer = FTDN_NEW(arena, (size_t)desc->n_threads, scorer, err);
    if (!run->contribution || !run->scorer) return FTDN_ERR_MEMORY;
    for (; run->n_scorers < desc->n_threads; run->n_scorers++) {
        ftdn_status status = make_scorer(run, &run->scorer[run->n_scorers], err);
        if (status == FTDN_OK) continue;
        run->n_scorers++;
        return status;
    }
    return FTDN_OK;
}

static void tear_down(ranking_run *run)
{
    for (int i = 0; i < run->n_scorers; i++) {
        ftdn_gradients_free(run->scorer[i].gradients);
        ftdn_context_free(run->scorer[i].context);
        ftdn_arena_done(&run->scorer[i].arena);
    }
    ftdn_packed_free(run->packed);
    ftdn_program_free(run->program);
}

static ftdn_status match(scorer *s, const ftdn_image *image, int *ret_n_positives, ftdn_error *err)
{
    int n_objects = ftdn_labelled_boxes_from_image(image, s->objects);
    ftdn_status status = ftdn_matcher_assign(&s->matcher, s->objects, n_objects, s->object, ret_n_positives, err);
    if (status != FTDN_OK && status != FTDN_ERR_MEMORY) ftdn_error_context(err, "image '%s'", image->name);
    return status;
}

static ftdn_status count_positives(ranking_run *run, ftdn_error *err)
{
    const ftdn_dataset *dataset = run->desc->calibration;
    for (int i = 0; i < dataset->n_images; i++) {
        int n_positives;
        FTDN_TRY(match(&run->scorer[0], &dataset->image[i], &n_positives, err));
        run->n_positives += n_positives;
    }
    if (run->n_positives > 0) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_INPUT,
                     "calibration (%s): no image has an object, which rankings by the loss's gradient need",
                     dataset->description);
}

/* The loss's gradient at the heads, in the order that ftdn_network_gather reads them, and from there to all maps. */
static ftdn_status go_backward(const ranking_run *run, scorer *s, const ftdn_image *image, ftdn_error *err)
{
    const ftdn_network *network = &run->desc->model->network;
    int n_positives;
    FTDN_TRY(match(s, image, &n_positives, err));
    ftdn_network_gather(network, s->context, 0, s->logits, s->locations);
    const ftdn_loss_image answer = {s->logits, s->locations, s->objects, s->object};
    ftdn_multibox_loss_compute(&s->loss, &answer, run->n_positives, s->dlogits, s->dlocations);
    ftdn_gradients_clear(s->gradients);
    const float *dlogits = s->dlogits, *dlocations = s->dlocations;
    for (int h = 0; h < network->n_heads; h++) {
        ftdn_map classes = ftdn_gradients_map(s->gradients, s->context, network->class_head[h]);
        ftdn_map boxes = ftdn_gradients_map(s->gradients, s->context, network->box_head[h]);
        size_t n_classes = ftdn_shape_elements(classes.shape), n_boxes = ftdn_shape_elements(boxes.shape);
        memcpy(classes.values, dlogits, n_classes * sizeof *dlogits);
        memcpy(boxes.values, dlocations, n_boxes * sizeof *dlocations);
        dlogits += n_classes;
        dlocations += n_boxes;
    }
    return ftdn_backward(s->gradients, s->context, NULL, err);
}

/* contribution: [n_scores], rankers one after the other, in each all layers. */
static ftdn_status score_image(const ranking_run *run, scorer *s, const ftdn_image *image, double *contribution,
                               ftdn_error *err)
{
    const ftdn_ranking_desc *desc = run->desc;
    const ftdn_network *network = &desc->model->network;
    ftdn_input input = {.n_images = 1, .pixels = &image->pixels};
    memcpy(input.mean, network->mean, sizeof input.mean);
    memcpy(input.scale, network->scale, sizeof input.scale);
    FTDN_TRY(ftdn_forward(s->context, run->packed, &input, NULL, err));
    if (run->needs_gradients) FTDN_TRY(go_backward(run, s, image, err));
    for (int r = 0; r < desc->n_rankers; r++) {
        const ftdn_ranker *ranker = desc->ranker[r];
        for (int l = 0; ranker->needs_images && l < desc->layers.n_layers; l++) {
            const ftdn_layer *layer = &network->graph.layer[desc->layers.layer[l]];
            int node = desc->point == FTDN_MAP_POINT_CONV ? layer->conv : layer->last;
            ftdn_map map = ftdn_context_map(s->context, node);
            float *gradient =
                ranker->needs_gradients ? ftdn_gradients_map(s->gradients, s->context, node).values : NULL;
            ranker->score_image(&map, gradient, contribution);
            contribution += map.shape.c;
        }
    }
    return FTDN_OK;
}

static ftdn_status score_window(ranking_run *run, int first, int n_images, ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
#pragma omp parallel num_threads(run->n_scorers)
    {
        scorer *mine = &run->scorer[omp_get_thread_num()];
#pragma omp for schedule(dynamic)
        for (int i = 0; i < n_images; i++) {
            ftdn_status seen;
#pragma omp atomic read
            seen = status;
            if (seen != FTDN_OK) continue;
            ftdn_error local = {0};
            double *contribution = run->contribution + (size_t)i * run->n_scores;
            seen = score_image(run, mine, &run->desc->calibration->image[first + i], contribution, &local);
            if (seen != FTDN_OK) {
#pragma omp critical(ftdn_ranking_failure)
                {
                    if (err) *err = local;
#pragma omp atomic write
                    status = seen;
                }
                continue;
            }
            int n_done;
#pragma omp atomic capture
            n_done = ++run->n_images_done;
            if (run->desc->on_image && omp_get_thread_num() == 0) run->desc->on_image(run->desc->user, n_done);
        }
    }
    return status;
}

static void add_contribution(ranking_run *run, const double *contribution)
{
    for (int r = 0; r < run->desc->n_rankers; r++) {
        for (int l = 0; run->desc->ranker[r]->needs_images && l < run->ranking->n_layers; l++) {
            const ftdn_ranked_layer *layer = &run->ranking->layer[l];
            for (int k = 0; k < layer->n_channels; k++) layer->score[r][k] += *contribution++;
        }
    }
}

static ftdn_status score_images(ranking_run *run, ftdn_error *err)
{
    int n_images = run->desc->calibration->n_images;
    for (int first = 0; first < n_images; first += WINDOW) {
        int n_mine = n_images - first < WINDOW ? n_images - first : WINDOW;
        FTDN_TRY(score_window(run, first, n_mine, err));
        for (int i = 0; i < n_mine; i++) add_contribution(run, run->contribution + (size_t)i * run->n_scores);
    }
    for (int r = 0; r < run->desc->n_rankers; r++) {
        for (int l = 0; run->desc->ranker[r]->needs_images && l < run->ranking->n_layers; l++) {
            const ftdn_ranked_layer *layer = &run->ranking->layer[l];
            run->desc->ranker[r]->finish(layer->score[r], layer->n_channels, n_images);
        }
    }
    return FTDN_OK;
}

/* Scores by images, all rankers at once. */
static ftdn_status rank_by_images(const ftdn_ranking_desc *desc, const ftdn_ranking *ranking, ftdn_arena *arena,
                                  ftdn_error *err)
{
    const ftdn_network *network = &desc->model->network;
    assert(desc->calibration && desc->calibration->size == network->input_size);
    ranking_run run = {.desc = desc, .ranking = ranking, .priors = ftdn_network_priors(network, &desc->model->weights)};
    for (int r = 0; r < desc->n_rankers; r++) {
        run.needs_gradients |= desc->ranker[r]->needs_gradients;
        for (int l = 0; desc->ranker[r]->needs_images && l < ranking->n_layers; l++)
            run.n_scores += (size_t)ranking->layer[l].n_channels;
    }
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    ftdn_status status = set_up(&run, arena, err);
    if (status == FTDN_OK && run.needs_gradients) status = count_positives(&run, err);
    if (status == FTDN_OK) status = score_images(&run, err);
    tear_down(&run);
    ftdn_arena_reset(arena, mark);
    return status;
}

static ftdn_status make_ranking(const ftdn_ranking_desc *desc, ftdn_arena *arena, ftdn_ranking *ranking,
                                ftdn_error *err)
{
    const ftdn_graph *graph = &desc->model->network.graph;
    size_t n_rankers = (size_t)desc->n_rankers;
    ranking->layer = FTDN_NEW(arena, (size_t)desc->layers.n_layers, ftdn_ranked_layer, err);
    if (!ranking->layer) return FTDN_ERR_MEMORY;
    for (; ranking->n_layers < desc->layers.n_layers; ranking->n_layers++) {
        const ftdn_layer *layer = &graph->layer[desc->layers.layer[ranking->n_layers]];
        ftdn_ranked_layer *ranked = &ranking->layer[ranking->n_layers];
        ranked->name = layer->name;
        ranked->n_channels = graph->node[layer->conv].shape.c;
        ranked->score = FTDN_NEW(arena, n_rankers, double *, err);
        if (!ranked->score) return FTDN_ERR_MEMORY;
        for (size_t r = 0; r < n_rankers; r++) {
            ranked->score[r] = FTDN_NEW(arena, (size_t)ranked->n_channels, double, err);
            if (!ranked->score[r]) return FTDN_ERR_MEMORY;
        }
    }
    return FTDN_OK;
}

static ftdn_status rank_by_weights(const ftdn_ranking_desc *desc, const ftdn_ranking *ranking, ftdn_error *err)
{
    for (int r = 0; r < desc->n_rankers; r++) {
        for (int l = 0; !desc->ranker[r]->needs_images && l < ranking->n_layers; l++) {
            FTDN_TRY(desc->ranker[r]->score_weights(&desc->model->network.graph, &desc->model->weights,
                                                    desc->layers.layer[l], &desc->options, ranking->layer[l].score[r],
                                                    err));
        }
    }
    return FTDN_OK;
}

static ftdn_status check_scores(const ftdn_ranking *ranking, ftdn_error *err)
{
    for (int r = 0; r < ranking->n_rankers; r++) {
        for (int l = 0; l < ranking->n_layers; l++) {
            const ftdn_ranked_layer *layer = &ranking->layer[l];
            for (int k = 0; k < layer->n_channels; k++) {
                if (isfinite(layer->score[r][k])) continue;
                return FTDN_FAIL(err, FTDN_ERR_INPUT, "ranker '%s', layer '%s', channel %d: the score is not finite",
                                 ranking->ranker[r]->name, layer->name, k);
            }
        }
    }
    return FTDN_OK;
}

ftdn_status ftdn_ranking_compute(const ftdn_ranking_desc *desc, ftdn_arena *arena, ftdn_ranking *ret_ranking,
                                 ftdn_error *err)
{
    ftdn_ranking ranking = {.ranker = desc->ranker, .n_rankers = desc->n_rankers};
    FTDN_TRY(make_ranking(desc, arena, &ranking, err));
    FTDN_TRY(rank_by_weights(desc, &ranking, err));
    if (ftdn_ranking_needs_images(desc->ranker, desc->n_rankers)) FTDN_TRY(rank_by_images(desc, &ranking, arena, err));
    FTDN_TRY(check_scores(&ranking, err));
    *ret_ranking = ranking;
    return FTDN_OK;
}
