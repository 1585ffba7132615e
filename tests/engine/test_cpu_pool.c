/* The way back through a max pool: the bits of the plain loops. */
#include <math.h>

#include "engine/cpu/cpu_pool.h"
#include "engine/ref/ref_backward.h"
#include "tests/engine/random_graph.h"

enum { N_IMAGES = 2 };

typedef struct pool_case {
    ftdn_shape in;
    int kernel, stride, pad;
    bool ceil_mode;
} pool_case;

static const pool_case cases[] = {
    {{6, 8, 8}, 2, 2, 0, false},
    {{7, 5, 3}, 2, 2, 0, true},
    {{7, 5, 16}, 2, 2, 0, false},
    {{6, 6, 5}, 3, 1, 1, false},
    {{5, 9, 70}, 3, 2, 1, false},
    {{4, 4, 128}, 3, 1, 1, true},
    {{3, 3, 1}, 3, 3, 0, false},
};

/* Few values, so that windows have several maxima; some of both zeros, some NaN. */
static float *few_values(ftdn_arena *arena, size_t n, uint32_t seed)
{
    static const float values[] = {-1, -0.0f, 0, 0.5f, 2, 2, NAN, -INFINITY};
    random_stream stream = {.seed = seed};
    float *made = FTDN_NEW(arena, n, float, NULL);
    assert_non_null(made);
    for (size_t i = 0; i < n; i++) made[i] = values[draw(&stream, 8)];
    return made;
}

static void gradients_have_the_bits_of_the_plain_loops(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        const pool_case *c = &cases[i / 2];
        bool has_ties = i % 2;
        ftdn_arena arena;
        ftdn_graph graph;
        ftdn_error err;
        ftdn_arena_init(&arena);
        ftdn_graph_init(&graph, &arena);
        int input = ftdn_graph_add_input(&graph, c->in);
        int pool = ftdn_graph_add_max_pool(&graph, input, "pool", c->kernel, c->stride, c->pad, c->ceil_mode);
        FTDN_ASSERT_OK(ftdn_graph_finish(&graph, &err), err);
        const ftdn_node *node = &graph.node[pool];
        size_t n_in = N_IMAGES * ftdn_shape_elements(c->in), n_out = N_IMAGES * ftdn_shape_elements(node->shape);
        const float *x = has_ties ? few_values(&arena, n_in, 5) : random_values(&arena, n_in, 5);
        const float *dy = has_ties ? few_values(&arena, n_out, 6) : random_values(&arena, n_out, 6);
        float *expected = random_values(&arena, n_in, 7), *found = random_values(&arena, n_in, 7);
        ftdn_ref_max_pool_backward(node, c->in, N_IMAGES, x, dy, expected);
        ftdn_cpu_max_pool_backward(node, c->in, N_IMAGES, x, dy, found);
        assert_memory_equal(found, expected, n_in * sizeof *found);
        ftdn_arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_have_the_bits_of_the_plain_loops),
    };
    return cmocka_run_group_tests_name("cpu_pool", tests, NULL, NULL);
}
