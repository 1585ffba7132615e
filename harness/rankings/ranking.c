/* ranking.c - the procedure:
 *
 *     positives   of all calibration images, from matching
 *     images      each forward and, where a ranker asks for it, backward; every ranker scores every layer's map
 *     sum         the images' contributions, each kept in a place of its own, in the order of the dataset
 *
 * Images are shared among threads in any order, or go through a device in micro-batches, a window of them at a time,
 * so that memory does not grow with the number of images. Every program is compiled for gradients, whether a ranker
 * asks for them or not: fused steps have other last bits, and the scores of one ranker may not depend on which others
 * run beside it. */
#include "harness/rankings/ranking.h"

#include <assert.h>
#include <math.h>

#include "base/share.h"
#include "base/size.h"
#include "engine/gradients.h"
#include "harness/rankings/device_scorer.h"
#include "harness/rankings/image_loss.h"
#include "harness/rankings/measured.h"

enum {
    WINDOW = 64,      /* images whose contributions are kept at a time */
    DEVICE_IMAGES = 16, /* of a micro-batch on a device: VGG keeps 0.4 GB of maps and gradients for each */
};

/* What one thread needs to take an image from bytes to contributions. */
typedef struct scorer {
    ftdn_arena arena;
    ftdn_context *context;
    ftdn_gradients *gradients; /* NULL where no ranker needs them */
    ftdn_image_loss loss;      /* unused then */
} scorer;

typedef struct ranking_run {
    const ftdn_ranking_desc *desc;
    const ftdn_ranking *ranking;
    bool needs_gradients;
    long n_positives;
    ftdn_program *program;
    ftdn_packed *packed;
    int n_scorers;
    scorer *scorer;             /* [n_scorers], on the host */
    ftdn_device_scorer *device; /* NULL on the host */
    size_t n_scores;      /* contributions of one image: of all rankers that read images, of all layers */
    double *contribution; /* [WINDOW, n_scores] */
    int first_of_window; /* of the images under way */
    int n_images_done;
} ranking_run;

int ftdn_ranked_node(const ftdn_ranking_desc *desc, int layer)
{
    const ftdn_layer *ranked = &desc->model->network.graph.layer[desc->layers.layer[layer]];
    return desc->point == FTDN_MAP_POINT_CONV ? ranked->conv : ranked->last;
}

bool ftdn_ranking_needs_images(const ftdn_ranker *const *ranker, int n_rankers)
{
    bool needs_images = false;
    for (int r = 0; r < n_rankers; r++) needs_images |= ranker[r]->needs_images;
    return needs_images;
}

/* Is the ranker handed maps, image by image? */
static bool reads_maps(const ftdn_ranker *ranker)
{
    return ranker->score_image != NULL;
}

static ftdn_status make_scorer(const ranking_run *run, scorer *s, ftdn_error *err)
{
    const ftdn_ranking_desc *desc = run->desc;
    ftdn_arena_init(&s->arena);
    FTDN_TRY(ftdn_context_create(run->program, &s->context, err));
    if (!run->needs_gradients) return FTDN_OK;
    FTDN_TRY(ftdn_gradients_create(run->program, &s->gradients, err));
    return ftdn_image_loss_init(&s->loss, desc->model, desc->calibration, true, &s->arena, err);
}

static ftdn_status make_scorers(ranking_run *run, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_ranking_desc *desc = run->desc;
    run->scorer = FTDN_NEW(arena, (size_t)desc->n_threads, scorer, err);
    if (!run->scorer) return FTDN_ERR_MEMORY;
    while (run->n_scorers < desc->n_threads) FTDN_TRY(make_scorer(run, &run->scorer[run->n_scorers++], err));
    return FTDN_OK;
}

static ftdn_status make_device_scorer(ranking_run *run, ftdn_arena *arena, ftdn_error *err)
{
    run->device = FTDN_NEW(arena, 1, ftdn_device_scorer, err);
    if (!run->device) return FTDN_ERR_MEMORY;
    return ftdn_device_scorer_init(run->device, run->desc, run->program, run->packed, run->needs_gradients, err);
}

