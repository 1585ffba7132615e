#include "harness/figures/pictures.h"

#include <math.h>
#include <stdlib.h>

#include "analysis/rate_pairs.h"
#include "harness/plan/arithmetic.h"
#include "harness/plan/find.h"
#include "harness/record.h"

/* The trials of one seed, grouped into lines as figures and tables group cells. */
typedef struct seen_trials {
    int n_trials;
    const ftdn_planned_trial **trial; /* [n_trials] */
    ftdn_cell_accuracy *cell;         /* [n_trials] the trial's parameters, without results */
    ftdn_lines lines;
} seen_trials;

static const ftdn_planned_trial *trial_of(const seen_trials *seen, const ftdn_cell_accuracy *cell)
{
    return seen->trial[cell - seen->cell];
}

static ftdn_status choose_seed(const ftdn_plan *plan, long long wanted, uint64_t *ret_seed, ftdn_error *err)
{
    uint64_t seed = UINT64_MAX;
    for (int i = 0; i < plan->n_trials; i++) {
        uint64_t candidate = plan->trial[i].settings.seed;
        if ((wanted < 0 || candidate == (uint64_t)wanted) && candidate < seed) seed = candidate;
    }
    if (seed == UINT64_MAX)
        return FTDN_FAIL(err, FTDN_ERR_ARG, "--seed: the manifest has no trial of seed %lld", wanted);
    *ret_seed = seed;
    return FTDN_OK;
}

static ftdn_status see_trials(const ftdn_plan *plan, uint64_t seed, ftdn_arena *arena, seen_trials *ret_seen,
                              ftdn_error *err)
{
    seen_trials seen = {
        .trial = FTDN_NEW(arena, (size_t)plan->n_trials, const ftdn_planned_trial *, err),
        .cell = FTDN_NEW(arena, (size_t)plan->n_trials, ftdn_cell_accuracy, err),
    };
    if (!seen.trial || !seen.cell) return FTDN_ERR_MEMORY;
    for (int i = 0; i < plan->n_trials; i++) {
        const ftdn_planned_trial *trial = &plan->trial[i];
        ftdn_trial_record record = {0};
        if (trial->settings.seed != seed || ftdn_is_null_trial(&trial->settings)) continue;
        FTDN_TRY(ftdn_record_identify(trial, arena, &record, err));
        seen.cell[seen.n_trials].params = record.params;
        seen.trial[seen.n_trials++] = trial;
    }
    FTDN_TRY(ftdn_lines_group(seen.cell, seen.n_trials, arena, &seen.lines, err));
    *ret_seen = seen;
    return FTDN_OK;
}

/* Of the pairs with the most lines the last one, which has the greatest weight rate. */
static ftdn_status choose_rates(const seen_trials *seen, const ftdn_pictures_desc *desc, ftdn_arena *arena,
                                const ftdn_rate_pair **ret_pair, ftdn_error *err)
{
    const ftdn_rate_pair *pair;
    int n_pairs, last = 0;
    ftdn_status status =
        ftdn_rate_pairs_list(&seen->lines, desc->weight_rate, desc->feature_map_rate, arena, &pair, &n_pairs, err);
    if (status == FTDN_ERR_STORE && err) err->status = FTDN_ERR_ARG; /* what lacks them is the manifest */
    if (status == FTDN_ERR_STORE) return FTDN_ERR_ARG;
    FTDN_TRY(status);
    while (last + 1 < n_pairs && pair[last + 1].n_lines == pair[0].n_lines) last++;
    *ret_pair = &pair[last];
    return FTDN_OK;
}

