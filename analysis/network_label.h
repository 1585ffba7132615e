/* network_label.h - network and images of a trial in the words of a picture: the paper's name of the network, and of a
 * folder its own name without the way to it. */
#ifndef FTDN_ANALYSIS_NETWORK_LABEL_H
#define FTDN_ANALYSIS_NETWORK_LABEL_H

#include "base/text.h"
#include "results/store.h"

/* "SSD-MobileNet" of "ssd_mobilenet_v1"; a network that the paper does not have keeps its name. */
const char *ftdn_model_label(const char *model);

/* Append "SSD-MobileNet, width 0.25: road scenes 'test', seed 0, 200 images\n", unless the text has that line. */
void ftdn_text_append_network(ftdn_text *text, const ftdn_trial_params *params);

#endif
