#include "harness/plan/arithmetic.h"

#include <stdlib.h>
#include <string.h>

#include "engine/device.h"

bool ftdn_is_null_trial(const ftdn_trial_settings *settings)
{
    return !strcmp(settings->engine.backend, FTDN_NULL_BACKEND);
}

const char *ftdn_arithmetic_text(const ftdn_backend *backend, ftdn_conv_algorithm algorithm,
                                 const ftdn_device_info *device, ftdn_arena *arena, ftdn_error *err)
{
    const char *words = ftdn_backend_arithmetic(backend, algorithm), *library = ftdn_backend_version(backend);
    if (!device) return words;
    if (device->n_multiprocessors == 0) return ftdn_arena_format(arena, err, "%s, no device, %s", words, library);
    return ftdn_arena_format(arena, err, "%s sm_%d%dx%d %s", words, device->major, device->minor,
                             device->n_multiprocessors, library);
}

int ftdn_find_micro_batch(const ftdn_trial_settings *settings, const ftdn_backend *backend)
{
    if (!backend) return settings->engine.micro_batch ? settings->engine.micro_batch : 1;
    if (ftdn_backend_device(backend) && ftdn_settings_redraw_weights(&settings->faults)) return 1;
    return settings->engine.micro_batch ? settings->engine.micro_batch : ftdn_backend_micro_batch(backend);
}

ftdn_status ftdn_find_arithmetic(const ftdn_trial_settings *settings, ftdn_inputs *inputs, ftdn_arena *arena,
                                 const char **ret_arithmetic, int *ret_micro_batch, ftdn_error *err)
{
    const ftdn_engine_settings *engine = &settings->engine;
    const ftdn_backend *backend = NULL;
    const char *arithmetic = "none";
    if (!ftdn_is_null_trial(settings)) {
        FTDN_TRY(ftdn_backend_open(engine->backend, &backend, err));
        const ftdn_device_info *device = ftdn_backend_device(backend) ? ftdn_inputs_get_device(inputs) : NULL;
        arithmetic = ftdn_arithmetic_text(backend, engine->conv_algorithm, device, arena, err);
    }
    if (!arithmetic) return FTDN_ERR_MEMORY;
    *ret_arithmetic = arithmetic;
    *ret_micro_batch = ftdn_find_micro_batch(settings, backend);
    return FTDN_OK;
}

/* "sm_90x132": 9, 0 and 132; "sm_120x170": 12, 0 and 170. */
static bool read_kind(const char *kind, ftdn_device_info *ret_device)
{
    static const char figures[] = "0123456789";
    if (strncmp(kind, "sm_", 3) != 0) return false;
    const char *digits = kind + 3;
    size_t n_digits = strspn(digits, figures);
    if (n_digits < 2 || n_digits > 3 || *digits == '0' || digits[n_digits] != 'x') return false;
    const char *number = digits + n_digits + 1;
    size_t n_number = strspn(number, figures);
    if (n_number < 1 || n_number > 5 || *number == '0' || number[n_number]) return false;
    ret_device->major = digits[0] - '0';
    if (n_digits == 3) ret_device->major = 10 * ret_device->major + digits[1] - '0';
    ret_device->minor = digits[n_digits - 1] - '0';
    ret_device->n_multiprocessors = atoi(number);
    return true;
}

ftdn_status ftdn_arithmetic_assume_device(const char *kind, ftdn_inputs *inputs, ftdn_error *err)
{
    const ftdn_device_module *module;
    if (!read_kind(kind, &inputs->device))
        return FTDN_FAIL(err, FTDN_ERR_ARG,
                         "'%s' is no kind of device; they are called sm_90x132: compute capability 9.0, 132 "
                         "multiprocessors ('ftdn doctor' names it where one answers)",
                         kind);
    FTDN_TRY(ftdn_device_module_open(&module, err));
    inputs->device_is_known = true;
    return FTDN_OK;
}

ftdn_status ftdn_backend_blame(const ftdn_manifest *manifest, size_t index, ftdn_status status, ftdn_error *err)
{
    if (status != FTDN_ERR_BACKEND) return status;
    status = ftdn_manifest_blame(manifest, index, FTDN_KEY_ENGINE_BACKEND, status, err);
    ftdn_error_hint(err, "'ftdn doctor' looks at backends and devices");
    return status;
}
