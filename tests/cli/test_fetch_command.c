/* test_fetch_command.c - ftdn fetch as people use it: names, addresses, kills, two at once, and what manifests find. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/sha256.h"
#include "base/text.h"
#include "datasets/part_file.h"
#include "tests/cli/cli.h"
#include "tests/datasets/hostile_server.h"
#include "tests/datasets/tar_builder.h"

#define N_LARGE 4000000
#define N_KILLS 25

typedef struct fixture {
    ftdn_cli_place *place;
    ftdn_arena *arena;
    ftdn_server server;
    char *cache; /* $XDG_CACHE_HOME/ftdn */
    char sha256[FTDN_SHA256_HEX];
    ftdn_error err;
} fixture;

static void answer_well(ftdn_server *server, int connection, const char *request, int index)
{
    (void)index;
    ftdn_server_send_file(server, connection, request, SIZE_MAX);
}

/* About 10 MB a second. */
static void answer_slowly(ftdn_server *server, int connection, const char *request, int index)
{
    (void)index;
    long first = ftdn_server_range(request);
    size_t at = first > 0 ? (size_t)first : 0;
    if (at > 0)
        ftdn_server_say(connection, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes %zu-%zu/%zu\r\n", at,
                        server->n_body - 1, server->n_body);
    else ftdn_server_say(connection, "HTTP/1.1 200 OK\r\n");
    ftdn_server_say(connection, "ETag: %s\r\nContent-Length: %zu\r\n\r\n", server->etag, server->n_body - at);
    for (size_t n; at < server->n_body; at += n) {
        n = server->n_body - at < 100000 ? server->n_body - at : 100000;
        if (!ftdn_server_send(connection, server->body + at, n) || !ftdn_server_sleep(server, 10)) return;
    }
}

/* As answer_slowly, but behind the first million bytes it waits until the test sets the server's number. */
static void answer_when_told(ftdn_server *server, int connection, const char *request, int index)
{
    if (ftdn_server_range(request) < 0 && server->number == 0) {
        ftdn_server_say(connection, "HTTP/1.1 200 OK\r\nETag: %s\r\nContent-Length: %zu\r\n\r\n", server->etag,
                        server->n_body);
        ftdn_server_send(connection, server->body, 1000000);
        while (server->number == 0 && ftdn_server_sleep(server, 5)) {}
        ftdn_server_send(connection, server->body + 1000000, server->n_body - 1000000);
    } else answer_slowly(server, connection, request, index);
}

/* An empty cache in the test's folder, and a server with a file of n_bytes. */
static void begin(fixture *f, void **state, ftdn_server_answer *answer, const char *body, size_t n_bytes)
{
    *f = (fixture){.place = *state, .server = {.answer = answer, .etag = "\"v1\"", .body = body, .n_body = n_bytes}};
    f->arena = &f->place->arena;
    if (!body) {
        char *random = FTDN_NEW(f->arena, n_bytes, char, &f->err);
        uint64_t x = 88172645463325252ULL;
        assert_non_null(random);
        for (size_t i = 0; i < n_bytes; i++) x ^= x << 13, x ^= x >> 7, x ^= x << 17, random[i] = (char)x;
        f->server.body = random;
    }
    setenv("no_proxy", "127.0.0.1", 1);
    setenv("XDG_CACHE_HOME", f->place->folder, 1);
    f->cache = ftdn_cli_path(f->arena, f->place->folder, "ftdn");
    FTDN_ASSERT_OK(ftdn_sha256_of(f->server.body, n_bytes, f->sha256, &f->err), f->err);
    ftdn_server_start(&f->server);
}

static void end(fixture *f)
{
    ftdn_server_stop(&f->server);
    unsetenv("XDG_CACHE_HOME");
}

static void pause_us(long microseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = microseconds * 1000}, NULL);
}

static bool has(fixture *f, const char *name)
{
    return ftdn_file_exists(ftdn_cli_path(f->arena, f->cache, name));
}

