#include "harness/training/training_validation.h"

#include "harness/rig.h"

#define BATCH 8 /* images that a thread takes at a time */

ftdn_status ftdn_training_validate(const ftdn_training_validation *validation, const ftdn_network *network,
                                   ftdn_weights weights, ftdn_arena *arena, ftdn_trial_result *ret_result,
                                   ftdn_error *err)
{
    const ftdn_model model = {.network = *network, .weights = weights};
    const ftdn_planned_trial trial = {
        .settings = validation->manifest->validation, .model = &model, .dataset = validation->dataset};
    const ftdn_rig_desc desc = {.trial = &trial, .n_threads = validation->n_threads, .cache = validation->cache};
    const ftdn_trial_control control = {.batch = BATCH, .stop = validation->stop};
    ftdn_rig rig;
    FTDN_TRY(ftdn_rig_init(&rig, &desc, err));
    ftdn_status status = ftdn_trial_run(&rig, validation->dataset, &trial.settings, &control, arena, ret_result, err);
    ftdn_rig_done(&rig);
    return status;
}
