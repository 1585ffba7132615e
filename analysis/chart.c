#include "analysis/chart.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/network_label.h"
#include "base/student.h"

#define LEAST_SEEDS 3 /* on the axis: two say next to nothing */
#define MOST_SEEDS 20
enum { N_SEED_POINTS = MOST_SEEDS - LEAST_SEEDS + 1 };

/* A layer that is hit alone, in weights or in maps. */
typedef struct layer_cell {
    const char *scope; /* "[\"base_net.12.*\"]" */
    const ftdn_line *line;
    const ftdn_cell_accuracy *cell;
} layer_cell;

/* Numbers in texts by their value: "block2" before "block12". */
static int compare_naturally(const char *a, const char *b)
{
    while (*a && *b) {
        if (isdigit((unsigned char)*a) && isdigit((unsigned char)*b)) {
            char *a_end, *b_end;
            long left = strtol(a, &a_end, 10), right = strtol(b, &b_end, 10);
            if (left != right) return left < right ? -1 : 1;
            a = a_end;
            b = b_end;
        } else {
            if (*a != *b) return (unsigned char)*a - (unsigned char)*b;
            a++;
            b++;
        }
    }
    return (unsigned char)*a - (unsigned char)*b;
}

static int by_scope(const void *left, const void *right)
{
    return compare_naturally(((const layer_cell *)left)->scope, ((const layer_cell *)right)->scope);
}

/* ["base_net.12.*"] as base_net.12 */
static const char *label_scope(const char *scope, ftdn_arena *arena, ftdn_error *err)
{
    size_t start = strspn(scope, "[\""), end = strcspn(scope + start, "\"*");
    while (end > 0 && scope[start + end - 1] == '.') end--;
    return ftdn_arena_copy_text(arena, scope + start, end, err);
}

/* The cells with faults in one location alone, whose scope is a list, in the order of layers. */
static int list_layers(const ftdn_lines *lines, bool of_maps, layer_cell *layer)
{
    int n_layers = 0;
    for (int l = 0; l < lines->n_lines; l++) {
        for (int i = 0; i < lines->line[l].n_cells; i++) {
            const ftdn_cell_accuracy *cell = lines->line[l].cell[i];
            const ftdn_trial_params *params = &cell->params;
            double rate = of_maps ? params->feature_map_rate : params->weight_rate;
            double other = of_maps ? params->weight_rate : params->feature_map_rate;
            const char *scope = of_maps ? params->feature_map_scope : params->weight_scope;
            if (rate > 0 && other == 0 && scope && scope[0] == '[')
                layer[n_layers++] = (layer_cell){scope, &lines->line[l], cell};
        }
    }
    qsort(layer, (size_t)n_layers, sizeof *layer, by_scope);
    return n_layers;
}

static ftdn_status make_layer_curve(const ftdn_lines *lines, bool of_maps, ftdn_arena *arena, ftdn_chart_curve *curve,
                                    ftdn_error *err)
{
    size_t n_most = 0;
    for (int l = 0; l < lines->n_lines; l++) n_most += (size_t)lines->line[l].n_cells;
    layer_cell *layer = FTDN_NEW(arena, n_most, layer_cell, err);
    if (!layer) return FTDN_ERR_MEMORY;
    int n_points = list_layers(lines, of_maps, layer);
    ftdn_chart_point *point = FTDN_NEW(arena, (size_t)n_points, ftdn_chart_point, err);
    if (!point) return FTDN_ERR_MEMORY;
    *curve = (ftdn_chart_curve){.n_points = n_points, .point = point, .n_seeds = INT64_MAX};
    for (int i = 0; i < n_points; i++) {
        const ftdn_mean *map = &layer[i].cell->map;
        double sd = isnan(map->sd) ? 0 : map->sd;
        const char *label = label_scope(layer[i].scope, arena, err);
        if (!label) return FTDN_ERR_MEMORY;
        point[i] =
            (ftdn_chart_point){i + 1, 100 * map->mean, 100 * fmax(map->mean - sd, 0), 100 * (map->mean + sd), label};
        curve->line = layer[i].line;
        if (map->n < curve->n_seeds) curve->n_seeds = map->n;
    }
    if (n_points == 0) return FTDN_OK;
    const ftdn_trial_params *params = &layer[0].cell->params;
    curve->name = of_maps ? ftdn_arena_format(arena, err, "%g %% of its map", 100 * params->feature_map_rate)
                          : ftdn_arena_format(arena, err, "%g %% of its weights", 100 * params->weight_rate);
    return curve->name ? FTDN_OK : FTDN_ERR_MEMORY;
}

