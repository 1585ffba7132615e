/* test_http_answer.c - what the head of an answer says, and what it only seems to say. */
#include "datasets/http_answer.h"

#include <stdlib.h>

#include "tests/support/support.h"

/* The lines of a head, each of which ends in a newline. */
static ftdn_http_answer read_head(const char *text)
{
    ftdn_http_answer answer;
    ftdn_http_answer_init(&answer);
    while (*text) {
        size_t n_chars = strcspn(text, "\n") + 1;
        char *line = malloc(n_chars); /* ends where its block ends, for the sanitizers to watch */
        assert_non_null(line);
        memcpy(line, text, n_chars);
        ftdn_http_answer_read_line(&answer, line, n_chars);
        free(line);
        text += n_chars;
    }
    return answer;
}

static void a_head_is_read_whatever_the_case_of_its_names(void **state)
{
    (void)state;
    ftdn_http_answer answer = read_head("HTTP/1.1 206 Partial Content\r\ncontent-LENGTH: 600 \r\n"
                                        "Content-Range: bytes 400-999/1000\r\nETag: \"a b\"\r\nX: y\r\n"
                                        "Last-Modified:Wed, 21 Oct 2015 07:28:00 GMT\r\nlocation: /x\r\n"
                                        "Content-Type: TEXT/HTML; charset=x\r\n\r\n");
    assert_int_equal(answer.status, 206);
    assert_int_equal(answer.n_bytes, 600);
    assert_true(answer.has_range && answer.is_complete);
    assert_int_equal(answer.range_first, 400);
    assert_int_equal(answer.range_last, 999);
    assert_int_equal(answer.range_all, 1000);
    assert_string_equal(ftdn_http_answer_validator(&answer), "\"a b\"");
    assert_string_equal(answer.last_modified, "Wed, 21 Oct 2015 07:28:00 GMT");
    assert_string_equal(answer.location, "/x");
    assert_true(ftdn_http_answer_is_page(&answer));
    answer = read_head("HTTP/2 200\n");
    assert_int_equal(answer.status, 200);
    assert_false(answer.is_complete);
    assert_null(ftdn_http_answer_validator(&answer));
}

static void an_interim_answer_is_forgotten(void **state)
{
    (void)state;
    ftdn_http_answer answer =
        read_head("HTTP/1.1 103 Early Hints\nETag: \"x\"\nContent-Length: 5\n\nHTTP/1.1 200 OK\n");
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.n_bytes, -1);
    assert_null(ftdn_http_answer_validator(&answer));
    assert_false(answer.is_complete);
}

static void a_weak_or_long_etag_gives_way_to_the_date(void **state)
{
    (void)state;
    ftdn_http_answer answer = read_head("HTTP/1.1 200 OK\nETag: W/\"v\"\nLast-Modified: now\n");
    assert_string_equal(ftdn_http_answer_validator(&answer), "now");
    char head[1000] = "HTTP/1.1 200 OK\nETag: \"";
    size_t n_chars = strlen(head);
    memset(head + n_chars, 'e', 300);
    strcpy(head + n_chars + 300, "\"\n");
    answer = read_head(head);
    assert_null(ftdn_http_answer_validator(&answer));
    answer = read_head("HTTP/1.1 302 Found\nETag: \"\033[2J\"\nLocation: /\xC2\x9B\n");
    assert_null(ftdn_http_answer_validator(&answer));
    assert_string_equal(answer.location, "");
    answer = read_head("HTTP/1.1 200 OK\nETag: \"\n");
    assert_null(ftdn_http_answer_validator(&answer));
}

static void what_cannot_be_read_is_not_there(void **state)
{
    (void)state;
    static const char *const ranges[] = {"bytes 5-4/10",
                                         "bytes 5-10/10",
                                         "bytes 5-9",
                                         "bytes 5-9/",
                                         "bytes -5-9/10",
                                         "bytes 5-9/10x",
                                         "bytes 9999999999999999999-9/10",
                                         "bytes */10",
                                         "5-9/10",
                                         "",
                                         "bytes"};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        char head[200] = "HTTP/1.1 206 OK\nContent-Range: ";
        strcat(strcat(head, ranges[i]), "\n");
        if (read_head(head).has_range) fail_msg("'%s' is read", ranges[i]);
    }
    ftdn_http_answer answer = read_head("HTTP/1.1 206 OK\nContent-Range: bytes 5-9/*\n");
    assert_true(answer.has_range);
    assert_int_equal(answer.range_all, -1);
    assert_int_equal(read_head("HTTP/1.1 200 OK\nContent-Length: 12x\n").n_bytes, -1);
    assert_int_equal(read_head("HTTP/1.1 200 OK\nContent-Length: -12\n").n_bytes, -1);
    assert_int_equal(read_head("HTTP/1.1 20000 OK\n").status, 999);
    assert_int_equal(read_head("HTTP/1.1\n").status, 0);
    assert_int_equal(read_head("\n:\n: \nX\n").status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_is_read_whatever_the_case_of_its_names),
        cmocka_unit_test(an_interim_answer_is_forgotten),
        cmocka_unit_test(a_weak_or_long_etag_gives_way_to_the_date),
        cmocka_unit_test(what_cannot_be_read_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
