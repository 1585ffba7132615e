#include "harness/plan/class_names.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "datasets/class_list.h"

#define MOST_LISTED 24 /* names of one list in a message */

typedef struct name_array {
    int n;
    const char **name;
} name_array;

static ftdn_status read_json(const char *text, ftdn_arena *arena, name_array *ret_names, ftdn_error *err)
{
    const ftdn_json *list;
    FTDN_TRY(ftdn_json_parse(text, strlen(text), "list", arena, &list, err));
    ret_names->n = list->n_children;
    ret_names->name = FTDN_NEW(arena, (size_t)list->n_children, const char *, err);
    if (!ret_names->name) return FTDN_ERR_MEMORY;
    for (int i = 0; i < list->n_children; i++) {
        const ftdn_json *item = list->child[i];
        if (item->kind != FTDN_JSON_STRING)
            return FTDN_FAIL(err, FTDN_ERR_ARG, "item %d is %s, no name", i, ftdn_json_kind_name(item->kind));
        ret_names->name[i] = item->string;
    }
    return FTDN_OK;
}

static ftdn_status read_commas(const char *text, ftdn_arena *arena, name_array *ret_names, ftdn_error *err)
{
    int n_names = 1;
    for (const char *c = text; *c; c++) n_names += *c == ',';
    ret_names->name = FTDN_NEW(arena, (size_t)n_names, const char *, err);
    if (!ret_names->name) return FTDN_ERR_MEMORY;
    for (const char *next = text; ret_names->n < n_names; ret_names->n++) {
        size_t n_chars = strcspn(next, ",");
        const char *name = ftdn_arena_copy_text(arena, next, n_chars, err);
        if (!name) return FTDN_ERR_MEMORY;
        ret_names->name[ret_names->n] = name;
        next += n_chars + 1;
    }
    return FTDN_OK;
}

ftdn_status ftdn_class_names_parse(const char *text, const char *owner, ftdn_arena *arena, ftdn_class_names *ret_names,
                                   ftdn_error *err)
{
    name_array all = {0};
    ftdn_class_list list;
    FTDN_TRY(text[0] == '[' ? read_json(text, arena, &all, err) : read_commas(text, arena, &all, err));
    bool has_background = all.n > 0 && strcmp(all.name[0], "background") == 0;
    FTDN_TRY(ftdn_class_list_create(all.name + has_background, all.n - has_background, arena, &list, err));
    *ret_names = (ftdn_class_names){.owner = owner, .n = list.n_classes, .name = list.name};
    return FTDN_OK;
}

ftdn_status ftdn_class_names_read(const ftdn_tensor_file *file, ftdn_arena *arena, ftdn_class_names *ret_names,
                                  ftdn_error *err)
{
    *ret_names = (ftdn_class_names){.owner = file->path};
    const char *text = ftdn_tensor_file_find_metadata(file, FTDN_CLASSES_METADATA);
    if (!text) return FTDN_OK;
    ftdn_status status = ftdn_class_names_parse(text, file->path, arena, ret_names, err);
    if (status == FTDN_OK || status == FTDN_ERR_MEMORY) return status;
    if (err) err->status = FTDN_ERR_INPUT;
    ftdn_error_context(err, "%s: metadata '" FTDN_CLASSES_METADATA "'", file->path);
    return FTDN_ERR_INPUT;
}

static void append_list(ftdn_text *text, const ftdn_class_names *names)
{
    ftdn_text_append(text, "%s has %d class%s: ", names->owner, names->n, names->n == 1 ? "" : "es");
    for (int i = 0; i < names->n && i < MOST_LISTED; i++)
        ftdn_text_append(text, "%s%.32s", i > 0 ? ", " : "", names->name[i]);
    if (names->n > MOST_LISTED) ftdn_text_append(text, ", ...");
}

ftdn_status ftdn_class_names_check(const ftdn_class_names *a, const ftdn_class_names *b, ftdn_error *err)
{
    if (a->n == 0 || b->n == 0) return FTDN_OK;
    int first = 0;
    while (first < a->n && first < b->n && strcmp(a->name[first], b->name[first]) == 0) first++;
    if (first == a->n && first == b->n) return FTDN_OK;
    ftdn_text text;
    ftdn_text_init(&text);
    append_list(&text, a);
    ftdn_text_append(&text, "; ");
    append_list(&text, b);
    ftdn_text_append(&text, "; they must be the same in the same order");
    ftdn_status status = ftdn_text_check(&text, err);
    if (status == FTDN_OK) status = FTDN_FAIL(err, FTDN_ERR_ARG, "%s", text.chars);
    ftdn_text_done(&text);
    return status;
}
