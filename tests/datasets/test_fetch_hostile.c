/* test_fetch_hostile.c - every wrong answer of a server ends in a clear error and no file, or in the right file. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/datasets/fetching.h"

#define A "/a/" FTDN_FETCHED_NAME
#define B "/b/" FTDN_FETCHED_NAME

static void answer_well(ftdn_server *server, int connection, const char *request, int index)
{
    (void)index;
    ftdn_server_send_file(server, connection, request, SIZE_MAX);
}

/* The first connection breaks off after 400 bytes; what follows is the test's. */
static bool cuts_first(ftdn_server *server, int connection, const char *request, int index)
{
    if (index == 0) ftdn_server_send_file(server, connection, request, 400);
    return index == 0;
}

static void answer_changed_file(ftdn_server *server, int connection, const char *request, int index)
{
    if (index == 0) {
        ftdn_server_say(connection, "HTTP/1.1 200 OK\r\nETag: \"v0\"\r\nContent-Length: 1000\r\n\r\nOLD BYTES");
    } else ftdn_server_send_file(server, connection, request, SIZE_MAX);
}

static void a_file_that_changed_meanwhile_starts_over(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_changed_file, 1000);
    ftdn_fetching_assert_right(f);
    ftdn_fetching_assert_asked(f, 1, A, 9);
    assert_true(ftdn_server_has_line(f->server.request[1], "If-Range: \"v0\""));
    assert_int_equal(f->server.n_requests, 2);
}

/* A server that pays no heed to If-Range. */
static void answer_range_of_changed_file(ftdn_server *server, int connection, const char *request, int index)
{
    long first = ftdn_server_range(request);
    if (cuts_first(server, connection, request, index)) return;
    if (first < 0) ftdn_server_send_file(server, connection, request, SIZE_MAX);
    else
        ftdn_server_say(connection,
                        "HTTP/1.1 206 Partial Content\r\nETag: \"v2\"\r\nContent-Range: bytes %ld-999/1000\r\n"
                        "Content-Length: %ld\r\n\r\n%0*d",
                        first, 1000 - first, (int)(1000 - first), 0);
}

static void a_range_of_a_changed_file_is_not_taken(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_range_of_changed_file, 1000);
    ftdn_fetching_assert_right(f);
    assert_non_null(strstr(f->told.chars, "the file has changed there; the file starts over"));
    assert_int_equal(f->server.n_requests, 3);
    ftdn_fetching_assert_asked(f, 2, A, -1);
}

/* A server that changes the file and says nothing of it. */
static void answer_other_bytes(ftdn_server *server, int connection, const char *request, int index)
{
    long first = ftdn_server_range(request);
    if (cuts_first(server, connection, request, index)) return;
    if (first < 0) ftdn_server_send_file(server, connection, request, SIZE_MAX);
    else
        ftdn_server_say(connection,
                        "HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes %ld-999/1000\r\n"
                        "Content-Length: %ld\r\n\r\n%0*d",
                        first, 1000 - first, (int)(1000 - first), 0);
}

static void pieces_of_two_files_start_over(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_other_bytes, 1000);
    ftdn_fetching_assert_right(f);
    assert_non_null(strstr(f->told.chars, "its pieces do not fit together"));
    assert_int_equal(f->server.n_requests, 3);
}

static const char *const wrong_ranges[] = {
    "Content-Range: bytes 0-999/1000\r\n",
    "Content-Range: bytes 401-999/1000\r\n",
    "Content-Range: bytes 400-1999/2000\r\n",
    "Content-Range: bytes 400-899/1000\r\n",
    "Content-Range: bytes 400-1000/1000\r\n",
    "Content-Range: bytes 400-300/1000\r\n",
    "Content-Range: bytes -400-999/1000\r\n",
    "Content-Range: bytes 99999999999999999999-999/1000\r\n",
    "Content-Range: bytes */1000\r\n",
    "Content-Range: items 400-999/1000\r\n",
    "",
};
enum { N_WRONG_RANGES = sizeof wrong_ranges / sizeof *wrong_ranges };

