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

#endif
