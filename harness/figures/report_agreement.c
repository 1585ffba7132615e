#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/figures/report_content.h"
#include "harness/rankings/partial_mean.h"
#include "rankers/agreement.h"
#include "results/query_rows.h"

#define MOST_SCORES 1000000 /* that are read */
#define MOST_RANKINGS 10    /* of a network */
#define MOST_NETWORKS 8

/* A score, and all that tells its ranking from others. */
typedef struct channel_score {
    const char *network, *ranker, *parameters, *calibration, *layer;
    int64_t channel;
    double score;
} channel_score;

/* Scores [first, end) of a list in the order of by_ranking_and_channel. */
typedef struct score_range {
    int first, end;
} score_range;

typedef struct score_list {
    ftdn_arena *arena;
    channel_score *score; /* [n_scores] */
    int n_scores;
    score_range *ranking; /* [n_rankings] */
    int n_rankings;
} score_list;

static int compare_rankings(const channel_score *a, const channel_score *b)
{
    int difference = strcmp(a->network, b->network);
    if (!difference) difference = strcmp(a->ranker, b->ranker);
    if (!difference) difference = strcmp(a->parameters, b->parameters);
    return difference ? difference : strcmp(a->calibration, b->calibration);
}

/* So that two rankings can be laid side by side. */
static int by_ranking_and_channel(const void *left, const void *right)
{
    const channel_score *a = left, *b = right;
    int difference = compare_rankings(a, b);
    if (!difference) difference = strcmp(a->layer, b->layer);
    return difference ? difference : (a->channel > b->channel) - (a->channel < b->channel);
}

/* "ssd_mobilenet_v1, width 0.25, weights 52d54dbe" */
static const char *name_network(const ftdn_rows *rows, int row, ftdn_arena *arena, ftdn_error *err)
{
    return ftdn_arena_format(arena, err, "%s, width %.6g, weights %.8s", ftdn_rows_get(rows, row, "model").string,
                             ftdn_rows_get(rows, row, "width").number,
                             ftdn_rows_get(rows, row, "weights_digest").string);
}

static ftdn_status read_scores(ftdn_store *store, score_list *list, ftdn_error *err)
{
    const ftdn_question question = {
        .text = "v_scores",
        .columns = "model,width,weights_digest,ranker,parameters,calibration_digest,layer,channel,score",
    };
    ftdn_rows rows;
    FTDN_TRY(ftdn_query_load(store, &question, MOST_SCORES, list->arena, &rows, err));
    list->score = FTDN_NEW(list->arena, (size_t)rows.n_rows, channel_score, err);
    if (!list->score) return FTDN_ERR_MEMORY;
    for (int r = 0; r < rows.n_rows; r++) {
        channel_score *score = &list->score[list->n_scores++];
        *score = (channel_score){
            .network = name_network(&rows, r, list->arena, err),
            .ranker = ftdn_rows_get(&rows, r, "ranker").string,
            .parameters = ftdn_rows_get(&rows, r, "parameters").string,
            .calibration = ftdn_rows_get(&rows, r, "calibration_digest").string,
            .layer = ftdn_rows_get(&rows, r, "layer").string,
            .channel = ftdn_rows_get(&rows, r, "channel").integer,
            .score = ftdn_rows_get(&rows, r, "score").number,
        };
        if (!score->network) return FTDN_ERR_MEMORY;
    }
    qsort(list->score, (size_t)list->n_scores, sizeof *list->score, by_ranking_and_channel);
    return FTDN_OK;
}

static ftdn_status split_rankings(score_list *list, ftdn_error *err)
{
    list->ranking = FTDN_NEW(list->arena, (size_t)list->n_scores, score_range, err);
    if (!list->ranking) return FTDN_ERR_MEMORY;
    for (int i = 0; i < list->n_scores; i++) {
        bool is_new = i == 0 || compare_rankings(&list->score[i - 1], &list->score[i]) != 0;
        if (is_new) list->ranking[list->n_rankings++] = (score_range){i, i};
        list->ranking[list->n_rankings - 1].end = i + 1;
    }
    return FTDN_OK;
}

static int find_layer_end(const score_list *list, const score_range *ranking, int first)
{
    int end = first + 1;
    while (end < ranking->end && strcmp(list->score[end].layer, list->score[first].layer) == 0) end++;
    return end;
}

/* Where the layer begins; the ranking's end where it lacks the layer. */
static int find_layer(const score_list *list, const score_range *ranking, const char *layer)
{
    int first = ranking->first;
    while (first < ranking->end && strcmp(list->score[first].layer, layer) != 0)
        first = find_layer_end(list, ranking, first);
    return first;
}

