/* Loss gradients and ranking scores of both paper networks against PyTorch: two labelled images, formula weights. */
#include <math.h>
#include <string.h>

#include "detect/matching.h"
#include "detect/multibox_loss.h"
#include "detect/network.h"
#include "engine/gradients.h"
#include "rankers/ranker.h"
#include "tests/support/find_layer.h"
#include "tests/support/support.h"

#define SCORE_TOLERANCE 1e-3 /* of the layer's largest score */

/* Of the parameter's largest gradient. Rounding decides on which side of its kink an activation near 0 falls, and
 * each that changes sides moves a gradient by a step. In VGG's first layer, behind 13 ReLUs and 4 poolings, the two
 * backends differ from each other, and each from the golden file, by up to 1.8e-3; elsewhere by at most 7e-4, at the
 * heads by 1e-8. */
#define GRADIENT_TOLERANCE 1e-3
#define FIRST_GRADIENT_TOLERANCE 3e-3 /* of VGG's first weights */
enum { n_images = 2, max_layers = 32 };

/* One layer under study, at both points. */
typedef struct studied_layer {
    const char *name;
    int index;         /* in the graph */
    int point[2];      /* nodes: the convolution's output, the activation */
    double *score[2][2]; /* [second_order, entropy][point], summed over images */
} studied_layer;

typedef struct fixture {
    ftdn_arena arena;
    const ftdn_json *golden;
    ftdn_network network;
    ftdn_weights weights;
    ftdn_labelled_box objects[n_images][8];
    int *object[n_images]; /* [n_priors] */
    long n_positives;
    int n_layers;
    studied_layer layer[max_layers];
    float **dparam; /* [n_params], NULL where the golden file has no gradient */
} fixture;

static const char *const points[2] = {"conv", "activation"};

static void load_objects(fixture *f)
{
    ftdn_error err;
    ftdn_matcher matcher;
    const ftdn_json *truth = ftdn_json_find(ftdn_json_find(f->golden, "loss"), "ground_truth");
    FTDN_ASSERT_OK(ftdn_matcher_init(&matcher, &f->network, f->network.priors, &f->arena, &err), err);
    assert_int_equal(truth->n_children, n_images);
    for (int i = 0; i < n_images; i++) {
        const ftdn_json *boxes = ftdn_json_find(truth->child[i], "boxes"),
                        *labels = ftdn_json_find(truth->child[i], "labels");
        for (int o = 0; o < boxes->n_children; o++) {
            f->objects[i][o].class_index = (int)labels->child[o]->number - 1; /* label 0 is the background */
            for (int k = 0; k < 4; k++) f->objects[i][o].box[k] = (float)boxes->child[o]->child[k]->number;
        }
        int n_mine;
        f->object[i] = FTDN_NEW(&f->arena, (size_t)f->network.n_priors, int, &err);
        FTDN_ASSERT_OK(ftdn_matcher_assign(&matcher, f->objects[i], boxes->n_children, f->object[i], &n_mine, &err),
                       err);
        f->n_positives += n_mine;
    }
    assert_int_equal(f->n_positives, (int)ftdn_json_find(ftdn_json_find(f->golden, "loss"), "positives")->number);
}

