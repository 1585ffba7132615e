/* Scopes: which layers of the real networks a name or a glob stands for. */
#include <string.h>

#include "detect/network.h"
#include "injectors/fault.h"
#include "injectors/scope.h"
#include "tests/support/support.h"

typedef struct fixture {
    ftdn_arena arena;
    ftdn_network vgg, mobilenet;
} fixture;

static int set_up(void **state)
{
    static fixture f;
    ftdn_error err;
    ftdn_arena_init(&f.arena);
    const ftdn_network_desc vgg = {.name = "ssd_vgg16", .n_classes = 20};
    const ftdn_network_desc mobilenet = {.name = "ssd_mobilenet_v1", .n_classes = 20};
    FTDN_ASSERT_OK(ftdn_network_create(&vgg, &f.arena, &f.vgg, &err), err);
    FTDN_ASSERT_OK(ftdn_network_create(&mobilenet, &f.arena, &f.mobilenet, &err), err);
    *state = &f;
    return 0;
}

static int tear_down(void **state)
{
    ftdn_arena_done(&((fixture *)*state)->arena);
    return 0;
}

static size_t n_weights(const ftdn_graph *graph, const ftdn_layer_set *layers)
{
    size_t n = 0;
    for (int i = 0; i < layers->n_layers; i++)
        n += graph->param[graph->node[graph->layer[layers->layer[i]].conv].weight].n_elements;
    return n;
}

static size_t n_map_elements(const ftdn_graph *graph, const ftdn_layer_set *layers)
{
    size_t n = 0;
    for (int i = 0; i < layers->n_layers; i++)
        n += ftdn_shape_elements(graph->node[graph->layer[layers->layer[i]].last].shape);
    return n;
}

static ftdn_layer_set resolve(fixture *f, const ftdn_network *network, const char *name, ftdn_location location)
{
    ftdn_error err;
    ftdn_layer_set layers;
    const ftdn_scope scope = {.name = name};
    FTDN_ASSERT_OK(ftdn_scope_resolve(&scope, &network->graph, location, &f->arena, &layers, &err), err);
    return layers;
}

static void features_are_the_layers_of_the_paper(void **state)
{
    fixture *f = *state;
    ftdn_layer_set vgg_weights = resolve(f, &f->vgg, "features", FTDN_LOCATION_WEIGHTS);
    ftdn_layer_set vgg_maps = resolve(f, &f->vgg, "features", FTDN_LOCATION_FEATURE_MAP);
    ftdn_layer_set mobilenet_weights = resolve(f, &f->mobilenet, "features", FTDN_LOCATION_WEIGHTS);
    ftdn_layer_set mobilenet_maps = resolve(f, &f->mobilenet, "features", FTDN_LOCATION_FEATURE_MAP);
    assert_int_equal(vgg_weights.n_layers, 13);
    assert_int_equal(vgg_maps.n_layers, 13);
    assert_int_equal(mobilenet_weights.n_layers, 26);
    assert_int_equal(mobilenet_maps.n_layers, 13);
    assert_int_equal(n_weights(&f->vgg.graph, &vgg_weights), 14710464);            /* the paper's 14.7 million */
    assert_int_equal(n_weights(&f->mobilenet.graph, &mobilenet_weights), 3184224); /* 3.2 million */
    assert_int_equal(n_map_elements(&f->vgg.graph, &vgg_maps), 24372480);          /* 24.4 million */
    assert_int_equal(n_map_elements(&f->mobilenet.graph, &mobilenet_maps), 4933120);
}

