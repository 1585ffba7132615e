#include "harness/campaign/campaign_devices.h"

static bool runs_on_device(const ftdn_planned_trial *trial)
{
    const ftdn_backend *backend = ftdn_backend_find(trial->settings.engine.backend);
    return backend && ftdn_backend_device(backend);
}

ftdn_status ftdn_campaign_devices_find(const ftdn_plan *plan, ftdn_campaign_devices *ret_devices, ftdn_error *err)
{
    ftdn_campaign_devices devices = {0};
    bool is_needed = false;
    for (int i = 0; i < plan->n_trials && !is_needed; i++) is_needed = runs_on_device(&plan->trial[i]);
    if (is_needed) FTDN_TRY(ftdn_device_probe(&devices.first, 1, &devices.n_devices, err));
    *ret_devices = devices;
    return FTDN_OK;
}
