#include "protectors/assembly_cuda.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "engine/cuda/cuda_context.h"
#include "engine/cuda/cuda_layout.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_places.h"
#include "engine/cuda/cuda_status.h"
#include "protectors/assembly.h"
#include "protectors/rewrite.h"

struct ftdn_device_assembly {
    const ftdn_protection *protection; /* borrowed */
    ftdn_context *context;             /* borrowed */
    ftdn_arena arena;                  /* of host memory below */
    ftdn_weights weights;              /* as last made */
    ftdn_cuda_rows *rows;              /* [n_params]; values NULL where a parameter is borrowed */
    ftdn_cuda_rows *wanted;            /* [n_params] those to be made now */
    ftdn_cuda_rows *uploaded;          /* [n_uploaded] what the device's table holds */
    int n_uploaded;
    void *memory; /* on the device: values and places of rows, and the table */
    ftdn_cuda_rows *table;
};

static void assembly_free(ftdn_device_assembly *assembly)
{
    if (!assembly) return;
    ftdn_cuda_free(assembly->memory);
    ftdn_arena_done(&assembly->arena);
    free(assembly);
}

/* Set all pointers to device memory. */
static void take_memory(ftdn_device_assembly *assembly, ftdn_cuda_piece *piece)
{
    const ftdn_protection *protection = assembly->protection;
    assembly->table = ftdn_cuda_take(piece, (size_t)assembly->weights.n_params, sizeof *assembly->table);
    for (int p = 0; p < assembly->weights.n_params; p++) {
        if (!ftdn_recipe_makes_values(&protection->recipe[p])) continue;
        const ftdn_param *param = &protection->graph->param[p];
        assembly->rows[p].values = ftdn_cuda_take(piece, param->n_elements, sizeof(float));
        assembly->rows[p].place = ftdn_cuda_take(piece, (size_t)param->dims[0], sizeof(int));
    }
}

/* What does not change of a parameter's rows. */
static ftdn_status describe(ftdn_device_assembly *assembly, int p, ftdn_error *err)
{
    const ftdn_protection *protection = assembly->protection;
    const ftdn_recipe *recipe = &protection->recipe[p];
    const ftdn_param *param = &protection->graph->param[p];
    const ftdn_layer_copies *copied = &protection->desc.copies.layer[recipe->copied];
    ftdn_cuda_rows *rows = &assembly->rows[p];
    if (param->n_elements > UINT32_MAX / 2) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "parameter '%s': %zu values are more than the device's kernels take",
                         param->name, param->n_elements);
    }
    rows->n_elements = (uint32_t)param->n_elements;
    rows->row_size = (uint32_t)ftdn_param_row_size(param);
    rows->replaces = recipe->kind == FTDN_RECIPE_REPLACE;
    rows->merge = recipe->merge;
    return ftdn_cuda_upload_places(copied->channel, copied->n_channels, (size_t)param->dims[0], rows->place, err);
}

static ftdn_status init(ftdn_device_assembly *assembly, ftdn_error *err)
{
    size_t n_params = (size_t)assembly->protection->graph->n_params;
    ftdn_cuda_piece measured = {NULL, 0}, piece = {NULL, 0};
    assembly->weights = (ftdn_weights){(int)n_params, FTDN_NEW(&assembly->arena, n_params, const float *, err)};
    assembly->rows = FTDN_NEW(&assembly->arena, n_params, ftdn_cuda_rows, err);
    assembly->wanted = FTDN_NEW(&assembly->arena, n_params, ftdn_cuda_rows, err);
    assembly->uploaded = FTDN_NEW(&assembly->arena, n_params, ftdn_cuda_rows, err);
    if (!assembly->weights.value || !assembly->rows || !assembly->wanted || !assembly->uploaded) return FTDN_ERR_MEMORY;
    take_memory(assembly, &measured);
    FTDN_TRY(ftdn_cuda_alloc(measured.n_bytes, "assembled weights", &assembly->memory, err));
    piece.memory = assembly->memory;
    take_memory(assembly, &piece);
    for (int p = 0; p < (int)n_params; p++) {
        if (assembly->rows[p].values) FTDN_TRY(describe(assembly, p, err));
    }
    return FTDN_OK;
}

