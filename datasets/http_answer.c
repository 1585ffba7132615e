#include "datasets/http_answer.h"

#include <string.h>
#include <strings.h>

void ftdn_http_answer_init(ftdn_http_answer *answer)
{
    *answer = (ftdn_http_answer){.n_bytes = -1, .range_all = -1};
}

/* Digits at *at, as a number below 10^18; false where there are none or too many. */
static bool read_number(const char **at, const char *end, int64_t *ret_number)
{
    const char *start = *at;
    int64_t number = 0;
    while (*at < end && **at >= '0' && **at <= '9' && *at - start < 18) number = number * 10 + (*(*at)++ - '0');
    if (*at == start || (*at < end && **at >= '0' && **at <= '9')) return false;
    *ret_number = number;
    return true;
}

static bool read_char(const char **at, const char *end, char wanted)
{
    if (*at >= end || **at != wanted) return false;
    ++*at;
    return true;
}

/* "HTTP/1.1 206 Partial Content", "HTTP/2 206" */
static bool read_status(const char *line, const char *end, int *ret_status)
{
    int64_t status;
    if (end - line < 5 || strncasecmp(line, "HTTP/", 5) != 0) return false;
    const char *at = memchr(line, ' ', (size_t)(end - line));
    if (!at) return false;
    while (at < end && *at == ' ') at++;
    *ret_status = read_number(&at, end, &status) && status >= 100 && status <= 999 ? (int)status : 999;
    return true;
}

/* "bytes 100-199/200", "bytes 100-199/" "*" */
static void read_range(ftdn_http_answer *answer, const char *at, const char *end)
{
    int64_t first, last, all = -1;
    answer->has_range = false;
    if (end - at < 6 || strncasecmp(at, "bytes ", 6) != 0) return;
    at += 6;
    if (!read_number(&at, end, &first) || !read_char(&at, end, '-') || !read_number(&at, end, &last)) return;
    if (!read_char(&at, end, '/')) return;
    if (!read_char(&at, end, '*') && !read_number(&at, end, &all)) return;
    if (at != end || last < first || (all >= 0 && last >= all)) return;
    answer->has_range = true;
    answer->range_first = first;
    answer->range_last = last;
    answer->range_all = all;
}

/* The value, or nothing where it does not fit (a part would be another value) or is no ASCII that can be shown. */
static void keep(char *ret_text, size_t n_room, const char *value, const char *end)
{
    size_t n_chars = (size_t)(end - value);
    if (n_chars >= n_room) n_chars = 0;
    for (size_t i = 0; i < n_chars; i++)
        if (value[i] < 0x20 || value[i] > 0x7e) n_chars = 0;
    memcpy(ret_text, value, n_chars);
    ret_text[n_chars] = 0;
}

static bool is_named(const char *line, size_t n_name, const char *name)
{
    return strlen(name) == n_name && strncasecmp(line, name, n_name) == 0;
}

void ftdn_http_answer_read_line(ftdn_http_answer *answer, const char *line, size_t n_chars)
{
    const char *end = line + n_chars;
    while (end > line && (end[-1] == '\n' || end[-1] == '\r' || end[-1] == ' ' || end[-1] == '\t')) end--;
    int status;
    if (read_status(line, end, &status)) {
        ftdn_http_answer_init(answer);
        answer->status = status;
        return;
    }
    if (end == line) answer->is_complete = true;
    const char *colon = memchr(line, ':', (size_t)(end - line));
    if (!colon) return;
    size_t n_name = (size_t)(colon - line);
    const char *value = colon + 1;
    while (value < end && (*value == ' ' || *value == '\t')) value++;
    if (is_named(line, n_name, "Content-Length")) {
        int64_t n_bytes;
        const char *at = value;
        if (read_number(&at, end, &n_bytes) && at == end) answer->n_bytes = n_bytes;
    } else if (is_named(line, n_name, "Content-Range")) read_range(answer, value, end);
    else if (is_named(line, n_name, "ETag")) {
        bool is_strong = end - value >= 2 && value[0] == '"' && end[-1] == '"';
        keep(answer->etag, sizeof answer->etag, value, is_strong ? end : value);
    } else if (is_named(line, n_name, "Last-Modified"))
        keep(answer->last_modified, sizeof answer->last_modified, value, end);
    else if (is_named(line, n_name, "Content-Type"))
        keep(answer->content_type, sizeof answer->content_type, value, end);
    else if (is_named(line, n_name, "Location")) keep(answer->location, sizeof answer->location, value, end);
}

const char *ftdn_http_answer_validator(const ftdn_http_answer *answer)
{
    if (answer->etag[0]) return answer->etag;
    return answer->last_modified[0] ? answer->last_modified : NULL;
}

bool ftdn_http_answer_is_page(const ftdn_http_answer *answer)
{
    return strncasecmp(answer->content_type, "text/html", 9) == 0;
}
