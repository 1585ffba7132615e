#include "datasets/class_list.h"

#include <stdlib.h>
#include <string.h>

typedef struct named_class {
    const char *name;
    int index;
} named_class;

static int compare_classes(const void *a, const void *b)
{
    const named_class *first = a, *second = b;
    int order = strcmp(first->name, second->name);
    return order ? order : (first->index > second->index) - (first->index < second->index);
}

/* No name stands twice; of those that do, the first to come is named. sorted: by name. */
static ftdn_status check_unique(const named_class *sorted, int n_classes, ftdn_error *err)
{
    const named_class *repeated = NULL;
    for (int i = 1; i < n_classes; i++) {
        if (strcmp(sorted[i - 1].name, sorted[i].name) != 0) continue;
        if (!repeated || sorted[i].index < repeated->index) repeated = &sorted[i];
    }
    if (!repeated) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_ARG, "classes %d and %d are both called '%s'", repeated[-1].index, repeated->index,
                     repeated->name);
}

ftdn_status ftdn_class_list_create(const char *const *names, int n_classes, ftdn_arena *arena,
                                   ftdn_class_list *ret_list, ftdn_error *err)
{
    if (n_classes < 1) return FTDN_FAIL(err, FTDN_ERR_ARG, "a dataset of %d classes; one is the least", n_classes);
    const char **copies = FTDN_NEW(arena, n_classes, const char *, err);
    int *by_name = copies ? FTDN_NEW(arena, n_classes, int, err) : NULL;
    named_class *sorted = by_name ? FTDN_NEW(arena, n_classes, named_class, err) : NULL;
    if (!sorted) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_classes; i++) {
        if (!names[i][0]) return FTDN_FAIL(err, FTDN_ERR_ARG, "class %d has an empty name", i);
        copies[i] = ftdn_arena_copy_text(arena, names[i], strlen(names[i]), err);
        if (!copies[i]) return FTDN_ERR_MEMORY;
        sorted[i] = (named_class){copies[i], i};
    }
    qsort(sorted, (size_t)n_classes, sizeof *sorted, compare_classes);
    FTDN_TRY(check_unique(sorted, n_classes, err));
    for (int i = 0; i < n_classes; i++) by_name[i] = sorted[i].index;
    *ret_list = (ftdn_class_list){n_classes, copies, by_name};
    return FTDN_OK;
}

int ftdn_class_list_find(const ftdn_class_list *list, const char *name)
{
    int low = 0, high = list->n_classes;
    while (low < high) {
        int middle = low + (high - low) / 2;
        int order = strcmp(name, list->name[list->by_name[middle]]);
        if (order == 0) return list->by_name[middle];
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return -1;
}
