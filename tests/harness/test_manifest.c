/* test_manifest.c - manifests that are right, and the trials they stand for. */
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "harness/manifest/manifest.h"
#include "protectors/protector.h"
#include "rankers/ranker.h"
#include "tests/support/support.h"

/* In the texts below ' stands for ". */
#define START "{'manifest_version': 1, 'name': 'x', "
#define MODEL "'model': {'name': 'ssd_vgg16', 'weights': 'formula:0'}, "
#define DATA "'dataset': {'kind': 'test_scenes', 'images': 4}, "
#define HEAD START MODEL DATA

/* Writes "key=value " for whatever is not as in the plainest manifest (HEAD and nothing else). */
typedef struct describer {
    ftdn_text text;
} describer;

static void put_text(describer *d, const char *key, const char *value, const char *plain)
{
    if (value == plain || (value && plain && strcmp(value, plain) == 0)) return;
    ftdn_text_append(&d->text, "%s=%s ", key, value ? value : "(none)");
}

static void put_number(describer *d, const char *key, double value, double plain)
{
    if (value == plain && !signbit(value)) return;
    ftdn_text_append(&d->text, "%s=", key);
    ftdn_text_append_json_number(&d->text, value);
    ftdn_text_append(&d->text, " ");
}

static void put_scope(describer *d, const char *key, const ftdn_scope_settings *scope)
{
    put_text(d, key, scope->name, scope->name ? "features" : NULL);
    for (int i = 0; i < scope->n_globs; i++) put_text(d, key, scope->glob[i], NULL);
}

static void put_data(describer *d, const char *key, const ftdn_data_settings *data)
{
    const char *kinds[] = {"none", "voc", "coco", "road", "test_scenes"};
    ftdn_text_append(&d->text, "%s=%s(", key, kinds[data->kind]);
    put_text(d, "root", data->root, NULL);
    put_text(d, "split", data->split, NULL);
    put_text(d, "annotations", data->annotations, NULL);
    put_number(d, "images", data->n_images, 0);
    put_number(d, "seed", (double)data->seed, 0);
    for (int i = 0; i < data->classes.n_classes; i++) put_text(d, "class", data->classes.name[i], NULL);
    for (int i = 0; i < data->classes.n_renames; i++)
        put_text(d, data->classes.rename[2 * i], data->classes.rename[2 * i + 1], NULL);
    if (data->classes.ignores_others) put_text(d, "others", "ignored", NULL);
    if (d->text.chars[d->text.n_chars - 1] == ' ') d->text.n_chars--;
    ftdn_text_append(&d->text, ") ");
}

static void describe(describer *d, const ftdn_trial_settings *s)
{
    put_text(d, "model", s->model.name, "ssd_vgg16");
    put_number(d, "width", s->model.width, 0);
    put_number(d, "classes", s->model.n_classes, 20);
    put_text(d, "weights", s->model.weights, "formula:0");
    put_text(d, "path", s->model.weights_path, NULL);
    put_number(d, "formula_seed", (double)s->model.formula_seed, 0);
    bool plain_data = s->dataset.kind == FTDN_DATA_TEST_SCENES && s->dataset.n_images == 4 && s->dataset.seed == 0;
    if (!plain_data) put_data(d, "dataset", &s->dataset);
    if (s->calibration.kind != FTDN_DATA_NONE) put_data(d, "calibration", &s->calibration);
    if (s->calibration_may_overlap) put_text(d, "overlap", "allowed", NULL);
    put_number(d, "score_threshold", s->evaluate.score_threshold, 0.01);
    put_number(d, "nms_iou", s->evaluate.nms_iou, 0.45);
    put_number(d, "candidates", s->evaluate.candidates, 200);
    put_number(d, "iou", s->evaluate.iou, 0.5);
    put_text(d, "backend", s->engine.backend, "cpu");
    put_text(d, "convolution", s->engine.convolution, "direct");
    put_number(d, "algorithm", s->engine.conv_algorithm, FTDN_CONV_DIRECT);
    put_number(d, "micro_batch", s->engine.micro_batch, 0);
    put_text(d, "type", s->faults.type, "zero");
    if (s->faults.bit >= 0) put_number(d, "bit", s->faults.bit, NAN);
    put_text(d, "bits", s->faults.bits, NULL);
    if (s->faults.has_range) {
        put_number(d, "low", (double)s->faults.low, NAN);
        put_number(d, "high", (double)s->faults.high, NAN);
    }
    put_number(d, "weight_rate", s->faults.weight_rate, 0);
    put_number(d, "feature_map_rate", s->faults.feature_map_rate, 0);
    put_number(d, "weight_count", s->faults.weight_count, 0);
    put_number(d, "feature_map_count", s->faults.feature_map_count, 0);
    put_scope(d, "weight_scope", &s->faults.weight_scope);
    put_scope(d, "feature_map_scope", &s->faults.feature_map_scope);
    put_text(d, "point", s->faults.feature_map_point, "activation");
    put_text(d, "redraw", s->faults.redraw, "trial");
    put_text(d, "copies", s->faults.copies, "independent");
    put_text(d, "method", s->protection.method, "none");
    put_text(d, "ranking", s->protection.ranking, NULL);
    put_text(d, "direction", s->protection.direction, NULL);
    if (!isnan(s->protection.ratio)) put_number(d, "ratio", s->protection.ratio, NAN);
    put_text(d, "allocation", s->protection.allocation, NULL);
    put_text(d, "merge", s->protection.merge, NULL);
    put_text(d, "merge_point", s->protection.merge_point, NULL);
    put_text(d, "combine", s->protection.combine, NULL);
    put_number(d, "measured_images", s->n_measured_images, 8);
    put_number(d, "seed", (double)s->seed, 0);
}

