/* Plans that are kept: one for all convolutions that are the same, and no more than is said of those that nobody uses.
 * Where the plan itself does not matter, an empty one stands for it. */
#include "engine/cuda/cudnn_plans.h"
#include "tests/gpu/described_devices.h"
#include "tests/gpu/square_convolution_cuda.h"
#include "tests/support/support.h"

enum { MAX_IDLE = 3 };

/* What makes plans, and how many it made. */
typedef struct maker {
    ftdn_cudnn_device *device; /* NULL: plans are empty */
    bool refuses;
    int n_made;
} maker;

/* user: maker * */
static ftdn_status make(void *user, const ftdn_cuda_convolution_desc *desc, ftdn_cudnn_plan *plan, ftdn_error *err)
{
    maker *m = user;
    if (m->refuses) return FTDN_FAIL(err, FTDN_ERR_BACKEND, "no plan for %s", desc->name);
    m->n_made++;
    if (m->device) return ftdn_cudnn_plan_init(plan, desc, m->device, true, err);
    *plan = (ftdn_cudnn_plan){.workspace_bytes = (size_t)desc->n_images};
    ftdn_text_init(&plan->text);
    return FTDN_OK;
}

static ftdn_cuda_convolution_desc describe(const char *name, int n_images)
{
    const ftdn_shape in = {19, 19, 64};
    ftdn_cuda_convolution_desc desc = ftdn_test_square_convolution(name, n_images, in, 32, 3, 1);
    desc.activation = FTDN_ACTIVATION_RELU;
    return desc;
}

static ftdn_cudnn_kept_plan *take(ftdn_cudnn_plans *plans, const ftdn_cuda_convolution_desc *desc)
{
    ftdn_error err;
    ftdn_cudnn_kept_plan *kept;
    FTDN_ASSERT_OK(ftdn_cudnn_plans_take(plans, desc, &kept, &err), err);
    return kept;
}

/* Take the plan for so many images and give it back at once. */
static void visit(ftdn_cudnn_plans *plans, int n_images)
{
    const ftdn_cuda_convolution_desc desc = describe("a", n_images);
    ftdn_cudnn_kept_plan_give_back(take(plans, &desc));
}

static void convolutions_that_differ_in_their_names_share_a_plan(void **state)
{
    (void)state;
    ftdn_cudnn_device device;
    ftdn_cudnn_plans plans;
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_cudnn_device_describe(&device, FTDN_DESCRIBED_H200, &err), err);
    maker m = {.device = &device};
    ftdn_cudnn_plans_init(&plans, make, &m, MAX_IDLE);
    const ftdn_cuda_convolution_desc a = describe("a", 64), b = describe("b", 64);
    ftdn_cudnn_kept_plan *first = take(&plans, &a), *second = take(&plans, &b);
    assert_ptr_equal(ftdn_cudnn_kept_plan_get(first), ftdn_cudnn_kept_plan_get(second));
    assert_non_null(ftdn_cudnn_kept_plan_get(first)->execution);
    ftdn_cudnn_kept_plan_give_back(first);
    ftdn_cudnn_kept_plan_give_back(second);
    ftdn_cudnn_kept_plan *third = take(&plans, &a);
    assert_int_equal(m.n_made, 1);
    ftdn_cudnn_kept_plan_give_back(third);
    ftdn_cudnn_plans_done(&plans);
    ftdn_cudnn_device_done(&device);
}

