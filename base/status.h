/* status.h - what a function answers: a status, and an error record that says where and why.
 *
 * Every function that can fail returns a ftdn_status and takes a ftdn_error * as its last
 * parameter. The record belongs to the caller and may be NULL where nobody reads it. It is written
 * once, where the cause is known; callers add context in front of it (ftdn_error_context) only
 * where they know what the callee does not. Bad input is a status; a caller's bug is an assert. */
#ifndef FTDN_BASE_STATUS_H
#define FTDN_BASE_STATUS_H

#define FTDN_NODISCARD __attribute__((warn_unused_result))
#define FTDN_PRINTF(format_index, first_arg) __attribute__((format(printf, format_index, first_arg)))

/* The classes of failure; harness/terminal/exit_code.h maps them to the exit codes of the command line. */
typedef enum ftdn_status {
    FTDN_OK = 0,
    FTDN_ERR_ARG,         /* a value outside its rule, handed over by a caller or on the command line */
    FTDN_ERR_MEMORY,      /* an allocation was refused, or a size does not fit into size_t */
    FTDN_ERR_INPUT,       /* a file (weights, image, annotation) is missing, unreadable or malformed */
    FTDN_ERR_MANIFEST,    /* an experiment manifest breaks its grammar */
    FTDN_ERR_STORE,       /* the results database cannot be opened, read or written */
    FTDN_ERR_BACKEND,     /* a compute library refused a call */
    FTDN_ERR_INTERRUPTED, /* the user asked to stop */
    FTDN_ERR_PIPE,        /* who read what is written has left: `| head` */
} ftdn_status;

typedef struct ftdn_error {
    ftdn_status status;
    const char *file; /* source file and line that saw the failure; static strings */
    int line;
    char message[2048]; /* one line or more; no capital, no full stop at the end */
} ftdn_error;

/* Write a failure into err (which may be NULL) and return status. What a terminal would obey, in names out of files,
 * becomes '?':
 *     return FTDN_FAIL(err, FTDN_ERR_ARG, "rate %g is outside [0, 1]", rate); */
#ifdef __clang_analyzer__ /* which does not see that the call answers the status it is given */
#define FTDN_FAIL(err, status, ...) (ftdn_error_set((err), (status), __FILE__, __LINE__, __VA_ARGS__), (status))
#else
#define FTDN_FAIL(err, status, ...) ftdn_error_set((err), (status), __FILE__, __LINE__, __VA_ARGS__)
#endif

/* Pass a failure on to the caller; for functions that own nothing that needs a release. */
#define FTDN_TRY(call)                                                                                                 \
    do {                                                                                                               \
        ftdn_status ftdn_try_status = (call);                                                                          \
        if (ftdn_try_status != FTDN_OK) return ftdn_try_status;                                                        \
    } while (0)

ftdn_status ftdn_error_set(ftdn_error *err, ftdn_status status, const char *file, int line, const char *format, ...)
    FTDN_PRINTF(5, 6);

/* Put "context: " in front of the message. Returns err->status (FTDN_OK when err is NULL). */
ftdn_status ftdn_error_context(ftdn_error *err, const char *format, ...) FTDN_PRINTF(2, 3);

/* Put "; hint" behind the message, where there is room for it: what the user may do about it. */
void ftdn_error_hint(ftdn_error *err, const char *format, ...) FTDN_PRINTF(2, 3);

#endif
