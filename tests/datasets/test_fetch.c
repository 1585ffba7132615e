/* test_fetch.c - files come whole and right, whatever happens on the way; interrupted ones are continued. */
#include "datasets/fetch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "tests/datasets/fetching.h"

#define A "/a/" FTDN_FETCHED_NAME
#define B "/b/" FTDN_FETCHED_NAME

static void answer_well(ftdn_server *server, int connection, const char *request, int index)
{
    (void)index;
    ftdn_server_send_file(server, connection, request, SIZE_MAX);
}

static void a_file_comes_whole_with_a_record_of_its_full_digest(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetched fetched;
    char *text;
    size_t n_bytes;
    ftdn_fetching_serve(f, answer_well, 100000);
    f->sha256[20] = 0; /* a published prefix */
    FTDN_ASSERT_OK(ftdn_fetching_run(f, &fetched), f->err);
    FTDN_ASSERT_OK(ftdn_sha256_of(f->server.body, f->server.n_body, f->sha256, &f->err), f->err);
    assert_false(fetched.was_here);
    assert_string_equal(fetched.file[0].digest.sha256, f->sha256);
    assert_string_equal(fetched.file[0].url, f->url[0]);
    char *record = ftdn_path_join(&f->arena, f->cache, FTDN_FETCHED_NAME ".fetch.json", &f->err);
    FTDN_ASSERT_OK(ftdn_file_load(record, 1 << 20, &f->arena, &text, &n_bytes, &f->err), f->err);
    assert_non_null(strstr(text, f->sha256));
    assert_non_null(strstr(text, f->url[0]));
    ftdn_fetching_assert_asked(f, 0, A, -1);
    assert_int_equal(f->server.n_requests, 1);
}

static void what_is_there_is_read_again_and_not_fetched_again(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetched fetched;
    ftdn_fetching_serve(f, answer_well, 1000);
    ftdn_fetching_assert_right(f);
    FTDN_ASSERT_OK(ftdn_fetching_run(f, &fetched), f->err);
    assert_true(fetched.was_here);
    assert_string_equal(fetched.file[0].url, f->url[0]);
    assert_int_equal(f->server.n_requests, 1);

    char *path = ftdn_path_join(&f->arena, f->cache, FTDN_FETCHED_NAME, &f->err);
    ftdn_test_write_file(path, "damaged", 7);
    FTDN_ASSERT_FAILS(ftdn_fetching_run(f, &fetched), FTDN_ERR_INPUT,
                      "is there, but is not the file (move it away to fetch that): its SHA-256 is ", f->err);
    assert_int_equal(f->server.n_requests, 1);
}

static void a_file_without_digest_is_known_by_its_address(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetched fetched;
    ftdn_fetching_serve(f, answer_well, 1000);
    f->file.sha256 = NULL;
    ftdn_fetching_assert_right(f);
    FTDN_ASSERT_OK(ftdn_fetching_run(f, &fetched), f->err);
    assert_true(fetched.was_here);
    f->file.url = &f->url[1];
    FTDN_ASSERT_FAILS(ftdn_fetching_run(f, &fetched), FTDN_ERR_INPUT, "is not known to come from that address", f->err);
    f->file.sha256 = f->sha256;
    FTDN_ASSERT_OK(ftdn_fetching_run(f, &fetched), f->err);
    assert_true(fetched.was_here);
    assert_int_equal(f->server.n_requests, 1);
}

/* The first connection breaks off after `number` bytes of the body. */
static void answer_cut_once(ftdn_server *server, int connection, const char *request, int index)
{
    ftdn_server_send_file(server, connection, request, index == 0 ? (size_t)server->number : SIZE_MAX);
}

static void a_body_that_breaks_off_at_any_byte_is_continued(void **state)
{
    ftdn_fetching *f = *state;
    enum { N_BYTES = 1500 };
    ftdn_fetching_serve(f, answer_cut_once, N_BYTES);
    for (int n_sent = 0; n_sent <= N_BYTES; n_sent += n_sent < 20 ? 7 : 1) {
        f->server.number = n_sent;
        ftdn_fetching_assert_right(f);
        assert_int_equal(f->server.n_requests, n_sent == N_BYTES ? 1 : 2);
        if (n_sent < N_BYTES) ftdn_fetching_assert_asked(f, 1, A, n_sent > 0 ? n_sent : -1);
        if (n_sent > 0 && n_sent < N_BYTES) assert_true(ftdn_server_has_line(f->server.request[1], "If-Range: \"v1\""));
        for (int i = 0; i < f->server.n_requests; i++) free(f->server.request[i]);
        f->server.n_requests = 0;
        ftdn_fetching_forget(f);
    }
}

