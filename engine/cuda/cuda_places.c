#include "engine/cuda/cuda_places.h"

#include <stdlib.h>

#include "engine/cuda/cuda_memory.h"

ftdn_status ftdn_cuda_upload_places(const int *channel, int n_copied, size_t n_channels, int *place, ftdn_error *err)
{
    int *on_host = malloc(n_channels * sizeof *on_host);
    if (!on_host) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "out of memory for the places of %zu channels", n_channels);
    for (size_t k = 0; k < n_channels; k++) on_host[k] = -1;
    for (int j = 0; j < n_copied; j++) on_host[channel[j]] = j;
    ftdn_status status = ftdn_cuda_copy(place, on_host, n_channels * sizeof *on_host, err);
    free(on_host);
    return status;
}