typedef struct right_case {
    const char *title, *text;
    size_t n_trials;
    const char *plan; /* one line per trial */
} right_case;

/* Title, text, number of trials, and the plan: one line below the other. */
/* clang-format off */
static const right_case cases[] = {
    {"the plainest", START MODEL "'dataset': {'kind': 'test_scenes', 'images': 4}}", 1, "\n"},
    {"all that has no bearing on a trial", HEAD "'$schema': 'x', 'description': 'y', 'sweep': {}}", 1, "\n"},
    {"a sweep of nothing", HEAD "'sweep': {'grid': {}}}", 1, "\n"},
    {"a key of every part",
     "{'manifest_version': 1.0, 'name': 'A-1_b.c',"
     " 'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:17', 'width': 0.25, 'classes': 3},"
     " 'dataset': {'kind': 'test_scenes', 'images': 1e2, 'seed': 5},"
     " 'calibration': {'kind': 'test_scenes', 'images': 8, 'seed': 6, 'allow_overlap': true},"
     " 'evaluate': {'score_threshold': 0.5, 'nms_iou': 0.25, 'candidates': 100, 'iou': 0.75},"
     " 'engine': {'backend': 'ref', 'convolution': 'winograd', 'micro_batch': 3},"
     " 'faults': {'type': 'zero', 'weight_rate': 1e-2, 'feature_map_rate': 1, 'scope': 'all',"
     " 'feature_map_point': 'conv', 'redraw': 'trial', 'copies': 'independent'},"
     " 'protection': {'method': 'none'}, 'seed': 9007199254740992}", 1,
     "model=ssd_mobilenet_v1 width=0.25 classes=3 weights=formula:17 formula_seed=17"
     " dataset=test_scenes(images=100 seed=5) calibration=test_scenes(images=8 seed=6) overlap=allowed"
     " score_threshold=0.5 nms_iou=0.25 candidates=100 iou=0.75 backend=ref convolution=winograd algorithm=1 micro_batch=3"
     " weight_rate=0.01 feature_map_rate=1 weight_scope=all feature_map_scope=all point=conv seed=9007199254740992\n"},
    {"voc with its defaults, beside the manifest",
     START "'model': {'name': 'ssd_vgg16', 'weights': 'w.pth'}, 'dataset': {'kind': 'voc', 'root': 'VOC2007'}}", 1,
     "weights=w.pth path=some/folder/w.pth dataset=voc(root=some/folder/VOC2007 split=test)\n"},
    {"paths from the root and from variables",
     START "'model': {'name': 'ssd_vgg16', 'weights': '/a/${FTDN_TEST_NAME}.pth'},"
     " 'dataset': {'kind': 'voc', 'root': '${FTDN_TEST_ROOT}/$x/${FTDN_TEST_NAME}', 'split': 'val', 'images': 7},"
     " 'calibration': {'kind': 'voc', 'root': 'c', 'images': 64, 'allow_overlap': false}}", 1,
     "weights=n.pth path=/a/n.pth dataset=voc(root=/data/$x/n split=val images=7)"
     " calibration=voc(root=some/folder/c split=trainval images=64)\n"},
    {"weights in a folder", START "'model': {'name': 'ssd_vgg16', 'weights': '../up/w.safetensors'}, " DATA "'seed': 0}", 1,
     "weights=w.safetensors path=some/folder/../up/w.safetensors\n"},
    {"scopes as globs", HEAD "'faults': {'scope': ['conv1', 'base_net.*']}}", 1,
     "weight_scope=conv1 weight_scope=base_net.* feature_map_scope=conv1 feature_map_scope=base_net.*\n"},
    {"scopes apart", HEAD "'faults': {'scope': {'weights': 'all', 'feature_maps': ['a']}}}", 1,
     "weight_scope=all feature_map_scope=a\n"},
    {"one scope apart, the other by default", HEAD "'faults': {'scope': {'feature_maps': 'sources'}}}", 1,
     "feature_map_scope=sources\n"},
    {"fault types with what belongs to them",
     HEAD "'sweep': {'grid': {'faults': [{'type': 'bit_flip'}, {'type': 'bit_flip', 'bit': 30},"
          " {'type': 'stuck_at_0', 'bits': 'sign'}, {'type': 'random'}, {'type': 'random', 'range': [-0.5, 2]}]}}}", 5,
     "type=bit_flip bits=any\n"
     "type=bit_flip bit=30\n"
     "type=stuck_at_0 bits=sign\n"
     "type=random\n"
     "type=random low=-0.5 high=2\n"},
    {"counts, redraws and copies",
     HEAD "'sweep': {'grid': {'faults': [{'weight_count': 1}, {'weight_count': 1024, 'feature_map_rate': 0.5},"
          " {'feature_map_count': 3, 'weight_count': 0, 'weight_rate': 0.5}, {'redraw': 'image', 'copies': 'clean'},"
          " {'copies': 'shared'}]}}}", 5,
     "weight_count=1\n"
     "feature_map_rate=0.5 weight_count=1024\n"
     "weight_rate=0.5 feature_map_count=3\n"
     "redraw=image copies=clean\n"
     "copies=shared\n"},
    {"protections with what belongs to them, and its defaults",
     HEAD "'sweep': {'grid': {'protection': [{'method': 'kr', 'ratio': 0.5}, {'method': 'kr', 'ratio': 0, 'merge': 'median',"
          " 'ranking': 'random', 'allocation': 'global'}, {'method': 'fmr', 'ratio': 1, 'direction': 'filter'},"
          " {'method': 'd2nn', 'ratio': 0.5, 'ranking': 'measured', 'combine': 'boxes'}, {'method': 'clip'}, {}]}}}", 6,
     "method=kr ranking=weight_sum direction=outgoing ratio=0.5 allocation=uniform merge=mean\n"
     "method=kr ranking=random ratio=0 allocation=global merge=median\n"
     "method=fmr ranking=weight_sum direction=filter ratio=1 allocation=uniform merge=mean merge_point=activation\n"
     "method=d2nn ranking=measured ratio=0.5 allocation=uniform combine=boxes\n"
     "method=clip\n"
     "\n"},
    {"maps are merged where they are hit, unless told otherwise",
     HEAD "'faults': {'feature_map_point': 'conv'}, 'protection': {'method': 'fmr', 'ratio': 1},"
          " 'sweep': {'grid': {'protection.ranking': ['entropy', 'taylor'], 'protection.merge_point': ['activation', 'conv']}}}", 4,
     "point=conv method=fmr ranking=entropy ratio=1 allocation=uniform merge=mean merge_point=activation\n"
     "point=conv method=fmr ranking=entropy ratio=1 allocation=uniform merge=mean merge_point=conv\n"
     "point=conv method=fmr ranking=taylor ratio=1 allocation=uniform merge=mean merge_point=activation\n"
     "point=conv method=fmr ranking=taylor ratio=1 allocation=uniform merge=mean merge_point=conv\n"},
    {"maps are merged where they are hit, by default",
     HEAD "'faults': {'feature_map_point': 'conv'}, 'protection': {'method': 'fmr', 'ratio': 1, 'ranking': 'random'}}", 1,
     "point=conv method=fmr ranking=random ratio=1 allocation=uniform merge=mean merge_point=conv\n"},
    {"counts and rates in one grid that never meet",
     HEAD "'sweep': {'grid': {'faults.weight_count': [0, 1], 'faults.feature_map_rate': [0, 0.5], 'faults.weight_rate': [0, 0.0]}}}", 8,
     "\n\nfeature_map_rate=0.5\nfeature_map_rate=0.5\nweight_count=1\nweight_count=1\n"
     "feature_map_rate=0.5 weight_count=1\nfeature_map_rate=0.5 weight_count=1\n"},
    {"measured images", HEAD "'calibration': {'kind': 'test_scenes', 'images': 9, 'seed': 1, 'measured_images': 2}}", 1,
     "calibration=test_scenes(images=9 seed=1) measured_images=2\n"},
    {"minus zero is zero", HEAD "'seed': -0, 'faults': {'weight_rate': -0.0}}", 1, "\n"},
    {"an empty object", HEAD "'faults': {}, 'protection': {}, 'engine': {}, 'evaluate': {}}", 1, "\n"},
    {"a list of seeds", HEAD "'seed': 9, 'sweep': {'grid': {'seed': [3, 1, 2]}}}", 3, "seed=3\nseed=1\nseed=2\n"},
    {"a product, the last key fastest",
     HEAD "'sweep': {'grid': {'faults.feature_map_rate': [0.5, 0.25], 'seed': [1, 2, 3]}}}", 6,
     "feature_map_rate=0.5 seed=1\nfeature_map_rate=0.5 seed=2\nfeature_map_rate=0.5 seed=3\n"
     "feature_map_rate=0.25 seed=1\nfeature_map_rate=0.25 seed=2\nfeature_map_rate=0.25 seed=3\n"},
    {"the same product, keys the other way round",
     HEAD "'sweep': {'grid': {'seed': [1, 2], 'faults.feature_map_rate': [0.5, 0.25]}}}", 4,
     "feature_map_rate=0.5 seed=1\nfeature_map_rate=0.25 seed=1\nfeature_map_rate=0.5 seed=2\nfeature_map_rate=0.25 seed=2\n"},
    {"an object replaces the whole object",
     HEAD "'faults': {'weight_rate': 0.5, 'scope': 'all'},"
     " 'sweep': {'grid': {'faults': [{'feature_map_rate': 0.25}, {}, {'scope': {'weights': 'base'}}]}}}", 3,
     "feature_map_rate=0.25\n\nweight_scope=base\n"},
    {"a value keeps what stands beside it",
     HEAD "'faults': {'weight_rate': 0.5, 'scope': 'all'}, 'sweep': {'grid': {'faults.feature_map_rate': [0.25]}}}", 1,
     "weight_rate=0.5 feature_map_rate=0.25 weight_scope=all feature_map_scope=all\n"},
    {"a scope within a scope",
     HEAD "'faults': {'scope': 'all'}, 'sweep': {'grid': {'faults.scope.weights': ['base', ['x', 'y']]}}}", 2,
     "weight_scope=base feature_map_scope=all\nweight_scope=x weight_scope=y feature_map_scope=all\n"},
    {"a scope in place of two", HEAD "'faults': {'scope': {'weights': 'base'}}, 'sweep': {'grid': {'faults.scope': ['all']}}}", 1,
     "weight_scope=all feature_map_scope=all\n"},
    {"networks and images that vary",
     START "'sweep': {'grid': {"
     "'model': [{'name': 'ssd_vgg16', 'weights': 'v.pth'}, {'name': 'ssd_mobilenet_v1', 'weights': 'formula:1', 'width': 0.5}],"
     "'dataset': [{'kind': 'voc', 'root': 'r'}, {'kind': 'test_scenes', 'images': 3}]}}}", 4,
     "weights=v.pth path=some/folder/v.pth dataset=voc(root=some/folder/r split=test)\n"
     "weights=v.pth path=some/folder/v.pth dataset=test_scenes(images=3)\n"
     "model=ssd_mobilenet_v1 width=0.5 weights=formula:1 formula_seed=1 dataset=voc(root=some/folder/r split=test)\n"
     "model=ssd_mobilenet_v1 width=0.5 weights=formula:1 formula_seed=1 dataset=test_scenes(images=3)\n"},
    {"a model has the classes of its images",
     START "'sweep': {'set': {'model.name': 'ssd_vgg16', 'model.weights': 'formula:0'}, 'grid': {'dataset': ["
     "{'kind': 'road'}, {'kind': 'road', 'split': 'a', 'images': 3, 'seed': 7}, {'kind': 'voc', 'root': '/r'},"
     "{'kind': 'voc', 'root': '/r', 'classes': ['x', 'y']},"
     "{'kind': 'coco', 'root': '/r', 'split': 'val', 'images': 5, 'annotations': 'a.json', 'classes': ['x', 'y', 'z'],"
     " 'rename': {'ex': 'x', 'why': 'y'}, 'other_classes': 'ignore'}]}}}", 5,
     "classes=8 dataset=road(split=test images=200)\n"
     "classes=8 dataset=road(split=a images=3 seed=7)\n"
     "dataset=voc(root=/r split=test)\n"
     "classes=2 dataset=voc(root=/r split=test class=x class=y)\n"
     "classes=3 dataset=coco(root=/r split=val annotations=a.json images=5 class=x class=y class=z ex=x why=y"
     " others=ignored)\n"},
    {"a calibration has the classes of the dataset where it names no others",
     START "'model': {'name': 'ssd_vgg16', 'weights': 'formula:0'}, 'dataset': {'kind': 'coco', 'root': '/r', 'classes': ['x'],"
     " 'rename': {'ex': 'x'}, 'other_classes': 'ignore'}, 'sweep': {'grid': {'calibration': [{'kind': 'voc', 'root': '/v'},"
     "{'kind': 'coco', 'root': '/c', 'classes': ['z'], 'rename': {}, 'other_classes': 'error'}, {'kind': 'road'}]}}}", 3,
     "classes=1 dataset=coco(root=/r split=test class=x ex=x others=ignored)"
     " calibration=voc(root=/v split=trainval class=x ex=x others=ignored)\n"
     "classes=1 dataset=coco(root=/r split=test class=x ex=x others=ignored)"
     " calibration=coco(root=/c split=trainval class=z)\n"
     "classes=1 dataset=coco(root=/r split=test class=x ex=x others=ignored)"
     " calibration=road(split=trainval images=200)\n"},
    {"classes of the defaults hold for files only",
     START "'model': {'name': 'ssd_vgg16', 'weights': 'formula:0'}, 'defaults': {'dataset': {'classes': ['x', 'y']}},"
     " 'sweep': {'grid': {'dataset': [{'kind': 'road', 'images': 1}, {'kind': 'voc', 'root': '/r'}]}}}", 2,
     "classes=8 dataset=road(split=test images=1)\nclasses=2 dataset=voc(root=/r split=test class=x class=y)\n"},
    {"required keys that only the grid gives",
     START DATA "'sweep': {'grid': {'model.name': ['ssd_vgg16'], 'model.weights': ['formula:0', 'formula:2']}}}", 2,
     "\nweights=formula:2 formula_seed=2\n"},
    {"equal trials stay two", HEAD "'sweep': {'grid': {'faults.weight_rate': [0.1, 1e-1, 0.10]}}}", 3,
     "weight_rate=0.1\nweight_rate=0.1\nweight_rate=0.1\n"},
};
/* clang-format on */

