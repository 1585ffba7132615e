#include "datasets/dataset.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/fnv.h"
#include "base/text.h"
#include "datasets/class_map.h"
#include "datasets/coco_annotation.h"
#include "datasets/dataset_body.h"
#include "datasets/image_files.h"
#include "datasets/missing_files.h"
#include "datasets/picture_find.h"

/* Where annotations are looked for, SPLIT between the two parts: as COCO distributes them, FLIR's thermal data sets
 * (version 2, its videos, version 1.3), and what tools export. */
static const struct {
    const char *before, *behind;
} annotation_places[] = {
    {"annotations/instances_", ".json"},
    {"images_thermal_", "/coco.json"},
    {"video_thermal_", "/coco.json"},
    {"", "/thermal_annotations.json"},
    {"", "/coco.json"},
    {"", "/_annotations.coco.json"},
    {"annotations/", ".json"},
    {"", ".json"},
};
enum { N_ANNOTATION_PLACES = sizeof annotation_places / sizeof *annotation_places };

/* FTDN_ERR_INPUT: nothing is at any of the paths. what: "annotations". */
static ftdn_status fail_nowhere(const char *what, const char *const *paths, int n_paths, ftdn_error *err)
{
    ftdn_text text;
    ftdn_text_init(&text);
    for (int i = 0; i < n_paths; i++) ftdn_text_append(&text, "\n  %s", paths[i]);
    ftdn_status status = ftdn_text_check(&text, err);
    if (status == FTDN_OK) status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: no such file; looked at%s", what, text.chars);
    ftdn_text_done(&text);
    return status;
}

static ftdn_status find_annotations(const ftdn_coco_desc *desc, ftdn_arena *arena, const char **ret_path,
                                    ftdn_error *err)
{
    const char *paths[N_ANNOTATION_PLACES];
    if (desc->annotations) {
        *ret_path = ftdn_path_join(arena, desc->root, desc->annotations, err);
        return *ret_path ? FTDN_OK : FTDN_ERR_MEMORY;
    }
    for (int i = 0; i < N_ANNOTATION_PLACES; i++) {
        const char *relative = ftdn_arena_format(arena, err, "%s%s%s", annotation_places[i].before, desc->split,
                                                 annotation_places[i].behind);
        paths[i] = relative ? ftdn_path_join(arena, desc->root, relative, err) : NULL;
        if (!paths[i]) return FTDN_ERR_MEMORY;
        if (!ftdn_file_exists(paths[i])) continue;
        *ret_path = paths[i];
        return FTDN_OK;
    }
    return fail_nowhere("annotations", paths, N_ANNOTATION_PLACES, err);
}

/* The picture at `path`, or in its place under another suffix; NULL: none is. */
static ftdn_status find_picture(const char *path, ftdn_arena *arena, ftdn_arena *scratch, const char **ret_found,
                                ftdn_error *err)
{
    if (ftdn_file_exists(path)) {
        *ret_found = path;
        return FTDN_OK;
    }
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    size_t n_chars = dot && dot > name ? (size_t)(dot - path) : strlen(path);
    const char *stem = ftdn_arena_copy_text(scratch, path, n_chars, err);
    return stem ? ftdn_picture_find(stem, arena, ret_found, err) : FTDN_ERR_MEMORY;
}

/* The folder below which the images stand: the first of the usual ones that holds the first image. */
static ftdn_status find_folder(const ftdn_coco_desc *desc, const char *annotations, const ftdn_coco_image *first,
                               ftdn_arena *arena, const char **ret_folder, ftdn_error *err)
{
    const char *split = ftdn_path_join(arena, desc->root, desc->split, err);
    const char *images = split ? ftdn_path_join(arena, desc->root, "images", err) : NULL;
    const char *both = images ? ftdn_path_join(arena, images, desc->split, err) : NULL;
    const char *beside = both ? ftdn_path_folder(arena, annotations, err) : NULL;
    if (!beside) return FTDN_ERR_MEMORY;
    const char *const folders[] = {split, beside, both, images, desc->root};
    enum { N_FOLDERS = sizeof folders / sizeof *folders };
    const char *paths[N_FOLDERS];
    for (int i = 0; i < N_FOLDERS; i++) {
        paths[i] = ftdn_path_join(arena, folders[i], first->file_name, err);
        const char *found;
        if (!paths[i]) return FTDN_ERR_MEMORY;
        FTDN_TRY(find_picture(paths[i], arena, arena, &found, err));
        if (!found) continue;
        *ret_folder = folders[i];
        return FTDN_OK;
    }
    ftdn_status status = fail_nowhere(first->file_name, paths, N_FOLDERS, err);
    ftdn_error_context(err, "%s:%d:%d: image id %lld", annotations, first->line, first->column, first->id);
    return status;
}

/* "data/000021.jpg" -> "data_000021". NULL: FTDN_ERR_MEMORY. */
static const char *make_name(const char *file_name, ftdn_arena *arena, ftdn_error *err)
{
    const char *last_slash = strrchr(file_name, '/'), *last = last_slash ? last_slash + 1 : file_name;
    const char *last_dot = strrchr(last, '.');
    size_t n_chars = last_dot && last_dot > last ? (size_t)(last_dot - file_name) : strlen(file_name);
    char *name = ftdn_arena_copy_text(arena, file_name, n_chars, err);
    for (char *c = name; c && *c; c++)
        if (*c == '/') *c = '_';
    return name;
}

