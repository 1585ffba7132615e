/* fetching.h - a cache, a hostile server with a file of random bytes, and fetches of that file. */
#ifndef FTDN_TESTS_DATASETS_FETCHING_H
#define FTDN_TESTS_DATASETS_FETCHING_H

#include <signal.h>

#include "base/text.h"
#include "datasets/fetch.h"
#include "tests/datasets/hostile_server.h"
#include "tests/support/support.h"

#define FTDN_FETCHED_NAME "data.bin"

typedef struct ftdn_fetching {
    ftdn_arena arena;
    char *cache;
    ftdn_server server;
    char sha256[FTDN_SHA256_HEX]; /* of the server's file */
    const char *url[2];           /* /a/data.bin, /b/data.bin; a fetch asks n_urls of them, NULL ones apart */
    /* What a fetch knows. */
    ftdn_catalog_file file;
    ftdn_catalog_entry entry;
    double timeout_s;
    /* What it said. */
    ftdn_text told;
    volatile sig_atomic_t stop;
    uint64_t stop_at; /* bytes at which the user wants it to end; 0: never */
    ftdn_error err;
} ftdn_fetching;

/* cmocka's setup and teardown; *state is the ftdn_fetching. */
int ftdn_fetching_set_up(void **state);
int ftdn_fetching_tear_down(void **state);
#define FTDN_FETCHING_TEST(function)                                                                                   \
    cmocka_unit_test_setup_teardown(function, ftdn_fetching_set_up, ftdn_fetching_tear_down)

/* Start the server with a file of n_bytes. The entry knows its digest and has one address; the test changes that. */
void ftdn_fetching_serve(ftdn_fetching *f, ftdn_server_answer *answer, size_t n_bytes);

/* Fetch; what is told is collected anew. */
ftdn_status ftdn_fetching_run(ftdn_fetching *f, ftdn_fetched *ret_fetched);

/* Fetch, and see that exactly the file and its record are in the cache. */
void ftdn_fetching_assert_right(ftdn_fetching *f);

/* Fetch, and see that it fails with this message and that no file is accepted: in the cache lie at most its parts. */
void ftdn_fetching_assert_refused(ftdn_fetching *f, const char *fragment);

/* Is a file of that name in the cache? */
bool ftdn_fetching_has(ftdn_fetching *f, const char *name);

/* Empty the cache. */
void ftdn_fetching_forget(ftdn_fetching *f);

/* The k-th request was for the path, and asked for the range from first on (-1: for none). */
void ftdn_fetching_assert_asked(const ftdn_fetching *f, int k, const char *path, long first);

#endif
