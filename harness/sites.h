/* sites.h - the elements of one layer that a trial hits, with what they were and what they became. */
#ifndef FTDN_HARNESS_SITES_H
#define FTDN_HARNESS_SITES_H

#include "base/arena.h"
#include "base/status.h"
#include "harness/rig.h"

typedef struct ftdn_fault_site {
    const char *location; /* as v_faults has it: "weights", "feature_map" */
    int copy;             /* 0: the original; 1, 2: a stored copy of the filter, or the map that it makes */
    size_t index;         /* row-major in the original's `shape` */
    const int *shape;     /* [n_axes]: [K,C/groups,R,S] of weights, [H,W,C] of a map */
    int n_axes;
    float before, after;
} ftdn_fault_site;

typedef struct ftdn_site_visitor {
    void (*call)(void *user, const ftdn_fault_site *site);
    void *user;
} ftdn_site_visitor;

/* Visit the sites of a layer (of the unprotected graph): in its weights and, with an image (its place in the trial's
 * dataset, which is decoded where it must be), in its map: originals, then copies, by index. The rig is prepared for
 * the trial and has one worker. FTDN_ERR_ARG: weights are drawn for each image, and none is given. */
FTDN_NODISCARD ftdn_status ftdn_sites_visit(ftdn_rig *rig, const ftdn_planned_trial *trial, int layer, int image,
                                            const ftdn_site_visitor *visitor, ftdn_arena *arena, ftdn_error *err);

#define FTDN_NO_IMAGE (-1)

#endif
