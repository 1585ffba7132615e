/* test_manifest_corpus.c - tests/manifests/: wrong manifests with every word that is said about them, right ones with
 * the trials they stand for.
 *
 * wrong/NAME.json goes with wrong/NAME.expected, its messages; right/NAME.json with right/NAME.plan. Files that others
 * extend stand in folders of their own. Called with --print FOLDER/NAME.json, the program prints what should stand
 * beside that manifest, to be read before it is kept. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "harness/plan/inputs.h"
#include "harness/plan/plan.h"
#include "harness/record.h"
#include "tests/support/support.h"

#define FOLDER FTDN_SOURCE_ROOT "/tests/manifests/"
#define WRONG ".expected"
#define RIGHT ".plan"

/* A manifest with all that it opens. */
typedef struct opened {
    ftdn_arena arena;
    ftdn_inputs inputs;
    ftdn_mistakes mistakes;
    ftdn_manifest manifest;
    ftdn_plan plan;
    ftdn_error err;
    ftdn_status status;
} opened;

static void open_manifest(opened *o, const char *path)
{
    *o = (opened){0};
    ftdn_arena_init(&o->arena);
    ftdn_inputs_init(&o->inputs);
    ftdn_mistakes_init(&o->mistakes, &o->arena);
    o->status = ftdn_manifest_load(path, &o->arena, &o->mistakes, &o->manifest, &o->err);
    if (o->status == FTDN_OK) o->status = ftdn_plan_make(&o->manifest, &o->inputs, &o->arena, &o->plan, &o->err);
}

static void close_manifest(opened *o)
{
    ftdn_inputs_done(&o->inputs);
    ftdn_arena_done(&o->arena);
}

/* What is said about a wrong manifest. What the error has room for is said there too. */
static void write_messages(const opened *o, ftdn_text *text)
{
    if (o->status == FTDN_OK) {
        ftdn_text_append(text, "nothing is wrong\n");
        return;
    }
    if (o->mistakes.n_mistakes == 0) {
        ftdn_text_append(text, "%s\n", o->err.message);
        return;
    }
    ftdn_mistakes_write(&o->mistakes, text);
    size_t n_shared = strlen(o->err.message);
    const char *rest = strstr(o->err.message, "\n... and ");
    if (rest) n_shared = (size_t)(rest - o->err.message);
    else assert_int_equal(n_shared + 1, text->n_chars);
    assert_memory_equal(text->chars, o->err.message, n_shared);
}

/* Members of a spec that other machines and builds have otherwise. Images per forward are the backend's own, of which
 * there is one on all that the corpus names, or the manifest's. */
static bool is_local(const ftdn_json *member)
{
    static const char *const local[] = {"arithmetic", "semantics"};
    const char *key = member->key;
    if (strcmp(key, "micro_batch") == 0) return member->number == 1;
    for (size_t i = 0; i < sizeof local / sizeof *local; i++)
        if (strcmp(key, local[i]) == 0) return true;
    return false;
}

/* A spec without those, with digests cut. */
static void write_spec(const ftdn_json *node, ftdn_text *text)
{
    if (node->kind == FTDN_JSON_STRING && strlen(node->string) == FTDN_SHA256_HEX - 1) {
        ftdn_text_append(text, "\"%.8s\"", node->string);
        return;
    }
    if (node->kind != FTDN_JSON_OBJECT) {
        ftdn_json_write(text, node, true);
        return;
    }
    const char *separator = "{";
    for (int i = 0; i < node->n_children; i++) {
        if (is_local(node->child[i])) continue;
        ftdn_text_append(text, "%s\"%s\": ", separator, node->child[i]->key);
        write_spec(node->child[i], text);
        separator = ", ";
    }
    ftdn_text_append(text, "}");
}

static bool is_equal(const ftdn_json *a, const ftdn_json *b)
{
    ftdn_text x, y;
    ftdn_text_init(&x);
    ftdn_text_init(&y);
    ftdn_json_write(&x, a, true);
    ftdn_json_write(&y, b, true);
    bool answer = strcmp(x.chars, y.chars) == 0;
    ftdn_text_done(&x);
    ftdn_text_done(&y);
    return answer;
}

