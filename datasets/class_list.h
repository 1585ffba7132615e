/* class_list.h - the names of a dataset's classes, and which index a name has. */
#ifndef FTDN_DATASETS_CLASS_LIST_H
#define FTDN_DATASETS_CLASS_LIST_H

#include "base/arena.h"
#include "base/status.h"

typedef struct ftdn_class_list {
    int n_classes;
    const char *const *name; /* [n_classes], in the caller's order */
    const int *by_name;      /* [n_classes]: indices in alphabetical order of their names */
} ftdn_class_list;

/* A copy of the names in the arena. FTDN_ERR_ARG: no class, an empty name, a name twice. */
FTDN_NODISCARD ftdn_status ftdn_class_list_create(const char *const *names, int n_classes, ftdn_arena *arena,
                                                  ftdn_class_list *ret_list, ftdn_error *err);

/* The index of a name in the caller's order; -1 where it is not in the list. */
int ftdn_class_list_find(const ftdn_class_list *list, const char *name);

#endif
