#include "harness/plan/broken_inputs.h"

#include <string.h>

ftdn_key_id ftdn_model_key(ftdn_status status)
{
    return status == FTDN_ERR_INPUT ? FTDN_KEY_MODEL_WEIGHTS : FTDN_KEY_MODEL;
}

ftdn_key_id ftdn_dataset_key(ftdn_status status)
{
    return status == FTDN_ERR_INPUT ? FTDN_KEY_DATASET_ROOT : FTDN_KEY_DATASET;
}

ftdn_key_id ftdn_calibration_key(ftdn_status status)
{
    return status == FTDN_ERR_INPUT ? FTDN_KEY_CALIBRATION_ROOT : FTDN_KEY_CALIBRATION;
}

typedef struct search {
    const ftdn_manifest *manifest;
    ftdn_inputs *inputs;
    ftdn_mistakes *mistakes;
} search;

/* "does not fit the network, 2 mistakes: conv1: missing; conv2: missing" */
static void append_as_one_line(ftdn_text *line, const char *message)
{
    while (*message) {
        size_t n_chars = strcspn(message, "\n");
        bool is_heading = n_chars > 0 && message[n_chars - 1] == ':';
        ftdn_text_append_bytes(line, message, n_chars);
        message += n_chars;
        message += strspn(message, "\n ");
        if (*message) ftdn_text_append(line, is_heading ? " " : "; ");
    }
}

/* cause: of the status. Many trials have the same mistake, which is kept once. */
static ftdn_status note(search *s, size_t index, ftdn_key_id key, ftdn_status status, const ftdn_error *cause,
                        ftdn_error *err)
{
    if (status == FTDN_ERR_MEMORY && err) *err = *cause;
    if (status == FTDN_ERR_MEMORY) return status;
    if (status != FTDN_ERR_INPUT) return FTDN_OK;
    const char *pointer;
    ftdn_position position = ftdn_manifest_locate(s->manifest, index, key, &pointer);
    ftdn_text line;
    ftdn_text_init(&line);
    append_as_one_line(&line, cause->message);
    if (line.failed) s->mistakes->failed = true;
    else ftdn_mistakes_add(s->mistakes, position, pointer, "%s", line.chars);
    ftdn_text_done(&line);
    return FTDN_OK;
}

static ftdn_status try_trial(search *s, size_t index, ftdn_error *err)
{
    ftdn_trial_settings settings;
    ftdn_error cause = {0};
    const ftdn_model *model;
    ftdn_dataset *dataset;
    ftdn_manifest_get_settings(s->manifest, index, &settings);
    ftdn_status status = ftdn_inputs_get_model(s->inputs, &settings.model, &model, &cause);
    FTDN_TRY(note(s, index, ftdn_model_key(status), status, &cause, err));
    status = ftdn_inputs_get_dataset(s->inputs, &settings.dataset, &dataset, &cause);
    FTDN_TRY(note(s, index, ftdn_dataset_key(status), status, &cause, err));
    if (settings.calibration.kind == FTDN_DATA_NONE || !ftdn_settings_need_calibration(&settings.protection))
        return FTDN_OK;
    status = ftdn_inputs_get_dataset(s->inputs, &settings.calibration, &dataset, &cause);
    return note(s, index, ftdn_calibration_key(status), status, &cause, err);
}

ftdn_status ftdn_broken_inputs_find(const ftdn_manifest *manifest, ftdn_inputs *inputs, ftdn_mistakes *mistakes,
                                    ftdn_error *err)
{
    search s = {manifest, inputs, mistakes};
    size_t index = 0;
    for (int i = 0; i < manifest->n_sweeps; i++) {
        const ftdn_sweep *sweep = &manifest->sweep[i];
        for (size_t c = 0; c < sweep->n_combinations; c++) {
            FTDN_TRY(try_trial(&s, index, err));
            index += ftdn_sweep_n_seeds(sweep);
        }
    }
    return FTDN_OK;
}