static void answer_wrong_range(ftdn_server *server, int connection, const char *request, int index)
{
    if (cuts_first(server, connection, request, index)) return;
    if (ftdn_server_range(request) < 0) {
        ftdn_server_send_file(server, connection, request, SIZE_MAX);
        return;
    }
    ftdn_server_say(connection, "HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\n%sContent-Length: 600\r\n\r\n",
                    wrong_ranges[server->number]);
    ftdn_server_send(connection, server->body, 600);
}

static void a_wrong_range_is_not_taken(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_wrong_range, 1000);
    for (int i = 0; i < N_WRONG_RANGES; i++) {
        f->server.number = i;
        ftdn_fetching_assert_right(f);
        assert_non_null(strstr(f->told.chars, "than was asked for; the file starts over") ||
                                strstr(f->told.chars, "a part of another file; the file starts over")
                            ? f
                            : NULL);
        assert_int_equal(f->server.n_requests, 3);
        for (int k = 0; k < f->server.n_requests; k++) free(f->server.request[k]);
        f->server.n_requests = 0;
        ftdn_fetching_forget(f);
    }
}

static void answer_range_unasked(ftdn_server *server, int connection, const char *request, int index)
{
    (void)request, (void)index;
    ftdn_server_say(connection, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-999/1000\r\n"
                                "Content-Length: 1000\r\n\r\n");
    ftdn_server_send(connection, server->body, 1000);
}

static void a_range_that_was_not_asked_for_is_refused(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_range_unasked, 1000);
    ftdn_fetching_assert_refused(f, "it answers with a part that was not asked for");
}

static void answer_416(ftdn_server *server, int connection, const char *request, int index)
{
    if (cuts_first(server, connection, request, index)) return;
    if (ftdn_server_range(request) < 0) ftdn_server_send_file(server, connection, request, SIZE_MAX);
    else ftdn_server_say(connection, "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n");
}

static void a_range_that_is_not_there_starts_over(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_416, 1000);
    ftdn_fetching_assert_right(f);
    assert_int_equal(f->server.n_requests, 3);
}

static void answer_without_ranges(ftdn_server *server, int connection, const char *request, int index)
{
    if (cuts_first(server, connection, request, index)) return;
    ftdn_server_say(connection, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", server->n_body);
    ftdn_server_send(connection, server->body, server->n_body);
}

static void a_server_that_knows_no_ranges_gives_the_whole_file_again(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_without_ranges, 1000);
    ftdn_fetching_assert_right(f);
    ftdn_fetching_assert_asked(f, 1, A, 400);
    assert_int_equal(f->server.n_requests, 2);
}

static void a_server_without_validator_is_not_asked_for_ranges(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_without_ranges, 1000);
    f->server.etag = NULL;
    ftdn_fetching_assert_right(f);
    ftdn_fetching_assert_asked(f, 1, A, -1);
}

static void answer_with_weak_etag(ftdn_server *server, int connection, const char *request, int index)
{
    ftdn_server_say(connection, "HTTP/1.1 200 OK\r\nETag: W/\"v1\"\r\nContent-Length: %zu\r\n\r\n", server->n_body);
    ftdn_server_send(connection, server->body, index == 0 ? 400 : server->n_body);
    (void)request;
}

static void a_weak_etag_is_no_validator(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_with_weak_etag, 1000);
    ftdn_fetching_assert_right(f);
    ftdn_fetching_assert_asked(f, 1, A, -1);
}

static void answer_with_date(ftdn_server *server, int connection, const char *request, int index)
{
    (void)index;
    long first = ftdn_server_range(request) > 0 ? ftdn_server_range(request) : 0;
    ftdn_server_say(connection, first ? "HTTP/1.1 206 Partial Content\r\n" : "HTTP/1.1 200 OK\r\n");
    if (first) ftdn_server_say(connection, "Content-Range: bytes %ld-999/1000\r\n", first);
    ftdn_server_say(connection, "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\nContent-Length: %ld\r\n\r\n",
                    1000 - first);
    ftdn_server_send(connection, server->body + first, first ? (size_t)(1000 - first) : 400);
}

static void a_date_is_a_validator_where_there_is_no_etag(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_with_date, 1000);
    ftdn_fetching_assert_right(f);
    ftdn_fetching_assert_asked(f, 1, A, 400);
    assert_true(ftdn_server_has_line(f->server.request[1], "If-Range: Wed, 21 Oct 2015 07:28:00 GMT"));
}

