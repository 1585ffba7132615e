#include "harness/manifest/manifest_resolved.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/real_path.h"
#include "harness/manifest/document.h"
#include "harness/manifest/manifest.h"

typedef struct resolver {
    ftdn_arena *arena;
    ftdn_error *err;
} resolver;

/* What becomes of a child; key: what the parent is told to be. */
typedef ftdn_status resolve_function(const resolver *r, ftdn_key_id key, const ftdn_json *node,
                                     const ftdn_json **ret_node);

/* A copy of the node with other children where any of them changes, else the node. */
static ftdn_status resolve_children(const resolver *r, ftdn_key_id key, const ftdn_json *node,
                                    resolve_function *resolve, const ftdn_json **ret_node)
{
    ftdn_json *copy = NULL;
    *ret_node = node;
    for (int i = 0; i < node->n_children; i++) {
        const ftdn_json *child;
        FTDN_TRY(resolve(r, key, node->child[i], &child));
        if (child == node->child[i] && !copy) continue;
        if (!copy) {
            const ftdn_json **children = FTDN_NEW(r->arena, (size_t)node->n_children, const ftdn_json *, r->err);
            copy = FTDN_NEW(r->arena, 1, ftdn_json, r->err);
            if (!copy || !children) return FTDN_ERR_MEMORY;
            memcpy(children, node->child, (size_t)node->n_children * sizeof *children);
            *copy = *node;
            copy->child = children;
            *ret_node = copy;
        }
        copy->child[i] = child;
    }
    return FTDN_OK;
}

/* The path without symbolic links but in its last part, whose name stays. One that does not exist is only made
 * absolute. Lives in the arena. */
static ftdn_status make_absolute(const resolver *r, const char *path, const char **ret_path)
{
    const char *last_slash = strrchr(path, '/'), *last = last_slash ? last_slash + 1 : path;
    const char *folder = ftdn_path_folder(r->arena, path, r->err), *real, *here;
    if (!folder) return FTDN_ERR_MEMORY;
    FTDN_TRY(ftdn_path_make_real(folder, r->arena, &real, r->err));
    FTDN_TRY(ftdn_path_make_real(".", r->arena, &here, r->err));
    if (real) *ret_path = ftdn_path_join(r->arena, real, last, r->err);
    else *ret_path = ftdn_path_join(r->arena, here ? here : ".", path, r->err);
    return *ret_path ? FTDN_OK : FTDN_ERR_MEMORY;
}

static ftdn_status resolve_value(const resolver *r, ftdn_key_id key, const ftdn_json *node, const ftdn_json **ret_node);

static ftdn_status resolve_member(const resolver *r, ftdn_key_id object, const ftdn_json *member,
                                  const ftdn_json **ret_node)
{
    return resolve_value(r, ftdn_key_find_inside(object, member->key), member, ret_node);
}

/* A value of a key of the template, at its own place or in a sweep. */
static ftdn_status resolve_value(const resolver *r, ftdn_key_id key, const ftdn_json *node, const ftdn_json **ret_node)
{
    *ret_node = node;
    if (node->kind == FTDN_JSON_OBJECT && ftdn_key_n_rows(key) > 1)
        return resolve_children(r, key, node, resolve_member, ret_node);
    ftdn_value_type type = ftdn_manifest_keys[key].type;
    if (type != FTDN_VALUE_PATH && type != FTDN_VALUE_WEIGHTS) return FTDN_OK;
    ftdn_mistakes mistakes;
    ftdn_value value;
    ftdn_mistakes_init(&mistakes, r->arena);
    const ftdn_value_place place = ftdn_place_of_key(key);
    FTDN_TRY(ftdn_value_read(&place, node, r->arena, &mistakes, &value, r->err));
    if (!value.path) return FTDN_OK;
    ftdn_json *copy = FTDN_NEW(r->arena, 1, ftdn_json, r->err);
    if (!copy) return FTDN_ERR_MEMORY;
    *copy = *node;
    *ret_node = copy;
    return make_absolute(r, value.path, &copy->string);
}

/* A member of an object of dotted keys: a value, a list of values, or a range, which holds no path. */
static ftdn_status resolve_dotted(const resolver *r, ftdn_key_id object, const ftdn_json *member,
                                  const ftdn_json **ret_node)
{
    (void)object;
    int key = ftdn_key_find(member->key, strlen(member->key));
    assert(key > 0);
    if (member->kind == FTDN_JSON_ARRAY) return resolve_children(r, (ftdn_key_id)key, member, resolve_value, ret_node);
    return resolve_value(r, (ftdn_key_id)key, member, ret_node);
}