static int by_name(const void *a, const void *b)
{
    const ftdn_image *const *first = a, *const *second = b;
    int order = strcmp((*first)->name, (*second)->name);
    return order ? order : (*first > *second) - (*first < *second);
}

/* Each image has a name of its own, which is a file name. */
static ftdn_status check_names(const ftdn_dataset_body *body, const ftdn_coco_file *file, ftdn_arena *scratch,
                               ftdn_error *err)
{
    int n_images = body->dataset.n_images;
    const ftdn_image **sorted = FTDN_NEW(scratch, (size_t)n_images, const ftdn_image *, err);
    if (!sorted) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_images; i++) sorted[i] = &body->image[i];
    qsort(sorted, (size_t)n_images, sizeof *sorted, by_name);
    for (int i = 0; i < n_images; i++) {
        const char *name = sorted[i]->name;
        const ftdn_coco_image *image = &file->image[sorted[i] - body->image];
        int line = image->line, column = image->column;
        if (!ftdn_is_image_name(name))
            return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s:%d:%d: image id %lld: '%s' gives the name '%s', which is none",
                             file->path, line, column, image->id, image->file_name, name);
        if (i == 0 || strcmp(sorted[i - 1]->name, name) != 0) continue;
        const ftdn_coco_image *other = &file->image[sorted[i - 1] - body->image];
        return FTDN_FAIL(err, FTDN_ERR_INPUT,
                         "%s:%d:%d: image id %lld: '%s' and '%s' of image id %lld have one name, '%s'", file->path,
                         line, column, image->id, image->file_name, other->file_name, other->id, name);
    }
    return FTDN_OK;
}

static ftdn_status add_missing(ftdn_missing_files *missing, const ftdn_coco_file *file, const ftdn_coco_image *image,
                               const char *path, ftdn_arena *scratch, ftdn_error *err)
{
    const char *where = ftdn_arena_format(scratch, err, "%.200s:%d:%d: image id %lld: ", file->path, image->line,
                                          image->column, image->id);
    if (!where) return FTDN_ERR_MEMORY;
    ftdn_missing_files_add(missing, where, path);
    return FTDN_OK;
}

/* Name the images and find their files. *ret_n_other: those that have another suffix than in the annotations. */
static ftdn_status find_pictures(const ftdn_coco_file *file, const char *folder, ftdn_image_files *files,
                                 ftdn_dataset_body *body, ftdn_arena *scratch, int *ret_n_other, ftdn_error *err)
{
    ftdn_missing_files missing;
    ftdn_status status = FTDN_OK;
    *ret_n_other = 0;
    ftdn_missing_files_init(&missing);
    for (int i = 0; status == FTDN_OK && i < body->dataset.n_images; i++) {
        const ftdn_coco_image *listed = &file->image[i];
        const char *found = NULL, *path = ftdn_path_join(&body->arena, folder, listed->file_name, err);
        body->image[i].name = path ? make_name(listed->file_name, &body->arena, err) : NULL;
        if (!body->image[i].name) status = FTDN_ERR_MEMORY;
        else body->image[i].id = ftdn_fnv1a64(body->image[i].name);
        if (status == FTDN_OK) status = find_picture(path, &body->arena, scratch, &found, err);
        if (status != FTDN_OK) continue;
        files->path[i] = found;
        *ret_n_other += found && found != path;
        if (!found) status = add_missing(&missing, file, listed, path, scratch, err);
    }
    if (status == FTDN_OK) status = ftdn_missing_files_check(&missing, body->dataset.n_images, err);
    ftdn_missing_files_done(&missing);
    return status;
}

/* The file of one image, whose size must be the one in the annotations. */
static ftdn_status read_image(const ftdn_coco_image *listed, const char *annotations, int index,
                              ftdn_image_files *files, ftdn_dataset_body *body, ftdn_arena *scratch, ftdn_error *err)
{
    const ftdn_image *image = &body->image[index];
    const char *path = files->path[index];
    ftdn_status status = ftdn_image_files_read(files, body, index, path, scratch, err);
    bool is_other_size =
        (listed->width && listed->width != image->width) || (listed->height && listed->height != image->height);
    if (status == FTDN_OK && is_other_size)
        status = FTDN_FAIL(err, FTDN_ERR_INPUT, "%s has %d x %d pixels%s, not %d x %d", path, image->width,
                           image->height, files->orientation[index] == 1 ? "" : " (turned by its EXIF orientation)",
                           listed->width, listed->height);
    if (status != FTDN_OK)
        ftdn_error_context(err, "%s:%d:%d: image id %lld", annotations, listed->line, listed->column, listed->id);
    return status;
}

/* What a reader of the results is to know. */
typedef struct dataset_remarks {
    int n_empty;        /* boxes of which nothing lies in the picture */
    int n_other_suffix; /* pictures */
} dataset_remarks;

