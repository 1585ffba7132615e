#include "datasets/dataset.h"

#include <assert.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/fnv.h"
#include "base/text.h"
#include "datasets/class_map.h"
#include "datasets/dataset_body.h"
#include "datasets/image_files.h"
#include "datasets/missing_files.h"
#include "datasets/picture_find.h"
#include "datasets/voc_annotation.h"

#define MAX_LIST_BYTES ((size_t)64 << 20)
#define MAX_ANNOTATION_BYTES ((size_t)16 << 20)

/* One line of a split. */
typedef struct entry {
    const char *name;
    int line;
} entry;

static int compare_entries(const void *a, const void *b)
{
    const entry *first = a, *second = b;
    int order = strcmp(first->name, second->name);
    return order ? order : (first->line > second->line) - (first->line < second->line);
}

/* No image stands twice in the list. sorted: the entries, put in alphabetical order here. */
static ftdn_status check_unique(const char *path, entry *sorted, int n_entries, ftdn_error *err)
{
    const entry *repeated = NULL;
    qsort(sorted, (size_t)n_entries, sizeof *sorted, compare_entries);
    int first_line = 0;
    for (int i = 1; i < n_entries; i++) {
        if (strcmp(sorted[i - 1].name, sorted[i].name) != 0) continue;
        if (repeated && repeated->line < sorted[i].line) continue;
        repeated = &sorted[i];
        first_line = sorted[i - 1].line;
    }
    if (!repeated) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s:%d:1: image '%s' stands in line %d already", path, repeated->line,
                     repeated->name, first_line);
}

/* The names in the split's list, one per line, in its order; the text is cut up in place. */
static ftdn_status read_list(const char *path, int max_images, ftdn_arena *arena, entry **ret_entries,
                             int *ret_n_entries, ftdn_error *err)
{
    char *text;
    size_t n_bytes;
    FTDN_TRY(ftdn_file_load(path, MAX_LIST_BYTES, arena, &text, &n_bytes, err));
    if (memchr(text, 0, n_bytes)) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: a 0 byte: this is no list of names", path);
    int n_lines = 1, n_entries = 0;
    for (size_t i = 0; i < n_bytes; i++) n_lines += text[i] == '\n';
    entry *entries = FTDN_NEW(arena, n_lines, entry, err);
    if (!entries) return FTDN_ERR_MEMORY;
    char *next = text;
    for (int line = 1; line <= n_lines && (max_images == 0 || n_entries < max_images); line++) {
        char *begin = next, *end = begin + strcspn(begin, "\n");
        next = *end ? end + 1 : end;
        *end = 0;
        char *name = begin + strspn(begin, " \t");
        size_t n_chars = strcspn(name, " \t\r"), n_blanks = strspn(name + n_chars, " \t\r");
        int column = (int)(name - begin) + 1;
        if (name[n_chars + n_blanks]) {
            return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s:%d:%d: more than one word; each line names one image", path, line,
                             column + (int)(n_chars + n_blanks));
        }
        if (n_chars == 0) continue;
        name[n_chars] = 0;
        if (!ftdn_is_image_name(name)) {
            return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s:%d:%d: '%s' is no image name", path, line, column, name);
        }
        entries[n_entries++] = (entry){name, line};
    }
    if (n_entries == 0) return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: lists no image", path);
    entry *sorted = FTDN_NEW(arena, n_entries, entry, err);
    if (!sorted) return FTDN_ERR_MEMORY;
    memcpy(sorted, entries, (size_t)n_entries * sizeof *sorted);
    FTDN_TRY(check_unique(path, sorted, n_entries, err));
    *ret_entries = entries;
    *ret_n_entries = n_entries;
    return FTDN_OK;
}

