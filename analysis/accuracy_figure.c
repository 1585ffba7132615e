#include "analysis/accuracy_figure.h"

#include <math.h>

#include "analysis/line_style.h"

#define RATIO_OF_LOGARITHMIC 12 /* more than a decade */

/* One way to cut the figure out of the cells. */
typedef struct cut {
    ftdn_figure_axis axis;
    double other_rate;
    ftdn_figure_measure measure;
} cut;

static const ftdn_mean *mean_of(ftdn_figure_measure measure, const ftdn_cell_accuracy *cell)
{
    return measure == FTDN_MEASURE_GAIN ? &cell->gain : &cell->map;
}

static double rate_on(ftdn_figure_axis axis, const ftdn_cell_accuracy *cell)
{
    if (axis == FTDN_AXIS_EACH_RATE) return cell->params.weight_rate + cell->params.feature_map_rate;
    return axis == FTDN_AXIS_FEATURE_MAP_RATE ? cell->params.feature_map_rate : cell->params.weight_rate;
}

static double other_rate_on(ftdn_figure_axis axis, const ftdn_cell_accuracy *cell)
{
    return axis == FTDN_AXIS_FEATURE_MAP_RATE ? cell->params.weight_rate : cell->params.feature_map_rate;
}

static bool lies_on(const cut *c, const ftdn_cell_accuracy *cell)
{
    const ftdn_mean *mean = mean_of(c->measure, cell);
    if (mean->n == 0 || isnan(mean->mean)) return false;
    if (c->axis == FTDN_AXIS_EACH_RATE) return cell->params.weight_rate == 0 || cell->params.feature_map_rate == 0;
    double other = other_rate_on(c->axis, cell);
    return c->axis == FTDN_AXIS_BOTH_RATES ? other == cell->params.weight_rate : other == c->other_rate;
}

/* Points with faults on the axis. */
static int count_points(const ftdn_lines *lines, const cut *c)
{
    int n = 0;
    for (int l = 0; l < lines->n_lines; l++)
        for (int i = 0; i < lines->line[l].n_cells; i++)
            n += lies_on(c, lines->line[l].cell[i]) && rate_on(c->axis, lines->line[l].cell[i]) > 0;
    return n;
}

/* Take a cut where it has more points than the best so far; of equals the one with the smaller other rate. */
static void consider(const ftdn_lines *lines, cut candidate, cut *best, int *n_best)
{
    int n = count_points(lines, &candidate);
    if (n < *n_best || n == 0) return;
    if (n == *n_best && (candidate.axis != best->axis || !(candidate.other_rate < best->other_rate))) return;
    *best = candidate;
    *n_best = n;
}

static void consider_axis(const ftdn_lines *lines, const ftdn_accuracy_figure_desc *desc, ftdn_figure_axis axis,
                          cut *best, int *n_best)
{
    double other_rate = axis == FTDN_AXIS_EACH_RATE ? 0 : desc->other_rate;
    if (axis == FTDN_AXIS_BOTH_RATES || !isnan(other_rate)) {
        consider(lines, (cut){axis, other_rate, desc->measure}, best, n_best);
        return;
    }
    double last = (double)NAN;
    for (int l = 0; l < lines->n_lines; l++) {
        for (int i = 0; i < lines->line[l].n_cells; i++) {
            double rate = other_rate_on(axis, lines->line[l].cell[i]);
            if (rate != last) consider(lines, (cut){axis, rate, desc->measure}, best, n_best);
            last = rate;
        }
    }
}

static const char *axis_name(ftdn_figure_axis axis)
{
    switch (axis) {
    case FTDN_AXIS_WEIGHT_RATE: return "weight";
    case FTDN_AXIS_FEATURE_MAP_RATE: return "feature-map";
    case FTDN_AXIS_BOTH_RATES: return "equal weight and feature-map";
    default: return "weight or feature-map";
    }
}

static ftdn_status choose_cut(const ftdn_lines *lines, const ftdn_accuracy_figure_desc *desc, cut *ret_cut,
                              ftdn_error *err)
{
    /* The first ones are taken where several give the same number of points. */
    static const ftdn_figure_axis axes[] = {FTDN_AXIS_BOTH_RATES, FTDN_AXIS_WEIGHT_RATE, FTDN_AXIS_FEATURE_MAP_RATE};
    cut best = {.axis = FTDN_AXIS_ANY};
    int n_best = 0;
    if (desc->axis == FTDN_AXIS_EACH_RATE) consider_axis(lines, desc, desc->axis, &best, &n_best);
    for (size_t i = 0; i < sizeof axes / sizeof *axes; i++)
        if (desc->axis == FTDN_AXIS_ANY || desc->axis == axes[i]) consider_axis(lines, desc, axes[i], &best, &n_best);
    if (n_best == 0)
        return FTDN_FAIL(err, FTDN_ERR_STORE, "no finished trial%s has %s rates above 0%s",
                         desc->measure == FTDN_MEASURE_GAIN ? " of a protection, with one without it beside," : "",
                         axis_name(desc->axis),
                         isnan(desc->other_rate) ? "" : " beside the other rate that is asked for");
    *ret_cut = best;
    return FTDN_OK;
}

