/* test_fetch_tls.c - fetches over https: from a server that can prove its name, and never back to a weaker way. */
#include <signal.h>
#include <stdio.h>

#include <curl/curl.h>

#include "base/file.h"
#include "tests/datasets/fetching.h"
#include "tests/datasets/tls_front.h"

#define A "/a/" FTDN_FETCHED_NAME
#define B "/b/" FTDN_FETCHED_NAME

/* Debian's libcurl reads the authorities of the system, whatever the environment says: where the program makes a handle
 * of it, the linker puts this in between, and the handle trusts the test's authority instead. */
static char *authority_path;
CURL *__real_curl_easy_init(void);
CURL *__wrap_curl_easy_init(void);
CURL *__wrap_curl_easy_init(void)
{
    CURL *curl = __real_curl_easy_init();
    if (curl) assert_int_equal(curl_easy_setopt(curl, CURLOPT_CAINFO, authority_path), CURLE_OK);
    return curl;
}

static const ftdn_tls_certificate right = {.address = "127.0.0.1", .valid_s = 3600};

/* The file is behind both a plain server and its TLS front; the one address is the front's. */
static void serve_over_tls(ftdn_fetching *f, ftdn_server_answer *answer, const ftdn_tls_certificate *certificate,
                           ftdn_tls_front *front)
{
    ftdn_fetching_serve(f, answer, 1000);
    ftdn_tls_front_start(front, authority_path, certificate, f->server.port);
    f->url[0] = ftdn_tls_front_url(front, &f->arena, A);
}

static void answer_well(ftdn_server *server, int connection, const char *request, int index)
{
    (void)index;
    ftdn_server_send_file(server, connection, request, SIZE_MAX);
}

static void a_file_is_fetched(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_tls_front front;
    serve_over_tls(f, answer_well, &right, &front);
    ftdn_fetching_assert_right(f);
    ftdn_fetching_assert_asked(f, 0, A, -1);
    assert_int_equal(f->server.n_requests, 1);
    ftdn_tls_front_stop(&front);
}

static void answer_cut_first(ftdn_server *server, int connection, const char *request, int index)
{
    ftdn_server_send_file(server, connection, request, index == 0 ? 400 : SIZE_MAX);
}

static void a_file_that_breaks_off_is_continued(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_tls_front front;
    serve_over_tls(f, answer_cut_first, &right, &front);
    ftdn_fetching_assert_right(f);
    ftdn_fetching_assert_asked(f, 1, A, 400);
    ftdn_tls_front_stop(&front);
}

/* The first answer points to port server->number, https or http. */
static void redirect(const ftdn_server *server, int connection, const char *request, int index, const char *scheme)
{
    if (index > 0) ftdn_server_send_file(server, connection, request, SIZE_MAX);
    else
        ftdn_server_say(connection,
                        "HTTP/1.1 302 Found\r\nLocation: %s://127.0.0.1:%ld" B "\r\nContent-Length: 0\r\n\r\n", scheme,
                        (long)server->number);
}

static void answer_redirect_to_https(ftdn_server *server, int connection, const char *request, int index)
{
    redirect(server, connection, request, index, "https");
}

static void answer_redirect_to_http(ftdn_server *server, int connection, const char *request, int index)
{
    redirect(server, connection, request, index, "http");
}

static void a_redirect_to_https_is_followed(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_tls_front front;
    serve_over_tls(f, answer_redirect_to_https, &right, &front);
    f->server.number = front.port;
    ftdn_fetching_assert_right(f);
    ftdn_fetching_assert_asked(f, 1, B, -1);
    ftdn_tls_front_stop(&front);
}

static void a_redirect_from_http_to_https_is_followed(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_tls_front front;
    serve_over_tls(f, answer_redirect_to_https, &right, &front);
    f->server.number = front.port;
    f->url[0] = ftdn_server_url(&f->server, &f->arena, A);
    ftdn_fetching_assert_right(f);
    ftdn_fetching_assert_asked(f, 1, B, -1);
    ftdn_tls_front_stop(&front);
}

static void a_redirect_from_https_to_http_is_refused(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_tls_front front;
    char message[200];
    serve_over_tls(f, answer_redirect_to_http, &right, &front);
    f->server.number = f->server.port; /* where the file is there to be had */
    snprintf(message, sizeof message, "a redirect from https to 'http://127.0.0.1:%d" B "', a weaker way, is refused",
             f->server.port);
    ftdn_fetching_assert_refused(f, message);
    assert_false(ftdn_fetching_has(f, FTDN_FETCHED_NAME ".part"));
    assert_int_equal(f->server.n_requests, 1);
    ftdn_tls_front_stop(&front);
}

static void a_server_that_cannot_prove_its_name_is_refused(void **state)
{
    static const struct {
        ftdn_tls_certificate certificate;
        const char *message;
    } table[] = {
        {{.address = "127.0.0.1", .valid_s = 3600, .is_signed_by_other = true}, "unable to get local issuer"},
        {{.address = "127.0.0.2", .valid_s = 3600}, "no alternative certificate subject name matches"},
        {{.address = "127.0.0.1", .valid_s = -3600}, "certificate has expired"},
    };
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_well, 1000);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        ftdn_tls_front front;
        ftdn_tls_front_start(&front, authority_path, &table[i].certificate, f->server.port);
        f->url[0] = ftdn_tls_front_url(&front, &f->arena, A);
        ftdn_fetching_assert_refused(f, table[i].message);
        assert_false(ftdn_fetching_has(f, FTDN_FETCHED_NAME ".part"));
        assert_int_equal(f->server.n_requests, 0);
        ftdn_tls_front_stop(&front);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_FETCHING_TEST(a_file_is_fetched),
        FTDN_FETCHING_TEST(a_file_that_breaks_off_is_continued),
        FTDN_FETCHING_TEST(a_redirect_to_https_is_followed),
        FTDN_FETCHING_TEST(a_redirect_from_http_to_https_is_followed),
        FTDN_FETCHING_TEST(a_redirect_from_https_to_http_is_refused),
        FTDN_FETCHING_TEST(a_server_that_cannot_prove_its_name_is_refused),
    };
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    char *folder = ftdn_test_create_folder(&arena);
    authority_path = ftdn_path_join(&arena, folder, "authority.pem", NULL);
    signal(SIGPIPE, SIG_IGN);
    int n_failed = authority_path ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
    ftdn_test_remove_folder(folder);
    ftdn_arena_done(&arena);
    return n_failed;
}
