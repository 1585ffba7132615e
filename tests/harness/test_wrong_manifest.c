/* test_wrong_manifest.c - manifests that are wrong, and every word that is said about them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/wrong_manifest.h"

#define MODEL_END "'model': {'name': 'ssd_vgg16', 'weights': 'formula:0'}}"
#define DATA_END "'dataset': {'kind': 'test_scenes', 'images': 4}}"
#define EIGHT "1, 1, 1, 1, 1, 1, 1, 1"

/* What messages say is allowed. */
#define TOP_KEYS                                                                                                       \
    "$schema, manifest_version, name, description, model, dataset, evaluate, engine, faults, protection, "             \
    "calibration, seed, sweep"
#define FAULT_KEYS                                                                                                     \
    "type, bit, bits, range, weight_rate, feature_map_rate, weight_count, feature_map_count, scope, "                  \
    "feature_map_point, redraw, copies"
#define NAME_RULE "a name of at most 100 letters, digits, '-', '_' and '.' that begins with a letter or a digit"
#define NETWORKS "ssd_vgg16, ssd_mobilenet_v1, ssd_mobilenet_v1_tf"
#define WEIGHTS_RULE "the path of a weight file, or formula:N with an integer N"
#define AXES                                                                                                           \
    "keys of model, dataset, evaluate, engine, faults, protection and calibration, as in \"faults.weight_rate\", and " \
    "seed"
#define SEED_RULE "an integer in [0, 9007199254740992]"

