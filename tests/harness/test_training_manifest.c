/* test_training_manifest.c - what a training manifest says, and each mistake at its place. */
#include <stdio.h>

#include "harness/training/training_keys.h"
#include "harness/training/training_manifest.h"
#include "tests/support/support.h"

#define ROAD "{'kind': 'road', 'split': 'train', 'images': 4}"
#define OTHER_ROAD "{'kind': 'road', 'split': 'validation', 'images': 2}"
#define VALIDATION "'validation': {'dataset': " OTHER_ROAD "}"
#define SMALL                                                                                                          \
    "{'manifest_version': 1, 'name': 'small', 'model': {'name': 'ssd_mobilenet_v1', 'width': 0.1},\n"                  \
    " 'dataset': " ROAD ",\n " VALIDATION ",\n"                                                                        \
    " 'training': {'steps': 10, 'learning_rate': 0.01}}"

typedef struct fixture {
    ftdn_arena arena;
    ftdn_error err;
    ftdn_mistakes mistakes;
    ftdn_training_manifest manifest;
} fixture;

static ftdn_status read_manifest(fixture *f, const char *text)
{
    ftdn_arena_init(&f->arena);
    f->err = (ftdn_error){0};
    ftdn_mistakes_init(&f->mistakes, &f->arena);
    char *quoted = ftdn_arena_copy_text(&f->arena, text, strlen(text), &f->err);
    assert_non_null(quoted);
    for (char *c = quoted; *c; c++)
        if (*c == '\'') *c = '"';
    return ftdn_training_manifest_parse(quoted, strlen(quoted), "m.json", &f->arena, &f->mistakes, &f->manifest,
                                        &f->err);
}

static void the_defaults_hold_where_nothing_is_given(void **state)
{
    (void)state;
    fixture f;
    FTDN_ASSERT_OK(read_manifest(&f, SMALL), f.err);
    const ftdn_training_manifest *m = &f.manifest;
    assert_string_equal(m->name, "small");
    assert_string_equal(m->description, "");
    assert_null(m->initial_weights);
    assert_int_equal(m->dataset.kind, FTDN_DATA_ROAD);
    assert_string_equal(m->dataset.split, "train");
    assert_int_equal(m->dataset.n_images, 4);
    assert_string_equal(m->validation.dataset.split, "validation");
    assert_string_equal(m->validation.model.name, "ssd_mobilenet_v1");
    assert_true(m->validation.model.width == 0.1);
    assert_int_equal(m->validation.model.n_classes, 8);
    assert_string_equal(m->validation.engine.backend, "cpu");
    assert_string_equal(m->validation.protection.method, "none");
    assert_true(m->validation.faults.weight_rate == 0 && m->validation.faults.feature_map_rate == 0);
    assert_int_equal(m->validate_every, 500);
    assert_int_equal(m->seed, 0);
    assert_int_equal(m->batch, 32);
    assert_int_equal(m->n_steps, 10);
    assert_int_equal(m->optimizer.kind, FTDN_OPTIMIZER_SGD);
    assert_true(m->optimizer.momentum == 0.9 && m->optimizer.weight_decay == 0.0005);
    assert_true(m->optimizer.max_gradient_norm == 0 && m->average == 0);
    assert_true(m->learning_rate.peak == 0.01 && m->learning_rate.final_fraction == 0);
    assert_int_equal(m->learning_rate.n_steps, 10);
    assert_false(m->augmentation.mirror || m->augmentation.crop || m->writes_half || m->batch_norms);
    assert_true(m->augmentation.photometric == 0 && m->augmentation.expand == 0);
    ftdn_arena_done(&f.arena);
}