/* The mAP without faults; NaN where the lines do not have one. */
static double find_clean(const ftdn_lines *lines)
{
    for (int l = 0; l < lines->n_lines; l++) {
        const ftdn_cell_accuracy *cell = ftdn_line_find(&lines->line[l], 0, 0);
        if (cell) return cell->map.mean;
    }
    return (double)NAN;
}

static const char *describe(const ftdn_lines *lines, ftdn_arena *arena, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "faults: %s\n", lines->line[0].params->type);
    for (int l = 0; l < lines->n_lines; l++) ftdn_text_append_network(&text, lines->line[l].params);
    return ftdn_text_keep(&text, arena, err);
}

ftdn_status ftdn_chart_make_layers(const ftdn_lines *lines, const char *title, ftdn_arena *arena, ftdn_chart *ret_chart,
                                   ftdn_error *err)
{
    ftdn_chart_curve *curve = FTDN_NEW(arena, 2, ftdn_chart_curve, err);
    ftdn_chart chart = {
        .title = title,
        .x_label = "the layer that alone is hit",
        .y_label = "mAP (%)",
        .level = 100 * find_clean(lines),
        .level_name = "no faults",
        .curve = curve,
    };
    if (!curve) return FTDN_ERR_MEMORY;
    for (int of_maps = 0; of_maps < 2; of_maps++) {
        FTDN_TRY(make_layer_curve(lines, of_maps == 1, arena, &curve[chart.n_curves], err));
        chart.n_curves += curve[chart.n_curves].n_points > 0;
    }
    if (chart.n_curves == 0) return FTDN_FAIL(err, FTDN_ERR_STORE, "no finished trial has faults in a single layer");
    chart.subtitle = describe(lines, arena, err);
    if (!chart.subtitle) return FTDN_ERR_MEMORY;
    *ret_chart = chart;
    return FTDN_OK;
}

static ftdn_status make_seeds_curve(const ftdn_line *line, const ftdn_cell_accuracy *cell, ftdn_arena *arena,
                                    ftdn_chart_curve *curve, ftdn_error *err)
{
    ftdn_chart_point *point = FTDN_NEW(arena, N_SEED_POINTS, ftdn_chart_point, err);
    if (!point) return FTDN_ERR_MEMORY;
    *curve = (ftdn_chart_curve){line->name, line, cell->map.n, N_SEED_POINTS, point};
    for (int n = LEAST_SEEDS; n <= MOST_SEEDS; n++) {
        double half_width = 100 * ftdn_student_quantile(0.975, n - 1) * cell->map.sd / sqrt(n);
        point[n - LEAST_SEEDS] = (ftdn_chart_point){n, half_width, half_width, half_width, NULL};
    }
    return FTDN_OK;
}

ftdn_status ftdn_chart_make_seeds(const ftdn_lines *lines, const char *title, ftdn_arena *arena, ftdn_chart *ret_chart,
                                  ftdn_error *err)
{
    size_t n_most = 0;
    for (int l = 0; l < lines->n_lines; l++) n_most += (size_t)lines->line[l].n_cells;
    ftdn_chart_curve *curve = FTDN_NEW(arena, n_most, ftdn_chart_curve, err);
    ftdn_chart chart = {
        .title = title,
        .x_label = "seeds",
        .y_label = "half width of the 95 % interval of mAP (%)",
        .level = (double)NAN,
        .curve = curve,
    };
    if (!curve) return FTDN_ERR_MEMORY;
    for (int l = 0; l < lines->n_lines; l++) {
        for (int i = 0; i < lines->line[l].n_cells; i++) {
            const ftdn_cell_accuracy *cell = lines->line[l].cell[i];
            if (cell->map.n < 2 || !(cell->map.sd > 0) || chart.n_curves == FTDN_MOST_STYLES) continue;
            FTDN_TRY(make_seeds_curve(&lines->line[l], cell, arena, &curve[chart.n_curves++], err));
        }
    }
    if (chart.n_curves == 0) return FTDN_FAIL(err, FTDN_ERR_STORE, "no cell has several seeds that differ");
    chart.subtitle = describe(lines, arena, err);
    if (!chart.subtitle) return FTDN_ERR_MEMORY;
    *ret_chart = chart;
    return FTDN_OK;
}