/* An object of dotted keys, or a list of them. */
static ftdn_status resolve_dotted_objects(const resolver *r, ftdn_key_id key, const ftdn_json *node,
                                          const ftdn_json **ret_node)
{
    bool is_list = node->kind == FTDN_JSON_ARRAY;
    return resolve_children(r, key, node, is_list ? resolve_dotted_objects : resolve_dotted, ret_node);
}

static ftdn_status resolve_sweep(const resolver *r, ftdn_key_id key, const ftdn_json *node, const ftdn_json **ret_node);

static ftdn_status resolve_sweep_member(const resolver *r, ftdn_key_id object, const ftdn_json *member,
                                        const ftdn_json **ret_node)
{
    ftdn_key_id key = ftdn_key_find_inside(object, member->key);
    switch (ftdn_manifest_keys[key].type) {
    case FTDN_VALUE_KEYS:
    case FTDN_VALUE_GRID:
    case FTDN_VALUE_ZIP:
    case FTDN_VALUE_SAMPLE_KEYS:
    case FTDN_VALUE_EXCLUDE:
    case FTDN_VALUE_INCLUDE: return resolve_dotted_objects(r, key, member, ret_node);
    case FTDN_VALUE_OBJECT: return resolve_sweep(r, key, member, ret_node);
    default: *ret_node = member; return FTDN_OK;
    }
}

static ftdn_status resolve_sweep(const resolver *r, ftdn_key_id key, const ftdn_json *node, const ftdn_json **ret_node)
{
    return resolve_children(r, key, node, resolve_sweep_member, ret_node);
}

static ftdn_status resolve_outermost(const resolver *r, ftdn_key_id root, const ftdn_json *member,
                                     const ftdn_json **ret_node)
{
    ftdn_key_id key = ftdn_key_find_inside(root, member->key);
    if (key == FTDN_KEY_DEFAULTS) return resolve_children(r, root, member, resolve_member, ret_node);
    if (key == FTDN_KEY_SWEEP) return resolve_sweep(r, FTDN_KEY_SWEEP, member, ret_node);
    if (key == FTDN_KEY_SWEEPS) return resolve_children(r, FTDN_KEY_SWEEP, member, resolve_sweep, ret_node);
    return resolve_value(r, key, member, ret_node);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp((*(const ftdn_json *const *)a)->key, (*(const ftdn_json *const *)b)->key);
}

ftdn_status ftdn_manifest_resolve(const ftdn_json *root, ftdn_arena *arena, const ftdn_json **ret_root, ftdn_error *err)
{
    const resolver r = {.arena = arena, .err = err};
    const ftdn_json *resolved;
    FTDN_TRY(resolve_children(&r, FTDN_KEY_ROOT, root, resolve_outermost, &resolved));
    ftdn_json *sorted = FTDN_NEW(arena, 1, ftdn_json, err);
    const ftdn_json **members = FTDN_NEW(arena, (size_t)resolved->n_children, const ftdn_json *, err);
    if (!sorted || !members) return FTDN_ERR_MEMORY;
    *sorted = *resolved;
    sorted->child = members;
    sorted->n_children = 0;
    for (int i = 0; i < resolved->n_children; i++) {
        bool is_read = strcmp(resolved->child[i]->key, ftdn_manifest_keys[FTDN_KEY_SCHEMA].path) != 0;
        if (is_read) members[sorted->n_children++] = resolved->child[i];
    }
    qsort(members, (size_t)sorted->n_children, sizeof *members, compare_keys);
    *ret_root = sorted;
    return FTDN_OK;
}

void ftdn_manifest_write_resolved(const ftdn_manifest *manifest, ftdn_text *text)
{
    const ftdn_json *root = manifest->resolved;
    ftdn_text_append_bytes(text, "{", 1);
    for (int i = 0; i < root->n_children; i++) {
        const ftdn_json *member = root->child[i];
        /* The order of sweeps and of their axes is that of the trials. */
        bool is_ordered = !strcmp(member->key, ftdn_manifest_keys[FTDN_KEY_SWEEP].path) ||
                          !strcmp(member->key, ftdn_manifest_keys[FTDN_KEY_SWEEPS].path);
        if (i > 0) ftdn_text_append_bytes(text, ",", 1);
        ftdn_text_append_json_string(text, member->key);
        ftdn_text_append_bytes(text, ":", 1);
        ftdn_json_write(text, member, !is_ordered);
    }
    ftdn_text_append_bytes(text, "}", 1);
}
