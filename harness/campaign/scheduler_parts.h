/* scheduler_parts.h - the parts of the scheduler's loop, each in a file of its own. */
#ifndef FTDN_HARNESS_CAMPAIGN_SCHEDULER_PARTS_H
#define FTDN_HARNESS_CAMPAIGN_SCHEDULER_PARTS_H

#include "harness/campaign/scheduler.h"

/* Give every idle worker something to do; hire workers for work that has none. */
FTDN_NODISCARD ftdn_status ftdn_scheduler_assign(ftdn_scheduler *s, ftdn_error *err);

/* Take in what happened. */
FTDN_NODISCARD ftdn_status ftdn_scheduler_settle(ftdn_scheduler *s, ftdn_crew_event *event, ftdn_error *err);

/* The worker at a place is lost, or is dismissed here: its job failed by this outcome ("crashed", "hung", "device") and
 * cause. */
FTDN_NODISCARD ftdn_status ftdn_scheduler_lose(ftdn_scheduler *s, int place, const char *outcome, const char *cause,
                                               ftdn_error *err);

/* A running trial cannot be run: the attempt is recorded, the trial is not tried again. */
FTDN_NODISCARD ftdn_status ftdn_scheduler_give_up(ftdn_scheduler *s, int place, int trial, const char *outcome,
                                                  const char *cause, ftdn_error *err);

/* Begin nothing any more; what runs has grace_s left, negative: as long as it takes. */
void ftdn_scheduler_end(ftdn_scheduler *s, ftdn_campaign_end end, double grace_s);

/* Where the campaign stands. */
FTDN_NODISCARD ftdn_status ftdn_scheduler_stand(ftdn_scheduler *s, ftdn_standing *ret_standing, ftdn_error *err);

#endif
