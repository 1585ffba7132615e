/* test_training_session.c - a training of a small network on a few road scenes: bits, batches, checkpoints, weights. */
#include <math.h>
#include <stdio.h>

#include "base/file.h"
#include "engine/tensor_file.h"
#include "harness/training/training_checkpoint.h"
#include "harness/training/training_session.h"
#include "harness/training/training_weights.h"
#include "tests/support/support.h"

#define MANIFEST                                                                                                       \
    "{'manifest_version': 1, 'name': 'small', 'model': {'name': 'ssd_mobilenet_v1', 'width': 0.1},\n"                  \
    " 'dataset': {'kind': 'road', 'split': 'train', 'images': 5},\n"                                                   \
    " 'validation': {'dataset': {'kind': 'road', 'split': 'validation', 'images': 2}},\n"                              \
    " 'training': {'steps': 20, 'learning_rate': 0.01, 'batch': 3, 'average': 0.9, 'seed': %d},\n"                     \
    " 'augmentation': {'mirror': true, 'photometric': 1, 'expand': 0.5, 'crop': true}}"

typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    char *folder;
    ftdn_training_session session;
} fixture;

static const char *write_manifest(fixture *f, const char *text, int seed)
{
    char *path = ftdn_path_join(&f->arena, f->folder, "small.json", &f->err);
    char *filled = ftdn_arena_format(&f->arena, &f->err, "%s", text), *place = strstr(filled, "%d");
    assert_non_null(path);
    for (char *c = filled; *c; c++)
        if (*c == '\'') *c = '"';
    if (place) {
        place[0] = ' ';
        place[1] = (char)('0' + seed);
    }
    ftdn_test_write_file(path, filled, strlen(filled));
    return path;
}

/* A session that is open, in an empty folder. */
static void open_session_of(fixture *f, const char *manifest, int seed)
{
    *f = (fixture){0};
    ftdn_arena_init(&f->arena);
    f->folder = ftdn_test_create_folder(&f->arena);
    ftdn_training_session_init(&f->session);
    FTDN_ASSERT_OK(ftdn_training_session_open(&f->session, write_manifest(f, manifest, seed), f->folder, &f->err),
                   f->err);
}

static void open_session(fixture *f, int seed)
{
    open_session_of(f, MANIFEST, seed);
}

static void start_session(fixture *f, int seed, int n_threads)
{
    open_session(f, seed);
    FTDN_ASSERT_OK(ftdn_training_session_start(&f->session, n_threads, &f->err), f->err);
}

static void close_session(fixture *f)
{
    ftdn_training_session_done(&f->session);
    ftdn_test_remove_folder(f->folder);
    ftdn_arena_done(&f->arena);
}

static void take_steps(fixture *f, int n_steps, ftdn_step_result *results)
{
    for (int i = 0; i < n_steps; i++)
        FTDN_ASSERT_OK(ftdn_trainer_step(&f->session.trainer, &results[i], &f->err), f->err);
}

/* Parameters, moments and average have the same bits. */
static void assert_same_state(const ftdn_training_state *a, const ftdn_training_state *b)
{
    const ftdn_graph *graph = &a->model.network.graph;
    assert_int_equal(a->n_steps, b->n_steps);
    assert_int_equal(a->optimizer.n_steps, b->optimizer.n_steps);
    for (int i = 0; i < graph->n_params; i++) {
        size_t n_bytes = graph->param[i].n_elements * sizeof(float);
        assert_memory_equal(a->value[i], b->value[i], n_bytes);
        assert_memory_equal(a->average[i], b->average[i], n_bytes);
        assert_int_equal(!a->optimizer.first[i], !b->optimizer.first[i]);
        if (a->optimizer.first[i]) assert_memory_equal(a->optimizer.first[i], b->optimizer.first[i], n_bytes);
    }
}

