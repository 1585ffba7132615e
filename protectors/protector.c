#include "protectors/protector.h"

#include <assert.h>
#include <string.h>

#include "protectors/rewrite.h"

const ftdn_protector ftdn_protector_none = {
    .name = "none",
    .help = "the network as it is",
};

static const ftdn_protector *const protectors[] = {
    &ftdn_protector_none, &ftdn_protector_kr, &ftdn_protector_fmr, &ftdn_protector_d2nn, &ftdn_protector_clip,
};
enum { N_PROTECTORS = sizeof protectors / sizeof *protectors };

const ftdn_protector *ftdn_protector_find(const char *name)
{
    for (int i = 0; i < N_PROTECTORS; i++) {
        if (!strcmp(protectors[i]->name, name)) return protectors[i];
    }
    return NULL;
}

const ftdn_protector *const *ftdn_protectors(int *ret_n)
{
    *ret_n = N_PROTECTORS;
    return protectors;
}

/* Copies are made by code (duplication.h), which keeps their rules. */
static void assert_copies(const ftdn_protection_desc *desc)
{
    const ftdn_copies *copies = &desc->copies;
    assert(copies->n_copies >= 0 && copies->n_copies <= FTDN_MAX_COPIES);
    assert(desc->protector->duplicates || copies->n_layers == 0);
    for (int i = 0; i < copies->n_layers; i++) {
        const ftdn_layer_copies *copied = &copies->layer[i];
        assert(copied->layer >= 0 && copied->layer < desc->graph->n_layers);
        assert(i == 0 || copies->layer[i - 1].layer < copied->layer);
        int n_channels = desc->graph->node[desc->graph->layer[copied->layer].conv].shape.c;
        assert(copied->n_channels >= 1 && copied->n_channels <= n_channels);
        for (int j = 0; j < copied->n_channels; j++) {
            assert(copied->channel[j] >= 0 && copied->channel[j] < n_channels);
            assert(j == 0 || copied->channel[j - 1] < copied->channel[j]);
        }
    }
}

static ftdn_status check_n_copies(const ftdn_protection_desc *desc, ftdn_error *err)
{
    if (desc->copies.n_layers == 0) return FTDN_OK;
    int n_taken = desc->protector->merges ? ftdn_merge_n_copies(desc->merge) : 1;
    if (desc->copies.n_copies == n_taken) return FTDN_OK;
    return FTDN_FAIL(err, FTDN_ERR_ARG, "protection '%s': there are %d copies of each filter; %s takes %d",
                     desc->protector->name, desc->copies.n_copies, desc->protector->merges ? "the merge" : "it",
                     n_taken);
}

/* All copies of a filter are the same where none is faulty. */
static ftdn_status make_clean_copies(ftdn_protection *protection, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_protection_desc *desc = &protection->desc;
    const float **rows = FTDN_NEW(arena, (size_t)desc->copies.n_layers, const float *, err);
    if (!rows) return FTDN_ERR_MEMORY;
    for (int i = 0; i < desc->copies.n_layers; i++) {
        const ftdn_layer_copies *copied = &desc->copies.layer[i];
        int weight = ftdn_layer_weight_param(desc->graph, copied->layer);
        rows[i] = ftdn_rows_gather(&desc->graph->param[weight], desc->weights->value[weight], copied, arena, err);
        if (!rows[i]) return FTDN_ERR_MEMORY;
    }
    for (int c = 0; c < desc->copies.n_copies; c++) protection->clean_copy[c] = rows;
    return FTDN_OK;
}

static ftdn_status keep_graph(ftdn_protection *protection, ftdn_arena *arena, ftdn_error *err)
{
    const ftdn_protection_desc *desc = &protection->desc;
    int n_nodes = desc->graph->n_nodes;
    int *itself = FTDN_NEW(arena, (size_t)n_nodes, int, err);
    ftdn_recipe *recipe = ftdn_recipes_of_originals(desc, desc->graph->n_params, arena, err);
    if (!itself || !recipe) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_nodes; i++) itself[i] = i;
    protection->graph = desc->graph;
    protection->node_of = itself;
    protection->recipe = recipe;
    if (desc->protector->set_recipes) desc->protector->set_recipes(protection, recipe);
    return FTDN_OK;
}

static ftdn_status make_clean_weights(ftdn_protection *protection, ftdn_arena *arena, ftdn_error *err)
{
    int n_params = protection->graph->n_params;
    protection->clean = (ftdn_weights){
        .n_params = n_params,
        .value = FTDN_NEW(arena, (size_t)n_params, const float *, err),
    };
    if (!protection->clean.value) return FTDN_ERR_MEMORY;
    for (int i = 0; i < n_params; i++) protection->clean.value[i] = protection->recipe[i].clean;
    return FTDN_OK;
}

ftdn_status ftdn_protection_init(ftdn_protection *protection, const ftdn_protection_desc *desc, ftdn_arena *arena,
                                 ftdn_error *err)
{
    const ftdn_protector *protector = desc->protector;
    assert(desc->weights->n_params == desc->graph->n_params);
    assert(desc->n_ranges == 0 || protector->clips);
    assert_copies(desc);
    *protection = (ftdn_protection){.desc = *desc};
    ftdn_graph_init(&protection->rewritten, arena);
    FTDN_TRY(check_n_copies(desc, err));
    FTDN_TRY(make_clean_copies(protection, arena, err));
    bool has_work = desc->copies.n_layers > 0 || desc->n_ranges > 0 || protector->has_two_networks;
    if (protector->rewrite && has_work) FTDN_TRY(protector->rewrite(protection, err));
    else FTDN_TRY(keep_graph(protection, arena, err));
    return make_clean_weights(protection, arena, err);
}
