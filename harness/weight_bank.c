#include "harness/weight_bank.h"

#include <string.h>

ftdn_status ftdn_weight_bank_init(ftdn_weight_bank *bank, const ftdn_protection *protection,
                                  const ftdn_program *program, ftdn_layer_set layers, int n_threads, ftdn_arena *arena,
                                  ftdn_error *err)
{
    const ftdn_protection_desc *desc = &protection->desc;
    size_t n_params = (size_t)protection->graph->n_params;
    *bank = (ftdn_weight_bank){.protection = protection};
    FTDN_TRY(ftdn_weight_faults_init(&bank->faults, desc->graph, layers, &desc->copies, desc->weights, arena, err));
    FTDN_TRY(ftdn_assembly_init(&bank->assembly, protection, arena, err));
    FTDN_TRY(ftdn_packed_create(program, &protection->clean, n_threads, &bank->packed, err));
    bank->packed_is_faulty = FTDN_NEW(arena, n_params, bool, err);
    bank->changed = FTDN_NEW(arena, n_params, bool, err);
    bank->count = FTDN_NEW(arena, (size_t)layers.n_layers, ftdn_fault_count, err);
    if (!bank->packed_is_faulty || !bank->changed || !bank->count) return FTDN_ERR_MEMORY;
    for (int c = 0; c < desc->copies.n_copies; c++) {
        bank->copy_count[c] = FTDN_NEW(arena, (size_t)desc->copies.n_layers, ftdn_fault_count, err);
        if (!bank->copy_count[c]) return FTDN_ERR_MEMORY;
    }
    return FTDN_OK;
}

void ftdn_weight_bank_done(ftdn_weight_bank *bank)
{
    ftdn_packed_free(bank->packed);
    bank->packed = NULL;
}

void ftdn_weight_bank_reset_counts(ftdn_weight_bank *bank)
{
    memset(bank->count, 0, (size_t)bank->faults.layers.n_layers * sizeof *bank->count);
    for (int c = 0; c < bank->faults.copies.n_copies; c++)
        memset(bank->copy_count[c], 0, (size_t)bank->faults.copies.n_layers * sizeof *bank->copy_count[c]);
}

static void add_counts(const ftdn_fault_count *drawn, int n_layers, ftdn_fault_count *total)
{
    for (int i = 0; i < n_layers; i++) ftdn_fault_count_add(&total[i], &drawn[i]);
}

static void draw_faults(ftdn_weight_bank *bank, const ftdn_fault_draw *draw, uint64_t image, int n_threads)
{
    ftdn_weight_faults *faults = &bank->faults;
    ftdn_weight_faults_draw(faults, draw, image, n_threads);
    add_counts(faults->count, faults->layers.n_layers, bank->count);
    for (int c = 0; c < faults->copies.n_copies; c++)
        add_counts(faults->copy_count[c], faults->copies.n_layers, bank->copy_count[c]);
    const ftdn_stored_weights stored = ftdn_weight_faults_stored(faults);
    ftdn_assembly_make(&bank->assembly, &stored, n_threads);
}

ftdn_status ftdn_weight_bank_set(ftdn_weight_bank *bank, const ftdn_fault_draw *draw, uint64_t image, int n_threads,
                                 ftdn_error *err)
{
    const ftdn_weights *clean = &bank->protection->clean;
    const ftdn_weights *weights = clean;
    if (ftdn_fault_draw_hits(draw)) {
        draw_faults(bank, draw, image, n_threads);
        weights = &bank->assembly.weights;
    }
    /* Until the update is through, what it changes counts as faulty: where it fails, the next call packs it anew. */
    for (int i = 0; i < clean->n_params; i++) {
        bank->changed[i] = bank->packed_is_faulty[i] || weights->value[i] != clean->value[i];
        bank->packed_is_faulty[i] = bank->changed[i];
    }
    FTDN_TRY(ftdn_packed_update(bank->packed, weights, bank->changed, n_threads, err));
    for (int i = 0; i < clean->n_params; i++) bank->packed_is_faulty[i] = weights->value[i] != clean->value[i];
    return FTDN_OK;
}