static void assert_file_is_right(fixture *f, const char *name)
{
    size_t n_bytes;
    const char *bytes = ftdn_cli_load(f->arena, ftdn_cli_path(f->arena, f->cache, name), &n_bytes);
    assert_int_equal(n_bytes, f->server.n_body);
    assert_memory_equal(bytes, f->server.body, n_bytes);
}

static void a_list_names_sizes_licences_and_what_is_here(void **state)
{
    fixture f;
    begin(&f, state, answer_well, NULL, 1000);
    ftdn_cli_result result = FTDN_CLI(f.arena, "fetch");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, "\nvoc2007            911 MB  no    PASCAL VOC 2007");
    ftdn_cli_assert_says(result.out, "\nssd_mobilenet_v1  38.0 MB  no ");
    ftdn_cli_assert_says(result.out, "  ssd_vgg16: MIT");
    ftdn_cli_assert_says(result.out, f.cache);
    const ftdn_json *root = ftdn_cli_parse(f.arena, FTDN_CLI(f.arena, "fetch", "--json").out);
    const ftdn_json *entries = ftdn_cli_member(root, "entries");
    assert_int_equal(entries->n_children, 4);
    assert_string_equal(ftdn_cli_member(entries->child[0], "here")->string, "no");
    assert_string_equal(ftdn_cli_member(entries->child[0], "place")->string, "VOC2007");
    assert_int_equal(ftdn_cli_count_entries(f.place->folder), 0);
    end(&f);
}

static void an_address_is_fetched_and_its_digest_said(void **state)
{
    fixture f;
    begin(&f, state, answer_well, NULL, 5000);
    const char *url = ftdn_server_url(&f.server, f.arena, "/files/my%20net.pth?key=1");
    ftdn_cli_result result = FTDN_CLI(f.arena, "fetch", url, "-q");
    ftdn_cli_assert_done(result);
    ftdn_cli_assert_says(result.out, f.sha256);
    ftdn_cli_assert_says(result.out, " (compared with nothing: no digest was given)\n");
    ftdn_cli_assert_says(result.out, "\nnext: ftdn inspect weights '");
    assert_file_is_right(&f, "my net.pth");
    result = FTDN_CLI(f.arena, "fetch", url, "--sha256", f.sha256, "--json");
    assert_int_equal(result.exit_code, 0);
    const ftdn_json *root = ftdn_cli_parse(f.arena, result.out);
    assert_true(ftdn_cli_member(root, "was_here")->boolean);
    assert_string_equal(ftdn_cli_member(ftdn_cli_member(root, "files")->child[0], "sha256")->string, f.sha256);
    assert_int_equal(f.server.n_requests, 1);
    end(&f);
}

static void wrong_usage_says_what_to_do(void **state)
{
    fixture f;
    begin(&f, state, answer_well, NULL, 10);
    const char *url = ftdn_server_url(&f.server, f.arena, "/x.tar");
    ftdn_cli_assert_fails(FTDN_CLI(f.arena, "fetch", "voc207"), 2,
                          "the catalog has no 'voc207'; did you mean 'voc2007'?\n");
    ftdn_cli_assert_fails(FTDN_CLI(f.arena, "fetch", "zzz"), 2, "the catalog has no 'zzz'; 'ftdn fetch' lists it\n");
    ftdn_cli_assert_fails(FTDN_CLI(f.arena, "fetch", "ftp://host/x"), 2, "scheme 'ftp'; allowed: https, http, file\n");
    ftdn_cli_assert_fails(FTDN_CLI(f.arena, "fetch", "http://me:pw@host/x"), 2, "with a user name or password");
    ftdn_cli_assert_fails(FTDN_CLI(f.arena, "fetch", "http://host/"), 2, "names no file that can be kept: ''\n");
    ftdn_cli_assert_fails(FTDN_CLI(f.arena, "fetch", "http://host/%2e%2e"), 2, "names no file that can be kept: '");
    ftdn_cli_assert_fails(FTDN_CLI(f.arena, "fetch", url, "--unpack"), 2, "without a digest nothing is unpacked");
    ftdn_cli_assert_fails(FTDN_CLI(f.arena, "fetch", url, "--sha256", "0123456789abcde"), 2,
                          "is no SHA-256; allowed: its first 16 to 64");
    ftdn_cli_assert_fails(FTDN_CLI(f.arena, "fetch", "http://host/x.zip", "--unpack", "--sha256", f.sha256), 2,
                          "'x.zip' is not called as a tar archive is");
    ftdn_cli_assert_fails(FTDN_CLI(f.arena, "fetch", "voc2007", "--sha256", f.sha256), 2, "are for addresses");
    unsetenv("XDG_CACHE_HOME");
    setenv("HOME", "", 1);
    ftdn_cli_assert_fails(FTDN_CLI(f.arena, "fetch"), 2, "give one: --cache DIR\n");
    assert_int_equal(f.server.n_requests, 0);
    end(&f);
}

