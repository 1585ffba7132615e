#include "harness/campaign/campaign_devices.h"

#include <string.h>

#include "harness/plan/arithmetic.h"

enum { MAX_DEVICES = 32 };

static bool runs_on_device(const ftdn_planned_trial *trial)
{
    const ftdn_backend *backend = ftdn_backend_find(trial->settings.engine.backend);
    return backend && ftdn_backend_device(backend);
}

/* Of the manifest, whose trials may be more than the plan's: the first that runs on this backend. */
static size_t find_index(const ftdn_manifest *manifest, const char *backend)
{
    ftdn_trial_settings settings;
    size_t index = 0;
    ftdn_manifest_get_settings(manifest, index, &settings);
    while (strcmp(settings.engine.backend, backend) != 0) ftdn_manifest_get_settings(manifest, ++index, &settings);
    return index;
}

/* Devices 0 ... of one kind; `device`: all that answer, or as many as were asked. */
static int count_alike(const ftdn_device_info *device, int n_devices)
{
    int n = 1;
    while (n < n_devices && device[n].major == device->major && device[n].minor == device->minor &&
           device[n].n_multiprocessors == device->n_multiprocessors)
        n++;
    return n;
}

ftdn_status ftdn_campaign_devices_find(const ftdn_plan *plan, ftdn_campaign_devices *ret_devices, ftdn_error *err)
{
    ftdn_campaign_devices devices = {0};
    const ftdn_planned_trial *trial = NULL;
    for (int i = 0; i < plan->n_trials && !trial; i++)
        if (runs_on_device(&plan->trial[i])) trial = &plan->trial[i];
    if (trial) {
        ftdn_device_info device[MAX_DEVICES];
        int n_devices = 0;
        ftdn_status status = ftdn_device_probe(device, MAX_DEVICES, &n_devices, err);
        if (status == FTDN_ERR_BACKEND)
            ftdn_backend_blame(plan->manifest, find_index(plan->manifest, trial->settings.engine.backend), status, err);
        FTDN_TRY(status);
        devices.n_devices = count_alike(device, n_devices < MAX_DEVICES ? n_devices : MAX_DEVICES);
        devices.first = device[0];
    }
    *ret_devices = devices;
    return FTDN_OK;
}
