#include "harness/rankings/scores.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/code_version.h"
#include "base/text.h"
#include "harness/rankings/measured.h"
#include "harness/rankings/ranking.h"
#include "protectors/duplication.h"
#include "rankers/ranker.h"
#include "results/stored_scores.h"

/* One call's question. */
typedef struct question {
    const ftdn_score_source *source;
    const ftdn_planned_trial *trial;
    const ftdn_ranker *ranker;
    const ftdn_backend *backend;
    ftdn_layer_set layers;
    int n_measured_images;
    ftdn_layer_scores *layer; /* [n_layers]: the answer */
} question;

static const char *direction_of(const ftdn_protection_settings *protection)
{
    return protection->direction ? protection->direction : "outgoing";
}

/* What `measured` injects: the fields that determine the fault model. */
static void write_faults(ftdn_text *text, const ftdn_fault_settings *faults)
{
    ftdn_text_append(text, "\"faults\":{");
    if (faults->bit >= 0) ftdn_text_append(text, "\"bit\":%d,", faults->bit);
    if (faults->bits) ftdn_text_append(text, "\"bits\":\"%s\",", faults->bits);
    if (faults->has_range) {
        ftdn_text_append(text, "\"range\":[");
        ftdn_text_append_json_number(text, (double)faults->low);
        ftdn_text_append(text, ",");
        ftdn_text_append_json_number(text, (double)faults->high);
        ftdn_text_append(text, "],");
    }
    ftdn_text_append(text, "\"rate\":");
    ftdn_text_append_json_number(text, FTDN_MEASURED_RATE);
    ftdn_text_append(text, ",\"type\":\"%s\"},", faults->type);
}

/* What determines the scores beside network, images and arithmetic: canonical JSON, keys sorted. All words are those of
 * manifest keys, which need no escaping. */
static void write_parameters(ftdn_text *text, const question *q)
{
    const ftdn_trial_settings *settings = &q->trial->settings;
    ftdn_text_append(text, "{");
    if (q->ranker->needs_injection) write_faults(text, &settings->faults);
    if (q->ranker->needs_images) {
        int n_images = q->ranker->needs_injection ? q->n_measured_images : q->trial->calibration->n_images;
        ftdn_text_append(text, "\"images\":%d,\"point\":\"%s\"}", n_images, settings->faults.feature_map_point);
    } else {
        ftdn_text_append(text, "\"direction\":\"%s\"}", direction_of(&settings->protection));
    }
}

static ftdn_status make_key(const question *q, ftdn_arena *arena, ftdn_ranking_key *ret_key, ftdn_error *err)
{
    const ftdn_planned_trial *trial = q->trial;
    const ftdn_engine_settings *engine = &trial->settings.engine;
    bool runs = q->ranker->needs_images;
    ftdn_text text;
    ftdn_text_init(&text);
    write_parameters(&text, q);
    const char *parameters = ftdn_text_keep(&text, arena, err);
    if (!parameters) return FTDN_ERR_MEMORY;
    *ret_key = (ftdn_ranking_key){
        .model = trial->model->network.name,
        .width = trial->model->network.width,
        .weights_digest = trial->model->weights_digest,
        .calibration_digest = runs ? trial->calibration->digest : NULL,
        .ranker = q->ranker->name,
        .parameters = parameters,
        .backend = runs ? engine->backend : NULL,
        .arithmetic = runs ? trial->arithmetic : NULL,
        .semantics = FTDN_SEMANTICS,
    };
    return FTDN_OK;
}

static void tell_images(void *user, int n_images_done)
{
    const question *q = user;
    q->source->on_progress(q->source->user, q->ranker->name, n_images_done, q->trial->calibration->n_images);
}

static void tell_channels(void *user, int n_channels_done, int n_channels)
{
    const question *q = user;
    q->source->on_progress(q->source->user, q->ranker->name, n_channels_done, n_channels);
}

