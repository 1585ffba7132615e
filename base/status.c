#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

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
    return status;
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
    if (n_prefix < 0 || (size_t)n_prefix >= sizeof err->message - 2) return err->status;
    size_t at = (size_t)n_prefix;
    err->message[at++] = ':';
    err->message[at++] = ' ';
    size_t n_rest = strlen(rest), n_room = sizeof err->message - 1 - at; /* what does not fit is cut */
    if (n_rest > n_room) n_rest = n_room;
    memcpy(err->message + at, rest, n_rest);
    err->message[at + n_rest] = 0;
    return err->status;
}