static void a_wrong_digest_is_exit_code_4_and_leaves_nothing(void **state)
{
    fixture f;
    begin(&f, state, answer_well, "<html>Your session has ended", 28);
    const char *url = ftdn_server_url(&f.server, f.arena, "/x.pth");
    ftdn_cli_result result = FTDN_CLI(f.arena, "fetch", url, "--sha256", "0000000000000000", "-q");
    ftdn_cli_assert_fails(result, 4, "x.pth: its SHA-256 is ");
    ftdn_cli_assert_says(result.err, ", not 0000000000000000...; it looks like a web page (HTML)");
    assert_int_equal(ftdn_cli_count_entries(f.cache), 1); /* the lock */
    end(&f);
}

/* VOC's two archives, at two addresses of which the first one is dead. */
static const char *write_catalog(fixture *f, const ftdn_text *first, const ftdn_text *second)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text,
                     "{\"catalog_version\": 1, \"entries\": [{\"name\": \"voc\", \"title\": \"t\", \"licence\": \"l\","
                     " \"cite\": \"c\", \"place\": \"VOC\", \"unpack\": {\"top\": \"VOCdevkit/VOC2007\","
                     " \"max_bytes\": 100000}, \"files\": [");
    for (int i = 0; i < 2; i++) {
        const ftdn_text *tar = i ? second : first;
        const char *name = i ? "second.tar" : "first.tar", *path = ftdn_cli_path(f->arena, f->place->folder, name);
        char sha256[FTDN_SHA256_HEX];
        FTDN_ASSERT_OK(ftdn_sha256_of(tar->chars, tar->n_chars, sha256, &f->err), f->err);
        ftdn_test_write_file(path, tar->chars, tar->n_chars);
        ftdn_text_append(&text,
                         "%s{\"name\": \"%s\", \"bytes\": %zu, \"sha256\": \"%s\", \"urls\": [\"file:///nowhere/%s\","
                         " \"file://%s\"]}",
                         i ? ", " : "", name, tar->n_chars, sha256, name, path);
    }
    ftdn_text_append(&text, "]}]}");
    const char *path = ftdn_cli_path(f->arena, f->place->folder, "catalog.json");
    ftdn_test_write_file(path, text.chars, text.n_chars);
    ftdn_text_done(&text);
    return path;
}

