/* test_plan_cells.c - trials of several sweeps, the cells that they fill, and shards of a plan. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/sha256.h"
#include "harness/plan/digest_index.h"
#include "tests/harness/planned.h"

#define HEAD FTDN_PLANNED_HEAD

/* Each cell in a line: "sweep: seeds of the trials @ rate", and what decides about them. */
static void describe(const ftdn_plan *plan, ftdn_text *text)
{
    for (int c = 0; c < plan->n_cells; c++) {
        const ftdn_plan_cell *cell = &plan->cell[c];
        ftdn_text_append(text, "%s:", plan->sweep_name[cell->sweep]);
        for (int k = 0; k < cell->n_seeds; k++) {
            const ftdn_planned_trial *trial = &plan->trial[cell->trial[k]];
            assert_string_equal(trial->spec.cell->digest, plan->trial[cell->trial[0]].spec.cell->digest);
            ftdn_text_append(text, " %d=%d", cell->trial[k], (int)trial->settings.seed);
        }
        ftdn_text_append(text, " @ %g", plan->trial[cell->trial[0]].settings.faults.weight_rate);
        if (cell->ci95 > 0) ftdn_text_append(text, " until %g, %d", cell->ci95, cell->n_min);
        ftdn_text_append(text, "\n");
    }
}

static void assert_cells(const ftdn_plan *plan, const char *expected)
{
    ftdn_text seen;
    ftdn_text_init(&seen);
    describe(plan, &seen);
    assert_string_equal(seen.chars, expected);
    ftdn_text_done(&seen);
}

static void trials_that_differ_in_the_seed_fill_a_cell(void **state)
{
    (void)state;
    static const struct {
        const char *sweep, *cells;
        int n_trials, n_repeated;
    } rows[] = {
        {"'seed': 7", "sweep: 0=7 @ 0\n", 1, 0},
        {"'sweep': {'grid': {'faults.weight_rate': [0.1, 0.2]}, 'seeds': 3}",
         "sweep: 0=0 1=1 2=2 @ 0.1\nsweep: 3=0 4=1 5=2 @ 0.2\n", 6, 0},
        {"'sweep': {'grid': {'faults.weight_rate': [0.1, 0.2], 'seed': [5, 4]}}",
         "sweep: 0=5 1=4 @ 0.1\nsweep: 2=5 3=4 @ 0.2\n", 4, 0},
        /* The seed need not be the last key. */
        {"'sweep': {'grid': {'seed': [5, 4], 'faults.weight_rate': [0.1, 0.2]}}",
         "sweep: 0=5 2=4 @ 0.1\nsweep: 1=5 3=4 @ 0.2\n", 4, 0},
        {"'sweep': {'grid': {'evaluate.iou': [0.5], 'seed': [5, 4], 'faults.weight_rate': [0.1, 0.2]},"
         " 'exclude': [{'seed': 5, 'faults.weight_rate': 0.2}], 'include': [{'faults.weight_rate': 0.3, 'seed': 9}]}",
         "sweep: 0=5 1=4 @ 0.1\nsweep: 2=4 @ 0.2\nsweep: 3=9 @ 0.3\n", 4, 0},
        {"'sweep': {'zip': {'seed': [1, 2], 'faults.weight_rate': [0.1, 0.1]}}", "sweep: 0=1 1=2 @ 0.1\n", 2, 0},
        /* What repeats itself within a sweep stands in its cell once. */
        {"'sweep': {'grid': {'faults.weight_rate': [0.1, 1e-1, 0.2]}, 'seeds': [3, 1, 3]}",
         "sweep: 0=3 1=1 @ 0.1\nsweep: 2=3 3=1 @ 0.2\n", 4, 5},
        {"'sweep': {'grid': {'faults.weight_rate': [0.1]},"
         " 'seeds': {'until': {'ci95': 0.005, 'min': 3, 'max': 4}}}",
         "sweep: 0=0 1=1 2=2 3=3 @ 0.1 until 0.005, 3\n", 4, 0},
        /* A trial of two sweeps is planned once, for the first. */
        {"'sweeps': {'a': {'grid': {'faults.weight_rate': [0.1, 0.2]}, 'seeds': 2},"
         " 'b': {'grid': {'faults.weight_rate': [0.2, 0.3]}, 'seeds': {'from': 1, 'to': 2, 'step': 1}},"
         " 'c': {'set': {'faults.weight_rate': 0.1}, 'seeds': {'until': {'ci95': 1, 'min': 2, 'max': 3}}}}",
         "a: 0=0 1=1 @ 0.1\na: 2=0 3=1 @ 0.2\nb: 3=1 4=2 @ 0.2\nb: 5=1 6=2 @ 0.3\nc: 0=0 1=1 7=2 @ 0.1 until 1, 2\n", 8,
         3},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ftdn_planned p;
        ftdn_arena arena;
        ftdn_arena_init(&arena);
        ftdn_planned_make(&p, ftdn_arena_format(&arena, NULL, HEAD " %s}", rows[i].sweep), "m.json");
        assert_cells(&p.plan, rows[i].cells);
        assert_int_equal(p.plan.n_trials, rows[i].n_trials);
        assert_int_equal(p.plan.n_repeated, rows[i].n_repeated);
        ftdn_planned_done(&p);
        ftdn_arena_done(&arena);
    }
}

