#include "base/json_stream.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_scan.h"

/* What stands at the first byte that is not handed out. */
typedef enum position {
    BEFORE_OBJECT,
    BEFORE_MEMBER, /* behind '{', or behind a member's value */
    AT_VALUE,
    AT_ITEM, /* of an array: behind '[', or behind an item */
    BEHIND_OBJECT,
} position;

struct ftdn_json_stream {
    const char *path;
    int fd;
    char *bytes; /* [capacity], of which begin ... end - 1 are read and not handed out */
    size_t capacity, begin, end, n_at_a_time;
    size_t n_unread; /* bytes of the file, as it was when it was opened */
    bool is_at_end;
    int line, column; /* of bytes[begin] */
    int start_line, start_column;
    position position;
    bool is_first; /* no member, or no item, was handed out yet */
    ftdn_json_member member;
    ftdn_json_piece piece;
    ftdn_arena arena;     /* path */
    ftdn_arena key_arena; /* the member's key */
};

/* A failure at a place of the text. */
#define FAIL_AT(stream, err, at_line, at_column, ...)                                                                  \
    (FTDN_FAIL((err), FTDN_ERR_INPUT, __VA_ARGS__),                                                                    \
     ftdn_error_context((err), "%s:%d:%d", (stream)->path, (at_line), (at_column)), FTDN_ERR_INPUT)

static ftdn_status expected(const ftdn_json_stream *stream, const char *what, ftdn_error *err)
{
    return FAIL_AT(stream, err, stream->line, stream->column, "expected %s%s", what,
                   stream->begin == stream->end ? ", but the text ends" : "");
}

ftdn_status ftdn_json_stream_open(const char *path, size_t max_bytes, size_t n_at_a_time, ftdn_json_stream **ret_stream,
                                  ftdn_error *err)
{
    assert(max_bytes <= INT_MAX && n_at_a_time > 0);
    ftdn_json_stream *stream = calloc(1, sizeof *stream);
    if (!stream) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%s: out of memory", path);
    *stream = (ftdn_json_stream){.fd = -1, .n_at_a_time = n_at_a_time, .capacity = n_at_a_time, .line = 1, .column = 1};
    ftdn_arena_init(&stream->arena);
    ftdn_arena_init(&stream->key_arena);
    ftdn_status status = ftdn_file_open(path, max_bytes, &stream->fd, &stream->n_unread, err);
    if (status != FTDN_OK) goto failed;
    stream->path = ftdn_arena_copy_text(&stream->arena, path, strlen(path), err);
    stream->bytes = stream->path ? malloc(stream->capacity) : NULL;
    if (!stream->bytes) {
        status = FTDN_FAIL(err, FTDN_ERR_MEMORY, "%s: out of memory", path);
        goto failed;
    }
    *ret_stream = stream;
    return FTDN_OK;
failed:
    ftdn_json_stream_close(stream);
    return status;
}

void ftdn_json_stream_close(ftdn_json_stream *stream)
{
    if (!stream) return;
    if (stream->fd >= 0) close(stream->fd);
    ftdn_arena_done(&stream->arena);
    ftdn_arena_done(&stream->key_arena);
    free(stream->bytes);
    free(stream);
}

void ftdn_json_stream_get_start(const ftdn_json_stream *stream, int *ret_line, int *ret_column)
{
    *ret_line = stream->start_line;
    *ret_column = stream->start_column;
}

/* Read on: at least one byte more, or is_at_end. Bytes that were handed out are given up. */
static ftdn_status read_more(ftdn_json_stream *stream, ftdn_error *err)
{
    if (stream->begin > 0) memmove(stream->bytes, stream->bytes + stream->begin, stream->end - stream->begin);
    stream->end -= stream->begin;
    stream->begin = 0;
    if (stream->end == stream->capacity) {
        char *larger = realloc(stream->bytes, 2 * stream->capacity);
        if (!larger)
            return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%s: out of memory for a value of over %zu bytes", stream->path,
                             stream->capacity);
        stream->bytes = larger;
        stream->capacity *= 2;
    }
    size_t n = stream->capacity - stream->end;
    if (n > stream->n_at_a_time) n = stream->n_at_a_time;
    if (n > stream->n_unread) n = stream->n_unread;
    ssize_t n_read;
    do n_read = read(stream->fd, stream->bytes + stream->end, n);
    while (n_read < 0 && errno == EINTR);
    if (n_read < 0) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: %s", stream->path, strerror(errno));
    stream->is_at_end = n_read == 0;
    stream->end += (size_t)n_read;
    stream->n_unread -= (size_t)n_read;
    return FTDN_OK;
}

/* The next byte; -1 at the end of the file. */
static ftdn_status peek(ftdn_json_stream *stream, int *ret_byte, ftdn_error *err)
{
    while (stream->begin == stream->end && !stream->is_at_end) FTDN_TRY(read_more(stream, err));
    *ret_byte = stream->begin < stream->end ? (unsigned char)stream->bytes[stream->begin] : -1;
    return FTDN_OK;
}