static ftdn_status describe(ftdn_dataset_body *body, const char *annotations, const dataset_remarks *remarks,
                            const ftdn_class_map *map, ftdn_error *err)
{
    ftdn_text text;
    int n_images = body->dataset.n_images, n_empty = remarks->n_empty, n_other = remarks->n_other_suffix;
    const char *left_out = ftdn_class_map_describe(map, err);
    if (!left_out) return FTDN_ERR_MEMORY;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "COCO '%s', %d image%s%s", annotations, n_images, n_images == 1 ? "" : "s", left_out);
    if (n_empty) ftdn_text_append(&text, ", %d box%s without area left out", n_empty, n_empty == 1 ? "" : "es");
    if (n_other) ftdn_text_append(&text, ", %d picture%s with another suffix", n_other, n_other == 1 ? "" : "s");
    ftdn_status status = ftdn_text_check(&text, err);
    const char *kept = status == FTDN_OK ? ftdn_arena_copy_text(&body->arena, text.chars, text.n_chars, err) : NULL;
    ftdn_text_done(&text);
    body->dataset.description = kept;
    return kept ? FTDN_OK : FTDN_ERR_MEMORY;
}

static ftdn_status fill(ftdn_dataset_body *body, const ftdn_coco_desc *desc, const ftdn_coco_file *file,
                        ftdn_arena *scratch, ftdn_error *err)
{
    const char *folder = NULL;
    bool has_all = desc->max_images == 0 || desc->max_images > file->n_images;
    ftdn_class_map map;
    ftdn_coco_objects objects;
    dataset_remarks remarks = {0};
    /* What the annotations alone tell comes first: reading all pictures may take minutes. */
    FTDN_TRY(ftdn_dataset_body_set_images(body, has_all ? file->n_images : desc->max_images, err));
    FTDN_TRY(find_folder(desc, file->path, &file->image[0], scratch, &folder, err));
    ftdn_image_files *files = ftdn_image_files_create(body, err);
    if (!files) return FTDN_ERR_MEMORY;
    FTDN_TRY(find_pictures(file, folder, files, body, scratch, &remarks.n_other_suffix, err));
    FTDN_TRY(check_names(body, file, scratch, err));
    FTDN_TRY(ftdn_class_map_init(&map, &body->classes, &desc->classes, &body->arena, err));
    FTDN_TRY(ftdn_coco_read_objects(file, body->dataset.n_images, &map, scratch, &body->arena, &objects, err));
    FTDN_TRY(ftdn_class_map_check(&map, err));
    for (int i = 0; i < body->dataset.n_images; i++) {
        ftdn_arena_mark mark = ftdn_arena_get_mark(scratch);
        FTDN_TRY(read_image(&file->image[i], file->path, i, files, body, scratch, err));
        ftdn_arena_reset(scratch, mark);
    }
    remarks.n_empty = ftdn_coco_place_objects(&objects, body->image);
    FTDN_TRY(describe(body, file->path, &remarks, &map, err));
    return ftdn_image_files_digest(files, "coco 1", body, err);
}

static ftdn_status open_with(const ftdn_coco_desc *desc, ftdn_arena *scratch, ftdn_dataset **ret_dataset,
                             ftdn_error *err)
{
    const char *path = NULL;
    ftdn_coco_file file;
    ftdn_arena kept; /* what the file says */
    ftdn_dataset_body *body = NULL;
    bool is_given = desc->classes.name;
    ftdn_arena_init(&kept);
    ftdn_status status = find_annotations(desc, &kept, &path, err);
    if (status == FTDN_OK) status = ftdn_coco_read(path, scratch, &kept, &file, err);
    if (status != FTDN_OK) goto done;
    status = ftdn_dataset_body_create(is_given ? desc->classes.name : file.category_name,
                                      is_given ? desc->classes.n_classes : file.n_categories, &body, err);
    if (status == FTDN_ERR_ARG && !is_given) {
        ftdn_error_context(err, "%s: \"categories\"", path);
        if (err) err->status = FTDN_ERR_INPUT;
        status = FTDN_ERR_INPUT;
    }
    if (status == FTDN_OK) status = fill(body, desc, &file, scratch, err);
    if (status == FTDN_OK) *ret_dataset = &body->dataset;
    else if (body) ftdn_dataset_close(&body->dataset);
done:
    ftdn_arena_done(&kept);
    return status;
}

ftdn_status ftdn_dataset_open_coco(const ftdn_coco_desc *desc, ftdn_dataset **ret_dataset, ftdn_error *err)
{
    assert(desc->root && desc->split);
    if (desc->max_images < 0) return FTDN_FAIL(err, FTDN_ERR_ARG, "%d images; 0 means all", desc->max_images);
    if (!ftdn_is_image_name(desc->split))
        return FTDN_FAIL(err, FTDN_ERR_ARG, "'%s' is no name of a split", desc->split);
    ftdn_arena scratch;
    ftdn_arena_init(&scratch);
    ftdn_status status = open_with(desc, &scratch, ret_dataset, err);
    ftdn_arena_done(&scratch);
    return status;
}