/* The files of one name, which live in the arena; those that are not there are added to the missing ones. */
static ftdn_status find_files(const char *root, const char *name, ftdn_missing_files *missing, ftdn_arena *arena,
                              ftdn_arena *scratch, const char **ret_picture, const char **ret_annotation,
                              ftdn_error *err)
{
    const char *stem = ftdn_arena_format(scratch, err, "JPEGImages/%s", name);
    const char *picture_stem = stem ? ftdn_path_join(scratch, root, stem, err) : NULL;
    const char *xml = picture_stem ? ftdn_arena_format(scratch, err, "Annotations/%s.xml", name) : NULL;
    *ret_annotation = xml ? ftdn_path_join(arena, root, xml, err) : NULL;
    if (!*ret_annotation) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_picture_find(picture_stem, arena, ret_picture, err));
    if (!*ret_picture) {
        const char *usual = ftdn_arena_format(scratch, err, "%s.jpg", picture_stem);
        if (!usual) return FTDN_ERR_MEMORY;
        ftdn_missing_files_add(missing, "", usual);
    }
    if (!ftdn_file_exists(*ret_annotation)) ftdn_missing_files_add(missing, "", *ret_annotation);
    return FTDN_OK;
}

/* All files are looked for before the first is read. annotations: [n_images], live in scratch. */
static ftdn_status find_all(const char *root, const entry *entries, ftdn_image_files *files, const char **annotations,
                            ftdn_dataset_body *body, ftdn_arena *scratch, ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
    ftdn_missing_files missing;
    ftdn_missing_files_init(&missing);
    for (int i = 0; status == FTDN_OK && i < files->n_files; i++)
        status =
            find_files(root, entries[i].name, &missing, &body->arena, scratch, &files->path[i], &annotations[i], err);
    if (status == FTDN_OK) status = ftdn_missing_files_check(&missing, 2 * files->n_files, err);
    ftdn_missing_files_done(&missing);
    return status;
}

/* Image and annotation of one name; the map counts objects of other classes. scratch holds the files' bytes, for the
 * caller to reset. */
static ftdn_status read_image(const char *name, const char *annotation, int index, ftdn_image_files *files,
                              ftdn_class_map *map, ftdn_dataset_body *body, ftdn_arena *scratch, ftdn_error *err)
{
    ftdn_image *image = &body->image[index];
    char *bytes;
    size_t n_bytes;
    image->name = ftdn_arena_copy_text(&body->arena, name, strlen(name), err);
    if (!image->name) return FTDN_ERR_MEMORY;
    image->id = ftdn_fnv1a64(name);
    FTDN_TRY(ftdn_image_files_read(files, body, index, files->path[index], scratch, err));
    FTDN_TRY(ftdn_file_load(annotation, MAX_ANNOTATION_BYTES, scratch, &bytes, &n_bytes, err));
    return ftdn_voc_annotation_parse(bytes, n_bytes, annotation, map, &body->arena, image, err);
}

static int is_list(const struct dirent *file)
{
    const char *dot = strrchr(file->d_name, '.');
    return dot && dot > file->d_name && strcmp(dot, ".txt") == 0;
}

/* A list of one class, as "dog_train.txt" beside "train.txt", is no split of its own. */
static bool is_of_class(const char *folder, const char *list, ftdn_arena *scratch)
{
    const char *bar = strrchr(list, '_'), *whole = bar ? ftdn_path_join(scratch, folder, bar + 1, NULL) : NULL;
    return whole && ftdn_file_exists(whole);
}

/* Where a list is missing: which ones there are, or what a root is. */
static void hint_at_splits(const char *root, ftdn_arena *scratch, ftdn_error *err)
{
    struct dirent **list = NULL;
    ftdn_text splits;
    ftdn_text_init(&splits);
    const char *folder = ftdn_path_join(scratch, root, "ImageSets/Main", NULL);
    int n_lists = folder ? scandir(folder, &list, is_list, alphasort) : 0;
    for (int i = 0; i < n_lists; i++) {
        const char *name = list[i]->d_name;
        if (!is_of_class(folder, name, scratch))
            ftdn_text_append(&splits, "%s%.*s", splits.n_chars ? ", " : "", (int)strlen(name) - 4, name);
        free(list[i]);
    }
    free(list);
    if (splits.n_chars > 0) ftdn_error_hint(err, "the splits there are: %s", splits.chars);
    else ftdn_error_hint(err, "the root of a VOC dataset holds ImageSets, Annotations and JPEGImages");
    ftdn_text_done(&splits);
}

