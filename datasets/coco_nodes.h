/* coco_nodes.h - what the readers of a COCO file share: items of its lists, members of the right kind, ids in ascending
 * order. */
#ifndef FTDN_DATASETS_COCO_NODES_H
#define FTDN_DATASETS_COCO_NODES_H

#include "base/json.h"
#include "base/json_stream.h"
#include "base/status.h"
#include "datasets/coco_annotation.h"

/* A failure at a place of the file, and at a node's. */
#define FTDN_COCO_FAIL_AT(err, path, line, column, ...)                                                                \
    (FTDN_FAIL((err), FTDN_ERR_INPUT, __VA_ARGS__), ftdn_error_context((err), "%s:%d:%d", (path), (line), (column)),   \
     FTDN_ERR_INPUT)
#define FTDN_COCO_FAIL(err, node, ...) FTDN_COCO_FAIL_AT((err), (node)->file, (node)->line, (node)->column, __VA_ARGS__)

/* A reading of the file, one item of a list at a time. */
typedef struct ftdn_coco_reader {
    const char *path;
    ftdn_json_stream *stream;
    ftdn_arena *scratch;          /* holds the item */
    ftdn_arena_mark before, mark; /* of scratch: before the reading, and before an item */
} ftdn_coco_reader;

/* path is borrowed. Whether this succeeds or not, close gives back what it took; scratch is then as it was. */
FTDN_NODISCARD ftdn_status ftdn_coco_reader_open(ftdn_coco_reader *reader, const char *path, ftdn_arena *scratch,
                                                 ftdn_error *err);
void ftdn_coco_reader_close(ftdn_coco_reader *reader);

/* The next item of the list at which the stream stands, without its polygons, until the one after it; NULL behind the
 * last one. */
FTDN_NODISCARD ftdn_status ftdn_coco_reader_next(ftdn_coco_reader *reader, const ftdn_json **ret_item, ftdn_error *err);

/* The member of this kind. what: the object, for messages: "an image". */
FTDN_NODISCARD ftdn_status ftdn_coco_get(const ftdn_json *object, const char *what, const char *key,
                                         ftdn_json_kind kind, const ftdn_json **ret_member, ftdn_error *err);

/* The member as an integer. */
FTDN_NODISCARD ftdn_status ftdn_coco_get_id(const ftdn_json *object, const char *what, const char *key,
                                            long long *ret_id, ftdn_error *err);

/* Put the ids in ascending order. FTDN_ERR_INPUT: one stands twice. what: "image". */
FTDN_NODISCARD ftdn_status ftdn_coco_sort_ids(ftdn_coco_id *ids, size_t n_ids, const char *path, const char *what,
                                              ftdn_error *err);

/* NULL where there is none. */
const ftdn_coco_id *ftdn_coco_find_id(const ftdn_coco_id *ids, int n_ids, long long id);

#endif