/* However a plan comes about, the spec of each trial is that of its settings, and its cell that without the seed. */
static void specs_made_of_a_cell_are_those_made_alone(void **state)
{
    (void)state;
    ftdn_planned p;
    ftdn_planned_make(&p,
                      HEAD " 'sweeps': {'a': {'grid': {'seed': [0, 3], 'faults.weight_rate': [0.1, 0.5]}},"
                           " 'b': {'grid': {'protection': [{}, {'method': 'kr', 'ratio': 0.5}]}, 'seeds': 2}}}",
                      "m.json");
    assert_int_equal(p.plan.n_trials, 8);
    for (int i = 0; i < p.plan.n_trials; i++) {
        const ftdn_planned_trial *trial = &p.plan.trial[i];
        ftdn_trial_settings settings;
        ftdn_manifest_get_settings(&p.manifest, (size_t)i, &settings);
        assert_int_equal(settings.seed, trial->settings.seed);
        assert_int_equal(ftdn_manifest_get_seed(&p.manifest, (size_t)i), settings.seed);
        assert_true(settings.faults.weight_rate == trial->settings.faults.weight_rate);
        char member[32], digest[FTDN_SHA256_HEX], text[4096];
        snprintf(member, sizeof member, ",\"seed\":%d,", (int)settings.seed);
        const char *spec = ftdn_trial_spec_text(&trial->spec, &p.arena, NULL), *at = strstr(spec, member);
        assert_non_null(at);
        snprintf(text, sizeof text, "%.*s%s", (int)(at - spec), spec, at + strlen(member) - 1);
        FTDN_ASSERT_OK(ftdn_sha256_of(text, strlen(text), digest, &p.err), p.err);
        assert_string_equal(digest, trial->spec.cell->digest);
        FTDN_ASSERT_OK(ftdn_sha256_of(spec, strlen(spec), digest, &p.err), p.err);
        assert_string_equal(digest, trial->spec.id);
    }
    ftdn_planned_done(&p);
}

#define CAMPAIGN                                                                                                       \
    HEAD " 'sweeps': {'fixed': {'grid': {'faults.weight_rate': [0.1, 0.2, 0.3, 0.4]}, 'seeds': 10},"                   \
         " 'open': {'grid': {'faults.weight_rate': {'from': 0.3, 'to': 0.9, 'step': 0.1}},"                            \
         " 'seeds': {'until': {'ci95': 0.01, 'min': 2, 'max': 6}}}}}"
#define N_TRIALS (40 + 5 * 6)

/* In one shard or none of `seen`; numbers of cells are checked, and that open cells are whole. */
static void collect_shard(int i, int n, bool *seen, const ftdn_plan *whole, int *n_open)
{
    ftdn_planned p;
    ftdn_planned_make(&p, CAMPAIGN, "m.json");
    ftdn_plan_keep_shard(&p.plan, i, n);
    int last = -1, n_listed = 0;
    for (int t = 0; t < p.plan.n_trials; t++) {
        int w = last + 1; /* the order of the plan is kept */
        while (w < whole->n_trials && strcmp(whole->trial[w].spec.id, p.plan.trial[t].spec.id) != 0) w++;
        assert_true(w < whole->n_trials);
        assert_false(seen[w]);
        seen[w] = true;
        last = w;
    }
    bool listed[N_TRIALS] = {false};
    for (int c = 0; c < p.plan.n_cells; c++) {
        const ftdn_plan_cell *cell = &p.plan.cell[c];
        assert_true(cell->n_seeds > 0);
        if (cell->ci95 > 0) {
            assert_int_equal(cell->n_seeds, 6);
            (*n_open)++;
        }
        for (int k = 0; k < cell->n_seeds; k++) {
            assert_true(cell->trial[k] >= 0 && cell->trial[k] < p.plan.n_trials);
            assert_string_equal(p.plan.trial[cell->trial[k]].spec.cell->digest,
                                p.plan.trial[cell->trial[0]].spec.cell->digest);
            n_listed += !listed[cell->trial[k]];
            listed[cell->trial[k]] = true;
        }
    }
    assert_int_equal(n_listed, p.plan.n_trials);
    ftdn_planned_done(&p);
}

static void shards_are_disjoint_and_together_the_plan(void **state)
{
    (void)state;
    ftdn_planned p;
    ftdn_planned_make(&p, CAMPAIGN, "m.json");
    assert_int_equal(p.plan.n_trials, N_TRIALS);
    assert_int_equal(p.plan.n_cells, 4 + 7);
    static const int numbers[] = {1, 2, 3, 5, 97};
    for (size_t s = 0; s < sizeof numbers / sizeof *numbers; s++) {
        bool seen[N_TRIALS] = {false};
        int n_open = 0;
        for (int i = 1; i <= numbers[s]; i++) collect_shard(i, numbers[s], seen, &p.plan, &n_open);
        for (int t = 0; t < N_TRIALS; t++) assert_true(seen[t]);
        assert_int_equal(n_open, 7);
    }
    ftdn_planned_done(&p);
}

