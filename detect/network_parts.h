/* network_parts.h - what the network files share: the table's builders and the pieces they build from. */
#ifndef FTDN_DETECT_NETWORK_PARTS_H
#define FTDN_DETECT_NETWORK_PARTS_H

#include "detect/network.h"
#include "detect/priors.h"

/* Builders: name, width, batch_norms and n_classes are set and the graph is empty; they fill in the rest. */
FTDN_NODISCARD ftdn_status ftdn_ssd_vgg16_build(ftdn_network *network, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_ssd_mobilenet_v1_build(ftdn_network *network, ftdn_error *err);
FTDN_NODISCARD ftdn_status ftdn_ssd_mobilenet_v1_tf_build(ftdn_network *network, ftdn_error *err);

/* A name in the graph's arena. On refused memory the graph keeps the failure and NULL is returned, which
 * its builders then do not read. */
const char *ftdn_network_format_name(ftdn_network *network, const char *format, ...) FTDN_PRINTF(2, 3);

/* width * n_channels, rounded, at least 1. */
int ftdn_network_scale_channels(const ftdn_network *network, int n_channels);

/* The network's next pair of heads, which read node `source`: class logits and offsets of n_boxes boxes per cell. */
typedef struct ftdn_head_desc {
    const char *class_name, *box_name; /* layers */
    int n_boxes;
    int kernel; /* 1 or 3; the map keeps its size */
} ftdn_head_desc;
void ftdn_network_add_heads(ftdn_network *network, int source, const ftdn_head_desc *desc);

/* Boxes of all heads' maps. The graph is finished. */
int ftdn_network_count_priors(const ftdn_network *network);

/* Finish the graph and give each head the priors of its entry in maps, which gets the map's size.
 * maps: [n_heads]. */
FTDN_NODISCARD ftdn_status ftdn_network_finish_with_priors(ftdn_network *network, ftdn_prior_map *maps,
                                                           ftdn_error *err);

#endif
