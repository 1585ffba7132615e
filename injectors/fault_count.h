/* fault_count.h - what an injector did to one layer. */
#ifndef FTDN_INJECTORS_FAULT_COUNT_H
#define FTDN_INJECTORS_FAULT_COUNT_H

#include <stdint.h>

typedef struct ftdn_fault_count {
    int64_t n_elements;  /* that could be hit */
    int64_t n_faults;    /* elements hit: the observed rate is n_faults / n_elements */
    int64_t n_changed;   /* of these, elements that are not what they were: other bits; zero faults: another value */
    int64_t n_nonfinite; /* of these, elements that were finite and are NaN or infinite afterwards */
} ftdn_fault_count;

static inline void ftdn_fault_count_add(ftdn_fault_count *total, const ftdn_fault_count *more)
{
    total->n_elements += more->n_elements;
    total->n_faults += more->n_faults;
    total->n_changed += more->n_changed;
    total->n_nonfinite += more->n_nonfinite;
}

#endif
