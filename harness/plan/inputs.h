/* inputs.h - the models and datasets that a manifest names, each opened once, and the kind of device. */
#ifndef FTDN_HARNESS_PLAN_INPUTS_H
#define FTDN_HARNESS_PLAN_INPUTS_H

#include "base/arena.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "engine/device.h"
#include "harness/manifest/settings.h"
#include "harness/plan/model.h"

typedef struct ftdn_inputs {
    ftdn_arena arena;
    struct ftdn_open_model *models;     /* newest first */
    struct ftdn_open_dataset *datasets; /* newest first */
    bool device_is_known;
    ftdn_device_info device; /* of whose kind trials on devices are planned for; zeros: none answers */
} ftdn_inputs;

void ftdn_inputs_init(ftdn_inputs *inputs);
void ftdn_inputs_done(ftdn_inputs *inputs);

/* The model of these settings, opened on first use; lives in inputs. What cannot be opened is tried once: its failure
 * is kept. */
FTDN_NODISCARD ftdn_status ftdn_inputs_get_model(ftdn_inputs *inputs, const ftdn_model_settings *settings,
                                                 const ftdn_model **ret_model, ftdn_error *err);

/* The first device, asked for once (ftdn_device_probe), or what stands there already: for who plans another machine's
 * work. */
const ftdn_device_info *ftdn_inputs_get_device(ftdn_inputs *inputs);

/* The dataset of these settings, listed on first use (not decoded); lives in inputs. Failures as of a model. */
FTDN_NODISCARD ftdn_status ftdn_inputs_get_dataset(ftdn_inputs *inputs, const ftdn_data_settings *settings,
                                                   ftdn_dataset **ret_dataset, ftdn_error *err);

#endif