static void load(fixture *f, const char *name)
{
    ftdn_error err;
    memset(f, 0, sizeof *f);
    ftdn_arena_init(&f->arena);
    const ftdn_network_desc desc = {.name = name, .n_classes = 20};
    char *relative = ftdn_arena_format(&f->arena, &err, "golden/nets/%s.json", name);
    f->golden = ftdn_test_load_json(&f->arena, ftdn_test_shared_path(&f->arena, relative));
    FTDN_ASSERT_OK(ftdn_network_create(&desc, &f->arena, &f->network, &err), err);
    FTDN_ASSERT_OK(ftdn_weights_formula(&f->network.graph, 0, &f->arena, &f->weights, &err), err);
    load_objects(f);

    const ftdn_graph *graph = &f->network.graph;
    const ftdn_json *rank = ftdn_json_find(ftdn_json_find(f->golden, "rank"), "second_order.conv");
    assert_true(rank->n_children <= max_layers);
    for (int l = 0; l < rank->n_children; l++) {
        studied_layer *layer = &f->layer[f->n_layers++];
        layer->name = rank->child[l]->key;
        layer->index = ftdn_test_find_layer(graph, layer->name);
        layer->point[0] = graph->layer[layer->index].conv;
        layer->point[1] = graph->layer[layer->index].last;
        for (int i = 0; i < 4; i++) {
            layer->score[i / 2][i % 2] =
                FTDN_NEW(&f->arena, (size_t)graph->node[layer->point[0]].shape.c, double, &err);
        }
    }
    f->dparam = FTDN_NEW(&f->arena, (size_t)graph->n_params, float *, &err);
    const ftdn_json *gradients = ftdn_json_find(f->golden, "parameter_gradients");
    for (int i = 0; i < gradients->n_children; i++) {
        int param = ftdn_graph_find_param(graph, gradients->child[i]->key);
        assert_true(param >= 0);
        f->dparam[param] = FTDN_NEW(&f->arena, graph->param[param].n_elements, float, &err);
    }
}

/* Image n of the stream `input`, [2,3,300,300], as NHWC. */
static float *formula_image(fixture *f, int n)
{
    ftdn_shape shape = f->network.graph.node[0].shape;
    size_t n_pixels = (size_t)shape.h * (size_t)shape.w;
    float *x = FTDN_NEW(&f->arena, n_pixels * 3, float, NULL);
    for (size_t c = 0; c < 3; c++) {
        for (size_t i = 0; i < n_pixels; i++) {
            uint64_t element = ((uint64_t)n * 3 + c) * n_pixels + i;
            x[i * 3 + c] = (float)(2 * ftdn_formula_uniform("input", 0, element) - 1);
        }
    }
    return x;
}

/* Write the loss's gradients at the heads, in the order that ftdn_network_gather reads them. */
static void seed_heads(const fixture *f, ftdn_gradients *gradients, const ftdn_context *context, const float *dlogits,
                       const float *dlocations)
{
    for (int h = 0; h < f->network.n_heads; h++) {
        ftdn_map classes = ftdn_gradients_map(gradients, context, f->network.class_head[h]);
        ftdn_map boxes = ftdn_gradients_map(gradients, context, f->network.box_head[h]);
        size_t n_classes = ftdn_shape_elements(classes.shape), n_boxes = ftdn_shape_elements(boxes.shape);
        memcpy(classes.values, dlogits, n_classes * sizeof *dlogits);
        memcpy(boxes.values, dlocations, n_boxes * sizeof *dlocations);
        dlogits += n_classes;
        dlocations += n_boxes;
    }
}

static void add_scores(fixture *f, const ftdn_context *context, const ftdn_gradients *gradients)
{
    static const ftdn_ranker *const rankers[2] = {&ftdn_ranker_second_order, &ftdn_ranker_entropy};
    for (int l = 0; l < f->n_layers; l++) {
        for (int i = 0; i < 4; i++) {
            double contribution[2048];
            int node = f->layer[l].point[i % 2];
            ftdn_map map = ftdn_context_map(context, node);
            assert_true(map.shape.c <= 2048);
            rankers[i / 2]->score_image(&map, ftdn_gradients_map(gradients, context, node).values, contribution);
            for (int k = 0; k < map.shape.c; k++) f->layer[l].score[i / 2][i % 2][k] += contribution[k];
        }
    }
}