static char *copy_quoted(ftdn_arena *arena, const char *text)
{
    char *copy = ftdn_arena_copy_text(arena, text, strlen(text), NULL);
    assert_non_null(copy);
    for (char *c = copy; *c; c++)
        if (*c == '\'') *c = '"';
    return copy;
}

static ftdn_status parse(const char *text, ftdn_arena *arena, ftdn_manifest *manifest, ftdn_error *err)
{
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, arena);
    return ftdn_manifest_parse(text, strlen(text), "some/folder/m.json", arena, &mistakes, manifest, err);
}

static void check_case(const right_case *c)
{
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_manifest manifest;
    ftdn_error err = {0};
    if (parse(copy_quoted(&arena, c->text), &arena, &manifest, &err) != FTDN_OK)
        fail_msg("%s: %s", c->title, err.message);
    describer d;
    ftdn_text_init(&d.text);
    for (size_t i = 0; i < manifest.n_trials; i++) {
        ftdn_trial_settings settings;
        ftdn_manifest_get_settings(&manifest, i, &settings);
        describe(&d, &settings);
        if (d.text.n_chars > 0 && d.text.chars[d.text.n_chars - 1] == ' ') d.text.n_chars--;
        ftdn_text_append(&d.text, "\n");
    }
    if (strcmp(d.text.chars, c->plan) != 0) fail_msg("%s:\nseen\n%sexpected\n%s", c->title, d.text.chars, c->plan);
    assert_int_equal(manifest.n_trials, c->n_trials);
    ftdn_text_done(&d.text);
    ftdn_arena_done(&arena);
}

