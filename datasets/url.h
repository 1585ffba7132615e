/* url.h - which addresses are fetched from, and where a redirect may lead.
 *
 * A way is weaker where others can read or change what passes: http is weaker than https. From https nothing leads to a
 * weaker way, from the network nothing leads to a file of this machine. */
#ifndef FTDN_DATASETS_URL_H
#define FTDN_DATASETS_URL_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/status.h"

typedef enum ftdn_url_scheme {
    FTDN_URL_FILE,
    FTDN_URL_HTTP,
    FTDN_URL_HTTPS,
} ftdn_url_scheme;

#define FTDN_LONGEST_URL 2000

/* Does the word look like an address ("SCHEME://..."), and not like a name? */
bool ftdn_url_is(const char *word);

/* FTDN_ERR_ARG: no address, another scheme than https, http and file, a user name or password in it (which would end up
 * in records), over FTDN_LONGEST_URL characters. */
FTDN_NODISCARD ftdn_status ftdn_url_check(const char *url, ftdn_url_scheme *ret_scheme, ftdn_error *err);

/* Where an answer's Location leads, which may be relative to the address that gave it. FTDN_ERR_INPUT: no address, or
 * one that the rule above forbids. */
FTDN_NODISCARD ftdn_status ftdn_url_follow(const char *url, const char *location, ftdn_arena *arena,
                                           const char **ret_url, ftdn_error *err);

/* A plain file name: of at most 200 characters, without '/', control characters or a leading '.', and not ending in
 * what the program itself puts behind names. */
bool ftdn_is_file_name(const char *name);

/* The last part of the address's path as a plain file name. FTDN_ERR_ARG: it is none. */
FTDN_NODISCARD ftdn_status ftdn_url_file_name(const char *url, ftdn_arena *arena, const char **ret_name,
                                              ftdn_error *err);

#endif