static ftdn_loss_value run(fixture *f, const char *backend)
{
    ftdn_error err;
    ftdn_program *program;
    ftdn_packed *packed;
    ftdn_context *context;
    ftdn_gradients *gradients;
    ftdn_multibox_loss loss;
    ftdn_loss_value total = {0};
    size_t n_priors = (size_t)f->network.n_priors;
    const ftdn_compile_desc desc = {.for_gradients = true};
    FTDN_ASSERT_OK(ftdn_program_create(ftdn_backend_find(backend), &f->network.graph, &desc, &program, &err), err);
    FTDN_ASSERT_OK(ftdn_packed_create(program, &f->weights, 2, &packed, &err), err);
    FTDN_ASSERT_OK(ftdn_context_create(program, &context, &err), err);
    FTDN_ASSERT_OK(ftdn_gradients_create(program, &gradients, &err), err);
    FTDN_ASSERT_OK(ftdn_multibox_loss_init(&loss, &f->network, f->network.priors, &f->arena, &err), err);
    float *logits = FTDN_NEW(&f->arena, n_priors * 21, float, &err),
          *dlogits = FTDN_NEW(&f->arena, n_priors * 21, float, &err);
    float *locations = FTDN_NEW(&f->arena, n_priors * 4, float, &err),
          *dlocations = FTDN_NEW(&f->arena, n_priors * 4, float, &err);
    for (int i = 0; i < n_images; i++) {
        const ftdn_input input = {.n_images = 1, .values = formula_image(f, i)};
        FTDN_ASSERT_OK(ftdn_forward(context, packed, &input, NULL, &err), err);
        ftdn_network_gather(&f->network, context, 0, logits, locations);
        const ftdn_loss_image image = {logits, locations, f->objects[i], f->object[i]};
        ftdn_loss_value value = ftdn_multibox_loss_compute(&loss, &image, f->n_positives, dlogits, dlocations);
        total.classification += value.classification;
        total.regression += value.regression;
        ftdn_gradients_clear(gradients);
        seed_heads(f, gradients, context, dlogits, dlocations);
        FTDN_ASSERT_OK(ftdn_backward(gradients, context, packed, f->dparam, &err), err);
        add_scores(f, context, gradients);
    }
    ftdn_gradients_free(gradients);
    ftdn_context_free(context);
    ftdn_packed_free(packed);
    ftdn_program_free(program);
    return total;
}

static const ftdn_json *golden_scores(const fixture *f, const char *key, const char *layer)
{
    const ftdn_json *scores = ftdn_json_find(ftdn_json_find(ftdn_json_find(f->golden, "rank"), key), layer);
    assert_non_null(scores);
    return scores;
}

/* Scores within the tolerance of the layer's largest, and channels in the same order wherever they differ by more. */
static void assert_scores(const fixture *f, const char *key, const char *layer, const double *score)
{
    const ftdn_json *golden = golden_scores(f, key, layer);
    double largest = 0;
    int n = golden->n_children;
    for (int k = 0; k < n; k++) largest = fmax(largest, fabs(golden->child[k]->number));
    for (int k = 0; k < n; k++) {
        double difference = fabs(score[k] - golden->child[k]->number);
        if (!(difference <= SCORE_TOLERANCE * largest)) {
            fail_msg("%s %s, channel %d: %g, not %g (largest %g)", key, layer, k, score[k], golden->child[k]->number,
                     largest);
        }
    }
    for (int a = 0; a < n; a++) {
        for (int b = 0; b < n; b++) {
            if (golden->child[a]->number - golden->child[b]->number > 2 * SCORE_TOLERANCE * largest)
                assert_true(score[a] > score[b]);
        }
    }
}

static void assert_param_gradients(const fixture *f)
{
    const ftdn_json *gradients = ftdn_json_find(f->golden, "parameter_gradients");
    for (int i = 0; i < gradients->n_children; i++) {
        const ftdn_json *golden = gradients->child[i], *first = ftdn_json_find(golden, "first16");
        int param = ftdn_graph_find_param(&f->network.graph, golden->key);
        bool is_first = !strcmp(f->network.name, "ssd_vgg16") && !strcmp(golden->key, "base_net.0.weight");
        double tolerance = is_first ? FIRST_GRADIENT_TOLERANCE : GRADIENT_TOLERANCE;
        const float *dparam = f->dparam[param];
        double largest = fmax(fabs(ftdn_json_find(golden, "min")->number), fabs(ftdn_json_find(golden, "max")->number));
        double sum = 0, norm = ftdn_json_find(golden, "l2")->number;
        for (size_t e = 0; e < f->network.graph.param[param].n_elements; e++)
            sum += (double)dparam[e] * (double)dparam[e];
        if (!(fabs(sqrt(sum) - norm) <= tolerance * norm))
            fail_msg("%s: norm %g, not %g", golden->key, sqrt(sum), norm);
        for (int e = 0; e < first->n_children; e++) {
            if (!(fabs((double)dparam[e] - first->child[e]->number) <= tolerance * largest)) {
                fail_msg("%s: element %d is %g, not %g", golden->key, e, (double)dparam[e], first->child[e]->number);
            }
        }
    }
}