static void every_epoch_takes_every_image_once_in_an_order_of_its_own(void **state)
{
    (void)state;
    enum { N = 40, N_EPOCHS = 3 };
    ftdn_arena arena;
    ftdn_error err;
    ftdn_training_order order, other;
    int image[N_EPOCHS * N], n_moved = 0, n_other = 0;
    ftdn_arena_init(&arena);
    FTDN_ASSERT_OK(ftdn_training_order_init(&order, N, 7, &arena, &err), err);
    FTDN_ASSERT_OK(ftdn_training_order_init(&other, N, 8, &arena, &err), err);
    for (int at = 0; at < N_EPOCHS * N; at++) image[at] = ftdn_training_order_get(&order, at);
    for (int e = 0; e < N_EPOCHS; e++) {
        int n_taken[N] = {0};
        for (int i = 0; i < N; i++) n_taken[image[e * N + i]]++;
        for (int i = 0; i < N; i++) assert_int_equal(n_taken[i], 1);
    }
    for (int i = 0; i < N; i++) {
        n_moved += image[i] != image[N + i];
        n_other += image[i] != ftdn_training_order_get(&other, i);
    }
    assert_true(n_moved > N / 2 && n_other > N / 2);
    /* Places may be asked for in any order: the last epoch before the first. */
    for (int at = N_EPOCHS * N - 1; at >= 0; at--) assert_int_equal(ftdn_training_order_get(&order, at), image[at]);
    ftdn_arena_done(&arena);
}

static void the_first_place_of_an_image_is_even_over_seeds(void **state)
{
    (void)state;
    enum { N = 4, N_SEEDS = 4000 };
    ftdn_arena arena;
    ftdn_error err;
    int count[N] = {0};
    ftdn_arena_init(&arena);
    for (uint64_t seed = 0; seed < N_SEEDS; seed++) {
        ftdn_training_order order;
        FTDN_ASSERT_OK(ftdn_training_order_init(&order, N, seed, &arena, &err), err);
        count[ftdn_training_order_get(&order, 0)]++;
    }
    /* Binomial: 1000 expected, sigma = sqrt(4000 * 1/4 * 3/4) = 27; four of them. */
    for (int i = 0; i < N; i++) assert_in_range(count[i], 1000 - 110, 1000 + 110);
    ftdn_arena_done(&arena);
}

static void initial_weights_have_the_documented_bounds(void **state)
{
    (void)state;
    fixture f;
    open_session(&f, 1);
    const ftdn_training_state *s = &f.session.state;
    const ftdn_graph *graph = &s->model.network.graph;
    for (int i = 0; i < graph->n_params; i++) {
        const ftdn_param *param = &graph->param[i];
        bool is_one = param->kind == FTDN_PARAM_BN_SCALE || param->kind == FTDN_PARAM_BN_VAR;
        float least = INFINITY, greatest = -INFINITY;
        for (size_t e = 0; e < param->n_elements; e++) {
            least = fminf(least, s->value[i][e]);
            greatest = fmaxf(greatest, s->value[i][e]);
        }
        assert_memory_equal(s->value[i], s->average[i], param->n_elements * sizeof(float));
        if (param->kind != FTDN_PARAM_CONV_WEIGHT) {
            assert_true(least == (is_one ? 1 : 0) && greatest == (is_one ? 1 : 0));
            continue;
        }
        bool is_head = graph->layer[graph->node[param->node].layer].roles & FTDN_ROLE_HEAD;
        double kernel = (double)(param->dims[2] * param->dims[3]);
        double n_in = (double)param->dims[1] * kernel, n_out = is_head ? (double)param->dims[0] * kernel : 0;
        double bound = sqrt(6 / (n_in + n_out));
        assert_true((double)greatest <= bound && (double)least >= -bound);
        /* Of n even draws the greatest lies below 0.8 of the bound with a chance of 0.9^n. */
        if (param->n_elements > 200) assert_true((double)greatest > 0.8 * bound && (double)least < -0.8 * bound);
    }
    close_session(&f);
}

