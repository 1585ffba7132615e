#include "harness/commands/ranking_report.h"

#include <math.h>

#include "base/table.h"
#include "harness/rankings/partial_mean.h"
#include "harness/terminal/print.h"
#include "rankers/agreement.h"
#include "rankers/select.h"

/* Means over layers of how far each pair of rankers agrees: [n_rankers, n_rankers], in the order of the ranking.
 * A layer in which a measure does not exist (one of the two scores all channels alike) is left out of its mean;
 * NaN where none is left. */
typedef struct agreement_table {
    double *spearman, *best_half;
} agreement_table;

static ftdn_status compare_rankers(const ftdn_ranking *ranking, ftdn_arena *arena, agreement_table *ret_agreement,
                                   ftdn_error *err)
{
    size_t n = (size_t)ranking->n_rankers;
    agreement_table agreement = {
        .spearman = FTDN_NEW(arena, n * n, double, err),
        .best_half = FTDN_NEW(arena, n * n, double, err),
    };
    if (!agreement.spearman || !agreement.best_half) return FTDN_ERR_MEMORY;
    for (size_t a = 0; a < n; a++) {
        for (size_t b = 0; b < n; b++) {
            ftdn_partial_mean spearman = {0}, best_half = {0};
            for (int l = 0; l < ranking->n_layers; l++) {
                const ftdn_ranked_layer *layer = &ranking->layer[l];
                ftdn_agreement one;
                FTDN_TRY(ftdn_agreement_compute(layer->score[a], layer->score[b], layer->n_channels, arena, &one, err));
                ftdn_partial_mean_add(&spearman, one.spearman);
                ftdn_partial_mean_add(&best_half, one.best_half);
            }
            agreement.spearman[a * n + b] = ftdn_partial_mean_value(&spearman);
            agreement.best_half[a * n + b] = ftdn_partial_mean_value(&best_half);
        }
    }
    *ret_agreement = agreement;
    return FTDN_OK;
}

/* Channels of a layer by one ranker, best first; lives in the arena, NULL after a failure. */
static int *order_channels(const ftdn_ranking *ranking, int layer, int ranker, ftdn_arena *arena, ftdn_error *err)
{
    int n_channels = ranking->layer[layer].n_channels;
    int *order = FTDN_NEW(arena, (size_t)n_channels, int, err);
    if (!order) return NULL;
    ftdn_status status = ftdn_select_order(ranking->layer[layer].score[ranker], n_channels, order, arena, err);
    return status == FTDN_OK ? order : NULL;
}

static ftdn_status fill_layers(const ftdn_ranking *ranking, int ranker, ftdn_arena *arena, ftdn_table *table,
                               ftdn_error *err)
{
    static const char *const header[] = {"layer", "channels", "best", "score", "median", "lowest"};
    for (int i = 0; i < 6; i++) ftdn_table_add(table, FTDN_CELL_TEXT, "%s", header[i]);
    for (int l = 0; l < ranking->n_layers; l++) {
        const ftdn_ranked_layer *layer = &ranking->layer[l];
        const double *score = layer->score[ranker];
        int n = layer->n_channels;
        ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
        const int *order = order_channels(ranking, l, ranker, arena, err);
        if (!order) return FTDN_ERR_MEMORY;
        ftdn_table_add_shown(table, layer->name);
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%d", n);
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%d", order[0]);
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%.5g", score[order[0]]);
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%.5g", (score[order[(n - 1) / 2]] + score[order[n / 2]]) / 2);
        ftdn_table_add(table, FTDN_CELL_NUMBER, "%.5g", score[order[n - 1]]);
        ftdn_arena_reset(arena, mark);
    }
    return FTDN_OK;
}

static ftdn_status write_layers(const ftdn_ranking *ranking, int ranker, ftdn_arena *arena, ftdn_text *text,
                                ftdn_error *err)
{
    ftdn_table table;
    ftdn_table_init(&table, 6);
    ftdn_status status = fill_layers(ranking, ranker, arena, &table, err);
    ftdn_text_append(text, "%s: %s\n\n", ranking->ranker[ranker]->name, ranking->ranker[ranker]->help);
    if (status == FTDN_OK) ftdn_table_write(&table, text);
    ftdn_text_append(text, "\n");
    ftdn_table_done(&table);
    return status;
}

