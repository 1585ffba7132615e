#include "injectors/scope.h"

#include <fnmatch.h>
#include <string.h>

#include "base/suggest.h"

static const struct {
    const char *name;
    unsigned roles[2]; /* by location; a layer belongs where it has one of these */
} named_scope[] = {
    {"features", {FTDN_ROLE_FEATURE_WEIGHTS, FTDN_ROLE_FEATURE_MAP}},
    {"convs", {FTDN_ROLE_BLOCK_CONV, FTDN_ROLE_BLOCK_CONV}},
    {"sources", {FTDN_ROLE_SOURCE, FTDN_ROLE_SOURCE}},
    {"base", {FTDN_ROLE_BASE, FTDN_ROLE_BASE}},
    {"all", {FTDN_ROLE_BASE | FTDN_ROLE_EXTRA | FTDN_ROLE_HEAD, FTDN_ROLE_BASE | FTDN_ROLE_EXTRA | FTDN_ROLE_HEAD}},
};
enum { n_named_scopes = sizeof named_scope / sizeof *named_scope };

static ftdn_status find_roles(const char *name, ftdn_location location, unsigned *ret_roles, ftdn_error *err)
{
    const char *names[n_named_scopes];
    for (int i = 0; i < n_named_scopes; i++) {
        names[i] = named_scope[i].name;
        if (!strcmp(name, names[i])) {
            *ret_roles = named_scope[i].roles[location];
            return FTDN_OK;
        }
    }
    const char *nearest = ftdn_suggest(name, names, n_named_scopes);
    return FTDN_FAIL(err, FTDN_ERR_ARG, "scope '%s' is unknown%s%s%s", name, nearest ? "; did you mean '" : "",
                     nearest ? nearest : "", nearest ? "'?" : "");
}

static ftdn_status fail_unmatched(const char *glob, const ftdn_graph *graph, ftdn_arena *arena, ftdn_error *err)
{
    const char **names = FTDN_NEW(arena, (size_t)graph->n_layers, const char *, err);
    if (!names) return FTDN_ERR_MEMORY;
    for (int i = 0; i < graph->n_layers; i++) names[i] = graph->layer[i].name;
    const char *nearest = ftdn_suggest(glob, names, graph->n_layers);
    if (!nearest) nearest = names[0];
    return FTDN_FAIL(err, FTDN_ERR_ARG, "no layer matches '%s'; a layer of this network is called '%s'", glob, nearest);
}

ftdn_status ftdn_scope_resolve(const ftdn_scope *scope, const ftdn_graph *graph, ftdn_location location,
                               ftdn_arena *arena, ftdn_layer_set *ret_layers, ftdn_error *err)
{
    unsigned roles = 0;
    if (scope->name) FTDN_TRY(find_roles(scope->name, location, &roles, err));
    bool *chosen = FTDN_NEW(arena, (size_t)graph->n_layers, bool, err);
    int *layer = FTDN_NEW(arena, (size_t)graph->n_layers, int, err);
    if (!chosen || !layer) return FTDN_ERR_MEMORY;
    for (int i = 0; i < graph->n_layers; i++) chosen[i] = (graph->layer[i].roles & roles) != 0;
    for (int g = 0; !scope->name && g < scope->n_globs; g++) {
        bool matched = false;
        for (int i = 0; i < graph->n_layers; i++) {
            if (fnmatch(scope->glob[g], graph->layer[i].name, 0) != 0) continue;
            chosen[i] = matched = true;
        }
        if (!matched) return fail_unmatched(scope->glob[g], graph, arena, err);
    }
    int n_layers = 0;
    for (int i = 0; i < graph->n_layers; i++) {
        if (chosen[i]) layer[n_layers++] = i;
    }
    *ret_layers = (ftdn_layer_set){.n_layers = n_layers, .layer = layer};
    return FTDN_OK;
}