/* The truth, the network without faults and protection, and every line at the rates whose images are the same. */
static ftdn_status choose_columns(const seen_trials *seen, const ftdn_rate_pair *pair, ftdn_arena *arena,
                                  ftdn_pictures *pictures, ftdn_error *err)
{
    ftdn_pictures_column *column = FTDN_NEW(arena, (size_t)seen->lines.n_lines + 2, ftdn_pictures_column, err);
    const ftdn_cell_accuracy *clean = NULL;
    if (!column) return FTDN_ERR_MEMORY;
    column[pictures->n_columns++] = (ftdn_pictures_column){.name = "ground truth"};
    for (int l = 0; l < seen->lines.n_lines; l++) {
        const ftdn_line *line = &seen->lines.line[l];
        const ftdn_cell_accuracy *cell = ftdn_rate_pair_find(pair, line);
        if (!cell) continue;
        ftdn_dataset *dataset = trial_of(seen, cell)->dataset;
        if (!pictures->dataset) pictures->dataset = dataset;
        if (dataset != pictures->dataset) continue;
        const ftdn_line *unprotected = ftdn_lines_find_unprotected(&seen->lines, line);
        if (!clean && unprotected) {
            clean = ftdn_line_find(unprotected, 0, 0);
            if (clean) column[pictures->n_columns++] = (ftdn_pictures_column){"no faults", trial_of(seen, clean)};
        }
        column[pictures->n_columns++] = (ftdn_pictures_column){line->name, trial_of(seen, cell)};
    }
    pictures->column = column;
    return FTDN_OK;
}

typedef struct ranked_image {
    int image, n_classes;
} ranked_image;

static int by_classes(const void *left, const void *right)
{
    const ranked_image *a = left, *b = right;
    return a->n_classes != b->n_classes ? b->n_classes - a->n_classes : a->image - b->image;
}

static int by_place(const void *left, const void *right)
{
    return *(const int *)left - *(const int *)right;
}

static int count_classes(const ftdn_image *image)
{
    int n = 0;
    for (int i = 0; i < image->n_objects; i++) {
        int k = 0;
        while (image->object[k].class_index != image->object[i].class_index) k++;
        n += k == i;
    }
    return n;
}

static ftdn_status choose_images(const ftdn_pictures_desc *desc, ftdn_arena *arena, ftdn_pictures *pictures,
                                 ftdn_error *err)
{
    const ftdn_dataset *dataset = pictures->dataset;
    int n_wanted = desc->n_names ? desc->n_names : desc->n_images;
    if (!desc->n_names && n_wanted > dataset->n_images) n_wanted = dataset->n_images;
    int *image = FTDN_NEW(arena, (size_t)n_wanted, int, err);
    ranked_image *ranked = FTDN_NEW(arena, (size_t)dataset->n_images, ranked_image, err);
    if (!image || !ranked) return FTDN_ERR_MEMORY;
    for (int i = 0; i < desc->n_names; i++) FTDN_TRY(ftdn_find_image(dataset, desc->name[i], &image[i], err));
    if (!desc->n_names) {
        for (int i = 0; i < dataset->n_images; i++) ranked[i] = (ranked_image){i, count_classes(&dataset->image[i])};
        qsort(ranked, (size_t)dataset->n_images, sizeof *ranked, by_classes);
        for (int i = 0; i < n_wanted; i++) image[i] = ranked[i].image;
        qsort(image, (size_t)n_wanted, sizeof *image, by_place);
    }
    pictures->n_images = n_wanted;
    pictures->image = image;
    return FTDN_OK;
}

ftdn_status ftdn_pictures_choose(const ftdn_plan *plan, const ftdn_pictures_desc *desc, ftdn_arena *arena,
                                 ftdn_pictures *ret_pictures, ftdn_error *err)
{
    ftdn_pictures pictures = {0};
    seen_trials seen;
    const ftdn_rate_pair *pair = NULL;
    FTDN_TRY(choose_seed(plan, desc->seed, &pictures.seed, err));
    FTDN_TRY(see_trials(plan, pictures.seed, arena, &seen, err));
    FTDN_TRY(choose_rates(&seen, desc, arena, &pair, err));
    pictures.weight_rate = pair->weight_rate;
    pictures.feature_map_rate = pair->feature_map_rate;
    FTDN_TRY(choose_columns(&seen, pair, arena, &pictures, err));
    FTDN_TRY(choose_images(desc, arena, &pictures, err));
    *ret_pictures = pictures;
    return FTDN_OK;
}
