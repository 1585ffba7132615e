/* test_cudnn_graphs.c - what cuDNN makes of the networks' convolutions, asked without a device: graphs, engines, plans.
 *
 * Called with --print [tf32], it prints the plan of every convolution for the described devices, micro-batch 64. */
#include <stdio.h>
#include <string.h>

#include "detect/network.h"
#include "engine/cuda/cudnn_engine.h"
#include "engine/cuda/cudnn_plan.h"
#include "tests/gpu/described_devices.h"
#include "tests/gpu/square_convolution_cuda.h"
#include "tests/support/support.h"

static const struct {
    const char *name, *json;
} described[] = {{"T4", FTDN_DESCRIBED_T4}, {"A100", FTDN_DESCRIBED_A100}, {"H200", FTDN_DESCRIBED_H200}};

static const char *const networks[] = {"ssd_mobilenet_v1", "ssd_vgg16", "ssd_mobilenet_v1_tf"};
static const int micro_batches[] = {1, 64};

/* Called for every convolution of all channels with all, in the three directions. */
typedef void visitor(void *user, const char *network, const ftdn_cuda_convolution_desc *desc);

static ftdn_cuda_convolution_desc describe_node(const ftdn_graph *graph, int index, ftdn_cuda_convolution_kind kind,
                                                int n_images, bool tf32)
{
    const ftdn_node *last = &graph->node[graph->layer[graph->node[index].layer].last];
    ftdn_activation activation = last->op == FTDN_OP_ACTIVATION ? last->activation : FTDN_ACTIVATION_NONE;
    return ftdn_cuda_convolution_describe(graph, index, kind, n_images, activation, tf32);
}

static void visit_convolutions(int n_images, bool tf32, visitor *visit, void *user)
{
    for (size_t i = 0; i < sizeof networks / sizeof *networks; i++) {
        ftdn_arena arena;
        ftdn_network network;
        ftdn_error err;
        const ftdn_network_desc desc = {.name = networks[i], .n_classes = 20};
        ftdn_arena_init(&arena);
        FTDN_ASSERT_OK(ftdn_network_create(&desc, &arena, &network, &err), err);
        for (int node = 0; node < network.graph.n_nodes; node++) {
            if (network.graph.node[node].op != FTDN_OP_CONV || network.graph.node[node].groups > 1) continue;
            for (int kind = 0; kind <= FTDN_CUDA_CONVOLUTION_FILTER_GRADIENT; kind++) {
                const ftdn_cuda_convolution_desc convolution =
                    describe_node(&network.graph, node, (ftdn_cuda_convolution_kind)kind, n_images, tf32);
                visit(user, networks[i], &convolution);
            }
        }
        ftdn_arena_done(&arena);
    }
}

/* conv4_3 of VGG, or with another activation. */
static ftdn_cuda_convolution_desc make_convolution(ftdn_activation activation)
{
    const ftdn_shape in = {38, 38, 512};
    ftdn_cuda_convolution_desc desc = ftdn_test_square_convolution("conv4_3", 8, in, 512, 3, 1);
    desc.activation = activation;
    return desc;
}

static void make_graphs(void *user, const char *network, const ftdn_cuda_convolution_desc *desc)
{
    (void)network;
    int *n_graphs = user;
    for (int is_fused = 0; is_fused <= (desc->kind == FTDN_CUDA_CONVOLUTION_FORWARD); is_fused++) {
        ftdn_cudnn_graph graph;
        ftdn_error err;
        FTDN_ASSERT_OK(ftdn_cudnn_graph_init(&graph, desc, is_fused, &err), err);
        assert_non_null(graph.operations);
        ftdn_cudnn_graph_done(&graph);
        (*n_graphs)++;
    }
}

static void every_convolution_is_an_operation_graph(void **state)
{
    (void)state;
    int n_graphs = 0;
    for (int i = 0; i < 2; i++) visit_convolutions(micro_batches[i], false, make_graphs, &n_graphs);
    assert_true(n_graphs > 500);
}

/* What plans are made for, and what they turned out to be. */
typedef struct plans {
    ftdn_cudnn_device device;
    int n_forward, n_fused, n_gradients;
    size_t largest_workspace;
    ftdn_text *text; /* of all of them, a line each; NULL: not wanted */
} plans;

static void make_plan(void *user, const char *network, const ftdn_cuda_convolution_desc *desc)
{
    plans *all = user;
    ftdn_cudnn_plan plan;
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_cudnn_plan_init(&plan, desc, &all->device, true, &err), err);
    if (desc->kind == FTDN_CUDA_CONVOLUTION_FORWARD) all->n_forward++;
    else all->n_gradients++;
    all->n_fused += plan.is_fused;
    if (plan.workspace_bytes > all->largest_workspace) all->largest_workspace = plan.workspace_bytes;
    if (all->text) ftdn_text_append(all->text, "%s %s: %s\n", network, plan.graph.what, plan.text.chars);
    ftdn_cudnn_plan_done(&plan);
}

