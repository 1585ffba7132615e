/* test_spec.c - the spec of a trial: what its id depends on, and what not. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/manifest/manifest.h"
#include "harness/plan/spec.h"
#include "tests/harness/planned.h"
#include "tests/support/support.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define TWOS "2222222222222222222222222222222222222222222222222222222222222222"
#define ONES "1111111111111111111111111111111111111111111111111111111111111111"

static const ftdn_trial_facts plain_facts = {
    .width = 1,
    .weights_digest = ZEROS,
    .dataset_digest = ONES,
    .n_images = 100,
    .calibration_digest = TWOS,
    .n_calibration_images = 64,
    .arithmetic = "f32, avx512_core",
    .micro_batch = 8,
};

/* In these texts ' stands for ". */
#define START "{'manifest_version': 1, 'name': 'x', "
#define MODEL "'model': {'name': 'ssd_mobilenet_v1', 'weights': 'formula:0'}, "
#define DATA "'dataset': {'kind': 'voc', 'root': 'r'}, "
#define PLAIN START MODEL DATA "'faults': {'weight_rate': 0.1}, 'seed': 3}"

/* The spec of a manifest's only trial; it lives in the arena. */
static ftdn_written_spec make_spec(ftdn_arena *arena, const char *text, const char *path, const ftdn_trial_facts *facts)
{
    char *quoted = ftdn_arena_copy_text(arena, text, strlen(text), NULL);
    assert_non_null(quoted);
    for (char *c = quoted; *c; c++)
        if (*c == '\'') *c = '"';
    ftdn_mistakes mistakes;
    ftdn_mistakes_init(&mistakes, arena);
    ftdn_manifest manifest;
    ftdn_error err = {0};
    FTDN_ASSERT_OK(ftdn_manifest_parse(quoted, strlen(quoted), path, arena, &mistakes, &manifest, &err), err);
    assert_int_equal(manifest.n_trials, 1);
    ftdn_trial_settings settings;
    ftdn_manifest_get_settings(&manifest, 0, &settings);
    ftdn_written_spec spec;
    FTDN_ASSERT_OK(ftdn_written_spec_make(&settings, facts, arena, &spec, &err), err);
    return spec;
}

/* This id may change only together with FTDN_SEMANTICS, or with a new key of the spec. It is
 * printf %s "$text" | sha256sum. */
static void the_id_of_a_known_spec_is_pinned(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_written_spec spec = make_spec(&arena, PLAIN, "m.json", &plain_facts);
    assert_string_equal(
        spec.text, "{\"dataset\":{\"digest\":\"" ONES "\",\"n_images\":100},"
                   "\"engine\":{\"arithmetic\":\"f32, avx512_core\",\"backend\":\"cpu\",\"convolution\":\"direct\","
                   "\"micro_batch\":8},"
                   "\"evaluate\":{\"candidates\":200,\"iou\":0.5,\"nms_iou\":0.45,\"score_threshold\":0.01},"
                   "\"faults\":{\"copies\":\"independent\",\"feature_map_point\":\"activation\",\"feature_map_rate\":0,"
                   "\"feature_map_scope\":\"features\",\"redraw\":\"trial\",\"type\":\"zero\",\"weight_rate\":0.1,"
                   "\"weight_scope\":\"features\"},"
                   "\"model\":{\"n_classes\":20,\"name\":\"ssd_mobilenet_v1\",\"weights\":\"" ZEROS "\",\"width\":1},"
                   "\"protection\":{\"method\":\"none\"},\"seed\":3,\"semantics\":1}");
    assert_string_equal(spec.id, "66f2e2c2ee5df582bc239ee117e6489315806b4a2bdd4e0811703efa6be7c70e");
    ftdn_arena_done(&arena);
}

#define WITH_PROTECTION(protection)                                                                                    \
    START MODEL DATA "'faults': {'weight_rate': 0.1}, 'seed': 3, 'protection': " protection "}"

