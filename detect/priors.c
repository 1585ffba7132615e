#include "detect/priors.h"

#include <math.h>
#include <stddef.h>

int ftdn_prior_map_boxes(const ftdn_prior_map *map)
{
    return 2 + 2 * map->n_ratios;
}

static float clamp(double x)
{
    return (float)fmin(fmax(x, 0), 1);
}

static float *write_box(float *at, double cx, double cy, double w, double h)
{
    at[0] = clamp(cx);
    at[1] = clamp(cy);
    at[2] = clamp(w);
    at[3] = clamp(h);
    return at + 4;
}

static float *write_cell(float *at, const ftdn_prior_map *map, int row, int column, double input_size)
{
    double cells = input_size / map->shrinkage; /* over the whole input; need not be map->size */
    double cx = (column + 0.5) / cells;
    double cy = (row + 0.5) / cells;
    double side = map->box_min / input_size;
    double middle = sqrt((double)map->box_max * map->box_min) / input_size;
    at = write_box(at, cx, cy, side, side);
    at = write_box(at, cx, cy, middle, middle);
    for (int i = 0; i < map->n_ratios; i++) {
        double stretch = sqrt(map->ratio[i]);
        at = write_box(at, cx, cy, side * stretch, side / stretch);
        at = write_box(at, cx, cy, side / stretch, side * stretch);
    }
    return at;
}

ftdn_status ftdn_priors_create(const ftdn_prior_map *maps, int n_maps, int input_size, ftdn_arena *arena,
                               int *ret_n_priors, const float **ret_priors, ftdn_error *err)
{
    int n_priors = 0;
    for (int i = 0; i < n_maps; i++) n_priors += maps[i].size * maps[i].size * ftdn_prior_map_boxes(&maps[i]);
    float *priors = FTDN_NEW(arena, (size_t)n_priors * 4, float, err);
    if (!priors) return FTDN_ERR_MEMORY;
    float *at = priors;
    for (int i = 0; i < n_maps; i++) {
        for (int row = 0; row < maps[i].size; row++) {
            for (int column = 0; column < maps[i].size; column++) {
                at = write_cell(at, &maps[i], row, column, input_size);
            }
        }
    }
    *ret_n_priors = n_priors;
    *ret_priors = priors;
    return FTDN_OK;
}
