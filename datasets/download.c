#include "datasets/download.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "datasets/http_answer.h"
#include "datasets/url.h"

#define LEAST_BYTES_PER_S 100L           /* slower than this for timeout_s is a source that hangs */
#define MAX_HEAD_BYTES ((size_t)256 << 10) /* of one answer */

/* What becomes of an answer, known once its head is read. */
typedef enum verdict {
    UNDECIDED,
    TAKEN,      /* its body goes into the part */
    REDIRECTED, /* answer.location says where */
    LEFT,       /* outcome says why */
} verdict;

/* One request. */
typedef struct transfer {
    const ftdn_download_desc *desc;
    ftdn_part_file *part;
    ftdn_download_outcome *outcome;
    CURL *curl;
    bool is_file;         /* file://, which has no head */
    uint64_t n_asked_for; /* the first byte asked for; 0: the whole file */
    ftdn_http_answer answer;
    size_t n_head_bytes;
    verdict verdict;
    ftdn_status status; /* of this machine */
    ftdn_error *err;
} transfer;

FTDN_PRINTF(3, 4) static verdict leave(transfer *t, ftdn_download_end end, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(t->outcome->reason, sizeof t->outcome->reason, format, args);
    va_end(args);
    t->outcome->end = end;
    return LEFT;
}

static verdict fail_here(transfer *t, ftdn_status status)
{
    t->status = status;
    return LEFT;
}

/* The part is of no use with this source: what is asked next is asked from the beginning. */
static verdict start_over(transfer *t, const char *why)
{
    ftdn_status status = ftdn_part_file_clear(t->part, t->err);
    if (status != FTDN_OK) return fail_here(t, status);
    return leave(t, FTDN_DOWNLOAD_CUT, "%s; the file starts over", why);
}

/* The body is the whole file, of n_all bytes (-1: not said). */
static verdict take_whole(transfer *t, int64_t n_all)
{
    const ftdn_download_desc *desc = t->desc;
    if (n_all >= 0 && desc->n_expected >= 0 && n_all != desc->n_expected)
        return leave(t, FTDN_DOWNLOAD_REFUSED, "it offers %" PRId64 " bytes%s, not the %" PRId64 " of the file", n_all,
                     t->outcome->is_page ? " of a web page (text/html)" : "", desc->n_expected);
    if (n_all >= 0 && (uint64_t)n_all > desc->max_bytes)
        return leave(t, FTDN_DOWNLOAD_REFUSED, "it offers %" PRId64 " bytes, more than the %" PRIu64 " allowed", n_all,
                     desc->max_bytes);
    const char *validator = t->is_file ? NULL : ftdn_http_answer_validator(&t->answer);
    ftdn_status status = ftdn_part_file_begin(t->part, desc->url, validator, n_all, t->err);
    if (status != FTDN_OK) return fail_here(t, status);
    t->outcome->n_resumed = 0;
    return TAKEN;
}

/* The body continues the part, or so it says. */
static verdict take_range(transfer *t)
{
    const ftdn_http_answer *answer = &t->answer;
    const ftdn_part_file *part = t->part;
    if (t->n_asked_for == 0) return leave(t, FTDN_DOWNLOAD_REFUSED, "it answers with a part that was not asked for");
    if (!answer->has_range || (uint64_t)answer->range_first != t->n_asked_for)
        return start_over(t, "it answers with another part than was asked for");
    bool is_other_size = answer->range_all >= 0 && part->n_all >= 0 && answer->range_all != part->n_all;
    bool ends_early = answer->range_all >= 0 && answer->range_last + 1 != answer->range_all;
    if (is_other_size || ends_early) return start_over(t, "it answers with a part of another file");
    const char *validator = ftdn_http_answer_validator(answer);
    if (answer->etag[0] && part->validator[0] == '"' && strcmp(validator, part->validator) != 0)
        return start_over(t, "the file has changed there");
    t->outcome->n_resumed = t->n_asked_for;
    return TAKEN;
}

static verdict judge(transfer *t)
{
    if (t->is_file) {
        curl_off_t n_all = -1;
        curl_easy_getinfo(t->curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &n_all);
        return take_whole(t, n_all);
    }
    const ftdn_http_answer *answer = &t->answer;
    t->outcome->is_page = ftdn_http_answer_is_page(answer);
    switch (answer->status) {
    case 200: return take_whole(t, answer->n_bytes);
    case 206: return take_range(t);
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
        if (answer->location[0]) return REDIRECTED;
        return leave(t, FTDN_DOWNLOAD_REFUSED, "it answers %d without a place to go to", answer->status);
    case 416:
        if (t->n_asked_for > 0) return start_over(t, "it has no such part");
        break;
    case 408:
    case 429: return leave(t, FTDN_DOWNLOAD_CUT, "it answers %d", answer->status);
    default: break;
    }
    return leave(t, answer->status >= 500 && answer->status < 600 ? FTDN_DOWNLOAD_CUT : FTDN_DOWNLOAD_REFUSED,
                 "it answers %d", answer->status);
}

