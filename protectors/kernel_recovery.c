/* Kernel recovery: w' = merge(w, w_copy) for copied filters, then one convolution. The graph stays as it is. */
#include "protectors/rewrite.h"

static void set_recipes(const ftdn_protection *protection, ftdn_recipe *recipe)
{
    const ftdn_protection_desc *desc = &protection->desc;
    for (int i = 0; i < desc->copies.n_layers; i++) {
        ftdn_recipe *weight = &recipe[ftdn_layer_weight_param(desc->graph, desc->copies.layer[i].layer)];
        weight->kind = FTDN_RECIPE_MERGE;
        weight->copied = i;
        weight->merge = desc->merge;
    }
}

const ftdn_protector ftdn_protector_kr = {
    .name = "kr",
    .help = "kernel recovery: copied filters are merged before the convolution",
    .duplicates = true,
    .merges = true,
    .set_recipes = set_recipes,
};
