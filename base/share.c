#include "base/share.h"

#include <omp.h>

ftdn_status ftdn_share(const ftdn_shared_work *work, ftdn_error *err)
{
    ftdn_status status = FTDN_OK;
#pragma omp parallel for num_threads(work->n_threads) schedule(dynamic)
    for (int i = 0; i < work->n_items; i++) {
        ftdn_status seen;
#pragma omp atomic read
        seen = status;
        if (seen != FTDN_OK) continue;
        ftdn_error local = {0};
        seen = work->run(work->user, i, omp_get_thread_num(), &local);
        if (seen == FTDN_OK) continue;
#pragma omp critical(ftdn_share_failure)
        {
            if (err) *err = local;
#pragma omp atomic write
            status = seen;
        }
    }
    return status;
}

int ftdn_share_add(int *count, int n)
{
    int sum;
#pragma omp atomic capture
    sum = *count += n;
    return sum;
}
