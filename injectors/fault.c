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

/* Make [low, high] hold a value, unless it is NaN or infinite. */
static inline void widen(float value, float *low, float *high)
{
    float above = value >= -FLT_MAX ? value : FLT_MAX, below = value <= FLT_MAX ? value : -FLT_MAX;
    *low = above < *low ? above : *low;
    *high = below > *high ? below : *high;
}

ftdn_fault_model ftdn_fault_model_for(const ftdn_fault_model *model, const float *values, size_t n_values)
{
    ftdn_fault_model fitted = *model;
    if (!ftdn_fault_wants_range(model)) return fitted;
    /* Lanes of their own can be searched side by side; in which order does not matter. */
    enum { n_lanes = 16 };
    float lows[n_lanes], highs[n_lanes], low = FLT_MAX, high = -FLT_MAX;
    for (int lane = 0; lane < n_lanes; lane++) {
        lows[lane] = low;
        highs[lane] = high;
    }
    size_t i = 0;
    for (; i + n_lanes <= n_values; i += n_lanes) {
        for (int lane = 0; lane < n_lanes; lane++) widen(values[i + (size_t)lane], &lows[lane], &highs[lane]);
    }
    for (int lane = 0; lane < n_lanes; lane++) {
        low = lows[lane] < low ? lows[lane] : low;
        high = highs[lane] > high ? highs[lane] : high;
    }
    for (; i < n_values; i++) widen(values[i], &low, &high);
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