/* The first answer breaks off after `number` bytes, its head included. */
static void answer_cut_head_once(ftdn_server *server, int connection, const char *request, int index)
{
    char head[200];
    int n_chars = snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nETag: %s\r\nContent-Length: %zu\r\n\r\n",
                           server->etag, server->n_body);
    if (index > 0) ftdn_server_send_file(server, connection, request, SIZE_MAX);
    else if (server->number <= n_chars) ftdn_server_send(connection, head, (size_t)server->number);
}

/* Whether the same fetch asks again or says what it saw, the next one succeeds, and nothing is accepted before; without
 * a digest too, which would tell an empty file from the right one. */
static void a_head_that_breaks_off_at_any_byte_gives_no_file(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetched fetched;
    ftdn_fetching_serve(f, answer_cut_head_once, 500);
    f->file.sha256 = NULL;
    for (int n_sent = 0; n_sent < 60; n_sent++) {
        f->server.number = n_sent;
        if (ftdn_fetching_run(f, &fetched) != FTDN_OK) assert_false(ftdn_fetching_has(f, FTDN_FETCHED_NAME));
        ftdn_fetching_assert_right(f);
        for (int i = 0; i < f->server.n_requests; i++) free(f->server.request[i]);
        f->server.n_requests = 0;
        ftdn_fetching_forget(f);
    }
}

/* Each connection gives 300 bytes more. */
static void answer_in_pieces(ftdn_server *server, int connection, const char *request, int index)
{
    (void)index;
    ftdn_server_send_file(server, connection, request, 300);
}

static void a_file_may_come_in_many_pieces(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_in_pieces, 10000);
    ftdn_fetching_assert_right(f);
    assert_int_equal(f->server.n_requests, 34);
    ftdn_fetching_assert_asked(f, 33, A, 9900);
}

static void answer_slowly(ftdn_server *server, int connection, const char *request, int index)
{
    if (index > 0) {
        ftdn_server_send_file(server, connection, request, SIZE_MAX);
        return;
    }
    ftdn_server_say(connection, "HTTP/1.1 200 OK\r\nETag: %s\r\nContent-Length: %zu\r\n\r\n", server->etag,
                    server->n_body);
    for (size_t at = 0; at < server->n_body; at += 1000)
        if (!ftdn_server_sleep(server, 5) || !ftdn_server_send(connection, server->body + at, 1000)) return;
}

static void an_interrupted_fetch_is_continued_by_the_next(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetched fetched;
    ftdn_fetching_serve(f, answer_slowly, 1000000);
    f->stop_at = 100000;
    FTDN_ASSERT_FAILS(ftdn_fetching_run(f, &fetched), FTDN_ERR_INTERRUPTED, "the same command goes on", f->err);
    assert_true(ftdn_fetching_has(f, FTDN_FETCHED_NAME ".part"));
    assert_false(ftdn_fetching_has(f, FTDN_FETCHED_NAME));
    ftdn_cached cached;
    uint64_t n_there;
    FTDN_ASSERT_OK(ftdn_fetch_look(f->cache, &f->entry, &cached, &n_there, &f->err), f->err);
    assert_int_equal(cached, FTDN_CACHED_PARTLY);
    assert_true(n_there >= 100000 && n_there < 1000000);
    f->stop = 0;
    f->stop_at = 0;
    ftdn_fetching_assert_right(f);
    ftdn_fetching_assert_asked(f, 1, A, (long)n_there);
    FTDN_ASSERT_OK(ftdn_fetch_look(f->cache, &f->entry, &cached, &n_there, &f->err), f->err);
    assert_int_equal(cached, FTDN_CACHED_WHOLE);
}

/* Leave a part with n_bytes of the file, as an interrupted fetch does; the note as given, NULL: none. */
static void leave_part(ftdn_fetching *f, size_t n_bytes, const char *note)
{
    char *path = ftdn_path_join(&f->arena, f->cache, FTDN_FETCHED_NAME ".part", &f->err);
    char *note_path = ftdn_path_join(&f->arena, f->cache, FTDN_FETCHED_NAME ".part.json", &f->err);
    ftdn_test_write_file(path, f->server.body, n_bytes);
    if (note) ftdn_test_write_file(note_path, note, strlen(note));
}

