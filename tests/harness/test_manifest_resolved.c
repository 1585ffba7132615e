/* test_manifest_resolved.c - a resolved manifest stands for itself: the same trials, from any folder. */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tests/harness/planned.h"

/* The resolved text; lives in p->source. */
static const char *resolve(ftdn_planned *p)
{
    ftdn_text text;
    ftdn_text_init(&text);
    ftdn_manifest_write_resolved(&p->manifest, &text);
    return ftdn_test_keep_text(&text, &p->source);
}

static void load(ftdn_planned *p, const char *path)
{
    *p = (ftdn_planned){0};
    ftdn_arena_init(&p->source);
    ftdn_arena_init(&p->arena);
    ftdn_inputs_init(&p->inputs);
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &p->source);
    FTDN_ASSERT_OK(ftdn_manifest_load(path, &p->source, &mistakes, &p->manifest, &p->err), p->err);
}

/* A manifest read back from its resolved text, as if it stood in another folder. */
static void read_back(ftdn_planned *p, ftdn_planned *q)
{
    const char *text = resolve(p);
    *q = (ftdn_planned){0};
    ftdn_arena_init(&q->source);
    ftdn_arena_init(&q->arena);
    ftdn_inputs_init(&q->inputs);
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &q->source);
    FTDN_ASSERT_OK(ftdn_manifest_parse(text, strlen(text), "/elsewhere/resolved.json", &q->source, &mistakes,
                                       &q->manifest, &q->err),
                   q->err);
    assert_string_equal(resolve(q), text);
}

/* Settings that lead to one spec. Digests are equal where the files are. */
static void assert_same_trials(const ftdn_manifest *a, const ftdn_manifest *b)
{
    assert_int_equal(a->n_trials, b->n_trials);
    static const ftdn_trial_facts facts = {
        .width = 1, .weights_digest = "w", .dataset_digest = "d", .calibration_digest = "c", .arithmetic = "a"};
    for (size_t i = 0; i < a->n_trials; i++) {
        ftdn_arena arena;
        ftdn_error err = {0};
        ftdn_arena_init(&arena);
        ftdn_trial_settings x, y;
        ftdn_written_spec of_a, of_b;
        ftdn_manifest_get_settings(a, i, &x);
        ftdn_manifest_get_settings(b, i, &y);
        FTDN_ASSERT_OK(ftdn_written_spec_make(&x, &facts, &arena, &of_a, &err), err);
        FTDN_ASSERT_OK(ftdn_written_spec_make(&y, &facts, &arena, &of_b, &err), err);
        assert_string_equal(of_a.text, of_b.text);
        assert_string_equal(x.model.weights, y.model.weights);
        ftdn_arena_done(&arena);
    }
}

static void check_folder(const char *pattern, int n_least)
{
    glob_t found;
    assert_int_equal(glob(pattern, 0, NULL, &found), 0);
    assert_true((int)found.gl_pathc >= n_least);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (strstr(found.gl_pathv[i], "manifest.schema.json") || strstr(found.gl_pathv[i], "/train_")) continue;
        ftdn_planned p, q;
        load(&p, found.gl_pathv[i]);
        read_back(&p, &q);
        assert_same_trials(&p.manifest, &q.manifest);
        assert_string_equal(p.manifest.name, q.manifest.name);
        assert_int_equal(p.manifest.n_sweeps, q.manifest.n_sweeps);
        ftdn_planned_done(&p);
        ftdn_planned_done(&q);
    }
    globfree(&found);
}

static void every_manifest_read_back_has_the_same_trials_in_the_same_order(void **state)
{
    (void)state;
    assert_int_equal(setenv("FTDN_SHARED", getenv("FTDN_SHARED") ? getenv("FTDN_SHARED") : "/nowhere", 1), 0);
    assert_int_equal(setenv("FTDN_TEST_FOLDER", "parts", 1), 0);
    check_folder(FTDN_SOURCE_ROOT "/experiments/*.json", 6);
    check_folder(FTDN_SOURCE_ROOT "/tests/manifests/right/*.json", 30);
}