/* value: [n_rankers, n_rankers]. */
static void write_matrix(const ftdn_ranking *ranking, const char *title, const double *value, ftdn_text *text)
{
    ftdn_table table;
    int n = ranking->n_rankers;
    ftdn_table_init(&table, n + 1);
    ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", "");
    for (int r = 0; r < n; r++) ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", ranking->ranker[r]->name);
    for (int a = 0; a < n; a++) {
        ftdn_table_add(&table, FTDN_CELL_TEXT, "%s", ranking->ranker[a]->name);
        for (int b = 0; b < n; b++) {
            if (isnan(value[a * n + b])) ftdn_table_add(&table, FTDN_CELL_MISSING, "-");
            else ftdn_table_add(&table, FTDN_CELL_NUMBER, "%.3f", value[a * n + b]);
        }
    }
    ftdn_text_append(text, "%s\n\n", title);
    ftdn_table_write(&table, text);
    ftdn_table_done(&table);
}

ftdn_status ftdn_ranking_write_tables(const ftdn_ranking *ranking, ftdn_arena *arena, ftdn_text *text, ftdn_error *err)
{
    for (int r = 0; r < ranking->n_rankers; r++) FTDN_TRY(write_layers(ranking, r, arena, text, err));
    if (ranking->n_rankers < 2) return FTDN_OK;
    agreement_table agreement;
    FTDN_TRY(compare_rankers(ranking, arena, &agreement, err));
    write_matrix(ranking, "agreement: Spearman's rank correlation, mean over layers", agreement.spearman, text);
    ftdn_text_append(text, "\n");
    write_matrix(ranking, "agreement: share of the best half of channels that both name, mean over layers",
                 agreement.best_half, text);
    return FTDN_OK;
}

static void write_json_matrix(const ftdn_ranking *ranking, const char *key, const double *value, ftdn_text *text)
{
    int n = ranking->n_rankers;
    ftdn_text_append(text, "\"%s\":{", key);
    for (int a = 0; a < n; a++) {
        ftdn_text_append(text, "%s\n\"%s\":{", a ? "," : "", ranking->ranker[a]->name);
        for (int b = 0; b < n; b++) {
            ftdn_text_append(text, "%s\"%s\":", b ? "," : "", ranking->ranker[b]->name);
            ftdn_text_append_json_number(text, value[a * n + b]);
        }
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "}");
}

ftdn_status ftdn_ranking_write_json(const ftdn_ranking *ranking, ftdn_arena *arena, ftdn_text *text, ftdn_error *err)
{
    agreement_table agreement;
    FTDN_TRY(compare_rankers(ranking, arena, &agreement, err));
    ftdn_text_append(text, "{\"scores\":{");
    for (int r = 0; r < ranking->n_rankers; r++) {
        ftdn_text_append(text, "%s\n\"%s\":{", r ? "," : "", ranking->ranker[r]->name);
        for (int l = 0; l < ranking->n_layers; l++) {
            const ftdn_ranked_layer *layer = &ranking->layer[l];
            ftdn_text_append(text, "%s\n", l ? "," : "");
            ftdn_append_json(text, layer->name);
            for (int k = 0; k < layer->n_channels; k++) {
                ftdn_text_append(text, k ? "," : ":[");
                ftdn_text_append_json_number(text, layer->score[r][k]);
            }
            ftdn_text_append(text, "]");
        }
        ftdn_text_append(text, "}");
    }
    ftdn_text_append(text, "},\n\"agreement\":{");
    write_json_matrix(ranking, "spearman", agreement.spearman, text);
    ftdn_text_append(text, ",\n");
    write_json_matrix(ranking, "best_half", agreement.best_half, text);
    ftdn_text_append(text, "}}\n");
    return FTDN_OK;
}

ftdn_status ftdn_ranking_write_csv(const ftdn_ranking *ranking, ftdn_arena *arena, ftdn_text *text, ftdn_error *err)
{
    ftdn_text_append(text, "ranker,layer,channel,score,rank\n");
    for (int r = 0; r < ranking->n_rankers; r++) {
        for (int l = 0; l < ranking->n_layers; l++) {
            const ftdn_ranked_layer *layer = &ranking->layer[l];
            ftdn_arena_mark mark = ftdn_arena_get_mark(arena);
            const int *order = order_channels(ranking, l, r, arena, err);
            int *rank = FTDN_NEW(arena, (size_t)layer->n_channels, int, err);
            if (!order || !rank) return FTDN_ERR_MEMORY;
            for (int i = 0; i < layer->n_channels; i++) rank[order[i]] = i + 1;
            for (int k = 0; k < layer->n_channels; k++) {
                ftdn_text_append(text, "%s,%s,%d,", ranking->ranker[r]->name, layer->name, k);
                ftdn_text_append_json_number(text, layer->score[r][k]);
                ftdn_text_append(text, ",%d\n", rank[k]);
            }
            ftdn_arena_reset(arena, mark);
        }
    }
    return FTDN_OK;
}
