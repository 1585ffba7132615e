/* The loss of both paper networks on two labelled images against PyTorch, from the input to the sums
 * ($FTDN_SHARED/golden/nets, `loss`), and of the trained one on a real image. */
#include <math.h>

#include "detect/matching.h"
#include "detect/multibox_loss.h"
#include "detect/network.h"
#include "engine/engine.h"
#include "tests/support/arena_per_test.h"

/* The golden sums are float32, as is everything that they were summed from. */
#define TOLERANCE 1e-5

#define MAX_OBJECTS 8

typedef struct answers {
    float *logits, *locations;
} answers;

/* Image `index` of the stream `input`, [2,3,300,300], as [300,300,3]. */
static float *formula_image(ftdn_shape shape, int index)
{
    size_t n_elements = ftdn_shape_elements(shape), n_channels = (size_t)shape.c, n_pixels = n_elements / n_channels;
    float *x = FTDN_NEW(&arena, n_elements, float, NULL);
    for (size_t c = 0; c < n_channels; c++) {
        for (size_t i = 0; i < n_pixels; i++) {
            size_t at = (size_t)index * n_elements + c * n_pixels + i;
            x[i * n_channels + c] = (float)(2 * ftdn_formula_uniform("input", 0, at) - 1);
        }
    }
    return x;
}

/* Answers of n_images images, one forward each. */
static void run(const ftdn_network *network, const ftdn_weights *weights, int n_images, answers *ret_answers)
{
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
    int outputs[2 * FTDN_NETWORK_MAX_HEADS];
    ftdn_network_output_nodes(network, outputs);
    const ftdn_compile_desc desc = {.outputs = outputs, .n_outputs = 2 * network->n_heads};
    FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find("cpu"), &network->graph, &desc, &program, &err), err);
    FTDN_ASSERT_OK(ftdn_packed_create(program, weights, 2, &packed, &err), err);
    FTDN_ASSERT_OK(ftdn_context_create(program, &context, &err), err);
    size_t n_priors = (size_t)network->n_priors;
    for (int i = 0; i < n_images; i++) {
        const ftdn_input input = {.n_images = 1, .values = formula_image(network->graph.node[0].shape, i)};
        FTDN_ASSERT_OK(ftdn_forward(context, packed, &input, NULL, &err), err);
        ret_answers[i].logits = FTDN_NEW(&arena, n_priors * (size_t)(network->n_classes + 1), float, &err);
        ret_answers[i].locations = FTDN_NEW(&arena, n_priors * 4, float, &err);
        ftdn_network_gather(network, context, 0, ret_answers[i].logits, ret_answers[i].locations);
    }
    ftdn_context_free(context);
    ftdn_packed_free(packed);
    ftdn_program_free(program);
}

/* Labels of the file count the background as 0. */
static int read_objects(const ftdn_json *truth, ftdn_labelled_box *ret_objects)
{
    const ftdn_json *boxes = ftdn_json_find(truth, "boxes"), *labels = ftdn_json_find(truth, "labels");
    assert_in_range(boxes->n_children, 1, MAX_OBJECTS);
    for (int i = 0; i < boxes->n_children; i++) {
        ret_objects[i].class_index = (int)labels->child[i]->number - 1;
        for (int k = 0; k < 4; k++) ret_objects[i].box[k] = (float)boxes->child[i]->child[k]->number;
    }
    return boxes->n_children;
}

static void assert_near(const char *what, double found, const ftdn_json *golden)
{
    double expected = ftdn_json_find(golden, what)->number, error = fabs(found - expected) / expected;
    print_message("%s: %.8g, golden %.8g, relative difference %.1e\n", what, found, expected, error);
    if (!(error <= TOLERANCE)) fail_msg("%s: %g is over %g", what, error, TOLERANCE);
}

static void assert_golden_loss(const char *name)
{
    ftdn_test_require_shared();
    ftdn_network network;
    ftdn_weights weights;
    const ftdn_network_desc desc = {.name = name, .n_classes = 20};
    FTDN_ASSERT_OK(ftdn_network_create(&desc, &arena, &network, &err), err);
    FTDN_ASSERT_OK(ftdn_weights_formula(&network.graph, 0, &arena, &weights, &err), err);
    char *path = ftdn_test_shared_path(&arena, ftdn_arena_format(&arena, &err, "golden/nets/%s.json", name));
    const ftdn_json *golden = ftdn_json_find(ftdn_test_load_json(&arena, path), "loss");
    assert_int_equal((int)ftdn_json_find(golden, "images")->number, 2);

    ftdn_matcher matcher;
    ftdn_multibox_loss loss;
    const float *priors = ftdn_network_priors(&network, &weights);
    FTDN_ASSERT_OK(ftdn_matcher_init(&matcher, &network, priors, &arena, &err), err);
    FTDN_ASSERT_OK(ftdn_multibox_loss_init(&loss, &network, priors, &arena, &err), err);
    ftdn_labelled_box objects[2][MAX_OBJECTS];
    int *object[2];
    long n_batch_positives = 0;
    for (int i = 0; i < 2; i++) {
        int n_objects = read_objects(ftdn_json_find(golden, "ground_truth")->child[i], objects[i]), n_positives;
        object[i] = FTDN_NEW(&arena, (size_t)network.n_priors, int, &err);
        FTDN_ASSERT_OK(ftdn_matcher_assign(&matcher, objects[i], n_objects, object[i], &n_positives, &err), err);
        n_batch_positives += n_positives;
    }
    assert_int_equal(n_batch_positives, (int)ftdn_json_find(golden, "positives")->number);

    answers found[2];
    run(&network, &weights, 2, found);
    ftdn_loss_value sum = {0};
    for (int i = 0; i < 2; i++) {
        const ftdn_loss_image image = {found[i].logits, found[i].locations, objects[i], object[i]};
        ftdn_loss_value value = ftdn_multibox_loss_compute(&loss, &image, n_batch_positives, NULL, NULL);
        sum.classification += value.classification;
        sum.regression += value.regression;
    }
    assert_near("classification", sum.classification, golden);
    assert_near("regression", sum.regression, golden);
}