/* The body's length is said nowhere; it ends with the connection, after `number` bytes. */
static void answer_without_length(ftdn_server *server, int connection, const char *request, int index)
{
    (void)request, (void)index;
    ftdn_server_say(connection, "HTTP/1.0 200 OK\r\n\r\n");
    ftdn_server_send(connection, server->body, (size_t)server->number);
}

static void a_body_without_length_that_is_cut_is_refused(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_without_length, 1000);
    f->server.number = 900;
    ftdn_fetching_assert_refused(f, "data.bin: its SHA-256 is ");
    assert_int_equal(f->server.n_requests, 1);
    f->file.n_bytes = 1000;
    f->file.max_bytes = 1000;
    ftdn_fetching_assert_refused(f, "it ends after 900 of 1000 bytes");
    f->server.number = 1000;
    ftdn_fetching_assert_right(f);
}

static void answer_with_too_long_a_length(ftdn_server *server, int connection, const char *request, int index)
{
    (void)request, (void)index;
    ftdn_server_say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1200\r\n\r\n");
    ftdn_server_send(connection, server->body, server->n_body);
}

static void a_length_that_is_never_reached_is_an_error(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_with_too_long_a_length, 1000);
    ftdn_fetching_assert_refused(f, "transfer closed with 200 bytes remaining to read");
    f->file.n_bytes = 1000;
    f->file.max_bytes = 1000;
    ftdn_fetching_assert_refused(f, "it offers 1200 bytes, not the 1000 of the file");
}

static void answer_with_too_short_a_length(ftdn_server *server, int connection, const char *request, int index)
{
    (void)request, (void)index;
    ftdn_server_say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 800\r\n\r\n");
    ftdn_server_send(connection, server->body, server->n_body);
}

static void a_length_below_that_of_the_file_is_an_error(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_with_too_short_a_length, 1000);
    ftdn_fetching_assert_refused(f, "its SHA-256 is ");
}

static const char *const wrong_lengths[] = {"-1", "99999999999999999999999", "1000, 1001", "x"};

static void answer_with_wrong_length(ftdn_server *server, int connection, const char *request, int index)
{
    (void)request, (void)index;
    ftdn_server_say(connection, "HTTP/1.1 200 OK\r\nContent-Length: %s\r\n\r\n", wrong_lengths[server->number]);
    ftdn_server_send(connection, server->body, 700);
}

static void a_length_that_is_none_gives_no_file(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_with_wrong_length, 1000);
    for (f->server.number = 0; f->server.number < 4; f->server.number++)
        ftdn_fetching_assert_refused(f, FTDN_FETCHED_NAME ": ");
}

static void answer_without_end(ftdn_server *server, int connection, const char *request, int index)
{
    (void)request, (void)index;
    ftdn_server_say(connection, "HTTP/1.0 200 OK\r\n\r\n");
    while (!server->is_over && ftdn_server_send(connection, server->body, server->n_body)) {}
}

static void a_body_without_end_is_bounded(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_without_end, 100000);
    f->file.max_bytes = 3000000;
    ftdn_fetching_assert_refused(f, "it sends more than the 3000000 bytes allowed");
    assert_false(ftdn_fetching_has(f, FTDN_FETCHED_NAME ".part"));
    assert_int_equal(f->server.n_requests, 1);
}

static void answer_without_end_of_head(ftdn_server *server, int connection, const char *request, int index)
{
    (void)request, (void)index;
    ftdn_server_say(connection, "HTTP/1.1 200 OK\r\n");
    while (!server->is_over && ftdn_server_say(connection, "X-More: and more and more and more and more\r\n")) {}
}

static void a_head_without_end_is_bounded(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_without_end_of_head, 1000);
    ftdn_fetching_assert_refused(f, "the head of its answer does not end");
}

static void answer_too_much_chunked(ftdn_server *server, int connection, const char *request, int index)
{
    (void)request;
    ftdn_server_say(connection, "HTTP/1.1 200 OK\r\nETag: %s\r\nTransfer-Encoding: chunked\r\n\r\n3E8\r\n",
                    server->etag);
    ftdn_server_send(connection, server->body, 1000);
    if (index > 0) ftdn_server_say(connection, "\r\n0\r\n\r\n"); /* else the last chunk is missing */
}

