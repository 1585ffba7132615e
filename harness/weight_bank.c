#include "harness/weight_bank.h"

#include <string.h>

/* What draws and assembles: on the host, or on the device. */
static ftdn_status init_drawing(ftdn_weight_bank *bank, const ftdn_weight_bank_desc *desc, ftdn_arena *arena,
                                ftdn_error *err)
{
    const ftdn_protection_desc *protection = &bank->protection->desc;
    FTDN_TRY(ftdn_weight_faults_init(&bank->faults, protection->graph, desc->layers, &protection->copies,
                                     protection->weights, arena, err));
    if (!desc->context) return ftdn_assembly_init(&bank->assembly, bank->protection, arena, err);
    bank->device = ftdn_backend_device(ftdn_program_backend(desc->program));
    bank->context = desc->context;
    FTDN_TRY(bank->device->weight_faults->create(&bank->faults, desc->context, &bank->device_faults, err));
    return bank->device->assembly->create(bank->protection, desc->context, &bank->device_assembly, err);
}

ftdn_status ftdn_weight_bank_init(ftdn_weight_bank *bank, const ftdn_weight_bank_desc *desc, ftdn_arena *arena,
                                  ftdn_error *err)
{
    const ftdn_copies *copies = &desc->protection->desc.copies;
    size_t n_params = (size_t)desc->protection->graph->n_params;
    *bank = (ftdn_weight_bank){.protection = desc->protection};
    FTDN_TRY(init_drawing(bank, desc, arena, err));
    FTDN_TRY(ftdn_packed_create(desc->program, &desc->protection->clean, desc->n_threads, &bank->packed, err));
    if (desc->context) FTDN_TRY(ftdn_packed_follow(bank->packed, desc->context, err));
    bank->packed_is_faulty = FTDN_NEW(arena, n_params, bool, err);
    bank->changed = FTDN_NEW(arena, n_params, bool, err);
    bank->count = FTDN_NEW(arena, (size_t)desc->layers.n_layers, ftdn_fault_count, err);
    if (!bank->packed_is_faulty || !bank->changed || !bank->count) return FTDN_ERR_MEMORY;
    for (int c = 0; c < copies->n_copies; c++) {
        bank->copy_count[c] = FTDN_NEW(arena, (size_t)copies->n_layers, ftdn_fault_count, err);
        if (!bank->copy_count[c]) return FTDN_ERR_MEMORY;
    }
    return FTDN_OK;
}

void ftdn_weight_bank_done(ftdn_weight_bank *bank)
{
    if (bank->device) {
        bank->device->assembly->free(bank->device_assembly);
        bank->device->weight_faults->free(bank->device_faults);
    }
    ftdn_packed_free(bank->packed);
    bank->packed = NULL;
    bank->device = NULL;
}

void ftdn_weight_bank_reset_counts(ftdn_weight_bank *bank)
{
    bank->has_uncounted = false;
    memset(bank->count, 0, (size_t)bank->faults.layers.n_layers * sizeof *bank->count);
    for (int c = 0; c < bank->faults.copies.n_copies; c++)
        memset(bank->copy_count[c], 0, (size_t)bank->faults.copies.n_layers * sizeof *bank->copy_count[c]);
}

static void add_counts(const ftdn_fault_count *drawn, int n_layers, ftdn_fault_count *total)
{
    for (int i = 0; i < n_layers; i++) ftdn_fault_count_add(&total[i], &drawn[i]);
}

static void add_all_counts(ftdn_weight_bank *bank)
{
    const ftdn_weight_faults *faults = &bank->faults;
    add_counts(faults->count, faults->layers.n_layers, bank->count);
    for (int c = 0; c < faults->copies.n_copies; c++)
        add_counts(faults->copy_count[c], faults->copies.n_layers, bank->copy_count[c]);
}

ftdn_status ftdn_weight_bank_collect(ftdn_weight_bank *bank, ftdn_error *err)
{
    if (!bank->has_uncounted) return FTDN_OK;
    FTDN_TRY(bank->device->weight_faults->read_counts(bank->device_faults, err));
    bank->has_uncounted = false;
    add_all_counts(bank);
    return FTDN_OK;
}

static ftdn_status draw_on_device(ftdn_weight_bank *bank, const ftdn_fault_draw *draw, uint64_t image,
                                  const ftdn_weights **ret_weights, ftdn_error *err)
{
    const ftdn_device_module *device = bank->device;
    FTDN_TRY(ftdn_weight_bank_collect(bank, err));
    FTDN_TRY(device->weight_faults->draw(bank->device_faults, draw, image, err));
    bank->has_uncounted = true;
    const ftdn_stored_weights stored = device->weight_faults->stored(bank->device_faults);
    return device->assembly->make(bank->device_assembly, &stored, ret_weights, err);
}

static void draw_on_host(ftdn_weight_bank *bank, const ftdn_fault_draw *draw, uint64_t image, int n_threads,
                         const ftdn_weights **ret_weights)
{
    ftdn_weight_faults_draw(&bank->faults, draw, image, n_threads);
    add_all_counts(bank);
    const ftdn_stored_weights stored = ftdn_weight_faults_stored(&bank->faults);
    ftdn_assembly_make(&bank->assembly, &stored, n_threads);
    *ret_weights = &bank->assembly.weights;
}

static ftdn_status draw_faults(ftdn_weight_bank *bank, const ftdn_fault_draw *draw, uint64_t image, int n_threads,
                               const ftdn_weights **ret_weights, ftdn_error *err)
{
    if (bank->device) return draw_on_device(bank, draw, image, ret_weights, err);
    draw_on_host(bank, draw, image, n_threads, ret_weights);
    return FTDN_OK;
}

ftdn_status ftdn_weight_bank_set(ftdn_weight_bank *bank, const ftdn_fault_draw *draw, uint64_t image, int n_threads,
                                 ftdn_error *err)
{
    const ftdn_weights *clean = &bank->protection->clean;
    const ftdn_weights *weights = clean;
    if (ftdn_fault_draw_hits(draw)) FTDN_TRY(draw_faults(bank, draw, image, n_threads, &weights, err));
    /* Until the update is through, what it changes counts as faulty: where it fails, the next call packs it anew. */
    for (int i = 0; i < clean->n_params; i++) {
        bank->changed[i] = bank->packed_is_faulty[i] || weights->value[i] != clean->value[i];
        bank->packed_is_faulty[i] = bank->changed[i];
    }
    FTDN_TRY(ftdn_packed_update(bank->packed, weights, bank->changed, n_threads, err));
    for (int i = 0; i < clean->n_params; i++) bank->packed_is_faulty[i] = weights->value[i] != clean->value[i];
    return FTDN_OK;
}