static void a_protection_says_what_its_method_has(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected;
    } rows[] = {
        {WITH_PROTECTION("{}"), "{\"method\":\"none\"}"},
        {WITH_PROTECTION("{'method': 'kr', 'ratio': 0.5}"),
         "{\"allocation\":\"uniform\",\"direction\":\"outgoing\",\"merge\":\"mean\",\"method\":\"kr\","
         "\"ranking\":\"weight_sum\",\"ratio\":0.5}"},
        {WITH_PROTECTION("{'method': 'fmr', 'ratio': 0, 'ranking': 'entropy', 'merge': 'max_abs'}"),
         "{\"allocation\":\"uniform\",\"calibration\":{\"digest\":\"" TWOS "\",\"n_images\":64},"
         "\"merge\":\"max_abs\",\"merge_point\":\"activation\",\"method\":\"fmr\",\"ranking\":\"entropy\",\"ratio\":"
         "0}"},
        {WITH_PROTECTION("{'method': 'd2nn', 'ratio': 1, 'ranking': 'measured', 'allocation': 'global'}"),
         "{\"allocation\":\"global\",\"calibration\":{\"digest\":\"" TWOS "\",\"n_images\":64,\"n_read\":8},"
         "\"combine\":\"scores\",\"method\":\"d2nn\",\"ranking\":\"measured\",\"ratio\":1}"},
        {WITH_PROTECTION("{'method': 'kr', 'ratio': 1, 'ranking': 'random'}"),
         "{\"allocation\":\"uniform\",\"merge\":\"mean\",\"method\":\"kr\",\"ranking\":\"random\",\"ratio\":1}"},
        {WITH_PROTECTION("{'method': 'clip'}"),
         "{\"calibration\":{\"digest\":\"" TWOS "\",\"n_images\":64},\"method\":\"clip\"}"},
    };
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ftdn_written_spec spec = make_spec(&arena, rows[i].text, "m.json", &plain_facts);
        const char *protection = strstr(spec.text, "\"protection\":");
        assert_non_null(protection);
        char *expected =
            ftdn_arena_format(&arena, NULL, "\"protection\":%s,\"seed\":3,\"semantics\":1}", rows[i].expected);
        assert_string_equal(protection, expected);
    }
    ftdn_arena_done(&arena);
}

/* Measuring by all images is measuring by as many as there are. */
static void no_more_images_are_measured_than_there_are(void **state)
{
    (void)state;
    static const char few[] = START MODEL DATA
        "'calibration': {'kind': 'voc', 'root': 'c', 'measured_images': 5}, 'protection': {'method': 'kr', 'ratio': 1, "
        "'ranking': 'measured'}}";
    static const char many[] = START MODEL DATA
        "'calibration': {'kind': 'voc', 'root': 'c', 'measured_images': 6}, 'protection': {'method': 'kr', 'ratio': 1, "
        "'ranking': 'measured'}}";
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_trial_facts facts = plain_facts;
    facts.n_calibration_images = 5;
    assert_string_equal(make_spec(&arena, few, "m.json", &facts).id, make_spec(&arena, many, "m.json", &facts).id);
    facts.n_calibration_images = 6;
    ftdn_written_spec of_few = make_spec(&arena, few, "m.json", &facts);
    assert_string_not_equal(of_few.id, make_spec(&arena, many, "m.json", &facts).id);
    assert_non_null(strstr(of_few.text, "\"n_images\":6,\"n_read\":5}"));
    ftdn_arena_done(&arena);
}

static void counts_stand_where_they_take_the_place_of_rates(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_written_spec spec =
        make_spec(&arena, START MODEL DATA "'faults': {'weight_count': 2, 'feature_map_count': 1, 'redraw': 'image'}}",
                  "m.json", &plain_facts);
    assert_non_null(strstr(spec.text, "\"faults\":{\"copies\":\"independent\",\"feature_map_count\":1,"
                                      "\"feature_map_point\":\"activation\",\"feature_map_rate\":0,"
                                      "\"feature_map_scope\":\"features\",\"redraw\":\"image\",\"type\":\"zero\","
                                      "\"weight_count\":2,\"weight_rate\":0,\"weight_scope\":\"features\"}"));
    ftdn_arena_done(&arena);
}