static void a_chunked_body_without_its_end_is_continued(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_too_much_chunked, 1000);
    ftdn_fetching_assert_right(f);
    assert_int_equal(f->server.n_requests, 2);
}

static void answer_redirects(ftdn_server *server, int connection, const char *request, int index)
{
    if (index >= server->number) {
        ftdn_server_send_file(server, connection, request, SIZE_MAX);
        return;
    }
    ftdn_server_say(connection,
                    "HTTP/1.1 302 Found\r\nLocation: ../b/" FTDN_FETCHED_NAME "#part\r\nContent-Type: text/html\r\n"
                    "Content-Length: 1000000\r\n\r\n<html>moved");
}

static void five_redirects_are_followed_and_no_more(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_redirects, 1000);
    f->server.number = 5;
    ftdn_fetching_assert_right(f);
    ftdn_fetching_assert_asked(f, 5, B, -1);
    ftdn_fetching_forget(f);
    f->server.number = 6 + f->server.n_requests;
    ftdn_fetching_assert_refused(f, "more than 5 redirects");
}

static const char *const wrong_places[] = {
    "file:///etc/passwd",
    "ftp://127.0.0.1/data.bin",
    "gopher://127.0.0.1/",
    "http://user:secret@127.0.0.1/data.bin",
    "http://",
    "",
    "http://[::1",
};
static const char *const wrong_place_messages[] = {
    "a redirect to 'file:///etc/passwd', a file of this machine, is refused",
    "a redirect: 'ftp://127.0.0.1/data.bin': scheme 'ftp'; allowed: https, http, file",
    "scheme 'gopher'",
    "with a user name or password",
    "a redirect to 'http://'",
    "it answers 301 without a place to go to",
    "a redirect to 'http://[::1'",
};

static void answer_wrong_place(ftdn_server *server, int connection, const char *request, int index)
{
    (void)request, (void)index;
    ftdn_server_say(connection, "HTTP/1.1 301 Moved Permanently\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
                    wrong_places[server->number]);
}

static void a_redirect_to_a_wrong_place_is_refused(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_wrong_place, 1000);
    for (f->server.number = 0; f->server.number < (long)(sizeof wrong_places / sizeof *wrong_places);
         f->server.number++)
        ftdn_fetching_assert_refused(f, wrong_place_messages[f->server.number]);
}

static void answer_page(ftdn_server *server, int connection, const char *request, int index)
{
    static const char page[] = "\xEF\xBB\xBF \r\n<!DOCTYPE html><title>Please log in</title>";
    (void)request, (void)index;
    ftdn_server_say(connection, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s",
                    server->number ? "text/html; charset=utf-8" : "application/octet-stream", sizeof page - 1, page);
}

static void a_web_page_is_called_one(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_page, 1000);
    ftdn_fetching_assert_refused(f, "; it looks like a web page (HTML), of a login or an error");
    f->server.number = 1;
    ftdn_fetching_assert_refused(f, "; it looks like a web page (HTML), of a login or an error");
    f->file.n_bytes = 1000;
    f->file.max_bytes = 1000;
    ftdn_fetching_assert_refused(f, "bytes of a web page (text/html), not the 1000 of the file");
}

static void answer_drop_by_drop(ftdn_server *server, int connection, const char *request, int index)
{
    (void)request, (void)index;
    ftdn_server_say(connection, "HTTP/1.1 200 OK\r\nETag: %s\r\nContent-Length: %zu\r\n\r\n", server->etag,
                    server->n_body);
    for (size_t i = 0; i < server->n_body; i++)
        if (!ftdn_server_send(connection, server->body + i, 1) || !ftdn_server_sleep(server, 100)) return;
}

static void a_body_that_drips_is_given_up(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_drop_by_drop, 100000);
    f->timeout_s = 1;
    ftdn_fetching_assert_refused(f, "Operation too slow");
    assert_int_equal(f->server.n_requests, 3);
}

static void answer_nothing(ftdn_server *server, int connection, const char *request, int index)
{
    (void)request, (void)index, (void)connection;
    ftdn_server_sleep(server, 20000);
}

