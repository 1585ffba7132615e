/* fuzz_http.c - heads of HTTP answers, and where their Location leads: never to a weaker way. */
#include <ctype.h>
#include <string.h>

#include "datasets/http_answer.h"
#include "datasets/url.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const char *text, size_t capacity)
{
    FTDN_FUZZ_CHECK(memchr(text, 0, capacity));
    for (; *text; text++) FTDN_FUZZ_CHECK(isprint((unsigned char)*text));
}

static void check_location(const char *from, const char *location)
{
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_url_scheme before, after;
    const char *url = NULL;
    ftdn_arena_init(&arena);
    if (ftdn_url_check(from, &before, &err) != FTDN_OK) ftdn_fuzz_fail("%s", err.message);
    if (ftdn_fuzz_is_read(ftdn_url_follow(from, location, &arena, &url, &err), &err, NULL)) {
        if (ftdn_url_check(url, &after, &err) != FTDN_OK) ftdn_fuzz_fail("followed to '%s': %s", url, err.message);
        FTDN_FUZZ_CHECK(after >= before);
        const char *name = NULL;
        if (ftdn_fuzz_is_read(ftdn_url_file_name(url, &arena, &name, &err), &err, NULL))
            FTDN_FUZZ_CHECK(ftdn_is_file_name(name) && !strchr(name, '/'));
    }
    ftdn_arena_done(&arena);
}

static void read_answer(char *bytes, size_t n_bytes)
{
    ftdn_http_answer answer;
    ftdn_http_answer_init(&answer);
    for (size_t at = 0; at < n_bytes;) {
        const char *end = memchr(bytes + at, '\n', n_bytes - at);
        size_t n_line = end ? (size_t)(end + 1 - (bytes + at)) : n_bytes - at;
        ftdn_http_answer_read_line(&answer, bytes + at, n_line);
        at += n_line;
    }
    FTDN_FUZZ_CHECK(answer.status >= 0 && answer.status <= 999 && answer.n_bytes >= -1);
    if (answer.has_range) {
        FTDN_FUZZ_CHECK(answer.range_first >= 0 && answer.range_last >= answer.range_first);
        FTDN_FUZZ_CHECK(answer.range_all == -1 || answer.range_all > answer.range_last);
    }
    check_text(answer.etag, sizeof answer.etag);
    check_text(answer.last_modified, sizeof answer.last_modified);
    check_text(answer.content_type, sizeof answer.content_type);
    check_text(answer.location, sizeof answer.location);
    (void)ftdn_http_answer_validator(&answer);
    (void)ftdn_http_answer_is_page(&answer);
    check_location("https://example.org/a/b.tar", answer.location);
    check_location("http://example.org/a/b.tar?x#y", answer.location);
}

static void add_seeds(ftdn_fuzz_corpus *corpus)
{
    ftdn_fuzz_add_text(corpus, "HTTP/1.1 206 Partial Content\r\ncontent-LENGTH: 600 \r\n"
                               "Content-Range: bytes 400-999/1000\r\nETag: \"a b\"\r\nX: y\r\n"
                               "Last-Modified:Wed, 21 Oct 2015 07:28:00 GMT\r\n"
                               "Content-Type: TEXT/HTML; charset=x\r\n\r\n");
    ftdn_fuzz_add_text(corpus, "HTTP/2 302\nLocation: https://mirror.example.org/c/../d.zip?e=f\n\n");
    ftdn_fuzz_add_text(corpus, "HTTP/1.0 301 x\nLocation: /x/y.tar\nContent-Range: bytes 0-0/*\nETag: W/\"x\"\n\n");
    ftdn_fuzz_add_text(corpus, "HTTP/1.1 103 Early\nLocation: //other/z\n\nHTTP/1.1 307 T\nLocation: http://a/b\n");
}

static const char *const words[] = {"HTTP/1.1 ",
                                    "Location: ",
                                    "file:///etc/passwd",
                                    "http://",
                                    "https://",
                                    "HTTPS://",
                                    "user:pass@",
                                    "javascript:",
                                    "Content-Range: bytes ",
                                    "Content-Length: ",
                                    "ETag: \"",
                                    "W/\"",
                                    "\r\n",
                                    "..",
                                    "%2e%2e%2f",
                                    "%00",
                                    "[::1]",
                                    ":99999",
                                    "\\",
                                    "?",
                                    "#",
                                    "//",
                                    NULL};

const ftdn_fuzz_reader ftdn_fuzz_reader_under_attack = {
    .name = "http", .max_bytes = 4096, .read = read_answer, .add_seeds = add_seeds, .word = words};
