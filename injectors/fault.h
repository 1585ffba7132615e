/* fault.h - fault models applied in bulk, and the number of a layer. */
#ifndef FTDN_INJECTORS_FAULT_H
#define FTDN_INJECTORS_FAULT_H

#include <stddef.h>
#include <stdint.h>

#include "injectors/fault_count.h"
#include "injectors/fault_hd.h"

/* Apply the model to values[place[i]], i < n_hits, which is element first + offset[i] of the stream's tensor.
 * Adds to n_faults, n_changed and n_nonfinite of count. */
void ftdn_fault_apply(const ftdn_fault_model *model, ftdn_site_stream stream, uint64_t first, const uint32_t *offset,
                      float *values, const uint32_t *place, int n_hits, ftdn_fault_count *count);

/* The model for a tensor: where RANDOM has no range, that of the finite values is taken (a zero counts as +0);
 * 0 to 0 where there is none. Other models are as they were. */
ftdn_fault_model ftdn_fault_model_for(const ftdn_fault_model *model, const float *values, size_t n_values);

/* The number that addresses a layer in fault sites: fnv1a64 of its name, upper half xor lower half. */
uint32_t ftdn_layer_id(const char *name);

#endif