/* Title, text, messages. */
/* clang-format off */
static const ftdn_wrong_case cases[] = {
    {"an empty file",
     "",
     "1:1: expected a value, but the text ends"},
    {"spaces only",
     " \n ",
     "2:2: expected a value, but the text ends"},
    {"text behind the value",
     "{}\n{}",
     "2:1: unexpected text behind the value"},
    {"a missing comma",
     "{'name': 'x'\n 'seed': 1}",
     "2:2: expected ',' or '}' after a member"},
    {"a comment",
     "{// x\n}",
     "1:2: expected a key in double quotes or '}'; JSON has no comments"},
    {"a manifest cut short",
     "{'name': 'x',\n 'seed'",
     "2:8: expected ':' after a key, but the text ends"},
    {"a list instead of an object",
     "[1]",
     "1:1: manifest: an array is not allowed; allowed: an object with the keys " TOP_KEYS},
    {"an empty object",
     "{}",
     "1:1: dataset: missing; allowed: an object with the keys kind, root, split, images, seed\n"
     "1:1: manifest_version: missing; allowed: 1\n"
     "1:1: model: missing; allowed: an object with the keys name, weights, width, classes\n"
     "1:1: name: missing; allowed: " NAME_RULE},
    {"a wrong version",
     "{'manifest_version': 2, 'name': 'x',\n " MODEL DATA_END,
     "1:22: manifest_version: 2 is not allowed; allowed: 1"},
    {"a version of the wrong kind",
     "{'manifest_version': '1', 'name': 'x',\n " MODEL DATA_END,
     "1:22: manifest_version: a string is not allowed; allowed: 1"},
    {"a name with a slash",
     "{'manifest_version': 1, 'name': 'a/b',\n " MODEL DATA_END,
     "1:33: name: 'a/b' is not allowed; allowed: " NAME_RULE},
    {"a name that begins with a dot",
     "{'manifest_version': 1, 'name': '.a',\n " MODEL DATA_END,
     "1:33: name: '.a' is not allowed; allowed: " NAME_RULE},
    {"an empty name",
     "{'manifest_version': 1, 'name': '',\n " MODEL DATA_END,
     "1:33: name: '' is not allowed; allowed: " NAME_RULE},
    {"no name",
     "{'manifest_version': 1,\n " MODEL DATA_END,
     "1:1: name: missing; allowed: " NAME_RULE},
    {"no model",
     "{'manifest_version': 1, 'name': 'x',\n " DATA_END,
     "1:1: model: missing; allowed: an object with the keys name, weights, width, classes"},
    {"no dataset",
     "{'manifest_version': 1, 'name': 'x',\n " MODEL_END,
     "1:1: dataset: missing; allowed: an object with the keys kind, root, split, images, seed"},
    {"a model that is a string",
     "{'manifest_version': 1, 'name': 'x', 'model': 'ssd_vgg16',\n " DATA_END,
     "1:47: model: a string is not allowed; allowed: an object with the keys name, weights, width, classes"},
    {"a model without weights",
     "{'manifest_version': 1, 'name': 'x', 'model': {'name': 'ssd_vgg16'},\n " DATA_END,
     "1:47: model.weights: missing; allowed: " WEIGHTS_RULE},
    {"a misspelt network",
     "{'manifest_version': 1, 'name': 'x', 'model': {'name': 'ssd_vgg15', 'weights': 'formula:0'},\n " DATA_END,
     "1:56: model.name: 'ssd_vgg15' is not allowed; allowed: " NETWORKS "; did you mean 'ssd_vgg16'?"},
    {"an unknown network",
     "{'manifest_version': 1, 'name': 'x', 'model': {'name': 'yolo', 'weights': 'formula:0'},\n " DATA_END,
     "1:56: model.name: 'yolo' is not allowed; allowed: " NETWORKS},
    {"a network that is null",
     "{'manifest_version': 1, 'name': 'x', 'model': {'name': null, 'weights': 'formula:0'},\n " DATA_END,
     "1:56: model.name: null is not allowed; allowed: " NETWORKS},
    {"formula weights without a number",
     "{'manifest_version': 1, 'name': 'x', 'model': {'name': 'ssd_vgg16', 'weights': 'formula:'},\n " DATA_END,
     "1:80: model.weights: 'formula:' is not allowed; allowed: " WEIGHTS_RULE},
    {"formula weights with a sign",
     "{'manifest_version': 1, 'name': 'x', 'model': {'name': 'ssd_vgg16', 'weights': 'formula:-1'},\n " DATA_END,
     "1:80: model.weights: 'formula:-1' is not allowed; allowed: " WEIGHTS_RULE},
    {"formula weights beyond 2^53",
     "{'manifest_version': 1, 'name': 'x', 'model': {'name': 'ssd_vgg16', 'weights': 'formula:9007199254740993'},\n " DATA_END,
     "1:80: model.weights: 'formula:9007199254740993' is not allowed; allowed: " WEIGHTS_RULE},
    {"empty weights",
     "{'manifest_version': 1, 'name': 'x', 'model': {'name': 'ssd_vgg16', 'weights': ''},\n " DATA_END,
     "1:80: model.weights: '' is not allowed; allowed: " WEIGHTS_RULE},
    {"a width of 0",
     "{'manifest_version': 1, 'name': 'x', 'model': {'name': 'ssd_vgg16', 'weights': 'formula:0', 'width': 0},\n " DATA_END,
     "1:102: model.width: 0 is not allowed; allowed: a number in (0, 4]"},
    {"a fraction of a class",
     "{'manifest_version': 1, 'name': 'x', 'model': {'name': 'ssd_vgg16', 'weights': 'formula:0', 'classes': 1.5},\n " DATA_END,
     "1:104: model.classes: 1.5 is not allowed; allowed: an integer in [1, 1000]"},
    {"a variable that is not set",
     "{'manifest_version': 1, 'name': 'x', 'model': {'name': 'ssd_vgg16', 'weights': '${FTDN_TEST_UNSET}/w.pth'},\n " DATA_END,
     "1:80: model.weights: environment variable FTDN_TEST_UNSET is not set"},
    {"a variable that is empty",
     "{'manifest_version': 1, 'name': 'x', 'model': {'name': 'ssd_vgg16', 'weights': '${FTDN_TEST_EMPTY}/w.pth'},\n " DATA_END,
     "1:80: model.weights: environment variable FTDN_TEST_EMPTY is empty"},
    {"a variable that is not closed",
     "{'manifest_version': 1, 'name': 'x', 'model': {'name': 'ssd_vgg16', 'weights': '${FTDN_TEST'},\n " DATA_END,
     "1:80: model.weights: '${' without a variable; allowed: ${NAME}, of letters, digits and '_'"},
    {"a variable without a name",
     "{'manifest_version': 1, 'name': 'x', 'model': {'name': 'ssd_vgg16', 'weights': '${}/w'},\n " DATA_END,
     "1:80: model.weights: '${' without a variable; allowed: ${NAME}, of letters, digits and '_'"},
    {"a kind of data that is not known",
     "{'manifest_version': 1, 'name': 'x',\n " MODEL "'dataset': {'kind': 'coco', 'root': 'x'}}",
     "3:22: dataset.kind: 'coco' is not allowed; allowed: voc, test_scenes"},
    {"no kind of data",
     "{'manifest_version': 1, 'name': 'x',\n " MODEL "'dataset': {'root': 'x'}}",
     "3:13: dataset.kind: missing; allowed: voc, test_scenes"},
    {"voc without a root",
     "{'manifest_version': 1, 'name': 'x',\n " MODEL "'dataset': {'kind': 'voc'}}",
     "3:13: dataset.root: missing for kind 'voc'; allowed: a path"},
    {"voc with a seed",
     "{'manifest_version': 1, 'name': 'x',\n " MODEL "'dataset': {'kind': 'voc', 'root': 'x', 'seed': 1}}",
     "3:42: dataset.seed: not a key of kind 'voc'; allowed: root, split, images"},
    {"a split that is a path",
     "{'manifest_version': 1, 'name': 'x',\n " MODEL "'dataset': {'kind': 'voc', 'root': 'x', 'split': '../y'}}",
     "3:51: dataset.split: '../y' is not allowed; allowed: " NAME_RULE},
    {"no images",
     "{'manifest_version': 1, 'name': 'x',\n " MODEL "'dataset': {'kind': 'voc', 'root': 'x', 'images': 0}}",
     "3:52: dataset.images: 0 is not allowed; allowed: an integer in [1, 1000000]"},
    {"test scenes without a number of images",
     "{'manifest_version': 1, 'name': 'x',\n " MODEL "'dataset': {'kind': 'test_scenes'}}",
     "3:13: dataset.images: missing for kind 'test_scenes'; allowed: an integer in [1, 1000000]"},
    {"test scenes with a root and a split",
     "{'manifest_version': 1, 'name': 'x',\n " MODEL "'dataset': {'kind': 'test_scenes', 'images': 4, 'root': 'x', 'split': 'y'}}",
     "3:50: dataset.root: not a key of kind 'test_scenes'; allowed: images, seed\n"
     "3:63: dataset.split: not a key of kind 'test_scenes'; allowed: images, seed"},
    {"an unknown key",
     HEAD "'fualts': {}}",
     "4:2: fualts: unknown key; allowed: " TOP_KEYS "; did you mean 'faults'?"},
    {"an unknown key that resembles none",
     HEAD "'zzz': 1}",
     "4:2: zzz: unknown key; allowed: " TOP_KEYS},
    {"a key that belongs elsewhere",
     HEAD "'weight_rate': 0.1}",
     "4:2: weight_rate: unknown key; allowed: " TOP_KEYS "; did you mean 'faults.weight_rate'?"},
    {"a dotted key outside a grid",
     HEAD "'faults.weight_rate': 0.1}",
     "4:2: faults.weight_rate: unknown key; allowed: " TOP_KEYS "; dotted keys stand in sweep.grid only, objects are nested here"},
    {"a misspelt key inside an object",
     HEAD "'faults': {'weigth_rate': 0.1}}",
     "4:13: faults.weigth_rate: unknown key; allowed: " FAULT_KEYS "; did you mean 'weight_rate'?"},
    {"a key given twice",
     HEAD "'seed': 1, 'seed': 1}",
     "4:13: seed: key given twice in one object; allowed: once"},
    {"a key given twice inside an object",
     HEAD "'faults': {'type': 'zero', 'weight_rate': 0, 'type': 'zero'}}",
     "4:47: faults.type: key given twice in one object; allowed: once"},
    {"a backend that is not there",
     HEAD "'engine': {'backend': 'cuda'}}",
     "4:24: engine.backend: 'cuda' is not allowed; allowed: cpu, ref"},
    {"a misspelt convolution",
     HEAD "'engine': {'convolution': 'winogard'}}",
     "4:28: engine.convolution: 'winogard' is not allowed; allowed: direct, winograd; did you mean 'winograd'?"},
    {"too many candidates",
     HEAD "'evaluate': {'candidates': 1000000}}",
     "4:29: evaluate.candidates: 1000000 is not allowed; allowed: an integer in [1, 100000]"},
    {"a threshold that is false",
     HEAD "'evaluate': {'iou': false}}",
     "4:22: evaluate.iou: false is not allowed; allowed: a number in [0, 1]"},
    {"a calibration without a kind",
     HEAD "'calibration': {}}",
     "4:17: calibration.kind: missing; allowed: voc, test_scenes"},
    {"a calibration without a root",
     HEAD "'calibration': {'kind': 'voc', 'images': 64}}",
     "4:17: calibration.root: missing for kind 'voc'; allowed: a path"},
    {"no images to measure by",
     HEAD "'calibration': {'kind': 'test_scenes', 'images': 4, 'measured_images': 0}}",
     "4:73: calibration.measured_images: 0 is not allowed; allowed: an integer in [1, 1000000]"},
    {"a permission that is a word",
     HEAD "'calibration': {'kind': 'test_scenes', 'images': 4, 'allow_overlap': 'yes'}}",
     "4:71: calibration.allow_overlap: a string is not allowed; allowed: true, false"},
    {"a negative seed",
     HEAD "'seed': -1}",
     "4:10: seed: -1 is not allowed; allowed: " SEED_RULE},
    {"a seed beyond 2^53",
     HEAD "'seed': 9007199254740993}",
     "4:10: seed: 9007199254740993 is not allowed; allowed: " SEED_RULE},
    {"a seed beyond all integers",
     HEAD "'seed': 99999999999999999999}",
     "4:10: seed: 99999999999999999999 is not allowed; allowed: " SEED_RULE},
    {"a seed with a fraction",
     HEAD "'seed': 0.5}",
     "4:10: seed: 0.5 is not allowed; allowed: " SEED_RULE},
    {"a sweep that is a list",
     HEAD "'sweep': []}",
     "4:11: sweep: an array is not allowed; allowed: an object with the key grid"},
    {"a sweep with an unknown key",
     HEAD "'sweep': {'gird': {}}}",
     "4:12: sweep.gird: unknown key; allowed: grid; did you mean 'grid'?"},
    {"a grid that is a list",
     HEAD "'sweep': {'grid': []}}",
     "4:20: sweep.grid: an array is not allowed; allowed: an object of dotted keys, each with a list of values"},
    {"a grid with an unknown key",
     HEAD "'sweep': {'grid': {'faults.weigth_rate': [0]}}}",
     "4:21: sweep.grid.faults.weigth_rate: unknown key; allowed: " AXES "; did you mean 'faults.weight_rate'?"},
    {"a grid with a key that is not dotted",
     HEAD "'sweep': {'grid': {'weight_rate': [0]}}}",
     "4:21: sweep.grid.weight_rate: unknown key; allowed: " AXES "; did you mean 'faults.weight_rate'?"},
    {"a grid with a key of no resemblance",
     HEAD "'sweep': {'grid': {'': [0]}}}",
     "4:21: sweep.grid.: unknown key; allowed: " AXES},
    {"a grid over the name",
     HEAD "'sweep': {'grid': {'name': ['a', 'b']}}}",
     "4:21: sweep.grid.name: the same for all trials; allowed: keys that a trial depends on"},
    {"a grid over a number",
     HEAD "'sweep': {'grid': {'seed': 3}}}",
     "4:29: sweep.grid.seed: a number is not allowed; allowed: a list of values"},
    {"a grid over nothing",
     HEAD "'sweep': {'grid': {'seed': []}}}",
     "4:29: sweep.grid.seed: an empty list is not allowed; allowed: a list of values"},
    {"a grid with a key given twice",
     HEAD "'sweep': {'grid': {'seed': [1], 'seed': [2]}}}",
     "4:34: sweep.grid.seed: key given twice in one object; allowed: once"},
    {"a grid with a key inside another",
     HEAD "'sweep': {'grid': {'faults': [{}], 'faults.weight_rate': [0]}}}",
     "4:37: sweep.grid.faults.weight_rate: sets the same values as 'faults' of this grid; allowed: one of the two"},
    {"a grid with a key around another",
     HEAD "'sweep': {'grid': {'faults.weight_rate': [0], 'faults': [{}]}}}",
     "4:48: sweep.grid.faults: sets the same values as 'faults.weight_rate' of this grid; allowed: one of the two"},
    {"wrong values in a grid",
     HEAD "'sweep': {'grid': {'faults.weight_rate': [0, 2,\n 'x', 0.5, -1]}}}",
     "4:47: sweep.grid.faults.weight_rate[1]: 2 is not allowed; allowed: a number in [0, 1]\n"
     "5:2: sweep.grid.faults.weight_rate[2]: a string is not allowed; allowed: a number in [0, 1]\n"
     "5:12: sweep.grid.faults.weight_rate[4]: -1 is not allowed; allowed: a number in [0, 1]"},
    {"wrong objects in a grid",
     HEAD "'sweep': {'grid': {'protection': [{'method': 'none'}, {'method': 'nmr'},\n {'methd': 'none'}, 'none']}}}",
     "4:67: sweep.grid.protection[1].method: 'nmr' is not allowed; allowed: " METHODS "; did you mean 'fmr'?\n"
     "5:3: sweep.grid.protection[2].methd: unknown key; allowed: " PROTECTION_KEYS "; did you mean 'method'?\n"
     "5:21: sweep.grid.protection[3]: a string is not allowed; allowed: an object with the keys " PROTECTION_KEYS},
    {"an unset variable in a grid",
     HEAD "'sweep': {'grid': {'model.weights': ['formula:0', '${FTDN_TEST_UNSET}/w']}}}",
     "4:52: sweep.grid.model.weights[1]: environment variable FTDN_TEST_UNSET is not set"},
    {"a grid whose object lacks a key",
     HEAD "'sweep': {'grid': {'dataset': [{'kind': 'voc', 'root': 'x'},\n {'kind': 'voc'}, {'root': 'x'}]}}}",
     "5:2: dataset.root: missing for kind 'voc'; allowed: a path\n"
     "5:19: dataset.kind: missing; allowed: voc, test_scenes"},
    {"a grid of kinds that do not fit the other keys",
     HEAD "'sweep': {'grid': {'dataset.kind': ['test_scenes', 'voc']}}}",
     "3:13: dataset.root: missing for kind 'voc'; allowed: a path"},
    {"a grid that keeps the model's name from being given",
     "{'manifest_version': 1, 'name': 'x',\n " DATA "'sweep': {'grid': {'model.weights': ['formula:0']}}}",
     "1:1: model.name: missing; allowed: " NETWORKS},
    {"more than ten million trials",
     HEAD "'sweep': {'grid': {'seed': [" EIGHT "], 'dataset.seed': [" EIGHT "], 'faults.weight_rate': [" EIGHT "], 'faults.feature_map_rate': [" EIGHT "], 'evaluate.iou': [" EIGHT "], 'evaluate.nms_iou': [" EIGHT "], 'evaluate.score_threshold': [" EIGHT "], 'evaluate.candidates': [" EIGHT "]}}}",
     "4:20: sweep.grid: too many combinations; allowed: at most 10000000 trials"},
    {"a key with a line break",
     HEAD "'a\\nb': 1}",
     "4:2: a?b: unknown key; allowed: " TOP_KEYS},
    {"columns count characters",
     HEAD "'description': 'äöü€', 'seed': -1}",
     "4:33: seed: -1 is not allowed; allowed: " SEED_RULE},
    {"mistakes everywhere, sorted by place",
     "{'seed': -3,\n 'name': 7,\n 'sweep': {'grid': {'seed': [1, 'a'], 'sede': [1]}},\n 'faults': {'weight_rate': 2, 'type': 'zer', 'type': 'zero'},\n 'model': {'name': 'ssd_vgg17', 'weights': '${FTDN_TEST_UNSET}'},\n 'manifest_version': 3}",
     "1:1: dataset: missing; allowed: an object with the keys kind, root, split, images, seed\n"
     "1:10: seed: -3 is not allowed; allowed: " SEED_RULE "\n"
     "2:10: name: a number is not allowed; allowed: " NAME_RULE "\n"
     "3:33: sweep.grid.seed[1]: a string is not allowed; allowed: " SEED_RULE "\n"
     "3:39: sweep.grid.sede: unknown key; allowed: " AXES "; did you mean 'seed'?\n"
     "4:28: faults.weight_rate: 2 is not allowed; allowed: a number in [0, 1]\n"
     "4:39: faults.type: 'zer' is not allowed; allowed: " FAULT_TYPES "; did you mean 'zero'?\n"
     "4:46: faults.type: key given twice in one object; allowed: once\n"
     "5:20: model.name: 'ssd_vgg17' is not allowed; allowed: " NETWORKS "; did you mean 'ssd_vgg16'?\n"
     "5:44: model.weights: environment variable FTDN_TEST_UNSET is not set\n"
     "6:22: manifest_version: 3 is not allowed; allowed: 1"},
};
/* clang-format on */

