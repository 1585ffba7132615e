/* test_rules.c - rules of `exclude`, however many: which combinations of a sweep they leave. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/philox_hd.h"
#include "tests/harness/planned.h"

#define N_SEEDS 12
#define N_GRID (N_SEEDS * 3 * 3)
#define N_RULES 7
#define N_MANIFESTS 300
#define MANY 100000 /* rules; asked one by one, they took five minutes of processor time */

/* The grid, the last fastest: seeds 0 ... 11, rates, protections; values and their spellings. */
static const double rates[] = {0, 0.01, 0.1};
static const char *const rate_words[][3] = {{"0", "-0", "0.0"}, {"0.01", "1e-2", "0.010"}, {"0.1", "1e-1", "0.10"}};
static const double ratios[] = {NAN, 0.25, 0.5};
static const char *const protection_words[][3] = {
    {"{'method': 'none'}", "{'method': 'none'}", "{'method': 'none'}"},
    {"{'method': 'kr', 'ratio': 0.25}", "{'ratio': 0.25}", "{'ratio': 25e-2, 'method': 'kr'}"},
    {"{'method': 'kr', 'ratio': 0.5}", "{'ratio': 0.50}", "{'ratio': 5e-1}"},
};
#define SWEEP                                                                                                          \
    "'sweep': {'grid': {'seed': {'from': 0, 'to': 11, 'step': 1}, 'faults.weight_rate': [0, 0.01, 0.1],"              \
    " 'protection': [{'method': 'none'}, {'method': 'kr', 'ratio': 0.25}, {'method': 'kr', 'ratio': 0.5}]},"          \
    " 'include': [{'faults.feature_map_rate': 0.5}], 'exclude': ["

/* What a rule says, as bits of the values with which each key matches; 0: nothing of this key. */
typedef struct rule {
    unsigned seeds, rates, protections, methods;
} rule;

typedef struct words {
    uint32_t n_drawn;
    uint32_t manifest;
} words;

static unsigned below(words *w, unsigned n)
{
    const ftdn_philox_block counter = {{w->n_drawn++, w->manifest, 0, 0}};
    return ftdn_philox(counter, 7, 0).word[0] % n;
}

/* One value, or a list of several, of a key. */
static unsigned draw_values(words *w, unsigned n)
{
    unsigned some = below(w, (1u << n) - 1) + 1;
    return below(w, 3) == 0 ? some : 1u << below(w, n);
}

static bool says(unsigned bits, int value)
{
    return !bits || bits >> value & 1;
}

/* The definition, for combination c of the grid. */
static bool drops(const rule *drawn, int c)
{
    int seed = c / 9, rate = c / 3 % 3, protection = c % 3;
    return says(drawn->seeds, seed) && says(drawn->rates, rate) && says(drawn->protections, protection) &&
           says(drawn->methods, protection > 0);
}

/* One that drops some combinations, not all. */
static rule draw_rule(words *w)
{
    for (;;) {
        rule drawn = {0};
        if (below(w, 2)) drawn.seeds = draw_values(w, N_SEEDS);
        if (below(w, 2)) drawn.rates = draw_values(w, 3);
        if (below(w, 3) == 0) drawn.protections = draw_values(w, 3);
        if (below(w, 4) == 0) drawn.methods = draw_values(w, 2);
        int n_dropped = 0;
        for (int c = 0; c < N_GRID; c++) n_dropped += drops(&drawn, c);
        if (n_dropped > 0 && n_dropped < N_GRID) return drawn;
    }
}

