/* test_experiments.c - the manifests of figures and tables, in three sizes each, and how the program finds them. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#include "analysis/paper_figures.h"
#include "harness/figures/experiments_folder.h"
#include "harness/manifest/manifest.h"
#include "tests/support/support.h"

static ftdn_arena arena;
static ftdn_error err;

static int set_up(void **state)
{
    (void)state;
    ftdn_arena_init(&arena);
    const char *shared = getenv("FTDN_SHARED");
    return setenv("FTDN_SHARED", shared ? shared : "/nowhere", 1) | unsetenv("FTDN_EXPERIMENTS");
}

static int tear_down(void **state)
{
    (void)state;
    ftdn_arena_done(&arena);
    return 0;
}

static ftdn_manifest load(const char *path)
{
    ftdn_manifest manifest;
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &arena);
    FTDN_ASSERT_OK(ftdn_manifest_load(path, &arena, &mistakes, &manifest, &err), err);
    return manifest;
}

static const char *find(const char *size, const char *name)
{
    const char *path;
    FTDN_ASSERT_OK(ftdn_experiment_find(size, name, &arena, &path, &err), err);
    return path;
}

static void every_figure_has_a_manifest_of_its_name_in_each_size(void **state)
{
    (void)state;
    int n_figures;
    const ftdn_paper_figure *known = ftdn_paper_figures(&n_figures);
    for (int i = 0; i < n_figures; i++) {
        for (int s = 0; s < FTDN_N_PAPER_SIZES; s++) {
            const char *size = ftdn_paper_sizes()[s];
            char *name = ftdn_arena_format(&arena, &err, "%s-%s", known[i].name, size);
            assert_string_equal(load(find(size, known[i].name)).name, name);
        }
    }
}

/* What holds the network and the images, and what holds the sweep, is in files that several sizes or figures share. */
static void sizes_differ_in_what_they_extend(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob(FTDN_SOURCE_ROOT "/experiments/r[oe]a[dl]/*.json", 0, NULL, &found), 0);
    assert_int_equal(glob(FTDN_SOURCE_ROOT "/experiments/paper/*.json", GLOB_APPEND, NULL, &found), 0);
    assert_true(found.gl_pathc % FTDN_N_PAPER_SIZES == 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        const ftdn_json *root = ftdn_test_load_json(&arena, found.gl_pathv[i]);
        assert_string_equal(ftdn_json_find(root, "$schema")->string, "../manifest.schema.json");
        assert_non_null(ftdn_json_find(root, "extends"));
        assert_non_null(ftdn_json_find(root, "name"));
        assert_non_null(ftdn_json_find(root, "manifest_version"));
        assert_int_equal(root->n_children, 4);
    }
    globfree(&found);
}

static void a_size_of_a_figure_has_as_many_trials_as_another(void **state)
{
    (void)state;
    int n_figures;
    const ftdn_paper_figure *known = ftdn_paper_figures(&n_figures);
    for (int i = 0; i < n_figures; i++) {
        size_t n_trials = load(find("road", known[i].name)).n_trials;
        assert_int_equal(load(find("paper", known[i].name)).n_trials, n_trials);
        /* Fig. 7(a) has both networks of the paper where both are there. */
        size_t n_networks = strcmp(known[i].name, "fig7a") == 0 ? 2 : 1;
        assert_int_equal(n_networks * load(find("real", known[i].name)).n_trials, n_trials);
    }
}

static void a_folder_can_be_given(void **state)
{
    (void)state;
    char *folder = ftdn_test_create_folder(&arena);
    const char *path;
    assert_int_equal(setenv("FTDN_EXPERIMENTS", folder, 1), 0);
    FTDN_ASSERT_FAILS(ftdn_experiment_find("road", "fig6a", &arena, &path, &err), FTDN_ERR_INPUT,
                      "road/fig6a.json is neither", err);
    assert_int_equal(setenv("FTDN_EXPERIMENTS", FTDN_SOURCE_ROOT "/experiments", 1), 0);
    assert_string_equal(find("road", "fig6a"), FTDN_SOURCE_ROOT "/experiments/road/fig6a.json");
    ftdn_test_remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_figure_has_a_manifest_of_its_name_in_each_size, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sizes_differ_in_what_they_extend, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_size_of_a_figure_has_as_many_trials_as_another, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_folder_can_be_given, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("experiments", tests, NULL, NULL);
}