/* Step over bytes that are read. Columns count characters: the first byte of each. */
static void step_over(ftdn_json_stream *stream, size_t n_bytes)
{
    const char *at = stream->bytes + stream->begin, *end = at + n_bytes;
    for (const char *newline; (newline = memchr(at, '\n', (size_t)(end - at))); at = newline + 1) {
        stream->line++;
        stream->column = 1;
    }
    for (; at < end; at++) stream->column += ((unsigned char)*at & 0xc0) != 0x80;
    stream->begin += n_bytes;
}

static ftdn_status skip_space(ftdn_json_stream *stream, int *ret_byte, ftdn_error *err)
{
    FTDN_TRY(peek(stream, ret_byte, err));
    while (*ret_byte == ' ' || *ret_byte == '\t' || *ret_byte == '\n' || *ret_byte == '\r') {
        step_over(stream, 1);
        FTDN_TRY(peek(stream, ret_byte, err));
    }
    return FTDN_OK;
}

/* Hand out the value that begins here. */
static ftdn_status take_value(ftdn_json_stream *stream, ftdn_error *err)
{
    ftdn_json_scan scan;
    size_t n_bytes = 0;
    ftdn_json_scan_init(&scan);
    for (;;) {
        ftdn_json_scan_state state =
            ftdn_json_scan_on(&scan, stream->bytes + stream->begin, &n_bytes, stream->end - stream->begin);
        /* The parser is to see the byte that is wrong, too. */
        bool is_wrong = state == FTDN_JSON_SCAN_BROKEN || (state == FTDN_JSON_SCAN_WHOLE && n_bytes == 0);
        if (is_wrong) n_bytes++;
        if (state != FTDN_JSON_SCAN_MORE || stream->is_at_end) break;
        if (n_bytes >= FTDN_JSON_LONGEST_ITEM)
            return FAIL_AT(stream, err, stream->line, stream->column,
                           "the value that begins here is longer than %zu bytes; is a bracket or a quote missing?",
                           FTDN_JSON_LONGEST_ITEM);
        FTDN_TRY(read_more(stream, err));
    }
    stream->piece = (ftdn_json_piece){stream->bytes + stream->begin, n_bytes, stream->line, stream->column};
    step_over(stream, n_bytes);
    return FTDN_OK;
}

/* Step over the value that begins here, or over the rest of an array of which items were handed out. */
static ftdn_status skip_value(ftdn_json_stream *stream, bool is_in_array, ftdn_error *err)
{
    ftdn_json_scan scan;
    ftdn_json_scan_init(&scan);
    if (is_in_array) ftdn_json_scan_enter_array(&scan);
    ftdn_json_scan_state state;
    do {
        size_t n_bytes = 0;
        while (stream->begin == stream->end && !stream->is_at_end) FTDN_TRY(read_more(stream, err));
        state = ftdn_json_scan_on(&scan, stream->bytes + stream->begin, &n_bytes, stream->end - stream->begin);
        step_over(stream, n_bytes);
        if (state == FTDN_JSON_SCAN_BROKEN) return FAIL_AT(stream, err, stream->line, stream->column, "%s", scan.cause);
    } while (state == FTDN_JSON_SCAN_MORE && !stream->is_at_end);
    if (state == FTDN_JSON_SCAN_WHOLE || scan.in_word) return FTDN_OK;
    return FAIL_AT(stream, err, stream->member.line, stream->member.column,
                   "the value that begins here does not end, but the text does");
}

static ftdn_status see_kind(const ftdn_json_stream *stream, int byte, ftdn_json_kind *ret_kind, ftdn_error *err)
{
    switch (byte) {
    case '{': *ret_kind = FTDN_JSON_OBJECT; return FTDN_OK;
    case '[': *ret_kind = FTDN_JSON_ARRAY; return FTDN_OK;
    case '"': *ret_kind = FTDN_JSON_STRING; return FTDN_OK;
    case 't':
    case 'f': *ret_kind = FTDN_JSON_BOOL; return FTDN_OK;
    case 'n': *ret_kind = FTDN_JSON_NULL; return FTDN_OK;
    default: break;
    }
    if (byte != '-' && (byte < '0' || byte > '9')) return expected(stream, "a value", err);
    *ret_kind = FTDN_JSON_NUMBER;
    return FTDN_OK;
}