static void every_right_manifest_stands_for_its_plan(void **state)
{
    (void)state;
    assert_int_equal(setenv("FTDN_TEST_ROOT", "/data", 1), 0);
    assert_int_equal(setenv("FTDN_TEST_NAME", "n", 1), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) check_case(&cases[i]);
}

static void name_and_description_are_kept(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_manifest manifest;
    ftdn_error err = {0};
    FTDN_ASSERT_OK(parse(copy_quoted(&arena, HEAD "'description': 'as in \xc2\xa7 2'}"), &arena, &manifest, &err), err);
    assert_string_equal(manifest.name, "x");
    assert_string_equal(manifest.description, "as in \xc2\xa7 2");
    assert_string_equal(manifest.path, "some/folder/m.json");
    assert_string_equal(manifest.folder, "some/folder");
    FTDN_ASSERT_OK(parse(copy_quoted(&arena, HEAD "'seed': 1}"), &arena, &manifest, &err), err);
    assert_string_equal(manifest.description, "");
    ftdn_arena_done(&arena);
}

/* Of a manifest with these keys in its objects; texts live in the arena. */
static ftdn_trial_settings make_settings(const char *faults, const char *protection, ftdn_arena *arena)
{
    ftdn_manifest manifest;
    ftdn_error err = {0};
    char *text =
        ftdn_arena_format(arena, &err, HEAD "'faults': {%s}, 'protection': {%s}, 'seed': 7}", faults, protection);
    assert_non_null(text);
    FTDN_ASSERT_OK(parse(copy_quoted(arena, text), arena, &manifest, &err), err);
    ftdn_trial_settings settings;
    ftdn_manifest_get_settings(&manifest, 0, &settings);
    return settings;
}