static void two_archives_become_one_folder(void **state)
{
    fixture f;
    ftdn_text first, second;
    begin(&f, state, answer_well, NULL, 10);
    ftdn_text_init(&first);
    ftdn_text_init(&second);
    ftdn_tar_add(&first, FTDN_TAR_FILE, "VOCdevkit/VOC2007/ImageSets/Main/trainval.txt", NULL, "000001\n");
    ftdn_tar_end(&first);
    ftdn_tar_add(&second, FTDN_TAR_FILE, "VOCdevkit/VOC2007/ImageSets/Main/test.txt", NULL, "000002\n");
    ftdn_tar_end(&second);
    const char *catalog = write_catalog(&f, &first, &second);
    char *left_over = ftdn_cli_path(f.arena, f.cache, "VOC.unpacking/ImageSets");
    FTDN_ASSERT_OK(ftdn_folder_create(left_over, &f.err), f.err);
    ftdn_test_write_file(ftdn_cli_path(f.arena, left_over, "of_a_killed_fetch"), "x", 1);
    ftdn_cli_result result = FTDN_CLI(f.arena, "fetch", "voc", "--catalog", catalog);
    assert_int_equal(result.exit_code, 0);
    ftdn_cli_assert_says(result.err, "first.tar: not from file:///nowhere/first.tar: Couldn't open file");
    ftdn_cli_assert_says(result.err, "second.tar: unpacking\n");
    ftdn_cli_assert_says(result.out, "\nlicence: l\ncite: c\nnext: ftdn inspect dataset ");
    assert_true(has(&f, "VOC/ImageSets/Main/trainval.txt"));
    assert_true(has(&f, "VOC/ImageSets/Main/test.txt"));
    assert_true(has(&f, "VOC/fetch.json"));
    assert_false(has(&f, "VOC/ImageSets/of_a_killed_fetch"));
    assert_int_equal(ftdn_cli_count_entries(f.cache), 2); /* the folder and the lock */
    ftdn_cli_assert_says(FTDN_CLI(f.arena, "fetch", "voc", "--catalog", catalog).out, "voc is here already: ");
    ftdn_cli_assert_says(FTDN_CLI(f.arena, "fetch", "--catalog", catalog).out, "\nvoc   4 kB  yes   t\n");
    ftdn_text_done(&first);
    ftdn_text_done(&second);
    end(&f);
}

static void an_archive_that_cannot_be_unpacked_leaves_no_folder(void **state)
{
    fixture f;
    ftdn_text first, second;
    begin(&f, state, answer_well, NULL, 10);
    ftdn_text_init(&first);
    ftdn_text_init(&second);
    ftdn_tar_add(&first, FTDN_TAR_FILE, "VOCdevkit/VOC2007/a", NULL, "a");
    ftdn_tar_end(&first);
    ftdn_tar_add(&second, FTDN_TAR_FILE, "VOCdevkit/VOC2007/b", NULL, "b"); /* its end is missing */
    ftdn_cli_result result = FTDN_CLI(f.arena, "fetch", "voc", "-q", "--catalog", write_catalog(&f, &first, &second));
    ftdn_cli_assert_fails(result, 4, "second.tar: it is cut: the end of the archive is missing\n");
    assert_false(has(&f, "VOC"));
    assert_false(has(&f, "VOC.unpacking"));
    ftdn_tar_add(&second, FTDN_TAR_SYMBOLIC_LINK, "VOCdevkit/VOC2007/up", "../../..", "");
    ftdn_tar_end(&second);
    assert_int_equal(unlink(ftdn_cli_path(f.arena, f.cache, "second.tar")), 0);
    result = FTDN_CLI(f.arena, "fetch", "voc", "-q", "--catalog", write_catalog(&f, &first, &second));
    ftdn_cli_assert_fails(result, 4, "entry 'VOCdevkit/VOC2007/up': a link; only files and folders are unpacked\n");
    assert_false(has(&f, "VOC"));
    ftdn_text_done(&first);
    ftdn_text_done(&second);
    end(&f);
}

/* The bytes of large.bin that are there, as far as it is a part. */
static uint64_t part_size(fixture *f)
{
    return ftdn_part_file_size(ftdn_cli_path(f->arena, f->cache, "large.bin"), f->arena);
}

/* Killed at random times, every other time once it has brought something, the program finishes in the end, with one
 * file that is right. */
