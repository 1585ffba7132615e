#include "datasets/class_map.h"

#include <stdlib.h>
#include <string.h>

#include "base/fnv.h"
#include "base/suggest.h"
#include "base/text.h"

#define MOST_NAMED 8 /* classes in one message */

typedef struct ftdn_other_class {
    const char *name;
    int n_objects;
    const char *first_place; /* of its first object: "path:line:column" */
} other_class;

/* ", did you mean 'NAME'?" */
static void append_nearest(ftdn_text *text, const char *name, const ftdn_class_list *classes)
{
    const char *nearest = ftdn_suggest(name, classes->name, classes->n_classes);
    if (nearest) ftdn_text_append(text, "; did you mean '%.60s'?", nearest);
}

/* Fail with the text, which is given up. */
static ftdn_status fail_with(ftdn_text *text, ftdn_status status, ftdn_error *err)
{
    ftdn_status memory = ftdn_text_check(text, err);
    if (memory == FTDN_OK) (void)FTDN_FAIL(err, status, "%s", text->chars);
    ftdn_text_done(text);
    return memory == FTDN_OK ? status : memory;
}

ftdn_status ftdn_class_map_init(ftdn_class_map *map, const ftdn_class_list *classes, const ftdn_class_choice *choice,
                                ftdn_arena *arena, ftdn_error *err)
{
    *map = (ftdn_class_map){.classes = classes, .choice = choice, .arena = arena};
    for (int i = 0; i < choice->n_renames; i++) {
        const char *from = choice->rename[2 * i], *to = choice->rename[2 * i + 1];
        if (ftdn_class_list_find(classes, to) >= 0) continue;
        ftdn_text text;
        ftdn_text_init(&text);
        ftdn_text_append(&text, "'%.60s' is renamed to '%.60s', which is no class of the network", from, to);
        append_nearest(&text, to, classes);
        return fail_with(&text, FTDN_ERR_ARG, err);
    }
    return FTDN_OK;
}

static const char *rename_class(const ftdn_class_choice *choice, const char *name)
{
    for (int i = 0; i < choice->n_renames; i++) {
        if (strcmp(choice->rename[2 * i], name) == 0) return choice->rename[2 * i + 1];
    }
    return name;
}

/* The slot of a name that is among the others, or the free one that it would get. */
static int *find_slot(const ftdn_class_map *map, const char *name)
{
    size_t n_slots = 2 * (size_t)map->capacity; /* a power of two, of which half are free */
    size_t at = (size_t)ftdn_fnv1a64(name) & (n_slots - 1);
    while (map->slot[at] && strcmp(map->other[map->slot[at] - 1].name, name) != 0) at = (at + 1) & (n_slots - 1);
    return &map->slot[at];
}

static ftdn_status grow(ftdn_class_map *map, ftdn_error *err)
{
    int capacity = map->capacity ? 2 * map->capacity : 8;
    other_class *larger = FTDN_NEW(map->arena, (size_t)capacity, other_class, err);
    int *slot = larger ? FTDN_NEW(map->arena, 2 * (size_t)capacity, int, err) : NULL;
    if (!slot) return FTDN_ERR_MEMORY;
    if (map->n_others) memcpy(larger, map->other, (size_t)map->n_others * sizeof *larger);
    map->other = larger;
    map->slot = slot;
    map->capacity = capacity;
    for (int i = 0; i < map->n_others; i++) *find_slot(map, larger[i].name) = i + 1;
    return FTDN_OK;
}

static ftdn_status count_other(ftdn_class_map *map, const char *name, const char *path, unsigned long line,
                               unsigned long column, ftdn_error *err)
{
    if (map->n_others == map->capacity) FTDN_TRY(grow(map, err));
    int *slot = find_slot(map, name);
    if (*slot) {
        map->other[*slot - 1].n_objects++;
        return FTDN_OK;
    }
    const char *copy = ftdn_arena_copy_text(map->arena, name, strlen(name), err);
    const char *place = copy ? ftdn_arena_format(map->arena, err, "%s:%lu:%lu", path, line, column) : NULL;
    if (!place) return FTDN_ERR_MEMORY;
    map->other[map->n_others++] = (other_class){copy, 1, place};
    *slot = map->n_others;
    return FTDN_OK;
}

ftdn_status ftdn_class_map_find(ftdn_class_map *map, const char *name, const char *path, unsigned long line,
                                unsigned long column, int *ret_class, ftdn_error *err)
{
    int found = ftdn_class_list_find(map->classes, rename_class(map->choice, name));
    if (found < 0) FTDN_TRY(count_other(map, name, path, line, column, err));
    *ret_class = found;
    return FTDN_OK;
}

static int by_objects(const void *a, const void *b)
{
    const other_class *first = a, *second = b;
    if (first->n_objects != second->n_objects) return first->n_objects > second->n_objects ? -1 : 1;
    return strcmp(first->name, second->name);
}

ftdn_status ftdn_class_map_check(const ftdn_class_map *map, ftdn_error *err)
{
    int n = map->n_others;
    if (n == 0 || map->choice->ignores_others) return FTDN_OK;
    qsort(map->other, (size_t)n, sizeof *map->other, by_objects);
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text,
                     "%d class%s that the network lacks (where it has one by another name, say so in \"rename\"; "
                     "\"other_classes\": \"ignore\" leaves such objects out):",
                     n, n == 1 ? "" : "es");
    for (int i = 0; i < n && i < MOST_NAMED; i++) {
        const other_class *other = &map->other[i];
        ftdn_text_append(&text, "\n  '%.60s' of %d object%s, the first at %.120s", other->name, other->n_objects,
                         other->n_objects == 1 ? "" : "s", other->first_place);
        append_nearest(&text, other->name, map->classes);
    }
    if (n > MOST_NAMED) ftdn_text_append(&text, "\n  and %d more", n - MOST_NAMED);
    return fail_with(&text, FTDN_ERR_INPUT, err);
}

const char *ftdn_class_map_describe(const ftdn_class_map *map, ftdn_error *err)
{
    int n_objects = 0;
    for (int i = 0; i < map->n_others; i++) n_objects += map->other[i].n_objects;
    if (n_objects == 0) return "";
    return ftdn_arena_format(map->arena, err, ", %d object%s of other classes left out", n_objects,
                             n_objects == 1 ? "" : "s");
}