/* What the label of a trial says already. */
static bool is_in_label(const char *section, const char *key)
{
    static const char *const rates[] = {"weight_rate", "feature_map_rate", "weight_count", "feature_map_count"};
    if (strcmp(section, "protection") == 0 || strcmp(key, "seed") == 0) return true;
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        if (strcmp(key, rates[i]) == 0) return true;
    return false;
}

/* ", model.width 0.5": what is not as in the first trial. */
static void write_differences(const ftdn_json *first, const ftdn_json *spec, ftdn_text *text)
{
    for (int i = 0; i < spec->n_children; i++) {
        const ftdn_json *section = spec->child[i];
        if (section->kind != FTDN_JSON_OBJECT) continue;
        for (int k = 0; k < section->n_children; k++) {
            const ftdn_json *member = section->child[k];
            const ftdn_json *other = ftdn_json_find(ftdn_json_find(first, section->key), member->key);
            if (is_local(member) || is_in_label(section->key, member->key)) continue;
            if (other && is_equal(member, other)) continue;
            ftdn_text_append(text, ", %s.%s ", section->key, member->key);
            write_spec(member, text);
        }
    }
}

static const ftdn_json *parse_spec(opened *o, int trial)
{
    const char *text = ftdn_trial_spec_text(&o->plan.trial[trial].spec, &o->arena, NULL);
    const ftdn_json *spec = NULL;
    FTDN_ASSERT_OK(ftdn_json_parse(text, strlen(text), "spec", &o->arena, &spec, &o->err), o->err);
    return spec;
}

/* "maps: faults.feature_map_rate 2, seed 3, 6 combinations, 1 dropped, 0 included", and the trials of each
 * cell, by their numbers. */
static void write_sweep(const ftdn_plan *plan, int s, ftdn_text *text)
{
    const ftdn_sweep *sweep = &plan->manifest->sweep[s];
    const ftdn_seeds *seeds = &sweep->seeds;
    assert_string_equal(plan->sweep_name[s], sweep->name);
    ftdn_text_append(text, "%s: ", sweep->name);
    for (int i = 0; i < sweep->n_axes; i++)
        ftdn_text_append(text, "%s %d, ", sweep->axis[i].name, sweep->axis[i].n_values);
    ftdn_text_append(text, "%zu combinations, %zu dropped, %zu included", sweep->n_product,
                     sweep->n_product - sweep->n_kept, sweep->n_included);
    if (seeds->ci95 > 0) ftdn_text_append(text, ", %d to %d seeds until %g", seeds->n_min, seeds->n, seeds->ci95);
    else if (seeds->n > 0) ftdn_text_append(text, ", %d seeds", seeds->n);
    ftdn_text_append(text, "\n");
    for (int i = 0; i < plan->n_cells; i++) {
        const ftdn_plan_cell *cell = &plan->cell[i];
        if (cell->sweep != s) continue;
        ftdn_text_append(text, "  trials");
        for (int k = 0; k < cell->n_seeds; k++) ftdn_text_append(text, " %d", cell->trial[k] + 1);
        ftdn_text_append(text, "\n");
    }
}

/* What a right manifest stands for: counts, sweeps, the first trial whole, and every trial in a line. */
static void write_plan(opened *o, ftdn_text *text)
{
    if (o->status != FTDN_OK) {
        write_messages(o, text);
        return;
    }
    const ftdn_plan *plan = &o->plan;
    ftdn_text_append(text, "%d trial%s, %d repeated\n", plan->n_trials, plan->n_trials == 1 ? "" : "s",
                     plan->n_repeated);
    for (int s = 0; s < plan->n_sweeps; s++) write_sweep(plan, s, text);
    const ftdn_json *first = parse_spec(o, 0);
    write_spec(first, text);
    ftdn_text_append(text, "\n");
    for (int i = 0; i < plan->n_trials; i++) {
        const char *label = ftdn_record_label(&plan->trial[i], &o->arena, &o->err);
        assert_non_null(label);
        ftdn_text_append(text, "%d: %s", i + 1, label);
        write_differences(first, parse_spec(o, i), text);
        ftdn_text_append(text, "\n");
    }
}

/* Is the manifest of this path, "right/NAME.json", a right one? */
static bool is_of_right(const char *path)
{
    return strncmp(path, "right/", 6) == 0;
}