static plans plan_everything(const char *json, int n_images, bool tf32, ftdn_text *text)
{
    plans all = {.text = text};
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_cudnn_device_describe(&all.device, json, &err), err);
    visit_convolutions(n_images, tf32, make_plan, &all);
    ftdn_cudnn_device_done(&all.device);
    return all;
}

static void check_plans(const char *json, int n_images, bool tf32)
{
    plans all = plan_everything(json, n_images, tf32, NULL);
    assert_int_equal(all.n_gradients, 2 * all.n_forward);
    assert_true(all.n_fused > all.n_forward / 2);
}

static void every_convolution_has_a_plan_on_every_architecture(void **state)
{
    (void)state;
    for (size_t d = 0; d < sizeof described / sizeof *described; d++) check_plans(described[d].json, 64, false);
}

static void every_convolution_has_a_plan_for_one_image_and_for_tf32(void **state)
{
    (void)state;
    check_plans(FTDN_DESCRIBED_H200, 1, false);
    check_plans(FTDN_DESCRIBED_H200, 64, true);
}

/* Copies of feature maps have any number of channels, and narrow networks have few. */
static void any_number_of_channels_has_a_plan(void **state)
{
    (void)state;
    static const int channels[] = {1, 2, 3, 5, 7, 13, 33};
    enum { N = sizeof channels / sizeof *channels };
    for (size_t d = 0; d < sizeof described / sizeof *described; d++) {
        plans all = {0};
        ftdn_error err;
        FTDN_ASSERT_OK(ftdn_cudnn_device_describe(&all.device, described[d].json, &err), err);
        for (int i = 0; i < 3 * N * N * 2; i++) {
            int side = 3 + i % 4, kernel = i / 2 % 2 ? 3 : 1, stride = 1 + i % 2;
            const ftdn_shape in = {side, side, channels[i / 6 % N]};
            ftdn_cuda_convolution_desc desc =
                ftdn_test_square_convolution("narrow", 3, in, channels[i / 6 / N], kernel, stride);
            desc.kind = (ftdn_cuda_convolution_kind)(i % 3);
            desc.activation = i % 3 == 0 ? (ftdn_activation)(i / 3 % 3) : FTDN_ACTIVATION_NONE;
            desc.tf32 = i % 5 == 0;
            make_plan(&all, "narrow", &desc);
        }
        assert_int_equal(all.n_forward, 2 * N * N);
        ftdn_cudnn_device_done(&all.device);
    }
}

static void the_same_question_has_the_same_answer(void **state)
{
    (void)state;
    ftdn_text first, second;
    ftdn_text_init(&first);
    ftdn_text_init(&second);
    plan_everything(FTDN_DESCRIBED_H200, 64, false, &first);
    plan_everything(FTDN_DESCRIBED_H200, 64, false, &second);
    assert_string_equal(first.chars, second.chars);
    ftdn_text_done(&first);
    ftdn_text_done(&second);
}

/* Of the engines proposed for a graph on the H200 in a mode: how many each rule allows. */
static void count_allowed(const ftdn_cuda_convolution_desc *desc, cudnnBackendHeurMode_t mode,
                          const ftdn_cudnn_rule *rules, int n_rules, int *ret_n_allowed, int *ret_n_candidates)
{
    ftdn_cudnn_device device;
    ftdn_cudnn_graph graph;
    ftdn_cudnn_candidates candidates;
    ftdn_error err, refusal;
    FTDN_ASSERT_OK(ftdn_cudnn_device_describe(&device, FTDN_DESCRIBED_H200, &err), err);
    FTDN_ASSERT_OK(ftdn_cudnn_graph_init(&graph, desc, true, &err), err);
    FTDN_ASSERT_OK(ftdn_cudnn_candidates_find(&graph, &device, mode, &candidates, &refusal, &err), err);
    for (int r = 0; r < n_rules; r++) {
        ret_n_allowed[r] = 0;
        for (int i = 0; i < candidates.n; i++) {
            bool allowed;
            FTDN_ASSERT_OK(ftdn_cudnn_config_check(candidates.config[i], &rules[r], "a test", &allowed, &err), err);
            ret_n_allowed[r] += allowed;
        }
    }
    *ret_n_candidates = candidates.n;
    ftdn_cudnn_candidates_free(&candidates);
    ftdn_cudnn_graph_done(&graph);
    ftdn_cudnn_device_done(&device);
}

static void plain_f32_forbids_the_tensor_cores_that_tf32_allows(void **state)
{
    (void)state;
    const ftdn_cudnn_rule rules[] = {{.tf32 = false}, {.tf32 = true}};
    const ftdn_cuda_convolution_desc desc = make_convolution(FTDN_ACTIVATION_RELU);
    int n_allowed[2], n_candidates;
    count_allowed(&desc, CUDNN_HEUR_MODE_A, rules, 2, n_allowed, &n_candidates);
    assert_in_range(n_allowed[0], 1, n_candidates - 1);
    assert_in_range(n_allowed[1], n_allowed[0] + 1, n_candidates);
}

