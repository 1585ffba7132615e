#include "harness/estimate/compared_plan.h"

#include <stdio.h>
#include <unistd.h>

#include "base/file.h"

static ftdn_status compare(ftdn_compared_plan *p, ftdn_error *err)
{
    ftdn_arena *arena = &p->files->arena;
    if (p->store) FTDN_TRY(ftdn_store_list_trials(p->store, arena, &p->held, &p->n_held, err));
    return ftdn_trial_queue_init(&p->queue, &p->files->plan, p->held, p->n_held, arena, err);
}

ftdn_status ftdn_compared_plan_open(ftdn_campaign_files *files, double start_s, ftdn_compared_plan *ret_plan,
                                    ftdn_error *err)
{
    ftdn_compared_plan plan = {.files = files, .start_s = start_s};
    if (ftdn_file_exists(files->db_path)) FTDN_TRY(ftdn_store_open(files->db_path, FTDN_STORE_READ, &plan.store, err));
    ftdn_status status = compare(&plan, err);
    if (status == FTDN_OK) *ret_plan = plan;
    else ftdn_store_close(plan.store);
    return status;
}

void ftdn_compared_plan_close(ftdn_compared_plan *plan)
{
    ftdn_store_close(plan->store);
    plan->store = NULL;
}

ftdn_status ftdn_compared_plan_estimate(const ftdn_compared_plan *p, const ftdn_campaign_options *options,
                                        ftdn_estimate *ret_estimate, ftdn_error *err)
{
    ftdn_campaign_devices devices;
    FTDN_TRY(ftdn_campaign_devices_find(&p->files->plan, &devices, err));
    int n_workers = ftdn_campaign_n_workers(options, &devices, ftdn_trial_queue_wanted(&p->queue));
    const ftdn_estimate_desc desc = {
        .plan = &p->files->plan,
        .held = p->held,
        .n_held = p->n_held,
        .store = p->store,
        .inputs = &p->files->inputs,
        .n_cores = options->n_cores,
        .n_workers = n_workers,
        .n_threads = ftdn_campaign_n_threads(options, n_workers),
        .n_devices = devices.n_devices,
        .start_s = p->start_s,
    };
    bool is_terminal = isatty(STDERR_FILENO);
    fprintf(stderr, is_terminal ? "measuring a few images ..." : "measuring a few images\n");
    fflush(stderr);
    ftdn_status status = ftdn_estimate_make(&desc, &p->files->arena, ret_estimate, err);
    if (is_terminal) fprintf(stderr, "\r\033[K");
    return status;
}