/* Append what should stand beside the manifest. Relative to its folder, messages name the file alone. */
static void write_seen(const char *path, ftdn_text *text)
{
    const char *name = strrchr(path, '/') + 1;
    opened o;
    assert_int_equal(chdir(is_of_right(path) ? FOLDER "right" : FOLDER "wrong"), 0);
    open_manifest(&o, name);
    if (is_of_right(path)) write_plan(&o, text);
    else write_messages(&o, text);
    FTDN_ASSERT_OK(ftdn_text_check(text, &o.err), o.err);
    close_manifest(&o);
}

/* Variables that manifests of the corpus name. The manifest's own mistakes decide, whatever the tests are run with. */
static void set_variables(void)
{
    unsetenv("FTDN_TEST_UNSET");
    setenv("FTDN_TEST_EMPTY", "", 1);
    setenv("FTDN_TEST_FOLDER", "parts", 1);
}

/* All manifests of a folder give what stands beside them; there are at least n_least. */
static void check_folder(const char *folder, const char *suffix, int n_least)
{
    set_variables();
    glob_t found;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_error err = {0};
    const char *pattern = ftdn_arena_format(&arena, &err, FOLDER "%s/*.json", folder);
    assert_non_null(pattern);
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_true((int)found.gl_pathc >= n_least);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const char *path = found.gl_pathv[i] + strlen(FOLDER);
        const char *beside =
            ftdn_arena_format(&arena, &err, FOLDER "%.*s%s", (int)(strlen(path) - strlen(".json")), path, suffix);
        assert_non_null(beside);
        char *expected;
        size_t n_bytes;
        FTDN_ASSERT_OK(ftdn_file_load(beside, (size_t)1 << 20, &arena, &expected, &n_bytes, &err), err);
        ftdn_text seen;
        ftdn_text_init(&seen);
        write_seen(path, &seen);
        if (strcmp(seen.chars, expected) != 0) fail_msg("%s\nseen\n%sexpected\n%s", path, seen.chars, expected);
        ftdn_text_done(&seen);
    }
    globfree(&found);
    ftdn_arena_done(&arena);
}

static void every_wrong_manifest_is_told_what_is_wrong_and_where(void **state)
{
    (void)state;
    check_folder("wrong", WRONG, 100);
}

static void every_right_manifest_stands_for_its_plan(void **state)
{
    (void)state;
    check_folder("right", RIGHT, 30);
}

/* Manifests that go through every part of the reader. */
static void a_refused_allocation_is_no_mistake_of_the_manifest(void **state)
{
    (void)state;
    static const char *const names[] = {"right/an_evening.json",
                                        "right/extends_sweeps_by_name.json",
                                        "right/grid_by_zip_by_sample.json",
                                        "wrong/mistakes_everywhere_sorted_by_place.json",
                                        "wrong/extends_a_file_with_mistakes.json",
                                        "wrong/an_exclude_of_a_wrong_value.json"};
    set_variables();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        ftdn_status wanted = is_of_right(names[i]) ? FTDN_OK : FTDN_ERR_MANIFEST, status = FTDN_ERR_MEMORY;
        for (long k = 0; status == FTDN_ERR_MEMORY; k++) {
            ftdn_arena arena;
            ftdn_arena_init(&arena);
            ftdn_arena_fail_after(&arena, k);
            ftdn_mistakes mistakes;
            ftdn_mistakes_init(&mistakes, &arena);
            ftdn_manifest manifest;
            ftdn_error err = {0};
            const char *path = strchr(names[i], '/') + 1;
            assert_int_equal(chdir(is_of_right(names[i]) ? FOLDER "right" : FOLDER "wrong"), 0);
            status = ftdn_manifest_load(path, &arena, &mistakes, &manifest, &err);
            assert_true(k < 100000);
            assert_int_equal(err.status, status);
            ftdn_arena_done(&arena);
        }
        assert_int_equal(status, wanted);
    }
}

static int print_seen(const char *path)
{
    ftdn_text text;
    ftdn_text_init(&text);
    set_variables();
    write_seen(path, &text);
    int answer = fputs(text.chars, stdout) < 0;
    ftdn_text_done(&text);
    return answer;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--print") == 0) return print_seen(argv[2]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_wrong_manifest_is_told_what_is_wrong_and_where),
        cmocka_unit_test(every_right_manifest_stands_for_its_plan),
        cmocka_unit_test(a_refused_allocation_is_no_mistake_of_the_manifest),
    };
    return cmocka_run_group_tests_name("manifest_corpus", tests, NULL, NULL);
}
