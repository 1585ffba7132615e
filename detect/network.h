/* network.h - SSD detectors: a graph, the heads that carry its answers, and how to read them.
 *
 * A detector answers, for each prior box, class logits (column 0 is the background) and the four
 * numbers of the box code. Each network is one file with one builder function (ssd_vgg16.c,
 * ssd_mobilenet_v1.c, ssd_mobilenet_v1_tf.c) and one row in the table of network.c. */
#ifndef FTDN_DETECT_NETWORK_H
#define FTDN_DETECT_NETWORK_H

#include "base/arena.h"
#include "base/status.h"
#include "engine/engine.h"
#include "engine/graph.h"
#include "engine/weights.h"

#define FTDN_NETWORK_MAX_HEADS 8

typedef enum ftdn_score_kind {
    FTDN_SCORE_SOFTMAX, /* over all columns */
    FTDN_SCORE_SIGMOID, /* each column for itself; column 0 is ignored */
} ftdn_score_kind;

typedef struct ftdn_network_desc {
    const char *name; /* "ssd_vgg16", "ssd_mobilenet_v1", "ssd_mobilenet_v1_tf" */
    int n_classes;    /* without the background; 20 for PASCAL VOC */
    double width;     /* multiplier of base and extra channels; 0: the network's published width */
    bool batch_norms; /* ssd_vgg16, to learn from drawn weights: a batch norm in the place of each bias of the base */
} ftdn_network_desc;

typedef struct ftdn_network {
    const char *name;
    double width;
    bool batch_norms; /* as asked for */
    int n_classes;    /* without the background */
    ftdn_graph graph;
    int input_size;          /* 300 */
    float mean[3], scale[3]; /* RGB; x = (byte - mean) / scale */
    int n_heads;
    int class_head[FTDN_NETWORK_MAX_HEADS]; /* nodes; map [P,Q,boxes*(n_classes+1)] */
    int box_head[FTDN_NETWORK_MAX_HEADS];   /* nodes; map [P,Q,boxes*4] */
    int n_priors;
    const float *priors; /* [n_priors,4] cx,cy,w,h in fractions of the image; NULL: parameter prior_param holds them */
    int prior_param;     /* -1 where priors is set */
    float centre_variance, size_variance;
    ftdn_score_kind score_kind;
} ftdn_network;

/* Build a detector in the arena. FTDN_ERR_ARG: an unknown name (with the nearest), a width that the
 * network does not take, batch norms for one that has its own, n_classes out of [1, 1000]. */
FTDN_NODISCARD ftdn_status ftdn_network_create(const ftdn_network_desc *desc, ftdn_arena *arena,
                                               ftdn_network *ret_network, ftdn_error *err);

/* The known names, for messages and help: [*ret_n]. */
const char *const *ftdn_network_names(int *ret_n);

/* The nodes whose maps detections are read from: class heads, then box heads. ret_nodes: [2*n_heads]. */
void ftdn_network_output_nodes(const ftdn_network *network, int *ret_nodes);

/* The prior boxes, from the network or from its weights: [n_priors,4]. */
const float *ftdn_network_priors(const ftdn_network *network, const ftdn_weights *weights);

/* The input of n_images in host memory, normalised as the network wants them. pixels: [n_images]. */
ftdn_input ftdn_network_input(const ftdn_network *network, int n_images, const uint8_t *const *pixels);

/* The same of the images that are chosen on a device: a micro-batch. */
ftdn_input ftdn_network_resident_input(const ftdn_network *network, int micro_batch,
                                       const ftdn_resident_images *resident);

/* Copy image `index` of the last micro-batch out of the heads' maps, heads one after the other:
 * logits: [n_priors, n_classes+1]; locations: [n_priors,4]. */
void ftdn_network_gather(const ftdn_network *network, const ftdn_context *context, int index, float *logits,
                         float *locations);

/* The same of maps at hand: [2*n_heads] of one image each, in the order of ftdn_network_output_nodes. */
void ftdn_network_gather_maps(const ftdn_network *network, const ftdn_map *map, float *logits, float *locations);

/* The way back, of gradients: copy them from the order of ftdn_network_gather to such maps, written whole. */
void ftdn_network_scatter(const ftdn_network *network, const float *dlogits, const float *dlocations,
                          const ftdn_map *map);

#endif
