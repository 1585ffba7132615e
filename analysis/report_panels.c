#include "analysis/report_parts.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/network_label.h"
#include "analysis/parameters.h"

/* Does the parameter say in which panel a cell belongs? What something is called does not: its digest does. */
static bool tells_panels(int parameter)
{
    return !ftdn_parameter_is_of_protection(parameter) && !ftdn_parameter_is_label(parameter);
}

static int compare_panels(const ftdn_trial_params *a, const ftdn_trial_params *b)
{
    for (int p = 0; p < ftdn_n_parameters(); p++) {
        int difference = tells_panels(p) ? ftdn_parameter_compare(p, a, b) : 0;
        if (difference) return difference;
    }
    return 0;
}

static int by_panel(const void *left, const void *right)
{
    return compare_panels(&((const ftdn_cell_accuracy *)left)->params, &((const ftdn_cell_accuracy *)right)->params);
}

static bool is_same_in_all(int parameter, const ftdn_report_panel *panel, int n_panels)
{
    for (int i = 1; i < n_panels; i++) {
        const ftdn_trial_params *a = panel[0].lines.line[0].params, *b = panel[i].lines.line[0].params;
        if (ftdn_parameter_compare(parameter, a, b) != 0) return false;
    }
    return true;
}

/* A digest is said where what it belongs to has one name everywhere. */
static bool is_said(int parameter, const ftdn_report_panel *panel, int n_panels)
{
    if (ftdn_parameter_is_of_protection(parameter) || is_same_in_all(parameter, panel, n_panels)) return false;
    return parameter == 0 || !ftdn_parameter_is_label(parameter - 1) || is_same_in_all(parameter - 1, panel, n_panels);
}

static ftdn_status name_panel(const ftdn_report_panel *panel, int n_panels, int index, ftdn_arena *arena,
                              const char **ret_title, ftdn_error *err)
{
    const ftdn_trial_params *params = panel[index].lines.line[0].params;
    ftdn_text text;
    ftdn_text_init(&text);
    if (n_panels == 1)
        ftdn_text_append(&text, "%s, faults: %s, %s", ftdn_model_label(params->model), params->type, params->dataset);
    for (int p = 0; p < ftdn_n_parameters(); p++) {
        if (!is_said(p, panel, n_panels) || !ftdn_parameter_is_set(p, params)) continue;
        if (text.n_chars > 0) ftdn_text_append(&text, ", ");
        ftdn_parameter_append(p, params, &text);
    }
    const char *title = ftdn_text_keep(&text, arena, err);
    if (!title) return FTDN_ERR_MEMORY;
    *ret_title = title;
    return FTDN_OK;
}

ftdn_status ftdn_report_panels_make(const ftdn_cell_accuracy *cell, int n_cells, ftdn_arena *arena,
                                    const ftdn_report_panel **ret_panel, int *ret_n_panels, ftdn_error *err)
{
    ftdn_cell_accuracy *sorted = FTDN_NEW(arena, (size_t)n_cells, ftdn_cell_accuracy, err);
    ftdn_report_panel *panel = FTDN_NEW(arena, (size_t)n_cells, ftdn_report_panel, err);
    int n_panels = 0;
    if (!sorted || !panel) return FTDN_ERR_MEMORY;
    memcpy(sorted, cell, (size_t)n_cells * sizeof *sorted);
    qsort(sorted, (size_t)n_cells, sizeof *sorted, by_panel);
    for (int first = 0, end; first < n_cells; first = end) {
        for (end = first + 1; end < n_cells && by_panel(&sorted[first], &sorted[end]) == 0;) end++;
        FTDN_TRY(ftdn_lines_group(sorted + first, end - first, arena, &panel[n_panels].lines, err));
        n_panels += panel[n_panels].lines.n_lines > 0; /* none where faults are given by their number */
    }
    for (int i = 0; i < n_panels; i++) FTDN_TRY(name_panel(panel, n_panels, i, arena, &panel[i].title, err));
    *ret_panel = panel;
    *ret_n_panels = n_panels;
    return FTDN_OK;
}
