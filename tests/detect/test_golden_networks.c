/* Whole networks against PyTorch, on the processor. */
#include "tests/detect/golden_network.h"

static void cpu_computes_mobilenet_as_pytorch_does(void **state)
{
    (void)state;
    assert_paper_network("ssd_mobilenet_v1", &(golden_backend){"cpu", FTDN_CONV_DIRECT, 1});
}

static void cpu_computes_vgg_as_pytorch_does(void **state)
{
    (void)state;
    assert_paper_network("ssd_vgg16", &(golden_backend){"cpu", FTDN_CONV_DIRECT, 1});
}

static void winograd_computes_vgg_as_pytorch_does(void **state)
{
    (void)state;
    assert_paper_network("ssd_vgg16", &(golden_backend){"cpu", FTDN_CONV_WINOGRAD, 1});
}

static void ref_computes_mobilenet_as_pytorch_does(void **state)
{
    (void)state;
    assert_paper_network("ssd_mobilenet_v1", &(golden_backend){"ref", FTDN_CONV_DIRECT, 1});
}

static void ref_computes_vgg_as_pytorch_does(void **state)
{
    (void)state;
    assert_paper_network("ssd_vgg16", &(golden_backend){"ref", FTDN_CONV_DIRECT, 1});
}

static void the_trained_network_answers_as_it_did_where_it_was_trained(void **state)
{
    (void)state;
    assert_trained_network(&(golden_backend){"cpu", FTDN_CONV_DIRECT, 1});
    assert_trained_network(&(golden_backend){"ref", FTDN_CONV_DIRECT, 1});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_computes_mobilenet_as_pytorch_does),
        cmocka_unit_test(cpu_computes_vgg_as_pytorch_does),
        cmocka_unit_test(winograd_computes_vgg_as_pytorch_does),
        cmocka_unit_test(ref_computes_mobilenet_as_pytorch_does),
        cmocka_unit_test(ref_computes_vgg_as_pytorch_does),
        cmocka_unit_test(the_trained_network_answers_as_it_did_where_it_was_trained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
