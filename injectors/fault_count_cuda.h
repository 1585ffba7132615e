/* fault_count_cuda.h - what kernels count of hit elements. */
#ifndef FTDN_INJECTORS_FAULT_COUNT_CUDA_H
#define FTDN_INJECTORS_FAULT_COUNT_CUDA_H

/* As in ftdn_fault_count, of the type that atomic additions take. */
typedef struct ftdn_cuda_count {
    unsigned long long n_faults, n_changed, n_nonfinite;
} ftdn_cuda_count;

#endif