static ftdn_status set_up(ranking_run *run, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_ranking_desc *desc = run->desc;
    const ftdn_graph *graph = &desc->model->network.graph;
    bool is_on_device = ftdn_backend_device(desc->backend) != NULL;
    const ftdn_compile_desc compile = {
        .for_gradients = true,
        .micro_batch = is_on_device ? DEVICE_IMAGES : 1,
        .conv_algorithm = desc->conv_algorithm,
        .cache = desc->cache,
    };
    FTDN_TRY(ftdn_program_create(desc->backend, graph, &compile, &run->program, err));
    FTDN_TRY(ftdn_packed_create(run->program, &desc->model->weights, desc->n_threads, &run->packed, err));
    size_t n_contributions;
    if (!ftdn_size_mul(run->n_scores, WINDOW, &n_contributions))
        return FTDN_FAIL(err, FTDN_ERR_MEMORY, "the scores of %d images do not fit into memory", WINDOW);
    run->contribution = FTDN_NEW(arena, n_contributions, double, err);
    if (!run->contribution) return FTDN_ERR_MEMORY;
    return is_on_device ? make_device_scorer(run, arena, err) : make_scorers(run, arena, err);
}

static void tear_down(ranking_run *run)
{
    for (int i = 0; i < run->n_scorers; i++) {
        ftdn_gradients_free(run->scorer[i].gradients);
        ftdn_context_free(run->scorer[i].context);
        ftdn_arena_done(&run->scorer[i].arena);
    }
    if (run->device) ftdn_device_scorer_done(run->device);
    ftdn_packed_free(run->packed);
    ftdn_program_free(run->program);
}

