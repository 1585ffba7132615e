#include "base/holm.h"

#include <assert.h>
#include <math.h>

double ftdn_holm_next(ftdn_holm *holm, double p)
{
    assert(holm->n_left > 0);
    holm->adjusted = fmax(holm->adjusted, fmin(1, (double)holm->n_left * p));
    holm->n_left--;
    return holm->adjusted;
}