static double *copy_scores(const score_list *list, int first, int n_scores, ftdn_error *err)
{
    double *score = FTDN_NEW(list->arena, (size_t)n_scores, double, err);
    for (int i = 0; score && i < n_scores; i++) score[i] = list->score[first + i].score;
    return score;
}

/* Means over the layers that both rankings have. */
static ftdn_status compare_layers(const score_list *list, const score_range *a, const score_range *b,
                                  double *ret_spearman, double *ret_best_half, ftdn_error *err)
{
    ftdn_partial_mean spearman = {0}, best_half = {0};
    for (int first = a->first, end; first < a->end; first = end) {
        ftdn_agreement one;
        end = find_layer_end(list, a, first);
        int other = find_layer(list, b, list->score[first].layer), n_scores = end - first;
        if (other == b->end || find_layer_end(list, b, other) - other != n_scores) continue;
        const double *left = copy_scores(list, first, n_scores, err), *right = copy_scores(list, other, n_scores, err);
        if (!left || !right) return FTDN_ERR_MEMORY;
        FTDN_TRY(ftdn_agreement_compute(left, right, n_scores, list->arena, &one, err));
        ftdn_partial_mean_add(&spearman, one.spearman);
        ftdn_partial_mean_add(&best_half, one.best_half);
    }
    *ret_spearman = ftdn_partial_mean_value(&spearman);
    *ret_best_half = ftdn_partial_mean_value(&best_half);
    return FTDN_OK;
}

/* "entropy", or with what it was computed from where the network has several rankings of this kind. */
static const char *name_ranking(const score_list *list, const score_range *ranking, int n_rankings, int index,
                                ftdn_error *err)
{
    const channel_score *own = &list->score[ranking[index].first];
    for (int i = 0; i < n_rankings; i++)
        if (i != index && strcmp(list->score[ranking[i].first].ranker, own->ranker) == 0)
            return ftdn_arena_format(list->arena, err, "%s %s %.8s", own->ranker, own->parameters, own->calibration);
    return own->ranker;
}

static ftdn_status compare_network(const score_list *list, const score_range *ranking, int n_rankings,
                                   ftdn_report_agreement *ret_agreement, ftdn_error *err)
{
    size_t n = (size_t)n_rankings;
    const char **name = FTDN_NEW(list->arena, n, const char *, err);
    double *spearman = FTDN_NEW(list->arena, n * n, double, err);
    double *best_half = FTDN_NEW(list->arena, n * n, double, err);
    if (!name || !spearman || !best_half) return FTDN_ERR_MEMORY;
    for (int a = 0; a < n_rankings; a++) {
        name[a] = name_ranking(list, ranking, n_rankings, a, err);
        if (!name[a]) return FTDN_ERR_MEMORY;
        for (int b = 0; b < n_rankings; b++) {
            size_t at = (size_t)a * n + (size_t)b;
            FTDN_TRY(compare_layers(list, &ranking[a], &ranking[b], &spearman[at], &best_half[at], err));
        }
    }
    const char *network = list->score[ranking->first].network;
    *ret_agreement = (ftdn_report_agreement){network, n_rankings, name, spearman, best_half};
    return FTDN_OK;
}

ftdn_status ftdn_report_compare_rankings(ftdn_store *store, ftdn_arena *arena, ftdn_report_desc *report,
                                         ftdn_error *err)
{
    score_list list = {.arena = arena};
    FTDN_TRY(read_scores(store, &list, err));
    FTDN_TRY(split_rankings(&list, err));
    ftdn_report_agreement *agreement = FTDN_NEW(arena, MOST_NETWORKS, ftdn_report_agreement, err);
    if (!agreement) return FTDN_ERR_MEMORY;
    report->n_agreements = 0;
    for (int first = 0, end; first < list.n_rankings && report->n_agreements < MOST_NETWORKS; first = end) {
        const char *network = list.score[list.ranking[first].first].network;
        for (end = first + 1; end < list.n_rankings; end++)
            if (strcmp(list.score[list.ranking[end].first].network, network) != 0) break;
        int n_rankings = end - first < MOST_RANKINGS ? end - first : MOST_RANKINGS;
        if (n_rankings < 2) continue;
        FTDN_TRY(compare_network(&list, &list.ranking[first], n_rankings, &agreement[report->n_agreements++], err));
    }
    report->agreement = agreement;
    return FTDN_OK;
}
