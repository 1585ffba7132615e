/* coco_nodes.h - what the readers of a COCO file share: members of the right kind, ids in ascending order. */
#ifndef FTDN_DATASETS_COCO_NODES_H
#define FTDN_DATASETS_COCO_NODES_H

#include "base/json.h"
#include "base/status.h"
#include "datasets/coco_annotation.h"

/* A failure at a node's place. */
#define FTDN_COCO_FAIL(err, node, ...)                                                                                 \
    (FTDN_FAIL((err), FTDN_ERR_INPUT, __VA_ARGS__),                                                                    \
     ftdn_error_context((err), "%s:%d:%d", (node)->file, (node)->line, (node)->column), FTDN_ERR_INPUT)

/* The member of this kind. what: the object, for messages: "an image". */
FTDN_NODISCARD ftdn_status ftdn_coco_get(const ftdn_json *object, const char *what, const char *key,
                                         ftdn_json_kind kind, const ftdn_json **ret_member, ftdn_error *err);

/* The member as an integer. */
FTDN_NODISCARD ftdn_status ftdn_coco_get_id(const ftdn_json *object, const char *what, const char *key,
                                            long long *ret_id, ftdn_error *err);

/* Put the ids in ascending order. FTDN_ERR_INPUT: one stands twice. what: "image". */
FTDN_NODISCARD ftdn_status ftdn_coco_sort_ids(ftdn_coco_id *ids, int n_ids, const char *what, ftdn_error *err);

/* NULL where there is none. */
const ftdn_coco_id *ftdn_coco_find_id(const ftdn_coco_id *ids, int n_ids, long long id);

#endif
