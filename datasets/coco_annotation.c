#include "datasets/coco_annotation.h"

#include <limits.h>
#include <string.h>

#include "base/list.h"
#include "datasets/coco_nodes.h"

/* A width or height; 0 where it is not given. */
static ftdn_status get_side(const ftdn_json *object, const char *key, int *ret_side, ftdn_error *err)
{
    long long side;
    *ret_side = 0;
    if (!ftdn_json_find(object, key)) return FTDN_OK;
    FTDN_TRY(ftdn_coco_get_id(object, "an image", key, &side, err));
    if (side < 1 || side > INT_MAX)
        return FTDN_COCO_FAIL(err, ftdn_json_find(object, key), "\"%s\" of an image is %lld", key, side);
    *ret_side = (int)side;
    return FTDN_OK;
}

/* A relative path that stays below its folder. */
static bool is_inside(const char *path)
{
    if (!path[0] || path[0] == '/') return false;
    for (const char *c = path; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '\\') return false;
    }
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        size_t n_chars = strcspn(part, "/");
        if (n_chars == 0 || (part[0] == '.' && (n_chars == 1 || (n_chars == 2 && part[1] == '.')))) return false;
    }
    return true;
}

/* What was found so far. */
typedef struct found_lists {
    ftdn_coco_reader reader;
    ftdn_arena *arena;
    ftdn_list images, image_ids, category_ids, category_names;
} found_lists;

/* A copy in the arena: the node is gone with the next one. NULL: FTDN_ERR_MEMORY. */
static const char *keep_string(found_lists *found, const ftdn_json *node, ftdn_error *err)
{
    return ftdn_arena_copy_text(found->arena, node->string, strlen(node->string), err);
}

static ftdn_status add_image(found_lists *found, const ftdn_json *node, ftdn_error *err)
{
    const ftdn_json *name;
    ftdn_coco_image image = {.line = node->line, .column = node->column};
    FTDN_TRY(ftdn_coco_get_id(node, "an image", "id", &image.id, err));
    FTDN_TRY(ftdn_coco_get(node, "an image", "file_name", FTDN_JSON_STRING, &name, err));
    FTDN_TRY(get_side(node, "width", &image.width, err));
    FTDN_TRY(get_side(node, "height", &image.height, err));
    if (!is_inside(name->string))
        return FTDN_COCO_FAIL(err, name, "'%s' of image id %lld is no path inside the folder", name->string, image.id);
    image.file_name = keep_string(found, name, err);
    if (!image.file_name) return FTDN_ERR_MEMORY;
    const ftdn_coco_id id = {image.id, (int)found->images.n_items, node->line, node->column};
    FTDN_TRY(ftdn_list_add(&found->images, &image, err));
    return ftdn_list_add(&found->image_ids, &id, err);
}

static ftdn_status add_category(found_lists *found, const ftdn_json *node, ftdn_error *err)
{
    const ftdn_json *name;
    ftdn_coco_id id = {0, (int)found->category_ids.n_items, node->line, node->column};
    FTDN_TRY(ftdn_coco_get_id(node, "a category", "id", &id.id, err));
    FTDN_TRY(ftdn_coco_get(node, "a category", "name", FTDN_JSON_STRING, &name, err));
    if (!name->string[0]) return FTDN_COCO_FAIL(err, name, "category id %lld has an empty name", id.id);
    const char *kept = keep_string(found, name, err);
    if (!kept) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_list_add(&found->category_ids, &id, err));
    return ftdn_list_add(&found->category_names, &kept, err);
}

/* Add all items of a list, then put their ids in order. what: "image". */
static ftdn_status add_all(found_lists *found, ftdn_status (*add)(found_lists *, const ftdn_json *, ftdn_error *),
                           const ftdn_list *ids, const char *what, ftdn_error *err)
{
    const ftdn_json *node;
    for (;;) {
        FTDN_TRY(ftdn_coco_reader_next(&found->reader, &node, err));
        if (!node) break;
        FTDN_TRY(add(found, node, err));
    }
    return ftdn_coco_sort_ids(ids->items, ids->n_items, found->reader.path, what, err);
}

/* The lists of the file. */
enum { IMAGES, CATEGORIES, ANNOTATIONS, N_LISTS };
static const char *const list_name[N_LISTS] = {"images", "categories", "annotations"};

