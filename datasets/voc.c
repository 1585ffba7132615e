#include "datasets/dataset.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/fnv.h"
#include "datasets/dataset_body.h"
#include "datasets/image.h"
#include "datasets/voc_annotation.h"

#define MAX_LIST_BYTES ((size_t)64 << 20)
#define MAX_ANNOTATION_BYTES ((size_t)16 << 20)
#define MAX_JPEG_BYTES ((size_t)256 << 20)

typedef struct file_digest {
    char hex[FTDN_SHA256_HEX];
} file_digest;

typedef struct voc {
    const char **jpeg_path; /* [n_images] */
    file_digest *jpeg;      /* [n_images], as read when the dataset was opened */
} voc;

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

/* An image name is a plain file name: it can leave the dataset's folders in no way. */
static bool is_image_name(const char *name)
{
    if (name[0] == '.') return false;
    for (const char *c = name; *c; c++) {
        if ((unsigned char)*c < 0x20 || *c == 0x7f || *c == '/' || *c == '\\') return false;
    }
    return true;
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
        if (!is_image_name(name)) {
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

static ftdn_status paint_voc(const ftdn_dataset_body *body, int index, int size, uint8_t *pixels, ftdn_arena *scratch,
                             ftdn_error *err)
{
    const voc *source = body->source;
    const char *path = source->jpeg_path[index];
    char *bytes;
    size_t n_bytes;
    file_digest now;
    ftdn_picture picture;
    FTDN_TRY(ftdn_file_load(path, MAX_JPEG_BYTES, scratch, &bytes, &n_bytes, err));
    FTDN_TRY(ftdn_sha256_of(bytes, n_bytes, now.hex, err));
    if (strcmp(now.hex, source->jpeg[index].hex) != 0) {
        return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: the file has changed since the dataset was opened", path);
    }
    FTDN_TRY(ftdn_picture_decode_jpeg(path, bytes, n_bytes, scratch, &picture, err));
    ftdn_picture_resize(&picture, size, pixels);
    return FTDN_OK;
}

/* Image and annotation of one name. scratch holds the files' bytes, for the caller to reset. */
static ftdn_status read_image(const char *root, const char *name, int index, voc *source, ftdn_dataset_body *body,
                              ftdn_arena *scratch, ftdn_error *err)
{
    ftdn_arena *arena = &body->arena;
    ftdn_image *image = &body->image[index];
    image->name = ftdn_arena_copy_text(arena, name, strlen(name), err);
    const char *relative = image->name ? ftdn_arena_format(scratch, err, "JPEGImages/%s.jpg", name) : NULL;
    source->jpeg_path[index] = relative ? ftdn_path_join(arena, root, relative, err) : NULL;
    relative = source->jpeg_path[index] ? ftdn_arena_format(scratch, err, "Annotations/%s.xml", name) : NULL;
    const char *path = relative ? ftdn_path_join(scratch, root, relative, err) : NULL;
    if (!path) return FTDN_ERR_MEMORY;
    image->id = ftdn_fnv1a64(name);

    char *bytes;
    size_t n_bytes;
    FTDN_TRY(ftdn_file_load(source->jpeg_path[index], MAX_JPEG_BYTES, scratch, &bytes, &n_bytes, err));
    FTDN_TRY(ftdn_sha256_of(bytes, n_bytes, source->jpeg[index].hex, err));
    FTDN_TRY(ftdn_picture_read_jpeg_size(source->jpeg_path[index], bytes, n_bytes, &image->width, &image->height, err));
    FTDN_TRY(ftdn_file_load(path, MAX_ANNOTATION_BYTES, scratch, &bytes, &n_bytes, err));
    return ftdn_voc_annotation_parse(bytes, n_bytes, path, &body->classes, arena, image, err);
}

static ftdn_status fill(ftdn_dataset_body *body, const ftdn_voc_desc *desc, ftdn_arena *scratch, ftdn_sha256 *hash,
                        ftdn_error *err)
{
    ftdn_arena *arena = &body->arena;
    const char *relative = ftdn_arena_format(scratch, err, "ImageSets/Main/%s.txt", desc->split);
    const char *path = relative ? ftdn_path_join(scratch, desc->root, relative, err) : NULL;
    if (!path) return FTDN_ERR_MEMORY;
    entry *entries = NULL;
    int n_images = 0;
    FTDN_TRY(read_list(path, desc->max_images, scratch, &entries, &n_images, err));
    FTDN_TRY(ftdn_dataset_body_set_images(body, n_images, err));
    body->dataset.description = ftdn_arena_format(arena, err, "VOC '%s' %s, %d image%s", desc->root, desc->split,
                                                  n_images, n_images == 1 ? "" : "s");
    if (!body->dataset.description) return FTDN_ERR_MEMORY;
    voc *source = FTDN_NEW(arena, 1, voc, err);
    if (!source) return FTDN_ERR_MEMORY;
    source->jpeg_path = FTDN_NEW(arena, n_images, const char *, err);
    if (!source->jpeg_path) return FTDN_ERR_MEMORY;
    source->jpeg = FTDN_NEW(arena, n_images, file_digest, err);
    if (!source->jpeg) return FTDN_ERR_MEMORY;
    body->source = source;
    body->paint = paint_voc;
    for (int i = 0; i < n_images; i++) {
        ftdn_arena_mark mark = ftdn_arena_get_mark(scratch);
        FTDN_TRY(read_image(desc->root, entries[i].name, i, source, body, scratch, err));
        ftdn_arena_reset(scratch, mark);
    }
    ftdn_sha256_add_text(hash, "voc 1");
    ftdn_dataset_body_digest(body, hash);
    for (int i = 0; i < n_images; i++) ftdn_sha256_add_text(hash, source->jpeg[i].hex);
    ftdn_sha256_finish(hash, body->dataset.digest);
    return FTDN_OK;
}

ftdn_status ftdn_dataset_open_voc(const ftdn_voc_desc *desc, ftdn_dataset **ret_dataset, ftdn_error *err)
{
    assert(desc->root && desc->split);
    const char *const *class_name = desc->class_name ? desc->class_name : ftdn_voc_class_name;
    int n_classes = desc->class_name ? desc->n_classes : 20;
    if (desc->max_images < 0) return FTDN_FAIL(err, FTDN_ERR_ARG, "%d images; 0 means all", desc->max_images);
    if (!desc->split[0] || !is_image_name(desc->split)) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "'%s' is no name of a split", desc->split);
    }
    ftdn_dataset_body *body = NULL;
    ftdn_sha256 *hash = NULL;
    ftdn_arena scratch;
    ftdn_arena_init(&scratch);
    ftdn_status status = ftdn_dataset_body_create(class_name, n_classes, &body, err);
    if (status == FTDN_OK) status = ftdn_sha256_create(&hash, err);
    if (status == FTDN_OK) status = fill(body, desc, &scratch, hash, err);
    if (status == FTDN_OK) *ret_dataset = &body->dataset;
    else if (body) ftdn_dataset_close(&body->dataset);
    ftdn_sha256_free(hash);
    ftdn_arena_done(&scratch);
    return status;
}