static void kills_at_any_time_lose_nothing_and_accept_nothing(void **state)
{
    fixture f;
    begin(&f, state, answer_slowly, NULL, N_LARGE);
    const char *url = ftdn_server_url(&f.server, f.arena, "/large.bin");
    uint64_t x = 0x2545F4914F6CDD1DULL, n_before = 0;
    int n_continued = 0, n_cut_short = 0;
    for (int i = 0; i < N_KILLS; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        const char *const words[] = {"fetch", url, "--sha256", f.sha256, "-q", NULL};
        const ftdn_cli_launch_desc desc = {.words = words, .stdout_fd = -1, .stderr_fd = -1};
        ftdn_cli_process process = ftdn_cli_launch(&desc);
        while (i % 2 && !ftdn_cli_has_ended(&process) && part_size(&f) <= n_before) pause_us(500);
        pause_us((long)(x % (i % 2 ? 20000 : 60000)));
        kill(process.id, SIGKILL);
        if (ftdn_cli_wait(f.arena, &process).exit_code == 128 + SIGKILL) n_cut_short++;
        if (has(&f, "large.bin")) break;
        const char *part = ftdn_cli_path(f.arena, f.cache, "large.bin.part");
        size_t n_bytes = 0;
        if (ftdn_file_exists(part)) {
            const char *bytes = ftdn_cli_load(f.arena, part, &n_bytes);
            assert_true(n_bytes <= f.server.n_body);
            assert_memory_equal(bytes, f.server.body, n_bytes);
        }
        assert_true(n_bytes >= n_before);
        n_continued += n_bytes > n_before && n_before > 0;
        n_before = n_bytes;
    }
    if (n_cut_short < 4 || n_continued < 1) fail_msg("%d killed, %d of them continued", n_cut_short, n_continued);
    ftdn_cli_assert_done(FTDN_CLI(f.arena, "fetch", url, "--sha256", f.sha256, "-q"));
    assert_file_is_right(&f, "large.bin");
    assert_int_equal(ftdn_cli_count_entries(f.cache), 3); /* file, record, lock */
    end(&f);
}

/* A folder of 1,000 files appears with all of them and its record, or not at all. */
static void kills_while_unpacking_leave_no_part_of_a_folder(void **state)
{
    enum { N_FILES = 1000 };
    fixture f;
    ftdn_text first, second;
    begin(&f, state, answer_well, NULL, 10);
    ftdn_text_init(&first);
    ftdn_text_init(&second);
    for (int i = 0; i < N_FILES; i++) {
        char name[64];
        snprintf(name, sizeof name, "VOCdevkit/VOC2007/d/%d", i);
        ftdn_tar_add(i % 2 ? &first : &second, FTDN_TAR_FILE, name, NULL, "x");
    }
    ftdn_tar_end(&first);
    ftdn_tar_end(&second);
    const char *catalog = write_catalog(&f, &first, &second);
    const char *const words[] = {"fetch", "voc", "--catalog", catalog, "-q", NULL};
    const ftdn_cli_launch_desc desc = {.words = words, .stdout_fd = -1, .stderr_fd = -1};
    int n_unpacking = 0;
    for (long delay_us = 3000; !has(&f, "VOC"); delay_us += 3000) {
        ftdn_cli_process process = ftdn_cli_launch(&desc);
        pause_us(delay_us);
        kill(process.id, SIGKILL);
        ftdn_cli_wait(f.arena, &process);
        n_unpacking += has(&f, "VOC.unpacking");
    }
    assert_true(n_unpacking > 0);
    assert_true(has(&f, "VOC/fetch.json"));
    assert_int_equal(ftdn_cli_count_entries(ftdn_cli_path(f.arena, f.cache, "VOC/d")), N_FILES);
    ftdn_cli_assert_says(FTDN_CLI(f.arena, "fetch", "voc", "--catalog", catalog, "-q").out, "voc is here already: ");
    assert_int_equal(ftdn_cli_count_entries(f.cache), 2); /* the folder and the lock */
    ftdn_text_done(&first);
    ftdn_text_done(&second);
    end(&f);
}

static void allow_small_files_only(void)
{
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){1000000, 1000000});
}

/* As on a full disk. */
static void a_file_that_cannot_be_written_is_exit_code_4_and_is_continued(void **state)
{
    fixture f;
    begin(&f, state, answer_slowly, NULL, N_LARGE);
    const char *url = ftdn_server_url(&f.server, f.arena, "/large.bin");
    const char *const words[] = {"fetch", url, "--sha256", f.sha256, "-q", NULL};
    const ftdn_cli_launch_desc desc = {
        .words = words, .stdout_fd = -1, .stderr_fd = -1, .prepare = allow_small_files_only};
    ftdn_cli_process process = ftdn_cli_launch(&desc);
    ftdn_cli_assert_fails(ftdn_cli_wait(f.arena, &process), 4, "large.bin.part: File too large\n");
    assert_false(has(&f, "large.bin"));
    ftdn_cli_assert_done(FTDN_CLI(f.arena, "fetch", url, "--sha256", f.sha256, "-q"));
    assert_int_equal(ftdn_server_range(f.server.request[1]), 1000000);
    assert_file_is_right(&f, "large.bin");
    end(&f);
}

