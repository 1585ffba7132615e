#include "datasets/fetch_file.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "datasets/download.h"
#include "datasets/fetch_record.h"

#define MOST_IDLE_TRIES 3 /* of one source that bring nothing to speak of */
#define LEAST_PROGRESS ((uint64_t)1 << 20)
#define PAUSE_STEP_NS 50000000L
#define PAGE_BYTES 512 /* at a file's beginning, in which a web page shows itself */

typedef struct getter {
    const ftdn_fetch_desc *desc;
    const ftdn_catalog_file *file;
    const char *path;
    ftdn_arena *arena;
    ftdn_part_file part;
    ftdn_text reasons; /* of the sources that did not give it */
    ftdn_error *err;
} getter;

void ftdn_fetch_tell(const ftdn_fetch_watch *watch, const char *format, ...)
{
    char line[1024];
    if (!watch->tell) return;
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    watch->tell(watch->user, line);
}

ftdn_status ftdn_fetch_check_stop(const ftdn_fetch_watch *watch, ftdn_error *err)
{
    if (!watch->stop || !*watch->stop) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_INTERRUPTED, "interrupted; what is there is kept, and the same command goes on");
}

static void pass_progress_on(void *user, uint64_t n_done, int64_t n_all)
{
    const getter *g = user;
    const ftdn_fetch_watch *watch = &g->desc->watch;
    if (watch->progress) watch->progress(watch->user, g->file->name, n_done, n_all);
}

/* A moment before a second idle try, 1 s before a third; shorter where the fetch is to end. */
static ftdn_status pause_before_try(const getter *g, int n_idle)
{
    static const int n_steps_before[MOST_IDLE_TRIES] = {0, 1, 20};
    int n_steps = n_steps_before[n_idle];
    for (int i = 0; i < n_steps; i++) {
        FTDN_TRY(ftdn_fetch_check_stop(&g->desc->watch, g->err));
        nanosleep(&(struct timespec){.tv_nsec = PAUSE_STEP_NS}, NULL);
    }
    return FTDN_OK;
}

/* Did a try bring enough to deserve another one? A hundredth of the file, or LEAST_PROGRESS. */
static bool has_progressed(const getter *g, uint64_t n_before)
{
    uint64_t n_wanted = LEAST_PROGRESS, n_hundredth = g->part.n_all > 0 ? (uint64_t)g->part.n_all / 100 + 1 : n_wanted;
    if (n_hundredth < n_wanted) n_wanted = n_hundredth;
    return g->part.n_bytes >= n_before + n_wanted;
}

/* One source, asked again where it breaks off. */
static ftdn_status try_source(getter *g, const char *url, ftdn_download_outcome *ret_outcome)
{
    const ftdn_download_desc download = {
        .url = url,
        .n_expected = g->file->n_bytes,
        .max_bytes = g->file->max_bytes,
        .timeout_s = g->desc->timeout_s,
        .stop = g->desc->watch.stop,
        .progress = pass_progress_on,
        .user = g,
    };
    for (int n_idle = 0;;) {
        uint64_t n_before = g->part.n_bytes;
        ftdn_status status = ftdn_download_try(&download, &g->part, ret_outcome, g->err);
        if (status == FTDN_ERR_INTERRUPTED) return ftdn_fetch_check_stop(&g->desc->watch, g->err);
        if (status != FTDN_OK || ret_outcome->end != FTDN_DOWNLOAD_CUT) return status;
        n_idle = has_progressed(g, n_before) ? 0 : n_idle + 1;
        if (n_idle == MOST_IDLE_TRIES) return FTDN_OK;
        ftdn_fetch_tell(&g->desc->watch, "%s: %s; once more, after %" PRIu64 " bytes", g->file->name,
                        ret_outcome->reason, g->part.n_bytes);
        FTDN_TRY(pause_before_try(g, n_idle));
    }
}