static void the_text_is_canonical_json(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_written_spec spec = make_spec(
        &arena,
        START MODEL DATA
        "'faults': {'scope': ['a\\\\b', '\\u00e4*'], 'weight_rate': 1e-7, 'type': 'random', 'range': [-0.1, 3]},"
        " 'seed': 9007199254740992}",
        "m.json", &plain_facts);
    const ftdn_json *root = NULL;
    ftdn_error err = {0};
    FTDN_ASSERT_OK(ftdn_json_parse(spec.text, strlen(spec.text), "spec", &arena, &root, &err), err);
    ftdn_text again;
    ftdn_text_init(&again);
    ftdn_json_write(&again, root, true);
    assert_string_equal(spec.text, again.chars);
    ftdn_text_done(&again);
    assert_non_null(strstr(spec.text, "\"seed\":9007199254740992,"));
    assert_non_null(strstr(spec.text, "\"weight_rate\":1e-07,"));
    assert_non_null(strstr(spec.text, "\"range\":[-0.10000000149011612,3],\"redraw\""));
    assert_non_null(strstr(spec.text, "\"weight_scope\":[\"a\\\\b\",\"\xc3\xa4*\"]"));
    char id[FTDN_SHA256_HEX];
    FTDN_ASSERT_OK(ftdn_sha256_of(spec.text, strlen(spec.text), id, &err), err);
    assert_string_equal(spec.id, id);
    ftdn_arena_done(&arena);
}

static void spellings_and_places_do_not_change_the_id(void **state)
{
    (void)state;
    const struct {
        const char *text, *path;
    } same[] = {
        {PLAIN, "elsewhere/other.json"},
        {START MODEL DATA "'faults': {'weight_rate': 1e-1}, 'seed': 3}", "m.json"},
        {START MODEL DATA "'faults': {'weight_rate': 0.10}, 'seed': 3.0}", "m.json"},
        {START MODEL DATA "'faults': {'weight_rate': 0.1, 'feature_map_rate': -0.0}, 'seed': 3}", "m.json"},
        {"{'seed': 3, 'faults': {'weight_rate': 0.1}, " DATA MODEL "'name': 'y', 'manifest_version': 1}", "m.json"},
        {START MODEL DATA "'seed': 3, 'sweep': {'grid': {'faults.weight_rate': [0.1]}}}", "m.json"},
        {START MODEL "'dataset': {'kind': 'voc', 'root': '/another/root', 'split': 'other'},"
                     " 'faults': {'weight_rate': 0.1}, 'seed': 3, 'description': 'z'}",
         "m.json"},
        {START "'model': {'name': 'ssd_mobilenet_v1', 'weights': 'w.pth', 'width': 1, 'classes': 20}, " DATA
               "'faults': {'weight_rate': 0.1}, 'seed': 3}",
         "m.json"},
        {START MODEL DATA
         "'faults': {'weight_rate': 0.1, 'scope': {'weights': 'features', 'feature_maps': 'features'}},"
         " 'protection': {'method': 'none'}, 'engine': {'backend': 'cpu'}, 'seed': 3}",
         "m.json"},
        {START MODEL DATA "'calibration': {'kind': 'voc', 'root': 'c', 'allow_overlap': true}, 'faults': "
                          "{'weight_rate': 0.1}, 'seed': 3}",
         "m.json"},
        {START MODEL DATA "'faults': {'weight_rate': 0.1, 'weight_count': 0, 'feature_map_count': 0}, 'seed': 3,"
                          " 'protection': {}}",
         "m.json"},
    };
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    ftdn_written_spec plain = make_spec(&arena, PLAIN, "m.json", &plain_facts);
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        ftdn_written_spec spec = make_spec(&arena, same[i].text, same[i].path, &plain_facts);
        assert_string_equal(spec.text, plain.text);
        assert_string_equal(spec.id, plain.id);
    }
    ftdn_arena_done(&arena);
}

