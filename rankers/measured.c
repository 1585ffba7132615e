/* measured.c - how much the loss grows when faults hit a channel's map (beyond the paper): harness/measured.h. */
#include "rankers/ranker.h"

const ftdn_ranker ftdn_ranker_measured = {
    .name = "measured",
    .help = "mean growth of the loss over images under faults injected into the channel's map",
    .needs_images = true,
    .needs_injection = true,
};
