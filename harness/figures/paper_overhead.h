/* paper_overhead.h - the measurements behind the paper's Tables 1 and 2: what the results file lacks of them is
 * measured.
 *
 * The manifest says which networks, and which ratio of their channels is copied; its images are not read. */
#ifndef FTDN_HARNESS_FIGURES_PAPER_OVERHEAD_H
#define FTDN_HARNESS_FIGURES_PAPER_OVERHEAD_H

#include "harness/figures/paper_campaign.h"
#include "results/latencies.h"

/* desc: as of a campaign. n_repeats: images that a missing measurement takes. files: initialised; their arena holds
 * *ret_latency: [*ret_n_latencies], those of the manifest's networks in its order, and nothing else that the store
 * holds. */
FTDN_NODISCARD ftdn_status ftdn_paper_overhead_complete(const ftdn_paper_campaign_desc *desc, int n_repeats,
                                                        ftdn_campaign_files *files, const ftdn_latency **ret_latency,
                                                        int *ret_n_latencies, ftdn_error *err);

#endif
