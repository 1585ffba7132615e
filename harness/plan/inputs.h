/* inputs.h - the models and datasets that a manifest names, each opened once. */
#ifndef FTDN_HARNESS_PLAN_INPUTS_H
#define FTDN_HARNESS_PLAN_INPUTS_H

#include "base/arena.h"
#include "base/status.h"
#include "datasets/dataset.h"
#include "harness/manifest/settings.h"
#include "harness/plan/model.h"

typedef struct ftdn_inputs {
    ftdn_arena arena;
    struct ftdn_open_model *models;     /* newest first */
    struct ftdn_open_dataset *datasets; /* newest first */
} ftdn_inputs;

void ftdn_inputs_init(ftdn_inputs *inputs);
void ftdn_inputs_done(ftdn_inputs *inputs);

/* The model of these settings, opened on first use; lives in inputs. What cannot be opened is tried once: its failure
 * is kept. */
FTDN_NODISCARD ftdn_status ftdn_inputs_get_model(ftdn_inputs *inputs, const ftdn_model_settings *settings,
                                                 const ftdn_model **ret_model, ftdn_error *err);

/* The dataset of these settings, listed on first use (not decoded); lives in inputs. Failures as above. */
FTDN_NODISCARD ftdn_status ftdn_inputs_get_dataset(ftdn_inputs *inputs, const ftdn_data_settings *settings,
                                                   ftdn_dataset **ret_dataset, ftdn_error *err);

#endif