static size_t receive_head(char *line, size_t size, size_t n_items, void *user)
{
    transfer *t = user;
    size_t n_chars = size * n_items;
    t->n_head_bytes += n_chars;
    if (t->n_head_bytes > MAX_HEAD_BYTES) {
        t->verdict = leave(t, FTDN_DOWNLOAD_REFUSED, "the head of its answer does not end");
        return 0;
    }
    if (t->verdict == UNDECIDED)
        ftdn_http_answer_read_line(&t->answer, line, n_chars); /* not what stands behind a body */
    return n_chars;
}

static size_t receive_body(char *bytes, size_t size, size_t n_items, void *user)
{
    transfer *t = user;
    size_t n_bytes = size * n_items;
    if (t->verdict == UNDECIDED) t->verdict = judge(t);
    if (t->verdict != TAKEN) return 0; /* ends the request */
    if (n_bytes > t->desc->max_bytes - t->part->n_bytes) {
        t->verdict =
            leave(t, FTDN_DOWNLOAD_REFUSED, "it sends more than the %" PRIu64 " bytes allowed", t->desc->max_bytes);
        ftdn_status status = ftdn_part_file_clear(t->part, t->err);
        if (status != FTDN_OK) t->verdict = fail_here(t, status);
        return 0;
    }
    ftdn_status status = ftdn_part_file_append(t->part, bytes, n_bytes, t->err);
    if (status == FTDN_OK) return n_bytes;
    t->verdict = fail_here(t, status);
    return 0;
}

static int32_t is_over(const ftdn_download_desc *desc)
{
    return desc->stop && *desc->stop;
}

static int watch(void *user, curl_off_t n_down_all, curl_off_t n_down, curl_off_t n_up_all, curl_off_t n_up)
{
    const transfer *t = user;
    (void)n_down_all, (void)n_down, (void)n_up_all, (void)n_up;
    int64_t n_all = t->part->n_all >= 0 ? t->part->n_all : t->desc->n_expected;
    if (t->verdict == TAKEN && t->desc->progress) t->desc->progress(t->desc->user, t->part->n_bytes, n_all);
    return is_over(t->desc);
}

/* Every option is one that this libcurl knows: what it may refuse is memory. */
static ftdn_status set_options(transfer *t, const char *url, ftdn_url_scheme scheme, struct curl_slist *lines,
                               char error_text[CURL_ERROR_SIZE], ftdn_error *err)
{
    static const char *const allowed[] = {
        [FTDN_URL_FILE] = "file", [FTDN_URL_HTTP] = "http", [FTDN_URL_HTTPS] = "https"};
    CURL *curl = t->curl;
    long timeout_ms = (long)(t->desc->timeout_s * 1000), timeout_s = (long)ceil(t->desc->timeout_s);
    bool is_set = true;
#define SET(option, value) is_set = is_set && curl_easy_setopt(curl, (option), (value)) == CURLE_OK
    SET(CURLOPT_URL, url);
    SET(CURLOPT_PROTOCOLS_STR, allowed[scheme]);
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_HTTPHEADER, lines);
    SET(CURLOPT_USERAGENT, "ftdn");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_CONNECTTIMEOUT_MS, timeout_ms);
    SET(CURLOPT_LOW_SPEED_LIMIT, LEAST_BYTES_PER_S);
    SET(CURLOPT_LOW_SPEED_TIME, timeout_s);
    SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    SET(CURLOPT_ERRORBUFFER, error_text);
    SET(CURLOPT_HEADERFUNCTION, receive_head);
    SET(CURLOPT_HEADERDATA, t);
    SET(CURLOPT_WRITEFUNCTION, receive_body);
    SET(CURLOPT_WRITEDATA, t);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, watch);
    SET(CURLOPT_XFERINFODATA, t);
#undef SET
    return is_set ? FTDN_OK : FTDN_FAIL(err, FTDN_ERR_MEMORY, "curl_easy_setopt: out of memory");
}

/* The lines of the request beyond those that libcurl writes; NULL where memory is refused. */
static struct curl_slist *make_lines(const transfer *t)
{
    char line[512];
    struct curl_slist *lines = curl_slist_append(NULL, "Accept-Encoding: identity"), *longer = lines;
    if (t->n_asked_for == 0) return lines;
    snprintf(line, sizeof line, "Range: bytes=%" PRIu64 "-", t->n_asked_for);
    if (longer) longer = curl_slist_append(lines, line);
    snprintf(line, sizeof line, "If-Range: %s", t->part->validator);
    if (longer) longer = curl_slist_append(lines, line);
    if (longer) return longer;
    curl_slist_free_all(lines);
    return NULL;
}

/* Was the source reached, so that it may be asked again? */
static bool is_cut(const transfer *t, CURLcode code)
{
    switch (code) {
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return true;
    case CURLE_OPERATION_TIMEDOUT: return t->verdict == TAKEN;
    default: return false;
    }
}

