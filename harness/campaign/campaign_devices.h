/* campaign_devices.h - the devices that the trials of a plan run on. Worker i of a campaign takes device i modulo their
 * number.
 *
 * They are of one kind, that of the first: a trial's id names it, and another kind has other bits. */
#ifndef FTDN_HARNESS_CAMPAIGN_CAMPAIGN_DEVICES_H
#define FTDN_HARNESS_CAMPAIGN_CAMPAIGN_DEVICES_H

#include "base/status.h"
#include "engine/device.h"
#include "harness/plan/plan.h"

typedef struct ftdn_campaign_devices {
    int n_devices;          /* 0: all trials run on processors */
    ftdn_device_info first; /* where there is one */
} ftdn_campaign_devices;

/* Asked in a child process: this one may fork afterwards. FTDN_ERR_BACKEND: a trial needs a device, none answers. */
FTDN_NODISCARD ftdn_status ftdn_campaign_devices_find(const ftdn_plan *plan, ftdn_campaign_devices *ret_devices,
                                                      ftdn_error *err);

#endif