static ftdn_status begin_object(ftdn_json_stream *stream, ftdn_error *err)
{
    static const char mark[] = "\xef\xbb\xbf";
    ftdn_json_kind kind;
    int byte;
    while (stream->end < 3 && !stream->is_at_end) FTDN_TRY(read_more(stream, err));
    if (stream->end >= 3 && memcmp(stream->bytes, mark, 3) == 0) stream->begin = 3;
    FTDN_TRY(skip_space(stream, &byte, err));
    FTDN_TRY(see_kind(stream, byte, &kind, err));
    if (kind != FTDN_JSON_OBJECT)
        return FAIL_AT(stream, err, stream->line, stream->column, "the file is %s, not an object",
                       ftdn_json_kind_name(kind));
    stream->start_line = stream->line;
    stream->start_column = stream->column;
    step_over(stream, 1);
    stream->position = BEFORE_MEMBER;
    stream->is_first = true;
    return FTDN_OK;
}

static ftdn_status end_object(ftdn_json_stream *stream, ftdn_error *err)
{
    int byte;
    step_over(stream, 1);
    stream->position = BEHIND_OBJECT;
    FTDN_TRY(skip_space(stream, &byte, err));
    if (byte < 0) return FTDN_OK;
    return FAIL_AT(stream, err, stream->line, stream->column, "unexpected text behind the value");
}

/* Step over the comma that stands before every member and item but the first. behind, after: what may stand here, and
 * what after a comma, for messages. */
static ftdn_status skip_comma(ftdn_json_stream *stream, int closing, const char *behind, const char *after,
                              int *ret_byte, ftdn_error *err)
{
    FTDN_TRY(skip_space(stream, ret_byte, err));
    if (stream->is_first || *ret_byte == closing) return FTDN_OK;
    if (*ret_byte != ',') return expected(stream, behind, err);
    step_over(stream, 1);
    FTDN_TRY(skip_space(stream, ret_byte, err));
    return *ret_byte == closing ? expected(stream, after, err) : FTDN_OK;
}

/* Step over what is left of the member's value. */
static ftdn_status leave_value(ftdn_json_stream *stream, ftdn_error *err)
{
    FTDN_TRY(skip_value(stream, stream->position == AT_ITEM, err));
    stream->position = BEFORE_MEMBER;
    stream->is_first = false;
    return FTDN_OK;
}

static ftdn_status take_key(ftdn_json_stream *stream, ftdn_json_member *member, ftdn_error *err)
{
    const ftdn_json *key;
    FTDN_TRY(take_value(stream, err));
    ftdn_arena_done(&stream->key_arena);
    const ftdn_json_piece *piece = &stream->piece;
    FTDN_TRY(ftdn_json_parse_at(piece->text, piece->n_bytes, stream->path, piece->line, piece->column,
                                &stream->key_arena, &key, err));
    member->key = key->string;
    member->key_line = key->line;
    member->key_column = key->column;
    return FTDN_OK;
}

ftdn_status ftdn_json_stream_next_member(ftdn_json_stream *stream, const ftdn_json_member **ret_member, ftdn_error *err)
{
    int byte;
    ftdn_json_member member;
    assert(stream->position != BEHIND_OBJECT);
    if (stream->position == BEFORE_OBJECT) FTDN_TRY(begin_object(stream, err));
    else if (stream->position != BEFORE_MEMBER) FTDN_TRY(leave_value(stream, err));
    FTDN_TRY(skip_comma(stream, '}', "',' or '}' after a member", "a key in double quotes after ','", &byte, err));
    if (byte == '}') {
        *ret_member = NULL;
        return end_object(stream, err);
    }
    if (byte != '"') return expected(stream, "a key in double quotes or '}'", err);
    FTDN_TRY(take_key(stream, &member, err));
    FTDN_TRY(skip_space(stream, &byte, err));
    if (byte != ':') return expected(stream, "':' after a key", err);
    step_over(stream, 1);
    FTDN_TRY(skip_space(stream, &byte, err));
    FTDN_TRY(see_kind(stream, byte, &member.kind, err));
    member.line = stream->line;
    member.column = stream->column;
    stream->member = member;
    stream->position = AT_VALUE;
    stream->is_first = false;
    *ret_member = &stream->member;
    return FTDN_OK;
}

ftdn_status ftdn_json_stream_next_item(ftdn_json_stream *stream, const ftdn_json_piece **ret_item, ftdn_error *err)
{
    int byte;
    assert(stream->member.kind == FTDN_JSON_ARRAY && (stream->position == AT_VALUE || stream->position == AT_ITEM));
    if (stream->position == AT_VALUE) {
        step_over(stream, 1);
        stream->position = AT_ITEM;
        stream->is_first = true;
    }
    FTDN_TRY(skip_comma(stream, ']', "',' or ']' after an item", "a value", &byte, err));
    if (byte == ']') {
        step_over(stream, 1);
        stream->position = BEFORE_MEMBER;
        stream->is_first = false;
        *ret_item = NULL;
        return FTDN_OK;
    }
    FTDN_TRY(take_value(stream, err));
    stream->is_first = false;
    *ret_item = &stream->piece;
    return FTDN_OK;
}
