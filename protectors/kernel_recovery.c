/* Kernel recovery: w' = merge(w, w_copy) for copied filters, then one convolution. The graph stays as it is. */
#include <string.h>

#include "engine/merge_array.h"
#include "protectors/rewrite.h"

static void mark_owned(const ftdn_protection *protection, bool *owned)
{
    const ftdn_protection_desc *desc = &protection->desc;
    for (int i = 0; i < desc->copies.n_layers; i++) {
        owned[ftdn_layer_weight_param(desc->graph, desc->copies.layer[i].layer)] = true;
    }
}

static void merge_layer(ftdn_assembly *assembly, const ftdn_stored_weights *stored, int i)
{
    const ftdn_protection *protection = assembly->protection;
    const ftdn_protection_desc *desc = &protection->desc;
    const ftdn_layer_copies *copied = &desc->copies.layer[i];
    int weight = ftdn_layer_weight_param(desc->graph, copied->layer);
    const ftdn_param *param = &desc->graph->param[weight];
    if (ftdn_stored_is_clean(protection, stored, i)) {
        assembly->weights.value[weight] = protection->clean.value[weight];
        return;
    }
    size_t row_size = ftdn_param_row_size(param);
    float *merged = assembly->buffer[weight];
    const float *first = ftdn_stored_copy(protection, stored, 0, i);
    const float *second = desc->copies.n_copies > 1 ? ftdn_stored_copy(protection, stored, 1, i) : first;
    memcpy(merged, stored->original->value[weight], param->n_elements * sizeof *merged);
    for (int j = 0; j < copied->n_channels; j++) {
        size_t row = (size_t)copied->channel[j] * row_size, copy_row = (size_t)j * row_size;
        ftdn_merge_array(desc->merge, row_size, first + copy_row, second + copy_row, merged + row);
    }
    assembly->weights.value[weight] = merged;
}

static void assemble(ftdn_assembly *assembly, const ftdn_stored_weights *stored, int n_threads)
{
    int n_layers = assembly->protection->desc.copies.n_layers;
#pragma omp parallel for num_threads(n_threads) schedule(dynamic)
    for (int i = 0; i < n_layers; i++) merge_layer(assembly, stored, i);
}

const ftdn_protector ftdn_protector_kr = {
    .name = "kr",
    .help = "kernel recovery: copied filters are merged before the convolution",
    .duplicates = true,
    .merges = true,
    .mark_owned = mark_owned,
    .assemble = assemble,
};