static void views_are_a_function_of_the_step(void **state)
{
    (void)state;
    fixture f;
    start_session(&f, 1, 2);
    ftdn_training_batch *batch = &f.session.trainer.batch;
    size_t n_bytes = (size_t)300 * 300 * 3;
    uint8_t *kept = FTDN_NEW(&f.arena, 3 * n_bytes, uint8_t, &f.err);
    int n_objects[3];
    assert_non_null(kept);
    FTDN_ASSERT_OK(ftdn_training_batch_make(batch, 4, &f.err), f.err);
    for (size_t i = 0; i < 3; i++) {
        memcpy(kept + i * n_bytes, batch->view[i].pixels, n_bytes);
        n_objects[i] = batch->view[i].n_objects;
    }
    FTDN_ASSERT_OK(ftdn_training_batch_make(batch, 9, &f.err), f.err);
    assert_true(memcmp(kept, batch->view[0].pixels, n_bytes) != 0);
    FTDN_ASSERT_OK(ftdn_training_batch_make(batch, 4, &f.err), f.err);
    for (size_t i = 0; i < 3; i++) {
        assert_memory_equal(kept + i * n_bytes, batch->view[i].pixels, n_bytes);
        assert_int_equal(batch->view[i].n_objects, n_objects[i]);
        assert_int_equal(batch->source[i], ftdn_training_order_get(&batch->order, 4 * 3 + (int)i));
    }
    close_session(&f);
}

static void no_bit_depends_on_threads(void **state)
{
    (void)state;
    enum { N_STEPS = 3 };
    fixture one, several;
    ftdn_step_result expected[N_STEPS], found[N_STEPS];
    start_session(&one, 1, 1);
    take_steps(&one, N_STEPS, expected);
    for (int n_threads = 2; n_threads <= 4; n_threads += 2) {
        start_session(&several, 1, n_threads);
        take_steps(&several, N_STEPS, found);
        assert_memory_equal(found, expected, sizeof found);
        assert_same_state(&several.session.state, &one.session.state);
        close_session(&several);
    }
    close_session(&one);
}

static void a_training_goes_on_from_its_checkpoint_with_the_same_bits(void **state)
{
    (void)state;
    enum { N_BEFORE = 2, N_AFTER = 2 };
    fixture whole, stopped;
    ftdn_step_result expected[N_BEFORE + N_AFTER], found[N_AFTER];
    ftdn_error err;
    start_session(&whole, 1, 2);
    take_steps(&whole, N_BEFORE + N_AFTER, expected);

    start_session(&stopped, 1, 1);
    take_steps(&stopped, N_BEFORE, found);
    for (int i = 0; i < N_BEFORE; i++) ftdn_training_log_add_step(&stopped.session.log, i + 1, 0, &found[i]);
    FTDN_ASSERT_OK(ftdn_training_session_save(&stopped.session, &err), err);
    ftdn_training_session_done(&stopped.session);

    ftdn_training_session_init(&stopped.session);
    FTDN_ASSERT_OK(
        ftdn_training_session_open(&stopped.session, write_manifest(&stopped, MANIFEST, 1), stopped.folder, &err), err);
    FTDN_ASSERT_OK(ftdn_training_session_start(&stopped.session, 2, &err), err);
    assert_int_equal(stopped.session.n_resumed, N_BEFORE);
    take_steps(&stopped, N_AFTER, found);
    assert_memory_equal(found, expected + N_BEFORE, sizeof found);
    assert_same_state(&stopped.session.state, &whole.session.state);
    close_session(&stopped);
    close_session(&whole);
}

static void a_checkpoint_of_another_training_is_refused_with_what_differs(void **state)
{
    (void)state;
    fixture f;
    ftdn_error err;
    start_session(&f, 1, 1);
    FTDN_ASSERT_OK(
        ftdn_training_checkpoint_write(f.session.checkpoint_path, &f.session.state, &f.session.spec, &f.arena, &err),
        err);
    ftdn_training_session_done(&f.session);
    ftdn_training_session_init(&f.session);
    FTDN_ASSERT_OK(ftdn_training_session_open(&f.session, write_manifest(&f, MANIFEST, 2), f.folder, &err), err);
    FTDN_ASSERT_FAILS(
        ftdn_training_session_start(&f.session, 1, &err), FTDN_ERR_INPUT,
        "/checkpoint.safetensors' is a checkpoint of another training: training.seed is 1 there and 2 here", err);
    ftdn_training_session_done(&f.session);
    ftdn_training_session_init(&f.session);
    FTDN_ASSERT_OK(ftdn_training_session_open(
                       &f.session,
                       write_manifest(&f,
                                      "{'manifest_version': 1, 'name': 'small',"
                                      " 'model': {'name': 'ssd_mobilenet_v1', 'width': 0.2},\n"
                                      " 'dataset': {'kind': 'road', 'split': 'train', 'images': 5},\n"
                                      " 'validation': {'dataset': {'kind': 'road', 'split': 'v', 'images': 2}},\n"
                                      " 'training': {'steps': 20, 'learning_rate': 0.01}}",
                                      0),
                       f.folder, &err),
                   err);
    FTDN_ASSERT_FAILS(ftdn_training_session_start(&f.session, 1, &err), FTDN_ERR_INPUT,
                      "augmentation.crop is true there and false here; take another folder (--output), or remove", err);
    close_session(&f);
}

