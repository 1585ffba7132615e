extern "C" {
#include "protectors/assembly_cuda.h"
}

#include "engine/cuda/launch.h"

enum { ROW_THREADS = 256 };

/* blockIdx.y is the parameter. */
__global__ void __launch_bounds__(ROW_THREADS) make_rows(const ftdn_cuda_rows *of_all)
{
    const ftdn_cuda_rows rows = of_all[blockIdx.y];
    const uint32_t i = blockIdx.x * ROW_THREADS + threadIdx.x;
    if (i >= rows.n_elements) return;
    const uint32_t row = i / rows.row_size;
    const int copied_at = rows.place[row];
    float value = rows.original[i];
    if (copied_at >= 0) {
        uint32_t at = (uint32_t)copied_at * rows.row_size + (i - row * rows.row_size);
        float first = rows.copy[0][at], second = rows.copy[1] ? rows.copy[1][at] : first;
        value = rows.replaces ? first : ftdn_merge_values(rows.merge, value, first, second);
    }
    rows.values[i] = value;
}

void ftdn_cuda_make_rows(const ftdn_cuda_rows *rows, int n_params, uint32_t max_elements, cudaStream_t stream)
{
    dim3 blocks((max_elements + ROW_THREADS - 1) / ROW_THREADS, (unsigned)n_params);
    FTDN_LAUNCH(make_rows, blocks, ROW_THREADS, 0, stream, rows);
}
