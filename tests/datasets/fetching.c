#include "tests/datasets/fetching.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/folder.h"
#include "base/sha256.h"

#define TIMEOUT_S 20

int ftdn_fetching_set_up(void **state)
{
    ftdn_fetching *f = calloc(1, sizeof *f);
    if (!f) return -1;
    setenv("no_proxy", "127.0.0.1", 1);
    ftdn_arena_init(&f->arena);
    ftdn_text_init(&f->told);
    f->cache = ftdn_test_create_folder(&f->arena);
    f->server.listener = -1;
    f->server.etag = "\"v1\"";
    f->timeout_s = TIMEOUT_S;
    *state = f;
    return 0;
}

int ftdn_fetching_tear_down(void **state)
{
    ftdn_fetching *f = *state;
    if (f->server.listener >= 0) ftdn_server_stop(&f->server);
    ftdn_test_remove_folder(f->cache);
    ftdn_text_done(&f->told);
    ftdn_arena_done(&f->arena);
    free(f);
    return 0;
}

void ftdn_fetching_serve(ftdn_fetching *f, ftdn_server_answer *answer, size_t n_bytes)
{
    char *body = FTDN_NEW(&f->arena, n_bytes, char, &f->err);
    uint64_t x = 0x9E3779B97F4A7C15;
    assert_non_null(body);
    for (size_t i = 0; i < n_bytes; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        body[i] = (char)x;
    }
    f->server.body = body;
    f->server.n_body = n_bytes;
    f->server.answer = answer;
    FTDN_ASSERT_OK(ftdn_sha256_of(body, n_bytes, f->sha256, &f->err), f->err);
    ftdn_server_start(&f->server);
    f->url[0] = ftdn_server_url(&f->server, &f->arena, "/a/" FTDN_FETCHED_NAME);
    f->url[1] = ftdn_server_url(&f->server, &f->arena, "/b/" FTDN_FETCHED_NAME);
    f->file = (ftdn_catalog_file){.name = FTDN_FETCHED_NAME, .n_urls = 1, .url = f->url, .n_bytes = -1,
                                  .about_bytes = -1, .max_bytes = (uint64_t)1 << 30, .sha256 = f->sha256};
    f->entry = (ftdn_catalog_entry){.name = "data", .place = FTDN_FETCHED_NAME, .n_files = 1, .file = &f->file};
}

static void tell(void *user, const char *line)
{
    ftdn_fetching *f = user;
    ftdn_text_append(&f->told, "%s\n", line);
}

static void progress(void *user, const char *file_name, uint64_t n_done, int64_t n_all)
{
    ftdn_fetching *f = user;
    (void)n_all;
    if (strcmp(file_name, f->file.name) == 0 && f->stop_at > 0 && n_done >= f->stop_at) f->stop = 1;
}

ftdn_status ftdn_fetching_run(ftdn_fetching *f, ftdn_fetched *ret_fetched)
{
    const ftdn_fetch_desc desc = {
        .cache = f->cache,
        .entry = &f->entry,
        .timeout_s = f->timeout_s,
        .watch = {.tell = tell, .progress = progress, .user = f, .stop = &f->stop},
    };
    f->told.n_chars = 0;
    ftdn_text_append(&f->told, "%s", "");
    return ftdn_fetch(&desc, &f->arena, ret_fetched, &f->err);
}

bool ftdn_fetching_has(ftdn_fetching *f, const char *name)
{
    char *path = ftdn_path_join(&f->arena, f->cache, name, &f->err);
    assert_non_null(path);
    return ftdn_file_exists(path);
}

void ftdn_fetching_assert_right(ftdn_fetching *f)
{
    ftdn_fetched fetched;
    char *bytes;
    size_t n_bytes;
    FTDN_ASSERT_OK(ftdn_fetching_run(f, &fetched), f->err);
    assert_int_equal(fetched.n_files, 1);
    assert_string_equal(fetched.file[0].digest.sha256, f->sha256);
    FTDN_ASSERT_OK(ftdn_file_load(fetched.path, (size_t)1 << 30, &f->arena, &bytes, &n_bytes, &f->err), f->err);
    assert_int_equal(n_bytes, f->server.n_body);
    assert_memory_equal(bytes, f->server.body, n_bytes);
    assert_true(ftdn_fetching_has(f, FTDN_FETCHED_NAME ".fetch.json"));
    assert_false(ftdn_fetching_has(f, FTDN_FETCHED_NAME ".part"));
    assert_false(ftdn_fetching_has(f, FTDN_FETCHED_NAME ".part.json"));
}

void ftdn_fetching_assert_refused(ftdn_fetching *f, const char *fragment)
{
    ftdn_fetched fetched;
    FTDN_ASSERT_FAILS(ftdn_fetching_run(f, &fetched), FTDN_ERR_INPUT, fragment, f->err);
    assert_false(ftdn_fetching_has(f, FTDN_FETCHED_NAME));
    assert_false(ftdn_fetching_has(f, FTDN_FETCHED_NAME ".fetch.json"));
}

void ftdn_fetching_forget(ftdn_fetching *f)
{
    FTDN_ASSERT_OK(ftdn_folder_remove(f->cache, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_folder_create(f->cache, &f->err), f->err);
}

void ftdn_fetching_assert_asked(const ftdn_fetching *f, int k, const char *path, long first)
{
    char line[200];
    assert_true(k < f->server.n_requests);
    snprintf(line, sizeof line, "GET %s HTTP/1.1\r\n", path);
    const char *request = f->server.request[k];
    if (strncmp(request, line, strlen(line)) != 0) fail_msg("'%s' is not '%s'", request, line);
    assert_int_equal(ftdn_server_range(request), first);
}