static ftdn_status fill(ftdn_dataset_body *body, const ftdn_voc_desc *desc, ftdn_arena *scratch, ftdn_error *err)
{
    ftdn_arena *arena = &body->arena;
    const char *relative = ftdn_arena_format(scratch, err, "ImageSets/Main/%s.txt", desc->split);
    const char *path = relative ? ftdn_path_join(scratch, desc->root, relative, err) : NULL;
    if (!path) return FTDN_ERR_MEMORY;
    entry *entries = NULL;
    int n_images = 0;
    ftdn_status status = read_list(path, desc->max_images, scratch, &entries, &n_images, err);
    if (status == FTDN_ERR_INPUT && !ftdn_file_exists(path)) hint_at_splits(desc->root, scratch, err);
    FTDN_TRY(status);
    FTDN_TRY(ftdn_dataset_body_set_images(body, n_images, err));
    ftdn_image_files *files = ftdn_image_files_create(body, err);
    const char **annotations = files ? FTDN_NEW(scratch, (size_t)n_images, const char *, err) : NULL;
    if (!annotations) return FTDN_ERR_MEMORY;
    FTDN_TRY(find_all(desc->root, entries, files, annotations, body, scratch, err));
    ftdn_class_map map;
    FTDN_TRY(ftdn_class_map_init(&map, &body->classes, &desc->classes, arena, err));
    for (int i = 0; i < n_images; i++) {
        ftdn_arena_mark mark = ftdn_arena_get_mark(scratch);
        FTDN_TRY(read_image(entries[i].name, annotations[i], i, files, &map, body, scratch, err));
        ftdn_arena_reset(scratch, mark);
    }
    FTDN_TRY(ftdn_class_map_check(&map, err));
    const char *left_out = ftdn_class_map_describe(&map, err);
    if (!left_out) return FTDN_ERR_MEMORY;
    body->dataset.description = ftdn_arena_format(arena, err, "VOC '%s' %s, %d image%s%s", desc->root, desc->split,
                                                  n_images, n_images == 1 ? "" : "s", left_out);
    if (!body->dataset.description) return FTDN_ERR_MEMORY;
    return ftdn_image_files_digest(files, "voc 1", body, err);
}

ftdn_status ftdn_dataset_open_voc(const ftdn_voc_desc *desc, ftdn_dataset **ret_dataset, ftdn_error *err)
{
    assert(desc->root && desc->split);
    const char *const *class_name = desc->classes.name ? desc->classes.name : ftdn_voc_class_name;
    int n_classes = desc->classes.name ? desc->classes.n_classes : FTDN_VOC_CLASSES;
    if (desc->max_images < 0) return FTDN_FAIL(err, FTDN_ERR_ARG, "%d images; 0 means all", desc->max_images);
    if (!ftdn_is_image_name(desc->split))
        return FTDN_FAIL(err, FTDN_ERR_ARG, "'%s' is no name of a split", desc->split);
    ftdn_dataset_body *body = NULL;
    ftdn_arena scratch;
    ftdn_arena_init(&scratch);
    ftdn_status status = ftdn_dataset_body_create(class_name, n_classes, &body, err);
    if (status == FTDN_OK) status = fill(body, desc, &scratch, err);
    if (status == FTDN_OK) *ret_dataset = &body->dataset;
    else if (body) ftdn_dataset_close(&body->dataset);
    ftdn_arena_done(&scratch);
    return status;
}