static ftdn_status read_list(found_lists *found, const ftdn_json_member *member, int list, ftdn_error *err)
{
    int line = member->line, column = member->column;
    if (member->kind != FTDN_JSON_ARRAY)
        return FTDN_COCO_FAIL_AT(err, found->reader.path, line, column, "\"%s\" of the file is %s", list_name[list],
                                 ftdn_json_kind_name(member->kind));
    if (list == ANNOTATIONS) return FTDN_OK;
    if (list == CATEGORIES) return add_all(found, add_category, &found->category_ids, "category", err);
    FTDN_TRY(add_all(found, add_image, &found->image_ids, "image", err));
    if (found->images.n_items > 0) return FTDN_OK;
    return FTDN_COCO_FAIL_AT(err, found->reader.path, line, column, "\"images\" lists none");
}

static ftdn_status read_lists(found_lists *found, ftdn_error *err)
{
    int line[N_LISTS] = {0};
    const ftdn_json_member *member;
    for (;;) {
        FTDN_TRY(ftdn_json_stream_next_member(found->reader.stream, &member, err));
        if (!member) break;
        int list = 0;
        while (list < N_LISTS && strcmp(list_name[list], member->key) != 0) list++;
        if (list == N_LISTS) continue;
        if (line[list])
            return FTDN_COCO_FAIL_AT(err, found->reader.path, member->key_line, member->key_column,
                                     "\"%s\" stands in line %d already", list_name[list], line[list]);
        line[list] = member->key_line;
        FTDN_TRY(read_list(found, member, list, err));
    }
    for (int list = 0; list < N_LISTS; list++) {
        int start_line, start_column;
        if (line[list]) continue;
        ftdn_json_stream_get_start(found->reader.stream, &start_line, &start_column);
        return FTDN_COCO_FAIL_AT(err, found->reader.path, start_line, start_column, "the file without \"%s\"",
                                 list_name[list]);
    }
    return FTDN_OK;
}

/* The items of a list in the arena; NULL: FTDN_ERR_MEMORY. */
static void *keep_list(const ftdn_list *list, ftdn_arena *arena, ftdn_error *err)
{
    void *copy = ftdn_arena_alloc(arena, list->n_items, list->item_bytes, err);
    if (copy && list->n_items) memcpy(copy, list->items, list->n_items * list->item_bytes);
    return copy;
}

static ftdn_status keep_lists(const found_lists *found, ftdn_coco_file *ret_file, ftdn_error *err)
{
    ftdn_arena *arena = found->arena;
    ftdn_coco_file file = {
        .path = found->reader.path,
        .n_images = (int)found->images.n_items,
        .n_categories = (int)found->category_ids.n_items,
    };
    file.image = keep_list(&found->images, arena, err);
    file.image_id = file.image ? keep_list(&found->image_ids, arena, err) : NULL;
    ftdn_coco_id *ids = file.image_id ? keep_list(&found->category_ids, arena, err) : NULL;
    const char **names = ids ? FTDN_NEW(arena, (size_t)file.n_categories, const char *, err) : NULL;
    if (!names) return FTDN_ERR_MEMORY;
    for (int i = 0; i < file.n_categories; i++) {
        names[i] = ((const char *const *)found->category_names.items)[ids[i].index];
        ids[i].index = i;
    }
    file.category_id = ids;
    file.category_name = names;
    *ret_file = file;
    return FTDN_OK;
}

ftdn_status ftdn_coco_read(const char *path, ftdn_arena *scratch, ftdn_arena *arena, ftdn_coco_file *ret_file,
                           ftdn_error *err)
{
    found_lists found = {.arena = arena};
    ftdn_list_init(&found.images, sizeof(ftdn_coco_image));
    ftdn_list_init(&found.image_ids, sizeof(ftdn_coco_id));
    ftdn_list_init(&found.category_ids, sizeof(ftdn_coco_id));
    ftdn_list_init(&found.category_names, sizeof(const char *));
    const char *kept_path = ftdn_arena_copy_text(arena, path, strlen(path), err);
    if (!kept_path) return FTDN_ERR_MEMORY;
    ftdn_status status = ftdn_coco_reader_open(&found.reader, kept_path, scratch, err);
    if (status == FTDN_OK) status = read_lists(&found, err);
    if (status == FTDN_OK) status = keep_lists(&found, ret_file, err);
    ftdn_coco_reader_close(&found.reader);
    ftdn_list_done(&found.images);
    ftdn_list_done(&found.image_ids);
    ftdn_list_done(&found.category_ids);
    ftdn_list_done(&found.category_names);
    return status;
}