static const char *note_of(ftdn_fetching *f, const char *url, const char *validator, int n_all)
{
    return ftdn_arena_format(&f->arena, &f->err, "{\"url\":\"%s\",\"validator\":%s,\"bytes\":%d}", url, validator,
                             n_all);
}

static void a_part_without_a_sound_note_starts_over(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_well, 1000);
    const char *const notes[] = {
        NULL,
        "",
        "{",
        "[]",
        "{\"validator\":\"\\\"v1\\\"\"}",
        note_of(f, f->url[0], "\"\\\"v1\\\"\\r\\nHost: else\"", 1000), /* would be a line of its own in the request */
        note_of(f, f->url[0], "null", 1000),
        note_of(f, "http://127.0.0.1:1/other", "\"\\\"v1\\\"\"", 1000),
    };
    for (int i = 0; i < (int)(sizeof notes / sizeof *notes); i++) {
        leave_part(f, 400, notes[i]);
        ftdn_fetching_assert_right(f);
        ftdn_fetching_assert_asked(f, i, A, -1);
        ftdn_fetching_forget(f);
    }
    leave_part(f, 400, note_of(f, f->url[0], "\"\\\"v1\\\"\"", 1000));
    ftdn_fetching_assert_right(f);
    ftdn_fetching_assert_asked(f, 8, A, 400);
}

static void a_part_that_is_complete_needs_no_request(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_well, 1000);
    leave_part(f, 1000, note_of(f, f->url[0], "\"\\\"v1\\\"\"", 1000));
    ftdn_fetching_assert_right(f);
    assert_int_equal(f->server.n_requests, 0);
}

static void a_part_that_is_longer_than_its_file_starts_over(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_well, 1000);
    leave_part(f, 1000, note_of(f, f->url[0], "\"\\\"v1\\\"\"", 900));
    ftdn_fetching_assert_right(f);
    ftdn_fetching_assert_asked(f, 0, A, -1);
}

/* After a loss of power a part may hold zeros. */
static void pieces_that_do_not_fit_together_start_over_once(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_well, 1000);
    char *path = ftdn_path_join(&f->arena, f->cache, FTDN_FETCHED_NAME ".part", &f->err);
    const char zeros[500] = {0};
    leave_part(f, 1, note_of(f, f->url[0], "\"\\\"v1\\\"\"", 1000));
    ftdn_test_write_file(path, zeros, sizeof zeros);
    ftdn_fetching_assert_right(f);
    assert_non_null(strstr(f->told.chars, "its pieces do not fit together; it starts over"));
    ftdn_fetching_assert_asked(f, 0, A, 500);
    ftdn_fetching_assert_asked(f, 1, A, -1);
}

static void answer_a_with_404(ftdn_server *server, int connection, const char *request, int index)
{
    (void)index;
    if (strstr(request, "GET /a/")) ftdn_server_say(connection, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    else ftdn_server_send_file(server, connection, request, SIZE_MAX);
}

static void the_next_mirror_is_asked_and_each_reason_told(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetched fetched;
    ftdn_fetching_serve(f, answer_a_with_404, 1000);
    f->file.n_urls = 2;
    ftdn_fetching_assert_right(f);
    assert_non_null(strstr(f->told.chars, "/a/data.bin: it answers 404\n"));
    assert_non_null(strstr(f->told.chars, "data.bin: from http://127.0.0.1:"));
    assert_int_equal(f->server.n_requests, 2);
    ftdn_fetching_forget(f);
    f->url[1] = f->url[0];
    f->url[0] = "http://127.0.0.1:1/" FTDN_FETCHED_NAME;
    FTDN_ASSERT_FAILS(ftdn_fetching_run(f, &fetched), FTDN_ERR_INPUT, "data.bin: none of 2 sources gave it: ", f->err);
    assert_non_null(strstr(f->err.message, "http://127.0.0.1:1/data.bin: Failed to connect"));
    assert_non_null(strstr(f->err.message, "/a/data.bin: it answers 404"));
}

static void answer_b_cut_a_dead(ftdn_server *server, int connection, const char *request, int index)
{
    if (strstr(request, "GET /a/")) ftdn_server_say(connection, "HTTP/1.1 403 Forbidden\r\n\r\n");
    else ftdn_server_send_file(server, connection, request, index < 3 ? 400 : SIZE_MAX);
}

/* Where a part comes from is asked first. */
static void a_part_is_continued_from_its_own_mirror(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_b_cut_a_dead, 1000);
    f->file.n_urls = 2;
    leave_part(f, 300, note_of(f, f->url[1], "\"\\\"v1\\\"\"", 1000));
    ftdn_fetching_assert_right(f);
    ftdn_fetching_assert_asked(f, 0, B, 300);
    ftdn_fetching_assert_asked(f, 1, B, 700);
    assert_int_equal(f->server.n_requests, 2);
}