static void a_fault_draw_is_that_of_its_location(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    static const struct {
        const char *faults;
        ftdn_location location;
        double rate;
        int count;
        ftdn_copy_faults copies;
    } rows[] = {
        {"'weight_rate': 0.25, 'feature_map_count': 3", FTDN_LOCATION_WEIGHTS, 0.25, 0, FTDN_COPIES_INDEPENDENT},
        {"'weight_rate': 0.25, 'feature_map_count': 3", FTDN_LOCATION_FEATURE_MAP, 0, 3, FTDN_COPIES_INDEPENDENT},
        {"'weight_count': 4, 'feature_map_rate': 1, 'copies': 'clean'", FTDN_LOCATION_WEIGHTS, 0, 4, FTDN_COPIES_CLEAN},
        {"'weight_count': 4, 'feature_map_rate': 1, 'copies': 'shared'", FTDN_LOCATION_FEATURE_MAP, 1, 0,
         FTDN_COPIES_SHARED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ftdn_trial_settings settings = make_settings(rows[i].faults, "", &arena);
        ftdn_fault_draw draw = ftdn_settings_fault_draw(&settings, rows[i].location);
        assert_true(draw.rate == rows[i].rate);
        assert_int_equal(draw.count, rows[i].count);
        assert_int_equal(draw.copies, rows[i].copies);
        assert_int_equal(draw.seed, 7);
        assert_int_equal(draw.model.type, FTDN_FAULT_ZERO);
    }
    ftdn_trial_settings settings = make_settings("'type': 'stuck_at_1', 'bit': 9, 'weight_rate': 0.5", "", &arena);
    ftdn_fault_draw draw = ftdn_settings_fault_draw(&settings, FTDN_LOCATION_WEIGHTS);
    assert_int_equal(draw.model.type, FTDN_FAULT_STUCK_AT_1);
    assert_int_equal(draw.model.first_bit, 9);
    ftdn_arena_done(&arena);
}

static void calibration_is_needed_by_rankings_that_read_images_and_by_clip(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    static const struct {
        const char *protection;
        bool needs, measures;
    } rows[] = {
        {"", false, false},
        {"'method': 'clip'", true, false},
        {"'method': 'kr', 'ratio': 1", false, false},
        {"'method': 'kr', 'ratio': 1, 'ranking': 'random'", false, false},
        {"'method': 'kr', 'ratio': 0, 'ranking': 'second_order'", true, false},
        {"'method': 'fmr', 'ratio': 1, 'ranking': 'entropy'", true, false},
        {"'method': 'd2nn', 'ratio': 1, 'ranking': 'taylor'", true, false},
        {"'method': 'kr', 'ratio': 1, 'ranking': 'activation'", true, false},
        {"'method': 'kr', 'ratio': 1, 'ranking': 'measured'", true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ftdn_trial_settings settings = make_settings("", rows[i].protection, &arena);
        assert_int_equal(ftdn_settings_need_calibration(&settings.protection), rows[i].needs);
        assert_int_equal(ftdn_settings_measure(&settings.protection), rows[i].measures);
    }
    ftdn_arena_done(&arena);
}

static void a_file_is_loaded_and_its_paths_start_at_its_folder(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    char *folder = ftdn_test_create_folder(&arena);
    char *path = ftdn_path_join(&arena, folder, "m.json", NULL), *weights = ftdn_path_join(&arena, folder, "w", NULL);
    assert_non_null(path);
    assert_non_null(weights);
    const char *text = copy_quoted(&arena, START DATA "'model': {'name': 'ssd_vgg16', 'weights': 'w'}}");
    ftdn_test_write_file(path, text, strlen(text));
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, &arena);
    ftdn_manifest manifest;
    ftdn_error err = {0};
    FTDN_ASSERT_OK(ftdn_manifest_load(path, &arena, &mistakes, &manifest, &err), err);
    ftdn_trial_settings settings;
    ftdn_manifest_get_settings(&manifest, 0, &settings);
    assert_string_equal(settings.model.weights_path, weights);
    ftdn_test_remove_folder(folder);
    FTDN_ASSERT_FAILS(ftdn_manifest_load(path, &arena, &mistakes, &manifest, &err), FTDN_ERR_INPUT, path, err);
    ftdn_arena_done(&arena);
}

/* Each grid of ten by ten by ... values: the product, not a list of it, is what is stored. */
static void ten_million_trials_are_a_small_manifest(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
#define TEN "[0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]"
    const char *text = HEAD "'sweep': {'grid': {'faults.weight_rate': " TEN ", 'faults.feature_map_rate': " TEN
                            ", 'evaluate.iou': " TEN ", 'evaluate.nms_iou': " TEN ", 'evaluate.score_threshold': " TEN
                            ", 'model.width': " TEN ", 'seed': [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}}}";
    ftdn_manifest manifest;
    ftdn_error err = {0};
    FTDN_ASSERT_OK(parse(copy_quoted(&arena, text), &arena, &manifest, &err), err);
    assert_int_equal(manifest.n_trials, FTDN_MAX_TRIALS);
    assert_true(arena.n_bytes < 1 << 20);
    ftdn_trial_settings settings;
    ftdn_manifest_get_settings(&manifest, 1234567, &settings);
    assert_true(settings.faults.weight_rate == 0.2 && settings.faults.feature_map_rate == 0.3);
    assert_true(settings.evaluate.iou == 0.4 && settings.evaluate.nms_iou == 0.5);
    assert_true(settings.evaluate.score_threshold == 0.6 && settings.model.width == 0.7);
    assert_int_equal(settings.seed, 7);
    ftdn_arena_done(&arena);
}

static void the_table_of_keys_is_in_depth_first_order(void **state)
{
    (void)state;
    for (int key = 1; key < FTDN_N_KEYS; key++) {
        const ftdn_key *row = &ftdn_manifest_keys[key];
        assert_non_null(row->path);
        assert_non_null(row->help);
        assert_int_equal(ftdn_key_find(row->path, strlen(row->path)), key);
        ftdn_key_id parent = ftdn_key_parent((ftdn_key_id)key);
        assert_true((int)parent < key && key < (int)parent + ftdn_key_n_rows(parent));
        ftdn_value_type around = ftdn_manifest_keys[parent].type;
        assert_true(around == FTDN_VALUE_OBJECT || around == FTDN_VALUE_SCOPE || around == FTDN_VALUE_SEEDS);
        bool has_words = row->type == FTDN_VALUE_CHOICE || row->type == FTDN_VALUE_SCOPE;
        assert_int_equal(row->choices != NULL, has_words);
        assert_int_equal(ftdn_key_find_inside(parent, ftdn_key_last_name((ftdn_key_id)key)), key);
    }
    assert_int_equal(ftdn_key_n_rows(FTDN_KEY_ROOT), FTDN_N_KEYS);
    assert_int_equal(ftdn_key_find("faults.weight", strlen("faults.weight")), -1);
}

static void every_protector_and_ranker_has_its_word_and_every_word_its_row(void **state)
{
    (void)state;
    int n_words, n_rows;
    const char *const *word = ftdn_manifest_keys[FTDN_KEY_PROTECTION_METHOD].choices(&n_words);
    ftdn_protectors(&n_rows);
    assert_int_equal(n_words, n_rows);
    for (int i = 0; i < n_words; i++) assert_non_null(ftdn_protector_find(word[i]));
    word = ftdn_manifest_keys[FTDN_KEY_PROTECTION_RANKING].choices(&n_words);
    ftdn_rankers(&n_rows);
    assert_int_equal(n_words, n_rows);
    for (int i = 0; i < n_words; i++) assert_non_null(ftdn_ranker_find(word[i]));
}

static void the_experiments_of_this_repository_are_right(void **state)
{
    (void)state;
    assert_int_equal(setenv("FTDN_SHARED", getenv("FTDN_SHARED") ? getenv("FTDN_SHARED") : "/nowhere", 1), 0);
    glob_t found;
    assert_int_equal(glob(FTDN_SOURCE_ROOT "/experiments/*.json", 0, NULL, &found), 0);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (strstr(found.gl_pathv[i], ".schema.json") || strstr(found.gl_pathv[i], "/train_")) continue;
        ftdn_arena arena;
        ftdn_arena_init(&arena);
        ftdn_mistakes mistakes;
        ftdn_mistakes_init(&mistakes, &arena);
        ftdn_manifest manifest;
        ftdn_error err = {0};
        FTDN_ASSERT_OK(ftdn_manifest_load(found.gl_pathv[i], &arena, &mistakes, &manifest, &err), err);
        const char *file_name = ftdn_arena_format(&arena, &err, "/%s.json", manifest.name);
        assert_non_null(file_name);
        assert_string_equal(strrchr(found.gl_pathv[i], '/'), file_name);
        assert_true(manifest.n_trials >= 1);
        ftdn_arena_done(&arena);
    }
    globfree(&found);
}

