#include "harness/plan/arithmetic.h"

#include <string.h>

bool ftdn_is_null_trial(const ftdn_trial_settings *settings)
{
    return !strcmp(settings->engine.backend, FTDN_NULL_BACKEND);
}

ftdn_status ftdn_find_arithmetic(const ftdn_engine_settings *engine, const char **ret_arithmetic, int *ret_micro_batch,
                                 ftdn_error *err)
{
    const char *arithmetic = "none";
    int micro_batch = 1;
    if (strcmp(engine->backend, FTDN_NULL_BACKEND) != 0) {
        const ftdn_backend *backend;
        FTDN_TRY(ftdn_backend_open(engine->backend, &backend, err));
        arithmetic = ftdn_backend_arithmetic(backend, engine->conv_algorithm);
        micro_batch = ftdn_backend_micro_batch(backend);
    }
    *ret_arithmetic = arithmetic;
    *ret_micro_batch = engine->micro_batch ? engine->micro_batch : micro_batch;
    return FTDN_OK;
}
