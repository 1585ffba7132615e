/* test_class_names.c - the classes that a weight file names, and whether those of the images are the same. */
#include "harness/plan/class_names.h"

#include <string.h>

#include "base/file.h"
#include "harness/plan/model.h"
#include "tests/harness/planned.h"

static void names_are_a_json_list_or_stand_between_commas(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int n;
        const char *name[3];
    } cases[] = {
        {"[\"car\", \"traffic cone\"]", 2, {"car", "traffic cone"}},
        {"[\"background\",\"car\"]", 1, {"car"}},
        {"car,traffic cone,bus", 3, {"car", "traffic cone", "bus"}},
        {"background,car", 1, {"car"}},
        {"car", 1, {"car"}},
    };
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ftdn_error err = {0};
        ftdn_class_names names;
        FTDN_ASSERT_OK(ftdn_class_names_parse(cases[i].text, "w", &arena, &names, &err), err);
        assert_int_equal(names.n, cases[i].n);
        for (int c = 0; c < names.n; c++) assert_string_equal(names.name[c], cases[i].name[c]);
    }
    ftdn_arena_done(&arena);
}

static void lists_that_are_none_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "class 0 has an empty name"},
        {"car,,bus", "class 1 has an empty name"},
        {"car,bus,car", "classes 0 and 2 are both called 'car'"},
        {"background", "a dataset of 0 classes"},
        {"[]", "a dataset of 0 classes"},
        {"[\"car\", 7]", "item 1 is a number, no name"},
        {"[\"car\"", "list:1:7: expected"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ftdn_arena arena;
        ftdn_arena_init(&arena);
        ftdn_error err = {0};
        ftdn_class_names names = {.n = 77};
        assert_int_not_equal(ftdn_class_names_parse(cases[i].text, "w", &arena, &names, &err), FTDN_OK);
        assert_int_equal(names.n, 77);
        if (!strstr(err.message, cases[i].message)) fail_msg("'%s' lacks '%s'", err.message, cases[i].message);
        ftdn_arena_done(&arena);
    }
}

typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    char *folder;
} fixture;

static void create(fixture *f)
{
    *f = (fixture){0};
    ftdn_arena_init(&f->arena);
    f->folder = ftdn_test_create_folder(&f->arena);
}

static void destroy(fixture *f)
{
    ftdn_test_remove_folder(f->folder);
    ftdn_arena_done(&f->arena);
}

/* A weight file of formula values for n_classes classes, whose metadata say `classes`. */
static void write_weights(fixture *f, int n_classes, const char *classes)
{
    const ftdn_network_desc desc = {.name = "ssd_mobilenet_v1", .n_classes = n_classes, .width = 0.1};
    ftdn_network network;
    ftdn_weights weights;
    FTDN_ASSERT_OK(ftdn_network_create(&desc, &f->arena, &network, &f->err), f->err);
    FTDN_ASSERT_OK(ftdn_weights_formula(&network.graph, 0, &f->arena, &weights, &f->err), f->err);
    ftdn_metadata_entry entries[] = {{"classes", classes}, {"width", "0.1"}, {"network", "ssd_mobilenet_v1"}};
    ftdn_tensor_file file = {.n_tensors = network.graph.n_params, .n_metadata = 3, .metadata = entries};
    file.tensor = FTDN_NEW(&f->arena, (size_t)file.n_tensors, ftdn_named_tensor, &f->err);
    assert_non_null(file.tensor);
    for (int i = 0; i < file.n_tensors; i++) {
        const ftdn_param *param = &network.graph.param[i];
        ftdn_named_tensor *tensor = &file.tensor[i];
        *tensor = (ftdn_named_tensor){.name = param->name, .n_dims = param->n_dims, .values = weights.value[i]};
        tensor->n_elements = param->n_elements;
        memcpy(tensor->dims, param->dims, sizeof param->dims);
    }
    const char *path = ftdn_path_join(&f->arena, f->folder, "w.safetensors", &f->err);
    FTDN_ASSERT_OK(ftdn_safetensors_write(path, &file, NULL, &f->err), f->err);
}

