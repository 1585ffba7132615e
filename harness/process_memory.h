/* process_memory.h - what a process takes of this machine's memory, as the kernel counts it. */
#ifndef FTDN_HARNESS_PROCESS_MEMORY_H
#define FTDN_HARNESS_PROCESS_MEMORY_H

#include <sys/types.h>

/* Bytes that the process shares with nobody; 0 where the kernel does not say. */
double ftdn_process_private_bytes(pid_t process);

/* Bytes of this process that are in memory, shared ones included. */
double ftdn_process_own_bytes(void);

#endif
