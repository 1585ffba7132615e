#include "engine/optimizer.h"

#include <string.h>

#include "engine/tensor_formats.h"

static float *get_moment(const ftdn_optimizer *optimizer, int param, int moment)
{
    return moment ? optimizer->second[param] : optimizer->first[param];
}

/* Which tensor of the file each moment is, in the list's order. */
static ftdn_status find_moments(const ftdn_named_tensor *wanted, int n_wanted, const ftdn_tensor_file *file,
                                const ftdn_named_tensor **found, ftdn_error *err)
{
    char wanted_dims[FTDN_DIMS_CHARS], found_dims[FTDN_DIMS_CHARS];
    for (int i = 0; i < n_wanted; i++) {
        const ftdn_named_tensor *tensor = ftdn_tensor_file_find(file, wanted[i].name);
        ftdn_dims_text(wanted[i].dims, wanted[i].n_dims, wanted_dims, sizeof wanted_dims);
        if (!tensor) {
            return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: tensor '%s' of shape %s is missing", file->path, wanted[i].name,
                             wanted_dims);
        }
        if (tensor->n_dims != wanted[i].n_dims || memcmp(tensor->dims, wanted[i].dims, sizeof tensor->dims)) {
            ftdn_dims_text(tensor->dims, tensor->n_dims, found_dims, sizeof found_dims);
            return FTDN_FAIL(err, FTDN_ERR_INPUT, "%s: tensor '%s' has shape %s, not %s", file->path, wanted[i].name,
                             found_dims, wanted_dims);
        }
        found[i] = tensor;
    }
    return FTDN_OK;
}

ftdn_status ftdn_optimizer_list_moments(const ftdn_optimizer *optimizer, ftdn_arena *arena,
                                        ftdn_named_tensor **ret_tensors, int *ret_n_tensors, ftdn_error *err)
{
    const ftdn_graph *graph = optimizer->graph;
    ftdn_named_tensor *tensors = FTDN_NEW(arena, 2 * (size_t)graph->n_params, ftdn_named_tensor, err);
    if (!tensors) return FTDN_ERR_MEMORY;
    int n_tensors = 0;
    for (int i = 0; i < graph->n_params; i++) {
        const ftdn_param *param = &graph->param[i];
        for (int k = 0; k < 2; k++) {
            const float *moment = get_moment(optimizer, i, k);
            if (!moment) continue;
            ftdn_named_tensor *tensor = &tensors[n_tensors++];
            *tensor = (ftdn_named_tensor){
                .name = ftdn_arena_format(arena, err, "optimizer.%s.%s", k ? "second" : "first", param->name),
                .dtype = "F32",
                .n_dims = param->n_dims,
                .n_elements = param->n_elements,
                .values = moment,
            };
            if (!tensor->name) return FTDN_ERR_MEMORY;
            memcpy(tensor->dims, param->dims, (size_t)param->n_dims * sizeof param->dims[0]);
        }
    }
    *ret_tensors = tensors;
    *ret_n_tensors = n_tensors;
    return FTDN_OK;
}

ftdn_status ftdn_optimizer_restore(ftdn_optimizer *optimizer, const ftdn_tensor_file *file, long long n_steps,
                                   ftdn_arena *scratch, ftdn_error *err)
{
    ftdn_arena_mark mark = ftdn_arena_get_mark(scratch);
    ftdn_named_tensor *wanted = NULL;
    int n_wanted = 0, next = 0;
    ftdn_status status = ftdn_optimizer_list_moments(optimizer, scratch, &wanted, &n_wanted, err);
    const ftdn_named_tensor **found = NULL;
    if (status == FTDN_OK) {
        found = FTDN_NEW(scratch, (size_t)n_wanted, const ftdn_named_tensor *, err);
        status = found ? find_moments(wanted, n_wanted, file, found, err) : FTDN_ERR_MEMORY;
    }
    for (int i = 0; status == FTDN_OK && i < optimizer->graph->n_params; i++) {
        for (int k = 0; k < 2; k++) {
            float *moment = get_moment(optimizer, i, k);
            if (!moment) continue;
            memcpy(moment, found[next]->values, found[next]->n_elements * sizeof *moment);
            next++;
        }
    }
    if (status == FTDN_OK) optimizer->n_steps = n_steps;
    ftdn_arena_reset(scratch, mark);
    return status;
}