static void a_refused_allocation_is_an_error_and_no_leak(void **state)
{
    (void)state;
    for (long k = 0;; k++) {
        ftdn_arena arena, source;
        ftdn_arena_init(&arena);
        ftdn_arena_init(&source);
        const char *text =
            copy_quoted(&source, START "'model': {'name': 'ssd_vgg16', 'weights': 'w'}, " DATA
                                       "'sweep': {'grid': {'faults.scope': [['a'], 'all'], 'seed': [1]}}}");
        ftdn_arena_fail_after(&arena, k);
        ftdn_manifest manifest;
        ftdn_error err = {0};
        ftdn_status status = parse(text, &arena, &manifest, &err);
        ftdn_arena_done(&source);
        ftdn_arena_done(&arena);
        if (status == FTDN_OK) break;
        assert_int_equal(status, FTDN_ERR_MEMORY);
        assert_int_equal(err.status, FTDN_ERR_MEMORY);
        assert_true(k < 10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_right_manifest_stands_for_its_plan),
        cmocka_unit_test(name_and_description_are_kept),
        cmocka_unit_test(a_fault_draw_is_that_of_its_location),
        cmocka_unit_test(calibration_is_needed_by_rankings_that_read_images_and_by_clip),
        cmocka_unit_test(a_file_is_loaded_and_its_paths_start_at_its_folder),
        cmocka_unit_test(ten_million_trials_are_a_small_manifest),
        cmocka_unit_test(the_table_of_keys_is_in_depth_first_order),
        cmocka_unit_test(every_protector_and_ranker_has_its_word_and_every_word_its_row),
        cmocka_unit_test(the_experiments_of_this_repository_are_right),
        cmocka_unit_test(a_refused_allocation_is_an_error_and_no_leak),
    };
    return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