static void a_plan_read_back_has_the_same_ids(void **state)
{
    (void)state;
    ftdn_planned p, q;
    ftdn_planned_make(
        &p,
        FTDN_PLANNED_HEAD
        " 'defaults': {'protection': {'merge': 'max_abs'}, 'calibration': {'measured_images': 1}},\n"
        " 'sweeps': {'b': {'grid': {'seed': [2, 1], 'faults.weight_rate': [0.3, 1e-1]},"
        " 'exclude': [{'seed': 1, 'faults.weight_rate': [0.10]}]},"
        " 'a': {'sample': {'method': 'random', 'points': 5, 'seed': 3, 'keys': {'protection.ratio': "
        "{'from': 0, 'to': 1}, 'evaluate.candidates': {'log': [10, 1000]}}}, 'set': {'protection.method': "
        "'kr'}, 'seeds': {'until': {'ci95': 0.01, 'min': 2, 'max': 3}}}}}",
        "m.json");
    read_back(&p, &q);
    FTDN_ASSERT_OK(ftdn_planned_plan(&q), q.err);
    assert_int_equal(p.plan.n_trials, 3 + 15);
    assert_int_equal(q.plan.n_trials, p.plan.n_trials);
    for (int i = 0; i < p.plan.n_trials; i++) assert_string_equal(p.plan.trial[i].spec.id, q.plan.trial[i].spec.id);
    assert_int_equal(q.plan.n_cells, p.plan.n_cells);
    ftdn_planned_done(&p);
    ftdn_planned_done(&q);
}

static void write_manifest(ftdn_arena *arena, const char *folder, const char *name, const char *text)
{
    char *quoted = ftdn_arena_copy_text(arena, text, strlen(text), NULL),
         *path = ftdn_path_join(arena, folder, name, NULL);
    assert_non_null(quoted);
    assert_non_null(path);
    for (char *c = quoted; *c; c++)
        if (*c == '\'') *c = '"';
    ftdn_test_write_file(path, quoted, strlen(quoted));
}

/* Two files in two folders; a link, a variable and ".." in their paths. What does not exist keeps its spelling. */
static void paths_are_absolute_and_files_are_one(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_error err = {0};
    ftdn_arena_init(&arena);
    char *folder = ftdn_test_create_folder(&arena);
    char *deep = ftdn_path_join(&arena, folder, "deep", &err), *link = ftdn_path_join(&arena, folder, "link", &err);
    assert_int_equal(mkdir(deep, 0700), 0);
    assert_int_equal(symlink("deep", link), 0);
    assert_int_equal(setenv("FTDN_TEST_NAME", "w.pth", 1), 0);
    write_manifest(&arena, deep, "base.json",
                   "{'manifest_version': 1.0, 'name': 'base', '$schema': 's',"
                   " 'model': {'weights': '../deep/./${FTDN_TEST_NAME}', 'name': 'ssd_vgg16'},"
                   " 'defaults': {'calibration': {'root': 'c'}}, 'seed': 1e0}");
    write_manifest(&arena, folder, "m.json",
                   "{'$schema': 'x', 'extends': 'link/base.json', 'name': 'top',"
                   " 'dataset': {'kind': 'voc'}, 'sweep': {'exclude': [{'dataset.root': 'b'}], 'seeds': 2,"
                   " 'grid': {'dataset.root': ['deep/../a', 'b'], 'dataset.images': {'step': 1, 'to': 2, 'from': 1}},"
                   " 'include': [{'dataset.root': '/none/c'}]}}");
    ftdn_planned p, q;
    load(&p, ftdn_path_join(&arena, folder, "m.json", &err));
    const char *expected = ftdn_arena_format(
        &arena, &err,
        "{\"dataset\":{\"kind\":\"voc\"},\"defaults\":{\"calibration\":{\"root\":\"%s/deep/c\"}},"
        "\"manifest_version\":1,\"model\":{\"name\":\"ssd_vgg16\",\"weights\":\"%s/deep/w.pth\"},"
        "\"name\":\"top\",\"seed\":1,\"sweep\":{\"exclude\":[{\"dataset.root\":\"%s/b\"}],\"seeds\":2,"
        "\"grid\":{\"dataset.root\":[\"%s/a\",\"%s/b\"],\"dataset.images\":{\"step\":1,\"to\":2,\"from\":1}},"
        "\"include\":[{\"dataset.root\":\"/none/c\"}]}}",
        folder, folder, folder, folder, folder);
    assert_string_equal(resolve(&p), expected);
    read_back(&p, &q);
    assert_same_trials(&p.manifest, &q.manifest);
    assert_int_equal(q.manifest.n_trials, 6);
    ftdn_planned_done(&p);
    ftdn_planned_done(&q);
    ftdn_test_remove_folder(folder);
    ftdn_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_manifest_read_back_has_the_same_trials_in_the_same_order),
        cmocka_unit_test(a_plan_read_back_has_the_same_ids),
        cmocka_unit_test(paths_are_absolute_and_files_are_one),
    };
    return cmocka_run_group_tests_name("manifest_resolved", tests, NULL, NULL);
}
