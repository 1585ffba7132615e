/* tls_front.h - a TLS end on loopback: what comes in encrypted goes to a plain server of the same machine.
 *
 * Its certificate is signed by an authority of its own, which a client that is to trust it must be told of. One thread
 * serves one connection after another. */
#ifndef FTDN_TESTS_DATASETS_TLS_FRONT_H
#define FTDN_TESTS_DATASETS_TLS_FRONT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/arena.h"

typedef struct ftdn_tls_certificate {
    bool is_signed_by_other; /* by an authority that nobody is told of */
    const char *address;     /* that it is made out to; "127.0.0.1" is right */
    long valid_s;            /* from now on; negative: it has expired */
} ftdn_tls_certificate;

typedef struct ftdn_tls_front {
    int listener, port, plain_port;
    struct ssl_ctx_st *context;
    pthread_t thread;
    atomic_bool is_over;
} ftdn_tls_front;

/* Listen on a free port. authority_path: written, the authority's certificate (PEM). The process should ignore SIGPIPE:
 * clients may be gone. */
void ftdn_tls_front_start(ftdn_tls_front *front, const char *authority_path, const ftdn_tls_certificate *certificate,
                          int plain_port);
void ftdn_tls_front_stop(ftdn_tls_front *front);

/* "https://127.0.0.1:PORT" + path */
const char *ftdn_tls_front_url(const ftdn_tls_front *front, ftdn_arena *arena, const char *path);

#endif
