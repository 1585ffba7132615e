#include "analysis/lines.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/parameters.h"
#include "results/store.h"

static bool is_unprotected(const ftdn_trial_params *params)
{
    return strcmp(params->method, "none") == 0;
}

/* By all parameters but the rates; 0: of one line. */
static int compare_lines(const ftdn_trial_params *a, const ftdn_trial_params *b)
{
    for (int p = 0; p < ftdn_n_parameters(); p++) {
        int difference = ftdn_parameter_is_label(p) ? 0 : ftdn_parameter_compare(p, a, b);
        if (difference) return difference;
    }
    return 0;
}

static int by_line_then_rates(const void *left, const void *right)
{
    const ftdn_trial_params *a = &(*(const ftdn_cell_accuracy *const *)left)->params;
    const ftdn_trial_params *b = &(*(const ftdn_cell_accuracy *const *)right)->params;
    int difference = compare_lines(a, b);
    if (difference) return difference;
    if (a->weight_rate != b->weight_rate) return a->weight_rate < b->weight_rate ? -1 : 1;
    return (a->feature_map_rate > b->feature_map_rate) - (a->feature_map_rate < b->feature_map_rate);
}

static bool are_different(int parameter, const ftdn_trial_params *a, const ftdn_trial_params *b)
{
    return ftdn_parameter_is_set(parameter, a) && ftdn_parameter_is_set(parameter, b) &&
           ftdn_parameter_compare(parameter, a, b) != 0;
}

/* A label is said where it tells different things apart, a digest where labels do not. */
static bool tells_apart(int parameter, const ftdn_trial_params *a, const ftdn_trial_params *b)
{
    if (!are_different(parameter, a, b)) return false;
    if (ftdn_parameter_is_label(parameter)) return are_different(parameter + 1, a, b);
    if (parameter > 0 && ftdn_parameter_is_label(parameter - 1)) return !are_different(parameter - 1, a, b);
    return true;
}

/* said: of the parameters before this one, are they said? A network of another name has other weights, too, and often
 * another width and other images: the first of these that tells two lines apart stands for all. */
static bool is_implied(int parameter, const ftdn_trial_params *a, const ftdn_trial_params *b, const bool *said)
{
    for (int p = 0; p < parameter && ftdn_parameter_is_of_network(parameter); p++)
        if (said[p] && ftdn_parameter_is_of_network(p) && tells_apart(p, a, b)) return true;
    return false;
}

static bool is_said(const ftdn_line *line, int n_lines, int parameter, const bool *said)
{
    if (ftdn_parameter_is_always_said(parameter)) return true;
    for (int i = 0; i < n_lines; i++) {
        for (int k = 0; k < i; k++) {
            const ftdn_trial_params *a = line[k].params, *b = line[i].params;
            if (tells_apart(parameter, a, b) && !is_implied(parameter, a, b, said)) return true;
        }
    }
    return false;
}

/* A store keeps what a manifest says of copies where a network has none: of that, an unprotected line says only what
 * tells it from another one. */
static bool is_idle(const ftdn_line *line, int n_lines, int parameter, const ftdn_trial_params *params)
{
    if (ftdn_parameter_is_always_said(parameter) || !ftdn_parameter_is_of_protection(parameter)) return false;
    for (int i = 0; i < n_lines; i++)
        if (is_unprotected(line[i].params) && tells_apart(parameter, params, line[i].params)) return false;
    return is_unprotected(params);
}

static ftdn_status name_line(const ftdn_line *line, int n_lines, const ftdn_trial_params *params, const bool *said,
                             ftdn_arena *arena, const char **ret_name, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    for (int p = 0; p < ftdn_n_parameters(); p++) {
        if (!said[p] || !ftdn_parameter_is_set(p, params) || is_idle(line, n_lines, p, params)) continue;
        if (text.n_chars > 0) ftdn_text_append(&text, ftdn_parameter_is_always_said(p) ? " " : ", ");
        ftdn_parameter_append(p, params, &text);
    }
    const char *name = ftdn_text_keep(&text, arena, err);
    if (!name) return FTDN_ERR_MEMORY;
    *ret_name = name;
    return FTDN_OK;
}

