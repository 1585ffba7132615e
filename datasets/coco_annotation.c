#include "datasets/coco_annotation.h"

#include <limits.h>
#include <string.h>

#include "datasets/coco_nodes.h"
#include "datasets/json_blank.h"

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

static ftdn_status read_images(const ftdn_json *list, ftdn_arena *arena, ftdn_coco_file *file, ftdn_error *err)
{
    ftdn_coco_image *images = FTDN_NEW(arena, (size_t)list->n_children, ftdn_coco_image, err);
    ftdn_coco_id *ids = images ? FTDN_NEW(arena, (size_t)list->n_children, ftdn_coco_id, err) : NULL;
    if (!ids) return FTDN_ERR_MEMORY;
    for (int i = 0; i < list->n_children; i++) {
        const ftdn_json *node = list->child[i], *name;
        ftdn_coco_image *image = &images[i];
        image->node = node;
        FTDN_TRY(ftdn_coco_get_id(node, "an image", "id", &image->id, err));
        FTDN_TRY(ftdn_coco_get(node, "an image", "file_name", FTDN_JSON_STRING, &name, err));
        FTDN_TRY(get_side(node, "width", &image->width, err));
        FTDN_TRY(get_side(node, "height", &image->height, err));
        if (!is_inside(name->string))
            return FTDN_COCO_FAIL(err, name, "'%s' of image id %lld is no path inside the folder", name->string,
                                  image->id);
        image->file_name = name->string;
        ids[i] = (ftdn_coco_id){image->id, i, node};
    }
    FTDN_TRY(ftdn_coco_sort_ids(ids, list->n_children, "image", err));
    file->n_images = list->n_children;
    file->image = images;
    file->image_id = ids;
    return FTDN_OK;
}

static ftdn_status read_categories(const ftdn_json *list, ftdn_arena *arena, ftdn_coco_file *file, ftdn_error *err)
{
    const char **names = FTDN_NEW(arena, (size_t)list->n_children, const char *, err);
    ftdn_coco_id *ids = names ? FTDN_NEW(arena, (size_t)list->n_children, ftdn_coco_id, err) : NULL;
    if (!ids) return FTDN_ERR_MEMORY;
    for (int i = 0; i < list->n_children; i++) {
        ids[i] = (ftdn_coco_id){.index = i, .node = list->child[i]};
        FTDN_TRY(ftdn_coco_get_id(list->child[i], "a category", "id", &ids[i].id, err));
    }
    FTDN_TRY(ftdn_coco_sort_ids(ids, list->n_children, "category", err));
    for (int i = 0; i < list->n_children; i++) {
        const ftdn_json *name;
        FTDN_TRY(ftdn_coco_get(ids[i].node, "a category", "name", FTDN_JSON_STRING, &name, err));
        if (!name->string[0]) return FTDN_COCO_FAIL(err, name, "category id %lld has an empty name", ids[i].id);
        names[i] = name->string;
        ids[i].index = i;
    }
    file->n_categories = list->n_children;
    file->category_id = ids;
    file->category_name = names;
    return FTDN_OK;
}

ftdn_status ftdn_coco_parse(char *text, size_t n_bytes, const char *path, ftdn_arena *arena, ftdn_coco_file *ret_file,
                            ftdn_error *err)
{
    ftdn_coco_file file = {0};
    const ftdn_json *root, *images, *categories;
    ftdn_json_blank(text, n_bytes, "segmentation");
    FTDN_TRY(ftdn_json_parse(text, n_bytes, path, arena, &root, err));
    FTDN_TRY(ftdn_coco_get(root, "the file", "images", FTDN_JSON_ARRAY, &images, err));
    FTDN_TRY(ftdn_coco_get(root, "the file", "categories", FTDN_JSON_ARRAY, &categories, err));
    FTDN_TRY(ftdn_coco_get(root, "the file", "annotations", FTDN_JSON_ARRAY, &file.annotations, err));
    if (images->n_children == 0) return FTDN_COCO_FAIL(err, images, "\"images\" lists none");
    FTDN_TRY(read_images(images, arena, &file, err));
    FTDN_TRY(read_categories(categories, arena, &file, err));
    *ret_file = file;
    return FTDN_OK;
}
