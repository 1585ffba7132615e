#include "datasets/coco_nodes.h"

#include <stdlib.h>

#include "datasets/json_blank.h"

#define MAX_ANNOTATION_BYTES ((size_t)1 << 30)

ftdn_status ftdn_coco_reader_open(ftdn_coco_reader *reader, const char *path, ftdn_arena *scratch, ftdn_error *err)
{
    *reader = (ftdn_coco_reader){.path = path, .scratch = scratch, .before = ftdn_arena_get_mark(scratch)};
    FTDN_TRY(ftdn_json_stream_open(path, MAX_ANNOTATION_BYTES, FTDN_JSON_STREAM_PIECE, &reader->stream, err));
    /* An arena that holds something keeps its block when an item is given back. */
    if (!ftdn_arena_alloc(scratch, 1, 1, err)) return FTDN_ERR_MEMORY;
    reader->mark = ftdn_arena_get_mark(scratch);
    return FTDN_OK;
}

void ftdn_coco_reader_close(ftdn_coco_reader *reader)
{
    ftdn_json_stream_close(reader->stream);
    ftdn_arena_reset(reader->scratch, reader->before);
}

ftdn_status ftdn_coco_reader_next(ftdn_coco_reader *reader, const ftdn_json **ret_item, ftdn_error *err)
{
    const ftdn_json_piece *piece;
    const ftdn_json *item = NULL;
    ftdn_arena_reset(reader->scratch, reader->mark);
    FTDN_TRY(ftdn_json_stream_next_item(reader->stream, &piece, err));
    if (piece) {
        ftdn_json_blank(piece->text, piece->n_bytes, "segmentation");
        FTDN_TRY(ftdn_json_parse_at(piece->text, piece->n_bytes, reader->path, piece->line, piece->column,
                                    reader->scratch, &item, err));
    }
    *ret_item = item;
    return FTDN_OK;
}

static int by_id(const void *a, const void *b)
{
    const ftdn_coco_id *first = a, *second = b;
    if (first->id != second->id) return first->id < second->id ? -1 : 1;
    return (first->index > second->index) - (first->index < second->index);
}

ftdn_status ftdn_coco_sort_ids(ftdn_coco_id *ids, size_t n_ids, const char *path, const char *what, ftdn_error *err)
{
    if (n_ids > 1) qsort(ids, n_ids, sizeof *ids, by_id);
    for (size_t i = 1; i < n_ids; i++) {
        if (ids[i - 1].id != ids[i].id) continue;
        return FTDN_COCO_FAIL_AT(err, path, ids[i].line, ids[i].column, "%s id %lld stands in line %d already", what,
                                 ids[i].id, ids[i - 1].line);
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
