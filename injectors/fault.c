#include "injectors/fault.h"

#include <float.h>

#include "base/fnv.h"

/* The one model without random bits, and the paper's. */
static void make_zero(float *values, const uint32_t *place, int n_hits, ftdn_fault_count *count)
{
    for (int i = 0; i < n_hits; i++) {
        count->n_changed += values[place[i]] != 0.0f;
        values[place[i]] = 0.0f;
    }
}

void ftdn_fault_apply(const ftdn_fault_model *model, ftdn_site_stream stream, uint64_t first, const uint32_t *offset,
                      float *values, const uint32_t *place, int n_hits, ftdn_fault_count *count)
{
    count->n_faults += n_hits;
    if (model->type == FTDN_FAULT_ZERO) {
        make_zero(values, place, n_hits, count);
        return;
    }
    for (int i = 0; i < n_hits; i++) {
        float *value = &values[place[i]];
        uint32_t before = ftdn_float_bits(*value);
        uint32_t after = ftdn_fault_value(model, before, ftdn_fault_random(stream, first + offset[i]));
        count->n_changed += after != before;
        count->n_nonfinite += ftdn_bits_are_nonfinite(after) && !ftdn_bits_are_nonfinite(before);
        memcpy(value, &after, sizeof after);
    }
}

ftdn_fault_model ftdn_fault_model_for(const ftdn_fault_model *model, const float *values, size_t n_values)
{
    ftdn_fault_model fitted = *model;
    if (model->type != FTDN_FAULT_RANDOM || model->has_range) return fitted;
    float low = FLT_MAX, high = -FLT_MAX;
    for (size_t i = 0; i < n_values; i++) {
        float value = values[i];
        low = value < low && value >= -FLT_MAX ? value : low;
        high = value > high && value <= FLT_MAX ? value : high;
    }
    fitted.has_range = 1;
    fitted.low = low <= high ? low + 0.0f : 0.0f;
    fitted.high = low <= high ? high + 0.0f : 0.0f;
    return fitted;
}

uint32_t ftdn_layer_id(const char *name)
{
    uint64_t hash = ftdn_fnv1a64(name);
    return (uint32_t)(hash >> 32) ^ (uint32_t)hash;
}
