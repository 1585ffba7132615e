#include "base/list.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/size.h"

#define FIRST_CAPACITY 16

void ftdn_list_init(ftdn_list *list, size_t item_bytes)
{
    assert(item_bytes > 0);
    *list = (ftdn_list){.item_bytes = item_bytes};
}

void ftdn_list_done(ftdn_list *list)
{
    free(list->items);
    ftdn_list_init(list, list->item_bytes);
}

static ftdn_status grow(ftdn_list *list, ftdn_error *err)
{
    size_t capacity = FIRST_CAPACITY, n_bytes = 0;
    bool fits = list->capacity == 0 || ftdn_size_mul(list->capacity, 2, &capacity);
    void *items = fits && ftdn_size_mul(capacity, list->item_bytes, &n_bytes) ? realloc(list->items, n_bytes) : NULL;
    if (!items)
        return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory: %zu items of %zu bytes are held", list->n_items,
                         list->item_bytes);
    list->items = items;
    list->capacity = capacity;
    return FTDN_OK;
}

ftdn_status ftdn_list_add(ftdn_list *list, const void *item, ftdn_error *err)
{
    if (list->n_items == list->capacity) FTDN_TRY(grow(list, err));
    memcpy((char *)list->items + list->n_items++ * list->item_bytes, item, list->item_bytes);
    return FTDN_OK;
}
