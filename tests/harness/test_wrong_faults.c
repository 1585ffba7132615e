/* test_wrong_faults.c - faults and protections that are wrong, and every word that is said about them. */
#include <stdlib.h>
#include <string.h>

#include "tests/harness/wrong_manifest.h"

/* What messages say is allowed. */
#define RATE "a number in [0, 1]"
#define RANGE "a list [least, greatest] of two single-precision numbers"
#define SCOPE_NAMES "features, convs, sources, base, all, or a list of layer-name globs"

/* Title, text, messages. */
/* clang-format off */
static const ftdn_wrong_case cases[] = {
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
     "4:48: faults.weight_count: above 0 beside faults.weight_rate; allowed: one of them above 0"},
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
     "4:78: protection.direction: 'incoming' is not allowed; allowed: outgoing, filter\n"
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
};
/* clang-format on */

static void every_wrong_fault_and_protection_is_told_what_is_wrong_and_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) ftdn_wrong_check(&cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrong_fault_and_protection_is_told_what_is_wrong_and_where),
    };
    return cmocka_run_group_tests_name("wrong_faults", tests, NULL, NULL);
}