static void weights_of_something_else_are_no_checkpoint(void **state)
{
    (void)state;
    fixture f;
    ftdn_error err;
    open_session(&f, 1);
    float value = 1;
    ftdn_named_tensor tensor = {.name = "x", .dtype = "F32", .n_dims = 0, .n_elements = 1, .values = &value};
    const ftdn_tensor_file file = {.n_tensors = 1, .tensor = &tensor};
    FTDN_ASSERT_OK(ftdn_safetensors_write(f.session.checkpoint_path, &file, NULL, &err), err);
    FTDN_ASSERT_FAILS(ftdn_training_session_start(&f.session, 1, &err), FTDN_ERR_INPUT,
                      "is no checkpoint of a training", err);
    close_session(&f);
}

static void specs_differ_where_the_message_says(void **state)
{
    (void)state;
    static const struct {
        const char *there, *here, *difference;
    } cases[] = {
        {"{\"a\":1}", "{\"a\":1}", ""},
        {"{\"a\":{\"b\":1,\"c\":2}}", "{\"a\":{\"b\":1,\"c\":3}}", "a.c is 2 there and 3 here"},
        {"{\"a\":1}", "{\"a\":1,\"b\":\"x\"}", "b is absent there and \"x\" here"},
        {"{\"a\":1,\"b\":2}", "{\"a\":1}", "b is 2 there and absent here"},
    };
    ftdn_arena arena;
    ftdn_error err;
    ftdn_arena_init(&arena);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *difference;
        FTDN_ASSERT_OK(ftdn_training_spec_compare(cases[i].there, cases[i].here, &arena, &difference, &err), err);
        assert_string_equal(difference, cases[i].difference);
    }
    ftdn_arena_done(&arena);
}

/* Of weights at 0 and an average of theirs at 1, after each step. */
static void the_average_forgets_the_first_steps_soon(void **state)
{
    (void)state;
    fixture f;
    open_session(&f, 1);
    ftdn_training_state *s = &f.session.state;
    int param = 0;
    s->value[param][0] = 0;
    s->average[param][0] = 1;
    s->n_steps = 1; /* the decay is min(0.9, 2 / 11) */
    ftdn_training_state_average(s);
    assert_true(fabs((double)s->average[param][0] - 2.0 / 11) < 1e-6);
    s->n_steps = 1000;
    s->average[param][0] = 1;
    ftdn_training_state_average(s);
    assert_true(fabs((double)s->average[param][0] - 0.9) < 1e-6);
    close_session(&f);
}

static void half_weights_round_the_convolutions_and_nothing_else(void **state)
{
    (void)state;
    fixture f;
    ftdn_weights rounded, whole;
    ftdn_error err;
    open_session(&f, 1);
    ftdn_training_state *s = &f.session.state;
    const ftdn_graph *graph = &s->model.network.graph;
    FTDN_ASSERT_OK(ftdn_training_weights_ship(s, true, &f.arena, &rounded, &err), err);
    FTDN_ASSERT_OK(ftdn_training_weights_ship(s, false, &f.arena, &whole, &err), err);
    int n_changed = 0;
    for (int i = 0; i < graph->n_params; i++) {
        bool is_conv = graph->param[i].kind == FTDN_PARAM_CONV_WEIGHT;
        for (size_t e = 0; e < graph->param[i].n_elements; e++) {
            float was = s->average[i][e], is = rounded.value[i][e];
            assert_true(whole.value[i][e] == was);
            /* 11 bits: an error of at most 2^-12 of the value, or of the least normal number. */
            assert_true(fabsf(is - was) <= fmaxf(fabsf(was), 0x1p-14f) * 0x1p-11f);
            n_changed += is != was;
            if (!is_conv) assert_true(is == was);
        }
    }
    assert_true(n_changed > 1000);
    int conv = ftdn_graph_find_param(graph, "base_net.0.0.weight");
    assert_true(conv >= 0);
    s->average[conv][3] = 70000;
    FTDN_ASSERT_FAILS(ftdn_training_weights_ship(s, true, &f.arena, &rounded, &err), FTDN_ERR_INPUT,
                      "'base_net.0.0.weight': weight 70000 does not fit into f16; set output.precision to f32", err);
    close_session(&f);
}

