#include "engine/host_memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/size.h"

void *ftdn_host_alloc(size_t n_bytes, ftdn_error *err)
{
    size_t padded;
    void *memory = NULL;
    if (ftdn_size_round_up(n_bytes ? n_bytes : 1, FTDN_ARENA_ALIGNMENT, &padded)) {
        memory = aligned_alloc(FTDN_ARENA_ALIGNMENT, padded);
    }
    if (!memory) {
        FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory: %zu bytes wanted", n_bytes);
        return NULL;
    }
    return memset(memory, 0, padded);
}

ftdn_status ftdn_host_slab_create(size_t n_bytes, float **ret_slab, ftdn_error *err)
{
    *ret_slab = ftdn_host_alloc(n_bytes, err);
    return *ret_slab ? FTDN_OK : FTDN_ERR_MEMORY;
}

void ftdn_host_slab_free(float *slab)
{
    free(slab);
}

/* A byte has 256 values: a table of what they become saves a division per element. */
typedef struct byte_table {
    float of[3][256];
} byte_table;

static byte_table make_table(const ftdn_input *input)
{
    byte_table table;
    for (int c = 0; c < 3; c++) {
        for (int byte = 0; byte < 256; byte++) table.of[c][byte] = ((float)byte - input->mean[c]) / input->scale[c];
    }
    return table;
}

static void normalise(const byte_table *table, ftdn_shape shape, const uint8_t *pixels, float *x)
{
    size_t n_pixels = (size_t)shape.h * (size_t)shape.w;
    for (size_t i = 0; i < n_pixels; i++, pixels += 3, x += 3) {
        x[0] = table->of[0][pixels[0]];
        x[1] = table->of[1][pixels[1]];
        x[2] = table->of[2][pixels[2]];
    }
}

ftdn_status ftdn_host_load_input(ftdn_context *context, const ftdn_input *input, ftdn_error *err)
{
    ftdn_shape shape = context->program->graph->node[0].shape;
    size_t n_elements = ftdn_shape_elements(shape);
    float *x = ftdn_context_values(context, 0);
    if (input->pixels && shape.c != 3) {
        return FTDN_FAIL(err, FTDN_ERR_ARG, "byte images have 3 channels, the graph's input has %d", shape.c);
    }
    byte_table table = {0};
    if (input->pixels) table = make_table(input);
    for (int n = 0; n < input->n_images; n++) {
        float *image = x + (size_t)n * n_elements;
        if (input->pixels) normalise(&table, shape, input->pixels[n], image);
        else memcpy(image, input->values + (size_t)n * n_elements, n_elements * sizeof *image);
    }
    size_t n_missing = (size_t)(context->program->schedule.micro_batch - input->n_images);
    memset(x + (size_t)input->n_images * n_elements, 0, n_missing * n_elements * sizeof *x);
    return FTDN_OK;
}