/* location: what is hit, where a line has a curve for each; NULL: it has one curve. prefix: said before it. */
static ftdn_status make_curve(const ftdn_line *line, const cut *c, const char *prefix, const char *location,
                              ftdn_arena *arena, ftdn_figure_curve *ret_curve, ftdn_error *err)
{
    const ftdn_cell_accuracy **point = FTDN_NEW(arena, (size_t)line->n_cells, const ftdn_cell_accuracy *, err);
    ftdn_figure_curve curve = {.line = line, .name = line->name, .point = point, .n_least = INT64_MAX};
    if (location) curve.name = ftdn_arena_format(arena, err, "%s%sfaults in %s", prefix, *prefix ? ", " : "", location);
    if (!point || !curve.name) return FTDN_ERR_MEMORY;
    for (int i = 0; i < line->n_cells; i++) {
        const ftdn_cell_accuracy *cell = line->cell[i];
        if (!lies_on(c, cell)) continue;
        point[curve.n_points++] = cell;
        if (rate_on(c->axis, cell) == 0) continue; /* without faults every seed gives the same */
        int64_t n = mean_of(c->measure, cell)->n;
        if (n < curve.n_least) curve.n_least = n;
        if (n > curve.n_most) curve.n_most = n;
    }
    *ret_curve = curve;
    return FTDN_OK;
}

/* curve: [2 * n_lines]; those without a point that has faults are left out. */
static ftdn_status make_curves(const ftdn_lines *lines, const cut *chosen, ftdn_arena *arena, ftdn_figure_curve *curve,
                               int *ret_n_curves, ftdn_error *err)
{
    const cut one_by_one[] = {{FTDN_AXIS_WEIGHT_RATE, 0, chosen->measure},
                              {FTDN_AXIS_FEATURE_MAP_RATE, 0, chosen->measure}};
    static const char *const locations[] = {"weights", "feature maps"};
    bool is_split = chosen->axis == FTDN_AXIS_EACH_RATE;
    int n_curves = 0;
    for (int l = 0; l < lines->n_lines; l++) {
        for (int i = 0; i < (is_split ? 2 : 1); i++) {
            FTDN_TRY(make_curve(&lines->line[l], is_split ? &one_by_one[i] : chosen,
                                lines->n_lines > 1 ? lines->line[l].name : "", is_split ? locations[i] : NULL, arena,
                                &curve[n_curves], err));
            n_curves += curve[n_curves].n_most > 0;
        }
    }
    *ret_n_curves = n_curves;
    return FTDN_OK;
}

static bool is_logarithmic(const ftdn_accuracy_figure *figure)
{
    double least = HUGE_VAL, most = 0;
    for (int c = 0; c < figure->n_curves; c++) {
        for (int i = 0; i < figure->curve[c].n_points; i++) {
            double rate = ftdn_figure_rate(figure, figure->curve[c].point[i]);
            if (rate > 0 && rate < least) least = rate;
            if (rate > most) most = rate;
        }
    }
    return most >= RATIO_OF_LOGARITHMIC * least;
}

static double find_clean(const ftdn_lines *lines, const ftdn_accuracy_figure *figure)
{
    double clean = (double)NAN;
    for (int c = 0; c < figure->n_curves; c++) {
        const ftdn_line *unprotected = ftdn_lines_find_unprotected(lines, figure->curve[c].line);
        const ftdn_cell_accuracy *cell = unprotected ? ftdn_line_find(unprotected, 0, 0) : NULL;
        if (!cell) continue;
        if (!isnan(clean) && clean != cell->map.mean) return (double)NAN;
        clean = cell->map.mean;
    }
    return clean;
}

ftdn_status ftdn_accuracy_figure_make(const ftdn_lines *lines, const ftdn_accuracy_figure_desc *desc, ftdn_arena *arena,
                                      ftdn_accuracy_figure *ret_figure, ftdn_error *err)
{
    cut chosen = {.axis = FTDN_AXIS_ANY};
    FTDN_TRY(choose_cut(lines, desc, &chosen, err));
    ftdn_figure_curve *curve = FTDN_NEW(arena, 2 * (size_t)lines->n_lines, ftdn_figure_curve, err);
    if (!curve) return FTDN_ERR_MEMORY;
    ftdn_accuracy_figure figure = {
        .axis = chosen.axis,
        .other_rate = chosen.axis == FTDN_AXIS_BOTH_RATES ? (double)NAN : chosen.other_rate,
        .band = desc->band,
        .measure = desc->measure,
        .curve = curve,
    };
    FTDN_TRY(make_curves(lines, &chosen, arena, curve, &figure.n_curves, err));
    if (figure.n_curves > FTDN_MOST_STYLES)
        return FTDN_FAIL(err, FTDN_ERR_STORE,
                         "%d lines are more than the %d that can be told apart; choose a campaign with --manifest",
                         figure.n_curves, FTDN_MOST_STYLES);
    figure.is_logarithmic = is_logarithmic(&figure);
    figure.clean_map = desc->measure == FTDN_MEASURE_MAP ? find_clean(lines, &figure) : (double)NAN;
    *ret_figure = figure;
    return FTDN_OK;
}

const char *ftdn_figure_axis_label(ftdn_figure_axis axis)
{
    switch (axis) {
    case FTDN_AXIS_FEATURE_MAP_RATE: return "feature-map fault rate (%)";
    case FTDN_AXIS_BOTH_RATES: return "fault rate of weights and feature maps (%)";
    case FTDN_AXIS_EACH_RATE: return "fault rate (%)";
    default: return "weight fault rate (%)";
    }
}

double ftdn_figure_rate(const ftdn_accuracy_figure *figure, const ftdn_cell_accuracy *point)
{
    return rate_on(figure->axis, point);
}

const ftdn_mean *ftdn_figure_mean(const ftdn_accuracy_figure *figure, const ftdn_cell_accuracy *point)
{
    return mean_of(figure->measure, point);
}

double ftdn_figure_half_band(const ftdn_accuracy_figure *figure, const ftdn_cell_accuracy *point)
{
    const ftdn_mean *mean = ftdn_figure_mean(figure, point);
    return figure->band == FTDN_BAND_SD ? mean->sd : mean->half_width;
}