#define N_CASES ((int)(sizeof cases / sizeof cases[0]))

static void every_wrong_manifest_is_told_what_is_wrong_and_where(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("FTDN_TEST_UNSET"), 0);
    assert_int_equal(setenv("FTDN_TEST_EMPTY", "", 1), 0);
    assert_true(N_CASES >= 60);
    for (int i = 0; i < N_CASES; i++) ftdn_wrong_check(&cases[i]);
}

static void a_long_list_of_mistakes_is_kept_whole_and_its_head_fits_into_the_error(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "{");
    for (int i = 0; i < 200; i++) ftdn_text_append(&text, "\"unknown_%d\": 0,\n", i);
    ftdn_text_append(&text, "\"name\": \"x\"}");
    ftdn_mistakes mistakes;
    ftdn_error err = {0};
    assert_int_equal(ftdn_wrong_parse(text.chars, &arena, &mistakes, &err), FTDN_ERR_MANIFEST);
    assert_int_equal(mistakes.n_mistakes, 203); /* and version, model, dataset are missing */
    assert_false(mistakes.has_more);
    for (int i = 1; i < mistakes.n_mistakes; i++)
        assert_true(mistakes.mistake[i - 1].position.line <= mistakes.mistake[i].position.line);
    const char *last_line = strrchr(err.message, '\n');
    assert_non_null(last_line);
    int n_lines = 0;
    for (const char *c = err.message; *c; c++) n_lines += *c == '\n';
    char expected[64];
    snprintf(expected, sizeof expected, "\n... and %d more", 203 - n_lines);
    assert_string_equal(last_line, expected);
    ftdn_text_done(&text);
    ftdn_arena_done(&arena);
}

