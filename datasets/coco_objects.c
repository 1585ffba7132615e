#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "datasets/coco_annotation.h"
#include "datasets/coco_nodes.h"

/* An object that is kept, and the image that it stands in. */
typedef struct found_object {
    int image;
    ftdn_object object;
} found_object;

static float clip(double position, int side)
{
    return (float)fmin(fmax(position, 0), side);
}

/* [x, y, width, height] as corners inside the image; *ret_is_empty: nothing of it is. */
static ftdn_status read_box(const ftdn_json *annotation, const ftdn_image *image, ftdn_object *object,
                            bool *ret_is_empty, ftdn_error *err)
{
    const ftdn_json *box;
    FTDN_TRY(ftdn_coco_get(annotation, "an annotation", "bbox", FTDN_JSON_ARRAY, &box, err));
    bool is_good = box->n_children == 4;
    for (int i = 0; is_good && i < 4; i++) is_good = box->child[i]->kind == FTDN_JSON_NUMBER;
    if (!is_good) return FTDN_COCO_FAIL(err, box, "\"bbox\" is not of four numbers: [x, y, width, height]");
    double x = box->child[0]->number, y = box->child[1]->number;
    double width = box->child[2]->number, height = box->child[3]->number;
    if (width < 0 || height < 0)
        return FTDN_COCO_FAIL(err, box, "\"bbox\" has the negative size %g x %g", width, height);
    object->x0 = clip(x, image->width);
    object->y0 = clip(y, image->height);
    object->x1 = clip(x + width, image->width);
    object->y1 = clip(y + height, image->height);
    *ret_is_empty = !(object->x0 < object->x1 && object->y0 < object->y1);
    return FTDN_OK;
}

/* 0, 1, false or true; false where it is not given. */
static ftdn_status read_crowd(const ftdn_json *annotation, bool *ret_is_crowd, ftdn_error *err)
{
    const ftdn_json *crowd = ftdn_json_find(annotation, "iscrowd");
    *ret_is_crowd = false;
    if (!crowd) return FTDN_OK;
    bool is_number = crowd->kind == FTDN_JSON_NUMBER && (crowd->number == 0 || crowd->number == 1);
    if (crowd->kind != FTDN_JSON_BOOL && !is_number)
        return FTDN_COCO_FAIL(err, crowd, "\"iscrowd\" is neither 0 nor 1");
    *ret_is_crowd = is_number ? crowd->number == 1 : crowd->boolean;
    return FTDN_OK;
}

static ftdn_status read_class(const ftdn_coco_file *file, const ftdn_json *annotation, ftdn_class_map *map,
                              int *ret_class, ftdn_error *err)
{
    long long id;
    FTDN_TRY(ftdn_coco_get_id(annotation, "an annotation", "category_id", &id, err));
    const ftdn_coco_id *category = ftdn_coco_find_id(file->category_id, file->n_categories, id);
    if (!category) return FTDN_COCO_FAIL(err, annotation, "category id %lld is not in \"categories\"", id);
    return ftdn_class_map_find(map, file->category_name[category->index], annotation->file,
                               (unsigned long)annotation->line, (unsigned long)annotation->column, ret_class, err);
}

/* found: [annotations], those that are kept, in the order of the file. */
static ftdn_status find_objects(const ftdn_coco_file *file, int n_images, const ftdn_image *images, ftdn_class_map *map,
                                found_object *found, int *ret_n_found, int *ret_n_empty, ftdn_error *err)
{
    int n_found = 0, n_empty = 0;
    for (int i = 0; i < file->annotations->n_children; i++) {
        const ftdn_json *annotation = file->annotations->child[i];
        long long id;
        FTDN_TRY(ftdn_coco_get_id(annotation, "an annotation", "image_id", &id, err));
        const ftdn_coco_id *image = ftdn_coco_find_id(file->image_id, file->n_images, id);
        if (!image) return FTDN_COCO_FAIL(err, annotation, "image id %lld is not in \"images\"", id);
        if (image->index >= n_images) continue;
        found_object *fresh = &found[n_found];
        bool is_empty;
        *fresh = (found_object){.image = image->index};
        FTDN_TRY(read_class(file, annotation, map, &fresh->object.class_index, err));
        FTDN_TRY(read_crowd(annotation, &fresh->object.difficult, err));
        FTDN_TRY(read_box(annotation, &images[image->index], &fresh->object, &is_empty, err));
        n_found += fresh->object.class_index >= 0 && !is_empty;
        n_empty += fresh->object.class_index >= 0 && is_empty;
    }
    *ret_n_found = n_found;
    *ret_n_empty = n_empty;
    return FTDN_OK;
}

static ftdn_status check_ids(const ftdn_json *annotations, ftdn_arena *scratch, ftdn_error *err)
{
    ftdn_coco_id *ids = FTDN_NEW(scratch, (size_t)annotations->n_children, ftdn_coco_id, err);
    if (!ids) return FTDN_ERR_MEMORY;
    int n_ids = 0;
    for (int i = 0; i < annotations->n_children; i++) {
        const ftdn_json *node = annotations->child[i];
        if (!ftdn_json_find(node, "id")) continue;
        ids[n_ids] = (ftdn_coco_id){.index = i, .node = node};
        FTDN_TRY(ftdn_coco_get_id(node, "an annotation", "id", &ids[n_ids++].id, err));
    }
    return ftdn_coco_sort_ids(ids, n_ids, "annotation", err);
}

ftdn_status ftdn_coco_read_objects(const ftdn_coco_file *file, int n_images, ftdn_class_map *map, ftdn_arena *scratch,
                                   ftdn_arena *arena, ftdn_image *images, int *ret_n_empty, ftdn_error *err)
{
    found_object *found = FTDN_NEW(scratch, (size_t)file->annotations->n_children, found_object, err);
    int *n_objects = found ? FTDN_NEW(scratch, (size_t)n_images, int, err) : NULL;
    int n_found, n_empty;
    if (!n_objects) return FTDN_ERR_MEMORY;
    FTDN_TRY(check_ids(file->annotations, scratch, err));
    FTDN_TRY(find_objects(file, n_images, images, map, found, &n_found, &n_empty, err));
    ftdn_object *all = FTDN_NEW(arena, (size_t)n_found, ftdn_object, err);
    if (!all) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_found; i++) n_objects[found[i].image]++;
    ftdn_object **next = FTDN_NEW(scratch, (size_t)n_images, ftdn_object *, err);
    if (!next) return FTDN_ERR_MEMORY;
    for (int i = 0, n_before = 0; i < n_images; n_before += n_objects[i++]) {
        next[i] = all + n_before;
        images[i].object = all + n_before;
        images[i].n_objects = n_objects[i];
    }
    for (int i = 0; i < n_found; i++) *next[found[i].image]++ = found[i].object;
    *ret_n_empty = n_empty;
    return FTDN_OK;
}