#define VGG                                                                                                            \
    "{'manifest_version': 1, 'name': 'small', 'model': {'name': 'ssd_vgg16', 'width': 0.1},\n"                         \
    " 'dataset': {'kind': 'road', 'split': 'train', 'images': 4},\n"                                                   \
    " 'validation': {'dataset': {'kind': 'road', 'split': 'validation', 'images': 2}},\n"                              \
    " 'training': {'steps': 2, 'learning_rate': 0.01, 'batch': 2, 'average': 0.5, 'batch_norms': true}}"

/* The shipped values are those of the average with each batch norm multiplied into its filter and bias; the file fits
 * the network as published, and the checkpoint the one that learns. */
static void batch_norms_that_only_learn_are_shipped_folded(void **state)
{
    (void)state;
    fixture f;
    ftdn_step_result result[2];
    ftdn_weights shipped;
    ftdn_tensor_file file;
    open_session_of(&f, VGG, 0);
    FTDN_ASSERT_OK(ftdn_training_session_start(&f.session, 2, &f.err), f.err);
    take_steps(&f, 2, result);
    ftdn_training_state *s = &f.session.state;
    const ftdn_graph *learns = &s->model.network.graph, *graph = &s->shipped.graph;
    assert_non_null(strstr(f.session.spec.text, "\"batch_norms\":true"));
    assert_true(ftdn_graph_find_param(learns, "base_net.5.norm.weight") >= 0);
    assert_int_equal(ftdn_graph_find_param(graph, "base_net.5.norm.weight"), -1);
    FTDN_ASSERT_OK(ftdn_training_weights_ship(s, false, &f.arena, &shipped, &f.err), f.err);
    assert_int_equal(shipped.n_params, graph->n_params);

    const int conv = ftdn_graph_find_layer(learns, "base_net.5"), plain = ftdn_graph_find_layer(graph, "base_net.5");
    const ftdn_node *filter = &learns->node[learns->layer[conv].conv], *norm = filter + 1;
    const ftdn_node *folded = &graph->node[graph->layer[plain].conv];
    const size_t n_per_filter = graph->param[folded->weight].n_elements / (size_t)folded->shape.c;
    for (size_t k = 0; k < (size_t)folded->shape.c; k++) {
        double slope = (double)s->average[norm->bn_scale][k] / sqrt((double)s->average[norm->bn_var][k] + 1e-5);
        double bias = (double)s->average[norm->bn_shift][k] - (double)s->average[norm->bn_mean][k] * slope;
        double weight = slope * (double)s->average[filter->weight][k * n_per_filter];
        /* Two roundings to float of each product. */
        assert_true(fabs((double)shipped.value[folded->weight][k * n_per_filter] - weight) <= 2e-7 * fabs(weight));
        assert_true(fabs((double)shipped.value[folded->bias][k] - bias) <= 2e-7 * (fabs(bias) + 1e-6));
    }

    const ftdn_trial_result validated = {0};
    const ftdn_training_product product = {
        .state = s, .spec = &f.session.spec, .weights = shipped, .dataset = f.session.dataset,
        .validation = f.session.validation, .validated = &validated};
    FTDN_ASSERT_OK(ftdn_training_weights_write(f.session.weights_path, &product, &f.arena, &f.err), f.err);
    FTDN_ASSERT_OK(ftdn_tensor_file_load(f.session.weights_path, &f.arena, &file, &f.err), f.err);
    assert_int_equal(file.n_tensors, graph->n_params);
    const ftdn_model_settings settings = {.weights = f.session.weights_path, .weights_path = f.session.weights_path};
    ftdn_model model;
    FTDN_ASSERT_OK(ftdn_model_open(&settings, &f.arena, &model, &f.err), f.err);
    assert_string_equal(model.network.name, "ssd_vgg16");
    assert_true(model.network.width == 0.1 && model.network.graph.n_params == graph->n_params);

    FTDN_ASSERT_OK(ftdn_training_session_save(&f.session, &f.err), f.err);
    FTDN_ASSERT_OK(ftdn_tensor_file_load(f.session.checkpoint_path, &f.arena, &file, &f.err), f.err);
    assert_non_null(ftdn_tensor_file_find(&file, "average.base_net.5.norm.running_mean"));
    close_session(&f);
}