static void more_than_a_thousand_mistakes_are_cut(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, "{\"seed\": [");
    for (int i = 0; i < 1500; i++) ftdn_text_append(&text, "%d, ", i);
    ftdn_text_append(&text, "0]");
    for (int i = 0; i < 1500; i++) ftdn_text_append(&text, ",\n\"u%d\": 0", i);
    ftdn_text_append(&text, "}");
    ftdn_mistakes mistakes;
    ftdn_error err = {0};
    assert_int_equal(ftdn_wrong_parse(text.chars, &arena, &mistakes, &err), FTDN_ERR_MANIFEST);
    assert_int_equal(mistakes.n_mistakes, FTDN_MAX_MISTAKES);
    assert_true(mistakes.has_more);
    ftdn_text seen;
    ftdn_text_init(&seen);
    ftdn_mistakes_write(&mistakes, &seen);
    assert_non_null(strstr(seen.chars, "\nmore mistakes are not shown\n"));
    assert_non_null(strstr(err.message, "\n... and at least "));
    ftdn_text_done(&seen);
    ftdn_text_done(&text);
    ftdn_arena_done(&arena);
}

static void a_long_text_in_a_mistake_is_cut_between_characters(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &arena);
    char odd[1200] = "p"; /* a letter, then two-byte letters: the cut at 600 bytes would halve one */
    for (int i = 0; i < 599; i++) strcat(odd, "\xc3\xa9");
    ftdn_mistakes_add(&mistakes, (ftdn_position){"f", 1, 1}, odd, "x");
    assert_int_equal(mistakes.n_mistakes, 1);
    const char *text = mistakes.mistake[0].text;
    assert_int_equal(strlen(text), 599 + 3);
    assert_memory_equal(text + 597, "\xc3\xa9...", 5);
    ftdn_arena_done(&arena);
}

