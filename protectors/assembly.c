#include "protectors/assembly.h"

#include <assert.h>
#include <string.h>

#include "engine/merge_array.h"
#include "protectors/rewrite.h"

/* Copy number c = 0, 1 (stored copy c + 1) of copied layer i; the clean one where `stored` holds none. */
static const float *stored_copy(const ftdn_protection *protection, const ftdn_stored_weights *stored, int c, int i)
{
    const float *given = stored->copy[c] ? stored->copy[c][i] : NULL;
    return given ? given : protection->clean_copy[c][i];
}

/* Are the weights of copied layer i clean, original and copies, by their pointers? */
static bool is_clean(const ftdn_protection *protection, const ftdn_stored_weights *stored, int weight, int i)
{
    const ftdn_protection_desc *desc = &protection->desc;
    if (stored->original->value[weight] != desc->weights->value[weight]) return false;
    for (int c = 0; c < desc->copies.n_copies; c++) {
        if (stored_copy(protection, stored, c, i) != protection->clean_copy[c][i]) return false;
    }
    return true;
}

ftdn_ingredients ftdn_recipe_gather(const ftdn_protection *protection, const ftdn_recipe *recipe,
                                    const ftdn_stored_weights *stored)
{
    ftdn_ingredients made_of = {.original = stored->original->value[recipe->source]};
    switch (recipe->kind) {
    case FTDN_RECIPE_ORIGINAL: made_of.ready = made_of.original; return made_of;
    case FTDN_RECIPE_CLEAN: made_of.ready = recipe->clean; return made_of;
    case FTDN_RECIPE_COPY:
        made_of.ready = stored_copy(protection, stored, recipe->copy - 1, recipe->copied);
        return made_of;
    case FTDN_RECIPE_MERGE:
        for (int c = 0; c < protection->desc.copies.n_copies; c++) {
            made_of.copy[c] = stored_copy(protection, stored, c, recipe->copied);
        }
        break;
    case FTDN_RECIPE_REPLACE:
        made_of.copy[0] = stored_copy(protection, stored, recipe->copy - 1, recipe->copied);
        break;
    }
    made_of.copied = &protection->desc.copies.layer[recipe->copied];
    if (is_clean(protection, stored, recipe->source, recipe->copied)) made_of.ready = recipe->clean;
    return made_of;
}

ftdn_status ftdn_assembly_init(ftdn_assembly *assembly, const ftdn_protection *protection, ftdn_arena *arena,
                               ftdn_error *err)
{
    const ftdn_graph *graph = protection->graph;
    size_t n_params = (size_t)graph->n_params;
    *assembly = (ftdn_assembly){
        .protection = protection,
        .weights = {.n_params = graph->n_params, .value = FTDN_NEW(arena, n_params, const float *, err)},
        .buffer = FTDN_NEW(arena, n_params, float *, err),
        .made = FTDN_NEW(arena, n_params, int, err),
    };
    if (!assembly->weights.value || !assembly->buffer || !assembly->made) return FTDN_ERR_MEMORY;
    memcpy(assembly->weights.value, protection->clean.value, n_params * sizeof *protection->clean.value);
    for (int p = 0; p < graph->n_params; p++) {
        if (!ftdn_recipe_makes_values(&protection->recipe[p])) continue;
        assembly->made[assembly->n_made++] = p;
        assembly->buffer[p] = FTDN_NEW(arena, graph->param[p].n_elements, float, err);
        if (!assembly->buffer[p]) return FTDN_ERR_MEMORY;
    }
    return FTDN_OK;
}

/* The original's rows, the copied ones merged with their copies or replaced. */
static void make_rows(const ftdn_recipe *recipe, const ftdn_ingredients *made_of, const ftdn_param *param, float *rows)
{
    size_t row_size = ftdn_param_row_size(param);
    memcpy(rows, made_of->original, param->n_elements * sizeof *rows);
    for (int j = 0; j < made_of->copied->n_channels; j++) {
        float *row = rows + (size_t)made_of->copied->channel[j] * row_size;
        const float *first = made_of->copy[0] + (size_t)j * row_size;
        const float *second = made_of->copy[1] ? made_of->copy[1] + (size_t)j * row_size : NULL;
        if (recipe->kind == FTDN_RECIPE_MERGE) ftdn_merge_array(recipe->merge, row_size, first, second, row);
        else memcpy(row, first, row_size * sizeof *row);
    }
}

static void make_param(ftdn_assembly *assembly, const ftdn_stored_weights *stored, int p)
{
    const ftdn_protection *protection = assembly->protection;
    const ftdn_recipe *recipe = &protection->recipe[p];
    const ftdn_ingredients made_of = ftdn_recipe_gather(protection, recipe, stored);
    if (!made_of.ready) make_rows(recipe, &made_of, &protection->graph->param[p], assembly->buffer[p]);
    assembly->weights.value[p] = made_of.ready ? made_of.ready : assembly->buffer[p];
}

void ftdn_assembly_make(ftdn_assembly *assembly, const ftdn_stored_weights *stored, int n_threads)
{
    assert(stored->original->n_params == assembly->protection->desc.graph->n_params);
    for (int p = 0; p < assembly->weights.n_params; p++) {
        if (!assembly->buffer[p]) make_param(assembly, stored, p);
    }
#pragma omp parallel for num_threads(n_threads) schedule(dynamic) if (assembly->n_made > 1)
    for (int m = 0; m < assembly->n_made; m++) make_param(assembly, stored, assembly->made[m]);
}
