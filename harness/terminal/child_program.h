/* child_program.h - run another program to its end and see what it says; no shell reads its words. */
#ifndef FTDN_HARNESS_TERMINAL_CHILD_PROGRAM_H
#define FTDN_HARNESS_TERMINAL_CHILD_PROGRAM_H

#include "base/arena.h"
#include "base/status.h"

typedef struct ftdn_child_result {
    int exit_code;        /* 128 + the signal where one ended it */
    const char *out, *err; /* all of its stdout and stderr; live in the arena */
} ftdn_child_result;

/* Run argv[0], looked up in PATH, with the words argv (NULL behind the last) and nothing on stdin.
 * FTDN_ERR_INPUT: it cannot be started; the message begins with its name. */
FTDN_NODISCARD ftdn_status ftdn_child_run(const char *const *argv, ftdn_arena *arena, ftdn_child_result *ret_result,
                                          ftdn_error *err);

#endif