static ftdn_status assembly_create(const ftdn_protection *protection, ftdn_context *context,
                                   ftdn_device_assembly **ret_assembly, ftdn_error *err)
{
    ftdn_device_assembly *assembly = calloc(1, sizeof *assembly);
    if (!assembly) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "memory for assembled weights is refused");
    ftdn_arena_init(&assembly->arena);
    assembly->protection = protection;
    assembly->context = context;
    ftdn_status status = init(assembly, err);
    if (status == FTDN_OK) *ret_assembly = assembly;
    else assembly_free(assembly);
    return status;
}

/* Clean weights are host memory, which a kernel cannot read. */
static void assert_on_device(const ftdn_protection *protection, const ftdn_recipe *recipe,
                             const ftdn_ingredients *made_of)
{
    assert(made_of->original != protection->desc.weights->value[recipe->source]);
    for (int c = 0; c < FTDN_MAX_COPIES && made_of->copy[c]; c++) {
        assert(made_of->copy[c] != protection->clean_copy[c][recipe->copied]);
    }
}

/* Look at all parameters; the number of those that are wanted. */
static int gather(ftdn_device_assembly *assembly, const ftdn_stored_weights *stored, uint32_t *ret_max_elements)
{
    const ftdn_protection *protection = assembly->protection;
    int n_wanted = 0;
    *ret_max_elements = 0;
    for (int p = 0; p < assembly->weights.n_params; p++) {
        const ftdn_ingredients made_of = ftdn_recipe_gather(protection, &protection->recipe[p], stored);
        assembly->weights.value[p] = made_of.ready ? made_of.ready : assembly->rows[p].values;
        if (made_of.ready) continue;
        assert_on_device(protection, &protection->recipe[p], &made_of);
        ftdn_cuda_rows *rows = &assembly->rows[p]; /* zeroed once, so that its bytes can be compared */
        rows->original = made_of.original;
        for (int c = 0; c < FTDN_MAX_COPIES; c++) rows->copy[c] = made_of.copy[c];
        memcpy(&assembly->wanted[n_wanted++], rows, sizeof *rows);
        if (*ret_max_elements < rows->n_elements) *ret_max_elements = rows->n_elements;
    }
    return n_wanted;
}

/* What is stored stays where it is from one draw to the next: the table of what is wanted travels once. */
static ftdn_status make_wanted(ftdn_device_assembly *assembly, int n_wanted, uint32_t max_elements, ftdn_error *err)
{
    cudaStream_t stream = ftdn_cuda_context_stream(assembly->context);
    size_t n_bytes = (size_t)n_wanted * sizeof *assembly->wanted;
    if (n_wanted != assembly->n_uploaded || memcmp(assembly->wanted, assembly->uploaded, n_bytes) != 0) {
        memcpy(assembly->uploaded, assembly->wanted, n_bytes);
        assembly->n_uploaded = 0;
        FTDN_CUDA(cudaMemcpyAsync(assembly->table, assembly->uploaded, n_bytes, cudaMemcpyHostToDevice, stream),
                  "assembled weights", err);
        assembly->n_uploaded = n_wanted;
    }
    ftdn_cuda_make_rows(assembly->table, n_wanted, max_elements, stream);
    return ftdn_cuda_check_launch("assembled weights", err);
}

static ftdn_status assembly_make(ftdn_device_assembly *assembly, const ftdn_stored_weights *stored,
                                 const ftdn_weights **ret_weights, ftdn_error *err)
{
    uint32_t max_elements;
    assert(stored->original->n_params == assembly->protection->desc.graph->n_params);
    int n_wanted = gather(assembly, stored, &max_elements);
    if (n_wanted > 0) FTDN_TRY(make_wanted(assembly, n_wanted, max_elements, err));
    *ret_weights = &assembly->weights;
    return FTDN_OK;
}

const ftdn_assembly_device_table ftdn_assembly_cuda = {
    .create = assembly_create,
    .free = assembly_free,
    .make = assembly_make,
};