static const char *spell(words *w, const char *key, unsigned value)
{
    static const char *const seeds[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11.0"};
    static const char *const methods[] = {"'none'", "'kr'"};
    if (!strcmp(key, "seed")) return seeds[value];
    if (!strcmp(key, "protection.method")) return methods[value];
    return (strcmp(key, "protection") ? rate_words : protection_words)[value][below(w, 3)];
}

static void write_values(words *w, const char *key, unsigned bits, ftdn_text *text)
{
    if (!bits) return;
    bool is_list = (bits & (bits - 1)) || below(w, 2);
    const char *between = "";
    ftdn_text_append(text, "%s'%s': %s", text->chars[text->n_chars - 1] == '{' ? "" : ", ", key, is_list ? "[" : "");
    for (unsigned value = 0; bits >> value; value++) {
        if (!(bits >> value & 1)) continue;
        ftdn_text_append(text, "%s%s", between, spell(w, key, value));
        between = ", ";
    }
    ftdn_text_append(text, "%s", is_list ? "]" : "");
}

static void write_rule(words *w, const rule *drawn, ftdn_text *text)
{
    ftdn_text_append(text, "{");
    bool seeds_last = below(w, 2);
    if (!seeds_last) write_values(w, "seed", drawn->seeds, text);
    write_values(w, "protection", drawn->protections, text);
    write_values(w, "faults.weight_rate", drawn->rates, text);
    if (seeds_last) write_values(w, "seed", drawn->seeds, text);
    write_values(w, "protection.method", drawn->methods, text);
    ftdn_text_append(text, "}");
}

static bool any_drops(const rule *drawn, int c)
{
    for (int i = 0; i < N_RULES; i++)
        if (drops(&drawn[i], c)) return true;
    return false;
}

/* Answers how many combinations of the grid the rules leave. */
static int check_kept(const ftdn_manifest *manifest, const rule *drawn)
{
    size_t index = 0;
    for (int c = 0; c < N_GRID; c++) {
        if (any_drops(drawn, c)) continue;
        ftdn_trial_settings settings;
        assert_true(index < manifest->n_trials);
        ftdn_manifest_get_settings(manifest, index++, &settings);
        assert_int_equal(settings.seed, c / 9);
        assert_true(settings.faults.weight_rate == rates[c / 3 % 3]);
        assert_true(c % 3 ? settings.protection.ratio == ratios[c % 3] : isnan(settings.protection.ratio));
    }
    assert_int_equal(manifest->n_trials, index + 1); /* that of `include` */
    return (int)index;
}

static void rules_leave_what_their_definition_says(void **state)
{
    (void)state;
    int n_left = 0;
    for (uint32_t m = 0; m < N_MANIFESTS; m++) {
        words w = {.manifest = m};
        rule drawn[N_RULES];
        ftdn_text text;
        ftdn_text_init(&text);
        ftdn_text_append(&text, FTDN_PLANNED_HEAD SWEEP);
        for (int i = 0; i < N_RULES; i++) {
            drawn[i] = draw_rule(&w);
            if (i) ftdn_text_append(&text, ", ");
            write_rule(&w, &drawn[i], &text);
        }
        ftdn_text_append(&text, "]}}");
        ftdn_planned p;
        ftdn_planned_parse(&p, text.chars, "m.json");
        n_left += check_kept(&p.manifest, drawn);
        ftdn_planned_done(&p);
        ftdn_text_done(&text);
    }
    assert_in_range(n_left, N_MANIFESTS * 10, N_MANIFESTS * (N_GRID - 10));
}

/* Seed 10 i + k has rates[0] but of k = 3, which no rule names. */
static void a_hundred_thousand_rules_are_read_and_applied(void **state)
{
    (void)state;
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_text_append(&text, FTDN_PLANNED_HEAD "'sweep': {'grid': {'faults.weight_rate': [0, 0.1], 'seed': [0");
    for (int seed = 1; seed < MANY / 2; seed++) ftdn_text_append(&text, ", %d", seed);
    ftdn_text_append(&text, "]}, 'exclude': [{'seed': 0}");
    for (int seed = 1; seed < MANY / 2; seed++) {
        if (seed % 10 == 3) continue;
        ftdn_text_append(&text, ", {'seed': %d, 'faults.weight_rate': 0}, {'faults.weight_rate': 1e-1, 'seed': %d}",
                         seed, seed);
    }
    ftdn_text_append(&text, "]}}");
    ftdn_planned p;
    ftdn_planned_parse(&p, text.chars, "m.json");
    assert_int_equal(p.manifest.n_trials, MANY / 10);
    for (size_t i = 0; i < p.manifest.n_trials; i++) assert_int_equal(ftdn_manifest_get_seed(&p.manifest, i) % 10, 3);
    ftdn_planned_done(&p);
    ftdn_text_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_leave_what_their_definition_says),
        cmocka_unit_test(a_hundred_thousand_rules_are_read_and_applied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