static void an_interrupt_is_exit_code_130_and_is_continued(void **state)
{
    fixture f;
    begin(&f, state, answer_when_told, NULL, N_LARGE);
    const char *url = ftdn_server_url(&f.server, f.arena, "/large.bin");
    const char *const words[] = {"fetch", url, "--sha256", f.sha256, NULL};
    const ftdn_cli_launch_desc desc = {.words = words, .stdout_fd = -1, .stderr_fd = -1};
    ftdn_cli_process process = ftdn_cli_launch(&desc);
    while (!has(&f, "large.bin.part.json")) pause_us(1000);
    pause_us(30000);
    kill(process.id, SIGINT);
    ftdn_cli_result result = ftdn_cli_wait(f.arena, &process);
    f.server.number = 1;
    assert_int_equal(result.exit_code, 130);
    ftdn_cli_assert_says(result.err, "\nstopping: what is there is kept; once more: at once\n");
    ftdn_cli_assert_says(result.err, "ftdn: interrupted; what is there is kept, and the same command goes on\n");
    assert_false(has(&f, "large.bin"));
    result = FTDN_CLI(f.arena, "fetch", url, "--sha256", f.sha256);
    assert_int_equal(result.exit_code, 0);
    ftdn_cli_assert_says(result.err, ", going on after ");
    assert_true(ftdn_server_range(f.server.request[f.server.n_requests - 1]) > 0);
    assert_file_is_right(&f, "large.bin");
    end(&f);
}

static void two_fetches_at_once_download_once(void **state)
{
    fixture f;
    begin(&f, state, answer_when_told, NULL, N_LARGE);
    const char *url = ftdn_server_url(&f.server, f.arena, "/large.bin");
    const char *const words[] = {"fetch", url, "--sha256", f.sha256, NULL};
    const ftdn_cli_launch_desc desc = {.words = words, .stdout_fd = -1, .stderr_fd = -1};
    ftdn_cli_process first = ftdn_cli_launch(&desc);
    ftdn_cli_wait_until_it_says(&first, "large.bin: from http://");
    ftdn_cli_process second = ftdn_cli_launch(&desc);
    char waiting[100];
    snprintf(waiting, sizeof waiting, "another fetch (process %ld) fills ", (long)first.id);
    ftdn_cli_wait_until_it_says(&second, waiting);
    f.server.number = 1;
    ftdn_cli_result first_result = ftdn_cli_wait(f.arena, &first);
    ftdn_cli_result second_result = ftdn_cli_wait(f.arena, &second);
    assert_int_equal(first_result.exit_code, 0);
    assert_int_equal(second_result.exit_code, 0);
    ftdn_cli_assert_says(second_result.out, " is here already: ");
    assert_int_equal(f.server.n_requests, 1);
    assert_file_is_right(&f, "large.bin");
    end(&f);
}

static void a_catalog_with_mistakes_is_told_with_its_place(void **state)
{
    fixture f;
    begin(&f, state, answer_well, NULL, 10);
    const char *path = ftdn_cli_path(f.arena, f.place->folder, "catalog.json");
    static const char text[] = "{\"catalog_version\": 1,\n \"entries\": [{\"nam\": \"x\"}]}";
    ftdn_test_write_file(path, text, sizeof text - 1);
    ftdn_cli_assert_fails(FTDN_CLI(f.arena, "fetch", "--catalog", path), 4,
                          "catalog.json:2:15: an entry has no key 'nam'\n");
    end(&f);
}