/* Every one of these differs from PLAIN and from all others. */
static void whatever_changes_a_result_changes_the_id(void **state)
{
    (void)state;
    const char *texts[] = {
        PLAIN,
        START MODEL DATA "'faults': {'weight_rate': 0.1}, 'seed': 4}",
        START MODEL DATA "'faults': {'weight_rate': 0.10000000000000002}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'feature_map_rate': 0.1}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'scope': 'all'}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'scope': {'weights': 'all'}}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'scope': {'feature_maps': 'all'}}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'scope': ['all']}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'scope': ['a', 'b']}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'scope': ['a,b']}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'feature_map_point': 'conv'}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1}, 'seed': 3, 'engine': {'backend': 'ref'}}",
        START MODEL DATA "'faults': {'weight_rate': 0.1}, 'seed': 3, 'engine': {'convolution': 'winograd'}}",
        START MODEL DATA "'faults': {'weight_rate': 0.1}, 'seed': 3, 'engine': {'backend': 'cuda'}}",
        START MODEL DATA
        "'faults': {'weight_rate': 0.1}, 'seed': 3, 'engine': {'backend': 'cuda', 'convolution': 'tf32'}}",
        START MODEL DATA "'faults': {'weight_rate': 0.1}, 'seed': 3, 'evaluate': {'score_threshold': 0.02}}",
        START MODEL DATA "'faults': {'weight_rate': 0.1}, 'seed': 3, 'evaluate': {'nms_iou': 0.02}}",
        START MODEL DATA "'faults': {'weight_rate': 0.1}, 'seed': 3, 'evaluate': {'candidates': 2}}",
        START MODEL DATA "'faults': {'weight_rate': 0.1}, 'seed': 3, 'evaluate': {'iou': 0.02}}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'type': 'random'}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'type': 'random', 'range': [0, 1]}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'type': 'random', 'range': [0, 2]}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'type': 'bit_flip'}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'type': 'bit_flip', 'bit': 0}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'type': 'bit_flip', 'bit': 1}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'type': 'bit_flip', 'bits': 'exponent'}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'type': 'stuck_at_0'}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'type': 'stuck_at_1'}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_count': 1}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_count': 2}, 'seed': 3}",
        START MODEL DATA "'faults': {'feature_map_count': 1}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'redraw': 'image'}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'copies': 'clean'}, 'seed': 3}",
        START MODEL DATA "'faults': {'weight_rate': 0.1, 'copies': 'shared'}, 'seed': 3}",
        WITH_PROTECTION("{'method': 'clip'}"),
        WITH_PROTECTION("{'method': 'kr', 'ratio': 0}"),
        WITH_PROTECTION("{'method': 'kr', 'ratio': 0.5}"),
        WITH_PROTECTION("{'method': 'kr', 'ratio': 0.5, 'merge': 'nonzero'}"),
        WITH_PROTECTION("{'method': 'kr', 'ratio': 0.5, 'direction': 'filter'}"),
        WITH_PROTECTION("{'method': 'kr', 'ratio': 0.5, 'ranking': 'random'}"),
        WITH_PROTECTION("{'method': 'kr', 'ratio': 0.5, 'ranking': 'measured'}"),
        WITH_PROTECTION("{'method': 'kr', 'ratio': 0.5, 'allocation': 'global'}"),
        WITH_PROTECTION("{'method': 'fmr', 'ratio': 0.5}"),
        WITH_PROTECTION("{'method': 'fmr', 'ratio': 0.5, 'merge_point': 'conv'}"),
        WITH_PROTECTION("{'method': 'd2nn', 'ratio': 0.5}"),
        WITH_PROTECTION("{'method': 'd2nn', 'ratio': 0.5, 'combine': 'boxes'}"),
        START "'model': {'name': 'ssd_vgg16', 'weights': 'w'}, " DATA "'faults': {'weight_rate': 0.1}, 'seed': 3}",
        START "'model': {'name': 'ssd_mobilenet_v1', 'weights': 'w', 'classes': 3}, " DATA
              "'faults': {'weight_rate': 0.1}, 'seed': 3}",
    };
    ftdn_trial_facts facts[6];
    for (int i = 0; i < 6; i++) facts[i] = plain_facts;
    facts[0].width = 0.5;
    facts[1].weights_digest = ONES;
    facts[2].dataset_digest = ZEROS;
    facts[3].n_images = 99;
    facts[4].arithmetic = "f32, avx2";
    facts[5].micro_batch = 4;

    ftdn_arena arena;
    ftdn_arena_init(&arena);
    enum { N_TEXTS = sizeof texts / sizeof texts[0], N_SPECS = N_TEXTS + 6 };
    ftdn_written_spec specs[N_SPECS];
    for (int i = 0; i < N_TEXTS; i++) specs[i] = make_spec(&arena, texts[i], "m.json", &plain_facts);
    for (int i = 0; i < 6; i++) specs[N_TEXTS + i] = make_spec(&arena, PLAIN, "m.json", &facts[i]);
    for (int i = 0; i < N_SPECS; i++)
        for (int j = 0; j < i; j++) assert_string_not_equal(specs[i].id, specs[j].id);

    static const char clip[] = WITH_PROTECTION("{'method': 'clip'}");
    ftdn_written_spec clipped = make_spec(&arena, clip, "m.json", &plain_facts);
    ftdn_trial_facts others = plain_facts;
    others.calibration_digest = ZEROS;
    assert_string_not_equal(make_spec(&arena, clip, "m.json", &others).id, clipped.id);
    others = plain_facts;
    others.n_calibration_images = 63;
    assert_string_not_equal(make_spec(&arena, clip, "m.json", &others).id, clipped.id);
    ftdn_arena_done(&arena);
}

