/* priors.h - the prior boxes of the PyTorch SSDs: a grid of boxes for each map that feeds heads. */
#ifndef FTDN_DETECT_PRIORS_H
#define FTDN_DETECT_PRIORS_H

#include "base/arena.h"
#include "base/status.h"

#define FTDN_PRIOR_MAX_RATIOS 2

/* One map's boxes. A cell has, in this order: a square of side box_min, a square of side
 * sqrt(box_min box_max), and for each ratio a the boxes (sqrt(a), 1/sqrt(a)) and (1/sqrt(a), sqrt(a)) of box_min. */
typedef struct ftdn_prior_map {
    int size;             /* cells per side */
    int shrinkage;        /* pixels of the input per cell: cell i is centred at (i + 1/2) shrinkage */
    int box_min, box_max; /* pixels of the input */
    int n_ratios;
    double ratio[FTDN_PRIOR_MAX_RATIOS];
} ftdn_prior_map;

/* Boxes in each cell of a map. */
int ftdn_prior_map_boxes(const ftdn_prior_map *map);

/* The priors of all maps, one map after the other, row by row, cell by cell: cx,cy,w,h in fractions of the
 * image, clamped to [0, 1]. *ret_priors: [*ret_n_priors,4], in the arena. */
FTDN_NODISCARD ftdn_status ftdn_priors_create(const ftdn_prior_map *maps, int n_maps, int input_size, ftdn_arena *arena,
                                              int *ret_n_priors, const float **ret_priors, ftdn_error *err);

#endif