static void missing_data_that_can_be_fetched_are_told_so(void **state)
{
    fixture f;
    begin(&f, state, answer_well, NULL, 10);
    const char *manifest = ftdn_cli_path(f.arena, f.place->folder, "m.json");
    static const char text[] = "{\"manifest_version\": 1, \"name\": \"m\", \"model\": {\"name\": \"ssd_mobilenet_v1\", "
                               "\"weights\": \"mobilenet-v1-ssd-mp-0_675.pth\"}, \"dataset\": {\"kind\": \"voc\", "
                               "\"root\": \"VOC2007\", \"split\": \"test\"}, \"faults\": {\"type\": \"zero\"}}";
    ftdn_test_write_file(manifest, text, sizeof text - 1);
    ftdn_cli_result both = FTDN_CLI(f.arena, "plan", manifest);
    assert_int_equal(both.exit_code, 4);
    ftdn_cli_assert_says(both.err, "0_675.pth: No such file or directory; 'ftdn fetch ssd_mobilenet_v1' gets it\n");
    ftdn_cli_assert_says(both.err, "; 'ftdn fetch voc2007' gets it\n");
    ftdn_cli_assert_says(both.err, "ftdn: 2 inputs of ");
    ftdn_text formula;
    ftdn_text_init(&formula);
    ftdn_text_append(&formula, "%.*s", (int)(strstr(text, "mobilenet-v1") - text), text);
    ftdn_text_append(&formula, "formula:0%s", strstr(text, "\"}, \"dataset"));
    ftdn_test_write_file(manifest, formula.chars, formula.n_chars);
    ftdn_text_done(&formula);
    ftdn_cli_assert_fails(FTDN_CLI(f.arena, "plan", manifest), 4, "; 'ftdn fetch voc2007' gets it\n");
    end(&f);
}

/* A manifest beside which there is no such folder reads the one in the cache. */
static void manifests_find_what_was_fetched(void **state)
{
    fixture f;
    begin(&f, state, answer_well, NULL, 10);
    const char *manifest = ftdn_cli_path(f.arena, f.place->folder, "m.json");
    static const char text[] = "{\"manifest_version\": 1, \"name\": \"m\", \"model\": {\"name\": \"ssd_mobilenet_v1\", "
                               "\"weights\": \"formula:0\"}, \"dataset\": {\"kind\": \"voc\", \"root\": \"VOC\", "
                               "\"split\": \"test\"}, \"faults\": {\"type\": \"zero\"}}";
    ftdn_test_write_file(manifest, text, sizeof text - 1);
    ftdn_cli_assert_fails(FTDN_CLI(f.arena, "plan", manifest), 4, "VOC/ImageSets/Main/test.txt: No such file");
    FTDN_ASSERT_OK(ftdn_folder_create(ftdn_cli_path(f.arena, f.cache, "VOC/ImageSets/Main"), &f.err), f.err);
    const char *list = ftdn_cli_path(f.arena, f.cache, "VOC/ImageSets/Main/test.txt");
    ftdn_test_write_file(list, "two words\n", 10);
    ftdn_cli_assert_fails(FTDN_CLI(f.arena, "plan", manifest), 4,
                          ftdn_arena_format(f.arena, &f.err, "%s:1:5: more than one word", list));
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_CLI_TEST(a_list_names_sizes_licences_and_what_is_here),
        FTDN_CLI_TEST(an_address_is_fetched_and_its_digest_said),
        FTDN_CLI_TEST(wrong_usage_says_what_to_do),
        FTDN_CLI_TEST(a_wrong_digest_is_exit_code_4_and_leaves_nothing),
        FTDN_CLI_TEST(two_archives_become_one_folder),
        FTDN_CLI_TEST(an_archive_that_cannot_be_unpacked_leaves_no_folder),
        FTDN_CLI_TEST(kills_at_any_time_lose_nothing_and_accept_nothing),
        FTDN_CLI_TEST(kills_while_unpacking_leave_no_part_of_a_folder),
        FTDN_CLI_TEST(a_file_that_cannot_be_written_is_exit_code_4_and_is_continued),
        FTDN_CLI_TEST(an_interrupt_is_exit_code_130_and_is_continued),
        FTDN_CLI_TEST(two_fetches_at_once_download_once),
        FTDN_CLI_TEST(a_catalog_with_mistakes_is_told_with_its_place),
        FTDN_CLI_TEST(missing_data_that_can_be_fetched_are_told_so),
        FTDN_CLI_TEST(manifests_find_what_was_fetched),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
