#include "detect/array_cuda.h"

#include "base/size.h"
#include "engine/cuda/cuda_memory.h"
#include "engine/cuda/cuda_status.h"

static ftdn_status count_bytes(size_t n_items, size_t item_bytes, const char *what, size_t *ret_n_bytes,
                               ftdn_error *err)
{
    if (!ftdn_size_mul(n_items, item_bytes, ret_n_bytes)) {
        return FTDN_FAIL(err, FTDN_ERR_MEMORY, "%s: %zu items of %zu bytes do not fit into memory", what, n_items,
                         item_bytes);
    }
    if (*ret_n_bytes == 0) *ret_n_bytes = 1;
    return FTDN_OK;
}

ftdn_status ftdn_device_array_create(size_t n_items, size_t item_bytes, const char *what, void **ret_array,
                                     ftdn_error *err)
{
    size_t n_bytes = 0;
    FTDN_TRY(count_bytes(n_items, item_bytes, what, &n_bytes, err));
    return ftdn_cuda_alloc(n_bytes, what, ret_array, err);
}

ftdn_status ftdn_pinned_array_create(size_t n_items, size_t item_bytes, const char *what, void **ret_array,
                                     ftdn_error *err)
{
    size_t n_bytes = 0;
    FTDN_TRY(count_bytes(n_items, item_bytes, what, &n_bytes, err));
    void *array = NULL;
    FTDN_CUDA(cudaMallocHost(&array, n_bytes), what, err);
    *ret_array = array;
    return FTDN_OK;
}

ftdn_status ftdn_device_array_upload(const void *items, size_t n_items, size_t item_bytes, const char *what,
                                     void **ret_array, ftdn_error *err)
{
    void *array = NULL;
    FTDN_TRY(ftdn_device_array_create(n_items, item_bytes, what, &array, err));
    ftdn_status status = ftdn_cuda_copy(array, items, n_items * item_bytes, err);
    if (status != FTDN_OK) {
        ftdn_cuda_free(array);
        return status;
    }
    *ret_array = array;
    return FTDN_OK;
}
