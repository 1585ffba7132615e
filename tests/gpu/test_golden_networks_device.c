/* Whole networks against PyTorch, on the device. */
#include "tests/detect/golden_network.h"
#include "tests/gpu/gpu.h"

/* The emulator computes one image in seconds; a device runs the micro-batch of trials. */
static golden_backend computed_with(ftdn_conv_algorithm algorithm)
{
    return (golden_backend){"cuda", algorithm, ftdn_test_module()->is_emulated ? 1 : 0};
}

static void mobilenet_is_computed_as_pytorch_does(void **state)
{
    (void)state;
    const golden_backend f32 = computed_with(FTDN_CONV_DIRECT);
    assert_paper_network("ssd_mobilenet_v1", &f32);
}

static void vgg_is_computed_as_pytorch_does(void **state)
{
    (void)state;
    const golden_backend f32 = computed_with(FTDN_CONV_DIRECT);
    assert_paper_network("ssd_vgg16", &f32);
}

static void tf32_is_not_far_from_it(void **state)
{
    (void)state;
    ftdn_error err;
    ftdn_device_info info;
    FTDN_ASSERT_OK(ftdn_test_module()->device->describe(0, &info, &err), err);
    if (info.major < 8) skip();
    const golden_backend tf32 = computed_with(FTDN_CONV_TF32);
    assert_paper_network("ssd_mobilenet_v1", &tf32);
    assert_paper_network("ssd_vgg16", &tf32);
}

static void the_trained_network_answers_as_it_did_where_it_was_trained(void **state)
{
    (void)state;
    const golden_backend f32 = computed_with(FTDN_CONV_DIRECT);
    assert_trained_network(&f32);
}

int main(void)
{
    FTDN_TEST_REQUIRE_DEVICE();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mobilenet_is_computed_as_pytorch_does),
        cmocka_unit_test(vgg_is_computed_as_pytorch_does),
        cmocka_unit_test(tf32_is_not_far_from_it),
        cmocka_unit_test(the_trained_network_answers_as_it_did_where_it_was_trained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