static ftdn_status compute(question *q, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_trial_settings *settings = &q->trial->settings;
    const ftdn_score_source *source = q->source;
    int size = q->trial->model->network.input_size;
    if (q->ranker->needs_images && q->trial->calibration->size != size)
        FTDN_TRY(ftdn_dataset_decode(q->trial->calibration, size, source->n_threads, err));
    bool at_conv = strcmp(settings->faults.feature_map_point, "conv") == 0;
    const ftdn_ranking_desc desc = {
        .model = q->trial->model,
        .calibration = q->trial->calibration,
        .backend = q->backend,
        .conv_algorithm = settings->engine.conv_algorithm,
        .layers = q->layers,
        .point = at_conv ? FTDN_MAP_POINT_CONV : FTDN_MAP_POINT_ACTIVATION,
        .ranker = &q->ranker,
        .n_rankers = 1,
        .options = {.own_filter = strcmp(direction_of(&settings->protection), "filter") == 0, .seed = settings->seed},
        .n_measured_images = q->n_measured_images,
        .fault = ftdn_settings_fault_model(&settings->faults),
        .n_threads = source->n_threads,
        .cache = source->cache,
        .stop = source->stop,
        .on_image = source->on_progress ? tell_images : NULL,
        .on_channel = source->on_progress ? tell_channels : NULL,
        .user = q,
    };
    ftdn_ranking ranking;
    FTDN_TRY(ftdn_ranking_compute(&desc, arena, &ranking, err));
    for (int l = 0; l < q->layers.n_layers; l++)
        memcpy(q->layer[l].score, ranking.layer[l].score[0], (size_t)q->layer[l].n_channels * sizeof(double));
    return FTDN_OK;
}

static ftdn_status find_or_compute(question *q, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_store *store = q->source->store;
    ftdn_ranking_key key;
    bool found;
    FTDN_TRY(make_key(q, arena, &key, err));
    FTDN_TRY(ftdn_store_find_scores(store, &key, q->layer, q->layers.n_layers, &found, err));
    if (found) return FTDN_OK;
    int64_t start_ns = ftdn_clock_ns();
    FTDN_TRY(compute(q, arena, err));
    double seconds = (double)(ftdn_clock_ns() - start_ns) * 1e-9;
    return ftdn_store_add_scores(store, &key, FTDN_CODE_VERSION, seconds, q->layer, q->layers.n_layers, err);
}

static ftdn_status make_answer(question *q, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_graph *graph = &q->trial->model->network.graph;
    q->layer = FTDN_NEW(arena, (size_t)q->layers.n_layers, ftdn_layer_scores, err);
    if (!q->layer) return FTDN_ERR_MEMORY;
    for (int l = 0; l < q->layers.n_layers; l++) {
        const ftdn_layer *layer = &graph->layer[q->layers.layer[l]];
        int n_channels = graph->node[layer->conv].shape.c;
        double *score = FTDN_NEW(arena, (size_t)n_channels, double, err);
        if (!score) return FTDN_ERR_MEMORY;
        q->layer[l] = (ftdn_layer_scores){.layer = layer->name, .n_channels = n_channels, .score = score};
    }
    return FTDN_OK;
}

/* The question for scores of these layers; its answer has room for them. */
static ftdn_status make_question(const ftdn_score_source *source, const ftdn_planned_trial *trial,
                                 ftdn_layer_set layers, ftdn_arena *arena, question *ret_question, ftdn_error *err)
{
    const ftdn_trial_settings *settings = &trial->settings;
    *ret_question = (question){
        .source = source,
        .trial = trial,
        .ranker = ftdn_ranker_find(settings->protection.ranking),
        .backend = ftdn_backend_find(settings->engine.backend),
        .layers = layers,
    };
    assert(ret_question->ranker && ret_question->backend);
    if (ret_question->ranker->needs_injection)
        ret_question->n_measured_images = ftdn_settings_measured_images(settings, trial->calibration->n_images);
    return make_answer(ret_question, arena, err);
}

static ftdn_status take_given(const question *q, ftdn_error *err)
{
    const ftdn_score_source *source = q->source;
    for (int l = 0; l < q->layers.n_layers; l++) {
        const ftdn_layer_scores *wanted = &q->layer[l];
        int i = 0;
        while (i < source->n_given && strcmp(source->given[i].layer, wanted->layer)) i++;
        if (i == source->n_given || source->given[i].n_channels != wanted->n_channels)
            return FTDN_FAIL(err, FTDN_ERR_ARG, "no scores are given for layer '%s'", wanted->layer);
        memcpy(wanted->score, source->given[i].score, (size_t)wanted->n_channels * sizeof(double));
    }
    return FTDN_OK;
}

bool ftdn_scores_are_kept(const ftdn_protection_settings *protection)
{
    return protection->ranking && strcmp(protection->ranking, ftdn_ranker_random.name);
}

ftdn_status ftdn_scores_get(const ftdn_score_source *source, const ftdn_planned_trial *trial, ftdn_layer_set layers,
                            ftdn_arena *arena, const double *const **ret_score, ftdn_error *err)
{
    question q;
    const double **score = FTDN_NEW(arena, (size_t)layers.n_layers, const double *, err);
    if (!score) return FTDN_ERR_MEMORY;
    FTDN_TRY(make_question(source, trial, layers, arena, &q, err));
    ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
    ftdn_status status;
    if (source->n_given > 0) status = take_given(&q, err);
    else if (source->store && ftdn_scores_are_kept(&trial->settings.protection))
        status = find_or_compute(&q, arena, err);
    else status = compute(&q, arena, err);
    ftdn_arena_reset(arena, mark);
    FTDN_TRY(status);
    for (int l = 0; l < layers.n_layers; l++) score[l] = q.layer[l].score;
    *ret_score = score;
    return FTDN_OK;
}

