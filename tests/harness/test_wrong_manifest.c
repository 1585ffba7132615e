/* test_wrong_manifest.c - manifests that are wrong, and every word that is said about them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/manifest.h"
#include "tests/support/support.h"

/* In the texts below ' stands for ". Lines of the messages are given without the file's name, "m.json:". */
#define FAULT_TYPES "zero, random, bit_flip, stuck_at_0, stuck_at_1"
#define FAULT_KEYS                                                                                                     \
    "type, bit, bits, range, weight_rate, feature_map_rate, weight_count, feature_map_count, scope, "                  \
    "feature_map_point, redraw, copies"
#define PROTECTION_KEYS "method, ranking, direction, ratio, allocation, merge, merge_point, combine"
#define METHODS "none, kr, fmr, d2nn, clip"
#define RATE "a number in [0, 1]"
#define RANGE "a list [least, greatest] of two single-precision numbers"
#define MODEL "'model': {'name': 'ssd_vgg16', 'weights': 'formula:0'},\n "
#define MODEL_END "'model': {'name': 'ssd_vgg16', 'weights': 'formula:0'}}"
#define DATA "'dataset': {'kind': 'test_scenes', 'images': 4},\n "
#define DATA_END "'dataset': {'kind': 'test_scenes', 'images': 4}}"
#define HEAD "{'manifest_version': 1, 'name': 'x',\n " MODEL DATA
#define EIGHT "1, 1, 1, 1, 1, 1, 1, 1"

/* What messages say is allowed. */
#define TOP_KEYS                                                                                                       \
    "$schema, manifest_version, name, description, model, dataset, evaluate, engine, faults, protection, "             \
    "calibration, seed, sweep"
#define NAME_RULE "a name of at most 100 letters, digits, '-', '_' and '.' that begins with a letter or a digit"
#define NETWORKS "ssd_vgg16, ssd_mobilenet_v1, ssd_mobilenet_v1_tf"
#define WEIGHTS_RULE "the path of a weight file, or formula:N with an integer N"
#define SCOPE_NAMES "features, convs, sources, base, all, or a list of layer-name globs"
#define AXES                                                                                                           \
    "keys of model, dataset, evaluate, engine, faults, protection and calibration, as in \"faults.weight_rate\", and " \
    "seed"
#define SEED_RULE "an integer in [0, 9007199254740992]"

typedef struct wrong_case {
    const char *title, *text, *expected;
} wrong_case;

