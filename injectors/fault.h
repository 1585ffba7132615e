/* fault.h - fault models: what a hit element becomes. */
#ifndef FTDN_INJECTORS_FAULT_H
#define FTDN_INJECTORS_FAULT_H

#include <stddef.h>
#include <stdint.h>

typedef enum ftdn_fault_type {
    FTDN_FAULT_ZERO, /* the value becomes 0 */
} ftdn_fault_type;

/* Apply the model to values[offset[i]], i < n_hits. Returns how many of these values differ afterwards. */
size_t ftdn_fault_apply(ftdn_fault_type type, float *values, const uint32_t *offset, int n_hits);

/* The number that addresses a layer in fault sites: fnv1a64 of its name, upper half xor lower half. */
uint32_t ftdn_layer_id(const char *name);

#endif
