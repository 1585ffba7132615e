#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

ftdn_status ftdn_error_set(ftdn_error *err, ftdn_status status, const char *file, int line, const char *format, ...)
{
    if (!err) return status;
    err->status = status;
    err->file = file;
    err->line = line;
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    ftdn_make_printable(err->message, strlen(err->message), true);
    return status;
}

/* Append ": " and the rest; what does not fit is cut. */
static void append_rest(ftdn_error *err, size_t at, const char *rest)
{
    size_t n_rest = strlen(rest), n_room = sizeof err->message - 3 - at;
    if (n_rest > n_room) n_rest = n_room;
    memcpy(err->message + at, ": ", 2);
    memcpy(err->message + at + 2, rest, n_rest);
    err->message[at + 2 + n_rest] = 0;
}

ftdn_status ftdn_error_context(ftdn_error *err, const char *format, ...)
{
    if (!err) return FTDN_OK;
    char rest[sizeof err->message];
    memcpy(rest, err->message, sizeof rest);
    va_list args;
    va_start(args, format);
    int n_prefix = vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    if (n_prefix >= 0 && (size_t)n_prefix < sizeof err->message - 2) append_rest(err, (size_t)n_prefix, rest);
    ftdn_make_printable(err->message, strlen(err->message), true);
    return err->status;
}

const char *ftdn_status_name(ftdn_status status)
{
    switch (status) {
    case FTDN_OK: return "ok";
    case FTDN_ERR_ARG: return "argument";
    case FTDN_ERR_MEMORY: return "memory";
    case FTDN_ERR_INPUT: return "input";
    case FTDN_ERR_MANIFEST: return "manifest";
    case FTDN_ERR_STORE: return "store";
    case FTDN_ERR_BACKEND: return "backend";
    case FTDN_ERR_INTERRUPTED: return "interrupted";
    }
    return "unknown";
}