/* Title, text, messages. */
/* clang-format off */
static const wrong_case cases[] = {
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
    {"a rate above 1",
     HEAD "'faults': {'weight_rate': 1.5}}",
     "4:28: faults.weight_rate: 1.5 is not allowed; allowed: a number in [0, 1]"},
    {"a negative rate",
     HEAD "'faults': {'feature_map_rate': -0.1}}",
     "4:33: faults.feature_map_rate: -0.1 is not allowed; allowed: a number in [0, 1]"},
    {"a rate in quotes",
     HEAD "'faults': {'weight_rate': '0.1'}}",
     "4:28: faults.weight_rate: a string is not allowed; allowed: a number in [0, 1]"},
    {"a rate that is a list outside the sweep",
     HEAD "'faults': {'weight_rate': [0.1, 0.2]}}",
     "4:28: faults.weight_rate: an array is not allowed; allowed: a number in [0, 1]"},
    {"a fault type that is not there",
     HEAD "'faults': {'type': 'bit_flop'}}",
     "4:21: faults.type: 'bit_flop' is not allowed; allowed: " FAULT_TYPES "; did you mean 'bit_flip'?"},
    {"a bit beyond the sign",
     HEAD "'faults': {'type': 'bit_flip', 'bit': 32}}",
     "4:40: faults.bit: 32 is not allowed; allowed: an integer in [0, 31]"},
    {"an unknown class of bits",
     HEAD "'faults': {'type': 'bit_flip', 'bits': 'exponents'}}",
     "4:41: faults.bits: 'exponents' is not allowed; allowed: any, sign, exponent, mantissa; did you mean 'exponent'?"},
    {"a bit and a class of bits",
     HEAD "'faults': {'type': 'stuck_at_0', 'bit': 3, 'bits': 'any'}}",
     "4:45: faults.bits: given beside faults.bit; allowed: one of them"},
    {"a bit of a fault that has none",
     HEAD "'faults': {'bit': 3}}",
     "4:13: faults.bit: not a key of type 'zero'; allowed: with type bit_flip, stuck_at_0, stuck_at_1"},
    {"bits and range of the wrong types, in one of two trials",
     HEAD "'faults': {'bits': 'any'}, 'sweep': {'grid': {'faults.type': ['bit_flip', 'random']}}}",
     "4:13: faults.bits: not a key of type 'random'; allowed: with type bit_flip, stuck_at_0, stuck_at_1"},
    {"a range of a fault that has none",
     HEAD "'faults': {'type': 'bit_flip', 'range': [0, 1]}}",
     "4:33: faults.range: not a key of type 'bit_flip'; allowed: with type random"},
    {"a range from the greatest to the least",
     HEAD "'faults': {'type': 'random', 'range': [1, 0]}}",
     "4:40: faults.range: this list is not allowed; allowed: " RANGE},
    {"a range beyond single precision",
     HEAD "'faults': {'type': 'random', 'range': [0, 1e39]}}",
     "4:40: faults.range: this list is not allowed; allowed: " RANGE},
    {"a range of one number",
     HEAD "'faults': {'type': 'random', 'range': [0]}}",
     "4:40: faults.range: this list is not allowed; allowed: " RANGE},
    {"a range of nothing",
     HEAD "'faults': {'type': 'random', 'range': []}}",
     "4:40: faults.range: an empty list is not allowed; allowed: " RANGE},
    {"a range that is no list",
     HEAD "'faults': {'type': 'random', 'range': 1}}",
     "4:40: faults.range: a number is not allowed; allowed: " RANGE},
    {"a redraw that is not there",
     HEAD "'faults': {'redraw': 'images'}}",
     "4:23: faults.redraw: 'images' is not allowed; allowed: trial, image; did you mean 'image'?"},
    {"copies that are not there",
     HEAD "'faults': {'copies': 'faulty'}}",
     "4:23: faults.copies: 'faulty' is not allowed; allowed: independent, clean, shared"},
    {"a count beyond the limit",
     HEAD "'faults': {'weight_count': 1025}}",
     "4:29: faults.weight_count: 1025 is not allowed; allowed: an integer in [0, 1024]"},
    {"a count that is a rate",
     HEAD "'faults': {'feature_map_count': 0.5}}",
     "4:34: faults.feature_map_count: 0.5 is not allowed; allowed: an integer in [0, 1024]"},
    {"counts beside rates, each for its location",
     HEAD "'faults': {'weight_rate': 0.1, 'weight_count': 1,\n 'feature_map_rate': 0.1, 'feature_map_count': 1}}",
     "4:33: faults.weight_count: above 0 beside faults.weight_rate; allowed: one of them above 0\n"
     "5:27: faults.feature_map_count: above 0 beside faults.feature_map_rate; allowed: one of them above 0"},
    {"counts and rates that meet in one combination of four",
     HEAD "'sweep': {'grid': {'faults.weight_count': [0, 1], 'faults.weight_rate': [0, 0.1]}}}",
     "4:46: faults.weight_count: above 0 beside faults.weight_rate; allowed: one of them above 0"},
    {"a point that is not there",
     HEAD "'faults': {'feature_map_point': 'activations'}}",
     "4:34: faults.feature_map_point: 'activations' is not allowed; allowed: activation, conv; did you mean 'activation'?"},
    {"a scope that is not there",
     HEAD "'faults': {'scope': 'feature'}}",
     "4:22: faults.scope: 'feature' is not allowed; allowed: " SCOPE_NAMES ", or an object with the keys weights, feature_maps; did you mean 'features'?"},
    {"a scope without layers",
     HEAD "'faults': {'scope': []}}",
     "4:22: faults.scope: an empty list is not allowed; allowed: " SCOPE_NAMES ", or an object with the keys weights, feature_maps"},
    {"a scope with a number",
     HEAD "'faults': {'scope': ['base_net.1.*', 3, '']}}",
     "4:39: faults.scope[1]: not a layer name; allowed: a name or a glob such as \"base_net.1.*\"\n"
     "4:42: faults.scope[2]: not a layer name; allowed: a name or a glob such as \"base_net.1.*\""},
    {"a scope of the wrong kind",
     HEAD "'faults': {'scope': true}}",
     "4:22: faults.scope: true is not allowed; allowed: " SCOPE_NAMES ", or an object with the keys weights, feature_maps"},
    {"scopes apart, one misspelt",
     HEAD "'faults': {'scope': {'weights': 'all', 'feature_map': 'all'}}}",
     "4:41: faults.scope.feature_map: unknown key; allowed: weights, feature_maps; did you mean 'feature_maps'?"},
    {"scopes apart, nested once more",
     HEAD "'faults': {'scope': {'weights': {'weights': 'all'}}}}",
     "4:34: faults.scope.weights: an object is not allowed; allowed: " SCOPE_NAMES},
    {"a protection as a plain word",
     HEAD "'protection': 'none'}",
     "4:16: protection: a string is not allowed; allowed: an object with the keys " PROTECTION_KEYS},
    {"a protection that is not there",
     HEAD "'protection': {'method': 'rk'}}",
     "4:27: protection.method: 'rk' is not allowed; allowed: " METHODS "; did you mean 'kr'?"},
    {"duplication without a ratio",
     HEAD "'protection': {'method': 'fmr', 'ranking': 'entropy'}}",
     "4:16: protection.ratio: missing for method 'fmr'; allowed: " RATE},
    {"a ratio above 1",
     HEAD "'protection': {'method': 'kr', 'ratio': 1.01}}",
     "4:42: protection.ratio: 1.01 is not allowed; allowed: " RATE},
    {"rankings, merges and the like that are not there",
     HEAD "'protection': {'method': 'kr', 'ratio': 1, 'ranking': 'taylr', 'direction': 'incoming',\n 'merge': 'average', 'allocation': 'layer', 'merge_point': 'pool', 'combine': 'box'}}",
     "4:56: protection.ranking: 'taylr' is not allowed; allowed: weight_sum, second_order, entropy, taylor, activation, measured, random; did you mean 'taylor'?\n"
     "4:78: protection.direction: 'incoming' is not allowed; allowed: outgoing, filter; did you mean 'outgoing'?\n"
     "5:11: protection.merge: 'average' is not allowed; allowed: mean, nonzero, max_abs, median\n"
     "5:36: protection.allocation: 'layer' is not allowed; allowed: uniform, global\n"
     "5:45: protection.merge_point: not a key of method 'kr'; allowed: with method fmr\n"
     "5:60: protection.merge_point: 'pool' is not allowed; allowed: activation, conv\n"
     "5:68: protection.combine: not a key of method 'kr'; allowed: with method d2nn\n"
     "5:79: protection.combine: 'box' is not allowed; allowed: scores, boxes"},
    {"keys of duplication without duplication",
     HEAD "'protection': {'ranking': 'random',\n 'direction': 'filter',\n 'ratio': 0.5,\n 'allocation': 'global',\n 'merge': 'mean'}}",
     "4:17: protection.ranking: not a key of method 'none'; allowed: with method kr, fmr, d2nn\n"
     "5:2: protection.direction: not a key of method 'none'; allowed: with method kr, fmr, d2nn\n"
     "6:2: protection.ratio: not a key of method 'none'; allowed: with method kr, fmr, d2nn\n"
     "7:2: protection.allocation: not a key of method 'none'; allowed: with method kr, fmr, d2nn\n"
     "8:2: protection.merge: not a key of method 'none'; allowed: with method kr, fmr"},
    {"a clip of a ratio",
     HEAD "'protection': {'method': 'clip', 'ratio': 0.5}}",
     "4:35: protection.ratio: not a key of method 'clip'; allowed: with method kr, fmr, d2nn"},
    {"a merge of two networks",
     HEAD "'protection': {'method': 'd2nn', 'ratio': 0.5, 'merge': 'mean'}}",
     "4:49: protection.merge: not a key of method 'd2nn'; allowed: with method kr, fmr"},
    {"a direction of a ranking that has none",
     HEAD "'protection': {'method': 'kr', 'ratio': 0.5, 'ranking': 'entropy', 'direction': 'filter'}}",
     "4:69: protection.direction: not a key of ranking 'entropy'; allowed: with ranking weight_sum"},
    {"a ratio that one of two methods has no use for",
     HEAD "'sweep': {'grid': {'protection.method': ['none', 'kr'],\n 'protection.ratio': [0.25, 0.5]}}}",
     "5:29: protection.ratio: not a key of method 'none'; allowed: with method kr, fmr, d2nn"},
    {"protections in a grid, one without its ratio",
     HEAD "'sweep': {'grid': {'protection': [{'method': 'kr', 'ratio': 0.5},\n {'method': 'kr'}, {'method': 'kr', 'ratio': 0.5, 'ranking': 'random', 'direction': 'filter'}]}}}",
     "5:2: protection.ratio: missing for method 'kr'; allowed: " RATE "\n"
     "5:72: protection.direction: not a key of ranking 'random'; allowed: with ranking weight_sum"},
    {"no images to measure by",
     HEAD "'calibration': {'kind': 'test_scenes', 'images': 4, 'measured_images': 0}}",
     "4:73: calibration.measured_images: 0 is not allowed; allowed: an integer in [1, 1000000]"},
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

static char *copy_quoted(ftdn_arena *arena, const char *text)
{
    char *copy = ftdn_arena_copy_text(arena, text, strlen(text), NULL);
    assert_non_null(copy);
    for (char *c = copy; *c; c++)
        if (*c == '\'') *c = '"';
    return copy;
}

static ftdn_status parse(const char *text, ftdn_arena *arena, ftdn_mistakes *mistakes, ftdn_error *err)
{
    ftdn_manifest manifest;
    ftdn_mistakes_init(mistakes, arena);
    return ftdn_manifest_parse(text, strlen(text), "m.json", arena, mistakes, &manifest, err);
}

/* The expected lines as they are printed: each behind the file's name. */
static void write_expected(const char *lines, ftdn_text *text)
{
    while (*lines) {
        size_t n_chars = strcspn(lines, "\n");
        ftdn_text_append(text, "m.json:%.*s\n", (int)n_chars, lines);
        lines += n_chars + (lines[n_chars] == '\n');
    }
}

static void check_case(const wrong_case *c)
{
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_mistakes mistakes;
    ftdn_error err = {0};
    assert_int_equal(parse(copy_quoted(&arena, c->text), &arena, &mistakes, &err), FTDN_ERR_MANIFEST);

    ftdn_text seen, expected;
    ftdn_text_init(&seen);
    ftdn_text_init(&expected);
    if (mistakes.n_mistakes > 0) ftdn_mistakes_write(&mistakes, &seen);
    else ftdn_text_append(&seen, "%s\n", err.message); /* no JSON */
    write_expected(c->expected, &expected);
    if (strcmp(seen.chars, expected.chars) != 0)
        fail_msg("%s:\nseen\n%sexpected\n%s", c->title, seen.chars, expected.chars);
    if (strlen(expected.chars) < sizeof err.message - 60) {
        expected.chars[expected.n_chars - 1] = 0;
        assert_string_equal(err.message, expected.chars);
    }
    ftdn_text_done(&seen);
    ftdn_text_done(&expected);
    ftdn_arena_done(&arena);
}

static void every_wrong_manifest_is_told_what_is_wrong_and_where(void **state)
{
    (void)state;
    assert_int_equal(unsetenv("FTDN_TEST_UNSET"), 0);
    assert_int_equal(setenv("FTDN_TEST_EMPTY", "", 1), 0);
    assert_true(N_CASES >= 60);
    for (int i = 0; i < N_CASES; i++) check_case(&cases[i]);
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
    assert_int_equal(parse(text.chars, &arena, &mistakes, &err), FTDN_ERR_MANIFEST);
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
    assert_int_equal(parse(text.chars, &arena, &mistakes, &err), FTDN_ERR_MANIFEST);
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
    const wrong_case *c = &cases[N_CASES - 1]; /* mistakes of many kinds */
    for (long k = 0;; k++) {
        ftdn_arena arena, source;
        ftdn_arena_init(&arena);
        ftdn_arena_init(&source);
        const char *text = copy_quoted(&source, c->text);
        ftdn_arena_fail_after(&arena, k);
        ftdn_mistakes mistakes;
        ftdn_error err = {0};
        ftdn_status status = parse(text, &arena, &mistakes, &err);
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
