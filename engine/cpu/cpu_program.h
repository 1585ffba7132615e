/* cpu_program.h - what the CPU backend keeps with a program: one oneDNN primitive per step. */
#ifndef FTDN_ENGINE_CPU_CPU_PROGRAM_H
#define FTDN_ENGINE_CPU_CPU_PROGRAM_H

#include "engine/cpu/onednn.h"

typedef struct ftdn_cpu_program {
    dnnl_engine_t engine;
    ftdn_onednn_step *step;  /* [n_steps]; empty where oneDNN has no part */
    size_t scratchpad_bytes; /* the largest of any step */
    size_t blocked_bytes;    /* the largest blocked source or target of any step; 0: none is blocked */
} ftdn_cpu_program;

#endif
