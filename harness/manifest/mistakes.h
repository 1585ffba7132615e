/* mistakes.h - what is wrong in a manifest, all of it in one list.
 *
 * A checker adds what it finds and goes on; at its end the list is sorted by place and becomes one
 * failure. Adding never reports: a refused allocation sets `failed`, and ftdn_mistakes_check says so.
 * Each line reads `file:line:column: pointer: what is wrong; what is allowed; did you mean`. */
#ifndef FTDN_HARNESS_MANIFEST_MISTAKES_H
#define FTDN_HARNESS_MANIFEST_MISTAKES_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "base/text.h"

#define FTDN_MAX_MISTAKES 1000 /* kept; a last line says that there are more */

typedef struct ftdn_position {
    const char *file; /* borrowed */
    int line, column; /* from 1 */
} ftdn_position;

typedef struct ftdn_mistake {
    ftdn_position position;
    const char *text; /* "pointer: what is wrong, ..."; lives in the arena */
} ftdn_mistake;

typedef struct ftdn_mistakes {
    ftdn_arena *arena; /* borrowed */
    int n_mistakes, capacity;
    ftdn_mistake *mistake; /* [n_mistakes] */
    bool has_more;         /* some were not kept */
    bool failed;           /* an allocation was refused */
} ftdn_mistakes;

void ftdn_mistakes_init(ftdn_mistakes *mistakes, ftdn_arena *arena);

ftdn_position ftdn_position_of_value(const ftdn_json *node);
ftdn_position ftdn_position_of_key(const ftdn_json *member);

/* Add a mistake, unless the same text stands at the same place already. Control characters become '?',
 * and a text of more than 600 bytes is cut. */
void ftdn_mistakes_add(ftdn_mistakes *mistakes, ftdn_position position, const char *pointer, const char *format, ...)
    FTDN_PRINTF(4, 5);

/* Sort by place. FTDN_OK where there is none; else FTDN_ERR_MANIFEST, whose message holds as many lines
 * as fit (ftdn_mistakes_write has them all). FTDN_ERR_MEMORY where one could not be added. */
FTDN_NODISCARD ftdn_status ftdn_mistakes_check(ftdn_mistakes *mistakes, ftdn_error *err);

/* Append every mistake, one line each. */
void ftdn_mistakes_write(const ftdn_mistakes *mistakes, ftdn_text *text);

/* Print every mistake on stderr. */
void ftdn_mistakes_print(const ftdn_mistakes *mistakes);

/* The same, of the manifest at `path`. Answers FTDN_ERR_MANIFEST, and says how many there are. */
ftdn_status ftdn_mistakes_print_all(const ftdn_mistakes *mistakes, const char *path, ftdn_error *err);

#endif
