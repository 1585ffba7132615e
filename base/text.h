/* text.h - a text that grows: JSON, SQL and tables are written into it.
 *
 * Appending never reports: a refused allocation sets `failed` and later calls do nothing, so that
 * a writer checks once, at its end. */
#ifndef FTDN_BASE_TEXT_H
#define FTDN_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"

typedef struct ftdn_text {
    char *chars; /* 0-terminated; NULL while nothing was appended */
    size_t n_chars;
    size_t capacity;
    bool failed;
} ftdn_text;

void ftdn_text_init(ftdn_text *text);
void ftdn_text_done(ftdn_text *text);

void ftdn_text_append(ftdn_text *text, const char *format, ...) FTDN_PRINTF(2, 3);
void ftdn_text_append_bytes(ftdn_text *text, const char *bytes, size_t n_bytes);

/* Take the first n_chars away; at most what is there. */
void ftdn_text_drop(ftdn_text *text, size_t n_chars);

/* "..." with everything escaped that JSON wants escaped. */
void ftdn_text_append_json_string(ftdn_text *text, const char *string);

/* The shortest decimal that reads back as the same double, integers below 1e15 without exponent; null for
 * NaN and infinities. */
void ftdn_text_append_json_number(ftdn_text *text, double number);

/* A field of CSV, with quotes where RFC 4180 asks for them. An empty text is quoted too, so that it differs from no
 * text. */
void ftdn_text_append_csv(ftdn_text *text, const char *chars, size_t n_chars);

/* One word of a POSIX shell, as it is or in '...': a command that is shown can be copied, whatever a path holds. */
void ftdn_text_append_shell_word(ftdn_text *text, const char *word);

/* What was written, as a text that lives in the arena; the ftdn_text is done with. NULL: FTDN_ERR_MEMORY. */
FTDN_NODISCARD char *ftdn_text_keep(ftdn_text *text, ftdn_arena *arena, ftdn_error *err);

/* FTDN_ERR_MEMORY if any append was refused. */
FTDN_NODISCARD ftdn_status ftdn_text_check(const ftdn_text *text, ftdn_error *err);

#endif
