/* exit_code.h - what the program answers to its caller. */
#ifndef FTDN_HARNESS_TERMINAL_EXIT_CODE_H
#define FTDN_HARNESS_TERMINAL_EXIT_CODE_H

#include "base/status.h"

typedef enum ftdn_exit_code {
    FTDN_EXIT_DONE = 0,
    FTDN_EXIT_UNEXPECTED = 1, /* out of memory, a compute library refused a call */
    FTDN_EXIT_USAGE = 2,
    FTDN_EXIT_MANIFEST = 3,
    FTDN_EXIT_INPUT = 4,
    FTDN_EXIT_STORE = 5,
    FTDN_EXIT_FAILED_TRIALS = 10, /* the campaign is finished, but some trials failed */
    FTDN_EXIT_TRIALS_LEFT = 11,   /* the time that the user gave is over, or so many trials as he asked for are run */
    FTDN_EXIT_INTERRUPTED = 130,
    FTDN_EXIT_NO_READER = 141, /* what was printed is no longer read: as of a program that SIGPIPE ends */
} ftdn_exit_code;

static inline ftdn_exit_code ftdn_exit_code_of(ftdn_status status)
{
    switch (status) {
    case FTDN_OK: return FTDN_EXIT_DONE;
    case FTDN_ERR_ARG: return FTDN_EXIT_USAGE;
    case FTDN_ERR_INPUT: return FTDN_EXIT_INPUT;
    case FTDN_ERR_MANIFEST: return FTDN_EXIT_MANIFEST;
    case FTDN_ERR_STORE: return FTDN_EXIT_STORE;
    case FTDN_ERR_INTERRUPTED: return FTDN_EXIT_INTERRUPTED;
    case FTDN_ERR_PIPE: return FTDN_EXIT_NO_READER;
    case FTDN_ERR_MEMORY:
    case FTDN_ERR_BACKEND: break;
    }
    return FTDN_EXIT_UNEXPECTED;
}

#endif