/* Does the file begin as a web page does? */
static bool looks_like_page(const char *path)
{
    char head[PAGE_BYTES + 1];
    FILE *file = fopen(path, "rb");
    size_t n_chars = file ? fread(head, 1, PAGE_BYTES, file) : 0;
    if (file) fclose(file);
    head[n_chars] = 0;
    const char *at = head + (strncmp(head, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0);
    at += strspn(at, " \t\r\n");
    return strncasecmp(at, "<!doctype html", 14) == 0 || strncasecmp(at, "<html", 5) == 0;
}

/* The part is complete, as far as its source can tell: is it the file? *ret_is_right; else outcome->reason says why. */
static ftdn_status check_part(getter *g, ftdn_download_outcome *outcome, ftdn_file_digest *ret_digest,
                              bool *ret_is_right)
{
    ftdn_error why = {0};
    ftdn_status status = ftdn_file_digest_read(g->part.path, g->desc->watch.stop, ret_digest, g->err);
    if (status == FTDN_ERR_INTERRUPTED) return ftdn_fetch_check_stop(&g->desc->watch, g->err);
    if (status != FTDN_OK) return status;
    *ret_is_right = ftdn_fetch_check_digest(g->file, ret_digest, &why) == FTDN_OK;
    if (*ret_is_right) return FTDN_OK;
    bool is_page = outcome->is_page || looks_like_page(g->part.path);
    snprintf(outcome->reason, sizeof outcome->reason, "%.300s%s", why.message,
             is_page ? "; it looks like a web page (HTML), of a login or an error, in place of the file" : "");
    return ftdn_part_file_clear(&g->part, g->err);
}

/* A source from the part's end to a file that is right, or to a reason why not. Pieces of several tries that do not
 * make the right whole are worth a try of one piece. */
static ftdn_status ask_source(getter *g, const char *url, ftdn_file_digest *ret_digest, bool *ret_is_right)
{
    ftdn_download_outcome outcome = {.end = FTDN_DOWNLOAD_REFUSED};
    *ret_is_right = false;
    for (int round = 0; round < 2; round++) {
        bool goes_on = g->part.n_bytes > 0 && strcmp(g->part.url, url) == 0;
        if (goes_on)
            ftdn_fetch_tell(&g->desc->watch, "%s: from %s, going on after %" PRIu64 " bytes", g->file->name, url,
                            g->part.n_bytes);
        else ftdn_fetch_tell(&g->desc->watch, "%s: from %s", g->file->name, url);
        FTDN_TRY(try_source(g, url, &outcome));
        if (outcome.end != FTDN_DOWNLOAD_COMPLETE) break;
        FTDN_TRY(check_part(g, &outcome, ret_digest, ret_is_right));
        if (*ret_is_right) return FTDN_OK;
        if (outcome.n_resumed == 0) break;
        ftdn_fetch_tell(&g->desc->watch, "%s: its pieces do not fit together; it starts over", g->file->name);
    }
    ftdn_fetch_tell(&g->desc->watch, "%s: not from %s: %s", g->file->name, url, outcome.reason);
    ftdn_text_append(&g->reasons, "%s%s: %s", g->reasons.n_chars ? "; " : "", url, outcome.reason);
    return FTDN_OK;
}

/* The source that the part came from goes first, then the others in their order. */
static int find_first_source(const getter *g)
{
    for (int i = 0; i < g->file->n_urls; i++)
        if (strcmp(g->file->url[i], g->part.url) == 0) return i;
    return 0;
}

static ftdn_status ask_sources(getter *g, ftdn_file_digest *ret_digest, const char **ret_url)
{
    int first = find_first_source(g);
    for (int i = 0; i < g->file->n_urls; i++) {
        int source = i == 0 ? first : i <= first ? i - 1 : i;
        bool is_right;
        FTDN_TRY(ask_source(g, g->file->url[source], ret_digest, &is_right));
        if (!is_right) continue;
        *ret_url = g->file->url[source];
        return FTDN_OK;
    }
    FTDN_TRY(ftdn_text_check(&g->reasons, g->err));
    if (g->file->n_urls == 1) return FTDN_FAIL(g->err, FTDN_ERR_INPUT, "%s: %s", g->file->name, g->reasons.chars);
    return FTDN_FAIL(g->err, FTDN_ERR_INPUT, "%s: none of %d sources gave it: %s", g->file->name, g->file->n_urls,
                     g->reasons.chars);
}

/* Parts that hold nothing are not left behind. */
static ftdn_status download(getter *g, ftdn_fetched_file *ret_file)
{
    ftdn_fetched_file fetched = {.name = g->file->name};
    FTDN_TRY(ftdn_part_file_open(g->path, g->arena, &g->part, g->err));
    ftdn_status status = ask_sources(g, &fetched.digest, &fetched.url);
    char *record_path = ftdn_fetch_record_path(g->path, false, g->arena, g->err);
    if (status == FTDN_OK && !record_path) status = FTDN_ERR_MEMORY;
    if (status == FTDN_OK) status = ftdn_fetch_record_write(record_path, g->desc->entry, &fetched, 1, g->err);
    if (status == FTDN_OK) status = ftdn_file_replace(g->part.path, g->path, g->err);
    if (status == FTDN_OK || g->part.n_bytes == 0) ftdn_part_file_remove(&g->part);
    else ftdn_part_file_close(&g->part);
    if (status == FTDN_OK) *ret_file = fetched;
    return status;
}

/* A file of that name lies in the cache: is it the one? */
static ftdn_status check_present(const getter *g, ftdn_fetched_file *ret_file)
{
    ftdn_fetched_file held = {.name = g->file->name};
    ftdn_fetch_record record;
    const ftdn_catalog_entry alone = {.n_files = 1, .file = g->file};
    char *record_path = ftdn_fetch_record_path(g->path, false, g->arena, g->err);
    if (!record_path) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_fetch_record_read(record_path, g->arena, &record, g->err));
    ftdn_status status = ftdn_file_digest_read(g->path, g->desc->watch.stop, &held.digest, g->err);
    if (status == FTDN_ERR_INTERRUPTED) return ftdn_fetch_check_stop(&g->desc->watch, g->err);
    if (status != FTDN_OK) return status;
    bool has_digest = g->file->sha256 || g->file->md5;
    bool is_recorded =
        ftdn_fetch_record_fits(&record, &alone) && strcmp(record.file[0].digest.sha256, held.digest.sha256) == 0;
    if (is_recorded) held.url = record.file[0].url;
    else if (!has_digest)
        return FTDN_FAIL(g->err, FTDN_ERR_INPUT,
                         "%s is there, and is not known to come from that address; move it away, or give its SHA-256",
                         g->path);
    status = ftdn_fetch_check_digest(g->file, &held.digest, g->err);
    if (status != FTDN_OK) {
        ftdn_error_context(g->err, "%s is there, but is not the file (move it away to fetch that)", g->path);
        return status;
    }
    if (!is_recorded) FTDN_TRY(ftdn_fetch_record_write(record_path, g->desc->entry, &held, 1, g->err));
    *ret_file = held;
    return FTDN_OK;
}

ftdn_status ftdn_fetch_file(const ftdn_fetch_desc *desc, const ftdn_catalog_file *file, ftdn_arena *arena,
                            ftdn_fetched_file *ret_file, bool *ret_was_here, ftdn_error *err)
{
    getter g = {.desc = desc, .file = file, .arena = arena, .err = err};
    g.path = ftdn_path_join(arena, desc->cache, file->name, err);
    if (!g.path) return FTDN_ERR_MEMORY;
    *ret_was_here = ftdn_file_exists(g.path);
    if (*ret_was_here) return check_present(&g, ret_file);
    ftdn_text_init(&g.reasons);
    ftdn_status status = download(&g, ret_file);
    ftdn_text_done(&g.reasons);
    return status;
}
