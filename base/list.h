/* list.h - items of one size in one piece of memory that grows, where nobody knows how many will come. */
#ifndef FTDN_BASE_LIST_H
#define FTDN_BASE_LIST_H

#include <stddef.h>

#include "base/status.h"

typedef struct ftdn_list {
    void *items; /* [n_items], of item_bytes each; NULL while there are none; moves when the list grows */
    size_t n_items, capacity, item_bytes;
} ftdn_list;

void ftdn_list_init(ftdn_list *list, size_t item_bytes);
void ftdn_list_done(ftdn_list *list);

/* Add a copy of an item. */
FTDN_NODISCARD ftdn_status ftdn_list_add(ftdn_list *list, const void *item, ftdn_error *err);

#endif