/* What an ended request leaves behind. */
static void conclude(transfer *t, CURLcode code, const char *error_text)
{
    if (t->verdict == UNDECIDED && code == CURLE_OK) { /* a body of nothing */
        bool is_answered = t->is_file || t->answer.is_complete;
        t->verdict = is_answered ? judge(t) : leave(t, FTDN_DOWNLOAD_CUT, "its answer breaks off in the head");
    }
    if (t->verdict == LEFT || t->verdict == REDIRECTED) return;
    if (code == CURLE_OUT_OF_MEMORY) {
        t->status = FTDN_FAIL(t->err, FTDN_ERR_MEMORY, "curl_easy_perform: out of memory");
    } else if (code != CURLE_OK) {
        leave(t, is_cut(t, code) ? FTDN_DOWNLOAD_CUT : FTDN_DOWNLOAD_REFUSED, "%s",
              error_text[0] ? error_text : curl_easy_strerror(code));
    } else {
        int64_t n_all = t->desc->n_expected >= 0 ? t->desc->n_expected : t->part->n_all;
        if (n_all >= 0 && t->part->n_bytes < (uint64_t)n_all)
            leave(t, FTDN_DOWNLOAD_CUT, "it ends after %" PRIu64 " of %" PRId64 " bytes", t->part->n_bytes, n_all);
        else if (t->part->n_bytes == 0) leave(t, FTDN_DOWNLOAD_CUT, "it sends nothing");
        else t->outcome->end = FTDN_DOWNLOAD_COMPLETE;
    }
}

static ftdn_status request(transfer *t, const char *url, ftdn_error *err)
{
    ftdn_url_scheme scheme;
    char error_text[CURL_ERROR_SIZE] = "";
    FTDN_TRY(ftdn_url_check(url, &scheme, err));
    t->is_file = scheme == FTDN_URL_FILE;
    bool may_continue = !t->is_file && t->part->validator[0] && strcmp(t->part->url, t->desc->url) == 0;
    t->n_asked_for = may_continue ? t->part->n_bytes : 0;
    t->verdict = UNDECIDED;
    t->n_head_bytes = 0;
    ftdn_http_answer_init(&t->answer);
    t->curl = curl_easy_init();
    struct curl_slist *lines = make_lines(t);
    ftdn_status status;
    if (!t->curl || !lines) status = FTDN_FAIL(err, FTDN_ERR_MEMORY, "curl_easy_init: out of memory");
    else status = set_options(t, url, scheme, lines, error_text, err);
    if (status == FTDN_OK) {
        CURLcode code = curl_easy_perform(t->curl);
        if (is_over(t->desc)) t->status = FTDN_FAIL(err, FTDN_ERR_INTERRUPTED, "interrupted while fetching '%s'", url);
        else conclude(t, code, error_text);
        status = t->status;
    }
    curl_slist_free_all(lines);
    curl_easy_cleanup(t->curl);
    t->curl = NULL;
    return status;
}

/* Ask, and ask where the answer points to, up to FTDN_MOST_REDIRECTS times. */
static ftdn_status request_with_redirects(transfer *t, ftdn_arena *arena, ftdn_error *err)
{
    const char *url = t->desc->url;
    for (int n_redirects = 0;; n_redirects++) {
        FTDN_TRY(request(t, url, err));
        if (t->verdict != REDIRECTED) return FTDN_OK;
        if (n_redirects == FTDN_MOST_REDIRECTS) {
            leave(t, FTDN_DOWNLOAD_REFUSED, "more than %d redirects", FTDN_MOST_REDIRECTS);
            return FTDN_OK;
        }
        ftdn_error why = {0};
        ftdn_status status = ftdn_url_follow(url, t->answer.location, arena, &url, &why);
        if (status == FTDN_ERR_INPUT) {
            leave(t, FTDN_DOWNLOAD_REFUSED, "%.500s", why.message);
            return FTDN_OK;
        }
        if (status != FTDN_OK) return FTDN_FAIL(err, status, "%s", why.message);
    }
}

ftdn_status ftdn_download_try(const ftdn_download_desc *desc, ftdn_part_file *part, ftdn_download_outcome *ret_outcome,
                              ftdn_error *err)
{
    assert(desc->timeout_s > 0 && (desc->n_expected < 0 || (uint64_t)desc->n_expected <= desc->max_bytes));
    ftdn_download_outcome outcome = {.end = FTDN_DOWNLOAD_REFUSED};
    bool is_same_source = strcmp(part->url, desc->url) == 0;
    if (is_same_source && part->n_all >= 0 && part->n_bytes == (uint64_t)part->n_all) {
        *ret_outcome = (ftdn_download_outcome){.end = FTDN_DOWNLOAD_COMPLETE, .n_resumed = part->n_bytes};
        return FTDN_OK;
    }
    if (part->n_bytes > desc->max_bytes || (part->n_all >= 0 && part->n_bytes > (uint64_t)part->n_all))
        FTDN_TRY(ftdn_part_file_clear(part, err));
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return FTDN_FAIL(err, FTDN_ERR_BACKEND, "curl_global_init: libcurl cannot be used");
    transfer t = {.desc = desc, .part = part, .outcome = &outcome, .err = err};
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_status status = request_with_redirects(&t, &arena, err);
    ftdn_arena_done(&arena);
    curl_global_cleanup();
    if (status == FTDN_OK) *ret_outcome = outcome;
    return status;
}