static void a_mistake_is_told_once(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &arena);
    assert_int_equal(ftdn_mistakes_check(&mistakes, NULL), FTDN_OK);
    for (int i = 0; i < 3; i++) ftdn_mistakes_add(&mistakes, (ftdn_position){"f", 1, 1}, "p", "x %d", i / 2);
    ftdn_mistakes_add(&mistakes, (ftdn_position){"f", 1, 2}, "p", "x 0");
    assert_int_equal(mistakes.n_mistakes, 3);
    assert_int_equal(ftdn_mistakes_check(&mistakes, NULL), FTDN_ERR_MANIFEST);
    ftdn_arena_done(&arena);
}

static void a_refused_allocation_is_never_a_manifest_error(void **state)
{
    (void)state;
    const ftdn_wrong_case *c = &cases[N_CASES - 1]; /* mistakes of many kinds */
    for (long k = 0;; k++) {
        ftdn_arena arena, source;
        ftdn_arena_init(&arena);
        ftdn_arena_init(&source);
        const char *text = ftdn_wrong_copy(&source, c->text);
        ftdn_arena_fail_after(&arena, k);
        ftdn_mistakes mistakes;
        ftdn_error err = {0};
        ftdn_status status = ftdn_wrong_parse(text, &arena, &mistakes, &err);
        ftdn_arena_done(&source);
        ftdn_arena_done(&arena);
        if (status == FTDN_ERR_MANIFEST) break;
        assert_int_equal(status, FTDN_ERR_MEMORY);
        assert_int_equal(err.status, FTDN_ERR_MEMORY);
        assert_true(k < 10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrong_manifest_is_told_what_is_wrong_and_where),
        cmocka_unit_test(a_long_list_of_mistakes_is_kept_whole_and_its_head_fits_into_the_error),
        cmocka_unit_test(more_than_a_thousand_mistakes_are_cut),
        cmocka_unit_test(a_long_text_in_a_mistake_is_cut_between_characters),
        cmocka_unit_test(a_mistake_is_told_once),
        cmocka_unit_test(a_refused_allocation_is_never_a_manifest_error),
    };
    return cmocka_run_group_tests_name("wrong_manifest", tests, NULL, NULL);
}