ftdn_status ftdn_scores_key_text(const ftdn_planned_trial *trial, ftdn_arena *arena, const char **ret_text,
                                 ftdn_error *err)
{
    ftdn_layer_set none = {0};
    question q;
    ftdn_ranking_key key;
    FTDN_TRY(make_question(NULL, trial, none, arena, &q, err));
    FTDN_TRY(make_key(&q, arena, &key, err));
    *ret_text = ftdn_arena_format(arena, err, "%s %.17g %s %s %s %s %s %s", key.model, key.width, key.weights_digest,
                                  key.calibration_digest ? key.calibration_digest : "-", key.ranker, key.parameters,
                                  key.backend ? key.backend : "-", key.arithmetic ? key.arithmetic : "-");
    return *ret_text ? FTDN_OK : FTDN_ERR_MEMORY;
}

ftdn_status ftdn_protected_layers(const ftdn_graph *graph, ftdn_arena *arena, ftdn_layer_set *ret_layers,
                                  ftdn_error *err)
{
    const ftdn_unit *unit;
    int n_units;
    FTDN_TRY(ftdn_units_find(graph, arena, &unit, &n_units, err));
    int *layer = FTDN_NEW(arena, (size_t)n_units, int, err);
    if (!layer) return FTDN_ERR_MEMORY;
    for (int u = 0; u < n_units; u++) layer[u] = unit[u].layer;
    *ret_layers = (ftdn_layer_set){.n_layers = n_units, .layer = layer};
    return FTDN_OK;
}

/* The question for the layers that the trial's protection chooses from. */
static ftdn_status ask_protected(const ftdn_score_source *source, const ftdn_planned_trial *trial, ftdn_arena *arena,
                                 question *ret_question, ftdn_error *err)
{
    ftdn_layer_set layers;
    FTDN_TRY(ftdn_protected_layers(&trial->model->network.graph, arena, &layers, err));
    return make_question(source, trial, layers, arena, ret_question, err);
}

ftdn_status ftdn_scores_find(ftdn_store *store, const ftdn_planned_trial *trial, ftdn_arena *arena,
                             ftdn_layer_scores **ret_layer, int *ret_n_layers, bool *ret_found, ftdn_error *err)
{
    question q;
    ftdn_ranking_key key;
    FTDN_TRY(ask_protected(NULL, trial, arena, &q, err));
    FTDN_TRY(make_key(&q, arena, &key, err));
    FTDN_TRY(ftdn_store_find_scores(store, &key, q.layer, q.layers.n_layers, ret_found, err));
    *ret_layer = q.layer;
    *ret_n_layers = q.layers.n_layers;
    return FTDN_OK;
}

ftdn_status ftdn_scores_compute(const ftdn_score_source *source, const ftdn_planned_trial *trial, ftdn_arena *arena,
                                ftdn_layer_scores **ret_layer, int *ret_n_layers, ftdn_error *err)
{
    question q;
    FTDN_TRY(ask_protected(source, trial, arena, &q, err));
    FTDN_TRY(compute(&q, arena, err));
    *ret_layer = q.layer;
    *ret_n_layers = q.layers.n_layers;
    return FTDN_OK;
}

ftdn_status ftdn_scores_blank(const ftdn_planned_trial *trial, ftdn_arena *arena, ftdn_layer_scores **ret_layer,
                              int *ret_n_layers, ftdn_error *err)
{
    question q;
    FTDN_TRY(ask_protected(NULL, trial, arena, &q, err));
    *ret_layer = q.layer;
    *ret_n_layers = q.layers.n_layers;
    return FTDN_OK;
}

ftdn_status ftdn_scores_keep(ftdn_store *store, const ftdn_planned_trial *trial, const ftdn_layer_scores *layer,
                             int n_layers, double seconds, ftdn_error *err)
{
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    question q;
    ftdn_ranking_key key;
    ftdn_status status = make_question(NULL, trial, (ftdn_layer_set){0}, &arena, &q, err);
    if (status == FTDN_OK) status = make_key(&q, &arena, &key, err);
    if (status == FTDN_OK)
        status = ftdn_store_add_scores(store, &key, FTDN_CODE_VERSION, seconds, layer, n_layers, err);
    ftdn_arena_done(&arena);
    return status;
}