static ftdn_status name_lines(ftdn_line *line, int n_lines, ftdn_arena *arena, ftdn_error *err)
{
    bool *said = FTDN_NEW(arena, (size_t)ftdn_n_parameters(), bool, err);
    if (!said) return FTDN_ERR_MEMORY;
    for (int p = 0; p < ftdn_n_parameters(); p++) said[p] = is_said(line, n_lines, p, said);
    for (int i = 0; i < n_lines; i++)
        FTDN_TRY(name_line(line, n_lines, line[i].params, said, arena, &line[i].name, err));
    return FTDN_OK;
}

ftdn_status ftdn_lines_group(const ftdn_cell_accuracy *cell, int n_cells, ftdn_arena *arena, ftdn_lines *ret_lines,
                             ftdn_error *err)
{
    const ftdn_cell_accuracy **sorted = FTDN_NEW(arena, (size_t)n_cells, const ftdn_cell_accuracy *, err);
    ftdn_line *line = FTDN_NEW(arena, (size_t)n_cells, ftdn_line, err);
    int n_sorted = 0, n_lines = 0;
    if (!sorted || !line) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_cells; i++)
        if (cell[i].params.weight_count == 0 && cell[i].params.feature_map_count == 0) sorted[n_sorted++] = &cell[i];
    qsort(sorted, (size_t)n_sorted, sizeof *sorted, by_line_then_rates);
    for (int i = 0; i < n_sorted; i++) {
        if (n_lines == 0 || compare_lines(line[n_lines - 1].params, &sorted[i]->params) != 0)
            line[n_lines++] = (ftdn_line){.params = &sorted[i]->params, .cell = sorted + i};
        line[n_lines - 1].n_cells++;
    }
    FTDN_TRY(name_lines(line, n_lines, arena, err));
    *ret_lines = (ftdn_lines){n_lines, line};
    return FTDN_OK;
}

ftdn_status ftdn_lines_load(const char *db, const char *manifest, ftdn_arena *arena, ftdn_lines *ret_lines,
                            ftdn_error *err)
{
    ftdn_store *store;
    const ftdn_cell_accuracy *cell;
    int n_cells;
    FTDN_TRY(ftdn_store_open(db, FTDN_STORE_READ, &store, err));
    ftdn_status status = ftdn_accuracy_load(store, manifest, arena, &cell, &n_cells, err);
    ftdn_store_close(store);
    FTDN_TRY(status);
    if (n_cells == 0)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "%s: there is no finished trial of a campaign '%s'", db, manifest);
    return ftdn_lines_group(cell, n_cells, arena, ret_lines, err);
}

const ftdn_cell_accuracy *ftdn_line_find(const ftdn_line *line, double weight_rate, double feature_map_rate)
{
    for (int i = 0; i < line->n_cells; i++) {
        const ftdn_trial_params *params = &line->cell[i]->params;
        if (params->weight_rate == weight_rate && params->feature_map_rate == feature_map_rate) return line->cell[i];
    }
    return NULL;
}

const ftdn_line *ftdn_lines_find_unprotected(const ftdn_lines *lines, const ftdn_line *line)
{
    for (int i = 0; i < lines->n_lines; i++) {
        const ftdn_line *candidate = &lines->line[i];
        bool fits = is_unprotected(candidate->params);
        for (int p = 0; fits && p < ftdn_n_parameters(); p++) {
            if (ftdn_parameter_is_of_protection(p) || ftdn_parameter_is_label(p)) continue;
            fits = ftdn_parameter_compare(p, candidate->params, line->params) == 0;
        }
        if (fits) return candidate;
    }
    return NULL;
}
