/* json_stream.h - a JSON object in a file that is too large for a tree: its members, and the items of its lists, one at
 * a time.
 *
 * The file is read in pieces, none of which is kept. What is handed out is text with its place, for ftdn_json_parse_at,
 * which checks it; of what is stepped over only brackets and strings are checked. A byte order mark is no part of the
 * text. */
#ifndef FTDN_BASE_JSON_STREAM_H
#define FTDN_BASE_JSON_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/json.h"
#include "base/status.h"

#define FTDN_JSON_STREAM_PIECE ((size_t)1 << 20) /* bytes read at a time; a test takes fewer */
#define FTDN_JSON_LONGEST_ITEM ((size_t)8 << 20) /* bytes of an item or a key */

typedef struct ftdn_json_stream ftdn_json_stream;

/* A member of the object. */
typedef struct ftdn_json_member {
    const char *key; /* until the next member */
    int key_line, key_column;
    ftdn_json_kind kind; /* as the value's first character says */
    int line, column;    /* of the value */
} ftdn_json_member;

/* The text of a value. It may be changed, and stays until the next call. */
typedef struct ftdn_json_piece {
    char *text;
    size_t n_bytes;
    int line, column;
} ftdn_json_piece;

/* A regular file of at most max_bytes bytes (below 2^31, so that columns are ints), read n_at_a_time bytes at a time.
 * FTDN_ERR_INPUT names the path. */
FTDN_NODISCARD ftdn_status ftdn_json_stream_open(const char *path, size_t max_bytes, size_t n_at_a_time,
                                                 ftdn_json_stream **ret_stream, ftdn_error *err);
void ftdn_json_stream_close(ftdn_json_stream *stream); /* NULL is fine */

/* The next member, behind what is left of the former one; NULL behind the last one, where the file ends.
 * FTDN_ERR_INPUT names path:line:column: no object, broken JSON, a file that cannot be read. */
FTDN_NODISCARD ftdn_status ftdn_json_stream_next_member(ftdn_json_stream *stream, const ftdn_json_member **ret_member,
                                                        ftdn_error *err);

/* The next item of the array that is the member's value; NULL behind the last one. Text that the parser refuses may be
 * cut off where it is wrong. FTDN_ERR_INPUT as above, and for an item that is longer than FTDN_JSON_LONGEST_ITEM. */
FTDN_NODISCARD ftdn_status ftdn_json_stream_next_item(ftdn_json_stream *stream, const ftdn_json_piece **ret_item,
                                                      ftdn_error *err);

/* Where the object begins; 0 before the first member was asked for. */
void ftdn_json_stream_get_start(const ftdn_json_stream *stream, int *ret_line, int *ret_column);

#endif
