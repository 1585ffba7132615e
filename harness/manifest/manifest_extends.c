#include "harness/manifest/manifest_extends.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/real_path.h"
#include "harness/manifest/document.h"

/* A file of the chain that is being read, and who extends it. */
typedef struct link {
    const struct link *extended_by; /* NULL: the manifest itself */
    const char *real_path;          /* NULL where there is no such file */
    int depth;                      /* 1: the manifest itself */
} link;

/* What reading all files shares. */
typedef struct extender {
    ftdn_arena *arena;
    ftdn_mistakes *mistakes;
    ftdn_error *err;
} extender;

ftdn_status ftdn_manifest_parse_json(const char *text, size_t n_bytes, const char *path, ftdn_arena *arena,
                                     const ftdn_json **ret_root, ftdn_error *err)
{
    ftdn_error syntax = {0};
    ftdn_status status = ftdn_json_parse(text, n_bytes, path, arena, ret_root, &syntax);
    if (status == FTDN_ERR_INPUT) status = FTDN_ERR_MANIFEST;
    return status == FTDN_OK ? FTDN_OK : FTDN_FAIL(err, status, "%s", syntax.message);
}

/* A copy of `over` with other children. */
static ftdn_json *copy_node(const extender *e, const ftdn_json *over, size_t n_children)
{
    ftdn_json *copy = FTDN_NEW(e->arena, 1, ftdn_json, e->err);
    const ftdn_json **children = FTDN_NEW(e->arena, n_children, const ftdn_json *, e->err);
    if (!copy || !children) return NULL;
    *copy = *over;
    copy->n_children = 0;
    copy->child = children;
    return copy;
}

/* The member that stands for `key` in an object, a repetition aside. */
static const ftdn_json *find_member(const ftdn_json *object, const char *key)
{
    for (int i = 0; i < object->n_children; i++)
        if (!object->child[i]->repeated_key && !strcmp(object->child[i]->key, key)) return object->child[i];
    return NULL;
}

/* Is the member taken whole? depth: of the objects around it. */
static bool is_whole(const ftdn_json *member, int depth, bool in_sweeps)
{
    return (depth == 1 && !strcmp(member->key, ftdn_manifest_keys[FTDN_KEY_SWEEP].path)) || (depth == 2 && in_sweeps);
}

/* Members of `under` in their order, each with what `over` says of it, then those that `over` alone has. Repeated keys
 * stay, so that a checker sees them. depth: 1 for the documents. */
static ftdn_status merge(const extender *e, const ftdn_json *under, const ftdn_json *over, int depth, bool in_sweeps,
                         const ftdn_json **ret_merged)
{
    ftdn_json *merged = copy_node(e, over, (size_t)under->n_children + (size_t)over->n_children);
    if (!merged) return FTDN_ERR_MEMORY;
    for (int i = 0; i < under->n_children; i++) {
        const ftdn_json *member = under->child[i],
                        *other = member->repeated_key ? NULL : find_member(over, member->key);
        bool are_objects = other && member->kind == FTDN_JSON_OBJECT && other->kind == FTDN_JSON_OBJECT;
        const ftdn_json **slot = &merged->child[merged->n_children++];
        *slot = other ? other : member;
        if (!are_objects || is_whole(member, depth, in_sweeps)) continue;
        bool is_sweeps = depth == 1 && !strcmp(member->key, ftdn_manifest_keys[FTDN_KEY_SWEEPS].path);
        FTDN_TRY(merge(e, member, other, depth + 1, is_sweeps, slot));
    }
    for (int i = 0; i < over->n_children; i++) {
        const ftdn_json *member = over->child[i];
        if (member->repeated_key || !find_member(under, member->key)) merged->child[merged->n_children++] = member;
    }
    *ret_merged = merged;
    return FTDN_OK;
}

/* The document without its member `gone`. */
static ftdn_status remove_member(const extender *e, const ftdn_json *root, const ftdn_json *gone,
                                 const ftdn_json **ret_root)
{
    ftdn_json *copy = copy_node(e, root, (size_t)root->n_children);
    if (!copy) return FTDN_ERR_MEMORY;
    for (int i = 0; i < root->n_children; i++)
        if (root->child[i] != gone) copy->child[copy->n_children++] = root->child[i];
    *ret_root = copy;
    return FTDN_OK;
}

