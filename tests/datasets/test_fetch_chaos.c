/* test_fetch_chaos.c - answers put together at random, right and wrong parts alike: what is accepted is the file. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/datasets/fetching.h"

#define N_ROUNDS 60
#define N_BYTES 2000

/* xorshift64: any fixed sequence will do. The answers to one fetch depend on the server's number alone. */
static uint64_t next_random(uint64_t *x)
{
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return *x;
}

static const char *const statuses[] = {"200 OK",
                                       "206 Partial Content",
                                       "206 Partial Content",
                                       "302 Found",
                                       "416 No",
                                       "503 Busy",
                                       "404 No",
                                       "204 Nothing",
                                       "199 What",
                                       "xyz"};
static const char *const lines[] = {
    "ETag: \"v1\"",
    "ETag: \"v2\"",
    "ETag: W/\"v1\"",
    "ETag: ",
    "Last-Modified: yesterday",
    "Content-Length: 2000",
    "Content-Length: 1000",
    "Content-Length: 0",
    "Content-Length: 3000",
    "Transfer-Encoding: chunked",
    "Content-Range: bytes 0-1999/2000",
    "Content-Range: bytes 1000-1999/2000",
    "Content-Range: bytes 500-1999/*",
    "Content-Encoding: gzip",
    "Location: /b/data.bin",
    "Location: ",
    "Content-Type: text/html",
    "no colon",
    ": no name",
};
#define PICK(list, x) (list)[next_random(x) % (sizeof(list) / sizeof *(list))]

static void answer_at_random(ftdn_server *server, int connection, const char *request, int index)
{
    uint64_t x = 0x9E3779B97F4A7C15ULL * (uint64_t)(server->number + 1) + (uint64_t)index % 16 + 1;
    for (int i = 0; i < 8; i++) next_random(&x);
    if (next_random(&x) % 3 == 0) {
        ftdn_server_send_file(server, connection, request, next_random(&x) % (2 * N_BYTES));
        return;
    }
    ftdn_server_say(connection, "HTTP/1.1 %s\r\n", PICK(statuses, &x));
    for (uint64_t n = next_random(&x) % 5; n > 0; n--) ftdn_server_say(connection, "%s\r\n", PICK(lines, &x));
    if (next_random(&x) % 8 == 0) return;
    ftdn_server_say(connection, "\r\n");
    uint64_t from = next_random(&x) % 3 * 500, n_bytes = next_random(&x) % 4 * 500;
    if (from + n_bytes > N_BYTES) n_bytes = N_BYTES - from;
    ftdn_server_send(connection, server->body + from, n_bytes);
}

/* One answer in three is a good server's, so that some fetches succeed; each begins with what the last one left. */
static void whatever_is_answered_no_wrong_file_is_accepted(void **state)
{
    ftdn_fetching *f = *state;
    int n_right = 0, n_refused = 0;
    ftdn_fetching_serve(f, answer_at_random, N_BYTES);
    f->file.n_urls = 2;
    for (int round = 0; round < N_ROUNDS; round++) {
        ftdn_fetched fetched;
        f->server.number = round;
        f->file.n_bytes = round % 2 ? N_BYTES : -1;
        f->file.max_bytes = round % 2 ? N_BYTES : 2 * N_BYTES;
        if (ftdn_fetching_run(f, &fetched) == FTDN_OK) {
            n_right++;
            ftdn_fetching_assert_right(f); /* compares the bytes */
            ftdn_fetching_forget(f);
        } else {
            n_refused++;
            assert_int_equal(f->err.status, FTDN_ERR_INPUT);
            assert_false(ftdn_fetching_has(f, FTDN_FETCHED_NAME));
        }
    }
    if (n_right < N_ROUNDS / 10 || n_refused < N_ROUNDS / 10) fail_msg("%d right, %d refused", n_right, n_refused);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_FETCHING_TEST(whatever_is_answered_no_wrong_file_is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