/* Plan the network of these weights on other images. */
static ftdn_status plan(fixture *f, const char *dataset)
{
    ftdn_planned p;
    const char *text = ftdn_arena_format(&f->arena, &f->err,
                                         "{'manifest_version': 1, 'name': 'x',\n"
                                         " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'w.safetensors', "
                                         "'width': 0.1},\n 'dataset': %s}",
                                         dataset);
    ftdn_planned_parse(&p, text, ftdn_path_join(&f->arena, f->folder, "m.json", &f->err));
    ftdn_status status = ftdn_planned_plan(&p);
    f->err = p.err;
    ftdn_planned_done(&p);
    return status;
}

#define ROAD_WORDS "car, pedestrian, cyclist, van, truck, bus, traffic_cone, channelizer"

static void weights_run_on_images_of_their_classes_only(void **state)
{
    (void)state;
    fixture f;
    create(&f);
    write_weights(&f, 8, "car,pedestrian,cyclist,van,truck,bus,traffic_cone,channelizer");
    FTDN_ASSERT_OK(plan(&f, "{'kind': 'road', 'images': 2}"), f.err);
    FTDN_ASSERT_FAILS(plan(&f, "{'kind': 'test_scenes', 'images': 2}"), FTDN_ERR_MANIFEST,
                      "m.json:2:11: model: ", f.err);
    assert_non_null(strstr(f.err.message, "w.safetensors is of 8 classes, not of 20"));

    write_weights(&f, 8, "car,pedestrian,cyclist,van,bus,truck,traffic_cone,channelizer");
    FTDN_ASSERT_FAILS(plan(&f, "{'kind': 'road', 'images': 2}"), FTDN_ERR_MANIFEST,
                      "m.json:2:51: model.weights: ", f.err);
    assert_non_null(strstr(f.err.message, "w.safetensors has 8 classes: car, pedestrian, cyclist, van, bus, truck, "));
    assert_non_null(strstr(f.err.message, " has 8 classes: " ROAD_WORDS "; they must be the same in the same order"));

    write_weights(&f, 8, "[\"car\", ");
    FTDN_ASSERT_FAILS(plan(&f, "{'kind': 'road', 'images': 2}"), FTDN_ERR_INPUT,
                      "w.safetensors: metadata 'classes': list:1:9: expected", f.err);
    destroy(&f);
}

static void what_is_left_open_is_as_the_weight_file_says(void **state)
{
    (void)state;
    fixture f;
    ftdn_model model;
    create(&f);
    write_weights(&f, 3, "[\"a\", \"b\", \"c\"]");
    const char *path = ftdn_path_join(&f.arena, f.folder, "w.safetensors", &f.err);
    ftdn_model_settings settings = {.weights = path, .weights_path = path};
    FTDN_ASSERT_OK(ftdn_model_open(&settings, &f.arena, &model, &f.err), f.err);
    assert_string_equal(model.network.name, "ssd_mobilenet_v1");
    assert_int_equal(model.network.n_classes, 3);
    assert_true(model.network.width == 0.1);
    assert_string_equal(model.classes.name[2], "c");
    settings.width = 0.2;
    FTDN_ASSERT_FAILS(ftdn_model_open(&settings, &f.arena, &model, &f.err), FTDN_ERR_INPUT, "does not fit the network",
                      f.err);
    settings.width = 0;
    settings.name = "ssd_vgg16";
    FTDN_ASSERT_FAILS(ftdn_model_open(&settings, &f.arena, &model, &f.err), FTDN_ERR_INPUT, "does not fit the network",
                      f.err);
    destroy(&f);
}

static void a_calibration_of_other_classes_is_refused(void **state)
{
    (void)state;
    ftdn_planned p;
    ftdn_planned_parse(&p,
                       FTDN_PLANNED_HEAD " 'protection': {'method': 'clip'},\n"
                                         " 'calibration': {'kind': 'road', 'images': 2}}",
                       "m.json");
    FTDN_ASSERT_FAILS(ftdn_planned_plan(&p), FTDN_ERR_MANIFEST,
                      "m.json:5:17: calibration: test scenes, seed 0, 2 images has 20 ", p.err);
    assert_non_null(strstr(p.err.message, " has 8 classes: " ROAD_WORDS "; they must be the same"));
    ftdn_planned_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_a_json_list_or_stand_between_commas),
        cmocka_unit_test(lists_that_are_none_are_refused),
        cmocka_unit_test(weights_run_on_images_of_their_classes_only),
        cmocka_unit_test(what_is_left_open_is_as_the_weight_file_says),
        cmocka_unit_test(a_calibration_of_other_classes_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
