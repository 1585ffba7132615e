/* hostile_server.h - an HTTP server on loopback that does what a test tells it to, however wrong.
 *
 * One thread answers one connection after another. What it does with a connection is the test's function, which finds
 * the right answer here too (ftdn_server_send_file) and bends it. */
#ifndef FTDN_TESTS_DATASETS_HOSTILE_SERVER_H
#define FTDN_TESTS_DATASETS_HOSTILE_SERVER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define FTDN_SERVER_MOST_REQUESTS 4096

typedef struct ftdn_server ftdn_server;

/* One request: the text of its head; it is the index-th of the server, from 0. The connection is closed behind it. */
typedef void ftdn_server_answer(ftdn_server *server, int connection, const char *request, int index);

struct ftdn_server {
    ftdn_server_answer *answer;
    const char *body; /* of the file */
    size_t n_body;
    const char *etag; /* "\"v1\""; NULL: none is sent */
    atomic_long number; /* for the test's function */
    int listener, port;
    pthread_t thread;
    atomic_bool is_over;
    atomic_int n_requests;
    char *request[FTDN_SERVER_MOST_REQUESTS]; /* their heads; malloc */
};

/* A socket that listens on a free port of loopback. The test fails where that cannot be. */
int ftdn_server_listen(int *ret_port);

/* Listen on a free port; answer, body, n_body and etag are set. The test fails where that cannot be. */
void ftdn_server_start(ftdn_server *server);
void ftdn_server_stop(ftdn_server *server);

/* "http://127.0.0.1:PORT" + path */
const char *ftdn_server_url(const ftdn_server *server, ftdn_arena *arena, const char *path);

/* Send bytes, or text; false where the other side has gone. */
bool ftdn_server_send(int connection, const void *bytes, size_t n_bytes);
bool ftdn_server_say(int connection, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The first byte of the range that is asked for; -1: none is. */
long ftdn_server_range(const char *request);

/* Does the head have this line? */
bool ftdn_server_has_line(const char *request, const char *line);

/* Answer as a good server does: a range where If-Range fits, else the whole file; the body ends after n_most bytes. */
void ftdn_server_send_file(const ftdn_server *server, int connection, const char *request, size_t n_most);

/* Wait; false as soon as the server is to stop. */
bool ftdn_server_sleep(const ftdn_server *server, long milliseconds);

#endif