static void every_key_is_read(void **state)
{
    (void)state;
    fixture f;
    FTDN_ASSERT_OK(
        read_manifest(&f, "{'$schema': 'x', 'manifest_version': 1, 'name': 'all', 'description': 'words',\n"
                          " 'model': {'name': 'ssd_vgg16', 'width': 1, 'classes': 20}, 'initial_weights': 'w.pth',\n"
                          " 'dataset': {'kind': 'test_scenes', 'images': 3, 'seed': 9},\n"
                          " 'validation': {'dataset': {'kind': 'test_scenes', 'images': 1}, 'every': 7},\n"
                          " 'training': {'seed': 5, 'batch': 2, 'batch_norms': true, 'steps': 100,\n"
                          "   'optimizer': 'adam', 'learning_rate': 0.1, 'weight_decay': 0.2, 'warmup_steps': 3,\n"
                          "   'final_learning_rate': 0.01, 'max_gradient_norm': 4, 'average': 0.5,\n"
                          "   'checkpoint_every': 11, 'backend': 'cuda', 'convolution': 'tf32'},\n"
                          " 'augmentation': {'mirror': true, 'photometric': 0.3, 'expand': 0.4, 'max_expand': 3,\n"
                          "   'crop': true},\n"
                          " 'output': {'precision': 'f16'}}"),
        f.err);
    const ftdn_training_manifest *m = &f.manifest;
    assert_string_equal(m->description, "words");
    assert_string_equal(m->initial_weights, "w.pth");
    assert_int_equal(m->dataset.seed, 9);
    assert_int_equal(m->validate_every, 7);
    assert_int_equal(m->seed, 5);
    assert_int_equal(m->batch, 2);
    assert_true(m->batch_norms);
    assert_int_equal(m->optimizer.kind, FTDN_OPTIMIZER_ADAM);
    assert_true(m->optimizer.beta1 == 0.9 && m->optimizer.beta2 == 0.999 && m->optimizer.weight_decay == 0.2);
    assert_true(m->optimizer.max_gradient_norm == 4 && m->average == 0.5);
    assert_int_equal(m->learning_rate.warmup_steps, 3);
    assert_true(m->learning_rate.final_fraction == 0.01 / 0.1);
    assert_int_equal(m->checkpoint_every, 11);
    assert_string_equal(m->validation.engine.backend, "cuda");
    assert_string_equal(m->validation.engine.convolution, "tf32");
    assert_int_equal(m->validation.engine.conv_algorithm, FTDN_CONV_TF32);
    assert_true(m->augmentation.mirror && m->augmentation.crop && m->writes_half);
    assert_true(m->augmentation.photometric == 0.3 && m->augmentation.expand == 0.4);
    assert_true(m->augmentation.max_expand == 3);
    ftdn_arena_done(&f.arena);
}

/* A document with one mistake, or several, and the lines about them. */
typedef struct wrong {
    const char *text;
    const char *lines;
} wrong;

#define HEAD "{'manifest_version': 1, 'name': 'small', 'model': {'name': 'ssd_mobilenet_v1'}, 'dataset': " ROAD ", "
#define TRAINING "'training': {'steps': 10, 'learning_rate': 0.01}"

