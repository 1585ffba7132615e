/* processes.h - a program's worker processes, seen and handled from outside. */
#ifndef FTDN_TESTS_CLI_PROCESSES_H
#define FTDN_TESTS_CLI_PROCESSES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The children of a process that live: up to n_most ids; how many. */
int ftdn_find_children(pid_t parent, pid_t *ret_child, int n_most);

/* Turn over the lowest bit of every place of a process's memory where these bytes stand. The number of places; -1 where
 * the memory of another process cannot be written here. The process should be stopped. */
int ftdn_damage_memory(pid_t process, const void *bytes, size_t n_bytes);

#endif
