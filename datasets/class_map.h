/* class_map.h - the class that a name in a dataset's files stands for.
 *
 * A name is renamed where the choice says so, then looked up in the list. Names that lead to no class of the list are
 * counted, so that one error can name all of them, wherever they stand. */
#ifndef FTDN_DATASETS_CLASS_MAP_H
#define FTDN_DATASETS_CLASS_MAP_H

#include "base/arena.h"
#include "base/status.h"
#include "datasets/class_list.h"
#include "datasets/dataset.h"

typedef struct ftdn_class_map {
    const ftdn_class_list *classes;
    const ftdn_class_choice *choice;
    ftdn_arena *arena;
    struct ftdn_other_class *other; /* [capacity] names that lead to no class, as they came */
    int n_others, capacity;
    int *slot; /* [2 * capacity] where a name is among them: 1 + its index, from its hash on; 0: free */
} ftdn_class_map;

/* classes, choice and arena outlive the map. FTDN_ERR_ARG: a name that is renamed to no class of the list. */
FTDN_NODISCARD ftdn_status ftdn_class_map_init(ftdn_class_map *map, const ftdn_class_list *classes,
                                               const ftdn_class_choice *choice, ftdn_arena *arena, ftdn_error *err);

/* The class of an object that stands at path:line:column; -1: of none in the list, and it was counted. Only a refused
 * allocation fails. */
FTDN_NODISCARD ftdn_status ftdn_class_map_find(ftdn_class_map *map, const char *name, const char *path,
                                               unsigned long line, unsigned long column, int *ret_class,
                                               ftdn_error *err);

/* When all objects are read: FTDN_ERR_INPUT where some are of other classes and the choice does not leave them out.
 * Names the classes, those with most objects first, with the place of the first object and the nearest known name. */
FTDN_NODISCARD ftdn_status ftdn_class_map_check(const ftdn_class_map *map, ftdn_error *err);

/* For a description: ", 3 objects of other classes left out", "" where there are none. NULL: FTDN_ERR_MEMORY. */
FTDN_NODISCARD const char *ftdn_class_map_describe(const ftdn_class_map *map, ftdn_error *err);

#endif