/* Which shard has a trial does not depend on what else is planned, nor in which order. */
static void a_trial_is_in_the_shard_of_its_id(void **state)
{
    (void)state;
    ftdn_planned p, q;
    ftdn_planned_make(&p, HEAD " 'sweep': {'grid': {'faults.weight_rate': [0.1, 0.2]}, 'seeds': 20}}", "m.json");
    ftdn_planned_make(&q, HEAD " 'sweep': {'grid': {'seed': [9, 8, 7], 'faults.weight_rate': [0.2]}}}", "m.json");
    ftdn_plan_keep_shard(&p.plan, 2, 3);
    ftdn_plan_keep_shard(&q.plan, 2, 3);
    int n_both = 0;
    for (int a = 0; a < p.plan.n_trials; a++) {
        const ftdn_planned_trial *trial = &p.plan.trial[a];
        char head[17] = "";
        memcpy(head, trial->spec.id, 16);
        assert_int_equal(strtoull(head, NULL, 16) % 3, 1);
        bool is_of_both =
            trial->settings.faults.weight_rate == 0.2 && trial->settings.seed >= 7 && trial->settings.seed <= 9;
        n_both += is_of_both;
    }
    assert_int_equal(q.plan.n_trials, n_both);
    ftdn_planned_done(&p);
    ftdn_planned_done(&q);
}

static void digests_are_found_again(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_arena_init(&arena);
    ftdn_digest_index index;
    FTDN_ASSERT_OK(ftdn_digest_index_init(&index, 1000, &arena, &err), err);
    char(*digest)[FTDN_SHA256_HEX] = (char(*)[FTDN_SHA256_HEX])FTDN_NEW(&arena, 1000 * FTDN_SHA256_HEX, char, &err);
    assert_non_null(digest);
    for (int i = 0; i < 1000; i++) {
        /* Many with one head: the slots behind the first one are taken too. */
        snprintf(digest[i], FTDN_SHA256_HEX, "%016x%048x", (unsigned)(i % 10), (unsigned)i);
        assert_int_equal(ftdn_digest_index_add(&index, digest[i], i), i);
    }
    for (int i = 0; i < 1000; i++) assert_int_equal(ftdn_digest_index_add(&index, digest[i], 5000), i);
    assert_int_equal(ftdn_digest_head("0123456789abcdef00"), 0x0123456789abcdef);
    ftdn_arena_done(&arena);
}

/* The limit of a second is for a release build; this one is looser, so that a busy machine does not fail it. */
static void a_hundred_thousand_trials_are_planned_at_once(void **state)
{
    (void)state;
#define TEN "[0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09, 0.1]"
    ftdn_planned p;
    int64_t start_ns = ftdn_clock_ns();
    ftdn_planned_make(&p,
                      HEAD " 'sweep': {'grid': {'faults.weight_rate': " TEN ", 'faults.feature_map_rate': " TEN "},"
                           " 'seeds': 1000}}",
                      "m.json");
    assert_true(ftdn_clock_ns() - start_ns < 5000000000);
    assert_int_equal(p.plan.n_trials, 100000);
    assert_int_equal(p.plan.n_cells, 100);
    assert_true(p.arena.peak_bytes + p.source.peak_bytes < (size_t)100 << 20);
    assert_string_equal(p.plan.trial[99999].spec.cell->digest, p.plan.trial[99000].spec.cell->digest);
    assert_int_equal(p.plan.trial[99999].settings.seed, 999);
    ftdn_planned_done(&p);
}

static void a_refused_allocation_is_an_error_and_no_leak(void **state)
{
    (void)state;
    ftdn_planned p;
    ftdn_planned_parse(&p,
                       HEAD " 'sweeps': {'a': {'grid': {'seed': [1, 0], 'faults.weight_rate': [0, 0.5]}},"
                            " 'b': {'include': [{'faults.weight_rate': 0.5}], 'seeds': 2}}}",
                       "m.json");
    ftdn_planned_refuse(&p, 8);
    assert_int_equal(p.plan.n_trials, 4);
    ftdn_planned_done(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trials_that_differ_in_the_seed_fill_a_cell),
        cmocka_unit_test(specs_made_of_a_cell_are_those_made_alone),
        cmocka_unit_test(shards_are_disjoint_and_together_the_plan),
        cmocka_unit_test(a_trial_is_in_the_shard_of_its_id),
        cmocka_unit_test(digests_are_found_again),
        cmocka_unit_test(a_hundred_thousand_trials_are_planned_at_once),
        cmocka_unit_test(a_refused_allocation_is_an_error_and_no_leak),
    };
    return cmocka_run_group_tests_name("plan_cells", tests, NULL, NULL);
}
