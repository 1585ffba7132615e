#include "analysis/rate_pairs.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/text.h"

#define MOST_NAMED 6 /* pairs of rates in a message */

const ftdn_cell_accuracy *ftdn_rate_pair_find(const ftdn_rate_pair *pair, const ftdn_line *line)
{
    return ftdn_line_find(line, pair->weight_rate, pair->feature_map_rate);
}

static int by_lines_then_rates(const void *left, const void *right)
{
    const ftdn_rate_pair *a = left, *b = right;
    if (a->n_lines != b->n_lines) return b->n_lines - a->n_lines;
    if (a->weight_rate != b->weight_rate) return a->weight_rate < b->weight_rate ? -1 : 1;
    return (a->feature_map_rate > b->feature_map_rate) - (a->feature_map_rate < b->feature_map_rate);
}

static ftdn_status list_all(const ftdn_lines *lines, ftdn_arena *arena, ftdn_rate_pair **ret_pair, int *ret_n_pairs,
                            ftdn_error *err)
{
    int n_cells = 0, n_pairs = 0;
    for (int l = 0; l < lines->n_lines; l++) n_cells += lines->line[l].n_cells;
    ftdn_rate_pair *pair = FTDN_NEW(arena, (size_t)n_cells, ftdn_rate_pair, err);
    if (!pair) return FTDN_ERR_MEMORY;
    for (int l = 0; l < lines->n_lines; l++) {
        for (int i = 0; i < lines->line[l].n_cells; i++) {
            const ftdn_trial_params *params = &lines->line[l].cell[i]->params;
            int known = 0;
            if (params->weight_rate == 0 && params->feature_map_rate == 0) continue;
            while (known < n_pairs && (pair[known].weight_rate != params->weight_rate ||
                                       pair[known].feature_map_rate != params->feature_map_rate))
                known++;
            if (known == n_pairs) pair[n_pairs++] = (ftdn_rate_pair){params->weight_rate, params->feature_map_rate, 0};
            pair[known].n_lines++;
        }
    }
    qsort(pair, (size_t)n_pairs, sizeof *pair, by_lines_then_rates);
    *ret_pair = pair;
    *ret_n_pairs = n_pairs;
    return FTDN_OK;
}

static ftdn_status fail_without_trials(const ftdn_rate_pair *pair, int n_pairs, ftdn_error *err)
{
    ftdn_text known;
    ftdn_text_init(&known);
    for (int i = 0; i < n_pairs && i < MOST_NAMED; i++)
        ftdn_text_append(&known, "%s%g and %g", i ? ", " : "", pair[i].weight_rate, pair[i].feature_map_rate);
    ftdn_status status = ftdn_text_check(&known, err);
    if (status == FTDN_OK && n_pairs == 0)
        status = FTDN_FAIL(err, FTDN_ERR_STORE, "there is no trial with a fault rate above 0");
    else if (status == FTDN_OK)
        status = FTDN_FAIL(err, FTDN_ERR_STORE,
                           "there is no trial with these fault rates; there are (of weights and maps) %s%s",
                           known.chars, n_pairs > MOST_NAMED ? ", ..." : "");
    ftdn_text_done(&known);
    return status;
}

static bool is_asked_for(double asked, double rate)
{
    return isnan(asked) || asked == rate;
}

ftdn_status ftdn_rate_pairs_list(const ftdn_lines *lines, double weight_rate, double feature_map_rate,
                                 ftdn_arena *arena, const ftdn_rate_pair **ret_pair, int *ret_n_pairs, ftdn_error *err)
{
    ftdn_rate_pair *pair;
    int n_pairs, n_kept = 0;
    FTDN_TRY(list_all(lines, arena, &pair, &n_pairs, err));
    for (int i = 0; i < n_pairs; i++)
        n_kept +=
            is_asked_for(weight_rate, pair[i].weight_rate) && is_asked_for(feature_map_rate, pair[i].feature_map_rate);
    if (n_kept == 0) return fail_without_trials(pair, n_pairs, err);
    ftdn_rate_pair *kept = FTDN_NEW(arena, (size_t)n_kept, ftdn_rate_pair, err);
    if (!kept) return FTDN_ERR_MEMORY;
    n_kept = 0;
    for (int i = 0; i < n_pairs; i++) {
        if (!is_asked_for(weight_rate, pair[i].weight_rate)) continue;
        if (is_asked_for(feature_map_rate, pair[i].feature_map_rate)) kept[n_kept++] = pair[i];
    }
    *ret_pair = kept;
    *ret_n_pairs = n_kept;
    return FTDN_OK;
}