static void an_engine_that_hands_nan_on_is_forbidden_unless_the_rule_says_so(void **state)
{
    (void)state;
    const ftdn_cudnn_rule rules[] = {{.strict_nan = true}, {.strict_nan = false}};
    const ftdn_cuda_convolution_desc desc = make_convolution(FTDN_ACTIVATION_RELU6);
    int n_allowed[2], n_candidates;
    count_allowed(&desc, CUDNN_HEUR_MODE_FALLBACK, rules, 2, n_allowed, &n_candidates);
    assert_true(n_allowed[1] < n_allowed[0]);
}

static void the_plan_names_engine_and_workspace(void **state)
{
    (void)state;
    ftdn_cudnn_device device;
    ftdn_cudnn_plan plan;
    ftdn_error err;
    const ftdn_cuda_convolution_desc desc = make_convolution(FTDN_ACTIVATION_NONE);
    FTDN_ASSERT_OK(ftdn_cudnn_device_describe(&device, FTDN_DESCRIBED_H200, &err), err);
    FTDN_ASSERT_OK(ftdn_cudnn_plan_init(&plan, &desc, &device, true, &err), err);
    char workspace[64];
    snprintf(workspace, sizeof workspace, ", workspace %zu", plan.workspace_bytes);
    assert_memory_equal(plan.text.chars, "engine ", 7);
    assert_non_null(strstr(plan.text.chars, workspace));
    assert_int_equal(strstr(plan.text.chars, "fused") != NULL, plan.is_fused);
    ftdn_cudnn_plan_done(&plan);
    ftdn_cudnn_device_done(&device);
}

static void bias_and_activation_are_fused_only_where_they_may(void **state)
{
    (void)state;
    ftdn_cudnn_device device;
    const ftdn_cuda_convolution_desc desc = make_convolution(FTDN_ACTIVATION_NONE);
    ftdn_error err;
    FTDN_ASSERT_OK(ftdn_cudnn_device_describe(&device, FTDN_DESCRIBED_A100, &err), err);
    for (int may_fuse = 0; may_fuse <= 1; may_fuse++) {
        ftdn_cudnn_plan plan;
        FTDN_ASSERT_OK(ftdn_cudnn_plan_init(&plan, &desc, &device, may_fuse, &err), err);
        assert_int_equal(plan.is_fused, may_fuse);
        ftdn_cudnn_plan_done(&plan);
    }
    ftdn_cudnn_device_done(&device);
}

static void a_shape_that_does_not_fit_is_refused_with_layer_and_reason(void **state)
{
    (void)state;
    ftdn_cuda_convolution_desc desc = make_convolution(FTDN_ACTIVATION_RELU);
    desc.out.h = 40;
    for (int is_fused = 0; is_fused <= 1; is_fused++) {
        ftdn_cudnn_graph graph;
        ftdn_error err;
        FTDN_ASSERT_FAILS(ftdn_cudnn_graph_init(&graph, &desc, is_fused, &err), FTDN_ERR_BACKEND,
                          "cudnnBackendFinalize: CUDNN_STATUS_BAD_PARAM", err);
        assert_non_null(strstr(err.message, "(conv4_3 forward, x [8,38,38,512], w [512,3,3,512], y [8,40,38,512]): "));
    }
}

static void a_device_that_is_described_badly_is_refused(void **state)
{
    (void)state;
    ftdn_cudnn_device device;
    ftdn_error err;
    FTDN_ASSERT_FAILS(ftdn_cudnn_device_describe(&device, "{\"deviceName\":\"half a device\"}", &err), FTDN_ERR_BACKEND,
                      "(properties of the device)", err);
}

static void print_plans(bool tf32)
{
    for (size_t d = 0; d < sizeof described / sizeof *described; d++) {
        ftdn_text text;
        ftdn_text_init(&text);
        plans all = plan_everything(described[d].json, 64, tf32, &text);
        printf("%s: %d of %d forward fused, largest workspace %zu\n%s", described[d].name, all.n_fused, all.n_forward,
               all.largest_workspace, text.chars);
        ftdn_text_done(&text);
    }
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--print") == 0) {
        print_plans(argc > 2 && strcmp(argv[2], "tf32") == 0);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_convolution_is_an_operation_graph),
        cmocka_unit_test(every_convolution_has_a_plan_on_every_architecture),
        cmocka_unit_test(every_convolution_has_a_plan_for_one_image_and_for_tf32),
        cmocka_unit_test(any_number_of_channels_has_a_plan),
        cmocka_unit_test(the_same_question_has_the_same_answer),
        cmocka_unit_test(plain_f32_forbids_the_tensor_cores_that_tf32_allows),
        cmocka_unit_test(an_engine_that_hands_nan_on_is_forbidden_unless_the_rule_says_so),
        cmocka_unit_test(the_plan_names_engine_and_workspace),
        cmocka_unit_test(bias_and_activation_are_fused_only_where_they_may),
        cmocka_unit_test(a_shape_that_does_not_fit_is_refused_with_layer_and_reason),
        cmocka_unit_test(a_device_that_is_described_badly_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