/* item: of the list that extends is; -1 where it is one path. */
static void FTDN_PRINTF(4, 5) add_mistake(const extender *e, const ftdn_json *at, int item, const char *format, ...)
{
    char what[600], pointer[32] = "extends"; /* mistakes.c cuts longer texts */
    va_list args;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (item >= 0) snprintf(pointer, sizeof pointer, "extends[%d]", item);
    ftdn_mistakes_add(e->mistakes, ftdn_position_of_value(at), pointer, "%s", what);
}

static ftdn_status complete(const extender *e, const ftdn_json *root, const link *self, const ftdn_json **ret_root);

/* Read the file `path`, which stands at `at`, with all that it extends. *ret_root stays NULL after a mistake. */
static ftdn_status read_file(const extender *e, const ftdn_json *at, int item, const char *path,
                             const link *extended_by, const ftdn_json **ret_root)
{
    link self = {.extended_by = extended_by, .depth = extended_by->depth + 1};
    FTDN_TRY(ftdn_path_make_real(path, e->arena, &self.real_path, e->err));
    for (const link *other = extended_by; other; other = other->extended_by) {
        if (!self.real_path || !other->real_path || strcmp(other->real_path, self.real_path)) continue;
        add_mistake(e, at, item, "'%s' would extend itself; allowed: files in no circle", path);
        return FTDN_OK;
    }
    if (self.depth > FTDN_DEEPEST_EXTENDS) {
        add_mistake(e, at, item, "'%s' is one file too many in a chain; allowed: %d", path, FTDN_DEEPEST_EXTENDS);
        return FTDN_OK;
    }
    char *text = NULL;
    size_t n_bytes = 0;
    ftdn_error cause = {0};
    ftdn_status status = ftdn_file_load(path, FTDN_LARGEST_MANIFEST, e->arena, &text, &n_bytes, &cause);
    if (status == FTDN_ERR_INPUT) {
        add_mistake(e, at, item, "cannot be read: %s; allowed: the path of a manifest", cause.message);
        return FTDN_OK;
    }
    if (status != FTDN_OK) return FTDN_FAIL(e->err, status, "%s", cause.message);
    const ftdn_json *root;
    FTDN_TRY(ftdn_manifest_parse_json(text, n_bytes, path, e->arena, &root, e->err));
    if (root->kind != FTDN_JSON_OBJECT) {
        ftdn_mistakes_add(e->mistakes, ftdn_position_of_value(root), "", "%s is not allowed; allowed: an object",
                          ftdn_json_kind_name(root->kind));
        return FTDN_OK;
    }
    return complete(e, root, &self, ret_root);
}

static ftdn_status complete(const extender *e, const ftdn_json *root, const link *self, const ftdn_json **ret_root)
{
    const ftdn_json *node = find_member(root, ftdn_manifest_keys[FTDN_KEY_EXTENDS].path);
    *ret_root = root;
    if (!node) return FTDN_OK;
    const ftdn_value_place place = ftdn_place_of_key(FTDN_KEY_EXTENDS);
    ftdn_value value;
    FTDN_TRY(ftdn_value_read(&place, node, e->arena, e->mistakes, &value, e->err));
    const ftdn_json *whole = NULL, *own;
    int n_paths = value.list ? node->n_children : 1;
    for (int i = 0; i < n_paths && value.is_sound; i++) {
        const ftdn_json *at = value.list ? node->child[i] : node, *under = NULL;
        const char *path = value.list ? value.list[i] : value.path;
        FTDN_TRY(read_file(e, at, value.list ? i : -1, path, self, &under));
        if (whole && under) FTDN_TRY(merge(e, whole, under, 1, false, &whole));
        else if (under) whole = under;
    }
    FTDN_TRY(remove_member(e, root, node, &own));
    *ret_root = own;
    return whole ? merge(e, whole, own, 1, false, ret_root) : FTDN_OK;
}

ftdn_status ftdn_manifest_extend(const ftdn_json *root, const char *path, ftdn_arena *arena, ftdn_mistakes *mistakes,
                                 const ftdn_json **ret_root, ftdn_error *err)
{
    const extender e = {.arena = arena, .mistakes = mistakes, .err = err};
    link self = {.depth = 1};
    FTDN_TRY(ftdn_path_make_real(path, arena, &self.real_path, err));
    *ret_root = root;
    return root->kind == FTDN_JSON_OBJECT ? complete(&e, root, &self, ret_root) : FTDN_OK;
}
