/* network_parts.h - what the network files share: the table's builders and the pieces they build from. */
#ifndef FTDN_DETECT_NETWORK_PARTS_H
#define FTDN_DETECT_NETWORK_PARTS_H

#include "detect/network.h"
#include "detect/priors.h"

/* Builders: name, width, batch_norms and n_classes are set and the graph is empty; they fill in the rest. */
FTDN_NODISCARD ftdn_status ftdn_ssd_vgg16_build(ftdn_network *network, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_ssd_mobilenet_v1_build(ftdn_network *network, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_ssd_mobilenet_v1_tf_build(ftdn_network *network, ftdn_error *err);

/* width * n_channels, rounded, at least 1. */
int ftdn_network_scale_channels(const ftdn_network *network, int n_channels);

/* The network's next pair of heads, which read node `source`: class logits and offsets of n_boxes boxes per cell. */
typedef struct ftdn_head_desc {
    const char *class_name, *box_name; /* layers */
    int n_boxes;
    int kernel; /* 1 or 3; the map keeps its size */
} ftdn_head_desc;
void ftdn_network_add_heads(ftdn_network *network, int source, const ftdn_head_desc *desc);

/* The same as the published PyTorch networks have them: 3x3, called classification_headers.N and regression_headers.N,
 * with the boxes of priors[N]; N = 0, 1, ... */
void ftdn_network_add_prior_heads(ftdn_network *network, int source, const ftdn_prior_map *priors);

/* Two convolutions of these networks behind the base, each with ReLU: 1x1 to n_reduced channels, called extras.N.0,
 * then 3x3 to n_outputs, called extras.N.2, which heads read. Channels are those of width 1. */
typedef struct ftdn_extra_row {
    int n_reduced, n_outputs, stride, pad;
} ftdn_extra_row;

/* All extras, behind node x, with their heads. row: [n_rows]; priors: as above. */
void ftdn_network_add_extras(ftdn_network *network, int x, const ftdn_extra_row *row, int n_rows,
                             const ftdn_prior_map *priors);

/* Boxes of all heads' maps. The graph is finished. */
int ftdn_network_count_priors(const ftdn_network *network);

/* Finish the graph and make the priors of its heads. map: [n_heads]; their sizes are those of the heads' maps. */
FTDN_NODISCARD ftdn_status ftdn_network_finish_with_priors(ftdn_network *network, const ftdn_prior_map *map,
                                                           ftdn_error *err);

#endif
