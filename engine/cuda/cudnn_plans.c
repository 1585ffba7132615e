#include "engine/cuda/cudnn_plans.h"

#include <assert.h>
#include <stdlib.h>

struct ftdn_cudnn_kept_plan {
    ftdn_cudnn_plans *plans;         /* that keep it */
    ftdn_cuda_convolution_desc desc; /* its name is gone */
    ftdn_cudnn_plan plan;
    int n_users;
    ftdn_cudnn_kept_plan *older;
};

void ftdn_cudnn_plans_init(ftdn_cudnn_plans *plans, ftdn_cudnn_plan_maker *make, void *user, int max_idle)
{
    *plans = (ftdn_cudnn_plans){.make = make, .user = user, .max_idle = max_idle};
}

static void drop(ftdn_cudnn_kept_plan *kept)
{
    assert(kept->n_users == 0);
    ftdn_cudnn_plan_done(&kept->plan);
    free(kept);
}

void ftdn_cudnn_plans_done(ftdn_cudnn_plans *plans)
{
    while (plans->newest) {
        ftdn_cudnn_kept_plan *kept = plans->newest;
        plans->newest = kept->older;
        drop(kept);
    }
    plans->n_idle = 0;
}

static bool same_shape(ftdn_shape a, ftdn_shape b)
{
    return a.h == b.h && a.w == b.w && a.c == b.c;
}

/* All but the name. */
static bool same_convolution(const ftdn_cuda_convolution_desc *a, const ftdn_cuda_convolution_desc *b)
{
    return a->kind == b->kind && a->n_images == b->n_images && same_shape(a->in, b->in) && same_shape(a->out, b->out) &&
           a->kernel_h == b->kernel_h && a->kernel_w == b->kernel_w && a->stride == b->stride &&
           a->dilation == b->dilation && a->pad_top == b->pad_top && a->pad_left == b->pad_left &&
           a->pad_bottom == b->pad_bottom && a->pad_right == b->pad_right && a->activation == b->activation &&
           a->tf32 == b->tf32;
}

/* Taken out of the list; NULL: it is not there. */
static ftdn_cudnn_kept_plan *find(ftdn_cudnn_plans *plans, const ftdn_cuda_convolution_desc *desc)
{
    for (ftdn_cudnn_kept_plan **link = &plans->newest; *link; link = &(*link)->older) {
        ftdn_cudnn_kept_plan *kept = *link;
        if (!same_convolution(&kept->desc, desc)) continue;
        *link = kept->older;
        return kept;
    }
    return NULL;
}

static ftdn_status make(ftdn_cudnn_plans *plans, const ftdn_cuda_convolution_desc *desc,
                        ftdn_cudnn_kept_plan **ret_kept, ftdn_error *err)
{
    ftdn_cudnn_kept_plan *kept = calloc(1, sizeof *kept);
    if (!kept) return FTDN_FAIL(err, FTDN_ERR_MEMORY, "no memory for the plan of %s", desc->name);
    ftdn_status status = plans->make(plans->user, desc, &kept->plan, err);
    if (status != FTDN_OK) {
        free(kept);
        return status;
    }
    kept->plans = plans;
    kept->desc = *desc;
    kept->desc.name = NULL;
    *ret_kept = kept;
    return FTDN_OK;
}

ftdn_status ftdn_cudnn_plans_take(ftdn_cudnn_plans *plans, const ftdn_cuda_convolution_desc *desc,
                                  ftdn_cudnn_kept_plan **ret_kept, ftdn_error *err)
{
    ftdn_cudnn_kept_plan *kept = find(plans, desc);
    if (!kept) FTDN_TRY(make(plans, desc, &kept, err));
    else if (kept->n_users == 0) plans->n_idle--;
    kept->n_users++;
    kept->older = plans->newest;
    plans->newest = kept;
    *ret_kept = kept;
    return FTDN_OK;
}

const ftdn_cudnn_plan *ftdn_cudnn_kept_plan_get(const ftdn_cudnn_kept_plan *kept)
{
    return &kept->plan;
}

static void drop_oldest_idle(ftdn_cudnn_plans *plans)
{
    ftdn_cudnn_kept_plan **oldest = NULL;
    for (ftdn_cudnn_kept_plan **link = &plans->newest; *link; link = &(*link)->older)
        if ((*link)->n_users == 0) oldest = link;
    assert(oldest);
    ftdn_cudnn_kept_plan *kept = *oldest;
    *oldest = kept->older;
    plans->n_idle--;
    drop(kept);
}

void ftdn_cudnn_kept_plan_give_back(ftdn_cudnn_kept_plan *kept)
{
    ftdn_cudnn_plans *plans = kept->plans;
    assert(kept->n_users > 0);
    if (--kept->n_users > 0) return;
    plans->n_idle++;
    if (plans->n_idle > plans->max_idle) drop_oldest_idle(plans);
}
