#include "injectors/fault.h"

#include "base/fnv.h"

size_t ftdn_fault_apply(ftdn_fault_type type, float *values, const uint32_t *offset, int n_hits)
{
    size_t n_changed = 0;
    switch (type) {
    case FTDN_FAULT_ZERO:
        for (int i = 0; i < n_hits; i++) {
            n_changed += values[offset[i]] != 0.0f;
            values[offset[i]] = 0.0f;
        }
        break;
    }
    return n_changed;
}

uint32_t ftdn_layer_id(const char *name)
{
    uint64_t hash = ftdn_fnv1a64(name);
    return (uint32_t)(hash >> 32) ^ (uint32_t)hash;
}
