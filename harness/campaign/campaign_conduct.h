/* campaign_conduct.h - a campaign from planned files into their store, for the user of a terminal: the store is locked,
 * Ctrl-C ends it in order, failures are told. */
#ifndef FTDN_HARNESS_CAMPAIGN_CAMPAIGN_CONDUCT_H
#define FTDN_HARNESS_CAMPAIGN_CAMPAIGN_CONDUCT_H

#include "harness/campaign/campaign.h"
#include "harness/campaign/campaign_files.h"

/* Run what the store lacks. The store is made where there is none. options->stop is not read. has_title: the campaign's
 * title is printed first. *ret_summary is filled where FTDN_OK is returned. */
FTDN_NODISCARD ftdn_status ftdn_campaign_conduct(ftdn_campaign_files *files, const ftdn_campaign_options *options,
                                                 bool has_title, ftdn_campaign_summary *ret_summary, ftdn_error *err);

/* The trials that the manifest asks for, as far as is known. */
int ftdn_campaign_count_wanted(const ftdn_campaign_summary *summary);

/* The causes of attempts that failed, a line each. */
void ftdn_campaign_print_causes(const ftdn_campaign_summary *summary, FILE *out);

/* On stderr, that trials failed and why. */
void ftdn_campaign_print_failures(const ftdn_campaign_files *files, const ftdn_campaign_summary *summary);

#endif
