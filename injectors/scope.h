/* scope.h - which layers faults are injected into, by a name or by layer-name globs. */
#ifndef FTDN_INJECTORS_SCOPE_H
#define FTDN_INJECTORS_SCOPE_H

#include "base/arena.h"
#include "base/status.h"
#include "engine/graph.h"
#include "injectors/site_hd.h"

/* Either a name or globs:
 *   "features"  the paper's feature-extraction layers: their weights; as maps, the outputs of the VGG
 *               convolutions or of the MobileNet blocks (not those of the depthwise convolutions)
 *   "convs"     every convolution of the feature-extraction layers
 *   "sources"   the layers whose maps feed the detection heads
 *   "base"      every convolution of the base network: adds the stem, conv6 and conv7
 *   "all"       adds extras and heads */
typedef struct ftdn_scope {
    const char *name; /* NULL: globs */
    int n_globs;
    const char *const *glob; /* fnmatch patterns over layer names: "base_net.1?.3" */
} ftdn_scope;

typedef struct ftdn_layer_set {
    int n_layers;
    const int *layer; /* [n_layers] indices into graph->layer, ascending */
} ftdn_layer_set;

/* FTDN_ERR_ARG: an unknown name, or a glob that matches no layer (with the nearest layer name). */
FTDN_NODISCARD ftdn_status ftdn_scope_resolve(const ftdn_scope *scope, const ftdn_graph *graph, ftdn_location location,
                                              ftdn_arena *arena, ftdn_layer_set *ret_layers, ftdn_error *err);

#endif