static void a_scope_is_a_name_or_a_list(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    const char *globs[] = {"a\"", "b*"};
    const ftdn_scope_settings name = {.name = "all"}, list = {.glob = globs, .n_globs = 2};
    assert_string_equal(ftdn_scope_text(&name, &arena, NULL), "all");
    assert_string_equal(ftdn_scope_text(&list, &arena, NULL), "[\"a\\\"\",\"b*\"]");
    ftdn_arena_fail_after(&arena, 0);
    ftdn_error err = {0};
    assert_null(ftdn_scope_text(&list, &arena, &err));
    assert_int_equal(err.status, FTDN_ERR_MEMORY);
    ftdn_arena_done(&arena);
}

static void a_refused_allocation_leaves_the_spec_untouched(void **state)
{
    (void)state;
    ftdn_arena arena;
    ftdn_arena_init(&arena);
    const ftdn_trial_settings settings = {
        .model = {.name = "n"},
        .engine = {.backend = "cpu", .convolution = "direct"},
        .faults = {.type = "zero",
                   .bit = -1,
                   .weight_scope.name = "all",
                   .feature_map_scope.name = "all",
                   .feature_map_point = "conv",
                   .redraw = "trial",
                   .copies = "independent"},
        .protection = {.method = "none", .ratio = (double)NAN},
    };
    ftdn_written_spec spec = {.text = "before"};
    ftdn_error err = {0};
    for (long k = 0; k < 2; k++) { /* the text without its seed, the text */
        ftdn_arena_fail_after(&arena, k);
        assert_int_equal(ftdn_written_spec_make(&settings, &plain_facts, &arena, &spec, &err), FTDN_ERR_MEMORY);
        assert_string_equal(spec.text, "before");
    }
    ftdn_arena_fail_after(&arena, 2);
    FTDN_ASSERT_OK(ftdn_written_spec_make(&settings, &plain_facts, &arena, &spec, &err), err);
    ftdn_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_id_of_a_known_spec_is_pinned),
        cmocka_unit_test(a_protection_says_what_its_method_has),
        cmocka_unit_test(no_more_images_are_measured_than_there_are),
        cmocka_unit_test(counts_stand_where_they_take_the_place_of_rates),
        cmocka_unit_test(the_text_is_canonical_json),
        cmocka_unit_test(spellings_and_places_do_not_change_the_id),
        cmocka_unit_test(whatever_changes_a_result_changes_the_id),
        cmocka_unit_test(a_scope_is_a_name_or_a_list),
        cmocka_unit_test(a_refused_allocation_leaves_the_spec_untouched),
    };
    return cmocka_run_group_tests_name("spec", tests, NULL, NULL);
}
