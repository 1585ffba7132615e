#include "datasets/coco_nodes.h"

#include <stdlib.h>

static int by_id(const void *a, const void *b)
{
    const ftdn_coco_id *first = a, *second = b;
    if (first->id != second->id) return first->id < second->id ? -1 : 1;
    return (first->index > second->index) - (first->index < second->index);
}

ftdn_status ftdn_coco_sort_ids(ftdn_coco_id *ids, int n_ids, const char *what, ftdn_error *err)
{
    qsort(ids, (size_t)n_ids, sizeof *ids, by_id);
    for (int i = 1; i < n_ids; i++) {
        if (ids[i - 1].id != ids[i].id) continue;
        return FTDN_COCO_FAIL(err, ids[i].node, "%s id %lld stands in line %d already", what, ids[i].id,
                              ids[i - 1].node->line);
    }
    return FTDN_OK;
}

const ftdn_coco_id *ftdn_coco_find_id(const ftdn_coco_id *ids, int n_ids, long long id)
{
    int low = 0, high = n_ids;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (ids[middle].id == id) return &ids[middle];
        if (ids[middle].id < id) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

ftdn_status ftdn_coco_get(const ftdn_json *object, const char *what, const char *key, ftdn_json_kind kind,
                          const ftdn_json **ret_member, ftdn_error *err)
{
    if (object->kind != FTDN_JSON_OBJECT)
        return FTDN_COCO_FAIL(err, object, "%s is %s, not an object", what, ftdn_json_kind_name(object->kind));
    const ftdn_json *member = ftdn_json_find(object, key);
    if (!member) return FTDN_COCO_FAIL(err, object, "%s without \"%s\"", what, key);
    if (member->kind != kind)
        return FTDN_COCO_FAIL(err, member, "\"%s\" of %s is %s", key, what, ftdn_json_kind_name(member->kind));
    *ret_member = member;
    return FTDN_OK;
}

ftdn_status ftdn_coco_get_id(const ftdn_json *object, const char *what, const char *key, long long *ret_id,
                             ftdn_error *err)
{
    const ftdn_json *member;
    FTDN_TRY(ftdn_coco_get(object, what, key, FTDN_JSON_NUMBER, &member, err));
    if (ftdn_json_get_integer(member, ret_id)) return FTDN_OK;
    return FTDN_COCO_FAIL(err, member, "\"%s\" of %s is %s, no integer", key, what, member->literal);
}
