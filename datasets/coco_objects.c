#include "datasets/coco_annotation.h"

#include <math.h>
#include <string.h>

#include "base/list.h"
#include "datasets/coco_nodes.h"

/* An object that is kept, and the image that it stands in. */
typedef struct found_object {
    int image;
    ftdn_object object;
} found_object;

/* No picture reaches so far: a position beyond becomes a float, and is clipped later. */
static float to_float(double position)
{
    return (float)fmin(fmax(position, -1e9), 1e9);
}

/* [x, y, width, height] as corners. */
static ftdn_status read_box(const ftdn_json *annotation, ftdn_object *object, ftdn_error *err)
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
    object->x0 = to_float(x);
    object->y0 = to_float(y);
    object->x1 = to_float(x + width);
    object->y1 = to_float(y + height);
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

/* The objects of one reading of the annotations. */
typedef struct found_objects {
    const ftdn_coco_file *file;
    int n_images; /* those of the file from here on are left out */
    ftdn_class_map *map;
    ftdn_list objects; /* of found_object, in the order of the file */
    ftdn_list ids;     /* of ftdn_coco_id: of the annotations that have one */
} found_objects;

static ftdn_status add_id(found_objects *found, const ftdn_json *annotation, ftdn_error *err)
{
    if (annotation->kind == FTDN_JSON_OBJECT && !ftdn_json_find(annotation, "id")) return FTDN_OK;
    ftdn_coco_id id = {0, (int)found->ids.n_items, annotation->line, annotation->column};
    FTDN_TRY(ftdn_coco_get_id(annotation, "an annotation", "id", &id.id, err));
    return ftdn_list_add(&found->ids, &id, err);
}

static ftdn_status add_object(found_objects *found, const ftdn_json *annotation, ftdn_error *err)
{
    const ftdn_coco_file *file = found->file;
    long long id;
    FTDN_TRY(ftdn_coco_get_id(annotation, "an annotation", "image_id", &id, err));
    const ftdn_coco_id *image = ftdn_coco_find_id(file->image_id, file->n_images, id);
    if (!image) return FTDN_COCO_FAIL(err, annotation, "image id %lld is not in \"images\"", id);
    if (image->index >= found->n_images) return FTDN_OK;
    found_object fresh = {.image = image->index};
    FTDN_TRY(read_class(file, annotation, found->map, &fresh.object.class_index, err));
    FTDN_TRY(read_crowd(annotation, &fresh.object.difficult, err));
    FTDN_TRY(read_box(annotation, &fresh.object, err));
    return fresh.object.class_index < 0 ? FTDN_OK : ftdn_list_add(&found->objects, &fresh, err);
}

static ftdn_status read_annotations(found_objects *found, ftdn_coco_reader *reader, ftdn_error *err)
{
    const ftdn_json_member *member;
    const ftdn_json *annotation;
    do FTDN_TRY(ftdn_json_stream_next_member(reader->stream, &member, err));
    while (member && (strcmp(member->key, "annotations") != 0 || member->kind != FTDN_JSON_ARRAY));
    if (!member)
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: the file has changed since its images were read", reader->path);
    for (;;) {
        FTDN_TRY(ftdn_coco_reader_next(reader, &annotation, err));
        if (!annotation) break;
        FTDN_TRY(add_id(found, annotation, err));
        FTDN_TRY(add_object(found, annotation, err));
    }
    return ftdn_coco_sort_ids(found->ids.items, found->ids.n_items, reader->path, "annotation", err);
}

/* The objects, image by image. */
static ftdn_status gather(const found_objects *found, ftdn_arena *arena, ftdn_coco_objects *ret_objects,
                          ftdn_error *err)
{
    const found_object *objects = found->objects.items;
    size_t n_objects = found->objects.n_items, n_images = (size_t)found->n_images;
    ftdn_object *all = FTDN_NEW(arena, n_objects, ftdn_object, err);
    int *count = all ? FTDN_NEW(arena, n_images, int, err) : NULL;
    size_t *next = count ? FTDN_NEW(arena, n_images, size_t, err) : NULL;
    if (!next) return FTDN_ERR_MEMORY;
    for (size_t i = 0; i < n_objects; i++) count[objects[i].image]++;
    for (size_t i = 1; i < n_images; i++) next[i] = next[i - 1] + (size_t)count[i - 1];
    for (size_t i = 0; i < n_objects; i++) all[next[objects[i].image]++] = objects[i].object;
    *ret_objects = (ftdn_coco_objects){found->n_images, count, all};
    return FTDN_OK;
}

ftdn_status ftdn_coco_read_objects(const ftdn_coco_file *file, int n_images, ftdn_class_map *map, ftdn_arena *scratch,
                                   ftdn_arena *arena, ftdn_coco_objects *ret_objects, ftdn_error *err)
{
    found_objects found = {.file = file, .n_images = n_images, .map = map};
    ftdn_coco_reader reader;
    ftdn_list_init(&found.objects, sizeof(found_object));
    ftdn_list_init(&found.ids, sizeof(ftdn_coco_id));
    ftdn_status status = ftdn_coco_reader_open(&reader, file->path, scratch, err);
    if (status == FTDN_OK) status = read_annotations(&found, &reader, err);
    ftdn_coco_reader_close(&reader);
    ftdn_list_done(&found.ids);
    if (status == FTDN_OK) status = gather(&found, arena, ret_objects, err);
    ftdn_list_done(&found.objects);
    return status;
}

static float clip(float position, int side)
{
    return fminf(fmaxf(position, 0), (float)side);
}

int ftdn_coco_place_objects(const ftdn_coco_objects *objects, ftdn_image *images)
{
    int n_empty = 0;
    ftdn_object *of_image = objects->object;
    for (int i = 0; i < objects->n_images; of_image += objects->n_in_image[i++]) {
        ftdn_image *image = &images[i];
        image->object = of_image;
        image->n_objects = 0;
        for (int k = 0; k < objects->n_in_image[i]; k++) {
            ftdn_object object = of_image[k];
            object.x0 = clip(object.x0, image->width);
            object.y0 = clip(object.y0, image->height);
            object.x1 = clip(object.x1, image->width);
            object.y1 = clip(object.y1, image->height);
            if (object.x0 < object.x1 && object.y0 < object.y1) of_image[image->n_objects++] = object;
            else n_empty++;
        }
    }
    return n_empty;
}