static void assert_rankings_by_images(const char *name, const char *backend)
{
    ftdn_test_require_shared();
    static fixture f;
    load(&f, name);
    ftdn_loss_value loss = run(&f, backend);
    const ftdn_json *golden = ftdn_json_find(f.golden, "loss");
    double classification = ftdn_json_find(golden, "classification")->number;
    double regression = ftdn_json_find(golden, "regression")->number;
    assert_true(fabs(loss.classification - classification) <= 1e-5 * classification);
    assert_true(fabs(loss.regression - regression) <= 1e-5 * regression);
    assert_param_gradients(&f);
    for (int l = 0; l < f.n_layers; l++) {
        int n_channels = f.network.graph.node[f.layer[l].point[0]].shape.c;
        for (int i = 0; i < 4; i++) {
            double *score = f.layer[l].score[i / 2][i % 2];
            ftdn_ranker_finish_mean(score, n_channels, n_images);
            char *key = ftdn_arena_format(&f.arena, NULL, "%s.%s", i / 2 ? "entropy" : "second_order", points[i % 2]);
            assert_scores(&f, key, f.layer[l].name, score);
        }
    }
    ftdn_arena_done(&f.arena);
}

static void cpu_ranks_mobilenet_as_pytorch_does(void **state)
{
    (void)state;
    assert_rankings_by_images("ssd_mobilenet_v1", "cpu");
}

static void cpu_ranks_vgg_as_pytorch_does(void **state)
{
    (void)state;
    assert_rankings_by_images("ssd_vgg16", "cpu");
}

static void ref_ranks_mobilenet_as_pytorch_does(void **state)
{
    (void)state;
    assert_rankings_by_images("ssd_mobilenet_v1", "ref");
}

static void ref_ranks_vgg_as_pytorch_does(void **state)
{
    (void)state;
    assert_rankings_by_images("ssd_vgg16", "ref");
}

static void weight_sums_are_those_of_the_reference(void **state)
{
    (void)state;
    ftdn_test_require_shared();
    static const char *const names[2] = {"ssd_mobilenet_v1", "ssd_vgg16"};
    static fixture f;
    for (int n = 0; n < 2; n++) {
        load(&f, names[n]);
        for (int own_filter = 0; own_filter < 2; own_filter++) {
            const char *key = own_filter ? "weight_sum.filter" : "weight_sum.outgoing";
            const ftdn_json *layers = ftdn_json_find(ftdn_json_find(f.golden, "rank"), key);
            const ftdn_ranker_options options = {.own_filter = own_filter};
            for (int l = 0; l < layers->n_children; l++) {
                double score[2048];
                ftdn_error err;
                int layer = ftdn_test_find_layer(&f.network.graph, layers->child[l]->key);
                FTDN_ASSERT_OK(
                    ftdn_ranker_weight_sum.score_weights(&f.network.graph, &f.weights, layer, &options, score, &err),
                    err);
                assert_scores(&f, key, layers->child[l]->key, score);
            }
        }
        ftdn_arena_done(&f.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weight_sums_are_those_of_the_reference), cmocka_unit_test(cpu_ranks_mobilenet_as_pytorch_does),
        cmocka_unit_test(cpu_ranks_vgg_as_pytorch_does),          cmocka_unit_test(ref_ranks_mobilenet_as_pytorch_does),
        cmocka_unit_test(ref_ranks_vgg_as_pytorch_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