static const wrong corpus[] = {
    {"{'manifest_version': 1}",
     "m.json:1:1: dataset: missing; allowed: an object with the keys kind, root, split, annotations, images, seed, "
     "classes, rename, other_classes\n"},
    {HEAD VALIDATION ",\n 'training': {'steps': 10, 'learnign_rate': 0.01}}",
     "m.json:2:14: training.learning_rate: missing; allowed: a number in (0, 10]\n"
     "m.json:2:28: training.learnign_rate: unknown key; allowed: seed, batch, batch_norms, steps, optimizer, "
     "learning_rate, "
     "momentum, weight_decay, warmup_steps, final_learning_rate, max_gradient_norm, average, checkpoint_every, "
     "backend, convolution; did you mean 'learning_rate'?\n"},
    {HEAD VALIDATION ", " TRAINING ",\n 'faults': {'type': 'zero'}}",
     "m.json:2:2: faults: unknown key; allowed: $schema, manifest_version, name, description, model, initial_weights, "
     "dataset, validation, training, augmentation, output\n"},
    {HEAD VALIDATION ", " TRAINING ",\n 'training.batch': 3}",
     "m.json:2:2: training.batch: unknown key; allowed: $schema, manifest_version, name, description, model, "
     "initial_weights, dataset, validation, training, augmentation, output; objects are nested here\n"},
    {HEAD VALIDATION ",\n 'training': {'steps': 0, 'learning_rate': 0, 'batch': 2.5, 'optimizer': 'sdg',\n"
                     " 'average': 1, 'backend': 'ref'}}",
     "m.json:2:24: training.steps: 0 is not allowed; allowed: an integer in [1, 10000000]\n"
     "m.json:2:44: training.learning_rate: 0 is not allowed; allowed: a number in (0, 10]\n"
     "m.json:2:56: training.batch: 2.5 is not allowed; allowed: an integer in [1, 4096]\n"
     "m.json:2:74: training.optimizer: 'sdg' is not allowed; allowed: sgd, adam; did you mean 'sgd'?\n"
     "m.json:3:13: training.average: 1 is not allowed; allowed: a number in [0, 1)\n"
     "m.json:3:27: training.backend: 'ref' is not allowed; allowed: cpu, cuda\n"},
    {HEAD VALIDATION ",\n 'training': {'steps': 10, 'learning_rate': 0.01, 'optimizer': 'adam', 'momentum': 0.9,\n"
                     " 'warmup_steps': 10, 'final_learning_rate': 0.02}}",
     "m.json:2:72: training.momentum: not a key of optimizer 'adam'; allowed: with optimizer sgd\n"
     "m.json:3:18: training.warmup_steps: 10 is not allowed; allowed: fewer than steps, 10\n"
     "m.json:3:45: training.final_learning_rate: 0.02 is not allowed; allowed: no more than learning_rate, 0.01\n"},
    {HEAD VALIDATION ",\n 'training': {'steps': 10, 'learning_rate': 0.01, 'convolution': 'tf32'}}",
     "m.json:2:66: training.convolution: 'tf32' is not for backend 'cpu'; allowed: direct\n"},
    {HEAD VALIDATION ",\n 'training': {'steps': 10, 'learning_rate': 0.01, 'convolution': 'winograd'}}",
     "m.json:2:66: training.convolution: 'winograd' is not allowed; allowed: direct, tf32\n"},
    {HEAD VALIDATION ", " TRAINING ",\n 'augmentation': {'crop': 1, 'expand': 1.5, 'mirorr': true}}",
     "m.json:2:27: augmentation.crop: a number is not allowed; allowed: true, false\n"
     "m.json:2:40: augmentation.expand: 1.5 is not allowed; allowed: a number in [0, 1]\n"
     "m.json:2:45: augmentation.mirorr: unknown key; allowed: mirror, photometric, expand, max_expand, crop; did you "
     "mean 'mirror'?\n"},
    {HEAD TRAINING ",\n 'validation': {'dataset': {'kind': 'voc', 'seed': 3, 'imagse': 1}}}",
     "m.json:2:28: validation.dataset.root: missing for kind 'voc'; allowed: a path\n"
     "m.json:2:44: validation.dataset.seed: not a key of kind 'voc'; allowed: root, split, images, classes, rename, "
     "other_classes\n"
     "m.json:2:55: validation.dataset.imagse: unknown key; allowed: kind, root, split, annotations, images, seed, "
     "classes, rename, other_classes; did you mean 'images'?\n"},
    {HEAD TRAINING ",\n 'validation': {'dataset': {}}}",
     "m.json:2:28: validation.dataset.kind: missing; allowed: voc, coco, road, test_scenes\n"},
    {HEAD TRAINING ",\n 'validation': {'dataset': 'road', 'evry': 3}}",
     "m.json:2:28: validation.dataset: a string is not allowed; allowed: an object with the keys kind, root, split, "
     "annotations, images, seed, classes, rename, other_classes\n"
     "m.json:2:36: validation.evry: unknown key; allowed: dataset, every; did you mean 'every'?\n"},
    {HEAD VALIDATION ", " TRAINING ",\n 'output': {'precision': 'f8'}, 'name': 'again'}",
     "m.json:2:26: output.precision: 'f8' is not allowed; allowed: f16, f32\n"
     "m.json:2:33: name: key given twice in one object; allowed: once\n"},
};

