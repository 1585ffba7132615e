#include "datasets/class_list.h"

#include <string.h>

/* Where a name belongs in the first n_sorted entries of by_name. *ret_found: its index, or -1 if it is not there. */
static int find_place(const char *const *names, const int *by_name, int n_sorted, const char *name, int *ret_found)
{
    int low = 0, high = n_sorted;
    *ret_found = -1;
    while (low < high) {
        int middle = low + (high - low) / 2;
        int order = strcmp(name, names[by_name[middle]]);
        if (order == 0) {
            *ret_found = by_name[middle];
            return middle;
        }
        if (order < 0) high = middle;
        else low = middle + 1;
    }
    return low;
}

ftdn_status ftdn_class_list_create(const char *const *names, int n_classes, ftdn_arena *arena,
                                   ftdn_class_list *ret_list, ftdn_error *err)
{
    if (n_classes < 1) return FTDN_FAIL(err, FTDN_ERR_ARG, "a dataset of %d classes; one is the least", n_classes);
    const char **copies = FTDN_NEW(arena, n_classes, const char *, err);
    int *by_name = copies ? FTDN_NEW(arena, n_classes, int, err) : NULL;
    if (!by_name) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_classes; i++) {
        if (!names[i][0]) return FTDN_FAIL(err, FTDN_ERR_ARG, "class %d has an empty name", i);
        copies[i] = ftdn_arena_copy_text(arena, names[i], strlen(names[i]), err);
        if (!copies[i]) return FTDN_ERR_MEMORY;
        int found, place = find_place(copies, by_name, i, copies[i], &found);
        if (found >= 0)
            return FTDN_FAIL(err, FTDN_ERR_ARG, "classes %d and %d are both called '%s'", found, i, names[i]);
        memmove(by_name + place + 1, by_name + place, (size_t)(i - place) * sizeof *by_name);
        by_name[place] = i;
    }
    *ret_list = (ftdn_class_list){n_classes, copies, by_name};
    return FTDN_OK;
}

int ftdn_class_list_find(const ftdn_class_list *list, const char *name)
{
    int found;
    find_place(list->name, list->by_name, list->n_classes, name, &found);
    return found;
}