/* The loss's gradient at the heads, and from there to all maps. */
static ftdn_status go_backward(const ranking_run *run, scorer *s, const ftdn_image *image, ftdn_error *err)
{
    const ftdn_network *network = &run->desc->model->network;
    int n_positives;
    FTDN_TRY(ftdn_image_loss_match(&s->loss, image, &n_positives, err));
    (void)ftdn_image_loss_compute(&s->loss, s->context, run->n_positives);
    ftdn_gradients_clear(s->gradients);
    int node[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_map map[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_network_output_nodes(network, node);
    for (int i = 0; i < 2 * network->n_heads; i++) map[i] = ftdn_gradients_map(s->gradients, s->context, node[i]);
    ftdn_network_scatter(network, s->loss.dlogits, s->loss.dlocations, map);
    return ftdn_backward(s->gradients, s->context, run->packed, NULL, err);
}

static ftdn_status check_stop(const ranking_run *run, ftdn_error *err)
{
    const volatile sig_atomic_t *stop = run->desc->stop;
    return stop && *stop ? FTDN_FAIL(err, FTDN_ERR_INTERRUPTED, "stopped while channels were ranked") : FTDN_OK;
}

/* contribution: [n_scores], rankers one after the other, in each all layers. */
static ftdn_status score_image(const ranking_run *run, scorer *s, const ftdn_image *image, double *contribution,
                               ftdn_error *err)
{
    const ftdn_ranking_desc *desc = run->desc;
    const ftdn_network *network = &desc->model->network;
    FTDN_TRY(check_stop(run, err));
    const ftdn_input input = ftdn_network_input(network, 1, &image->pixels);
    FTDN_TRY(ftdn_forward(s->context, run->packed, &input, NULL, err));
    if (run->needs_gradients) FTDN_TRY(go_backward(run, s, image, err));
    for (int r = 0; r < desc->n_rankers; r++) {
        const ftdn_ranker *ranker = desc->ranker[r];
        for (int l = 0; reads_maps(ranker) && l < desc->layers.n_layers; l++) {
            int node = ftdn_ranked_node(desc, l);
            ftdn_map map = ftdn_context_map(s->context, node);
            float *gradient =
                ranker->needs_gradients ? ftdn_gradients_map(s->gradients, s->context, node).values : NULL;
            ranker->score_image(&map, gradient, contribution);
            contribution += map.shape.c;
        }
    }
    return FTDN_OK;
}

/* Image `item` of the window. user: ranking_run * */
static ftdn_status score_item(void *user, int item, int thread, ftdn_error *err)
{
    ranking_run *run = user;
    const ftdn_image *image = &run->desc->calibration->image[run->first_of_window + item];
    FTDN_TRY(score_image(run, &run->scorer[thread], image, run->contribution + (size_t)item * run->n_scores, err));
    int n_done = ftdn_share_add(&run->n_images_done, 1);
    if (run->desc->on_image && thread == 0) run->desc->on_image(run->desc->user, n_done);
    return FTDN_OK;
}

static ftdn_status score_on_device(ranking_run *run, int first, int n_images, ftdn_error *err)
{
    for (int i = 0; i < n_images; i += run->device->micro_batch) {
        int n_mine = n_images - i < run->device->micro_batch ? n_images - i : run->device->micro_batch;
        FTDN_TRY(check_stop(run, err));
        FTDN_TRY(ftdn_device_scorer_score(run->device, first + i, n_mine, run->n_positives, run->n_scores,
                                          run->contribution + (size_t)i * run->n_scores, err));
        run->n_images_done += n_mine;
        if (run->desc->on_image) run->desc->on_image(run->desc->user, run->n_images_done);
    }
    return FTDN_OK;
}

static ftdn_status score_window(ranking_run *run, int first, int n_images, ftdn_error *err)
{
    if (run->device) return score_on_device(run, first, n_images, err);
    run->first_of_window = first;
    const ftdn_shared_work work = {
        .n_items = n_images, .n_threads = run->n_scorers, .run = score_item, .user = run};
    return ftdn_share(&work, err);
}

static void add_contribution(ranking_run *run, const double *contribution)
{
    for (int r = 0; r < run->desc->n_rankers; r++) {
        for (int l = 0; reads_maps(run->desc->ranker[r]) && l < run->ranking->n_layers; l++) {
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
        for (int l = 0; reads_maps(run->desc->ranker[r]) && l < run->ranking->n_layers; l++) {
            const ftdn_ranked_layer *layer = &run->ranking->layer[l];
            run->desc->ranker[r]->finish(layer->score[r], layer->n_channels, n_images);
        }
    }
    return FTDN_OK;
}

/* Scores by maps, all rankers at once. */
static ftdn_status rank_by_images(const ftdn_ranking_desc *desc, const ftdn_ranking *ranking, ftdn_arena *arena,
                                  ftdn_error *err)
{
    ranking_run run = {.desc = desc, .ranking = ranking};
    for (int r = 0; r < desc->n_rankers; r++) {
        run.needs_gradients |= desc->ranker[r]->needs_gradients;
        for (int l = 0; reads_maps(desc->ranker[r]) && l < ranking->n_layers; l++)
            run.n_scores += (size_t)ranking->layer[l].n_channels;
    }
    if (run.n_scores == 0) return FTDN_OK;
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    ftdn_status status = set_up(&run, arena, err);
    if (status == FTDN_OK && run.needs_gradients) {
        ftdn_image_loss *loss = run.device ? &run.device->matching : &run.scorer[0].loss;
        status = ftdn_image_loss_count_positives(loss, desc->calibration, desc->calibration->n_images, &run.n_positives,
                                                 err);
    }
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

/* Scores by injection, ranker after ranker. */
static ftdn_status rank_by_injection(const ftdn_ranking_desc *desc, const ftdn_ranking *ranking, ftdn_arena *arena,
                                     ftdn_error *err)
{
    const ftdn_measured_desc measured = {
        .model = desc->model,
        .calibration = desc->calibration,
        .n_images = desc->n_measured_images,
        .backend = desc->backend,
        .conv_algorithm = desc->conv_algorithm,
        .layers = desc->layers,
        .point = desc->point,
        .fault = desc->fault,
        .n_threads = desc->n_threads,
        .cache = desc->cache,
        .stop = desc->stop,
        .on_channel = desc->on_channel,
        .user = desc->user,
    };
    double **score = FTDN_NEW(arena, (size_t)ranking->n_layers, double *, err);
    if (!score) return FTDN_ERR_MEMORY;
    for (int r = 0; r < desc->n_rankers; r++) {
        if (!desc->ranker[r]->needs_injection) continue;
        for (int l = 0; l < ranking->n_layers; l++) score[l] = ranking->layer[l].score[r];
        FTDN_TRY(ftdn_measured_compute(&measured, arena, score, err));
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
    if (ftdn_ranking_needs_images(desc->ranker, desc->n_rankers)) {
        assert(desc->calibration && desc->calibration->size == desc->model->network.input_size);
        FTDN_TRY(rank_by_images(desc, &ranking, arena, err));
        FTDN_TRY(rank_by_injection(desc, &ranking, arena, err));
    }
    FTDN_TRY(check_scores(&ranking, err));
    *ret_ranking = ranking;
    return FTDN_OK;
}
