/* cpu_program.h - what the CPU backend keeps with a program: the oneDNN primitives of each step. */
#ifndef FTDN_ENGINE_CPU_CPU_PROGRAM_H
#define FTDN_ENGINE_CPU_CPU_PROGRAM_H

#include "engine/cpu/onednn.h"
#include "engine/cpu/onednn_backward.h"

typedef struct ftdn_cpu_program {
    dnnl_engine_t engine;
    ftdn_onednn_step *step;         /* [n_steps]; empty where oneDNN has no part */
    ftdn_onednn_backward *backward; /* [n_steps]; empty where the step is no convolution; NULL: no gradients */
    size_t scratchpad_bytes;        /* the largest of any step */
    size_t blocked_bytes;           /* the largest blocked source or target of any step; 0: none is blocked */
} ftdn_cpu_program;

#endif