/* A file of the same network: one parameter of another shape, one left out. */
static void initial_weights_are_taken_where_name_and_shape_match(void **state)
{
    (void)state;
    fixture f;
    ftdn_error err;
    open_session(&f, 1);
    const ftdn_graph *graph = &f.session.state.model.network.graph;
    ftdn_named_tensor *tensor = FTDN_NEW(&f.arena, (size_t)graph->n_params, ftdn_named_tensor, &err);
    assert_non_null(tensor);
    ftdn_tensor_file file = {.tensor = tensor};
    for (int i = 1; i < graph->n_params; i++) {
        const ftdn_param *param = &graph->param[i];
        float *values = FTDN_NEW(&f.arena, param->n_elements, float, &err);
        assert_non_null(values);
        for (size_t e = 0; e < param->n_elements; e++) values[e] = 0.25f;
        ftdn_named_tensor *t = &tensor[file.n_tensors++];
        *t = (ftdn_named_tensor){
            .name = param->name, .n_dims = param->n_dims, .n_elements = param->n_elements, .values = values};
        memcpy(t->dims, param->dims, (size_t)param->n_dims * sizeof *t->dims);
        if (i == 1) {
            t->n_dims = 1;
            t->dims[0] = 1;
            t->n_elements = 1;
        }
    }
    const char *path = ftdn_path_join(&f.arena, f.folder, "initial.safetensors", &err);
    FTDN_ASSERT_OK(ftdn_safetensors_write(path, &file, NULL, &err), err);
    ftdn_training_manifest manifest = f.session.manifest;
    manifest.initial_weights = path;
    ftdn_training_state s;
    FTDN_ASSERT_OK(ftdn_training_state_init(&s, &manifest, &f.arena, &err), err);
    assert_int_equal(s.n_taken, graph->n_params - 2);
    assert_int_equal(s.n_left, 2);
    assert_string_equal(s.left[0], graph->param[0].name);
    assert_string_equal(s.left[1], graph->param[1].name);
    for (int i = 0; i < graph->n_params; i++) {
        if (i < 2)
            assert_memory_equal(s.value[i], f.session.state.value[i], graph->param[i].n_elements * sizeof(float));
        else assert_true(s.value[i][0] == 0.25f && s.average[i][0] == 0.25f);
    }
    file.n_tensors = 1;
    tensor[0].name = "stranger";
    FTDN_ASSERT_OK(ftdn_safetensors_write(path, &file, NULL, &err), err);
    FTDN_ASSERT_FAILS(ftdn_training_state_init(&s, &manifest, &f.arena, &err), FTDN_ERR_INPUT,
                      "no tensor of it has name and shape of a parameter of network 'ssd_mobilenet_v1'", err);
    close_session(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_epoch_takes_every_image_once_in_an_order_of_its_own),
        cmocka_unit_test(the_first_place_of_an_image_is_even_over_seeds),
        cmocka_unit_test(initial_weights_have_the_documented_bounds),
        cmocka_unit_test(views_are_a_function_of_the_step),
        cmocka_unit_test(no_bit_depends_on_threads),
        cmocka_unit_test(a_training_goes_on_from_its_checkpoint_with_the_same_bits),
        cmocka_unit_test(a_checkpoint_of_another_training_is_refused_with_what_differs),
        cmocka_unit_test(weights_of_something_else_are_no_checkpoint),
        cmocka_unit_test(specs_differ_where_the_message_says),
        cmocka_unit_test(the_average_forgets_the_first_steps_soon),
        cmocka_unit_test(half_weights_round_the_convolutions_and_nothing_else),
        cmocka_unit_test(batch_norms_that_only_learn_are_shipped_folded),
        cmocka_unit_test(initial_weights_are_taken_where_name_and_shape_match),
    };
    return cmocka_run_group_tests_name("training_session", tests, NULL, NULL);
}
