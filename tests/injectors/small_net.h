/* small_net.h - a network of four layers, and layers that repeat some of their channels, for tests of the injectors. */
#ifndef FTDN_TESTS_INJECTORS_SMALL_NET_H
#define FTDN_TESTS_INJECTORS_SMALL_NET_H

#include "engine/weights.h"
#include "injectors/fault_hd.h"
#include "injectors/scope.h"

/* Layers of the network; "point" is not in scope. */
enum { NET_FIRST, NET_DEPTH, NET_POINT, NET_LARGE, NET_N_LAYERS };

typedef struct small_net {
    ftdn_arena arena;
    ftdn_graph graph;
    ftdn_weights weights;
    ftdn_layer_set scope;
} small_net;

/* "first" 16 filters [3,3,3] with batch norm and activation, "depth" 16 depthwise, "point" 70, "large" 37 filters
 * [70,3,3] on maps of 20x21 (large: 18x19). */
void small_net_init(small_net *net);
void small_net_done(small_net *net);

/* One for all tests of a group; state: small_net *. */
int small_net_set_up(void **state);
int small_net_set_up_with_copies(void **state);
int small_net_tear_down(void **state);

/* Layers that repeat channels, as protectors make them; indices into graph.layer. */
enum {
    NET_FIRST_COPY_1 = NET_N_LAYERS, /* some channels, first copy */
    NET_FIRST_COPY_2,                /* the same, second copy */
    NET_FIRST_MERGED,                /* first copy; merged at the convolution: it has no activated map */
    NET_DEPTH_COPY_1,                /* all channels in place, first copy, */
    NET_POINT_COPY_1,                /* of a layer out of scope */
    NET_LARGE_SECOND,                /* all channels, some of them copies: a second network */
    NET_LARGE_SHARED,                /* all channels, none a copy */
    NET_LARGE_MIXED,                 /* some channels of both copies in no order */
    NET_N_ALL_LAYERS,
};

void small_net_add_copies(small_net *net);

/* A clean value of an element and what a model makes of it, by the definition. */
float small_net_hit_value(const ftdn_fault_model *model, ftdn_site_stream stream, uint64_t element, float clean);

/* Every type; the bits in every way. */
enum { NET_N_MODELS = 7 };
extern const ftdn_fault_model small_net_model[NET_N_MODELS];

#endif