static void a_server_that_does_not_answer_is_given_up(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_nothing, 1000);
    f->timeout_s = 1;
    ftdn_fetching_assert_refused(f, "Operation too slow");
}

static void answer_503_for_a_while(ftdn_server *server, int connection, const char *request, int index)
{
    if (index < server->number && strstr(request, "GET /a/"))
        ftdn_server_say(connection, "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    else ftdn_server_send_file(server, connection, request, SIZE_MAX);
}

static void a_moment_of_weakness_is_waited_for_then_the_mirror_asked(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_503_for_a_while, 1000);
    f->file.n_urls = 2;
    f->server.number = 1;
    ftdn_fetching_assert_right(f);
    ftdn_fetching_assert_asked(f, 1, A, -1);
    ftdn_fetching_forget(f);
    f->server.number = 1000;
    ftdn_fetching_assert_right(f);
    assert_int_equal(f->server.n_requests, 6);
    ftdn_fetching_assert_asked(f, 5, B, -1);
    assert_non_null(strstr(f->told.chars, "/a/data.bin: it answers 503\n"));
}

static void answer_no_http(ftdn_server *server, int connection, const char *request, int index)
{
    (void)server, (void)request, (void)index;
    ftdn_server_say(connection, "SSH-2.0-OpenSSH_9.2\r\n");
}

static void what_is_no_http_is_refused(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_no_http, 1000);
    ftdn_fetching_assert_refused(f, "Received HTTP/0.9 when not allowed");
}

static void a_wrong_md5_or_prefix_is_refused(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_well, 1000);
    f->file.md5 = "00000000000000000000000000000000";
    ftdn_fetching_assert_refused(f, ", not 00000000000000000000000000000000");
    f->file.md5 = NULL;
    f->file.sha256 = "0123456789abcdef";
    ftdn_fetching_assert_refused(f, ", not 0123456789abcdef...");
    assert_false(ftdn_fetching_has(f, FTDN_FETCHED_NAME ".part"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_FETCHING_TEST(a_file_that_changed_meanwhile_starts_over),
        FTDN_FETCHING_TEST(a_range_of_a_changed_file_is_not_taken),
        FTDN_FETCHING_TEST(pieces_of_two_files_start_over),
        FTDN_FETCHING_TEST(a_wrong_range_is_not_taken),
        FTDN_FETCHING_TEST(a_range_that_was_not_asked_for_is_refused),
        FTDN_FETCHING_TEST(a_range_that_is_not_there_starts_over),
        FTDN_FETCHING_TEST(a_server_that_knows_no_ranges_gives_the_whole_file_again),
        FTDN_FETCHING_TEST(a_server_without_validator_is_not_asked_for_ranges),
        FTDN_FETCHING_TEST(a_weak_etag_is_no_validator),
        FTDN_FETCHING_TEST(a_date_is_a_validator_where_there_is_no_etag),
        FTDN_FETCHING_TEST(a_body_without_length_that_is_cut_is_refused),
        FTDN_FETCHING_TEST(a_length_that_is_never_reached_is_an_error),
        FTDN_FETCHING_TEST(a_length_below_that_of_the_file_is_an_error),
        FTDN_FETCHING_TEST(a_length_that_is_none_gives_no_file),
        FTDN_FETCHING_TEST(a_body_without_end_is_bounded),
        FTDN_FETCHING_TEST(a_head_without_end_is_bounded),
        FTDN_FETCHING_TEST(a_chunked_body_without_its_end_is_continued),
        FTDN_FETCHING_TEST(five_redirects_are_followed_and_no_more),
        FTDN_FETCHING_TEST(a_redirect_to_a_wrong_place_is_refused),
        FTDN_FETCHING_TEST(a_web_page_is_called_one),
        FTDN_FETCHING_TEST(a_body_that_drips_is_given_up),
        FTDN_FETCHING_TEST(a_server_that_does_not_answer_is_given_up),
        FTDN_FETCHING_TEST(a_moment_of_weakness_is_waited_for_then_the_mirror_asked),
        FTDN_FETCHING_TEST(what_is_no_http_is_refused),
        FTDN_FETCHING_TEST(a_wrong_md5_or_prefix_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