static void mobilenet_has_the_loss_of_pytorch(void **state)
{
    (void)state;
    assert_golden_loss("ssd_mobilenet_v1");
}

static void vgg_has_the_loss_of_pytorch(void **state)
{
    (void)state;
    assert_golden_loss("ssd_vgg16");
}

/* What image 000021 shows (a dog, three people), the same with dog and people exchanged, and the same upside down. */
static const ftdn_labelled_box real_objects[3][4] = {
    {{11, {0 / 336.0f, 234 / 500.0f, 181 / 336.0f, 387 / 500.0f}},
     {14, {209 / 336.0f, 35 / 500.0f, 335 / 336.0f, 481 / 500.0f}},
     {14, {45 / 336.0f, 81 / 500.0f, 169 / 336.0f, 364 / 500.0f}},
     {14, {10 / 336.0f, 180 / 500.0f, 141 / 336.0f, 418 / 500.0f}}},
    {{14, {0 / 336.0f, 234 / 500.0f, 181 / 336.0f, 387 / 500.0f}},
     {11, {209 / 336.0f, 35 / 500.0f, 335 / 336.0f, 481 / 500.0f}},
     {11, {45 / 336.0f, 81 / 500.0f, 169 / 336.0f, 364 / 500.0f}},
     {11, {10 / 336.0f, 180 / 500.0f, 141 / 336.0f, 418 / 500.0f}}},
    {{11, {0 / 336.0f, 113 / 500.0f, 181 / 336.0f, 266 / 500.0f}},
     {14, {209 / 336.0f, 19 / 500.0f, 335 / 336.0f, 465 / 500.0f}},
     {14, {45 / 336.0f, 136 / 500.0f, 169 / 336.0f, 419 / 500.0f}},
     {14, {10 / 336.0f, 82 / 500.0f, 141 / 336.0f, 320 / 500.0f}}},
};

/* Its priors come from the file, which the matcher has to accept; its scores are sigmoids. */
static void the_trained_network_errs_least_about_what_is_there(void **state)
{
    (void)state;
    ftdn_test_require_shared();
    ftdn_network network;
    ftdn_tensor_file file;
    ftdn_weights weights;
    ftdn_matcher matcher;
    ftdn_multibox_loss loss;
    const ftdn_network_desc desc = {.name = "ssd_mobilenet_v1_tf", .n_classes = 20};
    char *path = ftdn_test_shared_path(&arena, "data/weights/ssd_mobilenet_v1_075_coco.safetensors");
    FTDN_ASSERT_OK(ftdn_network_create(&desc, &arena, &network, &err), err);
    FTDN_ASSERT_OK(ftdn_tensor_file_load(path, &arena, &file, &err), err);
    FTDN_ASSERT_OK(ftdn_weights_bind(&network.graph, &file, &arena, &weights, &err), err);
    const float *priors = ftdn_network_priors(&network, &weights);
    FTDN_ASSERT_OK(ftdn_matcher_init(&matcher, &network, priors, &arena, &err), err);
    FTDN_ASSERT_OK(ftdn_multibox_loss_init(&loss, &network, priors, &arena, &err), err);
    int *object = FTDN_NEW(&arena, (size_t)network.n_priors, int, &err);

    ftdn_test_npy logits = ftdn_test_load_npy(&arena, ftdn_test_shared_path(&arena, "golden/real/000021.logits.npy"));
    ftdn_test_npy locations =
        ftdn_test_load_npy(&arena, ftdn_test_shared_path(&arena, "golden/real/000021.locations.npy"));
    ftdn_loss_value value[3];
    for (int i = 0; i < 3; i++) {
        int n_positives;
        FTDN_ASSERT_OK(ftdn_matcher_assign(&matcher, real_objects[i], 4, object, &n_positives, &err), err);
        const ftdn_loss_image image = {logits.values, locations.values, real_objects[i], object};
        value[i] = ftdn_multibox_loss_compute(&loss, &image, n_positives, NULL, NULL);
        print_message("classification %.4f, regression %.4f\n", value[i].classification, value[i].regression);
    }
    assert_true(value[0].classification < value[1].classification);
    assert_true(value[0].regression == value[1].regression);
    assert_true(value[0].classification < value[2].classification);
    assert_true(value[0].regression < value[2].regression);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FTDN_ARENA_TEST(mobilenet_has_the_loss_of_pytorch),
        FTDN_ARENA_TEST(vgg_has_the_loss_of_pytorch),
        FTDN_ARENA_TEST(the_trained_network_errs_least_about_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