static void every_mistake_is_told_with_its_place_and_what_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof corpus / sizeof *corpus; i++) {
        fixture f;
        assert_int_equal(read_manifest(&f, corpus[i].text), FTDN_ERR_MANIFEST);
        ftdn_text text;
        ftdn_text_init(&text);
        ftdn_mistakes_write(&f.mistakes, &text);
        if (i == 0) assert_non_null(strstr(text.chars, corpus[i].lines));
        else assert_string_equal(text.chars, corpus[i].lines);
        ftdn_text_done(&text);
        ftdn_arena_done(&f.arena);
    }
}

static void what_is_no_json_is_told_with_its_place(void **state)
{
    (void)state;
    fixture f;
    FTDN_ASSERT_FAILS(read_manifest(&f, "{'name': }"), FTDN_ERR_MANIFEST, "m.json:1:10: ", f.err);
    ftdn_arena_done(&f.arena);
}

static void the_table_of_keys_is_in_depth_first_order(void **state)
{
    (void)state;
    const ftdn_key_table *table = &ftdn_training_key_table;
    for (int key = 1; key < table->n_keys; key++) {
        const ftdn_key *row = &table->key[key];
        assert_non_null(row->path);
        assert_non_null(row->help);
        assert_int_equal(ftdn_key_table_find(table, row->path, strlen(row->path)), key);
        int parent = ftdn_key_table_parent(table, key);
        assert_true(parent < key && key < parent + ftdn_key_table_n_rows(table, parent));
        assert_int_equal(table->key[parent].type, FTDN_VALUE_OBJECT);
        assert_int_equal(row->choices != NULL, row->type == FTDN_VALUE_CHOICE);
    }
    assert_int_equal(ftdn_key_table_n_rows(table, 0), table->n_keys);
}

static void the_training_of_this_repository_is_right(void **state)
{
    (void)state;
    fixture f;
    ftdn_arena_init(&f.arena);
    ftdn_mistakes_init(&f.mistakes, &f.arena);
    FTDN_ASSERT_OK(ftdn_training_manifest_load(FTDN_SOURCE_ROOT "/experiments/train_road.json", &f.arena, &f.mistakes,
                                               &f.manifest, &f.err),
                   f.err);
    assert_string_equal(f.manifest.name, "train_road");
    assert_true(f.manifest.writes_half);
    ftdn_arena_done(&f.arena);
}

static void a_refused_allocation_is_an_error_and_no_leak(void **state)
{
    (void)state;
    bool has_passed = false;
    for (long k = 0; !has_passed; k++) {
        fixture f;
        char text[] = SMALL;
        for (char *c = text; *c; c++)
            if (*c == '\'') *c = '"';
        ftdn_arena_init(&f.arena);
        ftdn_arena_fail_after(&f.arena, k);
        ftdn_mistakes_init(&f.mistakes, &f.arena);
        ftdn_status status =
            ftdn_training_manifest_parse(text, strlen(text), "m.json", &f.arena, &f.mistakes, &f.manifest, &f.err);
        has_passed = status == FTDN_OK;
        if (!has_passed) assert_int_equal(status, FTDN_ERR_MEMORY);
        ftdn_arena_done(&f.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults_hold_where_nothing_is_given),
        cmocka_unit_test(every_key_is_read),
        cmocka_unit_test(every_mistake_is_told_with_its_place_and_what_is_allowed),
        cmocka_unit_test(what_is_no_json_is_told_with_its_place),
        cmocka_unit_test(the_table_of_keys_is_in_depth_first_order),
        cmocka_unit_test(the_training_of_this_repository_is_right),
        cmocka_unit_test(a_refused_allocation_is_an_error_and_no_leak),
    };
    return cmocka_run_group_tests_name("training_manifest", tests, NULL, NULL);
}