static void whatever_else_differs_has_a_plan_of_its_own(void **state)
{
    (void)state;
    maker m = {0};
    ftdn_cudnn_plans plans;
    ftdn_cudnn_plans_init(&plans, make, &m, 100);
    ftdn_cuda_convolution_desc desc = describe("a", 64);
    int *const number[] = {
        &desc.n_images, &desc.in.h,    &desc.in.w,       &desc.in.c,     &desc.out.h,
        &desc.out.w,    &desc.out.c,   &desc.kernel_h,   &desc.kernel_w, &desc.stride,
        &desc.dilation, &desc.pad_top, &desc.pad_bottom, &desc.pad_left, &desc.pad_right,
    };
    enum { N = sizeof number / sizeof *number };
    ftdn_cudnn_kept_plan_give_back(take(&plans, &desc));
    for (int i = 0; i < N; i++) {
        (*number[i])++;
        ftdn_cudnn_kept_plan_give_back(take(&plans, &desc));
        (*number[i])--;
    }
    desc.kind = FTDN_CUDA_CONVOLUTION_MAP_GRADIENT;
    ftdn_cudnn_kept_plan_give_back(take(&plans, &desc));
    desc.kind = FTDN_CUDA_CONVOLUTION_FORWARD;
    desc.activation = FTDN_ACTIVATION_RELU6;
    ftdn_cudnn_kept_plan_give_back(take(&plans, &desc));
    desc.activation = FTDN_ACTIVATION_RELU;
    desc.tf32 = true;
    ftdn_cudnn_kept_plan_give_back(take(&plans, &desc));
    desc.tf32 = false;
    assert_int_equal(m.n_made, 1 + N + 3);
    ftdn_cudnn_kept_plan_give_back(take(&plans, &desc));
    assert_int_equal(m.n_made, 1 + N + 3);
    ftdn_cudnn_plans_done(&plans);
}

static void of_plans_that_nobody_uses_the_latest_are_kept(void **state)
{
    (void)state;
    maker m = {0};
    ftdn_cudnn_plans plans;
    ftdn_cudnn_plans_init(&plans, make, &m, MAX_IDLE);
    for (int n = 1; n <= MAX_IDLE; n++) visit(&plans, n);
    visit(&plans, 1); /* now 2 was asked for longest ago */
    assert_int_equal(m.n_made, MAX_IDLE);
    visit(&plans, 4);
    assert_int_equal(plans.n_idle, MAX_IDLE);
    visit(&plans, 1);
    visit(&plans, 3);
    visit(&plans, 4);
    assert_int_equal(m.n_made, MAX_IDLE + 1);
    visit(&plans, 2);
    assert_int_equal(m.n_made, MAX_IDLE + 2);
    ftdn_cudnn_plans_done(&plans);
    assert_null(plans.newest);
}

static void a_plan_in_use_stays_however_many_come_and_go(void **state)
{
    (void)state;
    maker m = {0};
    ftdn_cudnn_plans plans;
    ftdn_cudnn_plans_init(&plans, make, &m, MAX_IDLE);
    const ftdn_cuda_convolution_desc desc = describe("a", 1);
    ftdn_cudnn_kept_plan *kept = take(&plans, &desc);
    for (int n = 2; n < 20; n++) visit(&plans, n);
    assert_int_equal(ftdn_cudnn_kept_plan_get(kept)->workspace_bytes, 1);
    assert_int_equal(plans.n_idle, MAX_IDLE);
    ftdn_cudnn_kept_plan *again = take(&plans, &desc);
    assert_ptr_equal(kept, again);
    ftdn_cudnn_kept_plan_give_back(kept);
    ftdn_cudnn_kept_plan_give_back(again);
    assert_int_equal(plans.n_idle, MAX_IDLE);
    ftdn_cudnn_plans_done(&plans);
}

static void a_plan_that_cannot_be_made_leaves_nothing_behind(void **state)
{
    (void)state;
    maker m = {.refuses = true};
    ftdn_cudnn_plans plans;
    ftdn_cudnn_kept_plan *kept = NULL;
    ftdn_error err;
    ftdn_cudnn_plans_init(&plans, make, &m, MAX_IDLE);
    const ftdn_cuda_convolution_desc desc = describe("conv4_3", 1);
    FTDN_ASSERT_FAILS(ftdn_cudnn_plans_take(&plans, &desc, &kept, &err), FTDN_ERR_BACKEND, "no plan for conv4_3", err);
    assert_null(kept);
    assert_null(plans.newest);
    m.refuses = false;
    visit(&plans, 1);
    assert_int_equal(m.n_made, 1);
    ftdn_cudnn_plans_done(&plans);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(convolutions_that_differ_in_their_names_share_a_plan),
        cmocka_unit_test(whatever_else_differs_has_a_plan_of_its_own),
        cmocka_unit_test(of_plans_that_nobody_uses_the_latest_are_kept),
        cmocka_unit_test(a_plan_in_use_stays_however_many_come_and_go),
        cmocka_unit_test(a_plan_that_cannot_be_made_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
