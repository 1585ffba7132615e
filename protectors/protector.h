/* protector.h - what is kept twice: an unprotected graph becomes a protected one.
 *
 * A protector is one row in one table and one file. It is given which filters are copied (copies.h) and says
 *   - which graph runs (kernel recovery: the same one; feature-map recovery and D2NN: one that computes copies too),
 *   - which weights it runs with: for each parameter a recipe, how it is made of what memory holds (stored_weights.h),
 *     faults and all. Recipes are data, so that host and device (assembly_device.h) make the same bits.
 *
 * In the protected graph the parameters and layers of the unprotected one come first, at the same indices; its layers
 * say of which channels of which original they are made (graph.h), so that an injector finds every copy.
 * Protectors know neither rankings nor faults. */
#ifndef FTDN_PROTECTORS_PROTECTOR_H
#define FTDN_PROTECTORS_PROTECTOR_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"
#include "engine/stored_weights.h"

/* Where an original and its copies meet, of methods that merge maps. */
typedef enum ftdn_merge_point {
    FTDN_MERGE_POINT_ACTIVATION, /* where layers hand maps on: copies have a batch norm and activation of their own */
    FTDN_MERGE_POINT_CONV,       /* at the direct output of the convolution, bias included */
} ftdn_merge_point;

/* The values that a layer's map takes on clean images. */
typedef struct ftdn_layer_range {
    int layer;
    float low, high; /* finite, low <= high */
} ftdn_layer_range;

typedef struct ftdn_protector ftdn_protector;

typedef struct ftdn_protection_desc {
    const ftdn_protector *protector;
    const ftdn_graph *graph;     /* unprotected; borrowed, as all below */
    const ftdn_weights *weights; /* clean */
    ftdn_copies copies;          /* where the protector duplicates; else none */
    ftdn_merge merge;
    ftdn_merge_point merge_point;
    const ftdn_layer_range *range; /* [n_ranges], where the protector clips */
    int n_ranges;
} ftdn_protection_desc;

/* How a parameter of the protected graph is made of what memory holds. */
typedef enum ftdn_recipe_kind {
    FTDN_RECIPE_ORIGINAL, /* the stored original as it is */
    FTDN_RECIPE_CLEAN,    /* its clean values: rows of biases and batch norms, of which no copy is stored */
    FTDN_RECIPE_COPY,     /* a stored copy as it is */
    FTDN_RECIPE_MERGE,    /* the stored original, its copied rows merged with those of all copies */
    FTDN_RECIPE_REPLACE,  /* the stored original, its copied rows replaced by those of a copy */
} ftdn_recipe_kind;

typedef struct ftdn_recipe {
    ftdn_recipe_kind kind;
    int source;         /* parameter of the unprotected graph: itself, or the one whose rows it repeats */
    int copied;         /* COPY, MERGE, REPLACE: index into desc.copies.layer */
    int copy;           /* COPY, REPLACE: number of the stored copy, from 1 */
    ftdn_merge merge;   /* MERGE */
    const float *clean; /* its values without faults */
} ftdn_recipe;

typedef struct ftdn_protection {
    ftdn_protection_desc desc;
    ftdn_graph rewritten;      /* empty where the graph stays as it is */
    const ftdn_graph *graph;   /* that runs: desc.graph or &rewritten */
    const int *node_of;        /* [desc.graph->n_nodes] the node of `graph` that hands on what this one handed on */
    const int *secondary_of;   /* the same in the secondary network of D2NN; NULL: there is none */
    ftdn_weights clean;        /* of `graph`, without faults */
    const ftdn_recipe *recipe; /* [graph->n_params] */
    const float *const *clean_copy[FTDN_MAX_COPIES]; /* [desc.copies.n_layers] stored copies without faults */
} ftdn_protection;

/* The weights that a protected graph runs with. A worker that draws faults of its own has one of its own. */
typedef struct ftdn_assembly {
    const ftdn_protection *protection; /* borrowed */
    ftdn_weights weights;              /* of protection->graph; as last assembled */
    float **buffer;                    /* [n_params of protection->graph]; NULL where values are borrowed */
    int n_made, *made;                 /* [n_made] the parameters that have a buffer */
} ftdn_assembly;

struct ftdn_protector {
    const char *name, *help;
    bool duplicates;       /* needs copies: takes ranking, ratio and allocation */
    bool merges;           /* takes a merge */
    bool merges_maps;      /* takes a merge point */
    bool has_two_networks; /* takes `combine` */
    bool clips;            /* needs ranges */

    /* Fill rewritten, graph, node_of, secondary_of and recipe in the arena of rewritten; clean_copy is set. NULL: the
     * graph stays as it is. Called only where there is something to copy, to clip or to repeat. */
    ftdn_status (*rewrite)(ftdn_protection *protection, ftdn_error *err);

    /* Say how parameters of the unprotected graph are made where they do not run as they are stored: recipe:
     * [n_params]. NULL: all run as they are stored. */
    void (*set_recipes)(const ftdn_protection *protection, ftdn_recipe *recipe);
};

/* "none", "kr", "fmr", "d2nn", "clip"; NULL if there is none of this name. */
const ftdn_protector *ftdn_protector_find(const char *name);

/* All of them: [*ret_n]. */
const ftdn_protector *const *ftdn_protectors(int *ret_n);

/* Rewrite the graph and assemble the clean weights, in the arena, whose address the graph keeps. *protection may not
 * be moved afterwards. Copies may be empty (ratio 0): then nothing is changed but by D2NN's second network.
 * FTDN_ERR_ARG: the protector does not fit the network (which layer, why); as many copies as the merge does not take;
 * a range that is none, or two of one layer. After a failure *protection may not be used. */
FTDN_NODISCARD ftdn_status ftdn_protection_init(ftdn_protection *protection, const ftdn_protection_desc *desc,
                                                ftdn_arena *arena, ftdn_error *err);

FTDN_NODISCARD ftdn_status ftdn_assembly_init(ftdn_assembly *assembly, const ftdn_protection *protection,
                                              ftdn_arena *arena, ftdn_error *err);

/* From what is stored to what runs. Values that are not copied are borrowed from `stored`; biases and batch norms of
 * copies are always clean. A copy that is NULL in `stored` (the filters of one layer, or copy[c] as a whole) is clean,
 * as is the very pointer of protection->clean_copy. A parameter that is made of clean values only (the very pointers of
 * desc.weights and clean copies) keeps its pointer of protection->clean, so that a caller sees by comparing what has
 * to be packed anew. Nothing is allocated; layers are shared among n_threads. */
void ftdn_assembly_make(ftdn_assembly *assembly, const ftdn_stored_weights *stored, int n_threads);

extern const ftdn_protector ftdn_protector_none;
extern const ftdn_protector ftdn_protector_kr;
extern const ftdn_protector ftdn_protector_fmr;
extern const ftdn_protector ftdn_protector_d2nn;
extern const ftdn_protector ftdn_protector_clip;

#endif