static void a_file_address_is_copied(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetched fetched;
    ftdn_fetching_serve(f, answer_well, 70000);
    char *folder = ftdn_test_create_folder(&f->arena);
    char *path = ftdn_path_join(&f->arena, folder, FTDN_FETCHED_NAME, &f->err);
    ftdn_test_write_file(path, f->server.body, f->server.n_body);
    f->url[0] = ftdn_arena_format(&f->arena, &f->err, "file://%s", path);
    ftdn_fetching_assert_right(f);
    ftdn_fetching_forget(f);
    f->file.max_bytes = 69999;
    ftdn_fetching_assert_refused(f, "it offers 70000 bytes, more than the 69999 allowed");
    f->file.max_bytes = 70000;
    f->url[0] = ftdn_arena_format(&f->arena, &f->err, "file://%s/none", folder);
    ftdn_fetching_assert_refused(f, "Couldn't open file");
    f->url[0] = "file:///dev/zero";
    assert_int_equal(ftdn_fetching_run(f, &fetched), FTDN_ERR_INPUT);
    assert_false(ftdn_fetching_has(f, FTDN_FETCHED_NAME));
    ftdn_test_remove_folder(folder);
}

static void a_cache_that_cannot_be_made_is_an_error(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetched fetched;
    ftdn_fetching_serve(f, answer_well, 1000);
    char *cache = f->cache, *file = ftdn_path_join(&f->arena, cache, "file", &f->err);
    ftdn_test_write_file(file, "x", 1);
    f->cache = ftdn_path_join(&f->arena, file, "cache", &f->err);
    ftdn_status status = ftdn_fetching_run(f, &fetched);
    f->cache = cache;
    FTDN_ASSERT_FAILS(status, FTDN_ERR_INPUT, "file: folder cannot be created: File exists", f->err);
    assert_int_equal(f->server.n_requests, 0);
}

static void a_failing_allocation_is_an_error_and_gives_no_file(void **state)
{
    ftdn_fetching *f = *state;
    ftdn_fetching_serve(f, answer_well, 1000);
    for (long n_good = 0;; n_good++) {
        ftdn_arena failing;
        ftdn_fetched fetched;
        const ftdn_fetch_desc desc = {.cache = f->cache, .entry = &f->entry, .timeout_s = f->timeout_s};
        ftdn_arena_init(&failing);
        ftdn_arena_fail_after(&failing, n_good);
        ftdn_status status = ftdn_fetch(&desc, &failing, &fetched, &f->err);
        ftdn_arena_done(&failing);
        if (status == FTDN_OK) break;
        assert_int_equal(status, FTDN_ERR_MEMORY);
        assert_false(ftdn_fetching_has(f, FTDN_FETCHED_NAME));
    }
    ftdn_fetching_assert_right(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_FETCHING_TEST(a_file_comes_whole_with_a_record_of_its_full_digest),
        FTDN_FETCHING_TEST(what_is_there_is_read_again_and_not_fetched_again),
        FTDN_FETCHING_TEST(a_file_without_digest_is_known_by_its_address),
        FTDN_FETCHING_TEST(a_body_that_breaks_off_at_any_byte_is_continued),
        FTDN_FETCHING_TEST(a_head_that_breaks_off_at_any_byte_gives_no_file),
        FTDN_FETCHING_TEST(a_file_may_come_in_many_pieces),
        FTDN_FETCHING_TEST(an_interrupted_fetch_is_continued_by_the_next),
        FTDN_FETCHING_TEST(a_part_without_a_sound_note_starts_over),
        FTDN_FETCHING_TEST(a_part_that_is_complete_needs_no_request),
        FTDN_FETCHING_TEST(a_part_that_is_longer_than_its_file_starts_over),
        FTDN_FETCHING_TEST(pieces_that_do_not_fit_together_start_over_once),
        FTDN_FETCHING_TEST(the_next_mirror_is_asked_and_each_reason_told),
        FTDN_FETCHING_TEST(a_part_is_continued_from_its_own_mirror),
        FTDN_FETCHING_TEST(a_file_address_is_copied),
        FTDN_FETCHING_TEST(a_cache_that_cannot_be_made_is_an_error),
        FTDN_FETCHING_TEST(a_failing_allocation_is_an_error_and_gives_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
