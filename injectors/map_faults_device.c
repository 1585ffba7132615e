#include "injectors/map_faults_device.h"

bool ftdn_map_draws_run_alike(const ftdn_fault_draw *a, const ftdn_fault_draw *b)
{
    return (a->count > 0) == (b->count > 0) && ftdn_fault_wants_range(&a->model) == ftdn_fault_wants_range(&b->model);
}
