#include "engine/learning_rate.h"

#include <assert.h>
#include <math.h>

#define PI 3.14159265358979323846

double ftdn_learning_rate(const ftdn_learning_rate_desc *desc, long long step)
{
    assert(step >= 0 && desc->warmup_steps >= 0 && desc->n_steps > 0);
    if (step < desc->warmup_steps) return desc->peak * (double)(step + 1) / (double)desc->warmup_steps;
    long long peak_step = desc->warmup_steps > 0 ? desc->warmup_steps - 1 : 0, last = desc->n_steps - 1;
    double t = step < last ? (double)(step - peak_step) / (double)(last - peak_step) : 1;
    return desc->peak * (desc->final_fraction + (1 - desc->final_fraction) * (1 + cos(PI * t)) / 2);
}