static void wider_scopes_hold_the_narrower_ones(void **state)
{
    fixture *f = *state;
    static const char *const order[] = {"features", "convs", "base", "all"};
    const ftdn_network *networks[] = {&f->vgg, &f->mobilenet};
    for (int n = 0; n < 2; n++) {
        for (int location = 0; location < 2; location++) {
            ftdn_layer_set narrow = {0};
            for (int s = 0; s < 4; s++) {
                ftdn_layer_set wide = resolve(f, networks[n], order[s], (ftdn_location)location);
                for (int i = 0, at = 0; i < narrow.n_layers; i++) {
                    while (at < wide.n_layers && wide.layer[at] < narrow.layer[i]) at++;
                    assert_true(at < wide.n_layers && wide.layer[at] == narrow.layer[i]);
                }
                narrow = wide;
            }
            assert_int_equal(narrow.n_layers, networks[n]->graph.n_layers);
        }
    }
    assert_int_equal(resolve(f, &f->mobilenet, "convs", FTDN_LOCATION_FEATURE_MAP).n_layers, 26);
    assert_int_equal(resolve(f, &f->mobilenet, "sources", FTDN_LOCATION_FEATURE_MAP).n_layers, 6);
    assert_int_equal(resolve(f, &f->vgg, "sources", FTDN_LOCATION_FEATURE_MAP).n_layers, 6);
    assert_int_equal(resolve(f, &f->vgg, "base", FTDN_LOCATION_WEIGHTS).n_layers, 15);
    assert_int_equal(resolve(f, &f->mobilenet, "base", FTDN_LOCATION_WEIGHTS).n_layers, 27);
}

static void globs_choose_by_layer_name(void **state)
{
    fixture *f = *state;
    ftdn_error err;
    ftdn_layer_set layers;
    const char *const globs[] = {"base_net.1?.3", "extras.0.*", "base_net.10.3"};
    const ftdn_scope scope = {.n_globs = 3, .glob = globs};
    FTDN_ASSERT_OK(ftdn_scope_resolve(&scope, &f->mobilenet.graph, FTDN_LOCATION_WEIGHTS, &f->arena, &layers, &err),
                   err);
    assert_int_equal(layers.n_layers, 6);
    assert_string_equal(f->mobilenet.graph.layer[layers.layer[0]].name, "base_net.10.3");
    assert_string_equal(f->mobilenet.graph.layer[layers.layer[5]].name, "extras.0.2");
}

static void unknown_names_and_globs_are_errors_that_name_the_nearest(void **state)
{
    fixture *f = *state;
    ftdn_error err;
    ftdn_layer_set layers;
    const ftdn_scope misspelt = {.name = "feature"};
    const char *const glob = "base_net.14.3";
    const ftdn_scope unmatched = {.n_globs = 1, .glob = &glob};
    FTDN_ASSERT_FAILS(ftdn_scope_resolve(&misspelt, &f->vgg.graph, FTDN_LOCATION_WEIGHTS, &f->arena, &layers, &err),
                      FTDN_ERR_ARG, "scope 'feature' is unknown; did you mean 'features'?", err);
    FTDN_ASSERT_FAILS(
        ftdn_scope_resolve(&unmatched, &f->mobilenet.graph, FTDN_LOCATION_WEIGHTS, &f->arena, &layers, &err),
        FTDN_ERR_ARG, "no layer matches 'base_net.14.3'; a layer of this network is called 'base_net.1", err);
}

/* Two layers with one number would share their faults. */
static void no_two_layers_of_a_network_share_a_number(void **state)
{
    fixture *f = *state;
    ftdn_network tf;
    ftdn_error err;
    const ftdn_network_desc desc = {.name = "ssd_mobilenet_v1_tf", .n_classes = 20};
    FTDN_ASSERT_OK(ftdn_network_create(&desc, &f->arena, &tf, &err), err);
    const ftdn_graph *graphs[] = {&f->vgg.graph, &f->mobilenet.graph, &tf.graph};
    for (int g = 0; g < 3; g++) {
        for (int i = 0; i < graphs[g]->n_layers; i++) {
            for (int j = 0; j < i; j++) {
                assert_int_not_equal(ftdn_layer_id(graphs[g]->layer[i].name), ftdn_layer_id(graphs[g]->layer[j].name));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(features_are_the_layers_of_the_paper),
        cmocka_unit_test(wider_scopes_hold_the_narrower_ones),
        cmocka_unit_test(globs_choose_by_layer_name),
        cmocka_unit_test(unknown_names_and_globs_are_errors_that_name_the_nearest),
        cmocka_unit_test(no_two_layers_of_a_network_share_a_number),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
